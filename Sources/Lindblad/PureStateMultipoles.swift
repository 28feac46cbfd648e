import Numbers

/// Multipoles ⟨ψ|B_k|ψ⟩ of pure states in double-double precision, consistent to about 1e-30.
///
/// ψ itself is a vector of doubles; what matters is that its projector is one: rounding that leaks amplitude ε into another
/// region of the sphere has a weight of ε² there, while rounded multipoles would have one of ε. Matrix elements of the
/// multipoles by the recurrence of `MultipoleDiagonals`.
struct PureStateMultipoles {
    let spinCount: Int
    let window: MultipoleWindow

    /// - Parameters:
    ///   - states: amplitudes in the Dicke basis, m ascending from −j.
    ///   - orders: the |q| that are wanted; others are left zero.
    /// - Returns: for each state ⟨ψ|B_k|ψ⟩ in the order of `MultipoleBasis(window)`.
    func coefficients(_ states: [[Complex]], orders: Set<Int>) -> [[DoubleDouble]] {
        let basis = MultipoleBasis(window)
        var result = states.map { _ in [DoubleDouble](repeating: .zero, count: basis.count) }
        for q in orders.sorted() where q <= window.qMax {
            let diagonals = Diagonals(spinCount: spinCount, q: q)
            let sums = states.map { Self.folded($0, q: q, length: diagonals.length) }
            for l in q...max(q, window.lMax) where l <= window.lMax {
                let half = diagonals.half(l), isEven = (l - q) % 2 == 0
                for (s, sum) in sums.enumerated() {
                    result[s][basis.index(l: l, q: q, part: .cosine)] = Self.dot(half, isEven ? sum.evenRe : sum.oddRe)
                    if q > 0, !sum.evenIm.isEmpty {
                        result[s][basis.index(l: l, q: q, part: .sine)] = Self.dot(half, isEven ? sum.evenIm : sum.oddIm)
                    }
                }
            }
        }
        return result
    }

    private static func dot(_ a: [DoubleDouble], _ b: [DoubleDouble]) -> DoubleDouble {
        var sum = DoubleDouble.zero
        for k in a.indices { sum += a[k] * b[k] }
        return sum
    }

    /// The q-th diagonal of |ψ⟩⟨ψ| from the top edge to the middle, with its mirror image added (l − q even) or subtracted.
    /// Factors √2 of q > 0 are in it. Imaginary parts are empty for real ψ.
    private static func folded(_ state: [Complex], q: Int, length: Int)
        -> (evenRe: [DoubleDouble], oddRe: [DoubleDouble], evenIm: [DoubleDouble], oddIm: [DoubleDouble]) {
        let half = (length + 1) / 2, isReal = state.allSatisfy { $0.im == 0 }
        let scale = q == 0 ? DoubleDouble.one : DoubleDouble(2).squareRoot()
        var evenRe: [DoubleDouble] = [], oddRe = evenRe, evenIm = evenRe, oddIm = evenRe
        func element(_ m: Int) -> (re: DoubleDouble, im: DoubleDouble) {
            let a = state[m + q], b = state[m]
            return (scale * (DoubleDouble(product: a.re, b.re) + DoubleDouble(product: a.im, b.im)),
                    scale * (DoubleDouble(product: a.im, b.re) - DoubleDouble(product: a.re, b.im)))
        }
        for k in 0..<half {
            let top = element(length - 1 - k), bottom = k == length - 1 - k ? (re: .zero, im: .zero) : element(k)
            evenRe.append(top.re + bottom.re)
            oddRe.append(top.re - bottom.re)
            if isReal { continue }
            evenIm.append(top.im + bottom.im)
            oddIm.append(top.im - bottom.im)
        }
        return (evenRe, oddRe, evenIm, oddIm)
    }

    /// See `MultipoleDiagonals`.
    private struct Diagonals {
        let q: Int, length: Int
        private var potential: [DoubleDouble] = []
        private var inverseCoupling: [DoubleDouble] = []

        init(spinCount: Int, q: Int) {
            self.q = q
            length = spinCount + 1 - q
            func root(_ a: Int, _ b: Int) -> DoubleDouble { DoubleDouble.squareRoot(of: a * b) }
            for k in 0..<(length + 1) / 2 {
                let lower = k + q, sum = spinCount - 2 * k - q
                let below = root(k + 1, spinCount - k), lowerBelow = root(lower + 1, spinCount - lower)
                let above = root(k, spinCount - k + 1), lowerAbove = root(lower, spinCount - lower + 1)
                var v = DoubleDouble(Double(q * q))
                for (factor, root) in [(sum + 1, above + lowerAbove), (sum - 1, below + lowerBelow)] where q > 0 && root.high > 0 {
                    let ratio = DoubleDouble(Double(q * factor)) / root
                    v += 0.5 * (ratio * ratio)
                }
                potential.append(v)
                let coupling = below * lowerBelow
                inverseCoupling.append(coupling.high > 0 ? .one / coupling : .zero)
            }
        }

        /// Elements from the top edge to the middle, the whole diagonal normalised.
        func half(_ l: Int) -> [DoubleDouble] {
            let count = potential.count, eigenvalue = DoubleDouble(Double(l * (l + 1)))
            var values = [DoubleDouble](repeating: .zero, count: count)
            var v = DoubleDouble(q % 2 == 0 ? 1 : -1), flux = DoubleDouble.zero
            for k in 0..<count {
                values[k] = v
                flux += (potential[k] - eigenvalue) * v
                v += flux * inverseCoupling[k]
                if abs(v.high) > 0x1p250 {
                    v = 0x1p-250 * v
                    flux = 0x1p-250 * flux
                    for i in 0...k { values[i] = 0x1p-250 * values[i] }
                }
            }
            var norm = DoubleDouble.zero
            for k in 0..<count { norm += (2 * k + 1 == length ? 1.0 : 2.0) * (values[k] * values[k]) }
            let factor = DoubleDouble.one / norm.squareRoot()
            return values.map { factor * $0 }
        }
    }
}
