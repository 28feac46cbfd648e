import Foundation
import LinearAlgebra
import Numbers
import SpinAlgebra

/// The slow modes of one sector, and the steady state if it is that of the trace, in double-double precision and in a
/// window wide enough for the slowest.
struct MetastableSolve {
    let liouvillian: TruncatedLiouvillian
    let subspace: ExtendedSubspace
    /// Of a pair the upper member.
    let modes: [Mode]

    /// Relative truncation error of the slow eigenvalues and of the state's weights that a window must meet.
    static let truncationTolerance = 1e-9
    /// Windows of more than this many √N hold no metastable state: the search ends.
    private static let greatestFactors = (l: 15.0, q: 14.0)

    /// - Parameter plan: the window to begin with; widened for as long as what it leaves out may matter to the slowest mode.
    /// - Returns: nil where no modes are set apart, or where the slowest is beyond this precision too.
    init?(sector number: Int, from start: WindowPlan, assemble: (MultipoleWindow) throws -> (TruncatedLiouvillian, [Double])) throws {
        var plan = start
        while true {
            let (liouvillian, coefficients) = try assemble(plan.window)
            let sector = liouvillian.sectors[number]
            guard let subspace = try ExtendedSubspace(sector: sector, extended: liouvillian.extended(number), coefficients: coefficients,
                                                      spinCount: plan.spinCount) else { return nil }
            var guilty = Sector.Leak(), worst = 0.0, modes: [Mode] = []
            let outward = number == 0 ? subspace.outward : []
            for mode in subspace.modes() {
                // A decay rate must be positive beyond doubt.
                guard mode.decayRate > 0, mode.roundingError < 1e-3 * mode.eigenvalue.magnitude else { return nil }
                let own = subspace.returned(mode, sector.outgoing(mode.right, trace: 0, coefficients))
                modes.append(mode.with(truncationError: own.total))
                var relative = [own]
                if number == 0 { relative.append(subspace.returned(mode, outward)) }
                for part in relative {
                    let scale = 1 / mode.eigenvalue.magnitude
                    worst = max(worst, part.total * scale)
                    guilty = Sector.Leak(beyondL: max(guilty.beyondL, part.leak.beyondL * scale), beyondQ: max(guilty.beyondQ, part.leak.beyondQ * scale))
                }
            }
            if worst <= Self.truncationTolerance || plan.isComplete {
                self.liouvillian = liouvillian
                self.subspace = subspace
                self.modes = modes
                return
            }
            let limit = 0.1 * Self.truncationTolerance
            plan.widen(l: guilty.beyondL / limit, q: guilty.beyondQ / limit)
            if plan.lFactor > Self.greatestFactors.l || plan.qFactor > Self.greatestFactors.q, !plan.isComplete { return nil }
        }
    }
}

/// Metastable solutions of the last points, by sector; nil where there is none. The studies of a point ask for them one
/// after the other, with a batch of other points between.
struct MetastableCache {
    /// The window to begin with is part of the question, so that an answer never depends on who asked before.
    struct Question: Hashable {
        let values: [String: Double]
        let spinCount: Int
        let sector: Int
        let frame: Frame
        let first: MultipoleWindow
    }
    private var solutions: [Question: MetastableSolve?] = [:]
    private var order: [Question] = []
    private var unknowns = 0
    /// Unknowns kept, of all solutions together: some hundred megabytes.
    private static let limit = 1_000_000
    /// As many as a batch of points has.
    private static let countLimit = 64

    /// nil: not asked yet.
    func answer(to question: Question) -> MetastableSolve?? { solutions[question] }

    mutating func remember(_ solution: MetastableSolve?, as answer: Question) {
        solutions[answer] = .some(solution)
        order.append(answer)
        unknowns += Self.weight(solution)
        while unknowns > Self.limit || order.count > Self.countLimit, order.count > 1 {
            unknowns -= Self.weight(solutions.removeValue(forKey: order.removeFirst()) ?? nil)
        }
    }

    private static func weight(_ solution: MetastableSolve?) -> Int { 1 + (solution?.subspace.sector.size ?? 0) }
}

extension LindbladSolver {
    /// Rounding error in double precision, of ⟨J⟩/j or relative of a rate, from which double-double takes over: at a gap of
    /// about 1e-5 of the other rates. (Rounding of entries grows with N, see `Sector.entryNoise`.)
    func extendedFrom(_ instance: ModelInstance) -> Double { 1e-10 * (1 + Double(instance.spinCount) / 40) }

