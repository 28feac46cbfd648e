import Foundation
import Lindblad
import Numbers
@testable import Semiclassics
import SpinAlgebra
import Testing

@Suite struct QuasiPotentialTests {
    private func direction(_ m: SIMD3<Double>, _ step: SIMD3<Double>) -> SIMD3<Double> { (m + step) / (m + step).norm }

    /// Covariances of the linearised motion, j·Cov = Σ: K Σ + Σ Kᵀ + D = 0 in an orthonormal tangent basis, D_ab = Re Σ_k c_a c̄_b with
    /// c = e·(∇l_k × m); in Q ½ more, in P ½ less. ∇l and K by differences.
    private func covariance(_ symbol: ClassicalSymbol, _ m: SIMD3<Double>, _ basis: [SIMD3<Double>]) -> (xx: Double, xy: Double, yy: Double) {
        let field = MeanField(symbol), h = 1e-5
        func along(_ e: SIMD3<Double>) -> SIMD3<Double> { (field.velocity(direction(m, h * e)) - field.velocity(direction(m, -h * e))) / (2 * h) }
        let columns = basis.map(along)
        let a = (basis[0] * columns[0]).sum(), b = (basis[0] * columns[1]).sum(), c = (basis[1] * columns[0]).sum(), d = (basis[1] * columns[1]).sum()
        var diffusion = (xx: 0.0, xy: 0.0, yy: 0.0)
        for jump in symbol.jumps {
            // e₁·(g × m) = −g·e₂ and e₂·(g × m) = g·e₁ as e₁ × e₂ = m: slopes along the tangent directions suffice.
            func slope(_ e: SIMD3<Double>) -> Complex {
                func at(_ n: SIMD3<Double>) -> Complex { jump.evaluate(plus: Complex(n.x, n.y), z: Complex(n.z), minus: Complex(n.x, -n.y)) }
                return (1 / (2 * h)) * (at(m + h * e) - at(m - h * e))
            }
            let c1 = -slope(basis[1]), c2 = slope(basis[0])
            diffusion.xx += c1.squaredMagnitude
            diffusion.xy += (c1 * c2.conjugate).re
            diffusion.yy += c2.squaredMagnitude
        }
        // 2a xx + 2b xy = −D_xx; c xx + (a + d) xy + b yy = −D_xy; 2c xy + 2d yy = −D_yy.
        let xy = (-diffusion.xy + c * diffusion.xx / (2 * a) + b * diffusion.yy / (2 * d)) / (a + d - b * c / a - b * c / d)
        return ((-diffusion.xx - 2 * b * xy) / (2 * a), xy, (-diffusion.yy - 2 * c * xy) / (2 * d))
    }

    private func symbols() throws -> [ClassicalSymbol] {
        [try preset("driven-twisting").classicalSymbol(["Omega": 1.2]),
         try Model(hamiltonian: "0.4*Jx + 0.3*Jz", jumps: [("1/j", "Jm + 0.3*Jp"), ("0.4/j", "Jp")], parameters: []).classicalSymbol([:])]
    }

    private func quadratic(_ sigma: (xx: Double, xy: Double, yy: Double), _ u: Double, _ v: Double) -> Double {
        (u * u * sigma.yy - 2 * u * v * sigma.xy + v * v * sigma.xx) / (sigma.xx * sigma.yy - sigma.xy * sigma.xy)
    }

    /// S = ½ xᵀ Σ⁻¹ x to lowest order on the unstable manifold of each attractor, of foci and of a squeezed, thermal spin. In P
    /// Σ need not be positive.
    @Test func curvatureOfManifolds() throws {
        for symbol in try symbols() {
            for attractor in MeanField(symbol).fixedPoints().attractors {
                let chart = Chart(centre: attractor.spin), plain = covariance(symbol, attractor.spin, [chart.axes[0], chart.axes[1]])
                for (gauge, shift) in [(Gauge.q, 0.5), (.p, -0.5), (.wigner(exact: 0), 0), (.wigner(exact: 1), 0)] {
                    let sigma = (xx: plain.xx + shift, xy: plain.xy, yy: plain.yy + shift)
                    let manifold = try #require(try InvariantManifold(AuxiliaryHamiltonian(symbol, gauge, chart: chart), at: .zero, isUnstable: true))
                    for k in 0..<6 {
                        let c = 1e-4 * SIMD2(cos(0.5 * Double(k)), sin(0.5 * Double(k))), y = manifold.point(c)
                        // Lengths on the sphere are twice those of z about the centre.
                        let expected = 0.5 * quadratic(sigma, 2 * y.x, 2 * y.y)
                        let found = 0.5 * (manifold.action.evaluate(c.x, c.y) + manifold.action.evaluate(-c.x, -c.y))
                        #expect(abs(found / expected - 1) < 2e-3, "\(gauge) \(found) \(expected)")
                    }
                }
            }
        }
    }

