import Foundation

/// An isolated closed orbit of the mean field.
public struct LimitCycle: Sendable {
    /// A point of the orbit (unit vector).
    public let spin: SIMD3<Double>
    public let period: Double
    /// Floquet exponent: mean divergence of the flow along the orbit, a rate; negative for attracting cycles.
    public let exponent: Double
    /// Floquet multiplier exp(exponent · period): by how much a distance from the cycle changes in one period.
    public var multiplier: Double { exp(exponent * period) }
    public var isStable: Bool { exponent < 0 }
}

/// Limit cycles of a mean field.
public struct LimitCycleSet: Sendable {
    /// In ascending order of period.
    public let cycles: [LimitCycle]
    /// Whether there are families of closed orbits (conservative motion), which are no limit cycles.
    public let hasFamilies: Bool
    /// Whether every orbit that was followed, forward and backward, ended at a fixed point, a cycle found, or in a family.
    public let isComplete: Bool
}

extension MeanField {
    /// Limit cycles, attracting and repelling ones.
    ///
    /// A closed orbit divides the sphere into two discs, each with fixed points of total index one (Poincaré–Bendixson,
    /// Poincaré–Hopf). So every cycle crosses the arcs of a tree that joins all fixed points. Orbits begun along these
    /// arcs are followed forward (to attracting cycles) and backward (to repelling ones) until fixed point or return;
    /// returns are closed by Newton's iteration on a section. Cycles that attract from both sides only within less than the
    /// distance of the starts (an arc's length over `samples`, closer near fixed points) can be missed.
    /// - Parameters:
    ///   - fixedPoints: of this field; nil: they are found.
    ///   - samples: starts on each arc.
    public func limitCycles(fixedPoints: FixedPointSet? = nil, samples: Int = 12) -> LimitCycleSet {
        var search = LimitCycleSearch(field: self, fixed: fixedPoints ?? self.fixedPoints(), samples: samples)
        return search.run()
    }
}

private struct LimitCycleSearch {
    let field: MeanField
    let fixed: FixedPointSet
    let samples: Int
    private let traps: [Trap]
    private let scale: Double
    private var cycles: [(cycle: LimitCycle, track: [SIMD3<Double>])] = []
    private var hasFamilies = false
    private var unsettled = 0

    /// Returns to a section before an orbit is given up.
    private static let greatestReturns = 200

    init(field: MeanField, fixed: FixedPointSet, samples: Int) {
        self.field = field
        self.fixed = fixed
        self.samples = samples
        scale = MeanField.starts(64).reduce(0) { max($0, field.velocity($1).length) }
        traps = fixed.points.map { Trap($0, of: field) }
    }

    mutating func run() -> LimitCycleSet {
        guard scale > 0 else { return LimitCycleSet(cycles: [], hasFamilies: false, isComplete: false) }
        var starts = arcs().flatMap { a, b in
            // Denser near fixed points, where small cycles are born.
            (0..<samples).map { k -> SIMD3<Double> in
                let part = 0.5 * (1 - cos(.pi * (Double(k) + 0.5) / Double(samples)))
                return Self.between(a, b, part)
            }
        }
        if !fixed.isComplete { starts += MeanField.starts(2 * samples) }
        for start in starts {
            for direction in [1.0, -1.0] { follow(start, direction) }
        }
        return LimitCycleSet(cycles: cycles.map(\.cycle).sorted { $0.period < $1.period }, hasFamilies: hasFamilies, isComplete: unsettled == 0)
    }

    /// A spanning tree of the fixed points, shortest arcs first (Prim).
    private func arcs() -> [(SIMD3<Double>, SIMD3<Double>)] {
        var inside: [SIMD3<Double>] = [], outside = fixed.points.map(\.spin), list: [(SIMD3<Double>, SIMD3<Double>)] = []
        if let first = outside.popLast() { inside.append(first) }
        while !outside.isEmpty {
            var best = (distance: Double.infinity, from: 0, to: 0)
            for (i, a) in inside.enumerated() {
                for (k, b) in outside.enumerated() where (a - b).length < best.distance { best = ((a - b).length, i, k) }
            }
            let next = outside.remove(at: best.to)
            list.append((inside[best.from], next))
            inside.append(next)
        }
        return list
    }

    /// On the great circle from a to b; through any side where they are opposite.
    private static func between(_ a: SIMD3<Double>, _ b: SIMD3<Double>, _ part: Double) -> SIMD3<Double> {
        let angle = atan2(a.cross(b).length, a.dot(b)), across = b - b.dot(a) * a
        let side = across.length > 1e-9 ? across.unit : SphereFrame(a).e1
        return cos(part * angle) * a + sin(part * angle) * side
    }

    // MARK: Following

