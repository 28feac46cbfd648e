import Foundation
import Numbers

/// Looks for orbits from a fixed point to another one: all motions on its unstable manifold, by the angle at which they
/// cross a circle, and how near they come.
struct OrbitScan {
    let hamiltonian: AuxiliaryHamiltonian
    let source: InvariantManifold
    let target: InvariantManifold
    private let radius: Double

    /// The point of a path that comes nearest to the target.
    private struct Approach {
        var distance = Double.infinity
        var point = SIMD4<Double>.zero
        /// Index into the path's points.
        var index = 0
    }
    private struct Path {
        let angle: Double
        var points: [SIMD4<Double>] = []
        var times: [Double] = []
        var approach = Approach()
    }

    /// Angles to begin with, and how many paths may be followed in all.
    private static let count = 120, greatestCount = 1500
    /// Paths are given up beyond this coordinate or length.
    private static let bound = 8.0, greatestLength = 10.0

    init(_ hamiltonian: AuxiliaryHamiltonian, from source: InvariantManifold, to target: InvariantManifold) {
        self.hamiltonian = hamiltonian
        self.source = source
        self.target = target
        radius = source.greatestCircle
    }

    /// Nearest approach first.
    func guesses() -> [OrbitGuess] {
        var paths = (0..<Self.count).map { follow(2 * .pi * Double($0) / Double(Self.count)) }
        refine(&paths)
        return guesses(paths)
    }

    private func follow(_ angle: Double) -> Path {
        var path = Path(angle: angle)
        var integrator = Extrapolation<SIMD4<Double>>(tolerance: 1e-9, firstStep: 0.05, velocity: hamiltonian.velocity)
        var y = source.point(source.circle(angle, radius: radius)), time = 0.0, length = 0.0
        let apart = target.origin - source.origin
        // Distances at the last two points. A path that has not left the source yet comes near to nothing.
        var last = SIMD2(0.0, 0.0), hasLeft = false
        for index in 0..<1200 {
            path.points.append(y)
            path.times.append(time)
            let ahead = y - target.origin, distance = (ahead * ahead).sum().squareRoot()
            if !hasLeft {
                let own = y - source.origin
                hasLeft = (own * own).sum() > 0.25 * (apart * apart).sum()
            } else if last.y <= last.x, last.y < distance, last.y < path.approach.distance {
                path.approach = Approach(distance: last.y, point: path.points[index - 1], index: index - 1)
            }
            last = SIMD2(last.y, distance)
            let v = hamiltonian.velocity(y), speed = (v * v).sum().squareRoot()
            guard length < Self.greatestLength, max(y.max(), -y.min()) < Self.bound, speed > 1e-9,
                  let (next, dt) = integrator.advance(y, limit: min(0.15, max(0.15 * distance, 0.002)) / speed) else { break }
            let d = next - y
            length += (d * d).sum().squareRoot()
            (y, time) = (next, time + dt)
        }
        return path
    }

    /// More angles where neighbours come to quite different places.
    private func refine(_ paths: inout [Path]) {
        var depth = 0
        while depth < 12 {
            var additions: [Path] = []
            for k in paths.indices {
                let a = paths[k], b = paths[(k + 1) % paths.count]
                let span = b.angle > a.angle ? b.angle - a.angle : b.angle + 2 * .pi - a.angle
                let gap = a.approach.point - b.approach.point
                let isRough = min(a.approach.distance, b.approach.distance) < 0.8 && (gap * gap).sum().squareRoot() > 0.3
                if isRough, span > 1e-7, paths.count + additions.count < Self.greatestCount {
                    additions.append(follow((a.angle + 0.5 * span).truncatingRemainder(dividingBy: 2 * .pi)))
                }
            }
            if additions.isEmpty { return }
            paths = (paths + additions).sorted { $0.angle < $1.angle }
            depth += 1
        }
    }

    private func guesses(_ paths: [Path]) -> [OrbitGuess] {
        let arrival = target.greatestCircle
        var minima: [(left: Double, middle: Path, right: Double)] = []
        for k in paths.indices {
            let before = paths[(k + paths.count - 1) % paths.count], here = paths[k], after = paths[(k + 1) % paths.count]
            let d = here.approach.distance
            guard d < 1.2, d <= before.approach.distance, d < after.approach.distance else { continue }
            let left = before.angle < here.angle ? before.angle : before.angle - 2 * .pi
            minima.append((left, here, after.angle > here.angle ? after.angle : after.angle + 2 * .pi))
        }
        minima.sort { $0.middle.approach.distance < $1.middle.approach.distance }
        let matcher = OrbitMatcher(hamiltonian, from: source, to: target)
        return minima.prefix(12).compactMap { minimum in
            var (left, best, right) = minimum
            // Golden section on the distance of nearest approach, down to well inside the target's circle.
            let golden = 0.381966
            for _ in 0..<60 {
                if isNear(best, arrival) { break }
                let isLeft = best.angle - left > right - best.angle
                let angle = isLeft ? best.angle - golden * (best.angle - left) : best.angle + golden * (right - best.angle)
                if right - left < 1e-14 { break }
                let trial = follow(angle)
                if trial.approach.distance < best.approach.distance {
                    if isLeft { right = best.angle } else { left = best.angle }
                    best = trial
                } else if isLeft { left = angle } else { right = angle }
            }
            guard best.approach.distance < 0.1 else { return nil }
            let end = best.approach.index
            return matcher.guess(along: Array(best.points[0...end]), times: Array(best.times[0...end]))
        }
    }

    /// Whether the path comes so near to the stable manifold inside its circle that Newton's iteration will do the rest.
    private func isNear(_ path: Path, _ radius: Double) -> Bool {
        let (c, off) = target.project(path.approach.point)
        let m = target.metric.apply(c), size = (m * m).sum().squareRoot()
        return size < 0.7 * radius && off < 0.3 * radius
    }
}
