/// Matrix elements ⟨m+q|T_lq|m⟩ of the multipoles of one q, eight orders l at a time: orthonormal Hahn polynomials in m.
///
/// For fixed q they are over m the eigenvectors, with eigenvalues l(l+1), of the Casimir map [J, [J, ·]] on the q-th
/// diagonal, a symmetric tridiagonal matrix with diagonal 2j(j+1) − 2am and off-diagonal −e, a = m + q, e = √(AB),
/// A = j(j+1) − a(a+1), B = j(j+1) − m(m+1). Written in flux form,
/// ```
/// F_k = F_{k−1} + (V_k − l(l+1)) v_k,      v_{k+1} = v_k + F_k/e_k,
/// V = diagonal − e − e′ = q² + q²(a+m+1)²/2(√A+√B)² + q²(a+m−1)²/2(√A′+√B′)²
/// ```
/// (primes: m − 1), nothing cancels where v is smooth. The recurrence runs from the edge, where v grows (V > l(l+1)),
/// to the middle, where it oscillates; the other half follows by the parity (−1)^{l−q}. So it is stable for all l, unlike
/// the three-term recurrence in l, and needs O(N) memory and 4 operations an element.
struct MultipoleDiagonals {
    typealias Lanes = SIMD8<Double>

    let spinCount: Int
    let q: Int
    /// Number of elements, N + 1 − q.
    var length: Int { spinCount + 1 - q }
    /// Elements of which `half` holds the last ones, from the top edge to the middle.
    var halfLength: Int { (length + 1) / 2 }

    /// V and 1/e from the top edge (m + q = j) downwards.
    private let potential: [Double]
    private let inverseCoupling: [Double]

    init(spinCount: Int, q: Int) {
        self.spinCount = spinCount
        self.q = q
        let length = spinCount + 1 - q, half = (length + 1) / 2
        let n = Double(spinCount), shift = Double(q)
        var potential = [Double](repeating: 0, count: half), inverse = potential
        for k in 0..<half {
            // a = j − k, m = j − k − q: A′ = j(j+1) − a(a−1) = (k+1)(N−k), A = k(N−k+1); B likewise with k + q.
            let step = Double(k), lower = step + shift
            let below = ((step + 1) * (n - step)).squareRoot(), lowerBelow = ((lower + 1) * (n - lower)).squareRoot()
            let above = (step * (n - step + 1)).squareRoot(), lowerAbove = (lower * (n - lower + 1)).squareRoot()
            let sum = n - 2 * step - shift                      // a + m
            var v = shift * shift
            for (factor, root) in [(sum + 1, above + lowerAbove), (sum - 1, below + lowerBelow)] where q > 0 && root > 0 {
                let ratio = shift * factor / root
                v += 0.5 * ratio * ratio
            }
            potential[k] = v
            inverse[k] = below * lowerBelow > 0 ? 1 / (below * lowerBelow) : 0
        }
        self.potential = potential
        inverseCoupling = inverse
    }

    /// Fills `half` (at least `halfLength`) with elements of orders l … l+7, from the top edge to the middle, normalised so
    /// that the whole diagonal has norm one. Lanes with l > N are meaningless.
    func fill(_ half: inout [Lanes], from l: Int) {
        let count = halfLength
        var order = Lanes()
        for lane in 0..<8 { order[lane] = Double(l + lane) }
        let eigenvalue = order * (order + 1)
        half.withUnsafeMutableBufferPointer { values in
            potential.withUnsafeBufferPointer { potential in
                inverseCoupling.withUnsafeBufferPointer { inverse in
                    var v = Lanes(repeating: q % 2 == 0 ? 1 : -1), flux = Lanes.zero
                    for k in 0..<count {
                        values[k] = v
                        flux += (Lanes(repeating: potential[k]) - eigenvalue) * v
                        v += flux * inverse[k]
                        // Elements at the edge may be 2^−N of those in the middle.
                        if k % 16 == 15 { Self.rescale(&v, &flux, values, upTo: k) }
                    }
                    normalize(values)
                }
            }
        }
    }

    private static func rescale(_ v: inout Lanes, _ flux: inout Lanes, _ values: UnsafeMutableBufferPointer<Lanes>, upTo last: Int) {
        let large = (v .> 1e90) .| (v .< -1e90)
        guard any(large) else { return }
        let factor = Lanes(repeating: 1).replacing(with: 1e-90, where: large)
        v *= factor
        flux *= factor
        for k in 0...last { values[k] *= factor }
    }

    private func normalize(_ values: UnsafeMutableBufferPointer<Lanes>) {
        let count = halfLength, hasMiddle = length % 2 == 1
        var sum = Lanes.zero
        for k in 0..<(hasMiddle ? count - 1 : count) { sum += values[k] * values[k] }
        sum += sum
        if hasMiddle { sum += values[count - 1] * values[count - 1] }
        var factor = Lanes()
        for lane in 0..<8 { factor[lane] = sum[lane] > 0 && sum[lane].isFinite ? 1 / sum[lane].squareRoot() : 0 }
        for k in 0..<count { values[k] *= factor }
    }
}