    private mutating func follow(_ start: SIMD3<Double>, _ direction: Double) {
        var orbit = Extrapolation<SIMD3<Double>>(tolerance: 1e-9, firstStep: 0.05 / scale) { [field] m in direction * field.velocity(m) }
        var m = start, section = Section(m, of: field), returns = 0, patience = 1, left = false, time = 0.0, last = 0.0, way = 0.0
        for _ in 0..<20_000 {
            let before = m
            // Steps short enough that crossings of a section are seen.
            guard let (end, dt) = orbit.advance(m, limit: 0.4 / max(field.velocity(m).length, 0.05 * scale)) else { break }
            m = end.unit
            time += dt
            way += (m - before).length
            if traps.contains(where: { $0.holds(m, direction) }) { return }
            let speed = field.velocity(m).length
            if speed < 1e-10 * scale { return }                                          // a saddle, along its manifold
            guard let here = section else { return }
            if (m - here.origin).length > 1e-3 { left = true }
            let isPassed = left && here.isPassed(from: before, to: m, direction)
            if isPassed ? !here.isNear(m) : way > 12 {
                // The orbit circles elsewhere by now, perhaps on one side of the section.
                section = Section(m, of: field)
                (left, last, way) = (false, time, 0)
                continue
            }
            guard isPassed else { continue }
            way = 0
            returns += 1
            let duration = time - last
            last = time
            if returns == patience {
                switch here.closed(field, traps.map(\.centre), direction, duration: duration) {
                case .cycle(let cycle)?:
                    let isTowards = cycle.exponent * direction < 0
                    let isNew = add(cycle)
                    // Repelled by it: the orbit goes elsewhere.
                    if isTowards, !isNew || (m - cycle.spin).length < 0.5 { return }
                case .family?:
                    hasFamilies = true
                    return
                case nil: break
                }
                patience *= 2
                section = Section(m, of: field)
                left = false
            }
            if returns > Self.greatestReturns { break }
        }
        unsettled += 1
    }

    /// - Returns: whether the cycle was not known.
    private mutating func add(_ cycle: LimitCycle) -> Bool {
        for known in cycles where abs(known.cycle.period - cycle.period) < 1e-6 * cycle.period {
            // Near enough to pass between two points of the track.
            if known.track.contains(where: { ($0 - cycle.spin).length < 0.05 }) {
                let closest = known.track.map { ($0 - cycle.spin).length }.min()!
                if closest < 1e-6 { return false }
                if let section = Section(cycle.spin, of: field), let hit = section.passage(of: known.cycle, field), abs(hit) < 1e-6 { return false }
            }
        }
        var orbit = Extrapolation<SIMD3<Double>>(tolerance: 1e-10, firstStep: 0.05 / scale) { [field] in field.velocity($0) }
        var track = [cycle.spin], time = 0.0, m = cycle.spin
        while time < cycle.period, let (end, dt) = orbit.advance(m, limit: min(0.02 / scale, cycle.period - time)) {
            m = end
            time += dt
            track.append(m)
            if track.count > 50_000 || dt == 0 { break }
        }
        cycles.append((cycle, track))
        return true
    }
}

/// A neighbourhood of a fixed point that orbits do not leave, forward or backward in time.
private struct Trap {
    let centre: SIMD3<Double>
    private let frame: SphereFrame
    private let direction: Double
    /// Of the form V = xᵀPx, with AᵀP + PA = −1.
    private let form: Matrix2
    private let level: Double

    init(_ point: FixedPoint, of field: MeanField) {
        let frame = SphereFrame(point.spin), direction = point.kind == .attractor ? 1.0 : point.kind == .repeller ? -1 : 0
        centre = point.spin
        self.frame = frame
        self.direction = direction
        let m = frame.velocity(field, 0, 0).slope, a = direction * m.a, b = direction * m.b, c = direction * m.c, d = direction * m.d
        // Lyapunov's equation of two dimensions: P = −(det A + A' A'ᵀ …)/(2 tr A det A)
        let trace = a + d, determinant = a * d - b * c, factor = -1 / (2 * trace * determinant)
        let p = Matrix2(factor * (determinant + c * c + d * d), -factor * (a * c + b * d), -factor * (a * c + b * d), factor * (determinant + a * a + b * b))
        form = p
        // V falls as long as the second order stays below the first: |x| κ ‖P‖ < 1.
        let h = 1e-3, curvature = [SIMD2(h, 0), SIMD2(-h, 0), SIMD2(0, h), SIMD2(0, -h)].reduce(0.0) { most, x in
            let there = frame.velocity(field, x.x, x.y).slope
            return max(most, Matrix2(there.a - m.a, there.b - m.b, there.c - m.c, there.d - m.d).size / h)
        }
        let half = 0.5 * (p.a + p.d), spread = (0.25 * (p.a - p.d) * (p.a - p.d) + p.b * p.b).squareRoot()
        let radius = min(0.1, 1 / ((3 * curvature + m.size) * (half + spread)))
        level = (half - spread) * radius * radius
    }

    func holds(_ m: SIMD3<Double>, _ direction: Double) -> Bool {
        guard direction == self.direction, m.dot(centre) > 0.9 else { return false }
        let x = frame.coordinates(m)
        return (x * form.apply(x)).sum() < level
    }
}
