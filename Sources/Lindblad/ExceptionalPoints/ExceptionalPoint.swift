import LinearAlgebra
import Numbers

/// A value of the parameter at which eigenvalues coalesce together with their vectors.
public struct ExceptionalPoint: Sendable {
    public let parameter: Double
    /// Estimated error of `parameter`.
    public let error: Double
    /// Of two conjugate ones the upper.
    public internal(set) var eigenvalue: Complex
    /// Size of the greatest Jordan block; −1 where rounding does not let it be told.
    public let order: Int
    /// e in |λ_i − λ̄| ∝ |θ − θ*|^e, from two small distances; 1/order unless the family is special.
    public let exponent: Double
    /// ‖(WᵀV)⁻¹‖ of the invariant subspace: by how much a perturbation of the matrix is amplified in its compression.
    public let condition: Double
    /// How many eigenvalues coalesce: more than `order` where there are several Jordan blocks.
    public let multiplicity: Int
}

/// The least p with M^p = 0 for a nilpotent matrix known up to an error.
enum JordanOrder {
    /// Below this many times what the error explains, a power counts as zero.
    private static let slack = 20.0
    /// Above this many times, as different from zero.
    private static let clearance = 1e3

    /// With a nilpotent M and ‖δM‖ ≤ error, ‖(M + δM)^p‖ is at most p‖M‖^(p−1)·error to first order where M^p = 0.
    /// - Returns: 1 where M itself vanishes (semisimple eigenvalues that cross), nil where M is not nilpotent, −1 where the error
    ///   does not let that be told.
    static func order(of matrix: SmallMatrix, error: Double) -> Int? {
        let norm = matrix.norm
        var power = matrix, scale = error, isClear = true
        for p in 1...matrix.size {
            let relative = power.norm / (Double(p) * scale)
            if relative <= slack { return isClear ? p : -1 }
            isClear = isClear && relative >= clearance
            power = power * matrix
            scale *= norm
        }
        return isClear ? nil : -1
    }
}

extension Error {
    /// Whether a computation failed, not the model: the place on the axis may be to blame, and one beside it do.
    var isNumerical: Bool { self is EigenvalueError || self is SparseLUError }
}
