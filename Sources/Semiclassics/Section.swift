import Foundation

/// A Poincaré section: the great circle through a point, across the flow there. Places on it are angles s from the point.
struct Section {
    let origin: SIMD3<Double>
    /// Unit vectors along the flow at the origin, and along the section.
    let normal: SIMD3<Double>, along: SIMD3<Double>
    private let scale: Double

    /// nil at a fixed point.
    init?(_ m: SIMD3<Double>, of field: MeanField) {
        let v = field.velocity(m), speed = v.length
        guard speed > 0, speed.isFinite else { return nil }
        origin = m
        normal = v / speed
        along = normal.cross(m).unit
        scale = speed
    }

    func spin(_ s: Double) -> SIMD3<Double> { cos(s) * origin + sin(s) * along }
    private func place(_ m: SIMD3<Double>) -> Double { atan2(m.dot(along), m.dot(origin)) }

    /// Whether a step passes the great circle in the sense of the flow at the origin (`direction` −1: against it).
    func isPassed(from a: SIMD3<Double>, to b: SIMD3<Double>, _ direction: Double) -> Bool {
        direction * normal.dot(a) < 0 && direction * normal.dot(b) >= 0
    }
    func isNear(_ m: SIMD3<Double>) -> Bool { (m - origin).length < 0.7 }
    private func isCrossed(from a: SIMD3<Double>, to b: SIMD3<Double>, _ direction: Double) -> Bool { isPassed(from: a, to: b, direction) && isNear(b) }

    struct Return {
        let place: Double
        let time: Double
        /// ∫ div F dt on the way.
        let growth: Double
        /// dP/ds of the return map.
        let slope: Double
    }

    enum Closed {
        case cycle(LimitCycle)
        /// Neighbours are closed as well.
        case family
    }

    /// The first return to the section near its origin.
    ///
    /// All is meant with time running as given: backward, velocity and divergence change sign.
    /// - Parameters:
    ///   - direction: 1: forward in time; −1: backward.
    ///   - patience: the time after which it is given up.
    private func returned(_ s: Double, _ field: MeanField, _ direction: Double, within patience: Double) -> Return? {
        var orbit = Extrapolation<SIMD4<Double>>(tolerance: 2e-14, firstStep: 0.02 / scale) { direction * field.velocityAndDivergence($0) }
        let start = spin(s), normal = direction * self.normal, across = direction * field.velocity(start).dot(normal)
        guard across > 0 else { return nil }
        var state = SIMD4(start, 0), time = 0.0, hasLeft = false
        while time < patience {
            let a = SIMD3(state.x, state.y, state.z)
            guard let (end, dt) = orbit.advance(state, limit: 0.4 / max(field.velocity(a).length, 0.1 * scale)) else { return nil }
            let b = SIMD3(end.x, end.y, end.z)
            if normal.dot(b) < 0 { hasLeft = true }
            if hasLeft, normal.dot(a) < 0, normal.dot(b) >= 0, isNear(b) {
                // The time of crossing by Newton's iteration, each time from the beginning of the step.
                var part = dt * normal.dot(a) / (normal.dot(a) - normal.dot(b)), last = end, went = part
                for _ in 0..<12 {
                    guard let (there, gone) = orbit.advance(state, limit: part), gone == part else { return nil }
                    last = there
                    went = part
                    let m = SIMD3(there.x, there.y, there.z), change = normal.dot(m) / (direction * normal.dot(field.velocity(m)))
                    guard change.isFinite else { return nil }
                    if abs(change) < 1e-15 * (1 + time) { break }
                    part -= change
                    if !(part > 0 && part < 1.5 * dt) { return nil }
                }
                let m = SIMD3(last.x, last.y, last.z), speed = direction * field.velocity(m).dot(normal)
                guard speed > 0 else { return nil }
                return Return(place: place(m), time: time + went, growth: last.w, slope: exp(last.w) * across / speed)
            }
            state = end
            // The sphere is kept to rounding.
            let m = b.unit
            state = SIMD4(m, end.w)
            time += dt
        }
        return nil
    }

    /// The closed orbit near the origin, by Newton's iteration for P(s) = s; nil: there is none, or it is no orbit but a
    /// fixed point.
    /// - Parameters:
    ///   - direction: in which the orbit is followed: the one in which it attracts, for accuracy.
    ///   - duration: about the period.
    func closed(_ field: MeanField, _ fixedPoints: [SIMD3<Double>], _ direction: Double, duration: Double) -> Closed? {
        var s = 0.0, last = Double.infinity
        for _ in 0..<15 {
            guard let back = returned(s, field, direction, within: 3 * duration) else { return nil }
            let gap = back.place - s, here = spin(s)
            // As good as closed, with multiplier one: so are its neighbours in a family.
            if abs(gap) < 1e-10, abs(back.growth) < 1e-8 {
                let room = min(1e-2, 0.3 * nearest(here, fixedPoints))
                let isFamily = [-room, room].allSatisfy { shift in
                    returned(s + shift, field, direction, within: 3 * duration).map { abs($0.place - s - shift) < 1e-9 } ?? false
                }
                return isFamily ? .family : nil
            }
            let step = gap / (1 - back.slope), limit = min(0.2, 0.4 * nearest(here, fixedPoints))
            guard step.isFinite else { return nil }
            if abs(step) < 1e-13 || (abs(step) < 1e-11 && abs(step) >= 0.5 * last) {
                return .cycle(LimitCycle(spin: here, period: back.time, exponent: direction * back.growth / back.time))
            }
            if abs(s + step) > 0.6 || limit < 1e-6 { return nil }
            s += max(-limit, min(limit, step))
            last = abs(step)
        }
        return nil
    }

    private func nearest(_ m: SIMD3<Double>, _ points: [SIMD3<Double>]) -> Double { points.reduce(2) { min($0, ($1 - m).length) } }

    /// Where a cycle passes this section nearest to the origin; nil where it does not.
    func passage(of cycle: LimitCycle, _ field: MeanField) -> Double? {
        var orbit = Extrapolation<SIMD3<Double>>(tolerance: 1e-12, firstStep: 0.02 / scale) { field.velocity($0) }
        var m = cycle.spin, time = 0.0, best: Double?
        while time < 1.01 * cycle.period, let (end, dt) = orbit.advance(m, limit: 0.02 * cycle.period) {
            if isCrossed(from: m, to: end, 1) {
                var part = dt * normal.dot(m) / (normal.dot(m) - normal.dot(end)), at = end
                for _ in 0..<8 {
                    guard let (there, _) = orbit.advance(m, limit: part) else { break }
                    at = there
                    part -= normal.dot(there) / normal.dot(field.velocity(there))
                }
                if abs(place(at)) < abs(best ?? .infinity) { best = place(at) }
            }
            m = end.unit
            time += dt
            if dt == 0 { break }
        }
        return best
    }
}

extension MeanField {
    /// (ṁ, div F) at (m, ·): the divergence on the sphere.
    func velocityAndDivergence(_ state: SIMD4<Double>) -> SIMD4<Double> {
        let m = SIMD3(state.x, state.y, state.z), flow = linearised(m), c = flow.columns
        let radial = m.x * c[0] + m.y * c[1] + m.z * c[2]
        return SIMD4(flow.velocity, c[0].x + c[1].y + c[2].z - m.dot(radial) / m.dot(m))
    }
}
