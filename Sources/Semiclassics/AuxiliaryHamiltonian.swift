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

/// Which canonical coordinates the complexified spin is written in.
enum Gauge: Equatable, Sendable {
    case q, p
    /// The symmetric one. Of the exact Hamilton function so much is taken, of that cut off after the second order in momenta
    /// the rest: 0 is semiclassical Wigner, 1 is exact, and between them one is deformed into the other. All have the same
    /// fixed points with the same linear motion about them.
    case wigner(exact: Double)

    init(_ representation: Representation) {
        switch representation {
        case .q: self = .q
        case .p: self = .p
        case .semiclassicalWigner: self = .wigner(exact: 0)
        }
    }
}

/// The Hamilton function of weak noise in canonical coordinates of one representation: ∂S/∂t + H(x, ∂S/∂x) = 0.
///
/// Coordinates: stereographic, z = x₁ + i x₂ = tan(θ/2) e^{iφ} about the chart's own z′; y = (x₁, x₂, p₁, p₂). Formulas:
/// docs/semiclassics.md, derived in the setting of arXiv:2604.15091.
struct AuxiliaryHamiltonian: Sendable {
    let gauge: Gauge
    let chart: Chart
    private let symbol: AuxiliarySymbol
    private let turn: SpinTurn

    init(_ symbol: ClassicalSymbol, _ gauge: Gauge, chart: Chart) {
        self.gauge = gauge
        self.chart = chart
        // Symbols are sparse in the axes of the model and dense in others: spins are turned, not polynomials.
        self.symbol = AuxiliarySymbol(symbol)
        turn = SpinTurn(chart)
    }

    /// Of H in the momenta at given x, where it is a polynomial of them.
    var momentumDegree: Int { gauge == .wigner(exact: 0) ? 2 : max(symbol.degree, 1) }

    /// The complexified spin (n₊, n_z, n₋) in the chart's axes.
    func spin<R: RealScalar>(_ x1: R, _ x2: R, _ p1: R, _ p2: R) -> SpinComponents<R> {
        let z = ComplexScalar(x1, x2), zBar = z.conjugate, size = z.squaredMagnitude + 1, zeta = size.reciprocal
        let down = ComplexScalar(0.5 * p1, -0.5 * p2), up = down.conjugate               // π = ∂S/∂z, π̄
        switch gauge {
        case .q:
            // n₊ = 2z/(1+|z|²) − π̄
            let plus = (2 * zeta) * z - up, product = zBar * plus
            return SpinComponents(plus, -product + 1, 2 * zBar - zBar * product)
        case .p:
            let minus = (2 * zeta) * zBar + down, product = z * minus
            return SpinComponents(2 * z - z * product, -product + 1, minus)
        case .wigner:
            // n = s + i t with s along the real spin m, t = m × π/2 and s² − t² = 1.
            let stretch = (down.squaredMagnitude * (0.25 * (size * size)) + 1).squareRoot, along = (2 * (zeta * stretch)) * z
            return SpinComponents(along - 0.5 * (up + z * z * down), ComplexScalar((2 * zeta + -1) * stretch, 0.5 * (x1 * p2 - x2 * p1)),
                                  along.conjugate + 0.5 * (down + zBar * zBar * up))
        }
    }

    /// The real spin m at x.
    private func classicalSpin<R: RealScalar>(_ x1: R, _ x2: R) -> SpinComponents<R> {
        let z = ComplexScalar(x1, x2), zeta = (z.squaredMagnitude + 1).reciprocal, plus = (2 * zeta) * z
        return SpinComponents(plus, ComplexScalar(2 * zeta + -1, zeta.zero), plus.conjugate)
    }

    /// H(x, p).
    func value(_ x1: Double, _ x2: Double, _ p1: Double, _ p2: Double) -> Double {
        func exact() -> Double { symbol.value(turn.model(spin(x1, x2, p1, p2))) }
        guard case .wigner(let share) = gauge else { return exact() }
        return (share == 0 ? 0 : share * exact()) + (share == 1 ? 0 : (1 - share) * diffusive(x1, x2, p1, p2).value)
    }

    /// (ẋ₁, ẋ₂, ṗ₁, ṗ₂) = (∂H/∂p, −∂H/∂x).
    func velocity<R: RealScalar>(_ x1: R, _ x2: R, _ p1: R, _ p2: R) -> (R, R, R, R) {
        switch gauge {
        case .q, .p: return holomorphic(x1, x2, p1, p2)
        case .wigner(let share):
            func cut() -> (R, R, R, R) {
                let h = diffusive(Sloped(x1, x1.zero + 1, x1.zero), Sloped(x2, x2.zero, x2.zero + 1), Sloped(p1, p1.zero, p1.zero), Sloped(p2, p2.zero, p2.zero))
                return (h.p1.value, h.p2.value, -h.value.d0, -h.value.d1)
            }
            if share == 0 { return cut() }
            let full = symmetric(x1, x2, p1, p2)
            if share == 1 { return full }
            let part = cut(), rest = 1 - share
            return (share * full.0 + rest * part.0, share * full.1 + rest * part.1, share * full.2 + rest * part.2, share * full.3 + rest * part.3)
        }
    }

