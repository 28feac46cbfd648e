import CLAPACK

/// A real symmetric tridiagonal matrix.
public struct SymmetricTridiagonal: Sendable {
    /// n numbers.
    public let diagonal: [Double]
    /// n − 1 numbers: entry k couples k and k + 1.
    public let offDiagonal: [Double]
    public var size: Int { diagonal.count }

    public init(diagonal: [Double], offDiagonal: [Double]) {
        precondition(offDiagonal.count == max(diagonal.count - 1, 0))
        self.diagonal = diagonal
        self.offDiagonal = offDiagonal
    }

    /// The lowest eigenvalues and, where asked for, their orthonormal eigenvectors: dstemr, O(n) a pair.
    /// - Returns: values ascending; vectors as columns (column-major, n × count), empty if not asked for.
    /// - Throws: `EigenvalueError` where LAPACK gives up.
    public func lowest(_ count: Int, vectors wantsVectors: Bool = true) throws -> (values: [Double], vectors: [Double]) {
        let size = size, count = min(count, size)
        guard count > 0 else { return ([], []) }
        guard size > 1 else { return (diagonal, wantsVectors ? [1] : []) }
        if size == 2, count == 1 {
            // Asked for one of two, dstemr takes the one of least modulus for the lowest (it trusts the order of dlae2).
            let both = try lowest(2, vectors: wantsVectors)
            return ([both.values[0]], Array(both.vectors.prefix(2)))
        }
        NumericalRuntime.ensureInitialized()
        var n = Int32(size), d = diagonal, e = offDiagonal + [0], zero = 0.0, first: Int32 = 1, last = Int32(count)
        var found: Int32 = 0, columns = Int32(count), accurate: Int32 = 1, info: Int32 = 0
        var values = [Double](repeating: 0, count: size), vectors = [Double](repeating: 0, count: wantsVectors ? size * count : 1)
        var support = [Int32](repeating: 0, count: 2 * count)
        var lwork = Int32(18 * size), liwork = Int32(10 * size)
        var work = [Double](repeating: 0, count: Int(lwork)), iwork = [Int32](repeating: 0, count: Int(liwork))
        dstemr_(wantsVectors ? "V" : "N", "I", &n, &d, &e, &zero, &zero, &first, &last, &found, &values, &vectors, &n, &columns, &support, &accurate,
                &work, &lwork, &iwork, &liwork, &info, 1, 1)
        guard info == 0, Int(found) == count else { throw EigenvalueError("dstemr did not converge (INFO = \(info), n = \(size))") }
        return (Array(values.prefix(count)), wantsVectors ? vectors : [])
    }
}
