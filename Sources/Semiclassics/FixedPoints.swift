import Foundation
import Numbers

/// A fixed point of the mean field.
public struct FixedPoint: Sendable, Equatable {
    public enum Kind: Int, Sendable {
        case attractor = 0, saddle = 1, repeller = 2
        /// An eigenvalue's real part is zero within rounding (a centre, a bifurcation).
        case marginal = 3
    }
    /// Unit vector.
    public let spin: SIMD3<Double>
    /// Of the linearised flow on the sphere: greater real part first, of a pair the upper one first.
    public let eigenvalues: (Complex, Complex)
    public let kind: Kind

    public static func == (a: FixedPoint, b: FixedPoint) -> Bool { a.spin == b.spin && a.kind == b.kind }

    /// +1 for attractors, repellers and centres, −1 for saddles.
    public var index: Int { (eigenvalues.0 * eigenvalues.1).re < 0 ? -1 : 1 }
    /// Least |Re λ|.
    public var slowestRate: Double { min(abs(eigenvalues.0.re), abs(eigenvalues.1.re)) }

    init(_ spin: SIMD3<Double>, of field: MeanField) {
        let matrix = field.tangent(spin).matrix, values = matrix.eigenvalues
        self.spin = spin
        eigenvalues = values
        let floor = 1e-11 * max(matrix.size, .leastNormalMagnitude)
        if abs(values.0.re) <= floor || abs(values.1.re) <= floor { kind = .marginal }
        else if values.0.re < 0 { kind = .attractor }
        else { kind = values.1.re > 0 ? .repeller : .saddle }
    }
}

/// All fixed points of a mean field.
public struct FixedPointSet: Sendable {
    /// In ascending order of n_z, then n_x, n_y.
    public let points: [FixedPoint]
    /// Whether the sphere was covered: every cell holds a fixed point found, or provably (up to sampled bounds on the
    /// second derivatives) none. False where fixed points are not isolated.
    public let isComplete: Bool
    /// Sum of the indices: 2 on a sphere if all are found and isolated (Poincaré–Hopf).
    public var indexSum: Int { points.reduce(0) { $0 + $1.index } }

    public var attractors: [FixedPoint] { points.filter { $0.kind == .attractor } }
}

extension MeanField {
    /// All fixed points, by subdivision of the sphere.
    ///
    /// A cell is dismissed where |F(c)| exceeds what first and second derivatives can make up over its radius, and done
    /// where Newton–Kantorovich's theorem says that its one zero is the one found; all others are divided.
    public func fixedPoints() -> FixedPointSet {
        var search = FixedPointSearch(field: self)
        return search.run()
    }
}

private struct FixedPointSearch {
    let field: MeanField
    private var found: [(spin: SIMD3<Double>, isMarginal: Bool)] = []
    private var curvature = 0.0
    private var scale = 0.0
    private var isComplete = true
    private var count = 0

    /// Cells that are looked at before fixed points are taken not to be isolated.
    private static let greatestCount = 60_000
    /// About a zero at which the linearised flow is singular (a bifurcation) nothing is told apart so far out; more such zeros
    /// than this are a line of fixed points.
    private static let marginalReach = 2e-3, greatestMarginalCount = 6

    init(field: MeanField) { self.field = field }

