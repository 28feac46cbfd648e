import Foundation
@testable import Semiclassics
import SpinAlgebra
import Testing

@Suite struct FixedPointTests {
    private struct Reference: Sendable {
        let spin: SIMD3<Double>
        let eigenvalues: [(re: Double, im: Double)]
        let kind: FixedPoint.Kind
    }

    private func check(_ references: [Reference], _ set: FixedPointSet, eigenvalues tolerance: Double) {
        for reference in references {
            guard let found = set.points.min(by: { ($0.spin - reference.spin).norm < ($1.spin - reference.spin).norm }) else { Issue.record("no fixed points"); continue }
            #expect((found.spin - reference.spin).norm < 1e-12, "\(found.spin)")
            #expect(found.kind == reference.kind)
            for (value, expected) in zip([found.eigenvalues.0, found.eigenvalues.1], reference.eigenvalues) {
                #expect(abs(value.re - expected.re) < tolerance && abs(value.im - expected.im) < tolerance, "\(value) \(expected)")
            }
        }
        #expect(set.isComplete && set.indexSum == 2)
    }

    /// Roots of −Ω + (γ − Γ(1+cos θ)²) sin θ at Ω = 1/4, Γ = 0.8, found by mpmath with 30 digits; λ_x = (γ − Γ(1+z)²) z.
    @Test func bistablePump() throws {
        func point(_ y: Double, _ z: Double, _ theta: Double, _ x: Double, _ kind: FixedPoint.Kind) -> Reference {
            Reference(spin: SIMD3(0, y, z), eigenvalues: [(max(theta, x), 0), (min(theta, x), 0)], kind: kind)
        }
        let set = try field(preset("bistable-pump"), ["Omega": 0.25, "Gamma": 0.8]).fixedPoints()
        check([
            point(-0.96714123759773482, 0.25423970291424164, 1.81135001596583, -0.0657193833306455, .saddle),
            point(-0.11473669401996656, 0.99339593870992274, -2.12252496721759, -2.16451229311403, .attractor),
            point(0.99949310582365589, -0.031836008088047131, 1.53952932523245, -0.00796303843982293, .saddle),
            point(0.25020249418719216, -0.96819353019037887, -0.96422414905598, -0.967409950623846, .attractor),
        ], set, eigenvalues: 1e-12)
        // Off the plane: n_z = 0, n_y = (γ − Γ)/Ω.
        #expect(set.points.count == 6)
        for x in [0.6, -0.6] { #expect(set.points.contains { ($0.spin - SIMD3(x, 0.8, 0)).norm < 1e-12 && $0.kind == .repeller }) }
    }

    /// Roots z of (1 − z²)((Δ + 2χz)² + κ²z²) = Ω²z² at Ω = 1 and eigenvalues of the 3 × 3 Jacobian of Bloch's equations there
    /// (mpmath, 30 digits; the third, 2κz, is the radial one).
    @Test func drivenTwisting() throws {
        check([
            Reference(spin: SIMD3(0.37124920441210102, 0.16507608591893287, -0.91374171081387498), eigenvalues: [(-0.91374171081387498, 1.8901893617603865)], kind: .attractor),
            Reference(spin: SIMD3(0.4080539346629163, 0.78894979911069748, -0.4594020035756293), eigenvalues: [(0.70880515669243612, 0), (-1.6276091638436947, 0)], kind: .saddle),
            Reference(spin: SIMD3(-0.33931357110626633, 0.8672414743232479, -0.36436043374212862), eigenvalues: [(-0.36436043374212862, 1.2289571469463875)], kind: .attractor),
            Reference(spin: SIMD3(0.17232877113159503, 0.030635754833972957, 0.98456297166104467), eigenvalues: [(0.98456297166104467, 5.563477610322293)], kind: .repeller),
        ], try field(preset("driven-twisting"), ["Omega": 1]).fixedPoints(), eigenvalues: 1e-12)
    }

    /// (1 − z²)((Δ + 2χz)² + κ²z²) = Ω²z² at all fixed points of driven twisting.
    @Test(arguments: [0.3, 0.95, 1.2, 1.41, 3]) func drivenTwistingRelation(omega: Double) throws {
        let set = try field(preset("driven-twisting"), ["Omega": omega]).fixedPoints()
        #expect(set.points.count == (omega > 0.92 && omega < 1.4175 ? 4 : 2))
        for point in set.points {
            let z = point.spin.z, b = 1.6 + 4 * z
            #expect(abs((1 - z * z) * (b * b + z * z) - omega * omega * z * z) < 1e-11)
        }
    }

    /// Poincaré–Hopf in generic models of degree three, and nothing missed beside a search over 20 000 places that knows only velocities.
    @Test(arguments: 0..<64) func randomModels(seed: Int) throws {
        var random = Randomness(seed: UInt64(1000 + seed))
        let field = try field(randomModel(&random)), set = field.fixedPoints()
        #expect(set.isComplete)
        #expect(set.indexSum == 2)
        for point in set.points { #expect(field.velocity(point.spin).norm < 1e-12) }
        let missed = Self.search(field, places: 20_000).filter { zero in !set.points.contains { ($0.spin - zero).norm < 1e-6 } }
        #expect(missed.isEmpty, "\(missed)")
    }

    /// Newton's iteration with slopes from differences, from every place of a grid that is slow enough for a zero nearby.
    private static func search(_ field: MeanField, places: Int) -> [SIMD3<Double>] {
        let starts = MeanField.starts(places), spacing = (4 * .pi / Double(places)).squareRoot(), h = 1e-6
        func basis(_ m: SIMD3<Double>) -> (SIMD3<Double>, SIMD3<Double>) {
            let other = abs(m.x) < 0.6 ? SIMD3(1.0, 0, 0) : SIMD3(0, 1.0, 0), e = (other - (other * m).sum() * m), a = e / e.norm
            return (a, SIMD3(m.y * a.z - m.z * a.y, m.z * a.x - m.x * a.z, m.x * a.y - m.y * a.x))
        }
        func moved(_ m: SIMD3<Double>, _ d: SIMD3<Double>) -> SIMD3<Double> { (m + d) / (m + d).norm }
        var steepest = 0.0
        for m in MeanField.starts(400) {
            let (a, b) = basis(m)
            for e in [a, b] { steepest = max(steepest, (field.velocity(moved(m, h * e)) - field.velocity(m)).norm / h) }
        }
        var zeros: [SIMD3<Double>] = []
        for start in starts where field.velocity(start).norm < 2 * steepest * spacing {
            var m = start
            for _ in 0..<30 {
                let (a, b) = basis(m), v = field.velocity(m)
                let da = (field.velocity(moved(m, h * a)) - v) / h, db = (field.velocity(moved(m, h * b)) - v) / h
                let m11 = (da * a).sum(), m12 = (db * a).sum(), m21 = (da * b).sum(), m22 = (db * b).sum(), va = (v * a).sum(), vb = (v * b).sum()
                let det = m11 * m22 - m12 * m21, x = (-va * m22 + vb * m12) / det, y = (-vb * m11 + va * m21) / det
                let size = (x * x + y * y).squareRoot()
                guard size.isFinite, size < 1 else { break }
                m = moved(m, x * a + y * b)
                if size < 1e-10 {
                    if !zeros.contains(where: { ($0 - m).norm < 1e-5 }) { zeros.append(m) }
                    break
                }
            }
        }
        return zeros
    }
}
