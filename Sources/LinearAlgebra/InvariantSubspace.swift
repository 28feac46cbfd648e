import Numbers

/// The invariant subspace of a few eigenvalues close to a shift, from both sides, and the matrix compressed to it.
///
/// Where eigenvalues coalesce their vectors coalesce too, but the subspace that they span stays put: symmetric functions of
/// the compression's eigenvalues are analytic in the matrix' entries, and known to rounding where single eigenvalues are known
/// to a root of it. (Kato, Perturbation Theory for Linear Operators, II.1–2.)
public struct InvariantSubspace<Scalar: BlockScalar> {
    /// Orthonormal columns V with AV = VS.
    public let right: ColumnBlock<Scalar>
    /// Orthonormal columns W with WᵀA = S′Wᵀ.
    public let left: ColumnBlock<Scalar>
    /// S = (WᵀV)⁻¹WᵀAV, m × m, column-major.
    public let compression: [Complex]
    /// ‖(WᵀV)⁻¹‖: by how much a perturbation of A is amplified in S.
    public let condition: Double
    /// Sine of the angle by which the last step turned the subspaces: S is wrong by its square.
    public let turn: Double
    public var count: Int { right.count }

    private static var mostSteps: Int { 40 }

    /// Block inverse iteration on both sides.
    /// - Parameters:
    ///   - right, left: approximate bases, made orthonormal here.
    ///   - solve: (A − σ)⁻¹ on a block, or its transpose; σ closer to the eigenvalues wanted than to all others.
    ///   - image: A on a block.
    @_specialize(where Scalar == Double)
    @_specialize(where Scalar == Complex)
    public init(right: ColumnBlock<Scalar>, left: ColumnBlock<Scalar>, solve: ([Scalar], _ transposed: Bool) throws -> [Scalar],
                image: ([Scalar]) throws -> [Scalar]) throws {
        let v = try Self.iterate(right) { try solve($0, false) }, w = try Self.iterate(left) { try solve($0, true) }
        self.right = v.basis
        self.left = w.basis
        turn = max(v.turn, w.turn)
        (compression, condition) = try Self.compress(v.basis, w.basis, try image(v.basis.values))
    }

    /// (WᵀV)⁻¹WᵀX for another block X = BV: how a perturbation B of the matrix changes S.
    public func compress(_ image: [Scalar]) throws -> [Complex] { try Self.compress(right, left, image).matrix }

    private static func compress(_ right: ColumnBlock<Scalar>, _ left: ColumnBlock<Scalar>, _ image: [Scalar]) throws
        -> (matrix: [Complex], condition: Double) {
        let m = right.count
        func complex(_ block: [Scalar]) -> [Complex] { block.map { Complex($0.components.re, $0.components.im) } }
        let overlap = complex(left.overlaps(right, conjugated: false))
        let product = complex(left.overlaps(ColumnBlock(size: right.size, values: image), conjugated: false))
        func solved(_ b: [Complex]) throws -> [Complex] {
            guard let x = DenseEigen.solve(overlap, size: m, rightHandSide: b) else {
                throw EigenvalueError("left and right invariant subspaces are orthogonal")
            }
            return x
        }
        var norm = 0.0
        for k in 0..<m {
            var unit = [Complex](repeating: .zero, count: m)
            unit[k] = .one
            norm += try solved(unit).reduce(0) { $0 + $1.squaredMagnitude }
        }
        return (try (0..<m).flatMap { try solved(Array(product[$0 * m..<($0 + 1) * m])) }, norm.squareRoot())
    }

    private static func iterate(_ start: ColumnBlock<Scalar>, _ solve: ([Scalar]) throws -> [Scalar]) throws
        -> (basis: ColumnBlock<Scalar>, turn: Double) {
        var basis = start, last = Double.infinity
        _ = basis.orthonormalize(seed: 83)
        for step in 1... {
            var next = ColumnBlock(size: basis.size, values: try solve(basis.values))
            _ = next.orthonormalize(seed: 83)
            var rest = next
            rest.subtract(basis, basis.overlaps(next))
            let turn = rest.values.reduce(0) { $0 + $1.components.re * $1.components.re + $1.components.im * $1.components.im }.squareRoot()
            basis = next
            guard turn.isFinite else { throw EigenvalueError("inverse iteration broke down") }
            if turn <= 1e-11 || step == mostSteps || (step > 2 && turn < 1e-7 && turn > 0.3 * last) { return (basis, turn) }
            last = turn
        }
        fatalError("the loop has no other end")
    }
}
