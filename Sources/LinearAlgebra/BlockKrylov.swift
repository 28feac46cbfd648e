import Numbers

/// Eigenvalues of greatest magnitude of a linear map by a block Arnoldi process.
///
/// A block of start vectors finds eigenvalues that coincide, and lets the map solve for many right-hand sides at once,
/// which for a sparse factorisation is several times cheaper a vector. The basis is not restarted: shift-invert maps need
/// a few dozen vectors, in crowds a hundred or two. It grows from question to question.
public final class BlockKrylov<Scalar: BlockScalar> {
    /// n × b column-major block ↦ its image.
    public typealias Map = ([Scalar]) throws -> [Scalar]

    /// What a space tells.
    public struct Answer {
        /// In descending magnitude; of a real map's conjugate pairs the upper member.
        public let pairs: [Eigenpair]
        /// Others close to one of these, maybe still rough.
        public let companions: [Eigenpair]
        /// Estimate of the next eigenvalue's magnitude.
        public let next: Double
    }

    private let map: Map
    private let size: Int
    private let width: Int
    /// Orthonormal columns; grows: memory is often short.
    private var basis: ColumnBlock<Scalar>
    /// Columns of H = QᴴBQ, of growing height.
    private var projected: [[Scalar]] = []
    /// The next block of the basis, and its R.
    private var pending: ColumnBlock<Scalar>
    private var triangle: [Scalar] = []
    /// What is a close neighbour, relative to its magnitude.
    private static var closeness: Double { 1e-4 }

    /// - Parameters:
    ///   - size: dimension n.
    ///   - block: width b of the block.
    public init(size: Int, block: Int = 4, map: @escaping Map) {
        self.map = map
        self.size = size
        width = min(block, size)
        basis = ColumnBlock(size: size)
        pending = ColumnBlock(noise: width, size: size, seed: 0)
        _ = pending.orthonormalize(seed: 100)
    }

    private var dimension: Int { basis.count }

    /// - Parameters:
    ///   - count: eigenvalues wanted; of a real map a conjugate pair counts twice and is never cut.
    ///   - tolerance: bound on the residual estimate ‖Bv − θv‖/|θ| for ‖v‖ = 1.
    /// - Returns: nil if `maximumDimension` vectors did not suffice.
    @_specialize(where Scalar == Double)
    @_specialize(where Scalar == Complex)
    public func largest(_ count: Int, tolerance: Double, maximumDimension: Int = 400) throws -> Answer? {
        let limit = min(maximumDimension, size) / width * width
        guard limit >= width else { return nil }
        var nextCheck = max(dimension, max(min(8 * width, 32), (Scalar.parts == 1 ? 12 : 8) * count))
        while true {
            let isFull = dimension + width > limit
            if dimension > 0, dimension >= nextCheck || isFull {
                if let answer = try ritz(count, tolerance: dimension == size ? .infinity : tolerance) { return answer }
                if isFull { return nil }
                nextCheck = dimension + max(2 * width, dimension / 3 / width * width)
            }
            try extend()
        }
    }

    /// Rough magnitudes of the two greatest eigenvalues, from a few dozen applications.
    public func glimpse() throws -> (first: Double, next: Double)? {
        guard let found = try largest(1, tolerance: .infinity, maximumDimension: 32), let first = found.pairs.first else { return nil }
        return (first.value.magnitude, found.next)
    }

    private func extend() throws {
        if dimension > 0 { for c in 0..<width { projected[dimension - width + c] += triangle[c * width..<(c + 1) * width] } }
        basis.append(pending)
        pending = ColumnBlock(size: size, values: try map(basis.last(width)))
        // Classical Gram–Schmidt, twice: as good as modified, at matrix–matrix speed.
        var column = [Scalar](repeating: .zero, count: dimension * width)
        for _ in 0..<2 {
            let overlaps = basis.overlaps(pending)
            pending.subtract(basis, overlaps)
            for k in column.indices { column[k] = column[k] + overlaps[k] }
        }
        triangle = pending.orthonormalize(seed: UInt64(1000 + dimension - width))
        for c in 0..<width { projected.append(Array(column[c * dimension..<(c + 1) * dimension])) }
    }

    /// Converged Ritz pairs, or nil while fewer than `count` have converged.
    private func ritz(_ count: Int, tolerance: Double) throws -> Answer? {
        var small = [Scalar](repeating: .zero, count: dimension * dimension)
        for (c, column) in projected.enumerated() { for r in column.indices { small[c * dimension + r] = column[r] } }
        let pairs = try Scalar.eigenpairs(small, size: dimension).sorted { $0.value.magnitude > $1.value.magnitude }
        var wanted = 0, found = 0
        while found < count, wanted < pairs.count {
            let pair = pairs[wanted]
            if residual(pair.vector) > tolerance * pair.value.magnitude { return nil }
            wanted += 1
            found += pair.value.im == 0 || Scalar.parts == 2 ? 1 : 2
        }
        guard found >= min(count, dimension) else { return nil }
        let companions = pairs.dropFirst(wanted).filter { other in
            pairs.prefix(wanted).contains { ($0.value - other.value).magnitude <= Self.closeness * $0.value.magnitude }
        }
        func full(_ pair: Eigenpair) -> Eigenpair { Eigenpair(value: pair.value, vector: basis.combination(pair.vector).normalizedEigenvector()) }
        return Answer(pairs: pairs.prefix(wanted).map(full), companions: companions.map(full),
                      next: wanted < pairs.count ? pairs[wanted].value.magnitude : 0)
    }

    /// The residual of a Ritz vector lives in the next block: ‖R y_last‖.
    private func residual(_ vector: [Complex]) -> Double {
        var residual = 0.0
        for r in 0..<width {
            var sum = Complex.zero
            for c in r..<width {
                let (re, im) = triangle[c * width + r].components
                sum += Complex(re, im) * vector[dimension - width + c]
            }
            residual += sum.squaredMagnitude
        }
        return residual.squareRoot()
    }
}
