import Foundation
import LinearAlgebra
import Numbers

/// A zero-energy orbit of the auxiliary dynamics from one fixed point to another.
struct HeteroclinicOrbit: Sendable {
    /// ∫ p dx over the whole orbit.
    let action: Double
    /// Phase space points along the orbit, from circle to circle.
    let points: [SIMD4<Double>]
    /// ∫ p dx from the first fixed point up to each point.
    let actions: [Double]
    /// From circle to circle.
    let times: [Double]
    /// Mismatch where the halves meet.
    let residual: Double
    /// Greatest |H| along the orbit.
    let energy: Double
}

/// Where an orbit leaves the source's circle and enters the target's, and how long it takes: what Newton's iteration works on.
struct OrbitGuess {
    var departure: Double
    var arrival: Double
    var time: Double
}

/// Finds orbits from the unstable manifold of one fixed point to the stable manifold of another.
///
/// Both manifolds are known as power series up to circles about the fixed points, so orbits need to be followed only in
/// between: from either circle to the middle, where they must meet. No end is cut off, and the time is short.
struct OrbitMatcher {
    let hamiltonian: AuxiliaryHamiltonian
    let source: InvariantManifold
    let target: InvariantManifold
    /// Radii of the circles, in the manifolds' metrics.
    let departureRadius: Double
    let arrivalRadius: Double

    static let tolerance = 1e-13
    /// A mismatch that does not shrink any more is rounding, blown up by the motion's own instability, up to this size. The
    /// action, being stationary, does not see it in first order.
    static let acceptance = 1e-8

    /// - Parameter shrink: by how much the circles are smaller than the series allow.
    init(_ hamiltonian: AuxiliaryHamiltonian, from source: InvariantManifold, to target: InvariantManifold, shrink: Double = 1) {
        self.hamiltonian = hamiltonian
        self.source = source
        self.target = target
        departureRadius = source.greatestCircle / shrink
        arrivalRadius = target.greatestCircle / shrink
    }

    // MARK: Newton's iteration

    /// y (0…3), ∫p dx (4), ∂y/∂φ (5…8).
    private typealias Tangent = SIMD16<Double>

    private func tangentFlow(_ s: Tangent) -> Tangent {
        let y = SIMD4(s[0], s[1], s[2], s[3]), flow = hamiltonian.linearised(y), v = flow.velocity
        var d = s[5] * flow.columns[0]
        d += s[6] * flow.columns[1]
        d += s[7] * flow.columns[2]
        d += s[8] * flow.columns[3]
        var result = Tangent.zero
        for k in 0..<4 {
            result[k] = v[k]
            result[5 + k] = d[k]
        }
        result[4] = y.z * v.x + y.w * v.y
        return result
    }

    private func begin(_ manifold: InvariantManifold, _ angle: Double, _ radius: Double) -> Tangent {
        let c = manifold.circle(angle, radius: radius), slope = manifold.circleSlope(angle, radius: radius)
        let y = manifold.point(c), d = manifold.tangent(c, along: slope)
        var state = Tangent.zero
        for k in 0..<4 {
            state[k] = y[k]
            state[5 + k] = d[k]
        }
        state[4] = manifold.action.evaluate(c.x, c.y)
        return state
    }

    private struct Meeting {
        let forward: Tangent, backward: Tangent
        var gap: SIMD4<Double> { SIMD4(forward[0] - backward[0], forward[1] - backward[1], forward[2] - backward[2], forward[3] - backward[3]) }
        var distance: Double { (gap * gap).sum().squareRoot() }
    }

    private func meet(_ guess: OrbitGuess, _ forwardTime: Double) -> Meeting? {
        var out = Extrapolation<Tangent>(tolerance: Self.tolerance, firstStep: 0.05, velocity: tangentFlow)
        guard let forward = out.state(after: forwardTime, from: begin(source, guess.departure, departureRadius)) else { return nil }
        var back = Extrapolation<Tangent>(tolerance: Self.tolerance, firstStep: 0.05, velocity: tangentFlow)
        guard let backward = back.state(after: forwardTime - guess.time, from: begin(target, guess.arrival, arrivalRadius)) else { return nil }
        return Meeting(forward: forward, backward: backward)
    }

