import Foundation
import LinearAlgebra
import Numbers

/// The unstable (or stable) manifold of a fixed point of the auxiliary dynamics, as a power series: a graph over its two
/// tangent directions, y = y₀ + E (c, g(c)) with c = (u, v).
///
/// The equation for g in each degree is never singular: it asks for ⟨k, λ⟩ − μ with λ the eigenvalues inside and μ those
/// outside, which differ in sign. So there are no resonances; nor caustics, since the manifold need not be a graph over
/// positions.
struct InvariantManifold: Sendable {
    let origin: SIMD4<Double>
    /// Orthonormal basis of the tangent plane, and of its complement in phase space (the other invariant subspace).
    let inside: [SIMD4<Double>]
    let outside: [SIMD4<Double>]
    /// Rows of the inverse of (inside, outside).
    private let inverse: [SIMD4<Double>]
    /// Linear flow on the tangent plane.
    let linear: Matrix2
    /// Components of y as series in c.
    let series: [Jet]
    private let slopes: [(Jet, Jet)]
    /// ∫ p dx from the fixed point.
    let action: Jet
    /// |c| up to which the series solve the equation of motion to `truncation`, relative to the rates there.
    let radius: Double
    /// Circles |metric · c| = r are crossed once by every motion.
    let metric: Matrix2

    static let truncation = 1e-14

    /// - Parameters:
    ///   - isUnstable: whether motion leaves the fixed point, or ends there.
    ///   - order: degree of the series.
    /// - Throws: `EigenvalueError`.
    /// - Returns: nil where the fixed point is not hyperbolic in phase space.
    init?(_ hamiltonian: AuxiliaryHamiltonian, at origin: SIMD4<Double>, isUnstable: Bool, order: Int = 14) throws {
        self.origin = origin
        let columns = hamiltonian.linearised(origin).columns
        guard let split = try Self.subspaces(columns, isUnstable: isUnstable) else { return nil }
        let (inside, outside) = split
        (self.inside, self.outside) = split
        let basis = (inside + outside).flatMap { [$0.x, $0.y, $0.z, $0.w] }
        let unit: [Double] = (0..<16).map { $0 % 5 == 0 ? 1 : 0 }
        guard let solved = DenseEigen.solve(basis, size: 4, rightHandSides: unit) else { return nil }
        let inverse = (0..<4).map { row in SIMD4(solved[row], solved[4 + row], solved[8 + row], solved[12 + row]) }
        self.inverse = inverse
        func block(_ rows: Range<Int>, _ vectors: [SIMD4<Double>]) -> Matrix2 {
            func image(_ v: SIMD4<Double>) -> SIMD4<Double> { v.x * columns[0] + v.y * columns[1] + v.z * columns[2] + v.w * columns[3] }
            let a = image(vectors[0]), b = image(vectors[1]), r = rows.lowerBound
            return Matrix2((inverse[r] * a).sum(), (inverse[r] * b).sum(), (inverse[r + 1] * a).sum(), (inverse[r + 1] * b).sum())
        }
        let linear = block(0..<2, inside), other = block(2..<4, outside)
        self.linear = linear

        // Degree by degree: Dg_k(c)·Λc − M g_k = what lower degrees leave of the equation.
        var g = [Jet(order: order), Jet(order: order)]
        func coordinates(_ degree: Int) -> [Jet] {
            (0..<4).map { row in
                var jet = Jet(order: degree)
                jet.coefficients[0] = origin[row]
                if degree > 0 {
                    jet[1, 0] = inside[0][row]
                    jet[0, 1] = inside[1][row]
                }
                return jet + (outside[0][row] * g[0].truncated(to: degree) + outside[1][row] * g[1].truncated(to: degree))
            }
        }
        if order > 1 {
            for degree in 2...order {
                let y = coordinates(degree), v = hamiltonian.velocity(y[0], y[1], y[2], y[3])
                func component(_ row: Int) -> Jet {
                    let w = inverse[row]
                    return w.x * v.0 + w.y * v.1 + (w.z * v.2 + w.w * v.3)
                }
                let flow = [component(0), component(1)], normal = [component(2), component(3)]
                let lower = g.map { $0.truncated(to: degree) }
                let defect = (0..<2).map { normal[$0] - (lower[$0].derivative(0) * flow[0] + lower[$0].derivative(1) * flow[1]) }
                guard let solved = Self.homological(linear, other, defect, degree) else { return nil }
                for b in 0...degree {
                    g[0][degree - b, b] = solved[b]
                    g[1][degree - b, b] = solved[degree + 1 + b]
                }
            }
        }
        let y = coordinates(order)
        series = y
        let slopes = y.map { ($0.derivative(0), $0.derivative(1)) }
        self.slopes = slopes

        // p·dx is closed on the manifold: along rays, degree by degree.
        var action = Jet(order: order)
        for (x, p) in [(y[0], y[2]), (y[1], y[3])] {
            let along = [p * x.derivative(0), p * x.derivative(1)]
            for k in 1...order {
                for b in 0...k {
                    var sum = 0.0
                    if b < k { sum += along[0][k - 1 - b, b] }
                    if b > 0 { sum += along[1][k - b, b - 1] }
                    action[k - b, b] += sum / Double(k)
                }
            }
        }
        self.action = action
        // As far as the series solve the equation of motion.
        let rate = columns.reduce(0) { max($0, $1.max(), -$1.min()) }
        var radius = 0.5
        search: while radius > 1e-4 {
            for k in 0..<16 {
                let angle = 2 * .pi * Double(k) / 16, c = SIMD2(radius * cos(angle), radius * sin(angle))
                var point = SIMD4<Double>.zero, image = SIMD4<Double>.zero
                for row in 0..<4 { point[row] = y[row].evaluate(c.x, c.y) }
                let v = hamiltonian.velocity(point), along = SIMD2((inverse[0] * v).sum(), (inverse[1] * v).sum())
                for row in 0..<4 { image[row] = along.x * slopes[row].0.evaluate(c.x, c.y) + along.y * slopes[row].1.evaluate(c.x, c.y) }
                let defect = v - image
                guard (defect * defect).sum().squareRoot() <= Self.truncation * rate else {
                    radius *= 0.85
                    continue search
                }
            }
            break
        }
        self.radius = radius
        metric = Self.metric(linear, sign: isUnstable ? 1 : -1)
    }

