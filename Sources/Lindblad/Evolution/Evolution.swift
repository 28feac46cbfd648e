import Foundation
import LinearAlgebra
import Numbers
import SpinAlgebra

/// What became of the time evolution of one operator, beside the operator itself.
public struct EvolutionReport: Sendable {
    /// Estimated 2-norm error at the end over the 2-norm of the start, from time steps and from truncation.
    public let steppingError: Double
    public let truncationError: Double
    /// The widest window that was needed.
    public let window: MultipoleWindow
    /// Products of the Liouvillian with an operator.
    public let productCount: Int
    public let stepCount: Int
}

/// The time evolution of a Hermitian operator (a state; either part of Aρ in the regression theorem) under the master equation in the
/// multipole basis, parameters constant or varying in time.
///
/// Constant stretches: Krylov exponentials. Varying ones: the commutator-free Magnus method of fourth order with two exponentials
/// (Blanes and Moan, Appl. Numer. Math. 56, 1519 (2006)), steps by doubling. The window widens when too much leaves it.
struct Evolution {
    private let solver: LindbladSolver
    private let schedule: ParameterSchedule
    /// Axes of the start, and of all that follows.
    private let frame: Frame
    /// Of the 2-norm of the start.
    private let tolerance: Double
    private var plan: WindowPlan
    private var matrix: EvolutionMatrix
    private var affine: AffineLiouvillian
    private var krylov: KrylovExponential?
    private var krylovCoefficients: [Double] = []
    private var x: [Double]
    private var time = 0.0
    private let startNorm: Double
    private var steppingError = 0.0, truncationError = 0.0
    /// Rounding moves eigenvalues by ε‖L‖: as long as anything moves, that adds up.
    private var roundingError = 0.0
    private var productCount = 0, stepCount = 0
    private var magnusStep: Double?

    /// More unknowns than this are refused: some kilobytes each.
    static let greatestUnknownCount = 4_000_000
    /// Of Krylov spaces. Larger ones take longer steps, but orthogonalising streams through all of their vectors: of large matrices
    /// that is what costs (N = 500: half the time with 20 vectors instead of 48).
    private static func dimension(_ size: Int) -> Int { size > 10_000 ? 20 : 40 }
    private static let greatestStepCount = 10_000_000
    /// Varying parameters are looked at this often in a piece at least: what is narrower is a pulse or a square.
    private static let leastSteps = 100.0
    /// Sectors in which the start has less than this of its norm stay empty.
    private static let emptiness = 1e-14

    /// - Parameters:
    ///   - start: on a window that holds all of it.
    ///   - tolerance: greatest estimated error at the end over the norm of the start.
    init(_ solver: LindbladSolver, schedule: ParameterSchedule, from start: MultipoleState, tolerance: Double) throws {
        self.solver = solver
        self.schedule = schedule
        self.tolerance = tolerance
        frame = start.frame
        startNorm = start.purity.squareRoot()
        plan = WindowPlan(spinCount: schedule.spinCount)
        while !plan.isComplete, Self.tail(start, beyond: plan.window) > 0.01 * tolerance * startNorm { plan.widen(l: 2, q: 2) }
        (matrix, affine) = try Self.assemble(solver, schedule.spinCount, plan.window, holding: start)
        x = matrix.restrict(Self.coefficients(start, on: plan.window))
    }

    private static func assemble(_ solver: LindbladSolver, _ spinCount: Int, _ window: MultipoleWindow, holding state: MultipoleState) throws
        -> (EvolutionMatrix, AffineLiouvillian) {
        let basis = MultipoleBasis(window)
        guard basis.count <= greatestUnknownCount else {
            throw EvaluationError(message: "the evolution needs \(basis.count) multipoles (l up to \(window.lMax), q up to \(window.qMax)), more than \(greatestUnknownCount): "
                + "take fewer spins, or more damping")
        }
        let (liouvillian, affine) = try solver.assemble(spinCount: spinCount, state.frame, window)
        let all = coefficients(state, on: window), norm = state.purity.squareRoot()
        var weights = [Double](repeating: 0, count: liouvillian.sectors.count)
        for (index, x) in all.enumerated() { weights[liouvillian.home[index].sector] += x * x }
        let matrix = EvolutionMatrix(liouvillian) { all[$0] != 0 && weights[liouvillian.home[$0].sector].squareRoot() > emptiness * norm }
        return (matrix, affine)
    }

