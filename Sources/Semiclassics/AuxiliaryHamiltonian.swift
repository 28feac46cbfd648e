import Numbers
import SpinAlgebra

/// A quasiprobability distribution of the spin, ~ exp(−j S): whose weak-noise dynamics is looked at.
public enum Representation: String, CaseIterable, Sendable {
    /// Husimi Q, exact.
    case q = "Q"
    /// Glauber–Sudarshan P, exact.
    case p = "P"
    /// Wigner, cut off after the second order in momenta (diffusion).
    case semiclassicalWigner = "SW"
}

/// The Hamilton function of weak noise in canonical coordinates of one representation: ∂S/∂t + H(x, ∂S/∂x) = 0.
///
/// Coordinates: stereographic, z = x₁ + i x₂ = tan(θ/2) e^{iφ} about the chart's own z′; y = (x₁, x₂, p₁, p₂). Formulas:
/// docs/semiclassics.md, derived in the setting of arXiv:2604.15091.
struct AuxiliaryHamiltonian: Sendable {
    let representation: Representation
    let chart: Chart
    private let symbol: AuxiliarySymbol
    private let turn: SpinTurn

    init(_ symbol: ClassicalSymbol, _ representation: Representation, chart: Chart) {
        self.representation = representation
        self.chart = chart
        // Symbols are sparse in the axes of the model and dense in others: spins are turned, not polynomials.
        self.symbol = AuxiliarySymbol(symbol)
        turn = SpinTurn(chart)
    }

    /// Of H in the momenta at given x.
    var momentumDegree: Int { representation == .semiclassicalWigner ? 2 : max(symbol.degree, 1) }

    /// The complexified spin (n₊, n_z, n₋) in the chart's axes.
    ///
    /// Of SW: the real spin itself.
    func spin<R: RealScalar>(_ x1: R, _ x2: R, _ p1: R, _ p2: R) -> SpinComponents<R> {
        let z = ComplexScalar(x1, x2), zBar = z.conjugate, zeta = (z.squaredMagnitude + 1).reciprocal
        let half = 0.5 * p1, other = 0.5 * p2
        switch representation {
        case .q:
            // n₊ = 2z/(1+|z|²) − π̄, π = ∂S/∂z = (p₁ − i p₂)/2
            let plus = (2 * zeta) * z - ComplexScalar(half, other), product = zBar * plus
            return SpinComponents(plus, -product + 1, 2 * zBar - zBar * product)
        case .p:
            let minus = (2 * zeta) * zBar + ComplexScalar(half, -other), product = z * minus
            return SpinComponents(2 * z - z * product, -product + 1, minus)
        case .semiclassicalWigner:
            let one = zeta + zeta, plus = one * z
            return SpinComponents(plus, ComplexScalar(one + -1, one.zero), plus.conjugate)
        }
    }

    /// H(x, p).
    func value<R: RealScalar>(_ x1: R, _ x2: R, _ p1: R, _ p2: R) -> R {
        switch representation {
        case .q, .p: return symbol.value(turn.model(spin(x1, x2, p1, p2)))
        case .semiclassicalWigner: return wigner(x1, x2, p1, p2)
        }
    }

    /// (ẋ₁, ẋ₂, ṗ₁, ṗ₂) = (∂H/∂p, −∂H/∂x).
    func velocity<R: RealScalar>(_ x1: R, _ x2: R, _ p1: R, _ p2: R) -> (R, R, R, R) {
        if representation == .semiclassicalWigner {
            let h = wigner(DualOver(variable: x1, 0), DualOver(variable: x2, 1), DualOver(variable: p1, 2), DualOver(variable: p2, 3))
            return (h.d2, h.d3, -h.d0, -h.d1)
        }
        let n = spin(x1, x2, p1, p2), g = turn.chart(symbol.gradient(turn.model(n)))
        let z = ComplexScalar(x1, x2), zBar = z.conjugate, zeta = (z.squaredMagnitude + 1).reciprocal, squared = zeta * zeta
        if representation == .q {
            // dH = 2 Re[a dn₊ + b dz̄] with n_z and n₋ following n₊ and z̄
            let a = g.plus - zBar * (g.z + zBar * g.minus), b = 2 * (n.z * g.minus) - n.plus * g.z
            let slope = (2 * squared) * (a + (-(z * z * a)).conjugate) + b.conjugate
            return (-a.re, a.im, -2 * slope.re, 2 * slope.im)
        }
        let a = g.minus - z * (g.z + z * g.plus), b = 2 * (n.z * g.plus) - n.minus * g.z
        let slope = b + (2 * squared) * (a.conjugate - zBar * zBar * a)
        return (a.re, a.im, -2 * slope.re, 2 * slope.im)
    }

    /// H = ẋ·p + ½ Σ_k |c_k|² with the mean-field velocity ẋ and c_k the slope of l_k along momentum.
    private func wigner<R: RealScalar>(_ x1: R, _ x2: R, _ p1: R, _ p2: R) -> R {
        let z = ComplexScalar(x1, x2), zBar = z.conjugate, n = turn.model(spin(x1, x2, p1, p2))
        let powers = SpinPowers(n, degree: max(symbol.degree, 1)), drift = turn.chart(powers.gradient(symbol.generator))
        let momentum = ComplexScalar(0.5 * p1, 0.5 * p2)                             // π̄
        func down(_ g: SpinComponents<R>) -> ComplexScalar<R> { g.plus - zBar * (g.z + zBar * g.minus) }
        func up(_ g: SpinComponents<R>) -> ComplexScalar<R> { g.minus - z * (g.z + z * g.plus) }
        var a = 0.5 * down(drift), diffusion = x1.zero
        for jump in symbol.jumps {
            let slope = turn.chart(powers.gradient(jump)), along = down(slope)
            a += powers.value(jump).conjugate * along
            diffusion += (along * momentum - up(slope) * momentum.conjugate).squaredMagnitude
        }
        return a.im * p2 - a.re * p1 + 0.5 * diffusion
    }
}

extension AuxiliaryHamiltonian {
    func value(_ y: SIMD4<Double>) -> Double { value(y.x, y.y, y.z, y.w) }

    func velocity(_ y: SIMD4<Double>) -> SIMD4<Double> {
        let v = velocity(y.x, y.y, y.z, y.w)
        return SIMD4(v.0, v.1, v.2, v.3)
    }

    /// The velocity and its derivatives: column k is ∂ẏ/∂y_k.
    func linearised(_ y: SIMD4<Double>) -> (velocity: SIMD4<Double>, columns: [SIMD4<Double>]) {
        let v = velocity(Dual(variable: y.x, 0), Dual(variable: y.y, 1), Dual(variable: y.z, 2), Dual(variable: y.w, 3))
        func column(_ k: Int) -> SIMD4<Double> { SIMD4(v.0.slope[k], v.1.slope[k], v.2.slope[k], v.3.slope[k]) }
        return (SIMD4(v.0.value, v.1.value, v.2.value, v.3.value), [column(0), column(1), column(2), column(3)])
    }
}
