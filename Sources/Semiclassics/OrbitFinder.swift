import Foundation
import Numbers
import SpinAlgebra

/// An instanton: the zero-energy orbit from an attractor to an unstable fixed point, in one representation.
public struct Instanton: Sendable {
    /// ∫ p dx from end to end: the barrier, in units of j.
    public let action: Double
    /// By a second run: circles about the fixed points five times smaller, or steps half as long.
    public let error: Double
    /// Mismatch of the pieces, or greatest |K| along the curve.
    public let residual: Double
    /// Greatest |H| along the orbit.
    public let energy: Double
    /// The complexified spin along the orbit in laboratory axes, from the attractor on (of SW: the real spin).
    public let path: [(re: SIMD3<Double>, im: SIMD3<Double>)]
    /// ∫ p dx from the attractor up to each point of the path.
    public let actions: [Double]
    /// Whether it was found in the invariant plane of a reflection symmetry.
    public let isPlane: Bool

    /// An activation: the running action is positive all along (docs/semiclassics.md, section 6). In P, where S may begin with
    /// either sign, only the whole counts.
    func isActivation(_ representation: Representation) -> Bool {
        action > 0 && action.isFinite && (representation == .p || actions.dropFirst().allSatisfy { $0 > -1e-10 })
    }
}

/// Finds orbits from an attractor to an unstable fixed point without any symmetry.
struct OrbitFinder {
    let symbol: ClassicalSymbol
    let attractor: FixedPoint
    let exit: FixedPoint
    private let chart: Chart

    struct Failure: Error, CustomStringConvertible { let description: String }

    init(_ symbol: ClassicalSymbol, from attractor: FixedPoint, to exit: FixedPoint) {
        self.symbol = symbol
        self.attractor = attractor
        self.exit = exit
        // Midway, where both ends are seen well; antipodes have no middle, any point between them will do.
        let middle = attractor.spin + exit.spin
        chart = Chart(centre: middle.length > 1e-3 ? middle : Chart(centre: attractor.spin).axes[0])
    }

    private func hamiltonian(_ gauge: Gauge) -> AuxiliaryHamiltonian { AuxiliaryHamiltonian(symbol, gauge, chart: chart) }

    private func source(_ hamiltonian: AuxiliaryHamiltonian) throws -> InvariantManifold {
        let (a1, a2) = chart.coordinates(attractor.spin)
        guard let manifold = try InvariantManifold(hamiltonian, at: SIMD4(a1, a2, 0, 0), isUnstable: true) else {
            throw Failure(description: "the attractor is not hyperbolic")
        }
        return manifold
    }

    private func target(_ hamiltonian: AuxiliaryHamiltonian) throws -> InvariantManifold {
        let (b1, b2) = chart.coordinates(exit.spin)
        guard let manifold = try InvariantManifold(hamiltonian, at: SIMD4(b1, b2, 0, 0), isUnstable: false) else {
            throw Failure(description: "the exit is not hyperbolic")
        }
        return manifold
    }

    private func matcher(_ gauge: Gauge, shrink: Double = 1, radii: (departure: Double, arrival: Double)? = nil) throws -> OrbitMatcher {
        let hamiltonian = hamiltonian(gauge)
        return OrbitMatcher(hamiltonian, from: try source(hamiltonian), to: try target(hamiltonian), shrink: shrink, radii: radii)
    }

    private typealias Found = (guess: OrbitGuess, orbit: HeteroclinicOrbit)

    /// The least activation among the orbits that a scan finds.
    private func scan(_ gauge: Gauge) throws -> Found? {
        let matcher = try matcher(gauge)
        let guesses = OrbitScan(matcher.hamiltonian, from: matcher.source, to: matcher.target).guesses()
        let orbits = guesses.enumerated().compactMap { rank, guess -> Found? in
            // More pains are taken with those that came nearest.
            matcher.polish(guess, .rough).flatMap { matcher.polish($0.guess) } ?? (rank < 3 ? matcher.polish(guess) : nil)
        }
        return orbits.filter { Self.isActivation($0.orbit, gauge) }.min { $0.orbit.action < $1.orbit.action }
    }

    private static func isActivation(_ orbit: HeteroclinicOrbit, _ gauge: Gauge) -> Bool {
        orbit.action > 0 && orbit.action.isFinite && (gauge == .p || orbit.actions.allSatisfy { $0 > -1e-10 })
    }