    /// Corrects a guess until both halves meet.
    ///
    /// Unknown are both angles and the time; the four conditions are one too many, but energy is zero on both manifolds.
    func polish(_ start: OrbitGuess) -> (guess: OrbitGuess, orbit: HeteroclinicOrbit)? {
        var guess = start
        let forwardTime = 0.5 * guess.time
        guard var meeting = meet(guess, forwardTime) else { return nil }
        var last = Double.infinity
        for _ in 0..<40 {
            let distance = meeting.distance
            if distance < 1e-13 || (distance < Self.acceptance && distance > 0.3 * last) { return orbit(guess, forwardTime, distance) }
            last = distance
            guard let step = step(meeting) else { return nil }
            var factor = min(1, 0.5 / max(abs(step.x), abs(step.y), abs(step.z) / max(1, guess.time))), isBetter = false
            for _ in 0..<8 {
                let trial = OrbitGuess(departure: guess.departure + factor * step.x, arrival: guess.arrival + factor * step.y, time: guess.time + factor * step.z)
                if trial.time > forwardTime, let next = meet(trial, forwardTime), next.distance < distance || (factor == 1 && distance < Self.acceptance) {
                    (guess, meeting, isBetter) = (trial, next, true)
                    break
                }
                factor *= 0.4
            }
            if !isBetter { return distance < Self.acceptance ? orbit(guess, forwardTime, distance) : nil }
        }
        return nil
    }

    /// Gauss–Newton step in (departure, arrival, time).
    private func step(_ m: Meeting) -> SIMD3<Double>? {
        let a = SIMD4(m.forward[5], m.forward[6], m.forward[7], m.forward[8]), b = -SIMD4(m.backward[5], m.backward[6], m.backward[7], m.backward[8])
        // The backward half ends at −(T − T_f): a longer time takes it further back.
        let c = hamiltonian.velocity(SIMD4(m.backward[0], m.backward[1], m.backward[2], m.backward[3]))
        // By orthogonalisation: columns differ by orders of magnitude.
        let columns = [a, b, c], sizes = columns.map { ($0 * $0).sum().squareRoot() }
        guard sizes.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
        var q: [SIMD4<Double>] = [], r = [[Double]](repeating: [0, 0, 0], count: 3)
        for k in 0..<3 {
            var v = columns[k] / sizes[k]
            for i in 0..<q.count {
                for _ in 0..<2 {
                    let overlap = (q[i] * v).sum()
                    r[i][k] += overlap
                    v -= overlap * q[i]
                }
            }
            r[k][k] = (v * v).sum().squareRoot()
            guard r[k][k] > 1e-14 else { return nil }
            q.append(v / r[k][k])
        }
        var x = [0.0, 0.0, 0.0]
        for k in stride(from: 2, through: 0, by: -1) {
            var sum = -(q[k] * m.gap).sum()
            for i in (k + 1)..<3 where k < 2 { sum -= r[k][i] * x[i] }
            x[k] = sum / r[k][k]
        }
        return SIMD3(x[0] / sizes[0], x[1] / sizes[1], x[2] / sizes[2])
    }

    // MARK: The orbit itself

    /// y and ∫p dx.
    typealias State = SIMD8<Double>

    static func flow(_ hamiltonian: AuxiliaryHamiltonian) -> (State) -> State {
        { s in
            let y = SIMD4(s[0], s[1], s[2], s[3]), v = hamiltonian.velocity(y)
            return State(v.x, v.y, v.z, v.w, y.z * v.x + y.w * v.y, 0, 0, 0)
        }
    }

    static func state(_ manifold: InvariantManifold, _ angle: Double, _ radius: Double) -> State {
        let c = manifold.circle(angle, radius: radius), y = manifold.point(c)
        return State(y.x, y.y, y.z, y.w, manifold.action.evaluate(c.x, c.y), 0, 0, 0)
    }