    /// The point of phase space at c.
    func point(_ c: SIMD2<Double>) -> SIMD4<Double> {
        SIMD4(series[0].evaluate(c.x, c.y), series[1].evaluate(c.x, c.y), series[2].evaluate(c.x, c.y), series[3].evaluate(c.x, c.y))
    }

    /// ∂y/∂c along a direction.
    func tangent(_ c: SIMD2<Double>, along d: SIMD2<Double>) -> SIMD4<Double> {
        var result = SIMD4<Double>.zero
        for row in 0..<4 {
            result[row] = d.x * slopes[row].0.evaluate(c.x, c.y) + d.y * slopes[row].1.evaluate(c.x, c.y)
        }
        return result
    }

    /// Tangent coordinates c of a point near the manifold, and how far off the manifold it lies.
    func project(_ y: SIMD4<Double>) -> (c: SIMD2<Double>, distance: Double) {
        let d = y - origin, c = SIMD2((inverse[0] * d).sum(), (inverse[1] * d).sum())
        let off = y - point(c)
        return (c, (off * off).sum().squareRoot())
    }

    /// The point at an angle of the circle of radius r in the metric.
    func circle(_ angle: Double, radius r: Double) -> SIMD2<Double> { metric.solve(SIMD2(r * cos(angle), r * sin(angle)))! }
    func circleSlope(_ angle: Double, radius r: Double) -> SIMD2<Double> { metric.solve(SIMD2(-r * sin(angle), r * cos(angle)))! }
    func angle(of c: SIMD2<Double>) -> Double {
        let v = metric.apply(c)
        return atan2(v.y, v.x)
    }
    /// Radius of the largest circle within `radius` of the origin.
    var greatestCircle: Double {
        (0..<32).map { k -> Double in
            let c = circle(2 * .pi * Double(k) / 32, radius: 1)
            return radius / (c * c).sum().squareRoot()
        }.min()!
    }

