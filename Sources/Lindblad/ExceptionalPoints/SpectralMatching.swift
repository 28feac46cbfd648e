import Numbers

/// Which eigenvalues of two neighbouring parameters belong together, by their vectors.
///
/// The overlap of branches a at θ and b at θ′ is tr P_a P_b = (w_aᵀv_b)(w_bᵀv_a)/(w_aᵀv_a)(w_bᵀv_b) with the spectral
/// projectors P = v wᵀ/wᵀv: one for the same branch, zero for different ones as θ′ → θ, whatever the vectors' norms and however
/// close the eigenvalues. Between both sides of an exceptional point it does not tend to either (to ½ at second order: the
/// branches exchange character), but the sum over all branches that meet there tends to their number m, for their joint
/// projector is analytic.
struct SpectralMatching {
    /// Branches that overlap among each other and with no others.
    struct Group {
        var left: [Int] = []
        var right: [Int] = []
        /// Σ tr P_a P_b over the group, per branch; one where left and right span the same.
        var overlap = Complex.zero
        /// Whether left and right span the same subspace.
        var isWhole: Bool { left.count == right.count && !left.isEmpty && (overlap - .one).magnitude < SpectralMatching.tolerance }
    }
    let groups: [Group]
    /// [left][right]
    private let traces: [[Complex]]
    /// Overlaps above this tie two branches together.
    private static let tie = 0.2
    private static let tolerance = 0.25

    init(_ a: SpectralSlice, _ b: SpectralSlice) {
        let left = a.branches, right = b.branches
        let traces = left.map { p in
            right.map { q in
                let product = SpectralBranch.product(p.left, q.right) * SpectralBranch.product(q.left, p.right)
                return product / (p.pairing * q.pairing)
            }
        }
        var sets = DisjointSets(count: left.count + right.count)
        for i in left.indices { for j in right.indices where !(traces[i][j].magnitude <= Self.tie) { sets.unite(i, left.count + j) } }
        var groups: [Int: Group] = [:]
        for i in left.indices { groups[sets.find(i), default: Group()].left.append(i) }
        for j in right.indices { groups[sets.find(left.count + j), default: Group()].right.append(j) }
        self.traces = traces
        self.groups = groups.sorted { $0.key < $1.key }.map { _, group in
            var group = group
            for i in group.left { for j in group.right { group.overlap += traces[i][j] } }
            group.overlap = (1 / Double(max(group.left.count, 1))) * group.overlap
            return group
        }
    }

    /// |tr P_a P_b|
    func overlap(_ a: Int, _ b: Int) -> Double { traces[a][b].magnitude }

    /// Those of the right slice that span what the given ones on the left span, as far as any do: the best of the subsets that
    /// are real if the left one is.
    static func counterpart(of group: [Int], in a: SpectralSlice, _ b: SpectralSlice) -> (group: [Int], overlap: Complex)? {
        let matching = SpectralMatching(a, b), isReal = a.isReal(group), count = group.count
        let weights = b.branches.indices.map { j in group.reduce(Complex.zero) { $0 + matching.traces[$1][j] } }
        // Branches far from the group have no weight in it.
        let mean = a.mean(group)
        let near = b.branches.indices.filter { weights[$0].magnitude > 0.02 }
            .sorted { (b.branches[$0].value - mean).magnitude < (b.branches[$1].value - mean).magnitude }.prefix(10)
        var best: (group: [Int], overlap: Complex)?
        func extend(_ chosen: [Int], _ rest: ArraySlice<Int>) {
            if chosen.count == count {
                guard b.isReal(chosen) == isReal else { return }
                let overlap = (1 / Double(count)) * chosen.reduce(Complex.zero) { $0 + weights[$1] }
                if (overlap - .one).magnitude < ((best?.overlap ?? Complex(1e300)) - .one).magnitude { best = (chosen, overlap) }
                return
            }
            for (offset, next) in zip(rest.indices, rest) { extend(chosen + [next], rest[(offset + 1)...]) }
        }
        extend([], near)
        return best
    }
}
