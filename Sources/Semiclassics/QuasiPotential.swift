import Foundation
import Numbers
import SpinAlgebra

/// The action S(z) from one fixed point, by all motions that leave it: of an attractor the ways up; of a saddle the free way
/// down from it, and what lies beside that.
struct LocalQuasiPotential {
    private let chart: Chart
    private let manifold: InvariantManifold
    private let hamiltonian: AuxiliaryHamiltonian
    /// Adjacent motions, each at equal lengths on the sphere.
    private var rays: [Ray] = []

    private struct Ray {
        let angle: Double
        var points: [Sample]
    }
    private struct Sample {
        /// Position, momentum.
        let y: SIMD4<Double>
        let action: Double
        let direction: SIMD3<Double>
    }

    /// Length between samples in radians, and where a ray ends.
    private static let spacing = 0.05, greatestLength = 5.0, greatestCount = 2000
    /// Of triangles between samples: size in radians, and by how much their corners may disagree about a value.
    private static let greatestReach = 0.2, greatestSpread = 0.1

    /// - Throws: `EigenvalueError`.
    /// - Returns: nil where the fixed point is not hyperbolic.
    init?(_ symbol: ClassicalSymbol, _ representation: Representation, at point: FixedPoint) throws {
        chart = Chart(centre: point.spin)
        hamiltonian = AuxiliaryHamiltonian(symbol, Gauge(representation), chart: chart)
        guard let manifold = try InvariantManifold(hamiltonian, at: .zero, isUnstable: true) else { return nil }
        self.manifold = manifold
        rays = (0..<120).map { ray(2 * .pi * Double($0) / 120) }
        // More rays wherever neighbours come apart.
        for _ in 0..<24 {
            var additions: [Ray] = []
            for k in rays.indices where rays.count + additions.count < Self.greatestCount {
                let a = rays[k], b = rays[(k + 1) % rays.count], common = min(a.points.count, b.points.count)
                let span = b.angle > a.angle ? b.angle - a.angle : b.angle + 2 * .pi - a.angle
                guard span > 1e-12, common > 0 else { continue }
                if (a.points[common - 1].direction - b.points[common - 1].direction).length > 0.1 {
                    additions.append(ray((a.angle + 0.5 * span).truncatingRemainder(dividingBy: 2 * .pi)))
                }
            }
            if additions.isEmpty { break }
            rays = (rays + additions).sorted { $0.angle < $1.angle }
        }
    }

    private func ray(_ angle: Double) -> Ray {
        var integrator = Extrapolation<OrbitMatcher.State>(tolerance: 1e-8, firstStep: 0.05, velocity: OrbitMatcher.flow(hamiltonian))
        var state = OrbitMatcher.state(manifold, angle, manifold.greatestCircle)
        var ray = Ray(angle: angle, points: [])
        var length = 0.0
        while length < Self.greatestLength {
            let y = SIMD4(state[0], state[1], state[2], state[3])
            guard y.max() < 60, y.min() > -60 else { break }
            ray.points.append(Sample(y: y, action: state[4], direction: chart.direction(y.x, y.y)))
            let v = integrator.velocity(state), speed = 2 * (v[0] * v[0] + v[1] * v[1]).squareRoot() / (1 + y.x * y.x + y.y * y.y)
            guard speed > 1e-7, let next = integrator.state(after: Self.spacing / speed, from: state) else { break }
            state = next
            length += Self.spacing
        }
        return ray
    }

    /// S at each direction; infinite where no motion arrives. Where several do, the least.
    func values(at directions: [SIMD3<Double>]) -> [Double] {
        var least = [Double](repeating: .infinity, count: directions.count)
        let places = directions.map { n -> SIMD2<Double> in
            let (a, b) = chart.coordinates(n)
            return SIMD2(a, b)
        }
        // About the fixed point itself: the series.
        var isSettled = [Bool](repeating: false, count: directions.count)
        for (k, x) in places.enumerated() where (x * x).sum() < 0.5 {
            if let c = coordinates(of: x), case let m = manifold.metric.apply(c), (m * m).sum().squareRoot() <= 1.05 * manifold.greatestCircle {
                least[k] = manifold.action.evaluate(c.x, c.y)
                isSettled[k] = true
            }
        }
        let buckets = Buckets(directions)
        for k in rays.indices {
            let a = rays[k].points, b = rays[(k + 1) % rays.count].points
            for m in 1..<max(1, min(a.count, b.count)) {
                for corners in [[a[m - 1], a[m], b[m]], [a[m - 1], b[m], b[m - 1]]] {
                    fill(corners, places, buckets, isSettled, &least)
                }
            }
        }
        return least
    }

    /// c with the position x, by Newton's iteration.
    private func coordinates(of x: SIMD2<Double>) -> SIMD2<Double>? {
        var c = SIMD2(0.0, 0.0)
        for _ in 0..<30 {
            let y = manifold.point(c), a = manifold.tangent(c, along: [1, 0]), b = manifold.tangent(c, along: [0, 1])
            guard let step = Matrix2(a.x, b.x, a.y, b.y).solve(x - SIMD2(y.x, y.y)) else { return nil }
            c += step
            guard (c * c).sum() < 1 else { return nil }
            if (step * step).sum() < 1e-26 { return c }
        }
        return nil
    }

