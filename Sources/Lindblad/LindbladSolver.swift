import Foundation
import LinearAlgebra
import Numbers
import SpinAlgebra

/// Steady states and slow modes of one model at any parameters. Keeps assembled matrices and symbolic factorisations
/// between points; one instance a thread.
///
/// The path of every answer: plan a window → assemble → factor → certify → widen, until certified or complete.
public final class LindbladSolver {
    public let model: Model
    /// Ranks that share the factors of steady states; nil: this one has them all.
    let group: ProcessGroup?
    private let frames: FrameFinder
    var kernels: StructuralKernel
    private var affines: [AffineKey: AffineLiouvillian] = [:]
    private var liouvillians: [LiouvillianKey: (liouvillian: TruncatedLiouvillian, lastUse: Int)] = [:]
    private var clock = 0
    private var meanSpins: [Int: MeanSpinFamily] = [:]
    /// Axes of the last point: both studies of a point ask for them.
    private var lastAxes: (values: [String: Double], spinCount: Int, axes: Axes)?
    /// Phases of the last point, if they coexist beyond all precision.
    var lastPhases: (values: [String: Double], spinCount: Int, phases: CoexistingPhases?)?
    var probes: [Int: BatchProbe] = [:]
    let workspace = BatchLU.Workspace()
    /// Solutions in double-double of the last point: both studies of a point ask for them.
    var lastMetastable = MetastableCache()

    private struct AffineKey: Hashable { let spinCount: Int; let frame: Frame }
    private struct LiouvillianKey: Hashable { let spinCount: Int; let frame: Frame; let window: MultipoleWindow; let members: MultipoleClass }
    /// Assembled windows kept at a time; a sweep needs a few per N. Of large ones fewer: their matrices take some kilobytes an
    /// unknown.
    static let cacheLimit = 12, unknownLimit = 100_000
    /// Operators turned into a frame are small, but a sweep may visit many frames.
    private static let affineLimit = 300
    /// Greatest error of ⟨J⟩/j that truncation may cause.
    let projectedTolerance = 1e-7

    /// - Parameter group: ranks to share the factors of steady states with; the solver must not outlive it.
    public init(model: Model, group: ProcessGroup? = nil) throws {
        self.model = model
        self.group = group
        frames = try FrameFinder(model: model)
        kernels = StructuralKernel(model: model, frame: frames.frame(meanDirection: nil, spinCount: 12))
    }

    /// Symmetries found in the model, in laboratory axes: the normal of a reflection plane, the axis of a rotation by π.
    public var symmetries: (mirrorNormal: [Double]?, rotationAxis: [Double]?) { (frames.mirrorNormal, frames.rotationAxis) }

    // MARK: Plans

    /// Axes for a point, and the window to begin with.
    struct Axes {
        let frame: Frame
        let plan: WindowPlan
    }

    /// From this N on a single phase is worth axes of its own: along its mean spin |q| stays O(1) wide, but rotated operators
    /// couple many more multipoles (equal work at N ≈ 230 for the bistable pump).
    private static let rotationThreshold = 250

    /// The quantisation axis for a point: the symmetry axes; along the mean spin of a single phase at large N.
    func axes(_ instance: ModelInstance) throws -> Axes {
        if let last = lastAxes, last.spinCount == instance.spinCount, last.values == instance.values { return last.axes }
        let directions = try phaseDirections(instance)
        let axes = axes(instance.spinCount, along: directions.count == 1 ? directions[0] : nil)
        lastAxes = (instance.values, instance.spinCount, axes)
        return axes
    }

    /// - Parameter direction: of a single phase's mean spin; nil: the symmetry axes.
    func axes(_ spinCount: Int, along direction: [Double]?) -> Axes {
        Axes(frame: frames.frame(meanDirection: direction, spinCount: spinCount), plan: WindowPlan(spinCount: spinCount, isNarrow: direction != nil))
    }

    /// Whether a single phase at this N gets axes of its own.
    func turnsToMeanSpin(_ spinCount: Int) -> Bool { spinCount >= Self.rotationThreshold && frames.rotationAxis == nil }

