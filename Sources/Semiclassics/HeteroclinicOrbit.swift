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
    /// Mismatch where the pieces meet.
    let residual: Double
    /// Greatest |H| along the orbit.
    let energy: Double
}

/// What Newton's iteration works on: where an orbit leaves the source's circle and enters the target's, how long it takes, and
/// points of it at equal times in between.
struct OrbitGuess {
    var departure: Double
    var arrival: Double
    var time: Double
    var nodes: [SIMD4<Double>]
}

/// Finds orbits from the unstable manifold of one fixed point to the stable manifold of another.
///
/// Both manifolds are known as power series up to circles about the fixed points, so orbits need to be followed only in
/// between, in pieces short enough that no error grows on the way (multiple shooting). No end is cut off.
struct OrbitMatcher {
    let hamiltonian: AuxiliaryHamiltonian
    let source: InvariantManifold
    let target: InvariantManifold
    /// Radii of the circles, in the manifolds' metrics.
    let departureRadius: Double
    let arrivalRadius: Double

    /// How well pieces are to meet.
    enum Accuracy {
        /// On the way to another orbit.
        case rough
        case full
        /// Of each step of integration.
        var tolerance: Double { self == .rough ? 1e-8 : 1e-13 }
        /// A mismatch that does not shrink any more is rounding, up to this size. The action, being stationary, does not see it
        /// in first order.
        var acceptance: Double { self == .rough ? 1e-5 : 1e-9 }
        var goal: Double { self == .rough ? 1e-7 : 1e-13 }
    }

    /// - Parameters:
    ///   - shrink: by how much the circles are smaller than the series allow.
    ///   - radii: of the circles, if they are to be those of another matcher.
    init(_ hamiltonian: AuxiliaryHamiltonian, from source: InvariantManifold, to target: InvariantManifold, shrink: Double = 1,
         radii: (departure: Double, arrival: Double)? = nil) {
        self.hamiltonian = hamiltonian
        self.source = source
        self.target = target
        departureRadius = radii?.departure ?? source.greatestCircle / shrink
        arrivalRadius = radii?.arrival ?? target.greatestCircle / shrink
    }

    // MARK: Newton's iteration

    /// y (0…3), ∂y/∂y(0) by columns (4…19).
    private typealias Tangent = SIMD32<Double>

    private func tangentFlow(_ s: Tangent) -> Tangent {
        let y = SIMD4(s[0], s[1], s[2], s[3]), flow = hamiltonian.linearised(y), v = flow.velocity
        var result = Tangent.zero
        for k in 0..<4 {
            result[k] = v[k]
            let at = 4 + 4 * k
            var d = s[at] * flow.columns[0]
            d += s[at + 1] * flow.columns[1]
            d += s[at + 2] * flow.columns[2]
            d += s[at + 3] * flow.columns[3]
            for row in 0..<4 { result[at + row] = d[row] }
        }
        return result
    }

    private func point(_ manifold: InvariantManifold, _ angle: Double, _ radius: Double) -> (point: SIMD4<Double>, slope: SIMD4<Double>) {
        let c = manifold.circle(angle, radius: radius)
        return (manifold.point(c), manifold.tangent(c, along: manifold.circleSlope(angle, radius: radius)))
    }

    /// All pieces of a guess, followed from their beginnings.
    private struct Pieces {
        var ends: [SIMD4<Double>] = []
        var columns: [[SIMD4<Double>]] = []
        /// From where each piece ends to where the next one begins.
        var gaps: [SIMD4<Double>] = []
        var distance: Double { gaps.reduce(0) { $0 + ($1 * $1).sum() }.squareRoot() }
    }

    private func follow(_ guess: OrbitGuess, _ accuracy: Accuracy) -> Pieces? {
        let count = guess.nodes.count + 1, span = guess.time / Double(count)
        let first = point(source, guess.departure, departureRadius).point, last = point(target, guess.arrival, arrivalRadius).point
        let beginnings = [first] + guess.nodes, goals = guess.nodes + [last]
        var pieces = Pieces()
        for k in 0..<count {
            var state = Tangent.zero
            for row in 0..<4 {
                state[row] = beginnings[k][row]
                state[4 + 5 * row] = 1
            }
            var integrator = Extrapolation<Tangent>(tolerance: accuracy.tolerance, firstStep: 0.5 * span, velocity: tangentFlow)
            // A piece is about one e-fold long: if it takes more than a few steps it runs off.
            guard let end = integrator.state(after: span, from: state, within: 40) else { return nil }
            func vector(_ at: Int) -> SIMD4<Double> { SIMD4(end[at], end[at + 1], end[at + 2], end[at + 3]) }
            pieces.ends.append(vector(0))
            pieces.columns.append([vector(4), vector(8), vector(12), vector(16)])
            pieces.gaps.append(vector(0) - goals[k])
        }
        return pieces.distance.isFinite ? pieces : nil
    }

    /// Corrects a guess until all pieces meet.
    func polish(_ start: OrbitGuess, _ accuracy: Accuracy = .full) -> (guess: OrbitGuess, orbit: HeteroclinicOrbit)? {
        var guess = start
        guard var pieces = follow(guess, accuracy) else { return nil }
        let first = pieces.distance
        var last = Double.infinity
        for round in 0..<(accuracy == .rough ? 8 : 20) {
            let distance = pieces.distance
            if round > 5, distance > 0.3 * first { return nil }
            if distance < accuracy.goal || (distance < accuracy.acceptance && distance > 0.3 * last) { return orbit(guess, distance, accuracy) }
            last = distance
            guard let step = step(guess, pieces) else { return nil }
            var factor = min(1, 0.7 / max(abs(step.departure), abs(step.arrival), abs(step.time) / max(1, 0.3 * guess.time))), isBetter = false
            for _ in 0..<(accuracy == .rough ? 3 : 5) {
                var trial = guess
                trial.departure += factor * step.departure
                trial.arrival += factor * step.arrival
                trial.time += factor * step.time
                for k in trial.nodes.indices { trial.nodes[k] += factor * step.nodes[k] }
                if trial.time > 0, let next = follow(trial, accuracy), next.distance < distance || (factor == 1 && distance < accuracy.acceptance) {
                    (guess, pieces, isBetter) = (trial, next, true)
                    break
                }
                factor *= 0.4
            }
            if !isBetter { return distance < accuracy.acceptance ? orbit(guess, distance, accuracy) : nil }
        }
        return nil
    }