    /// Grid points inside a triangle of samples, each with its value: from every corner S + ½p·dx, exact for quadratic S.
    private func fill(_ corners: [Sample], _ places: [SIMD2<Double>], _ buckets: Buckets, _ isSettled: [Bool], _ least: inout [Double]) {
        let p = corners.map { SIMD2($0.y.x, $0.y.y) }, u = p[1] - p[0], v = p[2] - p[0], area = u.x * v.y - u.y * v.x
        guard abs(area) > 1e-300 else { return }
        let middle = (corners[0].direction + corners[1].direction + corners[2].direction).unit
        let reach = corners.reduce(0) { max($0, ($1.direction - middle).length) }
        guard reach < Self.greatestReach else { return }
        buckets.visit(near: middle, within: reach + 1e-9) { k in
            if isSettled[k] { return }
            let d = places[k] - p[0]
            let s = (d.x * v.y - d.y * v.x) / area, t = (u.x * d.y - u.y * d.x) / area
            guard s >= -1e-9, t >= -1e-9, s + t <= 1 + 1e-9 else { return }
            var value = 0.0, lowest = Double.infinity, highest = -Double.infinity
            for (weight, corner) in zip([1 - s - t, s, t], corners) {
                let step = places[k] - SIMD2(corner.y.x, corner.y.y), rise = corner.y.z * step.x + corner.y.w * step.y
                value += weight * (corner.action + 0.5 * rise)
                lowest = min(lowest, corner.action + rise)
                highest = max(highest, corner.action + rise)
            }
            // Corners of one sheet agree to second order; where motions have come apart they do not.
            guard highest - lowest < Self.greatestSpread else { return }
            if value < least[k], value > -1e-6 { least[k] = value }
        }
    }

    /// Directions by cells of a cube, to find those near a place.
    private struct Buckets {
        private var cells: [SIMD3<Int32>: [Int]] = [:]
        private let directions: [SIMD3<Double>]
        private static let size = 0.05

        init(_ directions: [SIMD3<Double>]) {
            self.directions = directions
            for (k, n) in directions.enumerated() { cells[Self.cell(n), default: []].append(k) }
        }
        private static func cell(_ n: SIMD3<Double>) -> SIMD3<Int32> {
            SIMD3(Int32((n.x / size).rounded(.down)), Int32((n.y / size).rounded(.down)), Int32((n.z / size).rounded(.down)))
        }
        func visit(near n: SIMD3<Double>, within reach: Double, _ body: (Int) -> Void) {
            let low = Self.cell(n - SIMD3(repeating: reach)), high = Self.cell(n + SIMD3(repeating: reach))
            for x in low.x...high.x {
                for y in low.y...high.y {
                    for z in low.z...high.z {
                        for k in cells[SIMD3(x, y, z)] ?? [] where (directions[k] - n).length <= reach { body(k) }
                    }
                }
            }
        }
    }
}

/// S(z) on the sphere: the quasiprobability of the steady state ~ exp(−j S), least value 0.
public struct QuasiPotential: Sendable {
    /// S at each direction; NaN where no motion arrives.
    public let values: [Double]
    /// Index of the source that each direction is reached from; −1 where none.
    public let owners: [Int]

    /// - Parameters:
    ///   - sources: fixed points with S there: attractors with w_i of their weights (`MetastableChain.weightExponents`), and the
    ///     saddles between basins.
    /// - Throws: `EigenvalueError`.
    public init(_ symbol: ClassicalSymbol, _ representation: Representation, sources: [(point: FixedPoint, value: Double)],
                at directions: [SIMD3<Double>]) throws {
        var values = [Double](repeating: .infinity, count: directions.count), owners = [Int](repeating: -1, count: directions.count)
        for (i, source) in sources.enumerated() where source.value.isFinite {
            guard let local = try LocalQuasiPotential(symbol, representation, at: source.point) else { continue }
            for (k, own) in local.values(at: directions).enumerated() where source.value + own < values[k] {
                values[k] = source.value + own
                owners[k] = i
            }
        }
        self.values = values.map { $0.isFinite ? $0 : .nan }
        self.owners = owners
    }
}

extension BarrierSolution {
    /// Attractors and the exits that instantons lead to, each with its S: what the quasi-potential is built on.
    public func sources(_ representation: Representation) -> [(point: FixedPoint, value: Double)] {
        let weights = MetastableChain(barriers: barriers(representation)).weightExponents
        let own = attractors.indices.map { (point: attractors[$0], value: weights[$0]) }
        return own + exits.indices.compactMap { exit in
            let ways = attractors.indices.compactMap { i in instantons[representation]?[i][exit].map { weights[i] + $0.action } }
            return ways.min().map { (point: exits[exit], value: $0) }
        }
    }
}
