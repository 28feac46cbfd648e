import Numbers

/// Right and left eigenvectors about a shift from approximations of the right ones, by inverse iteration on both sides.
///
/// Where eigenvectors are nearly orthogonal to their left twins (|wᵀv| ~ 1e-5 is common for Liouvillians of large spins)
/// a Krylov space shows early which eigenvalues there are, but late their last digits. A factorisation close to the
/// eigenvalue has these in a few steps.
public enum InverseIteration {
    /// An eigenvalue of the matrix with both vectors of norm one; wᵀA = λwᵀ.
    public struct Triple {
        public let value: Complex
        public let right: [Complex]
        public let left: [Complex]
        /// Whether both vectors are eigenvectors of (A − σ)⁻¹ to a per cent at least; most are to 1e-11.
        public let isSettled: Bool
    }

    private static let tolerance = 1e-10
    private static let mostSteps = 8
    private static let roughness = 1e-2

    /// - Parameters:
    ///   - count: eigenvalues wanted of those nearest to the shift (of a real matrix a conjugate pair counts twice).
    ///   - start: vectors that span about the right ones wanted; more than `count` where others lie close.
    ///   - solve: (A − σ)⁻¹ on a block, or its transpose.
    /// - Returns: in ascending distance from the shift, of a real matrix' conjugate pairs one member.
    @_specialize(where Scalar == Double)
    @_specialize(where Scalar == Complex)
    public static func settle<Scalar: BlockScalar>(_ start: ColumnBlock<Scalar>, count: Int, shift: Complex,
                                                   solve: ([Scalar], _ transposed: Bool) throws -> [Scalar]) throws -> [Triple] {
        let k = start.count
        let right = try iterate(start, count: count) { try solve($0, false) }
        let left = try iterate(ColumnBlock(noise: k, size: start.size, seed: 41), count: count) { try solve($0, true) }
        // S = (WᵀV)⁻¹ WᵀBV has the eigenvalues of B = (A − σ)⁻¹ in the common space.
        let overlap = left.basis.overlaps(right.basis, conjugated: false).map { Complex($0.components.re, $0.components.im) }
        let image = left.basis.overlaps(right.image, conjugated: false).map { Complex($0.components.re, $0.components.im) }
        var small = [Complex](repeating: .zero, count: k * k)
        for c in 0..<k {
            guard let column = DenseEigen.solve(overlap, size: k, rightHandSide: Array(image[c * k..<(c + 1) * k])) else {
                throw EigenvalueError("left and right eigenvectors near \(shift) are orthogonal: a defective eigenvalue")
            }
            small.replaceSubrange(c * k..<(c + 1) * k, with: column)
        }
        let pairs = try DenseEigen.complexEigenpairs(small, size: k).sorted { $0.value.magnitude > $1.value.magnitude }.prefix(count)
        let transposed = (0..<k * k).map { small[$0 % k * k + $0 / k] }
        let twins = try DenseEigen.complexEigenpairs(transposed, size: k)
        var triples: [Triple] = [], taken: [Int] = []
        for (index, pair) in pairs.enumerated() {
            var value = shift + .one / pair.value, vector = pair.vector
            if Scalar.parts == 1 {
                // Of a conjugate pair the upper member; an eigenvalue is real up to rounding of the small problem.
                if abs(value.im) <= 1e-10 * value.magnitude {
                    value = Complex(value.re)
                    vector = vector.normalizedEigenvector().map { Complex($0.re) }
                } else if value.im < 0 { continue }
            }
            guard let twin = twins.indices.filter({ !taken.contains($0) })
                .min(by: { (twins[$0].value - pair.value).magnitude < (twins[$1].value - pair.value).magnitude }),
                  // w = W (WᵀV)⁻ᵀ u, where uᵀS = θuᵀ.
                  var weights = DenseEigen.solve((0..<k * k).map { overlap[$0 % k * k + $0 / k] }, size: k, rightHandSide: twins[twin].vector) else {
                throw EigenvalueError("no left eigenvector near \(value)")
            }
            taken.append(twin)
            if value.im == 0 && Scalar.parts == 1 { weights = weights.normalizedEigenvector().map { Complex($0.re) } }
            triples.append(Triple(value: value, right: right.basis.combination(vector).normalizedEigenvector(),
                                  left: left.basis.combination(weights).normalizedEigenvector(), isSettled: index < min(right.settled, left.settled)))
        }
        return triples
    }

    /// An orthonormal basis and its image under B, when the `count` greatest eigenpairs within it have settled or stay as they are.
    private static func iterate<Scalar: BlockScalar>(_ start: ColumnBlock<Scalar>, count: Int, _ solve: ([Scalar]) throws -> [Scalar]) throws
        -> (basis: ColumnBlock<Scalar>, image: ColumnBlock<Scalar>, settled: Int) {
        var basis = start, last = Double.infinity
        _ = basis.orthonormalize(seed: 61)
        var step = 0
        while true {
            let image = ColumnBlock(size: basis.size, values: try solve(basis.values))
            let projected = basis.overlaps(image)
            var rest = image
            rest.subtract(basis, projected)
            let pairs = try Scalar.eigenpairs(projected, size: basis.count).sorted { $0.value.magnitude > $1.value.magnitude }
            var residual = 0.0, found = 0, settled = 0
            for pair in pairs where found < count {
                let norm = rest.combination(pair.vector).reduce(0) { $0 + $1.squaredMagnitude }.squareRoot()
                residual = max(residual, norm / max(pair.value.magnitude, .leastNormalMagnitude))
                found += pair.value.im == 0 || Scalar.parts == 2 ? 1 : 2
                if residual <= roughness { settled = found }
            }
            step += 1
            // Rounding sets a floor: what no longer falls is as good as it gets.
            if residual <= tolerance || step == mostSteps || (step > 2 && residual < 1e-6 && residual > 0.1 * last) { return (basis, image, settled) }
            last = residual
            basis = image
            _ = basis.orthonormalize(seed: 61)
        }
    }
}
