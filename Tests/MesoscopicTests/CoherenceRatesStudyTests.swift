import Foundation
import Mesoscopic
import SpinAlgebra
@testable import Studies
import Testing

/// What the study makes of a job's model.
@Suite struct CoherenceRatesStudyTests {
    private func study(_ model: Model, method: String = "auto") throws -> CoherenceRatesStudy {
        let options = Options(["method": .text(method)]), values = ["N": [20], "g": [0.9]]
        return try CoherenceRatesStudy(setup: StudySetup(model: model, options: options, sweepAxes: ["N", "g"], axisValues: values))
    }

    private func preset(_ parameters: [(name: String, expression: String)] = []) throws -> Model {
        try ModelPreset.named("lmg-mesoscopic")!.model(parameters: parameters)
    }

    private func record(_ model: Model, _ count: Int, _ g: Double, method: String = "auto") throws -> Record {
        let study = try study(model, method: method)
        let record = try study.run(at: Point(axes: ["N", "g"], values: [Double(count), g]), in: StudyContext())
        for (name, array) in record.outputs {
            guard let spec = study.outputs.first(where: { $0.name == name }) else { Issue.record("\(name) is not declared"); continue }
            #expect(array.isComplex == (spec.kind == .complex) && array.shape == spec.axes.map { $0.extent ?? -1 }, "\(name)")
        }
        return record
    }

    /// Table 3 at the paper's benchmark, as printed: 2ΔE T2 = 18, gap ratio 11.4, eta_MF = 2.351.
    @Test func benchmarkInUnitsOfTheJob() throws {
        let record = try record(preset([("J", "37138.60883781949"), ("gamma_phi", "0.05")]), 370, 0.95)
        func value(_ name: String) -> Double { record.outputs[name]?.data[0] ?? .nan }
        #expect(record.status == .ok && abs(value("doublet_splitting") - 1308) < 1e-8)
        #expect(abs(value("secular_parameter") - 18.42927166897508) < 1e-9 && abs(value("doublet_gap_ratio") - 11.376783403729748) < 1e-9)
        #expect(abs(value("eta_mf") - 2.3508152801945927) < 1e-11 && abs(value("eta_phys") - 1.8634268294248924) < 1e-11)
        #expect(abs(value("wkb_ratio") - 1.425) < 5e-4 && abs(value("tunnel_action") - 0.0107865394) < 1e-10)
        #expect(abs(value("local_rate") - 0.05 * 6673.875) < 1e-9 && value("channel_zeno") == 0)
        #expect(abs(value("channel_envelope") / value("eigenstate_rate") - 1.1754076400972964) < 1e-11)
    }

    /// Deep in the wells z is 1 to rounding. Ratios of WKB to the exact splitting: mpmath, Newton's method on the
    /// continued fractions of both blocks, 60 + N |log10 g| digits.
    @Test(arguments: [(200, 1e-3, 1.01044385666), (1000, 1e-5, 1.00208442014), (100, 1e-9, 1.02094201123)])
    func semiclassicsOfSmallFields(spinCount: Int, field: Double, ratio: Double) throws {
        let outputs = try record(preset(), spinCount, field).outputs
        #expect(abs(try #require(outputs["wkb_ratio"]).data[0] / ratio - 1) < 1e-10)
    }

    /// −(2/N)Jz² is (2/N)(Jx² + Jy²) but for a constant, and what rounding leaves of terms that cancel is neither a bias nor another jump.
    @Test func otherForms() throws {
        let model = try Model(hamiltonian: "(2/N)*(Jx^2 + Jy^2) - 1.8*Jx + 0.3*Jz - 0.1*Jz - 0.2*Jz",
                              jumps: [("0.01", "0.7*Jz + 0.3*Jx - 0.1*Jx - 0.2*Jx")], parameters: [])
        let study = try CoherenceRatesStudy(setup: StudySetup(model: model, options: Options(), sweepAxes: ["N"]))
        let record = try study.run(at: Point(axes: ["N"], values: [40]), in: StudyContext())
        let plain = try TunnelSplitting(LipkinModel(spinCount: 40, transverseField: 0.9))
        #expect(record.status == .ok)
        #expect(abs(try #require(record.outputs["doublet_log_splitting"]).data[0] - plain.logSplitting) < 1e-11)
        // η_MF G01 = G_loc = N²(1 − g²)/2
        let mean = 0.5 * (plain.secondMoments.0 + plain.secondMoments.1), eta = try #require(record.outputs["eta_mf"]).data[0]
        #expect(abs(eta * mean - 152) < 1e-9)
    }