    private func orbit(_ guess: OrbitGuess, _ forwardTime: Double, _ distance: Double) -> (guess: OrbitGuess, orbit: HeteroclinicOrbit)? {
        func follow(_ start: State, _ time: Double) -> (states: [State], times: [Double])? {
            var integrator = Extrapolation<State>(tolerance: Self.tolerance, firstStep: 0.05, velocity: Self.flow(hamiltonian))
            var states = [start], times = [0.0], gone = 0.0
            while abs(time - gone) > 1e-14 * abs(time) {
                // Short enough for a smooth path.
                let s = states[states.count - 1], v = integrator.velocity(s), speed = (v.lowHalf * v.lowHalf).sum().squareRoot()
                let most = min(abs(time - gone), 0.04 / max(speed, 1e-12))
                guard let (next, dt) = integrator.advance(s, limit: time < 0 ? -most : most) else { return nil }
                states.append(next)
                gone += dt
                times.append(gone)
                if states.count > 20_000 { return nil }
            }
            return (states, times)
        }
        guard let out = follow(Self.state(source, guess.departure, departureRadius), forwardTime),
              let back = follow(Self.state(target, guess.arrival, arrivalRadius), forwardTime - guess.time) else { return nil }
        let action = out.states[out.states.count - 1][4] - back.states[back.states.count - 1][4]
        let states = out.states + back.states.dropLast().reversed(), times = out.times + back.times.dropLast().reversed().map { guess.time + $0 }
        let actions = out.states.map { $0[4] } + back.states.dropLast().reversed().map { action + $0[4] }
        let points = states.map { SIMD4($0[0], $0[1], $0[2], $0[3]) }
        let energy = points.reduce(0) { max($0, abs(hamiltonian.value($1))) }
        return (guess, HeteroclinicOrbit(action: action, points: points, actions: actions, times: times, residual: distance, energy: energy))
    }

    /// A guess from points along a nearby orbit, first to last.
    func guess(along points: [SIMD4<Double>], times: [Double]) -> OrbitGuess? {
        func place(_ manifold: InvariantManifold, _ radius: Double, _ order: [Int], backward: Bool) -> (angle: Double, time: Double)? {
            // The last point inside the circle, as seen from its centre; else the nearest one is followed inwards.
            var chosen: Int?
            for k in order {
                let c = manifold.project(points[k]).c, m = manifold.metric.apply(c)
                if (m * m).sum().squareRoot() > radius { break }
                chosen = k
            }
            var y = points[chosen ?? order[0]], t = times[chosen ?? order[0]]
            func size(_ y: SIMD4<Double>) -> Double {
                let m = manifold.metric.apply(manifold.project(y).c)
                return (m * m).sum().squareRoot()
            }
            var integrator = Extrapolation<SIMD4<Double>>(tolerance: 1e-10, firstStep: 0.02, velocity: hamiltonian.velocity)
            // Outwards to the circle or inwards, whichever it takes.
            let isInside = size(y) < radius, sign = isInside == backward ? -1.0 : 1.0
            let rate = max(abs(manifold.linear.trace), 1e-3)
            for _ in 0..<2000 {
                guard let (next, dt) = integrator.advance(y, limit: sign * 0.05 / rate) else { return nil }
                guard isInside == (size(next) < radius) else {
                    // The circle itself lies within this step.
                    var low = 0.0, high = dt
                    for _ in 0..<50 where abs(high - low) > 1e-13 * abs(dt) {
                        let middle = 0.5 * (low + high)
                        var fine = integrator
                        guard let there = fine.state(after: middle, from: y) else { return nil }
                        if isInside == (size(there) < radius) { low = middle } else { high = middle }
                    }
                    guard let there = integrator.state(after: low, from: y) else { return nil }
                    return (manifold.angle(of: manifold.project(there).c), t + low)
                }
                (y, t) = (next, t + dt)
            }
            return nil
        }
        guard points.count > 1, let first = place(source, departureRadius, Array(points.indices), backward: false),
              let last = place(target, arrivalRadius, Array(points.indices.reversed()), backward: true), last.time > first.time else { return nil }
        return OrbitGuess(departure: first.angle, arrival: last.angle, time: last.time - first.time)
    }
}