    /// Coefficients on another window of the same axes; what is beyond is dropped.
    private static func coefficients(_ state: MultipoleState, on window: MultipoleWindow) -> [Double] {
        let source = MultipoleBasis(state.window), target = MultipoleBasis(window)
        var result = [Double](repeating: 0, count: target.count)
        for (m, x) in zip(source.multipoles, state.coefficients) where target.contains(l: m.l, q: m.q) {
            result[target.index(l: m.l, q: m.q, part: m.part)] = x
        }
        return result
    }

    private static func tail(_ state: MultipoleState, beyond window: MultipoleWindow) -> Double {
        let kept = MultipoleBasis(window)
        return zip(MultipoleBasis(state.window).multipoles, state.coefficients).reduce(0) { sum, entry in
            kept.contains(l: entry.0.l, q: entry.0.q) ? sum : sum + entry.1 * entry.1
        }.squareRoot()
    }

    var state: MultipoleState { state(x) }

    private func state(_ unknowns: [Double]) -> MultipoleState {
        MultipoleState(spinCount: schedule.spinCount, frame: frame, window: plan.window, coefficients: matrix.extend(unknowns))
    }

    var report: EvolutionReport {
        let products = productCount + (krylov?.productCount ?? 0)
        return EvolutionReport(steppingError: steppingError + roundingError, truncationError: truncationError, window: plan.window,
                               productCount: products, stepCount: stepCount)
    }

    // MARK: In time

    /// Goes through `times` (ascending, from the present one on) and hands the state at each to `visit`.
    mutating func run(through times: [Double], visit: (Int, MultipoleState) throws -> Void) throws {
        guard let end = times.last else { return }
        let duration = end - time, errorRate = duration > 0 ? tolerance * startNorm / duration : 0
        var next = 0
        while next < times.count {
            if times[next] <= time {
                try visit(next, state)
                next += 1
                continue
            }
            let pieceEnd = schedule.next(after: time, end: end)
            if schedule.isConstant(from: time, to: pieceEnd) {
                next = try krylovStep(to: pieceEnd, errorRate: errorRate, duration: duration, times: times, next: next, visit: visit)
            } else {
                try magnusStep(to: min(pieceEnd, times[next]), longest: pieceEnd - time, errorRate: errorRate, duration: duration)
            }
        }
    }

    /// One Krylov space with constant parameters, unless the window must be widened first.
    /// - Returns: the next of `times` to be visited.
    private mutating func krylovStep(to end: Double, errorRate: Double, duration: Double, times: [Double], next: Int,
                                     visit: (Int, MultipoleState) throws -> Void) throws -> Int {
        let coefficients = try affine.coefficients(schedule.values(0.5 * (time + end)))
        prepare(coefficients)
        let space = try krylov!.space(x, time: end - time, errorRate: errorRate)
        let last = try krylov!.state(space, at: space.step)
        guard try fits(last, coefficients, step: space.step, duration: duration) else { return next }
        var next = next
        // Steps that end the piece end it exactly: no sliver is left.
        let reached = space.step >= end - time ? end : time + space.step
        while next < times.count, times[next] < reached {
            try visit(next, state(try krylov!.state(space, at: times[next] - time)))
            next += 1
        }
        steppingError += space.error / startNorm
        if !space.isStationary { roundingError += Double.ulpOfOne * (1 + krylov!.norm * (reached - time)) }
        (x, time) = (last, reached)
        guard stepCount < Self.greatestStepCount else { throw EigenvalueError("the evolution takes more than \(Self.greatestStepCount) steps; it has come to t = \(time)") }
        stepCount += 1
        return next
    }

    private mutating func prepare(_ coefficients: [Double]) {
        if let known = krylov.take() {
            krylov = krylovCoefficients == coefficients ? known : matrix.exponential(known, coefficients)
        } else {
            krylov = matrix.exponential(coefficients, dimension: Self.dimension(matrix.size))
        }
        krylovCoefficients = coefficients
    }

    /// e^{τ Σ c_k M_k}v, in as many Krylov steps as that takes.
    private mutating func exponential(_ v: [Double], _ coefficients: [Double], time: Double, error allowed: Double) throws -> [Double] {
        prepare(coefficients)
        var v = v, done = 0.0
        while done < time {
            let space = try krylov!.space(v, time: time - done, errorRate: allowed / time)
            v = try krylov!.state(space, at: space.step)
            done = space.step >= time - done ? time : done + space.step
        }
        return v
    }

    // MARK: Varying parameters

    /// Weights of L at the two Gauss points of a step in its first exponential; the second has them the other way round.
    private static let near = 0.25 + 3.0.squareRoot() / 6, far = 0.25 - 3.0.squareRoot() / 6

