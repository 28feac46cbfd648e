import CLAPACK
import Numbers

/// Dense eigenvalue problems through LAPACK. Matrices are column-major and square.
public enum DenseEigen {
    /// All eigenvalues of a real matrix, conjugate pairs adjacent, without vectors (dgeev).
    public static func eigenvalues(_ matrix: [Double], size: Int) throws -> [Complex] {
        try solve(matrix, size: size, vectors: false).values
    }

    /// All eigenvalues of a real matrix with right and left eigenvectors (dgeev); of each conjugate pair the member with
    /// Im λ > 0. A left vector w satisfies wᴴA = λwᴴ.
    public static func eigenpairs(_ matrix: [Double], size: Int) throws -> (right: [Eigenpair], left: [Eigenpair]) {
        let all = try solve(matrix, size: size, vectors: true)
        var right: [Eigenpair] = [], left: [Eigenpair] = []
        var k = 0
        while k < size {
            let value = all.values[k]
            func vector(_ store: [Double]) -> [Complex] {
                (0..<size).map { Complex(store[k * size + $0], value.im != 0 ? store[(k + 1) * size + $0] : 0) }.normalizedEigenvector()
            }
            right.append(Eigenpair(value: value, vector: vector(all.right)))
            left.append(Eigenpair(value: value, vector: vector(all.left)))
            k += value.im != 0 ? 2 : 1
        }
        return (right, left)
    }

    /// All eigenvalues with right eigenvectors only (dgeev); of each conjugate pair the member with Im λ > 0.
    static func rightEigenpairs(_ matrix: [Double], size: Int) throws -> [Eigenpair] {
        var a = matrix, n = Int32(size), info: Int32 = 0, query = 0.0, lwork: Int32 = -1, one: Int32 = 1, none = 0.0
        var re = [Double](repeating: 0, count: size), im = re, right = [Double](repeating: 0, count: size * size)
        dgeev_("N", "V", &n, &a, &n, &re, &im, &none, &one, &right, &n, &query, &lwork, &info, 1, 1)
        lwork = Int32(query)
        var work = [Double](repeating: 0, count: Int(lwork))
        dgeev_("N", "V", &n, &a, &n, &re, &im, &none, &one, &right, &n, &work, &lwork, &info, 1, 1)
        guard info == 0 else { throw EigenvalueError("dgeev did not converge (INFO = \(info), n = \(size))") }
        return (0..<size).filter { im[$0] >= 0 }.map { k in
            Eigenpair(value: Complex(re[k], im[k]), vector: (0..<size).map { Complex(right[k * size + $0], im[k] != 0 ? right[(k + 1) * size + $0] : 0) })
        }
    }

    private static func solve(_ matrix: [Double], size: Int, vectors: Bool) throws -> (values: [Complex], right: [Double], left: [Double]) {
        precondition(matrix.count == size * size)
        guard size > 0 else { return ([], [], []) }
        NumericalRuntime.ensureInitialized()
        var a = matrix, n = Int32(size), info: Int32 = 0, query = 0.0, lwork: Int32 = -1
        var re = [Double](repeating: 0, count: size), im = re
        var left = [Double](repeating: 0, count: vectors ? size * size : 1), right = left
        var ld = vectors ? n : 1
        let job = vectors ? "V" : "N"
        dgeev_(job, job, &n, &a, &n, &re, &im, &left, &ld, &right, &ld, &query, &lwork, &info, 1, 1)
        lwork = Int32(query)
        var work = [Double](repeating: 0, count: Int(lwork))
        dgeev_(job, job, &n, &a, &n, &re, &im, &left, &ld, &right, &ld, &work, &lwork, &info, 1, 1)
        guard info == 0 else { throw EigenvalueError("dgeev did not converge (INFO = \(info), n = \(size))") }
        return (zip(re, im).map { Complex($0, $1) }, right, left)
    }

