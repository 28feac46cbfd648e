import Foundation
import LinearAlgebra
import Numbers
import SpinAlgebra

/// Metastable states of a point and the classical Markov chain between them.
///
/// After Macieszczak, Guţă, Lesanovsky, Garrahan, PRL 116, 240404 (2016), and Rose et al., PRE 94, 052132 (2016): with k − 1
/// modes far slower than all others the dynamics after the fast relaxation is dα/dt = Λα + s for the functionals α = Wᵀρ.
/// Between the values α_i of k pure states, one inside each phase, it is a classical chain, dp/dt = Kᵀp with
/// ```
/// Kᵀ = T⁻¹ G T,     T = [α_1 … α_k; 1 … 1],     G = [Λ s; 0 0].
/// ```
/// All of it in double-double: a rate far smaller than the gap is the difference of much larger numbers.
/// See `docs/rates.md`.
public struct MetastableRates: Sendable {
    /// In ascending order of ⟨Jz⟩/j, then ⟨Jx⟩/j, ⟨Jy⟩/j. Unit trace; positive but for corrections of relative order
    /// 1/`separationRatio`.
    public let states: [MultipoleState]
    /// ⟨J_x⟩/j, ⟨J_y⟩/j, ⟨J_z⟩/j of each.
    public let spins: [[Double]]
    /// [from][to], in rate units; the diagonal makes each row sum to zero.
    public let rates: [[Double]]
    /// Estimated errors of `rates` from rounding and truncation.
    public let errors: [[Double]]
    /// |K||K|/λ_next: by about how much a rate depends on what exactly counts as a phase.
    public let ambiguities: [[Double]]
    /// Of these ten times the part that goes by way of a third state: what a direct transition must exceed to be told from
    /// two in a row.
    public let detours: [[Double]]
    /// Weights of the phases in the steady state, and their estimated errors.
    public let weights: [Double]
    public let weightErrors: [Double]
    /// Decay rate of the next mode over that of the fastest kept.
    public let separationRatio: Double
    public let window: MultipoleWindow

    public enum Outcome: Sendable {
        case resolved(MetastableRates)
        /// No time scales apart, or none that can be resolved; with the ratio of the decay rates if known.
        case unresolved(reason: String, separationRatio: Double?)
        /// Several steady states by structure.
        case degenerate(dimension: Int)
    }

    /// Least ratio of decay rates that counts as a separation of time scales.
    public static let leastSeparation = 3.0
}

extension LindbladSolver {
    private static func short(_ value: Double) -> String { String(format: "%.2g", value) }

    /// Windows of more than this many √N are not tried.
    private static let greatestFactors = (l: 15.0, q: 14.0)

    /// Classical rates between `count` metastable states.
    /// - Parameters:
    ///   - count: 2 or more.
    ///   - errorTolerance: relative error of a rate that truncation must stay a tenth below; windows are widened for it.
    /// - Throws: `EvaluationError`, `SparseLUError`, `EigenvalueError`.
    public func metastableRates(_ instance: ModelInstance, states count: Int, errorTolerance: Double = 1e-4) throws -> MetastableRates.Outcome {
        try metastableRates(instance, states: count, errorTolerance: errorTolerance, from: nil)
    }

    /// - Parameter start: the window to begin with; nil: that of the slow modes.
    func metastableRates(_ instance: ModelInstance, states count: Int, errorTolerance: Double = 1e-4,
                         from start: MultipoleWindow?) throws -> MetastableRates.Outcome {
        let solution = try slowModes(instance, count: count)
        if solution.kernelDimension > 1 { return .degenerate(dimension: solution.kernelDimension) }
        if let bound = solution.gapBound {
            return .unresolved(reason: "all rates are below \(Self.short(bound)), beyond all precision", separationRatio: nil)
        }
        guard solution.modes.count == count else {
            return .unresolved(reason: "only \(solution.modes.count) modes: too few for \(count) metastable states", separationRatio: nil)
        }
        let slow = Array(solution.modes.dropLast()), next = solution.modes[count - 1], last = slow[count - 2]
        guard last.decayRate > last.error else {
            return .unresolved(reason: "the slowest decay rates are below what double-double precision resolves", separationRatio: nil)
        }
        let ratio = next.decayRate / last.decayRate
        guard ratio >= MetastableRates.leastSeparation else {
            return .unresolved(reason: "no separation of time scales: the next mode decays only \(Self.short(ratio)) times faster", separationRatio: ratio)
        }
        guard slow.allSatisfy({ $0.eigenvalue.im == 0 }) else {
            return .unresolved(reason: "a slow mode oscillates: no classical chain of \(count) states", separationRatio: ratio)
        }
        let basis = MultipoleBasis(solution.window), spinCount = instance.spinCount
        var plan = WindowPlan(spinCount: spinCount, window: start ?? solution.window)
        while true {
            let (liouvillian, coefficients) = try assemble(instance, solution.frame, plan.window)
            var modes: [Int: [[Double]]] = [:]
            for vector in solution.vectors.dropLast() {
                let own = liouvillian.multipoles.map { m in
                    basis.contains(l: m.l, q: m.q) ? vector[basis.index(l: m.l, q: m.q, part: m.part)].re : 0
                }
                // Sectors may be numbered differently in another window: the greatest member tells.
                guard let greatest = own.indices.max(by: { abs(own[$0]) < abs(own[$1]) }) else { continue }
                modes[liouvillian.home[greatest].sector, default: []].append(own)
            }
            guard let dynamics = try ReducedDynamics(liouvillian, coefficients: coefficients, spinCount: spinCount, frame: solution.frame,
                                                     modes: modes, separation: next.eigenvalue.magnitude),
                  let phases = MetastablePhases(dynamics) else {
                return .unresolved(reason: "the slow modes do not tell \(count) phases apart", separationRatio: ratio)
            }
            guard let chain = ClassicalChain(dynamics, phases) else {
                return .unresolved(reason: "the phases found are no basis of the slow modes", separationRatio: ratio)
            }
            guard let excess = chain.excess(limit: 0.1 * errorTolerance), !plan.isComplete,
                  plan.lFactor <= Self.greatestFactors.l, plan.qFactor <= Self.greatestFactors.q else {
                return .resolved(chain.result(separationRatio: ratio, nextRate: next.decayRate))
            }
            plan.widen(l: excess.beyondL, q: excess.beyondQ)
        }
    }
}

