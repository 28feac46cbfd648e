import Foundation
import Numbers
import SpinAlgebra

/// The invariant plane of a model with a reflection symmetry: spins with an imaginary component along the normal and real
/// ones in the plane (docs/semiclassics.md, section 4).
///
/// There x₁ = p₁ = 0 for a chart whose x′ is the normal, and instantons are level curves of K(w, p) = H/p with w = x₂.
struct ReflectionPlane: Sendable {
    let symbol: ClassicalSymbol
    /// Unit vector.
    let normal: SIMD3<Double>

    /// - Returns: nil where the auxiliary Hamiltonian has no reflection symmetry at the plane, n → n̄ with the component along
    ///   the normal reversed.
    init?(_ symbol: ClassicalSymbol, normal: SIMD3<Double>) {
        self.symbol = symbol
        self.normal = normal.unit
        let auxiliary = AuxiliarySymbol(symbol), turn = SpinTurn(Chart(centre: Chart(centre: normal).axes[0], normal: normal))
        // Points of the complexified sphere, from two complex numbers each.
        for k in 1...12 {
            let t = Double(k)
            let z = ComplexScalar(sin(1.3 * t), cos(2.1 * t)), zeta = 1 / (1 + z.squaredMagnitude)
            let plus = (2 * zeta) * z - ComplexScalar(0.7 * cos(0.9 * t), 0.5 * sin(3.7 * t)), product = z.conjugate * plus
            let n = SpinComponents(plus, -product + 1, 2 * z.conjugate - z.conjugate * product)
            // n_x → −n̄_x: n₊ = n_x + i n_y → −n̄_x + i n̄_y = −conj(n₊), and n₋ likewise.
            let image = SpinComponents(-n.plus.conjugate, n.z.conjugate, -n.minus.conjugate)
            let here = auxiliary.value(turn.model(n)), there = auxiliary.value(turn.model(image)), size = auxiliary.size(turn.model(n))
            if abs(here - there) > 1e-11 * size { return nil }
        }
    }

    func contains(_ m: SIMD3<Double>) -> Bool { abs(m.dot(normal)) < 1e-7 }
}

extension AuxiliarySymbol {
    /// What the parts of H add up to where nothing cancels.
    fileprivate func size(_ n: SpinComponents<Double>) -> Double {
        jumps.reduce(generator.value(n).squaredMagnitude.squareRoot()) { $0 + $1.value(n).squaredMagnitude }
    }
}

/// K(w, p) = H(0, w, 0, p)/p, divided exactly, with its slopes.
struct PlaneEnergy {
    private let hamiltonian: AuxiliaryHamiltonian
    private let nodes: [(place: Double, weight: Double)]

    init(_ hamiltonian: AuxiliaryHamiltonian) {
        self.hamiltonian = hamiltonian
        // H is a polynomial in p, H_p of one degree less: Gauss with n nodes is exact to degree 2n − 1.
        nodes = GaussLegendre.unitInterval((hamiltonian.momentumDegree + 1) / 2)
    }

    /// K = ∫₀¹ H_p(w, sp) ds with ∂K/∂w, ∂K/∂p.
    func callAsFunction(_ w: Double, _ p: Double) -> (value: Double, w: Double, p: Double) {
        let zero = Dual(0, .zero), position = Dual(w, [1, 0, 0, 0])
        var sum = (0.0, 0.0, 0.0)
        for (s, weight) in nodes {
            let v = hamiltonian.velocity(zero, position, zero, Dual(s * p, [0, 1, 0, 0])).1
            sum.0 += weight * v.value
            sum.1 += weight * v.slope.x
            sum.2 += weight * s * v.slope.y
        }
        return sum
    }
}

/// A zero-energy curve of the plane from a fixed point to the next one with p = 0.
struct PlaneCurve {
    /// Corrected points (w, p) along the curve, both ends included.
    let points: [SIMD2<Double>]
    /// ∫ p dw up to each of the points.
    let actions: [Double]
    /// Greatest |K| at a point.
    let residual: Double
    var action: Double { actions.last ?? .nan }

    /// Coordinates beyond which a curve is taken to run off to a pole.
    static let bound = 50.0
}

/// Follows zero-energy curves by predictor and corrector.
struct PlaneTracer {
    let energy: PlaneEnergy
    /// Greatest length of a step, and greatest angle that the curve may turn by in one.
    var stride = 0.25
    var turn = 0.5
    /// Of each step.
    private let nodes = GaussLegendre.unitInterval(12)
    /// Short at first: where two fixed points are about to meet, the curve between them is.
    private static let firstStep = 4e-3

    init(_ energy: PlaneEnergy) { self.energy = energy }

    enum Outcome {
        case arrived(PlaneCurve, w: Double)
        /// The curve leaves the chart, or has a pole.
        case unbounded
        case lost
    }

