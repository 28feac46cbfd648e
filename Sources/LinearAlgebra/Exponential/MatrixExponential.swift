import CLAPACK
import Foundation
import Numbers

/// exp(A) of a dense real or complex matrix by scaling and squaring with the Padé approximant of order 13
/// (N. J. Higham, SIAM J. Matrix Anal. Appl. 26, 1179 (2005)).
public enum MatrixExponential {
    /// Greatest 1-norm at which the approximant is exact to double precision (Higham's table 2.3).
    private static let greatestNorm = 5.371920351148152
    private static let coefficients: [Double] = [
        64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600, 670442572800, 33522128640,
        1323241920, 40840800, 960960, 16380, 182, 1,
    ]

    /// - Parameter matrix: column-major, size × size.
    /// - Throws: `EigenvalueError` where the matrix is not finite or the denominator is singular.
    public static func exponential(_ matrix: [Complex], size: Int) throws -> [Complex] {
        try exponential(matrix, size) { denominator, numerator in
            var n = Int32(size), columns = n, info: Int32 = 0, pivots = [Int32](repeating: 0, count: size)
            zgesv_(&n, &columns, &denominator, &n, &pivots, &numerator, &n, &info)
            return info
        }
    }

    /// - Parameter matrix: column-major, size × size.
    /// - Throws: `EigenvalueError` where the matrix is not finite or the denominator is singular.
    public static func exponential(_ matrix: [Double], size: Int) throws -> [Double] {
        try exponential(matrix, size) { denominator, numerator in
            var n = Int32(size), columns = n, info: Int32 = 0, pivots = [Int32](repeating: 0, count: size)
            dgesv_(&n, &columns, &denominator, &n, &pivots, &numerator, &n, &info)
            return info
        }
    }

    /// - Parameter solve: replaces the numerator by denominator⁻¹ numerator; LAPACK's INFO.
    private static func exponential<Scalar: BlockScalar>(_ matrix: [Scalar], _ size: Int, solve: (inout [Scalar], inout [Scalar]) -> Int32) throws -> [Scalar] {
        precondition(matrix.count == size * size && size > 0)
        NumericalRuntime.ensureInitialized()
        func magnitude(_ z: Scalar) -> Double { (z.components.re * z.components.re + z.components.im * z.components.im).squareRoot() }
        let norm = (0..<size).map { column in (0..<size).reduce(0) { $0 + magnitude(matrix[column * size + $1]) } }.max() ?? 0
        guard norm.isFinite else { throw EigenvalueError("the exponential of a matrix that is not finite was asked for") }
        let squarings = norm > greatestNorm ? Int(log2(norm / greatestNorm).rounded(.up)) : 0
        let scale = exp2(-Double(squarings)), b = coefficients
        let a = matrix.map { scale * $0 }
        func product(_ x: [Scalar], _ y: [Scalar]) -> [Scalar] {
            var z = [Scalar](repeating: .zero, count: size * size)
            Scalar.multiply("N", x, y, into: &z, rows: size, columns: size, inner: size, factor: 1, keep: 0)
            return z
        }
        let a2 = product(a, a), a4 = product(a2, a2), a6 = product(a4, a2)
        /// c6 A⁶ + c4 A⁴ + c2 A² + c0
        func sum(_ c6: Double, _ c4: Double, _ c2: Double, _ c0: Double) -> [Scalar] {
            var z = [Scalar](repeating: .zero, count: size * size)
            for k in z.indices { z[k] = c6 * a6[k] + c4 * a4[k] + c2 * a2[k] }
            for k in 0..<size { z[k * size + k] = z[k * size + k] + Scalar(components: (c0, 0)) }
            return z
        }
        let oddHigh = product(a6, sum(b[13], b[11], b[9], 0)), evenHigh = product(a6, sum(b[12], b[10], b[8], 0))
        let odd = product(a, zip(oddHigh, sum(b[7], b[5], b[3], b[1])).map { $0 + $1 })
        let even = zip(evenHigh, sum(b[6], b[4], b[2], b[0])).map { $0 + $1 }
        var denominator = zip(even, odd).map { $0 + -1 * $1 }, result = zip(even, odd).map { $0 + $1 }
        let info = solve(&denominator, &result)
        guard info == 0 else { throw EigenvalueError("LAPACK found the denominator of a matrix exponential singular (INFO = \(info))") }
        for _ in 0..<squarings { result = product(result, result) }
        return result
    }
}