    /// A quadrilateral on one face of the cube about the sphere, |u|, |v| ≤ 1.
    private struct Cell {
        let face: Int
        let u: Double, v: Double, half: Double
        func direction(_ u: Double, _ v: Double) -> SIMD3<Double> {
            // Equal angles instead of equal lengths: cells of about one size.
            let a = tan(u * .pi / 4), b = tan(v * .pi / 4), sign = face < 3 ? 1.0 : -1.0
            switch face % 3 {
            case 0: return SIMD3(sign, a, b).unit
            case 1: return SIMD3(a, sign, b).unit
            default: return SIMD3(a, b, sign).unit
            }
        }
        var centre: SIMD3<Double> { direction(u, v) }
        /// From the centre to the farthest corner, on the tangent plane.
        var radius: Double {
            let c = centre
            return [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)].map { s, t -> Double in
                let corner = direction(u + s * half, v + t * half), along = corner.dot(c)
                return (corner - along * c).length / along
            }.max()!
        }
        var parts: [Cell] {
            let h = half / 2
            return [(-h, -h), (-h, h), (h, -h), (h, h)].map { Cell(face: face, u: u + $0, v: v + $1, half: h) }
        }
    }

    mutating func run() -> FixedPointSet {
        let side = 10, half = 1.0 / Double(side)
        var cells: [Cell] = []
        for face in 0..<6 {
            for a in 0..<side {
                for b in 0..<side { cells.append(Cell(face: face, u: -1 + half * Double(2 * a + 1), v: -1 + half * Double(2 * b + 1), half: half)) }
            }
        }
        measure()
        guard scale > 0 else { return FixedPointSet(points: [], isComplete: false) }
        while let cell = cells.popLast() {
            count += 1
            if count > Self.greatestCount {
                isComplete = false
                break
            }
            if !settle(cell) { cells += cell.parts }
        }
        let points = found.map { FixedPoint($0.spin, of: field) }.sorted {
            let (a, b) = ($0.spin, $1.spin)
            if abs(a.z - b.z) > 1e-9 { return a.z < b.z }
            return abs(a.x - b.x) > 1e-9 ? a.x < b.x : a.y < b.y
        }
        let isLine = found.filter(\.isMarginal).count > Self.greatestMarginalCount
        return FixedPointSet(points: points, isComplete: isComplete && !isLine)
    }

    /// Sampled bounds: greatest velocity, and greatest change of the linearised flow from place to place, doubled.
    private mutating func measure() {
        for m in MeanField.starts(400) {
            let here = field.tangent(m), base = field.linearised(m)
            scale = max(scale, here.velocity.x.magnitude, here.velocity.y.magnitude, here.matrix.size)
            for e in [here.e1, here.e2] {
                let h = 1e-4, there = field.linearised((m + h * e).unit)
                for c in 0..<3 { curvature = max(curvature, (there.columns[c] - base.columns[c]).length / h) }
            }
        }
        // Columns apart, the projection on the tangent plane beside them, and what lies between the samples.
        curvature = 3 * curvature + 2 * scale
    }

    /// Whether nothing more is to be said about the cell.
    private mutating func settle(_ cell: Cell) -> Bool {
        let c = cell.centre, r = cell.radius, flow = field.tangent(c)
        let speed = (flow.velocity * flow.velocity).sum().squareRoot(), m = flow.matrix
        let slope = (m.a * m.a + m.b * m.b + m.c * m.c + m.d * m.d).squareRoot()
        if speed > slope * r + 0.5 * curvature * r * r { return true }
        let beta = m.inverseNorm
        if let step = flow.step {
            let eta = (step * step).sum().squareRoot()
            // |J⁻¹F| beyond the radius, and too little curvature to bend the zero into the cell.
            if eta > r + 0.5 * beta * curvature * r * r { return true }
            let h = beta * curvature * eta
            if h < 0.45, (1 + (1 - 2 * h).squareRoot()) / (beta * curvature) > r {
                polish(c)
                return true
            }
        }
        if r < 0.1 * Self.marginalReach, speed < 1e-2 * Self.marginalReach * scale {
            func isCovered() -> Bool { found.contains { $0.isMarginal && ($0.spin - c).length < Self.marginalReach } }
            if isCovered() { return true }
            polish(c)
            if isCovered() { return true }
        }
        // As close as rounding lets zeros be told apart.
        if r < 3e-7 {
            if speed < 1e-6 * scale { polish(c) }
            return true
        }
        return false
    }

    private mutating func polish(_ start: SIMD3<Double>) {
        guard let end = field.fixedPoint(near: start), (end - start).length < 0.3 else { return }
        let m = field.tangent(end).matrix, isMarginal = abs(m.determinant) < 1e-8 * m.size * m.size
        if !found.contains(where: { ($0.spin - end).length < ($0.isMarginal && isMarginal ? 1e-3 : 1e-7) }) { found.append((end, isMarginal)) }
    }
}

extension MeanField {
    /// Newton's iteration on the sphere; nil where it does not converge.
    public func fixedPoint(near start: SIMD3<Double>) -> SIMD3<Double>? {
        var m = start.unit, last = Double.infinity
        for _ in 0..<60 {
            let flow = tangent(m)
            guard let step = flow.step else { return flow.velocity == .zero ? m : nil }
            let size = (step * step).sum().squareRoot()
            guard size.isFinite else { return nil }
            m = flow.moved(m, by: size > 0.3 ? (0.3 / size) * step : step)
            if size < 1e-15 || (size < 1e-12 && size >= last) { return m }
            // Doubly degenerate zeros are approached by half the distance each time.
            if size < 1e-9 && size >= 0.9 * last { return m }
            last = size
        }
        return last < 1e-7 ? m : nil
    }
}
