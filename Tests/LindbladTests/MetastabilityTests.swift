import Foundation
import Lindblad
import Numbers
import SpinAlgebra
import Testing

/// What cannot be told, or is not unique, must be said.
extension SolverTests { @Suite struct MetastabilityTests {
    /// Where not even double-double meets the tolerance asked for, both phases are given instead. Gap 8.1e-10 at N = 200
    /// and 3.6e-18 at N = 400 (extended precision): plain double precision gives ⟨Jz⟩/j = -0.55, 0.53 or -2.47 for the
    /// second, depending on the ordering; the phases are those of three orderings and agree with the mean-field fixed
    /// points -0.8612, 0.9755 to order 1/N.
    @Test(arguments: [(200, 0.84451, -0.86005783, 0.96956181), (400, 0.839, -0.86068931, 0.97233274)])
    func unresolvedPointsGiveBothPhases(_ spinCount: Int, _ pump: Double, _ lower: Double, _ upper: Double) throws {
        let model = try ModelPreset.named("bistable-pump")!.model()
        let instance = try model.instance(spinCount: spinCount, ["Omega": 0.5, "Gamma": pump])
        let solution = try LindbladSolver(model: model).steadyState(instance, leakTolerance: 1e-9, errorTolerance: 1e-15)
        guard case .unresolved(let phases) = solution.outcome else { Issue.record("a guess was given: \(solution)"); return }
        let measured = phases.map { $0.expectation(.jz).re * 2 / Double(spinCount) }
        #expect(measured.count == 2)
        #expect(abs(measured[0] - lower) < 2e-8)
        #expect(abs(measured[1] - upper) < 2e-8)
    }

    /// Puri and Lawande: H = Ω Jx with collective decay r D[J−] equals r D[J− + a], a = iΩ/r, without a Hamiltonian, whose
    /// steady state is ρ ∝ (J− + a)⁻¹ (J+ + a*)⁻¹.
    /// At the critical drive the state is wider than any multiple of √N that suffices elsewhere.
    @Test(arguments: [(7, 0.4), (20, 0.9), (31, 1.0), (40, 1.7), (150, 0.97), (240, 1.0), (400, 0.95)]) func resonanceFluorescenceClosedForm(_ spinCount: Int, _ drive: Double) throws {
        let model = try Model(hamiltonian: "Omega*Jx", jumps: [("2*kappa/N", "Jm")], parameters: [("kappa", "1")])
        let instance = try model.instance(spinCount: spinCount, ["Omega": drive])
        let d = spinCount + 1, j = Double(spinCount) / 2, a = Complex(0, drive * Double(spinCount) / 2)
        // Columns of X = (J− + a)⁻¹ by forward substitution: J− is lower triangular for m = j, …, −j.
        var inverse = [[Complex]](repeating: [Complex](repeating: .zero, count: d), count: d)
        for column in 0..<d {
            inverse[column][column] = .one / a
            for row in column + 1..<max(d, column + 1) where row < d {
                let m = j - Double(row - 1)
                inverse[row][column] = -(Complex((j * (j + 1) - m * (m - 1)).squareRoot()) * inverse[row - 1][column]) / a
            }
        }
        func element(_ r: Int, _ c: Int) -> Complex { (0..<d).reduce(Complex.zero) { $0 + inverse[r][$1] * inverse[c][$1].conjugate } }
        let trace = (0..<d).reduce(0.0) { $0 + element($1, $1).re }
        let jz = (0..<d).reduce(0.0) { $0 + (j - Double($1)) * element($1, $1).re } / trace
        let jPlus = (0..<d - 1).reduce(Complex.zero) { sum, k in          // ⟨J+⟩ = Σ ⟨m+1|J+|m⟩ ρ_{m,m+1}
            let m = j - Double(k + 1)
            return sum + Complex((j * (j + 1) - m * (m + 1)).squareRoot()) * element(k + 1, k)
        }
        let solution = try LindbladSolver(model: model).steadyState(instance, leakTolerance: 1e-9, errorTolerance: 1e-6)
        guard case .resolved(let state) = solution.outcome else { Issue.record("not resolved: \(solution)"); return }
        if spinCount >= 150 { #expect(solution.window.lMax > Int(7 * Double(spinCount).squareRoot()) + 1, "the window was wide enough from the start") }
        #expect(abs(state.expectation(.jz).re - jz) < 1e-10 * j)
        #expect(abs(state.expectation(.jx).re - jPlus.re / trace) < 1e-10 * j)
        #expect(abs(state.expectation(.jy).re - jPlus.im / trace) < 1e-10 * j)
    }

    /// Two-quantum loss J−² conserves the parity of j − m: |−j⟩ and |−j+1⟩ are both dark, with their coherences a kernel of
    /// dimension four. A coherent state's even weight is (1 + cos^N θ)/2.
    @Test(arguments: [6, 7, 40]) func strongParity(_ spinCount: Int) throws {
        let model = try Model(hamiltonian: "0.3*Jz", jumps: [("1/j", "Jm^2/j")], parameters: [])
        let solver = try LindbladSolver(model: model), instance = try model.instance(spinCount: spinCount, [:])
        func solve(_ initial: InitialState?) throws -> SteadyStateSolution.Outcome {
            try solver.steadyState(instance, leakTolerance: 1e-9, errorTolerance: 1e-6, initial: initial).outcome
        }
        // With H ∝ Jz the coherence oscillates: it is stationary no more, and two remain.
        guard case .degenerate(let dimension) = try solve(nil) else { Issue.record("not seen as degenerate"); return }
        #expect(dimension == 2)
        let j = Double(spinCount) / 2, evenGround = spinCount % 2 == 0 ? -j : -j + 1
        let oddGround = spinCount % 2 == 0 ? -j + 1 : -j
        for (initial, expected) in [(InitialState.parity(even: 1), evenGround), (.parity(even: 0), oddGround), (.parity(even: 0.3), 0.3 * evenGround + 0.7 * oddGround),
                                    (.dicke(m: j), evenGround), (.dicke(m: j - 1), oddGround),
                                    (.coherent(theta: 0.8, phi: 0.3), { let w = (1 + pow(cos(0.8), Double(spinCount))) / 2; return w * evenGround + (1 - w) * oddGround }())] {
            guard case .chosen(let state, 2) = try solve(initial) else { Issue.record("nothing chosen for \(initial)"); continue }
            #expect(abs(state.expectation(.jz).re - expected) < 1e-8 * j, "\(initial)")
            #expect(abs(state.expectation(.identity).re - 1) < 1e-10)
        }
    }

    /// Symmetry sectors of the standard models, found and named without being declared.
    @Test func gapSectors() throws {
        // LMG with dephasing at N = 100: even q 0.057, odd q 9.4e-6; the gap is the least of all sectors.
        let lmg = try ModelPreset.named("lmg-dephasing")!.model()
        let modes = try LindbladSolver(model: lmg).slowModes(lmg.instance(spinCount: 20, [:]), count: 3).modes
        #expect(modes[0].kind.parity == 1)
        // Pure dephasing, rate γ: T_lq decays at γ q²/2, every T_l0 is stationary.
        let dephasing = try Model(hamiltonian: "0*Jx", jumps: [("gamma", "Jz")], parameters: [("gamma", "0.5")])
        let solution = try LindbladSolver(model: dephasing).slowModes(dephasing.instance(spinCount: 9, [:]), count: 4)
        #expect(solution.kernelDimension == 10)
        #expect(solution.modes.allSatisfy { abs($0.decayRate - 0.25) < 1e-12 && $0.kind.q == 1 })
    }
} }
