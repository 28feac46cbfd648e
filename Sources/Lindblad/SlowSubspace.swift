import LinearAlgebra
import Numbers

/// The modes of a sector that are far slower than all others, as a pair of subspaces in double precision.
struct SlowSubspace {
    /// Orthonormal columns.
    private(set) var right: [[Double]] = []
    /// With Wᵀ V = 1.
    private(set) var left: [[Double]] = []
    /// |λ| of the slowest mode left out.
    private(set) var separation = 0.0
    /// Shift of the factorisation of A − σ, small against `separation`.
    private(set) var shift = 0.0
    /// ‖Wᵀ A − Λ Wᵀ‖/‖W‖.
    private(set) var leftDefect = 0.0

    /// How much faster than the slowest mode the next one out must be.
    static let leastRatio = 100.0

    /// - Returns: nil where there are no such modes.
    init?(sector: Sector, coefficients: [Double]) throws {
        let size = sector.size
        guard size > 0 else { return nil }
        let values = sector.values(coefficients)
        let isSmall = size <= SlowModes.denseLimit
        var candidates: [Eigenpair] = []
        if isSmall {
            candidates = try DenseEigen.eigenpairs(sector.dense(coefficients), size: size).right.sorted { $0.value.magnitude < $1.value.magnitude }
            let scale = candidates.last!.value.magnitude
            guard let split = Self.split(candidates.map { $0.value.magnitude }, floor: 1e-12 * scale) else { return nil }
            separation = split < candidates.count ? candidates[split].value.magnitude : scale
            candidates = Array(candidates[0..<split])
            shift = 1e-6 * separation
        } else {
            // The shift is guessed from the scale, then taken from the spectrum itself. One so small that rounding garbles the
            // solves shows a crowd at some ten times its own distance: only what lies far beyond the shift is believed.
            let scale = values.reduce(0) { max($0, abs($1)) }
            guard scale > 0 else { return nil }
            shift = 1e-9 * scale
            var isSettled = false
            for _ in 0..<6 {
                let lu = try sector.factorization(coefficients, shift: shift)
                guard let found = try BlockKrylov<Double>(size: size, map: { try lu.solve($0) }).largest(4, tolerance: .infinity) else { return nil }
                let pairs = found.pairs, next = found.next
                let near = pairs.map { (pair: $0, distance: (Complex(shift) + .one / $0.value).magnitude) }.sorted { $0.distance < $1.distance }
                let distances = near.map(\.distance) + (next > 0 ? [1 / next] : [])
                guard let split = Self.split(distances, floor: 1e-6 * shift), split < distances.count, shift <= 1e-5 * distances[split] else {
                    // Either a larger shift is called for, or there is nothing to be set apart at any.
                    if shift > 1e-5 * (distances.last ?? 0), shift > 1e-6 * scale { return nil }
                    shift *= 10
                    continue
                }
                candidates = near[0..<split].map(\.pair)
                separation = distances[split]
                isSettled = shift >= 1e-8 * separation
                if isSettled { break }
                shift = 1e-6 * separation
            }
            guard isSettled else { return nil }
        }
        let lu = try sector.factorization(coefficients, shift: shift)
        var block: [[Double]] = []
        for pair in candidates {
            block.append(pair.vector.map(\.re))
            if pair.value.im != 0 { block.append(pair.vector.map(\.im)) }
        }
        // A few steps of inverse iteration: the subspace converges by σ/separation each, whatever happens inside.
        func settle(_ start: [[Double]], transposed: Bool) throws -> [[Double]]? {
            var block = start
            for _ in 0..<3 {
                let solved = try lu.solve(block.flatMap { $0 }, transposed: transposed)
                guard let next = Self.orthonormal((0..<block.count).map { Array(solved[$0 * size..<($0 + 1) * size]) }) else { return nil }
                block = next
            }
            return block
        }
        guard let settled = try settle(block, transposed: false),
              // The right vectors overlap with the left ones: any start that does will do.
              var twin = try settle(settled, transposed: true) else { return nil }
        let overlaps = Extended.products(twin, settled.map { $0.map { DoubleDouble($0) } })
        // (WᵀV)⁻¹ Wᵀ: rows of the inverse combine the left vectors.
        let inverse = Extended.inverse(overlaps)
        twin = (0..<twin.count).map { k in
            var row = [Double](repeating: 0, count: size)
            for c in twin.indices { for i in 0..<size { row[i] += inverse[c][k].high * twin[c][i] } }
            return row
        }
        guard twin.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { return nil }
        right = settled
        left = twin
        for w in twin {
            var image = sector.pattern.multiply(values, w, transposed: true)
            for (k, other) in twin.enumerated() {
                let weight = zip(image, settled[k]).reduce(0) { $0 + $1.0 * $1.1 }
                for i in 0..<size { image[i] -= weight * other[i] }
            }
            let norm = image.reduce(0) { $0 + $1 * $1 }.squareRoot() / w.reduce(0) { $0 + $1 * $1 }.squareRoot()
            leftDefect = max(leftDefect, norm)
        }
    }

    /// Where the ratio of neighbours is greatest, if it is great enough.
    private static func split(_ distances: [Double], floor: Double) -> Int? {
        let raised = distances.map { max($0, floor) }
        var best: (split: Int, ratio: Double)?
        for k in raised.indices.dropFirst() where raised[k] / raised[k - 1] > (best?.ratio ?? leastRatio) { best = (k, raised[k] / raised[k - 1]) }
        return best?.split
    }

    /// Gram–Schmidt, twice; nil where the vectors depend on each other.
    static func orthonormal(_ vectors: [[Double]]) -> [[Double]]? {
        var result: [[Double]] = []
        for vector in vectors {
            var v = vector
            let before = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
            for _ in 0..<2 {
                for u in result {
                    let overlap = zip(u, v).reduce(0) { $0 + $1.0 * $1.1 }
                    for i in v.indices { v[i] -= overlap * u[i] }
                }
            }
            let norm = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
            guard norm > 1e-9 * before, norm.isFinite else { return nil }
            result.append(v.map { $0 / norm })
        }
        return result
    }
}
