import CLAPACK
import Numbers

/// Eigenvalues of greatest magnitude of a linear map by a block Arnoldi process.
///
/// A block of start vectors finds eigenvalues that coincide, and lets the map solve for many right-hand sides at once,
/// which for a sparse factorisation is several times cheaper a vector. The basis is not restarted: shift-invert maps need
/// a few dozen vectors.
public enum BlockKrylov {
    /// - Parameters:
    ///   - size: dimension n.
    ///   - count: eigenvalues wanted; a conjugate pair counts twice and is never cut.
    ///   - block: width b of the block.
    ///   - tolerance: bound on the residual estimate ‖Bv − θv‖/|θ| for ‖v‖ = 1.
    ///   - map: n × b column-major block ↦ its image.
    /// - Returns: at least `count` eigenpairs in descending magnitude (upper member of each conjugate pair), an estimate of
    ///   the next eigenvalue's magnitude, and the number of vectors the map was applied to. nil if `maximumDimension`
    ///   vectors did not suffice.
    public static func largest(size: Int, count: Int, block: Int = 4, tolerance: Double, maximumDimension: Int = 400,
                               map: ([Double]) throws -> [Double]) throws -> (pairs: [Eigenpair], next: Double, applications: Int)? {
        let width = min(block, size), limit = min(maximumDimension, size) / width * width
        guard limit >= width else { return nil }
        var basis: [Double] = []                                      // columns orthonormal; grows: memory is often short
        var projected = [Double](repeating: 0, count: limit * limit)  // H, leading dimension `limit`
        var start = (0..<width).flatMap { Arnoldi.startVector(size, seed: UInt64($0)) }
        var triangle = orthonormalize(&start, size: size, width: width, seed: 100)
        basis.append(contentsOf: start)
        var dimension = width, nextCheck = max(min(8 * width, 32), 12 * count)
        while true {
            var image = try map(Array(basis[(dimension - width) * size..<dimension * size]))
            // Classical Gram–Schmidt, twice: as good as modified, at matrix–matrix speed.
            var column = [Double](repeating: 0, count: dimension * width)
            for _ in 0..<2 {
                let overlaps = multiplyTransposed(basis, image, rows: size, left: dimension, right: width)
                subtract(basis, overlaps, from: &image, rows: size, inner: dimension, columns: width)
                for k in column.indices { column[k] += overlaps[k] }
            }
            for c in 0..<width { for r in 0..<dimension { projected[(dimension - width + c) * limit + r] = column[c * dimension + r] } }
            triangle = orthonormalize(&image, size: size, width: width, seed: UInt64(1000 + dimension))
            let isFull = dimension + width > limit
            if dimension >= nextCheck || isFull {
                nextCheck = dimension + max(2 * width, dimension / 3 / width * width)
                if let (pairs, next) = try ritz(projected, limit: limit, dimension: dimension, width: width, triangle: triangle, basis: basis, size: size,
                                        count: count, tolerance: dimension == size ? .infinity : tolerance) {
                    return (pairs, next, dimension)
                }
                if isFull { return nil }
            }
            basis.append(contentsOf: image)
            for c in 0..<width { for r in 0...c { projected[(dimension - width + c) * limit + dimension + r] = triangle[c * width + r] } }
            dimension += width
        }
    }

    /// Rough magnitudes of the two greatest eigenvalues, from a few dozen applications.
    public static func glimpse(size: Int, block: Int = 4, map: ([Double]) throws -> [Double]) throws -> (first: Double, next: Double)? {
        guard let found = try largest(size: size, count: 1, block: block, tolerance: .infinity, maximumDimension: 32, map: map), let first = found.pairs.first else { return nil }
        return (first.value.magnitude, found.next)
    }

