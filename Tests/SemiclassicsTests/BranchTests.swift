import Foundation
@testable import Semiclassics
import SpinAlgebra
import Testing

@Suite struct BranchTests {
    private func diagram(_ model: Model, _ given: [String: Double] = [:], _ name: String, _ range: ClosedRange<Double>, starts: [Double]? = nil) throws -> BranchDiagram {
        try BranchDiagram(over: range, starts: starts) { MeanField(try model.classicalSymbol(given.merging([name: $0]) { $1 })) }
    }

    private func check(_ found: BranchDiagram, _ expected: [(kind: Bifurcation.Kind, parameter: Double)]) {
        #expect(found.isComplete, "\(found.reason)")
        #expect(found.bifurcations.map(\.kind) == expected.map(\.kind), "\(found.bifurcations)")
        for (a, b) in zip(found.bifurcations, expected) { #expect(abs(a.parameter - b.parameter) < 1e-10 * max(1, abs(b.parameter)), "\(a) \(b)") }
    }

    /// Double roots of −Ω + (γ − Γ(1+cos θ)²) sin θ (mpmath, 30 digits); pitchforks at Γ = γ ∓ Ω, where the transverse
    /// eigenvalue Ω cot θ vanishes. No Hopf: traces vanish on saddles only.
    @Test func bistablePump() throws {
        let half = try diagram(preset("bistable-pump"), ["Omega": 0.5], "Gamma", 0.3...5)
        check(half, [(.branchPoint, 0.5), (.saddleNode, 0.5654799562295261), (.branchPoint, 1.5), (.saddleNode, 4.184251952466187)])
        #expect(half.branches.count == 3)
        #expect(half.branches.contains { branch in
            zip(branch.points, branch.points.dropFirst()).contains { a, b in
                a.kind == .saddle && b.kind == .saddle && (a.eigenvalues.0.re + a.eigenvalues.1.re < 0) != (b.eigenvalues.0.re + b.eigenvalues.1.re < 0)
            }
        }, "neutral saddles are there")
        check(try diagram(preset("bistable-pump"), ["Omega": 0.25], "Gamma", 0.3...100),
              [(.saddleNode, 0.43065849429798087), (.branchPoint, 0.75), (.branchPoint, 1.25), (.saddleNode, 79.75906415033218)])
    }

    /// The branch off the plane, n_z = 0 and n_y = (γ − Γ)/Ω, is an isola between the pitchforks.
    @Test func isolaBetweenPitchforks() throws {
        // No start inside: it is met only by way of the branch points.
        let found = try diagram(preset("bistable-pump"), ["Omega": 0.25], "Gamma", 0.3...5, starts: [])
        guard let ring = found.branches.first(where: \.isClosed) else { Issue.record("no closed branch"); return }
        #expect(ring.parameters.min()! < 0.7501 && ring.parameters.max()! > 1.2499)
        for (gamma, point) in zip(ring.parameters, ring.points) {
            #expect(abs(point.spin.z) < 1e-11 && abs(point.spin.y - 4 * (1 - gamma)) < 1e-11)
        }
        // With those of S, of s₊, and of s₋ and N, which meet in a saddle-node.
        #expect(found.branches.count == 4)
    }

    /// dΩ/dz = 0 on Ω²(z) = (1 − z²)((Δ + 2χz)² + κ²z²)/z² (mpmath, 30 digits).
    @Test func drivenTwisting() throws {
        let found = try diagram(preset("driven-twisting"), [:], "Omega", 0.1...2)
        check(found, [(.saddleNode, 0.915430778205505538), (.saddleNode, 1.41746324373461301)])
        for branch in found.branches {
            for (omega, point) in zip(branch.parameters, branch.points) {
                let z = point.spin.z, b = 1.6 + 4 * z
                #expect(abs((1 - z * z) * (b * b + z * z) - omega * omega * z * z) < 1e-11)
            }
        }
    }

    /// H = w Jz with √γ n₋ and √Γ (1 + n_z) n₊, turned: θ̇ = (γ − Γ(1+z)²) sin θ, so the eigenvalues at the upper pole are
    /// γ − 4Γ ± iw: a Hopf bifurcation at Γ = γ/4.
    @Test func hopfAtThePole() throws {
        let found = try BranchDiagram(over: 0.1...1) { gamma in
            try field(turned([("1/j", "M"), ("\(gamma)/j^3", "P*(j + Z)")], 0.7))
        }
        check(found, [(.hopf, 0.25)])
        #expect((found.bifurcations.first.map { ($0.spin - turnedAxis).norm } ?? 1) < 1e-10)
    }

    /// H = −(V/N) Jx² + h Jz with decay √(κ/N) J₋, V = 2, κ = 0.2. The flow is odd in (h, n_z) together: the foci on the
    /// equator turn over at h = 0. At the poles the linearised flow is ((g z, −h), (h + V z, g z)) with g = κ/2, z = ±1: its
    /// determinant g² + h² + V z h vanishes at h = −z (1 ± √(1 − g²)).
    @Test func lipkin() throws {
        let found = try diagram(preset("lmg-dephasing"), [:], "h", -3...3)
        let root = (1 - 0.01).squareRoot(), outer = 1 + root, inner = 1 - root
        check(found, [(.branchPoint, -outer), (.branchPoint, -inner), (.hopf, 0), (.hopf, 0), (.branchPoint, inner), (.branchPoint, outer)])
    }

    @Test func errorsOfTheFieldArePassedOn() {
        #expect(throws: EvaluationError.self) { _ = try diagram(preset("bistable-pump"), [:], "Gamma", -1...1) }
    }
}