    private mutating func magnus(_ v: [Double], from start: Double, step: Double, error: Double) throws -> [Double] {
        let offset = 3.0.squareRoot() / 6
        let first = try affine.coefficients(schedule.values(start + (0.5 - offset) * step))
        let second = try affine.coefficients(schedule.values(start + (0.5 + offset) * step))
        func mix(_ a: Double, _ b: Double) -> [Double] { zip(first, second).map { a * $0 + b * $1 } }
        let half = try exponential(v, mix(Self.near, Self.far), time: step, error: error)
        return try exponential(half, mix(Self.far, Self.near), time: step, error: error)
    }

    /// One step of fourth order, twice as two halves; their difference is the error.
    private mutating func magnusStep(to end: Double, longest: Double, errorRate: Double, duration: Double) throws {
        let cap = duration / Self.leastSteps
        var step = min(end - time, magnusStep ?? longest / 16, cap)
        while true {
            let isLast = step >= end - time
            let krylovError = 0.05 * errorRate * step
            let whole = try magnus(x, from: time, step: step, error: krylovError)
            let middle = try magnus(x, from: time, step: step / 2, error: krylovError / 2)
            let halves = try magnus(middle, from: time + step / 2, step: step / 2, error: krylovError / 2)
            let error = zip(whole, halves).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot() / 15
            let allowed = 0.8 * errorRate * step
            let factor = error > 0 ? 0.9 * pow(allowed / error, 0.2) : 4
            guard error <= allowed else {
                step *= max(0.2, min(factor, 0.9))
                magnusStep = step
                guard step > 1e-12 * duration else { throw EigenvalueError("the steps of a time-dependent evolution become too short at t = \(time)") }
                continue
            }
            // Two halves, extrapolated: local error of the next order.
            let next = zip(halves, whole).map { $0 + ($0 - $1) / 15 }
            let middleCoefficients = try affine.coefficients(schedule.values(time + step / 2))
            guard try fits(next, middleCoefficients, step: step, duration: duration) else { return }
            steppingError += (error + 4 * krylovError) / startNorm
            roundingError += Double.ulpOfOne * (1 + (krylov?.norm ?? 0) * step)
            (x, time) = (next, isLast ? end : time + step)
            stepCount += 1
            // A step cut short by a time that is asked for says nothing against longer ones.
            magnusStep = max(step * min(factor, 4), isLast ? magnusStep ?? 0 : 0)
            return
        }
    }

    // MARK: Truncation

    /// Whether a step's end may stand: what left the window is accounted for. Otherwise the window is wider, and nothing has moved.
    private mutating func fits(_ end: [Double], _ coefficients: [Double], step: Double, duration: Double) throws -> Bool {
        guard !plan.isComplete else { return true }
        let damping = matrix.outerDamping(coefficients), leak = matrix.leak(end, coefficients), before = matrix.leak(x, coefficients)
        let allowed = tolerance * startNorm * max(damping, 1 / duration)
        // Written so that NaN widens.
        guard leak.norm <= allowed && before.norm <= allowed else {
            let l = max(leak.beyondL, before.beyondL) / allowed, q = max(leak.beyondQ, before.beyondQ) / allowed
            let current = state
            plan.widen(l: l, q: q)
            productCount += krylov?.productCount ?? 0
            krylov = nil
            (matrix, affine) = try Self.assemble(solver, schedule.spinCount, plan.window, holding: current)
            x = matrix.restrict(Self.coefficients(current, on: plan.window))
            return false
        }
        // What leaves comes back after a time 1/damping at most, or stays away.
        let decay = exp(-damping * step), mean = 0.5 * (leak.norm + before.norm)
        truncationError = truncationError * decay + mean * (damping * step > 1e-6 ? (1 - decay) / damping : step) / startNorm
        return true
    }
}

extension LindbladSolver {
    /// The time evolution of a Hermitian operator.
    /// - Parameters:
    ///   - start: at time 0, on a window that holds all of it. Its axes are kept.
    ///   - times: ascending, not negative.
    ///   - tolerance: greatest estimated error at the end, in the 2-norm over that of the start.
    ///   - visit: is given each time's number and the operator then.
    /// - Throws: `EvaluationError` for parameters that make no sense at some time and for windows too large;
    ///   `EigenvalueError` where a step does not reach its tolerance.
    public func evolve(_ start: MultipoleState, schedule: ParameterSchedule, times: [Double], tolerance: Double,
                       visit: (Int, MultipoleState) throws -> Void) throws -> EvolutionReport {
        var evolution = try Evolution(self, schedule: schedule, from: start, tolerance: tolerance)
        try evolution.run(through: times, visit: visit)
        return evolution.report
    }
}
