import Foundation
import LinearAlgebra
import Numbers

/// The tunnel doublet of an unbiased LMG model, and the Landau–Zener problem that a sweep of the bias through zero makes of it.
/// Energies in units of J, times in ħ/J.
public struct LandauZenerDoublet: Sendable {
    /// E1 − E0
    public let splitting: Double
    /// J01 = ⟨E0|Sz|E1⟩
    public let spinElement: Double

    /// - Throws: `EigenvalueError`, see `TunnelSplitting`.
    public init(_ levels: LipkinLevels) throws {
        splitting = levels.model.transverseField > 0 ? exp(try TunnelSplitting(levels.model).logSplitting) : 0
        spinElement = levels.spin[1]
    }

    /// τ₁ = 16 h₀ J01/(πΔE²): with v = 8 h₀ J01/τQ the rate of the diabatic energies' difference, exp(−πΔE²/2v) = exp(−τQ/τ₁).
    public func timeConstant(amplitude: Double) -> Double { 16 * amplitude * spinElement / (Double.pi * splitting * splitting) }

    /// P_LZ of Landau and Zener: the sweep from −∞ to ∞.
    public func probability(amplitude: Double, duration: Double) -> Double { exp(-duration / timeConstant(amplitude: amplitude)) }
}

/// The LMG model under a longitudinal bias h led linearly from −h₀ to h₀ in the time τQ, from the ground state at −h₀, on its n lowest
/// unbiased levels. Energies in units of J, times in ħ/J.
public struct LandauZenerSweep: Sendable {
    public let levels: LipkinLevels
    /// h₀ > 0
    public let amplitude: Double
    public let sweep: LinearSweep

    public init(_ levels: LipkinLevels, amplitude: Double) {
        self.levels = levels
        self.amplitude = amplitude
        sweep = LinearSweep(energies: levels.energies, drive: levels.spin.map { -2 * $0 }, from: -amplitude, to: amplitude)
    }

    /// Of a final state.
    public struct Probabilities: Sendable {
        /// P_gs: that it is not the final ground state, as the sum of what is in the others.
        public var groundStateMissed: Double
        /// P_well: Prob(m < 0) + ½ Prob(m = 0), that it is in the well it began in.
        public var wrongWell: Double
        var list: [Double] { [groundStateMissed, wrongWell] }
    }

    public func probabilities(_ state: [Complex]) throws -> Probabilities {
        Probabilities(groundStateMissed: try sweep.finalPopulations(state).dropFirst().reduce(0, +), wrongWell: wrongWell(state))
    }

    /// Prob(m < 0) + ½ Prob(m = 0), summed over m: nothing cancels where it is small.
    func wrongWell(_ state: [Complex]) -> Double {
        let spins = levels.model.blockLevels(.even)
        var even = [Complex](repeating: .zero, count: spins.count), odd = even
        for (k, c) in state.enumerated() {
            for (i, a) in levels.amplitudes[k].enumerated() {
                if LipkinLevels.parity(k) == .even { even[i] += a * c } else { odd[i] += a * c }
            }
        }
        return spins.indices.reduce(0) { sum, i in
            sum + 0.5 * (spins[i] == 0 ? even[i] : even[i] - odd[i]).squaredMagnitude
        }
    }

    /// P_well of the final ground state: what no sweep however slow goes below.
    public func wellFloor() throws -> Double {
        wrongWell(try sweep.eigenstates(at: amplitude).vectors.prefix(levels.count).map { Complex($0) })
    }

    /// P_well with the bias held at h₀ from now on, averaged over time: without the beats between levels.
    func meanWrongWell(_ state: [Complex]) throws -> Double {
        let populations = try sweep.finalPopulations(state), vectors = try sweep.eigenstates(at: amplitude).vectors, size = levels.count
        return (0..<size).reduce(0) { $0 + populations[$1] * wrongWell(vectors[$1 * size..<($1 + 1) * size].map { Complex($0) }) }
    }

    public struct Outcome: Sendable {
        public let probabilities: Probabilities
        /// P_well with the bias held at h₀ afterwards, averaged over time.
        public let meanWrongWell: Double
        /// P_well of the final ground state.
        public let wellFloor: Double
        public let levelCount: Int
        /// Greatest change of the probabilities when more levels are kept; 0 where all are.
        public let levelError: Double
        /// Estimated greatest error from the time steps.
        public let timeError: Double
        public let steps: Int
        /// |1 − ⟨ψ|ψ⟩| at the end.
        public let normError: Double
    }

    /// A sweep on as many levels as it takes, or on a given number of them.
    /// - Parameters:
    ///   - duration: τQ
    ///   - tolerance: greatest error of P_gs and P_well from steps, and where the number of levels is free also from that.
    ///   - levelCount: levels kept; nil: more and more until the probabilities no longer change.
    ///   - isCertified: whether given levels are compared with more of them; if not, `levelError` is 0.
    /// - Throws: `EigenvalueError` where LAPACK gives up.
    public static func run(_ model: LipkinModel, amplitude: Double, duration: Double, tolerance: Double, levelCount: Int? = nil,
                           isCertified: Bool = true) throws -> Outcome {
        typealias Solution = (sweep: LandauZenerSweep, outcome: LinearSweep.Outcome)
        let all = isCertified ? model.spinCount + 1 : min(levelCount ?? .max, model.spinCount + 1)
        let found = try LevelLadder.climb(from: levelCount ?? LevelLadder.least, of: all, isFixed: levelCount != nil,
                                          tolerance: tolerance) { (count, before: Solution?) -> Solution in
            let sweep = LandauZenerSweep(try LipkinLevels(model, count: count), amplitude: amplitude)
            let firstSteps = before.map { max(1, $0.outcome.steps / 2) }
            let outcome = try sweep.sweep.run(duration: duration, tolerance: tolerance, firstSteps: firstSteps) { try sweep.probabilities($0).list }
            return (sweep, outcome)
        } probabilities: { $0.outcome.probabilities }
        let (sweep, outcome) = found.solution
        return Outcome(probabilities: Probabilities(groundStateMissed: outcome.probabilities[0], wrongWell: outcome.probabilities[1]),
                       meanWrongWell: try sweep.meanWrongWell(outcome.state), wellFloor: try sweep.wellFloor(), levelCount: found.count,
                       levelError: found.error, timeError: outcome.error, steps: outcome.steps, normError: outcome.normError)
    }
}
