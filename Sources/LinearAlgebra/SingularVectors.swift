import CLAPACK

/// A = U Σ Vᵀ of a real matrix with all singular vectors (dgesdd).
public struct SingularVectors: Sendable {
    /// Descending; min(rows, columns) of them.
    public let values: [Double]
    /// U, column-major, rows × rows.
    public let left: [Double]
    /// V, column-major, columns × columns.
    public let right: [Double]

    /// - Parameter matrix: column-major, rows × columns.
    /// - Throws: `EigenvalueError` where LAPACK gives up.
    public init(_ matrix: [Double], rows: Int, columns: Int) throws {
        precondition(matrix.count == rows * columns && rows > 0 && columns > 0)
        NumericalRuntime.ensureInitialized()
        var a = matrix, m = Int32(rows), n = Int32(columns), info: Int32 = 0, lwork: Int32 = -1, query = 0.0
        var s = [Double](repeating: 0, count: min(rows, columns)), u = [Double](repeating: 0, count: rows * rows)
        var vt = [Double](repeating: 0, count: columns * columns), iwork = [Int32](repeating: 0, count: 8 * min(rows, columns))
        dgesdd_("A", &m, &n, &a, &m, &s, &u, &m, &vt, &n, &query, &lwork, &iwork, &info, 1)
        lwork = Int32(query)
        var work = [Double](repeating: 0, count: Int(lwork))
        dgesdd_("A", &m, &n, &a, &m, &s, &u, &m, &vt, &n, &work, &lwork, &iwork, &info, 1)
        guard info == 0 else { throw EigenvalueError("dgesdd did not converge (INFO = \(info), \(rows) x \(columns))") }
        values = s
        left = u
        var v = vt
        for i in 0..<columns { for k in 0..<columns { v[i * columns + k] = vt[k * columns + i] } }
        right = v
    }
}
