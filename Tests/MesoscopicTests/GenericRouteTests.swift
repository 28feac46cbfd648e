import Foundation
@testable import Lindblad
import Mesoscopic
import Numbers
import SpinAlgebra
@testable import Studies
import Testing

/// The studies of the mesoscopic LMG model beside the generic Lindblad path on the preset `lmg-mesoscopic`: multipoles instead of energy
/// levels, nothing of the doublet known.
struct GenericRouteTests {
    private func preset(_ parameters: [String: String]) throws -> Model {
        try #require(ModelPreset.named("lmg-mesoscopic")).model(parameters: parameters.map { (name: $0.key, expression: $0.value) })
    }

    /// All eigenvalues of the Liouvillian at N = 40: the one nearest to −iΔE has the real part −γG01 + O(γ²) (lmg theory, section 2).
    @Test func slowEigenvalue() throws {
        let model = try preset(["g": "0.9"]), splitting = try TunnelSplitting(LipkinModel(spinCount: 40, transverseField: 0.9))
        let (a0, a1) = splitting.secondMoments, energy = exp(splitting.logSplitting)
        var slopes: [Double] = []
        for gamma in [2e-7, 1e-7] {
            let instance = try model.instance(spinCount: 40, ["gamma_phi": gamma])
            let spectrum = try LindbladSolver(model: model).spectrum(instance)
            let nearest = try #require(spectrum.levels.map(\.value).min { ($0 - Complex(0, -energy)).magnitude < ($1 - Complex(0, -energy)).magnitude })
            #expect(abs(nearest.im + energy) < 1e-9)
            slopes.append(-nearest.re / gamma)
        }
        // Extrapolated to γ = 0.
        #expect(abs((2 * slopes[1] - slopes[0]) / (0.5 * (a0 + a1)) - 1) < 1e-5)
        #expect(abs(slopes[1] / (0.5 * (a0 + a1)) - 1) < 1e-2)
    }

    /// K3 of all levels: C(s, t) = ½ Tr[Q e^{L(t−s)}{Q, ρ(s)}] with operators evolved in the multipole basis.
    @Test(arguments: [20, 21], [0.003, 10, 1000]) func leggettGarg(spinCount: Int, gamma: Double) throws {
        let model = try preset(["g": "0.8"]), lipkin = LipkinModel(spinCount: spinCount, transverseField: 0.8)
        let instance = try model.instance(spinCount: spinCount, ["gamma_phi": gamma]), solver = try LindbladSolver(model: model)
        let tau = Double.pi / (3 * exp(try TunnelSplitting(lipkin).logSplitting)), size = spinCount + 1
        let sign = (0..<size).map { ($0 * 2 - spinCount).signum() }.map(Double.init)
        func correlation(_ state: MultipoleState, _ interval: Double) throws -> Double {
            let rho = state.matrix
            var both = rho
            for column in 0..<size { for row in 0..<size { both[column * size + row] = (sign[row] + sign[column]) * rho[column * size + row] } }
            var value = Double.nan
            let start = MultipoleState(spinCount: spinCount, frame: .laboratory, matrix: both)
            _ = try solver.evolve(start, schedule: ParameterSchedule(constant: instance), times: [interval], tolerance: 1e-11) { _, state in
                let final = state.matrix
                value = 0.5 * (0..<size).reduce(0) { $0 + sign[$1] * final[$1 * (size + 1)].re }
            }
            return value
        }
        let ground = try MultipoleState.thermal(instance.hamiltonian, spinCount: spinCount, temperature: 0)
        var later = ground
        _ = try solver.evolve(ground, schedule: ParameterSchedule(constant: instance), times: [tau], tolerance: 1e-11) { later = $1 }
        let c12 = try correlation(ground, tau), c23 = try correlation(later, tau), c13 = try correlation(ground, 2 * tau)
        let study = try LeggettGargStudy(setup: StudySetup(model: model, options: Options(), sweepAxes: ["N", "gamma_phi"]))
        let record = try study.run(at: Point(axes: ["N", "gamma_phi"], values: [Double(spinCount), gamma]), in: StudyContext())
        // Strong damping spoils the extrapolation in steps: the error must say so.
        let allowed = max(2e-9, try #require(record.outputs["k3_error"]).data[0])
        #expect(record.status == .ok || (record.status == .notConverged && gamma > 1))
        for (name, exact) in [("k3_c12", c12), ("k3_c23", c23), ("k3_c13", c13), ("k3_honest", c12 + c23 - c13), ("k3_stationary", 2 * c12 - c13)] {
            #expect(abs(try #require(record.outputs[name]).data[0] - exact) < allowed, "\(name)")
        }
    }

    /// The dephased Landau–Zener sweep as an evolution with a ramp of h.
    @Test func landauZener() throws {
        let gamma = 2e-4, model = try preset(["g": "0.8"]), axes = ["N", "gamma_phi"], point = Point(axes: axes, values: [14, gamma])
        let sweep = try LandauZenerStudy(setup: StudySetup(model: model, options: Options(["dephasing": .flag(true), "paths": .integer(0)]), sweepAxes: axes,
                                                           constants: ["landauZener.tauQ": 1.2, "landauZener.h0": 0.06]))
        let record = try sweep.run(at: point, in: StudyContext())
        #expect(record.status == .ok)
        func value(_ name: String) throws -> Double { try #require(record.outputs[name]).data[0] }
        let duration = try value("lz_duration")
        let evolution = try EvolveStudy(setup: StudySetup(model: model, options: Options([
            "vary": .expressions([.init(name: "h", text: "ramp(-0.06, 0.06, 0, \(duration))")]), "times": .numbers([duration]),
            "initial": .map(["state": .text("ground")]), "measures": .choices(["populations"]), "keep": .choices(["state"]), "tolerance": .number(1e-9),
        ]), sweepAxes: axes))
        let evolved = try evolution.run(at: point, in: StudyContext())
        #expect(evolved.status == .ok)
        let populations = try #require(evolved.outputs["populations_t"]).data
        #expect(abs(populations[0..<7].reduce(0, +) + 0.5 * populations[7] - (try value("lz_p_well_dephased"))) < 1e-6)
        let kept = try #require(evolved.outputs["final_state"])
        let final = MultipoleState(spinCount: 14, frame: .laboratory, shape: kept.shape,
                                   spherical: stride(from: 0, to: kept.data.count, by: 2).map { Complex(kept.data[$0], kept.data[$0 + 1]) })
        let biased = try model.instance(spinCount: 14, ["gamma_phi": gamma, "h": 0.06])
        let target = try MultipoleState.thermal(biased.hamiltonian, spinCount: 14, temperature: 0)
        let fidelity = zip(final.coefficients, target.coefficients).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(1 - fidelity - (try value("lz_p_gs_dephased"))) < 1e-6)
    }
}