    /// Converged Ritz pairs, or nil while fewer than `count` have converged.
    private static func ritz(_ projected: [Double], limit: Int, dimension: Int, width: Int, triangle: [Double], basis: [Double], size: Int,
                             count: Int, tolerance: Double) throws -> ([Eigenpair], next: Double)? {
        var small = [Double](repeating: 0, count: dimension * dimension)
        for c in 0..<dimension { for r in 0..<dimension { small[c * dimension + r] = projected[c * limit + r] } }
        let pairs = try DenseEigen.rightEigenpairs(small, size: dimension).sorted { $0.value.magnitude > $1.value.magnitude }
        var wanted: [Eigenpair] = [], found = 0
        for pair in pairs {
            if found >= count { break }
            // The residual lives in the next block: ‖R y_last‖.
            var residual = 0.0
            for r in 0..<width {
                var sum = Complex.zero
                for c in r..<width { sum += triangle[c * width + r] * pair.vector[dimension - width + c] }
                residual += sum.squaredMagnitude
            }
            if residual.squareRoot() > tolerance * pair.value.magnitude { return nil }
            wanted.append(pair)
            found += pair.value.im == 0 ? 1 : 2
        }
        guard found >= min(count, dimension) else { return nil }
        let next = wanted.count < pairs.count ? pairs[wanted.count].value.magnitude : 0
        return (wanted.map { pair in
            let re = multiply(basis, pair.vector.map(\.re), rows: size, columns: dimension)
            let im = pair.value.im == 0 ? [Double](repeating: 0, count: size) : multiply(basis, pair.vector.map(\.im), rows: size, columns: dimension)
            return Eigenpair(value: pair.value, vector: zip(re, im).map { Complex($0, $1) }.normalizedEigenvector())
        }, next)
    }

    /// QR by Gram–Schmidt, twice; R is returned (width × width, column-major). A column that depends on the others is
    /// traded for a fresh direction, with zero in R.
    private static func orthonormalize(_ block: inout [Double], size: Int, width: Int, seed: UInt64) -> [Double] {
        var triangle = [Double](repeating: 0, count: width * width)
        for c in 0..<width {
            var v = Array(block[c * size..<(c + 1) * size])
            let before = norm(v)
            project(&v, c)
            var length = norm(v)
            var isFresh = false
            if length <= 1e-14 * before || length == 0 {
                v = Arnoldi.startVector(size, seed: seed &* 31 &+ UInt64(c))
                let saved = Array(triangle[c * width..<(c + 1) * width])
                project(&v, c)
                triangle.replaceSubrange(c * width..<(c + 1) * width, with: saved)
                length = norm(v)
                isFresh = true
            }
            triangle[c * width + c] = isFresh ? 0 : length
            for i in 0..<size { block[c * size + i] = v[i] / length }
        }
        return triangle

        func project(_ v: inout [Double], _ c: Int) {
            for _ in 0..<2 {
                for k in 0..<c {
                    block.withUnsafeBufferPointer { columns in
                        let column = columns.baseAddress! + k * size
                        var n = Int32(size), one: Int32 = 1
                        let overlap = ddot_(&n, column, &one, v, &one)
                        var minus = -overlap
                        daxpy_(&n, &minus, column, &one, &v, &one)
                        triangle[c * width + k] += overlap
                    }
                }
            }
        }
    }

    private static func norm(_ v: [Double]) -> Double { v.reduce(0) { $0 + $1 * $1 }.squareRoot() }

    /// AᵀB, A rows × left, B rows × right.
    private static func multiplyTransposed(_ a: [Double], _ b: [Double], rows: Int, left: Int, right: Int) -> [Double] {
        var c = [Double](repeating: 0, count: left * right), one = 1.0, zero = 0.0
        var m = Int32(left), n = Int32(right), k = Int32(rows)
        dgemm_("T", "N", &m, &n, &k, &one, a, &k, b, &k, &zero, &c, &m, 1, 1)
        return c
    }
    /// C − A B in place of C.
    private static func subtract(_ a: [Double], _ b: [Double], from c: inout [Double], rows: Int, inner: Int, columns: Int) {
        var m = Int32(rows), n = Int32(columns), k = Int32(inner), minus = -1.0, one = 1.0
        dgemm_("N", "N", &m, &n, &k, &minus, a, &m, b, &k, &one, &c, &m, 1, 1)
    }
    private static func multiply(_ a: [Double], _ x: [Double], rows: Int, columns: Int) -> [Double] {
        var y = [Double](repeating: 0, count: rows), m = Int32(rows), n: Int32 = 1, k = Int32(columns), one = 1.0, zero = 0.0
        dgemm_("N", "N", &m, &n, &k, &one, a, &m, x, &k, &zero, &y, &m, 1, 1)
        return y
    }
}
