import Foundation
import Numbers
import SpinAlgebra

/// An instanton: the zero-energy orbit from an attractor to an unstable fixed point, in one representation.
public struct Instanton: Sendable {
    /// ∫ p dx from end to end: the barrier, in units of j.
    public let action: Double
    /// By a second run: circles about the fixed points five times smaller, or steps half as long.
    public let error: Double
    /// Mismatch of the two halves, or greatest |K| along the curve.
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

/// Finds orbits between two given fixed points without any symmetry.
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
        let middle = attractor.spin + exit.spin
        // Antipodes have no middle; any point between them will do.
        chart = Chart(centre: middle.length > 1e-3 ? middle : Chart(centre: attractor.spin).axes[0])
    }

    private func matcher(_ gauge: Gauge, shrink: Double = 1) throws -> OrbitMatcher {
        let hamiltonian = AuxiliaryHamiltonian(symbol, gauge, chart: chart)
        let (a1, a2) = chart.coordinates(attractor.spin), (b1, b2) = chart.coordinates(exit.spin)
        guard let source = try InvariantManifold(hamiltonian, at: SIMD4(a1, a2, 0, 0), isUnstable: true),
              let target = try InvariantManifold(hamiltonian, at: SIMD4(b1, b2, 0, 0), isUnstable: false) else {
            throw Failure(description: "a fixed point is not hyperbolic")
        }
        return OrbitMatcher(hamiltonian, from: source, to: target, shrink: shrink)
    }

    private typealias Found = (guess: OrbitGuess, orbit: HeteroclinicOrbit)

    /// The least activation among the orbits that a scan finds.
    private func scan(_ gauge: Gauge) throws -> (matcher: OrbitMatcher, found: Found)? {
        let matcher = try matcher(gauge)
        let guesses = OrbitScan(matcher.hamiltonian, from: matcher.source, to: [matcher.target]).guesses()[0]
        let found = guesses.compactMap { matcher.polish($0) }.filter { Self.isActivation($0.orbit, gauge) }
        return found.min { $0.orbit.action < $1.orbit.action }.map { (matcher, $0) }
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
    func instantons(_ representations: [Representation]) throws -> [Representation: Result<Instanton, Failure>] {
        var results: [Representation: Result<Instanton, Failure>] = [:]
        let cut = try scan(.wigner(exact: 0))
        if representations.contains(.semiclassicalWigner) {
            results[.semiclassicalWigner] = try cut.map { try certified(.wigner(exact: 0), $0.found) }
                ?? .failure(Failure(description: "no orbit was found"))
        }
        let wanted = representations.filter { $0 != .semiclassicalWigner }
        guard !wanted.isEmpty else { return results }
        var exact: (hamiltonian: AuxiliaryHamiltonian, found: Found)?
        if let cut, let last = try deformed(cut.found) { exact = last }
        if exact == nil, let found = try scan(.q) { exact = (found.matcher.hamiltonian, found.found) }
        for representation in wanted {
            guard let exact else {
                results[representation] = .failure(Failure(description: "no orbit was found"))
                continue
            }
            let gauge = Gauge(representation)
            // The same complexified spins in the coordinates of this gauge.
            let matcher = try matcher(gauge), orbit = exact.found.orbit
            let points = orbit.points.map { matcher.hamiltonian.point(exact.hamiltonian.spin($0)) }
            guard let guess = matcher.guess(along: points, times: orbit.times), let found = matcher.polish(guess), Self.isActivation(found.orbit, gauge) else {
                results[representation] = .failure(Failure(description: "the orbit did not converge"))
                continue
            }
            results[representation] = try certified(gauge, found)
        }
        return results
    }

    /// Switches on what semiclassical Wigner leaves out.
    private func deformed(_ start: Found) throws -> (hamiltonian: AuxiliaryHamiltonian, found: Found)? {
        var share = 0.0, step = 0.25, now = start, before: (share: Double, guess: OrbitGuess)?
        while share < 1 {
            let next = min(1, share + step)
            var guess = now.guess
            // All unknowns go on as they went last.
            if let before {
                let r = (next - share) / (share - before.share)
                guess.departure += r * (now.guess.departure - before.guess.departure)
                guess.arrival += r * (now.guess.arrival - before.guess.arrival)
                guess.time += r * (now.guess.time - before.guess.time)
            }
            let matcher = try matcher(.wigner(exact: next))
            if let found = matcher.polish(guess), Self.isActivation(found.orbit, matcher.hamiltonian.gauge), abs(found.orbit.action - now.orbit.action) < 0.5 * now.orbit.action {
                before = (share, now.guess)
                (share, now) = (next, found)
                if share == 1 { return (matcher.hamiltonian, now) }
                step = min(0.5, 1.5 * step)
            } else {
                step *= 0.4
                if step < 0.005 { return nil }
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
                                  path: orbit.points.map { chart.laboratory(hamiltonian.spin($0)) }, actions: orbit.actions, isPlane: false))
    }
}
