import Foundation
import LinearAlgebra
import Numbers
import SpinAlgebra

/// The lowest levels of an LMG model with what a Leggett–Garg test asks of them: Q = sgn(Sz) projected on these levels
/// (not ±1-valued unless they are all N + 1), and Sz, by which they are dephased.
public struct LeggettGargSystem: Sendable {
    public let model: LipkinModel
    public let levels: LipkinLevels
    /// ΔE = E1 − E0 in units of J.
    public let splitting: Double
    /// ⟨i|Sz|k⟩, n × n; symmetric, so that row- and column-major are one.
    public let spin: [Double]
    /// ⟨i|Q|k⟩, n × n.
    public let question: [Double]
    /// Q has elements between levels of equal parity: sgn 0 is not 0.
    public let asksAtZero: Bool
    /// G01 = (⟨Sz²⟩₀ + ⟨Sz²⟩₁)/2: γ G01 is the dephasing rate of the doublet's coherence.
    public let coherenceFactor: Double
    let eigenbasis: SpinEigenbasis

    public var count: Int { levels.count }

    /// τ0 = π/(3ΔE), at which 2cos(ΔE τ) − cos(2ΔE τ) is greatest.
    public var interval: Double { .pi / (3 * splitting) }

    /// - Parameters:
    ///   - count: levels kept, 2 … N + 1; all where it is greater.
    ///   - signAtZero: the answer at m = 0 (even N).
    /// - Throws: `EvaluationError` for a biased model or a doublet closer than its energies resolve; `EigenvalueError`.
    public init(_ model: LipkinModel, levels count: Int, signAtZero: Double = 0) throws {
        guard model.bias == 0 else {
            throw EvaluationError(message: "the Leggett-Garg test is for the unbiased model, h = 0: its doublet has parities")
        }
        guard count >= 2 else { throw EvaluationError(message: "a Leggett-Garg test needs 2 levels or more, found \(count)") }
        self.model = model
        splitting = try model.doubletSplitting()
        levels = try LipkinLevels(model, count: count)
        let spin = levels.spin
        self.spin = spin
        eigenbasis = try SpinEigenbasis(spin: spin, stride: levels.count, count: levels.count)
        question = levels.sign(atZero: signAtZero)
        asksAtZero = signAtZero != 0 && model.spinCount % 2 == 0
        let doublet = try LipkinLevels(model, count: 2), squares = doublet.evenElements { $0 * $0 }
        coherenceFactor = (squares[0] + squares[3]) / 2
    }
}

extension LipkinModel {
    /// ΔE = E1 − E0 in units of J.
    /// - Throws: `EvaluationError` where dynamics with the levels' energies would not resolve it: below 1e-9 of the energy scale N/2.
    public func doubletSplitting() throws -> Double {
        let splitting = transverseField > 0 ? exp(try TunnelSplitting(self).logSplitting) : 0
        guard splitting >= 0.5e-9 * Double(spinCount) else {
            let place = "N = \(spinCount), g = \(transverseField)"
            throw EvaluationError(message: "the tunnel splitting of \(place) is below 1e-9 of the ground state's energy, which does not resolve it")
        }
        return splitting
    }
}