    /// Eigenvalues (ascending) and eigenvectors (columns) of a real symmetric matrix (dsyev).
    public static func symmetric(_ matrix: [Double], size: Int) throws -> (values: [Double], vectors: [Double]) {
        var a = matrix, n = Int32(size), info: Int32 = 0, query = 0.0, lwork: Int32 = -1
        var values = [Double](repeating: 0, count: size)
        dsyev_("V", "L", &n, &a, &n, &values, &query, &lwork, &info, 1, 1)
        lwork = Int32(query)
        var work = [Double](repeating: 0, count: Int(lwork))
        dsyev_("V", "L", &n, &a, &n, &values, &work, &lwork, &info, 1, 1)
        guard info == 0 else { throw EigenvalueError("dsyev did not converge (INFO = \(info), n = \(size))") }
        return (values, a)
    }

    /// Solves A X = B with dense LU (dgesv).
    /// - Returns: nil where A is singular.
    public static func solve(_ matrix: [Double], size: Int, rightHandSides: [Double]) -> [Double]? {
        var a = matrix, b = rightHandSides, n = Int32(size), count = Int32(b.count / max(size, 1)), info: Int32 = 0
        var pivots = [Int32](repeating: 0, count: size)
        dgesv_(&n, &count, &a, &n, &pivots, &b, &n, &info)
        return info == 0 ? b : nil
    }
}

extension DenseEigen {
    /// Eigenvalues and unit right eigenvectors of a complex matrix, column-major.
    static func complexEigenpairs(_ matrix: [Complex], size: Int) throws -> [Eigenpair] {
        var a = matrix, n = Int32(size), one: Int32 = 1, info: Int32 = 0, lwork = Int32(4 * max(size, 1))
        var values = [Complex](repeating: .zero, count: size), right = [Complex](repeating: .zero, count: size * size), left = [Complex.zero]
        var work = [Complex](repeating: .zero, count: Int(lwork)), rwork = [Double](repeating: 0, count: 2 * size)
        zgeev_("N", "V", &n, &a, &n, &values, &left, &one, &right, &n, &work, &lwork, &rwork, &info, 1, 1)
        guard info == 0 else { throw EigenvalueError("LAPACK zgeev failed (INFO = \(info))") }
        return (0..<size).map { Eigenpair(value: values[$0], vector: Array(right[$0 * size..<($0 + 1) * size])) }
    }

    /// All eigenvalues of a complex matrix (column-major) with their condition numbers ‖w‖‖v‖/|wᴴv| (zgeev).
    public static func complexEigenvalues(_ matrix: [Complex], size: Int) throws -> [(value: Complex, condition: Double)] {
        NumericalRuntime.ensureInitialized()
        var a = matrix, n = Int32(size), info: Int32 = 0, query = Complex.zero, lwork: Int32 = -1
        var values = [Complex](repeating: .zero, count: size), rwork = [Double](repeating: 0, count: 2 * size)
        var left = [Complex](repeating: .zero, count: size * size), right = left
        zgeev_("V", "V", &n, &a, &n, &values, &left, &n, &right, &n, &query, &lwork, &rwork, &info, 1, 1)
        lwork = Int32(query.re)
        var work = [Complex](repeating: .zero, count: Int(lwork))
        zgeev_("V", "V", &n, &a, &n, &values, &left, &n, &right, &n, &work, &lwork, &rwork, &info, 1, 1)
        guard info == 0 else { throw EigenvalueError("zgeev did not converge (INFO = \(info), n = \(size))") }
        return (0..<size).map { k in
            var overlap = Complex.zero
            for i in k * size..<(k + 1) * size { overlap += left[i].conjugate * right[i] }     // unit vectors
            return (values[k], 1 / max(overlap.magnitude, .leastNormalMagnitude))
        }
    }

    /// Solves A x = b for a complex matrix, column-major (zgesv); nil where A is singular.
    public static func solve(_ matrix: [Complex], size: Int, rightHandSide: [Complex]) -> [Complex]? {
        NumericalRuntime.ensureInitialized()
        var a = matrix, b = rightHandSide, n = Int32(size), one: Int32 = 1, info: Int32 = 0
        var pivots = [Int32](repeating: 0, count: size)
        zgesv_(&n, &one, &a, &n, &pivots, &b, &n, &info)
        return info == 0 ? b : nil
    }
}
