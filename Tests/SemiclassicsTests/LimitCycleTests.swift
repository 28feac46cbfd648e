import Foundation
@testable import Semiclassics
import SpinAlgebra
import Testing

/// Cycles about a turned axis: θ̇ = (G_d − G_u) sin θ with φ̇ = w has the cycles G_d(z) = G_u(z), period 2π/w, and the
/// multiplier exp(−(G_d − G_u)′ (1 − z²) 2π/w).
@Suite struct LimitCycleTests {
    private func check(_ model: Model, _ w: Double, _ expected: [(z: Double, exponent: Double)]) throws {
        let set = try field(model).limitCycles(), period = 2 * Double.pi / w
        #expect(set.isComplete && !set.hasFamilies)
        #expect(set.cycles.count == expected.count)
        for cycle in expected {
            guard let found = set.cycles.min(by: { abs(($0.spin * turnedAxis).sum() - cycle.z) < abs(($1.spin * turnedAxis).sum() - cycle.z) }) else { continue }
            #expect(abs((found.spin * turnedAxis).sum() - cycle.z) < 1e-11)
            #expect(abs(found.period - period) < 1e-10 * period)
            #expect(abs(found.exponent - cycle.exponent) < 1e-10)
            #expect(abs(found.multiplier / exp(cycle.exponent * period) - 1) < 1e-9)
            #expect(found.isStable == (cycle.exponent < 0))
        }
    }

    /// G_d − G_u = g((1+z)² − (1−z)²) = 4gz: the equator attracts.
    @Test func attractingEquator() throws {
        try check(turned([("0.7/j^3", "M*(j + Z)"), ("0.7/j^3", "P*(j - Z)")], 1.3), 1.3, [(0, -2.8)])
    }

    /// γ = Γ(1+z)²: a repelling cycle beside two attracting poles, born at Γ = γ/4; z = √(γ/Γ) − 1, exponent 2√(γΓ)(1 − z²).
    @Test(arguments: [0.27, 0.4, 1, 3]) func repellingCycle(gamma: Double) throws {
        let z = (1 / gamma).squareRoot() - 1
        try check(turned([("1/j", "M"), ("\(gamma)/j^3", "P*(j + Z)")], 0.9), 0.9, [(z, 2 * gamma.squareRoot() * (1 - z * z))])
    }

    /// a z² = b: an attracting and a repelling one, exponents −2az(1 − z²).
    @Test func twoCycles() throws {
        let z = 0.5
        try check(turned([("1/j^3", "Z*M"), ("0.25/j", "P")], 1.1), 1.1, [(z, -2 * z * (1 - z * z)), (-z, 2 * z * (1 - z * z))])
    }

    /// With two fixed points and no saddle, cycles between them alternate (Poincaré–Bendixson): attracting less repelling
    /// ones are 1 between repellers, −1 between attractors, 0 between one of each. In random models, where nothing is known
    /// about the cycles themselves.
    @Test func accountOfRandomModels() throws {
        var tried = 0, found = 0
        for seed in 1000..<1040 {
            var random = Randomness(seed: UInt64(seed))
            let field = try field(randomModel(&random)), fixed = field.fixedPoints()
            guard fixed.points.count == 2, !fixed.points.contains(where: { $0.kind == .marginal || $0.slowestRate < 0.02 }) else { continue }
            let set = field.limitCycles(fixedPoints: fixed), attracting = set.cycles.count { $0.isStable }
            #expect(set.isComplete, "\(seed)")
            #expect(attracting - (set.cycles.count - attracting) == 1 - fixed.attractors.count, "\(seed): \(set.cycles)")
            tried += 1
            found += set.cycles.count
        }
        #expect(tried >= 5 && found > 0, "\(tried) \(found)")
    }

    @Test func noneBesideAttractors() throws {
        for model in [try field(preset("bistable-pump")), try field(preset("driven-twisting"))] {
            let set = model.limitCycles()
            #expect(set.cycles.isEmpty && !set.hasFamilies && set.isComplete)
        }
    }

    /// Closed orbits of conservative motion are families: precession, twisting, and the reversible flow of cooperative
    /// resonance fluorescence above threshold.
    @Test func familiesAreNoLimitCycles() throws {
        let fields = try [field(Model(hamiltonian: "Jz + 0.3*Jx", jumps: [], parameters: [])), field(Model(hamiltonian: "Jz + 1.7*Jx^2/j", jumps: [], parameters: [])),
                          field(preset("resonance-fluorescence"), ["Omega": 2])]
        for field in fields {
            let set = field.limitCycles()
            #expect(set.cycles.isEmpty && set.hasFamilies)
        }
    }
}
