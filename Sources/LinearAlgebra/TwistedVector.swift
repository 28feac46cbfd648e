import Foundation

/// An eigenvector of a symmetric tridiagonal matrix by twisted factorisation, in O(n). Every component is right to a few units in
/// its own last place times n, however small it is beside the others: that is what LAPACK does not promise, and what tails under
/// a barrier need. Dhillon and Parlett, Linear Algebra Appl. 387, 1 (2004).
public struct TwistedVector: Sendable {
    /// The eigenvalue after one Rayleigh correction.
    public let value: Double
    /// Unit norm, positive at the twist. Components below 1e-308 are 0.
    public let components: [Double]
    /// ln |last component|, also where that is 0 in double precision.
    public let logLast: Double
    /// All pivots on both sides of the twist are positive: with negative off-diagonal elements that proves the vector free of nodes,
    /// hence the ground vector.
    public let isGround: Bool

    /// - Parameter value: an eigenvalue of the matrix to about rounding, well apart from its neighbours.
    public init(_ matrix: SymmetricTridiagonal, value: Double) {
        let first = Solution(matrix, value: value)
        let corrected = value + first.correction
        let last = Solution(matrix, value: corrected)
        self.value = corrected
        let scale = 1 / last.squaredNorm.squareRoot()
        components = last.vector.map { $0 * scale }
        logLast = last.logLast + log(scale)
        isGround = last.pivots.isPositive
    }

    /// (T − λ) v = γ e_r with v_r = 1.
    private struct Solution {
        let pivots: TwistedPivots
        let vector: [Double]
        let squaredNorm: Double
        let logLast: Double

        /// What the Rayleigh quotient of v adds to λ.
        var correction: Double { pivots.residual / squaredNorm }

        init(_ matrix: SymmetricTridiagonal, value: Double) {
            let pivots = TwistedPivots(matrix, shift: value), size = matrix.size, twist = pivots.twist
            var vector = [Double](repeating: 0, count: size), squaredNorm = 1.0
            vector[twist] = 1
            var running = ScaledProduct()
            for k in stride(from: twist - 1, through: 0, by: -1) {
                running.multiply(-matrix.offDiagonal[k] / pivots.forward[k])
                vector[k] = running.value
                squaredNorm += vector[k] * vector[k]
            }
            running = ScaledProduct()
            for k in stride(from: twist + 1, to: size, by: 1) {
                running.multiply(-matrix.offDiagonal[k - 1] / pivots.backward[k])
                vector[k] = running.value
                squaredNorm += vector[k] * vector[k]
            }
            self.pivots = pivots
            self.vector = vector
            self.squaredNorm = squaredNorm
            logLast = twist == size - 1 ? 0 : running.logMagnitude
        }
    }
}

/// Pivots of T − λ eliminated from the top and from the bottom, and the row where they meet with the least remainder.
public struct TwistedPivots: Sendable {
    public let forward: [Double]
    public let backward: [Double]
    public let twist: Int
    /// γ, the pivot at the twist.
    public let residual: Double

    public init(_ matrix: SymmetricTridiagonal, shift: Double) {
        let d = matrix.diagonal, e = matrix.offDiagonal, size = d.count
        // Zero pivots (nodes of excited vectors) become rounding of a typical one.
        let tiny = 1e-30 * max(abs(shift), .leastNormalMagnitude)
        var forward = [Double](repeating: 0, count: size), backward = forward
        forward[0] = d[0] - shift
        for k in stride(from: 1, to: size, by: 1) {
            if forward[k - 1] == 0 { forward[k - 1] = tiny }
            forward[k] = (d[k] - shift) - e[k - 1] * e[k - 1] / forward[k - 1]
        }
        backward[size - 1] = d[size - 1] - shift
        for k in stride(from: size - 2, through: 0, by: -1) {
            if backward[k + 1] == 0 { backward[k + 1] = tiny }
            backward[k] = (d[k] - shift) - e[k] * e[k] / backward[k + 1]
        }
        var twist = 0, residual = Double.infinity
        for k in 0..<size {
            let gamma = forward[k] + backward[k] - (d[k] - shift)
            if abs(gamma) < abs(residual) { (twist, residual) = (k, gamma) }
        }
        self.forward = forward
        self.backward = backward
        self.twist = twist
        self.residual = residual
    }

    var isPositive: Bool { forward[..<twist].allSatisfy { $0 > 0 } && backward[(twist + 1)...].allSatisfy { $0 > 0 } }

    /// x with (T − λ) x = b. Where T − λ is singular to rounding, x has an arbitrary part along the null vector.
    /// - Parameter rounding: a γ up to this is taken for zero.
    public func solve(_ matrix: SymmetricTridiagonal, rightHandSide b: [Double], rounding: Double) -> [Double] {
        let e = matrix.offDiagonal, size = b.count
        var x = b
        for k in stride(from: 1, through: twist, by: 1) { x[k] -= e[k - 1] / forward[k - 1] * x[k - 1] }
        var fromBelow = 0.0
        for k in stride(from: size - 1, to: twist, by: -1) {
            if k < size - 1 { x[k] -= e[k] / backward[k + 1] * x[k + 1] }
            if k == twist + 1 { fromBelow = e[k - 1] / backward[k] * x[k] }
        }
        x[twist] = abs(residual) <= rounding ? 0 : (x[twist] - fromBelow) / residual
        for k in stride(from: twist - 1, through: 0, by: -1) { x[k] = (x[k] - e[k] * x[k + 1]) / forward[k] }
        for k in stride(from: twist + 1, to: size, by: 1) { x[k] = (x[k] - e[k - 1] * x[k - 1]) / backward[k] }
        return x
    }
}

/// A product of many factors that leaves the range of doubles: mantissa times a power of two.
struct ScaledProduct {
    private var mantissa = 1.0
    private var exponent = 0
    private static let step = 512
    private static let large = Double(sign: .plus, exponent: step, significand: 1), small = 1 / large

    mutating func multiply(_ factor: Double) {
        mantissa *= factor
        if abs(mantissa) < Self.small {
            mantissa *= Self.large
            exponent -= Self.step
        } else if abs(mantissa) > Self.large {
            mantissa *= Self.small
            exponent += Self.step
        }
    }

    var value: Double { exponent == 0 ? mantissa : scalbn(mantissa, exponent) }
    var logMagnitude: Double { log(abs(mantissa)) + Double(exponent) * M_LN2 }
}
