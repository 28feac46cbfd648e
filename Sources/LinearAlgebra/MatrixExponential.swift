import CLAPACK
import Foundation
import Numbers

/// exp(A) of a dense complex matrix by scaling and squaring with the Padé approximant of order 13
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
        precondition(matrix.count == size * size && size > 0)
        NumericalRuntime.ensureInitialized()
        let norm = (0..<size).map { column in (0..<size).reduce(0) { $0 + matrix[column * size + $1].magnitude } }.max() ?? 0
        guard norm.isFinite else { throw EigenvalueError("the exponential of a matrix that is not finite was asked for") }
        let squarings = norm > greatestNorm ? Int(log2(norm / greatestNorm).rounded(.up)) : 0
        let scale = exp2(-Double(squarings)), b = coefficients
        let a = matrix.map { scale * $0 }
        func product(_ x: [Complex], _ y: [Complex]) -> [Complex] {
            var z = [Complex](repeating: .zero, count: size * size)
            Complex.multiply("N", x, y, into: &z, rows: size, columns: size, inner: size, factor: 1, keep: 0)
            return z
        }
        func sum(_ c6: Double, _ x6: [Complex], _ c4: Double, _ x4: [Complex], _ c2: Double, _ x2: [Complex], _ c0: Double) -> [Complex] {
            var z = [Complex](repeating: .zero, count: size * size)
            for k in z.indices { z[k] = c6 * x6[k] + c4 * x4[k] + c2 * x2[k] }
            for k in 0..<size { z[k * size + k] += Complex(c0) }
            return z
        }
        let a2 = product(a, a), a4 = product(a2, a2), a6 = product(a4, a2)
        let oddHigh = product(a6, sum(b[13], a6, b[11], a4, b[9], a2, 0)), evenHigh = product(a6, sum(b[12], a6, b[10], a4, b[8], a2, 0))
        let odd = product(a, zip(oddHigh, sum(b[7], a6, b[5], a4, b[3], a2, b[1])).map { $0 + $1 })
        let even = zip(evenHigh, sum(b[6], a6, b[4], a4, b[2], a2, b[0])).map { $0 + $1 }
        var denominator = zip(even, odd).map { $0 - $1 }, result = zip(even, odd).map { $0 + $1 }
        var n = Int32(size), columns = n, info: Int32 = 0, pivots = [Int32](repeating: 0, count: size)
        zgesv_(&n, &columns, &denominator, &n, &pivots, &result, &n, &info)
        guard info == 0 else { throw EigenvalueError("zgesv found the denominator of a matrix exponential singular (INFO = \(info))") }
        for _ in 0..<squarings { result = product(result, result) }
        return result
    }
}
