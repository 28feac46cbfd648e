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
    private let frames: FrameFinder
    private var kernels: StructuralKernel
    private var affines: [AffineKey: AffineLiouvillian] = [:]
    private var liouvillians: [LiouvillianKey: (liouvillian: TruncatedLiouvillian, lastUse: Int)] = [:]
    private var clock = 0
    /// Frame of the last point: both studies of a point ask for it.
    private var lastFrame: (values: [String: Double], spinCount: Int, frame: Frame)?

    private struct AffineKey: Hashable { let spinCount: Int; let frame: Frame }
    private struct LiouvillianKey: Hashable { let spinCount: Int; let frame: Frame; let window: MultipoleWindow }
    /// Assembled windows kept at a time; a sweep needs a few per N.
    private static let cacheLimit = 12

    public init(model: Model) throws {
        self.model = model
        frames = try FrameFinder(model: model)
        kernels = StructuralKernel(model: model)
    }

    /// Symmetries found in the model, in laboratory axes: the normal of a reflection plane, the axis of a rotation by π.
    public var symmetries: (mirrorNormal: [Double]?, rotationAxis: [Double]?) { (frames.mirrorNormal, frames.rotationAxis) }

    // MARK: Plans

    /// The quantisation axis for a point: along the mean spin where the window is truncated (there it keeps q small), along
    /// the symmetry axes alone where it is complete anyway.
    private func frame(_ instance: ModelInstance) throws -> Frame {
        if let last = lastFrame, last.spinCount == instance.spinCount, last.values == instance.values { return last.frame }
        let isComplete = WindowPlan(spinCount: instance.spinCount).isComplete
        let direction = isComplete || frames.rotationAxis != nil ? nil : try MeanSpin(instance).principalAxis()
        let frame = frames.frame(meanDirection: direction)
        lastFrame = (instance.values, instance.spinCount, frame)
        return frame
    }

    private func assemble(_ instance: ModelInstance, _ frame: Frame, _ window: MultipoleWindow) throws -> (TruncatedLiouvillian, [Double]) {
        clock += 1
        let affineKey = AffineKey(spinCount: instance.spinCount, frame: frame)
        let affine = try affines[affineKey] ?? AffineLiouvillian(model: model, spinCount: instance.spinCount, frame: frame)
        affines[affineKey] = affine
        let key = LiouvillianKey(spinCount: instance.spinCount, frame: frame, window: window)
        if liouvillians[key] == nil {
            if liouvillians.count >= Self.cacheLimit, let oldest = liouvillians.min(by: { $0.value.lastUse < $1.value.lastUse })?.key {
                liouvillians[oldest] = nil
            }
            liouvillians[key] = (try TruncatedLiouvillian(affine, window: window), clock)
        }
        liouvillians[key]!.lastUse = clock
        return (liouvillians[key]!.liouvillian, try affine.coefficients(instance.values))
    }

    // MARK: Steady state

    /// - Parameters:
    ///   - leakTolerance: greatest leak, see `SteadyStateSolution.leak`.
    ///   - errorTolerance: greatest error of ⟨J_a⟩/j before the state is `unresolved`.
    ///   - initial: chooses among degenerate steady states.
    /// - Throws: `EvaluationError` (the model makes no sense at these values), `SparseLUError`, `EigenvalueError`.
    public func steadyState(_ instance: ModelInstance, leakTolerance: Double, errorTolerance: Double,
                            initial: InitialState? = nil) throws -> SteadyStateSolution {
        if try kernels.isDegenerate(spinCount: instance.spinCount, values: instance.values) {
            return try degenerateSteadyState(instance, initial: initial)
        }
        let frame = try frame(instance), spinCount = instance.spinCount
        var plan = WindowPlan(spinCount: spinCount)
        while true {
            let (liouvillian, coefficients) = try assemble(instance, frame, plan.window)
            let solve = try SteadyStateSolve(liouvillian, spinCount: spinCount, coefficients: coefficients)
            let leakIsSmall = solve.leak.norm <= leakTolerance || plan.isComplete
            if leakIsSmall {
                let search = try SlowModes(sector: liouvillian.steadySector, coefficients: coefficients).nearest(1, roughly: true)
                let slow = Array(search.modes.prefix(4))
                let (error, projected) = estimate(solve, slow, frame: frame)
                let isResolved = error <= errorTolerance
                // Where rounding alone decides the weights, truncation has no say in them: the phases need no projection.
                if projected <= 1e-7 || !isResolved || plan.isComplete {
                    let outcome: SteadyStateSolution.Outcome
                    if isResolved { outcome = .resolved(solve.state(frame: frame)) } else {
                        let isIsolated = search.radius > 100 * max(slow[0].eigenvalue.magnitude, slow[0].roundingError)
                        let phases = isIsolated && slow[0].eigenvalue.im == 0
                            ? try solve.phases(slow[0], frame: frame, dicke: DickeBasis(spinCount: spinCount, window: liouvillian.window)) : []
                        outcome = .unresolved(phases: phases)
                    }
                    return SteadyStateSolution(outcome: outcome, residual: solve.residual, leak: solve.leak.norm, error: error + projected,
                                               window: plan.window, isCertified: true)
                }
            }
            plan.widen(l: solve.leak.beyondL > leakTolerance, q: solve.leak.beyondQ > leakTolerance)
        }
    }

    /// Errors of ⟨J_a⟩/j that rounding and truncation cause through the slow modes.
    private func estimate(_ solve: SteadyStateSolve, _ slow: [Mode], frame: Frame) -> (rounding: Double, projected: Double) {
        var rounding = 4 * Double.ulpOfOne, projected = 0.0
        let j = Double(solve.spinCount) / 2
        for mode in slow {
            let errors = solve.weightErrors(mode)
            var greatest = 0.0
            for part in [mode.right.map(\.re), mode.right.map(\.im)] {
                let shape = MultipoleState(spinCount: solve.spinCount, frame: frame, window: solve.liouvillian.window,
                                           coefficients: place(part, of: mode.sector, in: solve.liouvillian))
                for component in [SpinPolynomial.jx, .jy, .jz] { greatest = max(greatest, abs(shape.expectation(component).re) / j) }
            }
            rounding = max(rounding, errors.rounding * greatest)
            projected = max(projected, errors.truncation * greatest)
        }
        return (rounding, projected)
    }

    private func place(_ members: [Double], of sector: Int, in liouvillian: TruncatedLiouvillian) -> [Double] {
        var all = [Double](repeating: 0, count: liouvillian.basis.count)
        for index in 1..<max(1, all.count) where liouvillian.home[index].sector == sector {
            all[index] = members[liouvillian.home[index].place]
        }
        return all
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
        return SteadyStateSolution(outcome: outcome, residual: residual, leak: 0, error: 0, window: window, isCertified: true)
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

    // MARK: Slow modes

    /// - Parameter count: modes wanted, a conjugate pair counted once.
    public func slowModes(_ instance: ModelInstance, count: Int, errorTolerance: Double = 1e-8) throws -> SlowModeSolution {
        let spinCount = instance.spinCount
        let isDegenerate = try kernels.isDegenerate(spinCount: spinCount, values: instance.values)
        let frame = isDegenerate ? Frame.laboratory : try frame(instance)
        var plan = WindowPlan(spinCount: spinCount)
        var widenings = 0
        while true {
            let window = isDegenerate ? MultipoleWindow(lMax: spinCount, qMax: spinCount) : plan.window
            let (liouvillian, coefficients) = try assemble(instance, frame, window)
            let kernel = isDegenerate ? try KernelSolve(liouvillian, coefficients: coefficients) : nil
            var search = SlowModeSearch(liouvillian: liouvillian, coefficients: coefficients, count: count, kernel: kernel)
            try search.run(probes: try probeFrequencies(instance))
            if window.isComplete(spinCount: spinCount) || search.isCertified(leading: errorTolerance, others: widenings < 3 ? 1e-6 : .infinity) {
                return search.solution(spinCount: spinCount, frame: frame, window: window)
            }
            let guilty = search.leaks
            plan.widen(l: guilty.beyondL >= 0.1 * guilty.beyondQ, q: guilty.beyondQ >= 0.1 * guilty.beyondL)
            widenings += 1
        }
    }

    /// Oscillation frequencies at which a mode far from zero may decay as slowly as the gap: those of the slowest modes of a
    /// small spin with the same parameters, which has few enough modes to know them all. Higher modes are not sought
    /// there: `searchRadius` says how far the list of modes is complete.
    private func probeFrequencies(_ instance: ModelInstance) throws -> [Double] {
        let others = try kernels.spectrum(min(10 + instance.spinCount % 2, instance.spinCount), instance.values).others
        let slowest = others.sorted { $0.re > $1.re }
        guard let first = slowest.first else { return [] }
        let limit = -1.5 * first.re + 1e-9 * first.magnitude
        var frequencies: [Double] = []
        for value in slowest where value.im > 0 && -value.re <= limit && frequencies.count < 3 {
            if !frequencies.contains(where: { abs($0 - value.im) < 0.1 * value.im }) { frequencies.append(value.im) }
        }
        return frequencies
    }
}
