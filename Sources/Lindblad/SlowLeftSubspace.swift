import LinearAlgebra
import Numbers

/// The left invariant subspace of a sector's slow modes in double-double precision: functionals α = Wᵀρ that follow a closed
/// equation, dα/dt = Λα + s, whatever the state does elsewhere.
///
/// The mirror image of `ExtendedSubspace`: with V ≈ the right vectors, fixed,
/// ```
/// Aᵀ W = W Θ,     Vᵀ W = 1,     Λ = Θᵀ,     s = x₀₀ Wᵀ b
/// ```
/// by Newton steps on the complement of W with the double-precision LU of A − σ. Unlike there Λ is kept in the corrections,
/// so that modes three times slower than the rest will do.
struct SlowLeftSubspace {
    let sector: Sector
    /// V, orthonormal columns in double precision.
    let right: [[Double]]
    /// W.
    let left: [[DoubleDouble]]
    /// Λ by columns.
    let generator: [[DoubleDouble]]
    /// s; zero in sectors without the trace.
    let drive: [DoubleDouble]
    /// ‖Aᵀw − WΘ‖/‖w‖ of each column.
    let defects: [Double]

    /// - Parameters:
    ///   - start: approximate right vectors, on the sector's members.
    ///   - separation: |λ| of the slowest mode left out.
    ///   - trace: x₀₀ = 1/√(N+1), to all digits: α of a pure state and α of the steady state nearly cancel.
    /// - Returns: nil where the steps do not converge.
    init?(sector: Sector, matrix: ExtendedMatrix, source: [DoubleDouble], coefficients: [Double], start: [[Double]], separation: Double,
          trace: DoubleDouble) throws {
        let size = sector.size, count = start.count, shift = Self.shift(separation)
        let lu = try sector.factorization(coefficients, shift: shift)
        func iterated(_ vectors: [[Double]], transposed: Bool) throws -> [[Double]]? {
            var block = vectors
            for _ in 0..<3 {
                let solved = try lu.solve(block.flatMap { $0 }, transposed: transposed)
                guard let next = SlowSubspace.orthonormal(block.indices.map { Array(solved[$0 * size..<($0 + 1) * size]) }) else { return nil }
                block = next
            }
            return block
        }
        // The modes may come from a narrower window than this one.
        guard let guide = try iterated(start, transposed: false), let twin = try iterated(guide, transposed: true) else { return nil }
        let turned = matrix.transposed
        var vectors = twin.map { $0.map { DoubleDouble($0) } }
        vectors = Extended.combine(vectors, Extended.inverse(Extended.products(guide, vectors)))
        var best = Double.infinity, accepted = vectors, theta: [[DoubleDouble]] = [], remainders: [[DoubleDouble]] = []
        for _ in 0..<30 {
            let images = turned.multiply(vectors), newTheta = Extended.products(guide, images)
            let newDefects = zip(images, Extended.combine(vectors, newTheta)).map { Extended.subtract($0, $1) }
            let worst = zip(newDefects, vectors).map { Extended.norm($0) / Extended.norm($1) }.reduce(0) { max($0, $1) }
            let isLast = worst.isNaN || worst >= 0.5 * best
            if worst < best {
                best = worst
                (accepted, theta, remainders) = (vectors, newTheta, newDefects)
            }
            if isLast { break }
            // (Aᵀ − σ)δ − δ(Θ − σ) = R
            let defects = newDefects.map { $0.map(\.high) }
            var step = try Self.projected(lu.solve(defects.flatMap { $0 }, transposed: true), vectors, guide)
            for _ in 0..<60 {
                var sides = defects
                for c in 0..<count {
                    for d in 0..<count {
                        let weight = newTheta[c][d].high - (c == d ? shift : 0)
                        for i in 0..<size { sides[c][i] += weight * step[d][i] }
                    }
                }
                let next = try Self.projected(lu.solve(sides.flatMap { $0 }, transposed: true), vectors, guide)
                let change = zip(next, step).reduce(0.0) { $0 + zip($1.0, $1.1).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
                let length = next.reduce(0.0) { $0 + $1.reduce(0) { $0 + $1 * $1 } }
                step = next
                if !(change > 1e-20 * length) { break }
            }
            for c in 0..<count { for i in 0..<size { vectors[c][i] -= DoubleDouble(step[c][i]) } }
        }
        guard best <= 1e-20 * matrix.high.reduce(0, { max($0, abs($1)) }), theta.count == count else { return nil }
        self.sector = sector
        right = guide
        left = accepted
        let block = theta
        generator = (0..<count).map { d in (0..<count).map { c in block[c][d] } }
        drive = source.isEmpty ? accepted.map { _ in .zero } : accepted.map { w in
            var sum = DoubleDouble.zero
            for i in w.indices { sum += w[i] * source[i] }
            return trace * sum
        }
        defects = zip(remainders, accepted).map { Extended.norm($0) / Extended.norm($1) }
    }

    /// Of the factorisation of A − σ.
    static func shift(_ separation: Double) -> Double { 1e-6 * separation }

    /// Columns of a block with W Vᵀ of them taken out.
    private static func projected(_ block: [Double], _ left: [[DoubleDouble]], _ right: [[Double]]) -> [[Double]] {
        let size = right[0].count
        return right.indices.map { c in
            var column = Array(block[c * size..<(c + 1) * size])
            for (w, v) in zip(left, right) {
                var overlap = 0.0
                for i in 0..<size { overlap += v[i] * column[i] }
                for i in 0..<size { column[i] -= overlap * w[i].high }
            }
            return column
        }
    }
}