/// The chain in one window.
private struct ClassicalChain {
    private let dynamics: ReducedDynamics
    private let count: Int
    /// α_i.
    private let alpha: [[Double]]
    /// K, [from][to].
    private var generator: [[DoubleDouble]]
    private var roundingErrors: [[Double]]
    private var truncationErrors: [[Double]]
    private var leaks: [[Sector.Leak]]

    /// - Returns: nil where the phases' values are linearly dependent.
    init?(_ dynamics: ReducedDynamics, _ phases: MetastablePhases) {
        let count = phases.vectors.count, window = dynamics.liouvillian.window, spinCount = dynamics.spinCount
        self.dynamics = dynamics
        self.count = count
        let multipoles = PureStateMultipoles(spinCount: spinCount, window: window).coefficients(phases.vectors, orders: dynamics.orders)
        let values = zip(multipoles, phases.vectors).map { state, vector -> [DoubleDouble] in
            // ψ has norm one to double precision only.
            let norm = vector.reduce(DoubleDouble.zero) { $0 + DoubleDouble(product: $1.re, $1.re) + DoubleDouble(product: $1.im, $1.im) }
            return dynamics.functionals(state).map { $0 / norm }
        }
        let corners = values.map { $0 + [.one] }
        let flow = values.map { value -> [DoubleDouble] in
            var image = dynamics.drive
            for a in image.indices { for b in value.indices { image[a] += dynamics.generator[b][a] * value[b] } }
            return image + [.zero]
        }
        guard let chain = Extended.solve(corners, flow), chain.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { return nil }
        generator = chain
        alpha = values.map { $0.map(\.high) }
        // Rows of T⁻¹: the committors' weights on the functionals.
        let inverse = Extended.inverse(corners)
        let committors = (0..<count).map { j in (0..<count - 1).map { inverse[$0][j].high } }
        let empty = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
        roundingErrors = empty
        truncationErrors = empty
        leaks = empty.map { $0.map { _ in Sector.Leak() } }
        // What the value of committor j in state i may be wrong by, from arithmetic and from what the window leaves out.
        var noise = empty, outer = empty, outerLeaks = leaks
        for i in 0..<count {
            let magnitudes = dynamics.functionalMagnitudes(multipoles[i]), length = Extended.norm(multipoles[i])
            for j in 0..<count {
                for a in 0..<count - 1 {
                    let sum = 8 * DoubleDouble.ulpOfOne * Double(spinCount + 40) * magnitudes[a]
                    let defect = 10 * dynamics.defects[a] / dynamics.separation * length * dynamics.leftNorms[a]
                    noise[j][i] += abs(committors[j][a]) * (sum + defect)
                }
                let beyond = dynamics.outerValue(committors[j], multipoles[i])
                (outer[j][i], outerLeaks[j][i]) = (beyond.total, beyond.leak)
            }
        }
        let magnitude = generator.map { $0.map { abs($0.high) } }
        for i in 0..<count {
            for j in 0..<count {
                roundingErrors[i][j] = dynamics.rounding(committors[j], alpha[i]) + 2 * Double.ulpOfOne * Double(spinCount) * magnitude[i][j]
                let direct = dynamics.truncation(committors[j], alpha[i])
                truncationErrors[i][j] = direct.total
                leaks[i][j] = direct.leak
                // δT turns K into K + [K, T⁻¹δT].
                for m in 0..<count {
                    roundingErrors[i][j] += noise[j][m] * magnitude[i][m] + magnitude[m][j] * noise[m][i]
                    truncationErrors[i][j] += outer[j][m] * magnitude[i][m] + magnitude[m][j] * outer[m][i]
                    let other = max(outerLeaks[j][m].beyondL * magnitude[i][m], magnitude[m][j] * outerLeaks[m][i].beyondL)
                    let sideways = max(outerLeaks[j][m].beyondQ * magnitude[i][m], magnitude[m][j] * outerLeaks[m][i].beyondQ)
                    leaks[i][j] = Sector.Leak(beyondL: max(leaks[i][j].beyondL, other), beyondQ: max(leaks[i][j].beyondQ, sideways))
                }
            }
        }
    }