    /// The same of values on the sphere: S(x) + S(−x) = xᵀ Σ⁻¹ x + O(x⁴).
    @Test func curvatureOnTheSphere() throws {
        for symbol in try symbols() {
            for attractor in MeanField(symbol).fixedPoints().attractors {
                let m = attractor.spin, flow = MeanField(symbol).tangent(m), basis = [flow.e1, flow.e2], size = 0.01
                var sigma = covariance(symbol, m, basis)
                sigma.xx += 0.5
                sigma.yy += 0.5
                let angles = (0..<6).map { Double.pi * Double($0) / 6 }, steps = angles.map { cos($0) * basis[0] + sin($0) * basis[1] }
                let directions = steps.flatMap { [direction(m, size * $0), direction(m, -size * $0)] }
                let found = try QuasiPotential(symbol, .q, sources: [(attractor, 0)], at: directions).values
                for (k, angle) in angles.enumerated() {
                    let ratio = (found[2 * k] + found[2 * k + 1]) / (size * size * quadratic(sigma, cos(angle), sin(angle)))
                    #expect(abs(ratio - 1) < 2e-4)
                }
            }
        }
    }

    /// Semiclassical Wigner, where the least action counts: at the saddle the motions from both attractors and those from the
    /// saddle itself agree with the instantons.
    @Test func exits() throws {
        let symbol = try preset("driven-twisting").classicalSymbol(["Omega": 1.2])
        let solution = BarrierSolver(symbol, representations: [.semiclassicalWigner]).solve(), sources = solution.sources(.semiclassicalWigner)
        let out = solution.barrier(.semiclassicalWigner, from: 0, to: 1), back = solution.barrier(.semiclassicalWigner, from: 1, to: 0)
        #expect(sources[1].value == 0 && abs(sources[0].value - (back - out)) < 1e-12 && sources[2].value == back)
        let values = try QuasiPotential(symbol, .semiclassicalWigner, sources: sources, at: solution.attractors.map(\.spin) + [solution.exits[0].spin]).values
        #expect(abs(values[0] - (back - out)) < 1e-12 && abs(values[1]) < 1e-12 && abs(values[2] - back) < 1e-4)
    }
}

/// Beside the exact master equation. One at a time: its linear solvers are not made for threads.
@Suite(.serialized) struct ExactQuasiPotentialTests {
    /// ln Q_N − ln Q_{N+2} → S, wrong by O(1/j²): of the bistable pump where one phase weighs e^{0.27 j} as much as the other,
    /// in both phases, wherever Q is far above rounding.
    @Test func husimi() throws {
        let model = try preset("bistable-pump"), given = ["Omega": 0.25, "Gamma": 0.9]
        let grid = SphereGrid(thetaCount: 24, phiCount: 12), solver = try LindbladSolver(model: model)
        let solution = BarrierSolver(try model.classicalSymbol(given), representations: [.q]).solve()
        let directions = grid.directions
        let potential = try QuasiPotential(model.classicalSymbol(given), .q, sources: solution.sources(.q), at: directions)
        func husimi(_ n: Int) throws -> [Double] {
            guard case .resolved(let state) = try solver.steadyState(try model.instance(spinCount: n, given), leakTolerance: 1e-13, errorTolerance: 1e-9).outcome else { return [] }
            return state.husimi(on: grid)
        }
        for (n, limit) in [(40, 0.5), (80, 0.35)] {
            let here = try husimi(n), next = try husimi(n + 2), j = Double(n + 1) / 2
            guard here.count == directions.count, next.count == here.count else { Issue.record("no steady state"); continue }
            var counts = [0, 0]
            for k in directions.indices where potential.values[k] < limit && potential.owners[k] < 2 {
                counts[potential.owners[k]] += 1
                let error = log(here[k] / next[k]) - potential.values[k]
                #expect(abs(error) < 1.5 / (j * j), "N = \(n), \(directions[k]): \(potential.values[k]), off by \(error)")
            }
            #expect(counts[0] > 20 && counts[1] > 20, "\(counts)")
        }
    }
}
