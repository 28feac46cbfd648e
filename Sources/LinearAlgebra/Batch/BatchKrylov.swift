import CLAPACK
import Kernels
import Numbers

/// Block Krylov spaces of eight linear maps at a time, four start vectors each: eigenvalues of greatest magnitude.
///
/// The space grows block by block as long as the owner asks; it is not restarted. Each lane is by itself.
public final class BatchKrylov {
    public static let block = 4
    private let size: Int
    private var basis: [LaneBuffer] = []
    /// [column block][row block]: 4 × 4 vectors, by columns.
    private var projected: [[LaneBuffer]] = []
    /// R of the last image: what leads out of the space.
    private var outgoing = LaneBuffer(count: 16)
    private var image: LaneBuffer
    /// Blocks after which a lane's image vectors were no longer linearly independent.
    private var brokenAfter = [Int](repeating: .max, count: LaneBuffer.lanes)
    private func isBroken(_ lane: Int, _ blocks: Int) -> Bool { brokenAfter[lane] <= blocks }

    public var blockCount: Int { projected.count }

    public init(size: Int, seed: UInt64) {
        self.size = size
        image = LaneBuffer(count: 4 * size)
        for c in 0..<4 {
            let start = Arnoldi.startVector(size, seed: seed + UInt64(c))
            for k in 0..<size { image[4 * k + c] = SIMD8(repeating: start[k]) }
        }
        orthonormalizeImage()
    }

    /// - Parameter map: block ↦ its image, in place.
    public func extend(by count: Int, _ map: (LaneBuffer) -> Void) {
        for _ in 0..<count {
            basis.append(image)
            let next = LaneBuffer(count: 4 * size)
            next.copy(from: image)
            map(next)
            // Classical Gram–Schmidt, twice.
            var column = basis.map { _ in LaneBuffer(count: 16) }
            let overlap = LaneBuffer(count: 16)
            for round in 0..<2 {
                for (b, vectors) in basis.enumerated() {
                    macrospin_batch_overlap(Int64(size), vectors.base, next.base, overlap.base)
                    macrospin_batch_combine(Int64(size), vectors.base, overlap.base, next.base, 0)
                    if round == 0 { column[b].copy(from: overlap) } else { column[b].add(overlap) }
                }
            }
            image = next
            orthonormalizeImage()
            column.append(outgoing)
            projected.append(column)
        }
    }

    private func orthonormalizeImage() {
        let triangle = LaneBuffer(count: 16), g = LaneBuffer(count: 4), one = LaneBuffer(count: 1), scale = LaneBuffer(count: 1)
        one[0] = SIMD8(repeating: 1)
        for c in 0..<4 {
            var before = SIMD8<Double>.zero
            for round in 0..<2 {
                macrospin_batch_column_overlap(Int64(size), image.base, Int64(c), g.base)
                if round == 0 { before = g[c] }
                for i in 0..<c { triangle[4 * c + i] += g[i] }
                macrospin_batch_column_combine(Int64(size), image.base, Int64(c), g.base, one.base)
            }
            macrospin_batch_column_overlap(Int64(size), image.base, Int64(c), g.base)
            let length = g[c].squareRoot()
            for lane in 0..<LaneBuffer.lanes where !(g[c][lane] > 1e-26 * before[lane]) || !g[c][lane].isFinite { brokenAfter[lane] = min(brokenAfter[lane], basis.count) }
            triangle[4 * c + c] = length
            scale[0] = 1 / length
            for i in 0..<c { g[i] = .zero }
            macrospin_batch_column_combine(Int64(size), image.base, Int64(c), g.base, scale.base)
        }
        outgoing = triangle
    }

    /// H of one lane on the first `blocks` blocks, column-major.
    private func matrix(_ lane: Int, _ blocks: Int) -> [Double] {
        let m = Self.block * blocks
        var h = [Double](repeating: 0, count: m * m)
        for (c, column) in projected.prefix(blocks).enumerated() {
            for (r, entries) in column.enumerated() where r < blocks {
                for j in 0..<4 { for i in 0..<4 { h[(4 * c + j) * m + 4 * r + i] = entries[4 * j + i, lane] } }
            }
        }
        return h
    }

    /// Ritz values of one lane in descending magnitude (of a conjugate pair the upper member); nil where the lane broke
    /// down.
    /// - Parameter blocks: the part of the space to look at: what a lane finds must not depend on how long others need.
    public func ritzValues(_ lane: Int, blocks: Int) throws -> [Complex]? {
        guard !isBroken(lane, blocks) else { return nil }
        let h = matrix(lane, blocks)
        guard h.allSatisfy(\.isFinite) else { return nil }
        return try DenseEigen.eigenvalues(h, size: Self.block * blocks).filter { $0.im >= 0 }.sorted { $0.magnitude > $1.magnitude }
    }

