import Foundation
import LinearAlgebra

/// The closed Lipkin–Meshkov–Glick model of N spins in its greatest multiplet, S = N/2, energies in units of J:
/// H/J = −(2/N) Sz² − 2g Sx − 2h Sz with g = Γ/J (arXiv 2605.00952 and 2604.18638; the factors are those that reproduce their table 3).
public struct LipkinModel: Hashable, Sendable {
    public let spinCount: Int
    /// g = Γ/J; ordered below 1.
    public let transverseField: Double
    /// h/J
    public let bias: Double

    public init(spinCount: Int, transverseField: Double, bias: Double = 0) {
        precondition(spinCount >= 1)
        self.spinCount = spinCount
        self.transverseField = transverseField
        self.bias = bias
    }

    /// S = N/2
    public var spin: Double { Double(spinCount) / 2 }

    /// z = √(1 − g²), the mean-field magnetisation; 0 from g = 1 on.
    public var magnetisation: Double { max(0, (1 - transverseField) * (1 + transverseField)).squareRoot() }

    /// ⟨m|H|m⟩
    func diagonal(_ m: Double) -> Double { -2 / Double(spinCount) * m * m - 2 * bias * m }

    /// ⟨m|H|m + 1⟩
    func coupling(_ m: Double) -> Double { -transverseField * ((spin - m) * (spin + m + 1)).squareRoot() }

    /// H in the basis m = S, S − 1, …, −S.
    public var matrix: SymmetricTridiagonal {
        let levels = (0...spinCount).map { spin - Double($0) }
        return SymmetricTridiagonal(diagonal: levels.map(diagonal), offDiagonal: levels.dropFirst().map(coupling))
    }

    /// Under Π: m → −m, a symmetry at h = 0.
    public enum Parity: Int, Sendable { case even = 1, odd = -1 }

    /// The half-integers or integers m ≥ 0 that a block is written in, from S down to the centre. The even one alone has m = 0.
    public func blockLevels(_ parity: Parity) -> [Double] {
        let count = spinCount % 2 == 1 ? (spinCount + 1) / 2 : spinCount / 2 + (parity == .even ? 1 : 0)
        return (0..<count).map { spin - Double($0) }
    }

    /// H on the states (|m⟩ ± |−m⟩)/√2, m > 0, and |0⟩, in the order of `blockLevels`. Needs h = 0.
    public func block(_ parity: Parity) -> SymmetricTridiagonal {
        precondition(bias == 0, "parity is no symmetry of a biased model")
        let levels = blockLevels(parity)
        var diagonal = levels.map(self.diagonal), offDiagonal = levels.dropFirst().map(coupling)
        if spinCount % 2 == 1 {
            diagonal[levels.count - 1] -= Double(parity.rawValue) * transverseField * (spin + 0.5)
        } else if parity == .even {
            offDiagonal[levels.count - 2] *= 2.0.squareRoot()
        }
        return SymmetricTridiagonal(diagonal: diagonal, offDiagonal: offDiagonal)
    }
}
