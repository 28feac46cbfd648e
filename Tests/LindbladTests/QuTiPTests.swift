import Lindblad
import SpinAlgebra
import Testing

/// The presets against QuTiP 5.3.1: `steadystate(method="direct")` for ⟨J⟩/j and Tr ρ², `liouvillian(...).full()` with
/// numpy.linalg.eigvals for the gap (all of them real there).
extension SolverTests { @Suite struct QuTiPTests {
    @Test(arguments: [
        ("bistable-pump", 9, ["Omega": 0.4, "Gamma": 0.9], [0, 0.306989404477941, -0.748282143235162], 0.726304760287502, 0.150626224624),
        ("driven-twisting", 12, ["Omega": 1.2, "Delta": 1.6, "chi": 2, "kappa": 1], [0.110764589134346, 0.499281558981904, -0.601351870407194], 0.441152756997816, 0.266968786192),
        ("driven-lmg", 8, ["Omega": 1, "V": 3, "kappa": 1], [-0.372452599760419, 0.0722523795276246, -0.923882258801145], 0.999013850755107, 0.150197144415),
        ("lmg-dephasing", 11, ["V": 2, "h": 0.5, "kappa": 0.2, "kappa_z": 0.3], [0, 0, -0.331772226052762], 0.164028341369098, 0.031663617171),
        ("resonance-fluorescence", 10, ["Omega": 1.3, "kappa": 1], [0, 0.662705099415323, -0.107098284224961], 0.315419813776502, 0.173077121388),
    ] as [(String, Int, [String: Double], [Double], Double, Double)])
    func presets(_ name: String, _ spinCount: Int, _ parameters: [String: Double], _ spin: [Double], _ purity: Double, _ gap: Double) throws {
        let model = try #require(ModelPreset.named(name)).model(), solver = try LindbladSolver(model: model)
        let instance = try model.instance(spinCount: spinCount, parameters)
        guard case .resolved(let state) = try solver.steadyState(instance, leakTolerance: 1e-9, errorTolerance: 1e-6).outcome else {
            Issue.record("\(name) is not resolved")
            return
        }
        let measured = [SpinPolynomial.jx, .jy, .jz].map { state.expectation($0).re * 2 / Double(spinCount) }
        for (mine, theirs) in zip(measured, spin) { #expect(abs(mine - theirs) < 1e-12) }
        #expect(abs(state.purity - purity) < 1e-12)
        let slowest = try #require(try solver.slowModes(instance, count: 1).modes.first)
        #expect(abs(slowest.decayRate - gap) < 1e-11)
    }
} }
