import CLAPACK
import Numbers

/// All eigenvalues of a Hermitian matrix and the eigenvectors of its greatest ones, from one reduction to tridiagonal form.
///
/// ?sytrd/?hetrd, then dsterf for the values and dstemr with ?ormtr/?unmtr for the vectors: a matrix of low numerical rank
/// (most density matrices) costs little more with vectors than without.
public struct HermitianSpectrum: Sendable {
    /// Ascending.
    public let values: [Double]
    /// Those of the greatest `count` eigenvalues, in the order of `values`, as columns.
    public let vectors: Columns

    /// Columns of n numbers, column-major; real where the matrix is.
    public enum Columns: Sendable {
        case real([Double])
        case complex([Complex])
    }

    /// - Parameters:
    ///   - matrix: column-major, n × n; only its lower triangle is read. Real where no element has an imaginary part.
    ///   - threshold: eigenvectors are computed for eigenvalues above `threshold` times the greatest; nil: none.
    public init(_ matrix: [Complex], size: Int, vectorsAbove threshold: Double? = nil) throws {
        precondition(matrix.count == size * size && size > 0)
        NumericalRuntime.ensureInitialized()
        if matrix.allSatisfy({ $0.im == 0 }) { self = try Self.real(matrix.map(\.re), size, threshold) } else { self = try Self.complex(matrix, size, threshold) }
    }

    private init(values: [Double], vectors: Columns) {
        self.values = values
        self.vectors = vectors
    }

    private static func real(_ matrix: [Double], _ size: Int, _ threshold: Double?) throws -> HermitianSpectrum {
        var a = matrix, n = Int32(size), info: Int32 = 0, query = 0.0, lwork: Int32 = -1
        var d = [Double](repeating: 0, count: size), e = d, tau = d
        dsytrd_("L", &n, &a, &n, &d, &e, &tau, &query, &lwork, &info, 1)
        lwork = Int32(query)
        var work = [Double](repeating: 0, count: Int(lwork))
        dsytrd_("L", &n, &a, &n, &d, &e, &tau, &work, &lwork, &info, 1)
        let (values, tridiagonal, count) = try tridiagonal(d, e, threshold)
        guard count > 0 else { return HermitianSpectrum(values: values, vectors: .real([])) }
        var c = tridiagonal, columns = Int32(count)
        lwork = -1
        dormtr_("L", "L", "N", &n, &columns, a, &n, tau, &c, &n, &query, &lwork, &info, 1, 1, 1)
        lwork = Int32(query)
        work = [Double](repeating: 0, count: Int(lwork))
        dormtr_("L", "L", "N", &n, &columns, a, &n, tau, &c, &n, &work, &lwork, &info, 1, 1, 1)
        guard info == 0 else { throw EigenvalueError("dormtr failed (INFO = \(info), n = \(size))") }
        return HermitianSpectrum(values: values, vectors: .real(c))
    }

    private static func complex(_ matrix: [Complex], _ size: Int, _ threshold: Double?) throws -> HermitianSpectrum {
        var a = matrix, n = Int32(size), info: Int32 = 0, query = Complex.zero, lwork: Int32 = -1
        var d = [Double](repeating: 0, count: size), e = d, tau = [Complex](repeating: .zero, count: size)
        zhetrd_("L", &n, &a, &n, &d, &e, &tau, &query, &lwork, &info, 1)
        lwork = Int32(query.re)
        var work = [Complex](repeating: .zero, count: Int(lwork))
        zhetrd_("L", &n, &a, &n, &d, &e, &tau, &work, &lwork, &info, 1)
        let (values, tridiagonal, count) = try tridiagonal(d, e, threshold)
        guard count > 0 else { return HermitianSpectrum(values: values, vectors: .complex([])) }
        var c = tridiagonal.map { Complex($0) }, columns = Int32(count)
        lwork = -1
        zunmtr_("L", "L", "N", &n, &columns, a, &n, tau, &c, &n, &query, &lwork, &info, 1, 1, 1)
        lwork = Int32(query.re)
        work = [Complex](repeating: .zero, count: Int(lwork))
        zunmtr_("L", "L", "N", &n, &columns, a, &n, tau, &c, &n, &work, &lwork, &info, 1, 1, 1)
        guard info == 0 else { throw EigenvalueError("zunmtr failed (INFO = \(info), n = \(size))") }
        return HermitianSpectrum(values: values, vectors: .complex(c))
    }

    /// All eigenvalues of the tridiagonal matrix, and the vectors of those above the threshold.
    private static func tridiagonal(_ diagonal: [Double], _ offDiagonal: [Double],
                                    _ threshold: Double?) throws -> (values: [Double], vectors: [Double], count: Int) {
        let size = diagonal.count
        var values = diagonal, e = offDiagonal, n = Int32(size), info: Int32 = 0
        dsterf_(&n, &values, &e, &info)
        guard info == 0 else { throw EigenvalueError("dsterf did not converge (INFO = \(info), n = \(size))") }
        guard let threshold else { return (values, [], 0) }
        let least = threshold * max(values[size - 1], 0)
        let count = values.reduce(0) { $0 + ($1 > least ? 1 : 0) }
        guard count > 0 else { return (values, [], 0) }
        var d = diagonal, zero = 0.0, first = Int32(size - count + 1), last = n, found: Int32 = 0, columns = Int32(count), accurate: Int32 = 1
        e = offDiagonal
        var some = [Double](repeating: 0, count: size), vectors = [Double](repeating: 0, count: size * count)
        var support = [Int32](repeating: 0, count: 2 * count)
        var lwork = Int32(18 * size), liwork = Int32(10 * size)
        var work = [Double](repeating: 0, count: Int(lwork)), iwork = [Int32](repeating: 0, count: Int(liwork))
        dstemr_("V", "I", &n, &d, &e, &zero, &zero, &first, &last, &found, &some, &vectors, &n, &columns, &support, &accurate,
                &work, &lwork, &iwork, &liwork, &info, 1, 1)
        guard info == 0, Int(found) == count else { throw EigenvalueError("dstemr did not converge (INFO = \(info), n = \(size))") }
        return (values, vectors, count)
    }
}

/// Aᴴ B of column-major matrices with `rows` rows.
public enum AdjointProduct {
    public static func multiply(_ a: [Double], _ b: [Double], rows: Int) -> [Double] {
        guard rows > 0, !a.isEmpty, !b.isEmpty else { return [] }
        NumericalRuntime.ensureInitialized()
        var m = Int32(a.count / rows), n = Int32(b.count / rows), k = Int32(rows), one = 1.0, zero = 0.0
        var c = [Double](repeating: 0, count: Int(m) * Int(n))
        dgemm_("T", "N", &m, &n, &k, &one, a, &k, b, &k, &zero, &c, &m, 1, 1)
        return c
    }

    public static func multiply(_ a: [Complex], _ b: [Complex], rows: Int) -> [Complex] {
        guard rows > 0, !a.isEmpty, !b.isEmpty else { return [] }
        NumericalRuntime.ensureInitialized()
        var m = Int32(a.count / rows), n = Int32(b.count / rows), k = Int32(rows), one = Complex.one, zero = Complex.zero
        var c = [Complex](repeating: .zero, count: Int(m) * Int(n))
        zgemm_("C", "N", &m, &n, &k, &one, a, &k, b, &k, &zero, &c, &m, 1, 1)
        return c
    }
}
