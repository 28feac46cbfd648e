import CLAPACK
import Numbers

extension BlockKrylov {
    /// The same for a complex map: eigenvalues stand for themselves, none comes with its conjugate.
    ///
    /// - Parameters: as for a real map.
    /// - Returns: at least `count` eigenpairs in descending magnitude and an estimate of the next eigenvalue's magnitude. nil if
    ///   `maximumDimension` vectors did not suffice.
    public static func largest(size: Int, count: Int, block: Int = 8, tolerance: Double, maximumDimension: Int = 400,
                               complexMap map: ([Complex]) throws -> [Complex]) throws -> (pairs: [Eigenpair], next: Double)? {
        let width = min(block, size), limit = min(maximumDimension, size) / width * width
        guard limit >= width else { return nil }
        var basis: [Complex] = [], projected: [[Complex]] = []       // orthonormal columns; columns of H, of growing height
        var start = (0..<width).flatMap { Arnoldi.startVector(size, seed: UInt64($0)).map { Complex($0) } }
        _ = orthonormalize(&start, size: size, width: width)
        basis += start
        var dimension = width, nextCheck = max(4 * width, 8 * count)
        while true {
            var image = try map(Array(basis[(dimension - width) * size..<dimension * size]))
            var columns = [Complex](repeating: .zero, count: dimension * width)
            for _ in 0..<2 {
                var overlaps = columns
                multiply("C", basis, image, into: &overlaps, rows: dimension, columns: width, inner: size, leading: size, factor: .one, keep: .zero)
                multiply("N", basis, overlaps, into: &image, rows: size, columns: width, inner: dimension, leading: dimension, factor: -.one, keep: .one)
                for k in columns.indices { columns[k] += overlaps[k] }
            }
            let triangle = orthonormalize(&image, size: size, width: width)
            for c in 0..<width {
                projected.append(Array(columns[c * dimension..<(c + 1) * dimension]) + triangle[c * width..<(c + 1) * width])
            }
            let isFull = dimension + width > limit
            if dimension >= nextCheck || isFull {
                nextCheck = dimension + 2 * width
                var small = [Complex](repeating: .zero, count: dimension * dimension)
                for c in 0..<dimension { for r in 0..<min(dimension, projected[c].count) { small[c * dimension + r] = projected[c][r] } }
                let pairs = try DenseEigen.complexEigenpairs(small, size: dimension).sorted { $0.value.magnitude > $1.value.magnitude }
                let wanted = pairs.prefix(count)
                // The residual lives in the next block: ‖R y_last‖.
                let isSettled = wanted.allSatisfy { pair in
                    var residual = 0.0
                    for r in 0..<width {
                        var sum = Complex.zero
                        for c in r..<width { sum += triangle[c * width + r] * pair.vector[dimension - width + c] }
                        residual += sum.squaredMagnitude
                    }
                    return residual.squareRoot() <= tolerance * pair.value.magnitude
                }
                if isSettled {
                    let found = wanted.map { pair -> Eigenpair in
                        var vector = [Complex](repeating: .zero, count: size)
                        multiply("N", basis, pair.vector, into: &vector, rows: size, columns: 1, inner: dimension, leading: dimension, factor: .one, keep: .zero)
                        return Eigenpair(value: pair.value, vector: vector.normalizedEigenvector())
                    }
                    return (found, pairs.count > count ? pairs[count].value.magnitude : 0)
                }
                if isFull { return nil }
            }
            basis += image
            dimension += width
        }
    }

    /// C = factor · op(A) B + keep · C. A has `size` of the basis as leading dimension, B `leading`.
    private static func multiply(_ operation: String, _ a: [Complex], _ b: [Complex], into c: inout [Complex], rows: Int, columns: Int, inner: Int,
                                 leading: Int, factor: Complex, keep: Complex) {
        var m = Int32(rows), n = Int32(columns), k = Int32(inner), la = Int32(operation == "C" ? inner : rows), lb = Int32(leading), alpha = factor, beta = keep
        zgemm_(operation, "N", &m, &n, &k, &alpha, a, &la, b, &lb, &beta, &c, &m, 1, 1)
    }

    /// QR by Gram–Schmidt, twice; R is returned (width × width, column-major). What depends on other columns becomes a unit
    /// vector of noise, with zero in R.
    private static func orthonormalize(_ block: inout [Complex], size: Int, width: Int) -> [Complex] {
        var triangle = [Complex](repeating: .zero, count: width * width)
        for c in 0..<width {
            var v = Array(block[c * size..<(c + 1) * size])
            func length() -> Double { v.reduce(0) { $0 + $1.squaredMagnitude }.squareRoot() }
            func project(_ isCounted: Bool) {
                for k in 0..<c {
                    var overlap = Complex.zero
                    for i in 0..<size { overlap += block[k * size + i].conjugate * v[i] }
                    for i in 0..<size { v[i] -= overlap * block[k * size + i] }
                    if isCounted { triangle[c * width + k] += overlap }
                }
            }
            let before = length()
            project(true)
            project(true)
            var after = length()
            triangle[c * width + c] = Complex(after)
            if after <= 1e-14 * before || after == 0 {
                triangle[c * width + c] = .zero
                v = Arnoldi.startVector(size, seed: UInt64(7000 + c)).map { Complex($0) }
                project(false)
                project(false)
                after = length()
            }
            for i in 0..<size { block[c * size + i] = (1 / after) * v[i] }
        }
        return triangle
    }
}
