import Numbers

/// Finds all eigenvalues of one real matrix: LAPACK on one rank (`LAPACKSpectrum`), ScaLAPACK over a group.
///
/// The matrix comes sparse; each solver makes it dense in its own way.
public protocol SpectrumSolver {
    /// Ranks that share the work.
    var ranks: Int { get }
    /// - Parameter values: entries of the matrix, in the order of `pattern`.
    /// - Throws: `EigenvalueError`.
    func spectrum(of pattern: SparsePattern, values: [Double]) throws -> DenseSpectrum
}

/// All eigenvalues of one real matrix, in any order.
public struct DenseSpectrum: Sendable {
    /// As many as the matrix has rows, both members of each conjugate pair.
    public var values: [Complex]
    /// Condition number ‖w‖‖v‖/|wᵀv| of each eigenvalue, of the matrix whose norm is `norm`; nil where a solver does not tell.
    public var conditions: [Double]?
    /// Frobenius norm of the matrix as it was reduced, after balancing: rounding perturbs it by about ε‖A‖. nil: that of A itself.
    public var norm: Double?

    public init(values: [Complex], conditions: [Double]? = nil, norm: Double? = nil) {
        self.values = values
        self.conditions = conditions
        self.norm = norm
    }
}