    /// - Parameter upward: whether w grows at first.
    func trace(from start: Double, upward: Bool) -> Outcome {
        var v = SIMD2(start, 0.0), points = [v], actions = [0.0], residual = 0.0
        var ds = min(stride, Self.firstStep)
        guard var direction = tangent(v) else { return .lost }
        if (direction.x > 0) != upward { direction = -direction }
        for _ in 0..<20_000 {
            // A curve that crosses p = 0 and comes back within one step would not be seen to have ended.
            guard let step = advance(v, direction, ds, &residual), points.count == 1 || !step.dips || v.y * step.end.y <= 0 else {
                ds *= 0.5
                if ds < 1e-8 { return .lost }
                continue
            }
            let last = v.y, new = step.end
            // Past a zero of p: the step is taken anew, to the zero itself.
            if points.count > 1, last * new.y <= 0, let end = root(near: v + (last / (last - new.y)) * (new - v)) {
                let gap = end - v, length = (gap * gap).sum().squareRoot()
                guard let final = advance(v, gap / length, length, &residual) else { return .lost }
                points.append(SIMD2(end.x, 0))
                actions.append(actions[actions.count - 1] + final.action)
                return .arrived(PlaneCurve(points: points, actions: actions, residual: residual), w: end.x)
            }
            points.append(new)
            actions.append(actions[actions.count - 1] + step.action)
            v = new
            direction = step.direction
            if max(abs(v.x), abs(v.y)) > PlaneCurve.bound { return .unbounded }
            ds = min(stride * max(1, 0.3 * max(abs(v.x), abs(v.y))), 2.5 * ds)
        }
        return .lost
    }

    /// Unit tangent of the level curve.
    private func tangent(_ v: SIMD2<Double>) -> SIMD2<Double>? {
        let k = energy(v.x, v.y), t = SIMD2(-k.p, k.w), size = (t * t).sum().squareRoot()
        return size > 0 && size.isFinite ? t / size : nil
    }

    /// The piece of the curve above the chord of given length along t: its end, its tangent there, and ∫ p dw by Gauss on
    /// points of the curve.
    private func advance(_ v: SIMD2<Double>, _ t: SIMD2<Double>, _ length: Double,
                         _ residual: inout Double) -> (end: SIMD2<Double>, direction: SIMD2<Double>, action: Double, dips: Bool)? {
        let normal = SIMD2(-t.y, t.x)
        // Heights above the chord, and slopes, where the curve is known.
        var known: [(place: Double, height: Double, slope: Double)] = [(0, 0, 0)], sum = 0.0, worst = 0.0, dips = false
        func guess(_ s: Double) -> Double {
            let last = known[known.count - 1], h = s - last.place
            guard known.count > 1 else { return last.height + last.slope * h }
            // Cubic through the last two places with their slopes.
            let before = known[known.count - 2], d = last.place - before.place, rise = (last.height - before.height) / d
            let second = (2 * last.slope + before.slope - 3 * rise) / d, third = (last.slope + before.slope - 2 * rise) / (d * d)
            return last.height + h * (last.slope + h * (second + h * third))
        }
        func settle(_ s: Double) -> (point: SIMD2<Double>, slope: Double)? {
            var height = guess(s), last = Double.infinity
            for _ in 0..<12 {
                let point = v + s * t + height * normal, k = energy(point.x, point.y)
                let across = k.w * normal.x + k.p * normal.y, along = k.w * t.x + k.p * t.y
                guard across != 0, k.value.isFinite else { return nil }
                let step = -k.value / across, slope = -along / across
                if abs(step) < 1e-13 * (1 + abs(point.x) + abs(point.y)) || (abs(step) >= last && abs(step) < 1e-11) {
                    guard abs(slope) < 1 else { return nil }
                    worst = max(worst, abs(k.value))
                    height += step
                    known.append((s, height, slope))
                    return (v + s * t + height * normal, slope)
                }
                last = abs(step)
                height += step
                if abs(height) > length { return nil }
            }
            return nil
        }
        for (c, weight) in nodes {
            guard let node = settle(c * length) else { return nil }
            dips = dips || node.point.y * v.y < 0
            sum += weight * length * node.point.y * (t.x + node.slope * normal.x)
        }
        guard let end = settle(length), abs(atan(end.slope)) < turn else { return nil }
        let direction = t + end.slope * normal
        residual = max(residual, worst)
        return (end.point, direction / (direction * direction).sum().squareRoot(), sum, dips)
    }

    /// The zero of K(w, 0) near a point.
    private func root(near v: SIMD2<Double>) -> SIMD2<Double>? {
        var w = v.x
        for _ in 0..<50 {
            let k = energy(w, 0), step = k.value / k.w
            guard step.isFinite else { return nil }
            w -= step
            if abs(step) < 1e-15 * (1 + abs(w)) { break }
        }
        return abs(w - v.x) < 0.2 ? SIMD2(w, 0) : nil
    }
}
