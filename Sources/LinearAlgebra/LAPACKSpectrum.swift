import CLAPACK
import Numbers

/// All eigenvalues of a real matrix by LAPACK, each with its condition number: balance (dgebal), reduce to Hessenberg form
/// (dgehrd), to real Schur form T (dhseqr), eigenvectors of T (dtrevc).
///
/// Q of A = QTQᵀ is never formed: condition numbers are the same for T. Eigenvectors of T come a few at a time, so that one
/// n × n array holds everything.
public struct LAPACKSpectrum: SpectrumSolver {
    public var ranks: Int { 1 }
    public init() {}

    public func spectrum(of pattern: SparsePattern, values: [Double]) throws -> DenseSpectrum {
        guard pattern.size > 0 else { return DenseSpectrum(values: [], conditions: [], norm: 0) }
        var matrix = [Double](repeating: 0, count: pattern.size * pattern.size)
        for k in values.indices { matrix[Int(pattern.columns[k]) * pattern.size + Int(pattern.rows[k])] = values[k] }
        return try Self.spectrum(&matrix, size: pattern.size)
    }

    /// - Parameter matrix: column-major, n × n; the Schur form of the balanced matrix when done.
    static func spectrum(_ matrix: inout [Double], size: Int) throws -> DenseSpectrum {
        NumericalRuntime.ensureInitialized()
        var n = Int32(size), low: Int32 = 0, high: Int32 = 0, info: Int32 = 0
        var scaling = [Double](repeating: 0, count: size)
        dgebal_("B", &n, &matrix, &n, &low, &high, &scaling, &info, 1)
        let norm = matrix.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard norm.isFinite else { throw EigenvalueError("the matrix has entries that are no numbers") }

        var query = 0.0, lwork: Int32 = -1
        var reflections = [Double](repeating: 0, count: size)
        dgehrd_(&n, &low, &high, &matrix, &n, &reflections, &query, &lwork, &info)
        lwork = Int32(query)
        var work = [Double](repeating: 0, count: Int(lwork))
        dgehrd_(&n, &low, &high, &matrix, &n, &reflections, &work, &lwork, &info)

        var re = [Double](repeating: 0, count: size), im = re, none = 0.0, one: Int32 = 1
        lwork = -1
        dhseqr_("S", "N", &n, &low, &high, &matrix, &n, &re, &im, &none, &one, &query, &lwork, &info, 1, 1)
        lwork = Int32(query)
        if Int(lwork) > work.count { work = [Double](repeating: 0, count: Int(lwork)) }
        dhseqr_("S", "N", &n, &low, &high, &matrix, &n, &re, &im, &none, &one, &work, &lwork, &info, 1, 1)
        guard info == 0 else { throw EigenvalueError("dhseqr did not converge (INFO = \(info), n = \(size))") }
        return DenseSpectrum(values: zip(re, im).map { Complex($0, $1) }, conditions: try conditions(matrix, size: size, im), norm: norm)
    }

    /// Columns of eigenvectors held at a time.
    private static let chunk = 64

    /// ‖u‖‖v‖/|uᴴv| of the right and left eigenvectors of a quasi-triangular matrix T.
    private static func conditions(_ schur: [Double], size: Int, _ im: [Double]) throws -> [Double] {
        var conditions = [Double](repeating: 1, count: size)
        var n = Int32(size), width = Int32(chunk + 1), found: Int32 = 0, info: Int32 = 0
        var right = [Double](repeating: 0, count: size * (chunk + 1)), left = right
        var work = [Double](repeating: 0, count: 3 * size), selected = [Int32](repeating: 0, count: size)
        var first = 0
        while first < size {
            var last = min(first + chunk, size)
            if im[last - 1] > 0 { last += 1 }          // a pair stays together: its upper member comes first
            for k in first..<last { selected[k] = 1 }
            dtrevc_("B", "S", &selected, &n, schur, &n, &left, &n, &right, &n, &width, &found, &work, &info, 1, 1)
            guard info == 0, Int(found) == last - first else { throw EigenvalueError("dtrevc failed (INFO = \(info), n = \(size))") }
            for k in first..<last { selected[k] = 0 }
            var k = first
            while k < last {
                let own = (k - first) * size, pair = im[k] != 0
                let kappa = condition(left, right, at: own, twin: pair ? own + size : nil, size: size)
                conditions[k] = kappa
                if pair { conditions[k + 1] = kappa }
                k += pair ? 2 : 1
            }
            first = last
        }
        return conditions
    }

    /// Of one eigenvalue; vectors of a complex one have their imaginary parts at `twin`.
    private static func condition(_ left: [Double], _ right: [Double], at own: Int, twin: Int?, size: Int) -> Double {
        var overlap = Complex.zero, u = 0.0, v = 0.0
        for i in 0..<size {
            let a = Complex(left[own + i], twin.map { left[$0 + i] } ?? 0), b = Complex(right[own + i], twin.map { right[$0 + i] } ?? 0)
            overlap += a.conjugate * b
            u += a.squaredMagnitude
            v += b.squaredMagnitude
        }
        return max(1, (u * v).squareRoot() / max(overlap.magnitude, .leastNormalMagnitude))
    }
}
