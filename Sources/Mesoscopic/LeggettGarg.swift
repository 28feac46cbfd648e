import Numbers
import SpinAlgebra

/// A Leggett–Garg test of the tunnel doublet: K3 = C12 + C23 − C13 of Q = sgn(Sz) at the times 0, τ, 2τ. Macrorealism has K3 ≤ 1,
/// quantum mechanics at most 3/2. Units of J; conventions and what of arXiv 2605.00952 and 2604.18638 reproduces: `docs/leggett-garg.md`.
public struct LeggettGarg: Sendable {
    public enum Evaluation: String, CaseIterable, Sendable {
        /// C23 of the state that has evolved for τ.
        case honest
        /// C23 := C12.
        case stationary
    }

    public let system: LeggettGargSystem
    public let state: LeggettGargState
    public let damping: LeggettGargDamping
    /// Wanted of K3.
    public let tolerance: Double

    /// - Throws: `EvaluationError` for what needs dense matrices of too many levels.
    public init(_ system: LeggettGargSystem, state: LeggettGargState = .ground, damping: LeggettGargDamping, tolerance: Double = 1e-9) throws {
        if system.count > DensePropagation.greatestCount {
            let most = DensePropagation.greatestCount
            if damping.dissipator == .projected {
                throw EvaluationError(message: "the dissipator proj is for at most \(most) levels, found \(system.count); trunc is for any number")
            }
            if damping.relaxation == .ladder, damping.relaxationRate > 0 {
                throw EvaluationError(message: "the relaxation ladder is for at most \(most) levels, found \(system.count); doublet is for any number")
            }
        }
        self.system = system
        self.state = state
        self.damping = damping
        self.tolerance = tolerance
    }

    private var isDense: Bool { system.count <= DensePropagation.greatestCount }

    /// At one τ, with an estimate of the error.
    public func correlators(interval: Double) throws -> Correlators { try correlators(interval, damping, tolerance) }

    /// At γ = 0, whatever else is damped.
    public func undamped(interval: Double) throws -> Correlators { try correlators(interval, damping.with(dephasing: 0), tolerance) }

    private func correlators(_ interval: Double, _ damping: LeggettGargDamping, _ tolerance: Double) throws -> Correlators {
        guard isDense else { return try SplitPropagation(system, damping, tolerance: tolerance).correlators(state, interval: interval) }
        let dense = DensePropagation(system, damping)
        var value = try dense.correlators(state, step: interval, count: 1)[0]
        // The same in two halves, scaled otherwise: what rounding does.
        let halves = try dense.correlators(state, step: interval / 2, count: 2)[1]
        // Phases double exactly, but the energies in them are rounded.
        let spread = system.levels.energies[system.count - 1] - system.levels.energies[0]
        value.error = max(abs(value.honest - halves.honest), abs(value.stationary - halves.stationary)) + .ulpOfOne * spread * interval
        return value
    }

    /// At τ = longest/count, …, longest in one go. Of many levels extrapolated once, with the error that is left estimated generously.
    public func curve(longest: Double, count: Int) throws -> [Correlators] {
        if isDense { return try DensePropagation(system, damping).correlators(state, step: longest / Double(count), count: count) }
        return try SplitPropagation(system, damping, tolerance: max(tolerance, 1e-7)).curve(state, longest: longest, count: count)
    }

    /// The τ in (0, longest] with the greatest K3, and K3 there, of both evaluations.
    public func optima(longest: Double) throws -> [Evaluation: (interval: Double, value: Double)] {
        let step = longest / Double(Self.surveyCount), surveyed = try curve(longest: longest, count: Self.surveyCount)
        return try Evaluation.allCases.reduce(into: [:]) { optima, evaluation in
            let best = surveyed.indices.max { surveyed[$0].value(evaluation) < surveyed[$1].value(evaluation) }! + 1
            let range = (step * Double(best - 1), min(longest, step * Double(best + 1)))
            let found = try Brent.maximum(from: range.0, to: range.1, tolerance: 1e-5 * system.interval) {
                try correlators($0, damping, max(tolerance, 1e-7)).value(evaluation)
            }
            optima[evaluation] = (found.place, try correlators(interval: found.place).value(evaluation))
        }
    }

    /// Places that `optimum` surveys: the jump of sgn(Sz) puts ripples on K3(τ), as narrow as 0.02 τ0.
    public static let surveyCount = 400

    /// γ* at which K3 falls through 1 for the first time as γ grows from 0; nil where K3 ≤ 1 without dephasing, or beyond
    /// γ G01 τ = 20. Of both evaluations, since they share what is computed.
    /// - Parameter accuracy: of γ*, relative to 1/(G01 τ).
    public func thresholds(interval: Double, accuracy: Double) throws -> [Evaluation: Double] {
        let unit = 1 / (system.coherenceFactor * interval)
        func values(_ x: Double, _ tolerance: Double) throws -> Correlators {
            try correlators(interval, damping.with(dephasing: x * unit), tolerance)
        }
        // A first look on a ladder of γ brackets the crossings, to three digits of K3.
        var brackets: [Evaluation: (lower: Double, upper: Double)] = [:], open = Evaluation.allCases
        var lower = 0.0, x = Self.firstRung
        let calm = try values(0, Self.surveyTolerance)
        open.removeAll { calm.value($0) <= 1 }
        while !open.isEmpty, x < 20 {
            let above = try values(x, Self.surveyTolerance)
            for evaluation in open where above.value(evaluation) <= 1 { brackets[evaluation] = (lower, x) }
            open.removeAll { brackets[$0] != nil }
            (lower, x) = (x, x * Self.rung)
        }
        return try brackets.reduce(into: [:]) { found, bracket in
            let (evaluation, range) = bracket
            let root = try threshold(range, accuracy: accuracy) { try values($0, max(tolerance, 1e-8)).value(evaluation) - 1 }
            found[evaluation] = root.map { $0 * unit }
        }
    }

    private static let surveyTolerance = 1e-4
    private static let firstRung = 0.05
    private static let rung = 1.25

    /// The zero in a bracket whose ends may be crossings but for the survey's error: then the bracket is widened.
    private func threshold(_ range: (lower: Double, upper: Double), accuracy: Double, _ excess: (Double) throws -> Double) throws -> Double? {
        var (lower, upper) = range
        var (atLower, atUpper) = (try excess(lower), try excess(upper))
        if atLower <= 0 {
            if lower == 0 { return nil }
            (upper, atUpper) = (lower, atLower)
            lower = lower > Self.firstRung ? lower / Self.rung : 0
            atLower = try excess(lower)
        } else if atUpper > 0 {
            upper *= Self.rung
            atUpper = try excess(upper)
        }
        guard atLower > 0, atUpper <= 0 else { return nil }
        return try Brent.root(from: lower, to: upper, valueAtLower: atLower, valueAtUpper: atUpper, tolerance: accuracy, excess)
    }
}

extension Correlators {
    public func value(_ evaluation: LeggettGarg.Evaluation) -> Double { evaluation == .honest ? honest : stationary }
}
