import Foundation
import Numbers
import SpinAlgebra

/// The state that a Leggett–Garg test begins with, in the levels of the model.
public enum LeggettGargState: Hashable, Sendable {
    /// |E0⟩
    case ground
    /// exp(−H/kT), kT in units of J.
    case thermal(Double)
    /// ½(|E0⟩⟨E0| + |E1⟩⟨E1|)
    case doublet
    /// Weights of E0, E1, …; normalised here.
    case populations([Double])
    /// Amplitudes of E0, E1, …; normalised here.
    case amplitudes([Double])

    /// ρ, n × n column-major, without trailing levels of less weight than 1e-18.
    /// - Throws: `EvaluationError` where the state has more levels than there are, or no weight.
    func density(energies: [Double]) throws -> (size: Int, values: [Complex]) {
        switch self {
        case .ground: return (1, [.one])
        case .doublet: return (2, [Complex(0.5), .zero, .zero, Complex(0.5)])
        case .thermal(let temperature):
            guard temperature > 0 else { return (1, [.one]) }
            return try Self.diagonal(energies.map { exp((energies[0] - $0) / temperature) }, energies.count)
        case .populations(let weights): return try Self.diagonal(weights, energies.count)
        case .amplitudes(let amplitudes):
            let greatest = amplitudes.reduce(0) { max($0, abs($1)) }
            guard amplitudes.count <= energies.count, greatest > 0 else { throw Self.unfit(amplitudes.count, energies.count) }
            let amplitudes = amplitudes.map { $0 / greatest }, norm = amplitudes.reduce(0) { $0 + $1 * $1 }
            return (amplitudes.count, amplitudes.flatMap { a in amplitudes.map { Complex(a * $0 / norm) } })
        }
    }

    private static func diagonal(_ weights: [Double], _ levels: Int) throws -> (size: Int, values: [Complex]) {
        let sum = weights.reduce(0, +)
        guard weights.count <= levels, sum > 0, !weights.contains(where: { $0 < 0 }) else { throw unfit(weights.count, levels) }
        let size = (weights.lastIndex { $0 > 1e-18 * sum } ?? 0) + 1
        var values = [Complex](repeating: .zero, count: size * size)
        for k in 0..<size { values[k * size + k] = Complex(weights[k] / sum) }
        return (size, values)
    }

    private static func unfit(_ given: Int, _ levels: Int) -> EvaluationError {
        EvaluationError(message: "the given state has \(given) levels of \(levels), or no weight in them")
    }
}