    /// Newton's step.
    ///
    /// Unknown are both angles, the time and all nodes; the conditions are one too many, but energy is zero on both manifolds. A
    /// slack along ∇H at the end takes that one up, and comes out as zero.
    private func step(_ guess: OrbitGuess, _ pieces: Pieces) -> OrbitGuess? {
        let count = pieces.gaps.count, size = 4 * count
        var matrix = [Double](repeating: 0, count: size * size), right = [Double](repeating: 0, count: size)
        func set(_ piece: Int, _ column: Int, _ v: SIMD4<Double>) { for row in 0..<4 { matrix[column * size + 4 * piece + row] = v[row] } }
        let first = point(source, guess.departure, departureRadius).slope, end = point(target, guess.arrival, arrivalRadius)
        var start = first.x * pieces.columns[0][0]
        for k in 1..<4 { start += first[k] * pieces.columns[0][k] }
        set(0, 0, start)
        let arrival = size - 3, time = size - 2, slack = size - 1
        for piece in 0..<count {
            if piece > 0 { for k in 0..<4 { set(piece, 1 + 4 * (piece - 1) + k, pieces.columns[piece][k]) } }
            if piece < count - 1 {
                for k in 0..<4 {
                    var unit = SIMD4<Double>.zero
                    unit[k] = -1
                    set(piece, 1 + 4 * piece + k, unit)
                }
            }
            set(piece, time, hamiltonian.velocity(pieces.ends[piece]) / Double(count))
            for row in 0..<4 { right[4 * piece + row] = -pieces.gaps[piece][row] }
        }
        set(count - 1, arrival, -end.slope)
        let v = hamiltonian.velocity(end.point)
        set(count - 1, slack, SIMD4(-v.z, -v.w, v.x, v.y) / (v * v).sum().squareRoot())
        guard let x = DenseEigen.solve(matrix, size: size, rightHandSides: right), x.allSatisfy(\.isFinite) else { return nil }
        return OrbitGuess(departure: x[0], arrival: x[arrival], time: x[time],
                          nodes: (0..<count - 1).map { SIMD4(x[1 + 4 * $0], x[2 + 4 * $0], x[3 + 4 * $0], x[4 + 4 * $0]) })
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

    private func orbit(_ guess: OrbitGuess, _ distance: Double, _ accuracy: Accuracy) -> (guess: OrbitGuess, orbit: HeteroclinicOrbit)? {
        let count = guess.nodes.count + 1, span = guess.time / Double(count)
        var state = Self.state(source, guess.departure, departureRadius), points: [SIMD4<Double>] = [], actions: [Double] = [], times: [Double] = []
        for piece in 0..<count {
            var integrator = Extrapolation<State>(tolerance: accuracy.tolerance, firstStep: 0.5 * span, velocity: Self.flow(hamiltonian)), gone = 0.0
            if piece > 0 {
                let node = guess.nodes[piece - 1]
                state = State(node.x, node.y, node.z, node.w, state[4], 0, 0, 0)
            }
            while span - gone > 1e-14 * span {
                points.append(SIMD4(state[0], state[1], state[2], state[3]))
                actions.append(state[4])
                times.append(Double(piece) * span + gone)
                // Short enough for a smooth path.
                let v = integrator.velocity(state), speed = (v.lowHalf * v.lowHalf).sum().squareRoot()
                guard points.count < 20_000, let (next, dt) = integrator.advance(state, limit: min(span - gone, 0.06 / max(speed, 1e-12))) else { return nil }
                state = next
                gone += dt
            }
        }
        let last = Self.state(target, guess.arrival, arrivalRadius)
        points.append(SIMD4(last[0], last[1], last[2], last[3]))
        actions.append(state[4])
        times.append(guess.time)
        let energy = points.reduce(0) { max($0, abs(hamiltonian.value($1))) }
        return (guess, HeteroclinicOrbit(action: state[4] - last[4], points: points, actions: actions, times: times, residual: distance, energy: energy))
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
        // One piece for about every e-fold of the fastest growth.
        let time = last.time - first.time
        let rate = [source.linear, target.linear].map { max(abs($0.eigenvalues.0.re), abs($0.eigenvalues.1.re)) }.max() ?? 1
        let count = min(max(Int((0.7 * time * rate).rounded(.up)), 4), 24)
        var nodes: [SIMD4<Double>] = [], k = 0
        for node in 1..<count {
            let t = first.time + time * Double(node) / Double(count)
            while k + 1 < times.count, abs(times[k + 1] - t) <= abs(times[k] - t) { k += 1 }
            var integrator = Extrapolation<SIMD4<Double>>(tolerance: 1e-10, firstStep: 0.02, velocity: hamiltonian.velocity)
            guard let y = t == times[k] ? points[k] : integrator.state(after: t - times[k], from: points[k]) else { return nil }
            nodes.append(y)
        }
        return OrbitGuess(departure: first.angle, arrival: last.angle, time: time, nodes: nodes)
    }
}