    @Test func methodsAgree() throws {
        let fast = try record(preset(), 50, 0.9), general = try record(preset(), 50, 0.9, method: "parity")
        #expect(fast.status == .ok && general.status == .ok)
        for (name, array) in general.outputs where name != "doublet_splitting_error" {
            for (a, b) in zip(array.data, fast.outputs[name]!.data) {
                #expect(abs(a - b) <= 1e-9 * abs(b) + 1e-12 || (a.isNaN && b.isNaN), "\(name)")
            }
        }
        #expect(general.outputs["g_loc"] == nil)
    }

    /// The whole LMG table also comes out where the job writes the model by itself, with the jump operator scaled.
    @Test func anyWayOfWriting() throws {
        let model = try Model(hamiltonian: "-(1/j)*Jz^2 - g*(Jp + Jm)", jumps: [("0.01", "2*Jz")], parameters: [])
        let own = try record(model, 30, 0.9), preset = try record(preset([("gamma_phi", "0.04")]), 30, 0.9)
        #expect(own.outputs["eta_mf"] != nil)
        for (name, array) in preset.outputs {
            for (a, b) in zip(array.data, own.outputs[name]!.data) {
                #expect(a == b || abs(a - b) < 1e-11 * abs(b) || (a.isNaN && b.isNaN), "\(name)")
            }
        }
    }

    @Test func withoutOrder() throws {
        let record = try record(preset(), 100, 1.05)
        #expect(record.status == .ok)
        let general = ["eta_phys", "doublet_splitting", "pointer_rate"]
        for name in general + ["eta_mf", "g_loc", "depletion", "tunnel_action", "wkb_ratio", "chi_phys", "channel_slow"] {
            let value = record.outputs[name]!.data[0]
            #expect(value.isFinite == general.contains(name), "\(name)")
        }
    }

    @Test func refusals() throws {
        func refusal(_ hamiltonian: String, _ jumps: [(rate: String, operator: String)]) throws -> String {
            let record = try record(Model(hamiltonian: hamiltonian, jumps: jumps, parameters: []), 20, 0.9)
            #expect(record.status == .failed && record.outputs.isEmpty)
            return record.reason
        }
        #expect(try refusal("-(2/N)*Jz^2 - 2*g*Jx - 0.01*Jz", [("1", "Jz")]).contains("breaks parity"))
        #expect(try refusal("-(2/N)*Jz^2 - 0*g*Jx", [("1", "Jz")]).contains("nothing tunnels"))
        #expect(try refusal("-(2/N)*Jz^2 - 2*g*Jx", [("1", "Jz"), ("0.1", "Jm")]).contains("not Hermitian"))
        #expect(try refusal("-(2/N)*Jz^2 - 2*g*Jx", [("1", "Jz^2")]).contains("not odd under the rotation by pi about x"))
        #expect(try refusal("Jx + g*Jy + Jz^2/j", [("1", "Jz")]).contains("no parity"))
        #expect(try refusal("Jx + g*Jy^2/j", []).contains("nothing decoheres"))
    }

    /// A splitting below rounding is said to be so; moments are still right.
    @Test func unresolved() throws {
        let general = try record(preset(), 600, 0.5, method: "parity"), exact = try record(preset(), 600, 0.5)
        #expect(general.status == .unresolved && general.outputs["doublet_log_splitting"]!.data[0].isNaN)
        #expect(abs(general.outputs["doublet_g01"]!.data[0] / exact.outputs["doublet_g01"]!.data[0] - 1) < 1e-11)
        #expect(exact.status == .ok && exact.outputs["doublet_log_splitting"]!.data[0] < -260)
    }
}