    /// Mean spins of the phases of a large spin, by its classical motion; none where that does not settle, and where a
    /// rotation symmetry names the axis.
    func phaseDirections(_ instance: ModelInstance) throws -> [[Double]] {
        turnsToMeanSpin(instance.spinCount) ? try meanSpin(instance).attractors() : []
    }

    /// The classical spin of a point.
    func meanSpin(_ instance: ModelInstance) throws -> MeanSpin {
        let laboratory = try affine(instance.spinCount, .laboratory)
        let family = meanSpins[instance.spinCount] ?? MeanSpinFamily(laboratory)
        meanSpins[instance.spinCount] = family
        return MeanSpin(family, coefficients: try laboratory.coefficients(instance.values))
    }

    /// The multipoles of the steady state's sector at large N, where assembling the others too is a waste.
    func steadyClass(_ spinCount: Int) -> MultipoleClass {
        spinCount > Self.greatestBatchedSpinCount ? frames.steadyClass : .everything
    }

    /// Axes and first window for slow modes: they are as wide in |q| as the sphere is round, even about a single phase, and
    /// a window too narrow for them has slow modes of its own.
    func slowModeAxes(_ instance: ModelInstance) -> Axes { axes(instance.spinCount, along: nil) }

    private func affine(_ spinCount: Int, _ frame: Frame) throws -> AffineLiouvillian {
        let key = AffineKey(spinCount: spinCount, frame: frame)
        if let known = affines[key] { return known }
        let made = try AffineLiouvillian(model: model, spinCount: spinCount, frame: frame)
        if affines.count >= Self.affineLimit { affines.removeAll() }
        affines[key] = made
        return made
    }

    func assemble(_ instance: ModelInstance, _ frame: Frame, _ window: MultipoleWindow,
                  members: MultipoleClass = .everything) throws -> (TruncatedLiouvillian, [Double]) {
        let (liouvillian, affine) = try assemble(spinCount: instance.spinCount, frame, window, members: members)
        return (liouvillian, try affine.coefficients(instance.values))
    }

    func assemble(spinCount: Int, _ frame: Frame, _ window: MultipoleWindow,
                  members: MultipoleClass = .everything) throws -> (TruncatedLiouvillian, AffineLiouvillian) {
        clock += 1
        let affine = try affine(spinCount, frame)
        let key = LiouvillianKey(spinCount: spinCount, frame: frame, window: window, members: members)
        if let known = liouvillians[key]?.liouvillian {
            liouvillians[key]!.lastUse = clock
            return (known, affine)
        }
        // Of large spins one at a time: memory.
        if spinCount > Self.greatestBatchedSpinCount {
            for other in liouvillians.keys where other.spinCount > Self.greatestBatchedSpinCount { liouvillians[other] = nil }
        }
        while liouvillians.count >= Self.cacheLimit || (liouvillians.count > 1 && liouvillians.values.reduce(0) { $0 + $1.liouvillian.basis.count } > Self.unknownLimit),
              let oldest = liouvillians.min(by: { $0.value.lastUse < $1.value.lastUse })?.key {
            liouvillians[oldest] = nil
        }
        let made = try TruncatedLiouvillian(affine, window: window, members: members)
        for sector in made.sectors { sector.group = group }
        liouvillians[key] = (made, clock)
        return (made, affine)
    }

    // MARK: Steady state