    // MARK: Linear parts

    /// Orthonormal bases of the invariant subspaces with Re λ > 0 and < 0; nil where these are not two and two.
    private static func subspaces(_ columns: [SIMD4<Double>], isUnstable: Bool) throws -> (inside: [SIMD4<Double>], outside: [SIMD4<Double>])? {
        let matrix = columns.flatMap { [$0.x, $0.y, $0.z, $0.w] }, scale = matrix.reduce(0) { max($0, abs($1)) }
        guard matrix.allSatisfy(\.isFinite) else { return nil }
        var up: [SIMD4<Double>] = [], down: [SIMD4<Double>] = []
        for pair in try DenseEigen.eigenpairs(matrix, size: 4).right {
            guard abs(pair.value.re) > 1e-9 * scale else { return nil }
            var vectors = [SIMD4(pair.vector[0].re, pair.vector[1].re, pair.vector[2].re, pair.vector[3].re)]
            if pair.value.im != 0 { vectors.append(SIMD4(pair.vector[0].im, pair.vector[1].im, pair.vector[2].im, pair.vector[3].im)) }
            if pair.value.re > 0 { up += vectors } else { down += vectors }
        }
        guard up.count == 2, down.count == 2 else { return nil }
        // Two eigenvectors may be all but parallel (a node about to become a focus); the plane that they span is well defined.
        guard let first = orthonormal(up), let second = orthonormal(down) else { return nil }
        return isUnstable ? (first, second) : (second, first)
    }

    private static func orthonormal(_ v: [SIMD4<Double>]) -> [SIMD4<Double>]? {
        let first = v[0] / (v[0] * v[0]).sum().squareRoot()
        var second = v[1]
        for _ in 0..<2 { second -= (first * second).sum() * first }
        let norm = (second * second).sum().squareRoot()
        guard norm > 1e-13 else { return nil }
        return [first, second / norm]
    }

    /// Solves ∂g/∂c·Λc − M g = defect in one degree; coefficients of g₁ by b, then of g₂.
    private static func homological(_ linear: Matrix2, _ other: Matrix2, _ defect: [Jet], _ degree: Int) -> [Double]? {
        let n = degree + 1, size = 2 * n
        var matrix = [Double](repeating: 0, count: size * size), right = [Double](repeating: 0, count: size)
        for component in 0..<2 {
            for b in 0...degree {
                let a = degree - b, column = component * n + b
                func add(_ row: Int, _ value: Double) { matrix[column * size + row] += value }
                // ∂(u^a v^b)·Λc = a u^(a−1) v^b (Λ₁₁u + Λ₁₂v) + b u^a v^(b−1) (Λ₂₁u + Λ₂₂v)
                add(column, Double(a) * linear.a + Double(b) * linear.d)
                if a > 0 { add(column + 1, Double(a) * linear.b) }
                if b > 0 { add(column - 1, Double(b) * linear.c) }
                add(b, -(component == 0 ? other.a : other.b))
                add(n + b, -(component == 0 ? other.c : other.d))
                right[column] = defect[component][a, b]
            }
        }
        return DenseEigen.solve(matrix, size: size, rightHandSides: right)
    }

    /// M with d|Mc|²/dt = ±|c|²·(positive): MᵀM solves ΛᵀX + XΛ = ±1 and is split by Cholesky.
    private static func metric(_ l: Matrix2, sign: Double) -> Matrix2 {
        // Unknowns X11, X12, X22.
        let matrix: [Double] = [2 * l.a, l.b, 0, 2 * l.c, l.a + l.d, 2 * l.b, 0, l.c, 2 * l.d]
        let x = DenseEigen.solve(matrix, size: 3, rightHandSides: [sign, 0, sign]) ?? [1, 0, 1]
        let size = max(x[0], x[2]), p = (x[0] / size).squareRoot(), q = x[1] / size / p
        return Matrix2(p, q, 0, max(x[2] / size - q * q, 1e-12).squareRoot())
    }
}
