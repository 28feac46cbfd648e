import CLAPACK
import Foundation

/// e^A of a small real matrix by scaling and squaring with the Padé approximant [13/13] (Higham, SIAM J. Matrix Anal. Appl. 26, 1179
/// (2005)): relative error of order 10⁻¹⁶ times the condition of the exponential.
public enum DenseExponential {
    /// ‖A‖₁ up to which the approximant is exact to double precision without scaling.
    private static let radius = 5.371920351148152
    private static let coefficients: [Double] = [
        64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
        670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
    ]

    /// - Parameter matrix: column-major, n × n.
    /// - Throws: `EigenvalueError` where A is not finite.
    public static func exponential(_ matrix: [Double], size: Int) throws -> [Double] {
        precondition(matrix.count == size * size)
        NumericalRuntime.ensureInitialized()
        var norm = 0.0
        for column in 0..<size { norm = max(norm, matrix[column * size..<(column + 1) * size].reduce(0) { $0 + abs($1) }) }
        guard norm.isFinite else { throw EigenvalueError("the exponential of a matrix that is not finite was asked for") }
        let squarings = norm > radius ? Int(log2(norm / radius).rounded(.up)) : 0, scale = exp2(-Double(squarings))
        let a = matrix.map { $0 * scale }, b = coefficients
        let a2 = product(a, a, size), a4 = product(a2, a2, size), a6 = product(a4, a2, size)
        func combination(_ c6: Double, _ c4: Double, _ c2: Double, _ c0: Double) -> [Double] {
            var sum = [Double](repeating: 0, count: a.count)
            for k in sum.indices { sum[k] = c6 * a6[k] + c4 * a4[k] + c2 * a2[k] }
            if c0 != 0 { for k in 0..<size { sum[k * (size + 1)] += c0 } }
            return sum
        }
        func sum(_ x: [Double], _ y: [Double]) -> [Double] { zip(x, y).map { $0 + $1 } }
        let odd = product(a, sum(product(a6, combination(b[13], b[11], b[9], 0), size), combination(b[7], b[5], b[3], b[1])), size)
        let even = sum(product(a6, combination(b[12], b[10], b[8], 0), size), combination(b[6], b[4], b[2], b[0]))
        // (even − odd) X = even + odd
        var left = zip(even, odd).map { $0 - $1 }, result = sum(even, odd)
        var n = Int32(size), columns = n, pivots = [Int32](repeating: 0, count: size), info: Int32 = 0
        dgesv_(&n, &columns, &left, &n, &pivots, &result, &n, &info)
        guard info == 0 else { throw EigenvalueError("the exponential's denominator is singular (dgesv INFO = \(info))") }
        for _ in 0..<squarings { result = product(result, result, size) }
        return result
    }

    private static func product(_ a: [Double], _ b: [Double], _ size: Int) -> [Double] {
        var n = Int32(size), one = 1.0, zero = 0.0, c = [Double](repeating: 0, count: size * size)
        dgemm_("N", "N", &n, &n, &n, &one, a, &n, b, &n, &zero, &c, &n, 1, 1)
        return c
    }
}
