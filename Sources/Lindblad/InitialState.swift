import Foundation
import Numbers
import SpinAlgebra

/// The state from which a degenerate model relaxes; it decides which of its steady states is reached.
public enum InitialState: Equatable, Sendable {
    /// Spin-coherent, pointing along (θ, φ) in laboratory axes.
    case coherent(theta: Double, phi: Double)
    /// |j, m⟩ along the laboratory z axis.
    case dicke(m: Double)
    /// The even (or odd) eigenspace of the parity (−1)^{j−m} about the laboratory z axis, equally filled, with weight
    /// `even`; the other with 1 − `even`.
    case parity(even: Double)

    /// Density matrix in the Dicke basis of the laboratory z axis, m ascending from −j, column-major.
    /// - Throws: `EvaluationError` where the state does not exist at this N.
    func matrix(spinCount: Int) throws -> [Complex] {
        let size = spinCount + 1, j = Double(spinCount) / 2
        var matrix = [Complex](repeating: .zero, count: size * size)
        switch self {
        case .coherent(let theta, let phi):
            // amplitudes √(N choose k) cos^k(θ/2) (sin(θ/2) e^{iφ})^{N−k}, k = j + m
            let c = cos(theta / 2), s = sin(theta / 2)
            let amplitudes = (0..<size).map { k -> Complex in
                if (c == 0 && k > 0) || (s == 0 && k < spinCount) { return .zero }
                let logarithm = 0.5 * (lgamma(Double(size)) - lgamma(Double(k + 1)) - lgamma(Double(size - k)))
                    + (k > 0 ? Double(k) * log(abs(c)) : 0) + (k < spinCount ? Double(spinCount - k) * log(abs(s)) : 0)
                // Angles outside 0 … π make c or s negative.
                let sign: Double = (c < 0 && k % 2 == 1) != (s < 0 && (spinCount - k) % 2 == 1) ? -1 : 1
                let angle = Double(spinCount - k) * phi
                return sign * exp(logarithm) * Complex(cos(angle), sin(angle))
            }
            for column in 0..<size { for row in 0..<size { matrix[column * size + row] = amplitudes[row] * amplitudes[column].conjugate } }
        case .dicke(let m):
            let k = m + j
            guard k == k.rounded(), k >= 0, k <= Double(spinCount) else {
                throw EvaluationError(message: "initial m = \(m) is no level of N = \(spinCount) spins (m runs from \(-j) to \(j) in steps of 1)")
            }
            matrix[Int(k) * (size + 1)] = .one
        case .parity(let even):
            let evenCount = spinCount / 2 + 1, oddCount = size - evenCount
            for k in 0..<size {
                let isEven = (spinCount - k) % 2 == 0
                matrix[k * (size + 1)] = Complex(isEven ? even / Double(evenCount) : (1 - even) / Double(max(oddCount, 1)))
            }
        }
        return matrix
    }
}