    /// A Ritz vector in coordinates of the space, by inverse iteration.
    public struct RitzPair {
        public let value: Complex
        public let coordinates: [Complex]
        /// ‖Bv − θv‖ for the vector v of norm one.
        public let residual: Double
    }

    /// The Ritz pair nearest to `value`.
    public func ritzPair(_ lane: Int, near value: Complex, blocks: Int) -> RitzPair? {
        guard !isBroken(lane, blocks) else { return nil }
        let m = Self.block * blocks, h = matrix(lane, blocks), outgoing = projected[blocks - 1][blocks]
        guard h.allSatisfy(\.isFinite), let (theta, y) = SmallEigen.nearest(h, size: m, to: value) else { return nil }
        var residual = 0.0
        for r in 0..<4 {
            var sum = Complex.zero
            for c in r..<4 { sum += outgoing[4 * c + r, lane] * y[m - 4 + c] }
            residual += sum.squaredMagnitude
        }
        return RitzPair(value: theta, coordinates: y, residual: residual.squareRoot())
    }

    private static func entry(_ y: [Complex]?, _ k: Int) -> Complex {
        guard let y, k < y.count else { return .zero }
        return y[k]
    }

    /// Vectors of all lanes at once from their coordinates (nil: a lane without), n complex entries each.
    public func vectors(_ coordinates: [[Complex]?]) -> [[Complex]] {
        let out = LaneBuffer(count: 4 * size), g = LaneBuffer(count: 16)
        for (b, vectors) in basis.enumerated() where b < projected.count {
            for lane in 0..<LaneBuffer.lanes {
                for i in 0..<4 {
                    let y = lane < coordinates.count ? Self.entry(coordinates[lane], 4 * b + i) : .zero
                    g[i, lane] = y.re
                    g[4 + i, lane] = y.im
                }
            }
            macrospin_batch_combine(Int64(size), vectors.base, g.base, out.base, 1)
        }
        return coordinates.indices.map { lane in
            coordinates[lane] == nil ? [] : (0..<size).map { Complex(out[4 * $0, lane], out[4 * $0 + 1, lane]) }
        }
    }
}

/// Single eigenvectors of small dense matrices.
enum SmallEigen {
    /// The eigenvalue nearest to `target` and its vector (norm one) by inverse iteration with Rayleigh shifts.
    static func nearest(_ matrix: [Double], size m: Int, to target: Complex) -> (value: Complex, vector: [Complex])? {
        let scale = matrix.reduce(0) { max($0, abs($1)) }
        guard scale > 0 else { return nil }
        // Off the eigenvalue by a hair, so that the solve stays finite.
        var shift = target + Complex((target.magnitude + 1e-3 * scale) * 1e-12)
        var y = Arnoldi.startVector(m, seed: 5).map { Complex($0) }
        var value = target
        for round in 0..<5 {
            guard let next = solve(matrix, size: m, shift: shift, y) else { return nil }
            y = next.normalizedEigenvector()
            // Rayleigh quotient.
            var quotient = Complex.zero
            for c in 0..<m {
                var sum = Complex.zero
                for r in 0..<m { sum += y[r].conjugate * Complex(matrix[c * m + r]) }
                quotient += sum * y[c]
            }
            let change = (quotient - value).magnitude
            value = target.im == 0 && abs(quotient.im) <= 1e-9 * quotient.magnitude ? Complex(quotient.re) : quotient
            if round > 0 && change <= 1e-15 * scale { break }
            if round == 1 { shift = value + Complex((value.magnitude + 1e-3 * scale) * 1e-13) }
        }
        return (value, y)
    }

    /// (M − shift)⁻¹ b
    private static func solve(_ matrix: [Double], size m: Int, shift: Complex, _ b: [Complex]) -> [Complex]? {
        var a = matrix.map { Complex($0) }, x = b
        for k in 0..<m { a[k * m + k] -= shift }
        var n = Int32(m), one: Int32 = 1, info: Int32 = 0, pivots = [Int32](repeating: 0, count: m)
        zgesv_(&n, &one, &a, &n, &pivots, &x, &n, &info)
        return info == 0 && x.allSatisfy { $0.re.isFinite && $0.im.isFinite } ? x : nil
    }
}