    /// How far beyond the limit truncation may have moved a rate, in the directions in which to widen; nil where it is within.
    func excess(limit: Double) -> Sector.Leak? {
        var worst: Sector.Leak?
        for i in 0..<count {
            for j in 0..<count where i != j {
                // Nothing is gained by widening for a rate that rounding has.
                let allowed = max(limit * abs(generator[i][j].high), roundingErrors[i][j], .leastNormalMagnitude)
                let error = truncationErrors[i][j], leak = leaks[i][j]
                guard error > allowed else { continue }
                let scale = error / allowed / max(leak.beyondL, leak.beyondQ, .leastNormalMagnitude)
                worst = Sector.Leak(beyondL: max(worst?.beyondL ?? 0, scale * leak.beyondL), beyondQ: max(worst?.beyondQ ?? 0, scale * leak.beyondQ))
            }
        }
        return worst
    }

    func result(separationRatio: Double, nextRate: Double) -> MetastableRates {
        let states = alpha.map(dynamics.state)
        let spins = states.map { state in [SpinPolynomial.jx, .jy, .jz].map { state.expectation($0).re * 2 / Double(state.spinCount) } }
        let order = (0..<count).sorted { Self.precedes(spins[$0], spins[$1]) }
        func arranged(_ matrix: [[Double]]) -> [[Double]] { order.map { i in order.map { matrix[i][$0] } } }
        let rates = arranged(generator.map { $0.map(\.high) })
        // Estimates hold to a factor of two (birth-death chains, where rates are known otherwise).
        let errors = arranged(zip(roundingErrors, truncationErrors).map { zip($0, $1).map { 2 * ($0 + $1) } })
        let weights = Self.stationary(rates)
        var weightErrors = weights.map { 8 * Double.ulpOfOne * $0 }
        for i in 0..<count {
            for j in 0..<count where i != j {
                var moved = rates
                moved[i][j] += errors[i][j]
                for (k, weight) in Self.stationary(moved).enumerated() { weightErrors[k] += abs(weight - weights[k]) }
            }
        }
        var ambiguities = rates, detours = rates
        for i in 0..<count {
            for j in 0..<count {
                var all = 0.0, thirds = 0.0
                for m in 0..<count {
                    let product = abs(rates[i][m] * rates[m][j])
                    all += product
                    if m != i, m != j { thirds += product }
                }
                ambiguities[i][j] = all / nextRate
                detours[i][j] = 10 * thirds / nextRate
            }
        }
        return MetastableRates(states: order.map { states[$0] }, spins: order.map { spins[$0] }, rates: rates, errors: errors, ambiguities: ambiguities, detours: detours,
                               weights: weights, weightErrors: weightErrors, separationRatio: separationRatio, window: dynamics.liouvillian.window)
    }

    /// By ⟨Jz⟩, then ⟨Jx⟩, ⟨Jy⟩; what differs by rounding only is a tie.
    private static func precedes(_ a: [Double], _ b: [Double]) -> Bool {
        for k in [2, 0, 1] where abs(a[k] - b[k]) > 1e-6 { return a[k] < b[k] }
        return false
    }

    /// pK = 0 by the elimination of Grassmann, Taksar and Heyman, Oper. Res. 33, 1107 (1985): without a subtraction, so that
    /// small weights are as good as the rates.
    private static func stationary(_ rates: [[Double]]) -> [Double] {
        var p = rates
        let count = rates.count
        for n in stride(from: count - 1, to: 0, by: -1) {
            let total = (0..<n).reduce(0) { $0 + p[n][$1] }
            for i in 0..<n { p[i][n] /= total }
            for i in 0..<n { for j in 0..<n where i != j { p[i][j] += p[i][n] * p[n][j] } }
        }
        var weights = [1.0]
        for n in 1..<count { weights.append((0..<n).reduce(0) { $0 + weights[$1] * p[$1][n] }) }
        let sum = weights.reduce(0, +)
        return weights.map { $0 / sum }
    }
}