    private func metastable(_ sector: Int, _ instance: ModelInstance, frame: Frame, from plan: WindowPlan) throws -> MetastableSolve? {
        let question = MetastableCache.Question(values: instance.values, spinCount: instance.spinCount, sector: sector, frame: frame, first: plan.window)
        if let known = lastMetastable.answer(to: question) { return known }
        let made = try MetastableSolve(sector: sector, from: plan) { try assemble(instance, frame, $0) }
        lastMetastable.remember(made, as: question)
        return made
    }

    /// The steady state across a slow mode that double precision cannot weigh; nil where it can, and where double-double
    /// cannot either.
    /// - Parameters:
    ///   - slow: the slowest modes of the steady sector and the radius within which there is none but the first.
    func metastableSteadyState(_ instance: ModelInstance, frame: Frame, from plan: WindowPlan, slow: (modes: [Mode], radius: Double),
                               errorTolerance: Double) throws -> SteadyStateSolution? {
        guard let first = slow.modes.map(\.eigenvalue.magnitude).min(),
              SlowSubspace.leastRatio * first < slow.modes.reduce(slow.radius, { max($0, $1.eigenvalue.magnitude) }) else { return nil }
        guard let solve = try metastable(0, instance, frame: frame, from: plan) else { return nil }
        let spinCount = instance.spinCount, liouvillian = solve.liouvillian, subspace = solve.subspace
        let state = solve.state(subspace.state.map(\.high), trace: 1 / Double(spinCount + 1).squareRoot(), spinCount: spinCount, frame: frame)
        var error = 4 * Double.ulpOfOne
        for (k, vector) in subspace.right.enumerated() {
            let shape = solve.state(vector.map(\.high), trace: 0, spinCount: spinCount, frame: frame)
            error += subspace.weightErrors[k] * shape.greatestSpin
        }
        let outward = subspace.outward
        for mode in solve.modes {
            let weight = subspace.returned(mode, outward).total / mode.eigenvalue.magnitude
            for part in [mode.right.map(\.re), mode.right.map(\.im)] {
                error += weight * solve.state(part, trace: 0, spinCount: spinCount, frame: frame).greatestSpin
            }
        }
        guard error <= errorTolerance, state.coefficients.allSatisfy(\.isFinite) else { return nil }
        let sector = liouvillian.steadySector, damping = sector.outerDamping(subspace.coefficients)
        let leak = sector.leak(outward).norm / (state.purity.squareRoot() * max(damping.min() ?? .infinity, .leastNormalMagnitude))
        return SteadyStateSolution(outcome: .resolved(state), residual: subspace.residual, leak: leak, error: error,
                                   window: liouvillian.window)
    }

    /// Trades modes that rounding in double precision has touched for those of double-double, where that is better.
    func refine(_ search: inout SlowModeSearch, _ instance: ModelInstance, frame: Frame, from plan: WindowPlan) throws {
        let touched = search.all.filter { mode in
            mode.roundingError > 10 * extendedFrom(instance) * mode.eigenvalue.magnitude
                && SlowSubspace.leastRatio * mode.eigenvalue.magnitude < search.extents[mode.sector] ?? 0
        }
        for number in Set(touched.map(\.sector)).sorted() {
            guard let solve = try metastable(number, instance, frame: frame, from: plan),
                  touched.contains(where: { $0.sector == number && $0.eigenvalue.magnitude < 0.1 * solve.subspace.separation }) else { continue }
            search.replaceSlowModes(by: solve.modes, in: solve.liouvillian, sector: number, separation: solve.subspace.separation)
        }
    }
}

extension MetastableSolve {
    /// Coefficients of the solved sector on the whole window.
    fileprivate func state(_ members: [Double], trace: Double, spinCount: Int, frame: Frame) -> MultipoleState {
        var all = [Double](repeating: 0, count: liouvillian.basis.count)
        all[0] = trace
        for index in 1..<max(1, all.count) where liouvillian.home[index].sector == subspace.sector.number { all[index] = members[liouvillian.home[index].place] }
        return MultipoleState(spinCount: spinCount, frame: frame, window: liouvillian.window, coefficients: all)
    }
}

extension MultipoleState {
    /// max |⟨J_a⟩|/j.
    fileprivate var greatestSpin: Double {
        [SpinPolynomial.jx, .jy, .jz].map { abs(expectation($0).re) }.max()! * 2 / Double(spinCount)
    }
}

extension Mode {
    fileprivate func with(truncationError: Double) -> Mode {
        Mode(eigenvalue: eigenvalue, right: right, left: left, sector: sector, kind: kind, residual: residual, condition: condition,
             truncationError: truncationError, roundingError: roundingError, leak: leak)
    }
}