    private func holomorphic<R: RealScalar>(_ x1: R, _ x2: R, _ p1: R, _ p2: R) -> (R, R, R, R) {
        let n = spin(x1, x2, p1, p2), g = turn.chart(symbol.gradient(turn.model(n)))
        let z = ComplexScalar(x1, x2), zBar = z.conjugate, zeta = (z.squaredMagnitude + 1).reciprocal, squared = zeta * zeta
        if gauge == .q {
            // dH = 2 Re[a dn₊ + b dz̄] with n_z and n₋ following n₊ and z̄
            let a = g.plus - zBar * (g.z + zBar * g.minus), b = 2 * (n.z * g.minus) - n.plus * g.z
            let slope = (2 * squared) * (a + (-(z * z * a)).conjugate) + b.conjugate
            return (-a.re, a.im, -2 * slope.re, 2 * slope.im)
        }
        let a = g.minus - z * (g.z + z * g.plus), b = 2 * (n.z * g.plus) - n.minus * g.z
        let slope = b + (2 * squared) * (a.conjugate - zBar * zBar * a)
        return (a.re, a.im, -2 * slope.re, 2 * slope.im)
    }

    /// The exact motion in the symmetric gauge, ∂H/∂y = 2 Re Σ (∂H/∂n_a)(∂n_a/∂y).
    private func symmetric<R: RealScalar>(_ x1: R, _ x2: R, _ p1: R, _ p2: R) -> (R, R, R, R) {
        let zero = x1.zero, one = zero + 1
        let positions = spin(Sloped(x1, one, zero), Sloped(x2, zero, one), Sloped(p1, zero, zero), Sloped(p2, zero, zero))
        let momenta = spin(Sloped(x1, zero, zero), Sloped(x2, zero, zero), Sloped(p1, one, zero), Sloped(p2, zero, one))
        func value(_ a: ComplexScalar<Sloped<R>>) -> ComplexScalar<R> { ComplexScalar(a.re.value, a.im.value) }
        let n = SpinComponents(value(positions.plus), value(positions.z), value(positions.minus))
        let g = turn.chart(symbol.gradient(turn.model(n)))
        func slopes(_ n: SpinComponents<Sloped<R>>) -> (R, R) {
            func part(_ g: ComplexScalar<R>, _ n: ComplexScalar<Sloped<R>>) -> (R, R) {
                (g.re * n.re.d0 - g.im * n.im.d0, g.re * n.re.d1 - g.im * n.im.d1)
            }
            let a = part(g.plus, n.plus), b = part(g.z, n.z), c = part(g.minus, n.minus)
            return (2 * (a.0 + b.0 + c.0), 2 * (a.1 + b.1 + c.1))
        }
        let x = slopes(positions), p = slopes(momenta)
        return (p.0, p.1, -x.0, -x.1)
    }

    /// H = ẋ·p + ½ Σ_k |c_k|² with the mean-field velocity ẋ and c_k the slope of l_k along momentum; and ∂H/∂p.
    private func diffusive<R: RealScalar>(_ x1: R, _ x2: R, _ p1: R, _ p2: R) -> (value: R, p1: R, p2: R) {
        let z = ComplexScalar(x1, x2), zBar = z.conjugate, n = turn.model(classicalSpin(x1, x2))
        let drift = turn.chart(symbol.generator.linearised(n).gradient)
        let momentum = ComplexScalar(0.5 * p1, 0.5 * p2)                             // π̄
        func down(_ g: SpinComponents<R>) -> ComplexScalar<R> { g.plus - zBar * (g.z + zBar * g.minus) }
        func up(_ g: SpinComponents<R>) -> ComplexScalar<R> { g.minus - z * (g.z + z * g.plus) }
        var a = 0.5 * down(drift), diffusion = x1.zero, first = x1.zero, second = x1.zero
        for jump in symbol.jumps {
            let (value, gradient) = jump.linearised(n), slope = turn.chart(gradient), along = down(slope), against = up(slope)
            a += value.conjugate * along
            let c = along * momentum - against * momentum.conjugate, even = along + against, odd = along - against
            diffusion += c.squaredMagnitude
            // ∂c/∂p₁ = (along − against)/2, ∂c/∂p₂ = i (along + against)/2
            first += c.re * odd.re + c.im * odd.im
            second += c.im * even.re - c.re * even.im
        }
        return (a.im * p2 - a.re * p1 + 0.5 * diffusion, 0.5 * first - a.re, 0.5 * second + a.im)
    }
}

extension AuxiliaryHamiltonian {
    func value(_ y: SIMD4<Double>) -> Double { value(y.x, y.y, y.z, y.w) }

    func spin(_ y: SIMD4<Double>) -> SpinComponents<Double> { spin(y.x, y.y, y.z, y.w) }

    /// Real and imaginary part of the complexified spin in laboratory axes. In semiclassical Wigner, which knows no complexified
    /// spin, the real spin at the position.
    func laboratorySpin(_ y: SIMD4<Double>) -> (re: SIMD3<Double>, im: SIMD3<Double>) {
        gauge == .wigner(exact: 0) ? (chart.direction(y.x, y.y), .zero) : chart.laboratory(spin(y))
    }

    /// The phase space point of a complexified spin in the chart's axes (Q and P: undoes `spin`).
    func point(_ n: SpinComponents<Double>) -> SIMD4<Double> {
        func quotient(_ a: ComplexScalar<Double>, _ b: ComplexScalar<Double>) -> ComplexScalar<Double> { (1 / b.squaredMagnitude) * (a * b.conjugate) }
        let onePlus = n.z + 1
        precondition(gauge == .q || gauge == .p)
        // z̄ = n₋/(1 + n_z) in Q, z = n₊/(1 + n_z) in P
        let z = gauge == .q ? quotient(n.minus, onePlus).conjugate : quotient(n.plus, onePlus), zeta = 1 / (1 + z.squaredMagnitude)
        let up = gauge == .q ? (2 * zeta) * z - n.plus : (n.minus - (2 * zeta) * z.conjugate).conjugate
        return SIMD4(z.re, z.im, 2 * up.re, 2 * up.im)
    }

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
