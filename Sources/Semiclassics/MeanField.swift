import Numbers
import SpinAlgebra

/// The classical spin of a model: ṁ = [∇h − Im Σ_k l̄_k ∇l_k] × m on the unit sphere (docs/semiclassics.md, eq. 1).
public struct MeanField: Sendable {
    public let symbol: ClassicalSymbol
    private let auxiliary: AuxiliarySymbol

    public init(_ symbol: ClassicalSymbol) {
        self.symbol = symbol
        auxiliary = AuxiliarySymbol(symbol)
    }

    func velocity<R: RealScalar>(_ x: R, _ y: R, _ z: R) -> (R, R, R) {
        let plus = ComplexScalar(x, y)
        let g = auxiliary.gradient(SpinComponents(plus, ComplexScalar(z, z.zero), plus.conjugate))
        // ṁ = i g × m with g_x = g₊ + g₋, g_y = i (g₊ − g₋): for a real spin the result is real, −Im g × m.
        let a = -(g.plus.im + g.minus.im), b = g.minus.re - g.plus.re, c = -g.z.im
        return (b * z - c * y, c * x - a * z, a * y - b * x)
    }

    public func velocity(_ m: SIMD3<Double>) -> SIMD3<Double> {
        let v = velocity(m.x, m.y, m.z)
        return SIMD3(v.0, v.1, v.2)
    }

    /// Velocity and its derivatives in space: column k is ∂ṁ/∂m_k. (Off the sphere it is the polynomial's continuation.)
    func linearised(_ m: SIMD3<Double>) -> (velocity: SIMD3<Double>, columns: [SIMD3<Double>]) {
        let v = velocity(Dual(variable: m.x, 0), Dual(variable: m.y, 1), Dual(variable: m.z, 2))
        func column(_ k: Int) -> SIMD3<Double> { SIMD3(v.0.slope[k], v.1.slope[k], v.2.slope[k]) }
        return (SIMD3(v.0.value, v.1.value, v.2.value), [column(0), column(1), column(2)])
    }

    /// The linearised flow on the tangent plane at a unit vector, in an orthonormal basis e₁, e₂ with e₁ × e₂ = m.
    func tangent(_ m: SIMD3<Double>) -> TangentFlow {
        let chart = Chart(centre: m), e1 = chart.axes[0], e2 = chart.axes[1], full = linearised(m)
        func along(_ e: SIMD3<Double>) -> SIMD3<Double> { e.x * full.columns[0] + e.y * full.columns[1] + e.z * full.columns[2] }
        let first = along(e1), second = along(e2)
        return TangentFlow(e1: e1, e2: e2, velocity: SIMD2(e1.dot(full.velocity), e2.dot(full.velocity)),
                           matrix: Matrix2(e1.dot(first), e1.dot(second), e2.dot(first), e2.dot(second)))
    }
}

/// The mean field near a point of the sphere.
struct TangentFlow {
    let e1: SIMD3<Double>, e2: SIMD3<Double>
    let velocity: SIMD2<Double>
    let matrix: Matrix2

    /// Newton's step towards a zero of the velocity; nil where the linearised flow is singular.
    var step: SIMD2<Double>? { matrix.solve(-velocity) }
    func moved(_ m: SIMD3<Double>, by step: SIMD2<Double>) -> SIMD3<Double> { (m + step.x * e1 + step.y * e2).unit }
}

/// A real 2 × 2 matrix by rows.
struct Matrix2: Equatable, Sendable {
    var a, b, c, d: Double
    init(_ a: Double, _ b: Double, _ c: Double, _ d: Double) { (self.a, self.b, self.c, self.d) = (a, b, c, d) }

    var trace: Double { a + d }
    var determinant: Double { a * d - b * c }
    /// Greatest magnitude of an element.
    var size: Double { max(max(abs(a), abs(b)), max(abs(c), abs(d))) }
    func apply(_ v: SIMD2<Double>) -> SIMD2<Double> { SIMD2(a * v.x + b * v.y, c * v.x + d * v.y) }
    func solve(_ v: SIMD2<Double>) -> SIMD2<Double>? {
        let determinant = self.determinant
        guard abs(determinant) > 1e-300 else { return nil }
        return SIMD2((d * v.x - b * v.y) / determinant, (a * v.y - c * v.x) / determinant)
    }
    /// Norm of the inverse (Frobenius), infinite for a singular matrix.
    var inverseNorm: Double {
        let determinant = abs(self.determinant)
        return determinant > 0 ? (a * a + b * b + c * c + d * d).squareRoot() / determinant : .infinity
    }
    /// Greater real part first; of a pair the upper one first.
    var eigenvalues: (Complex, Complex) {
        let half = 0.5 * (a + d), discriminant = 0.25 * (a - d) * (a - d) + b * c
        if discriminant < 0 { return (Complex(half, (-discriminant).squareRoot()), Complex(half, -(-discriminant).squareRoot())) }
        let root = discriminant.squareRoot()
        return (Complex(half + root), Complex(half - root))
    }
}