    /// One point by itself, whatever its N: the widening path that batches hand their difficult points to.
    func steadyStateAlone(_ instance: ModelInstance, leakTolerance: Double, errorTolerance: Double,
                          initial: InitialState? = nil, from start: WindowPlan? = nil) throws -> SteadyStateSolution {
        if try kernels.isDegenerate(spinCount: instance.spinCount, values: instance.values) {
            return try degenerateSteadyState(instance, initial: initial)
        }
        if let coexisting = try coexistingPhases(instance) { return coexisting.solution }
        let axes = try axes(instance), frame = axes.frame, spinCount = instance.spinCount
        var plan = start ?? axes.plan
        if steadyClass(spinCount).order == 0 { plan.keepOrder(0) }
        while true {
            let (liouvillian, coefficients) = try assemble(instance, frame, plan.window, members: steadyClass(spinCount))
            let solve = try SteadyStateSolve(liouvillian, spinCount: spinCount, coefficients: coefficients)
            let leakIsSmall = solve.leak.norm <= leakTolerance || plan.isComplete
            if leakIsSmall {
                let (error, projected) = try solve.dipoleErrors()
                // The slowest mode is looked for only where rounding matters: there it decides.
                var slow: (modes: [Mode], radius: Double)?
                if !(error <= min(errorTolerance, extendedFrom(instance))) {
                    let search = try SlowModes(sector: liouvillian.steadySector, coefficients: coefficients).nearest(1, roughly: true)
                    if let solution = try metastableSteadyState(instance, frame: frame, from: plan, slow: search, errorTolerance: errorTolerance) { return solution }
                    slow = search
                }
                let isResolved = error <= errorTolerance
                // Where rounding alone decides the weights, truncation has no say in them: the phases need no projection.
                if projected <= projectedTolerance || !isResolved || plan.isComplete {
                    let outcome: SteadyStateSolution.Outcome = isResolved ? .resolved(solve.state(frame: frame))
                        : .unresolved(phases: try phases(instance, solve, slow, frame: frame))
                    return SteadyStateSolution(outcome: outcome, residual: solve.residual, leak: solve.leak.norm, error: error + projected,
                                               window: plan.window)
                }
            }
            plan.widen(l: solve.leak.beyondL / leakTolerance, q: solve.leak.beyondQ / leakTolerance)
        }
    }

    /// Up to this N phases come from the spectrum of the left mode, a full matrix; above, from windows of their own.
    private static let greatestLeftSpectrum = 1000

    /// The two metastable phases, where one slow mode stands apart from the rest.
    private func phases(_ instance: ModelInstance, _ solve: SteadyStateSolve, _ search: (modes: [Mode], radius: Double)?, frame: Frame) throws -> [MultipoleState] {
        guard let search, let slowest = search.modes.first, slowest.eigenvalue.im == 0,
              search.radius > 100 * max(slowest.eigenvalue.magnitude, slowest.roundingError) else { return [] }
        if instance.spinCount > Self.greatestLeftSpectrum {
            let directions = try phaseDirections(instance)
            return try directions.count == 2 ? phases(instance, along: directions)?.states ?? [] : []
        }
        return try solve.phases(slowest, frame: frame, dicke: DickeBasis(spinCount: solve.spinCount, window: solve.liouvillian.window))
    }

    /// Several steady states: the complete window, since slow modes of such models reach l = N.
    private func degenerateSteadyState(_ instance: ModelInstance, initial: InitialState?) throws -> SteadyStateSolution {
        let spinCount = instance.spinCount, window = MultipoleWindow(lMax: spinCount, qMax: spinCount)
        let (liouvillian, coefficients) = try assemble(instance, .laboratory, window)
        let kernel = try KernelSolve(liouvillian, coefficients: coefficients)
        let outcome: SteadyStateSolution.Outcome
        var residual = 0.0
        if let initial {
            let start = DickeBasis(spinCount: spinCount, window: window).coefficients(try initial.matrix(spinCount: spinCount))
            let trace = 1 / Double(spinCount + 1).squareRoot()
            let limit = try kernel.limit(of: start, liouvillian, coefficients: coefficients, trace: trace)
            residual = defect(limit, liouvillian, coefficients)
            outcome = .chosen(MultipoleState(spinCount: spinCount, frame: .laboratory, window: window, coefficients: limit), dimension: kernel.dimension)
        } else {
            outcome = .degenerate(dimension: kernel.dimension)
        }
        return SteadyStateSolution(outcome: outcome, residual: residual, leak: 0, error: 0, window: window)
    }

    /// ‖Lρ‖/‖ρ‖ over all sectors.
    private func defect(_ state: [Double], _ liouvillian: TruncatedLiouvillian, _ coefficients: [Double]) -> Double {
        var sum = 0.0
        for sector in liouvillian.sectors where sector.size > 0 {
            let members = (1..<state.count).filter { liouvillian.home[$0].sector == sector.number }
            var image = sector.pattern.multiply(sector.values(coefficients), members.map { state[$0] })
            if sector.number == 0 { image = zip(image, sector.source(coefficients)).map { $0 + $1 * state[0] } }
            sum += image.reduce(0) { $0 + $1 * $1 }
        }
        return (sum / state.reduce(0) { $0 + $1 * $1 }).squareRoot()
    }
}