    /// Instantons in the wanted representations.
    ///
    /// The semiclassical Wigner orbit is looked for first, among all motions that leave the attractor: there the Hamilton
    /// function is convex in momenta and the least action is the physical one. The exact orbit is the one that it turns into
    /// when the terms cut off are switched on. That is the branch continuous with it, and the choice depends on nothing but
    /// the model.
    /// - Parameter limit: with a semiclassical action of more than this the exit is left at that.
    /// - Throws: `Failure` where an end is not hyperbolic; errors of the model.
    func instantons(_ representations: [Representation], limit: Double = .infinity) throws -> [Representation: Result<Instanton, Failure>] {
        let cut = try scan(.wigner(exact: 0)), isTooFar = cut.map { $0.orbit.action > limit } ?? false
        var exact: (gauge: Gauge, found: Found)?
        if !isTooFar, representations.contains(where: { $0 != .semiclassicalWigner }) {
            exact = try cut.flatMap(deformed).map { (.wigner(exact: 1), $0) } ?? scan(.q).map { (.q, $0) }
        }
        var results: [Representation: Result<Instanton, Failure>] = [:]
        for representation in representations {
            let found = representation == .semiclassicalWigner ? try cut.map { try certified(.wigner(exact: 0), $0) }
                : try exact.map { try translated($0.gauge, $0.found, to: Gauge(representation)) }
            results[representation] = found ?? .failure(Failure(description: "no orbit was found"))
        }
        return results
    }

    /// The same complexified spins in the coordinates of another gauge.
    private func translated(_ gauge: Gauge, _ found: Found, to other: Gauge) throws -> Result<Instanton, Failure> {
        let matcher = try matcher(other), from = hamiltonian(gauge), orbit = found.orbit
        let points = gauge == other ? orbit.points : orbit.points.map { matcher.hamiltonian.point(from.spin($0)) }
        guard let guess = matcher.guess(along: points, times: orbit.times), let found = matcher.polish(guess),
              Self.isActivation(found.orbit, other) else {
            return .failure(Failure(description: "the orbit did not converge"))
        }
        return try certified(other, found)
    }

    /// Orbits corrected on the way at most.
    private static let greatestStepCount = 60

    /// Switches on what semiclassical Wigner leaves out.
    private func deformed(_ start: Found) throws -> Found? {
        var share = 0.0, step = 0.25, now = start, before: (share: Double, found: Found)?
        // Corrections with all digits, where rough ones fail.
        var pains = 12
        // Circles stay what they are, lest orbits seem to jump; the series are good enough a little beyond their own.
        let first = try matcher(.wigner(exact: 0)), radii = (departure: first.departureRadius, arrival: first.arrivalRadius)
        for _ in 0..<Self.greatestStepCount {
            let next = min(1, share + step), matcher = try matcher(.wigner(exact: next), radii: radii)
            // Angles anew from the points themselves: bases of tangent planes may come with either sign.
            func angles(_ orbit: HeteroclinicOrbit) -> (Double, Double) {
                (matcher.source.angle(of: matcher.source.project(orbit.points[0]).c),
                 matcher.target.angle(of: matcher.target.project(orbit.points[orbit.points.count - 1]).c))
            }
            var guess = now.guess
            (guess.departure, guess.arrival) = angles(now.orbit)
            // All unknowns go on as they went last.
            if let before {
                let r = (next - share) / (share - before.share), last = angles(before.found.orbit)
                guess.departure += r * remainder(guess.departure - last.0, 2 * .pi)
                guess.arrival += r * remainder(guess.arrival - last.1, 2 * .pi)
                guess.time += r * (guess.time - before.found.guess.time)
                for k in guess.nodes.indices { guess.nodes[k] += r * (guess.nodes[k] - before.found.guess.nodes[k]) }
            }
            var found = next < 1 ? matcher.polish(guess, .rough) : matcher.polish(guess)
            if found == nil, next < 1, step < 0.05, pains > 0 {
                found = matcher.polish(guess)
                pains -= 1
            }
            if let found, Self.isActivation(found.orbit, matcher.hamiltonian.gauge),
               abs(found.orbit.action - now.orbit.action) < 0.5 * now.orbit.action {
                before = (share, now)
                (share, now) = (next, found)
                if share == 1 { return now }
                step = min(0.5, 1.5 * step)
            } else {
                step *= 0.4
                if step < 5e-4 { return nil }
            }
        }
        return nil
    }

    /// With the error told by a second run.
    private func certified(_ gauge: Gauge, _ found: Found) throws -> Result<Instanton, Failure> {
        let orbit = found.orbit, second = try matcher(gauge, shrink: 5)
        var error = Double.infinity
        if let guess = second.guess(along: orbit.points, times: orbit.times), let again = second.polish(guess) {
            error = abs(again.orbit.action - orbit.action)
        }
        let hamiltonian = second.hamiltonian
        guard error <= 1e-5 else { return .failure(Failure(description: "a second run from smaller circles does not confirm the action")) }
        return .success(Instanton(action: orbit.action, error: error, residual: orbit.residual, energy: orbit.energy,
                                  path: orbit.points.map(hamiltonian.laboratorySpin), actions: orbit.actions, isPlane: false))
    }
}
