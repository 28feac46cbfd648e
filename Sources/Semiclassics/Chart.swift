import Numbers
import SpinAlgebra

/// Stereographic coordinates of the sphere about any direction: z = x₁ + i x₂ = tan(θ/2) e^{iφ}, singular only opposite
/// the centre.
struct Chart: Sendable {
    /// Rows x′, y′, z′ (the centre) in laboratory coordinates; right-handed.
    let axes: [SIMD3<Double>]

    /// - Parameter normal: the direction of x₁, as nearly as it can be; nil: any.
    init(centre: SIMD3<Double>, normal: SIMD3<Double>? = nil) {
        let z = centre.unit
        let spare: [SIMD3<Double>] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
        let wanted = normal ?? spare.min { abs(($0 * z).sum()) < abs(($1 * z).sum()) }!
        let x = (wanted - (wanted * z).sum() * z).unit
        axes = [x, z.cross(x), z]
    }

    /// A unit vector's coordinates.
    func coordinates(_ n: SIMD3<Double>) -> (Double, Double) {
        let down = 1 + (n * axes[2]).sum()
        return ((n * axes[0]).sum() / down, (n * axes[1]).sum() / down)
    }

    func direction(_ x1: Double, _ x2: Double) -> SIMD3<Double> {
        let r = x1 * x1 + x2 * x2
        return (1 / (1 + r)) * (2 * x1 * axes[0] + 2 * x2 * axes[1] + (1 - r) * axes[2])
    }

    /// Real and imaginary part of a complexified spin in laboratory axes.
    func laboratory(_ n: SpinComponents<Double>) -> (re: SIMD3<Double>, im: SIMD3<Double>) {
        // n_x = (n₊ + n₋)/2, n_y = (n₊ − n₋)/2i
        let x = (n.plus + n.minus).scaled(0.5, 0), difference = n.plus - n.minus
        let y = ComplexScalar(0.5 * difference.im, -0.5 * difference.re)
        return (x.re * axes[0] + y.re * axes[1] + n.z.re * axes[2], x.im * axes[0] + y.im * axes[1] + n.z.im * axes[2])
    }
}

/// Takes components (+, z, −) of a spin from a chart's axes to those of the model, and gradients back.
struct SpinTurn: Sendable {
    /// Coefficient of the chart's component b in the model's component a, at 3a + b.
    private let matrix: [Complex]
    private let isIdentity: Bool

    init(_ chart: Chart) {
        let axes = chart.axes
        func row(_ x: Complex, _ y: Complex, _ z: Complex) -> [Complex] {
            func along(_ e: SIMD3<Double>) -> Complex { e.x * x + e.y * y + e.z * z }
            let a = along(axes[0]), b = Complex.i * along(axes[1])
            // n′_x = (n′₊ + n′₋)/2, n′_y = (n′₊ − n′₋)/2i
            return [0.5 * (a - b), along(axes[2]), 0.5 * (a + b)]
        }
        let all = row(.one, .i, .zero) + row(.zero, .zero, .one) + row(.one, -.i, .zero)
        matrix = all.map { Complex(abs($0.re) < 1e-16 ? 0 : $0.re, abs($0.im) < 1e-16 ? 0 : $0.im) }
        isIdentity = matrix == [.one, .zero, .zero, .zero, .one, .zero, .zero, .zero, .one]
    }

    private func combined<R: RealScalar>(_ n: SpinComponents<R>, _ first: Int, _ stride: Int) -> ComplexScalar<R> {
        let a = matrix[first], b = matrix[first + stride], c = matrix[first + 2 * stride]
        var sum = n.plus.scaled(a.re, a.im)
        if b != .zero { sum += n.z.scaled(b.re, b.im) }
        if c != .zero { sum += n.minus.scaled(c.re, c.im) }
        return sum
    }

    /// Components along the model's axes.
    func model<R: RealScalar>(_ n: SpinComponents<R>) -> SpinComponents<R> {
        isIdentity ? n : SpinComponents(combined(n, 0, 1), combined(n, 3, 1), combined(n, 6, 1))
    }

    /// Slopes along the chart's components, of those along the model's.
    func chart<R: RealScalar>(_ g: SpinComponents<R>) -> SpinComponents<R> {
        isIdentity ? g : SpinComponents(combined(g, 0, 3), combined(g, 1, 3), combined(g, 2, 3))
    }
}

extension SIMD3<Double> {
    var length: Double { (self * self).sum().squareRoot() }
    var unit: SIMD3<Double> { self / length }
    func dot(_ other: SIMD3<Double>) -> Double { (self * other).sum() }
    func cross(_ b: SIMD3<Double>) -> SIMD3<Double> {
        SIMD3(y * b.z - z * b.y, z * b.x - x * b.z, x * b.y - y * b.x)
    }
}
