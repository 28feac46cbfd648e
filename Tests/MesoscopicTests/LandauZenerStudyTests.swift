import Mesoscopic
import SpinAlgebra
@testable import Studies
import Testing

/// The study `landauZener`: units, failures, and that a record depends on nothing but its point.
struct LandauZenerStudyTests {
    private func study(_ model: Model? = nil, options: [String: OptionValue] = [:], inputs: [String: Double] = ["tauQ": 0.5, "h0": 0.02],
                       axes: [String] = ["N"]) throws -> LandauZenerStudy {
        let constants = Dictionary(uniqueKeysWithValues: inputs.map { ("landauZener.\($0)", $1) })
        let preset = try #require(ModelPreset.named("lmg-mesoscopic")).model()
        return try LandauZenerStudy(setup: StudySetup(model: model ?? preset, options: Options(options), sweepAxes: axes, constants: constants))
    }

    private func run(_ study: LandauZenerStudy, _ values: [Double] = [40]) throws -> Record {
        try study.run(at: Point(axes: study.axes, values: values), in: StudyContext())
    }

    private func number(_ record: Record, _ name: String) throws -> Double { try #require(record.outputs[name]?.data.first) }

    @Test func everyOutputTwiceTheSame() throws {
        let study = try study(options: ["dephasing": .flag(true), "paths": .integer(50)]), record = try run(study)
        #expect(record.status == .ok && Set(record.outputs.keys) == Set(study.outputs.map(\.name)))
        // As on another rank, after other points.
        let context = StudyContext()
        _ = try study.run(at: Point(axes: ["N"], values: [21]), in: context)
        #expect(try study.run(at: Point(axes: ["N"], values: [40]), in: context).agrees(with: record))
        // Another seed moves the noisy paths alone.
        let other = try run(self.study(options: ["dephasing": .flag(true), "paths": .integer(50), "seed": .integer(2)]))
        #expect(other.outputs["lz_p_gs"] == record.outputs["lz_p_gs"] && other.outputs["lz_p_noise"] != record.outputs["lz_p_noise"])
    }

    /// The same sweep with J = 3, the axes of spin turned into another form, and its duration in seconds.
    @Test func units() throws {
        let first = try run(study(options: ["paths": .integer(0)]))
        let seconds = try number(first, "lz_duration_seconds")
        #expect(abs(seconds * 37138.60883781949 - (try number(first, "lz_duration"))) < 1e-9)
        let model = try Model(hamiltonian: "-(6/N)*Jz^2 - 2.85*(Jp + Jm) + 7", jumps: [], parameters: [])
        let second = try run(study(model, options: ["paths": .integer(0), "unit": .text("seconds")], inputs: ["tauQ": seconds, "h0": 0.02]))
        for (name, factor) in [("lz_p_gs", 1.0), ("lz_p_well", 1), ("lz_duration", 1.0 / 3), ("lz_tau1", 1.0 / 3), ("lz_splitting", 3), ("lz_barrier", 3)] {
            let (a, b) = (try number(first, name), try number(second, name))
            #expect(abs(b / (a * factor) - 1) < 1e-9, "\(name)")
        }
        // A given number of levels is kept, whatever is missing then.
        let few = try run(study(options: ["levels": .integer(4), "paths": .integer(0)]))
        #expect(few.status == .ok)
        #expect(try number(few, "lz_levels") == 4)
        let change = abs(try number(few, "lz_p_gs") - number(first, "lz_p_gs"))
        #expect(try number(few, "lz_level_error") > change / 2)
    }

    @Test func fieldRamp() throws {
        let ramp = try study(options: ["ramp": .text("field")], inputs: ["tauQ": 20])
        let record = try run(ramp, [370])
        #expect(record.status == .ok && Set(record.outputs.keys) == Set(ramp.outputs.map(\.name)))
        #expect(abs(try number(record, "lz_p_gs") - 0.10197) < 1e-5)
    }

    @Test func refusals() throws {
        #expect(throws: OptionError.self) { try self.study(inputs: ["tauQ": 1]) }
        #expect(throws: OptionError.self) { try self.study(inputs: ["h0": 0.01]) }
        #expect(throws: OptionError.self) { try self.study(options: ["ramp": .text("field"), "unit": .text("tau1")], inputs: ["tauQ": 1]) }
        #expect(throws: OptionError.self) { try self.study(options: ["ramp": .text("field"), "dephasing": .flag(true)], inputs: ["tauQ": 1]) }
        #expect(throws: OptionError.self) { try self.study(options: ["ramp": .text("field")]) }
        #expect(try study(axes: ["N", "g", "landauZener.fieldStart"]).axes == ["N", "g"])
    }

    @Test func failures() throws {
        func reason(_ hamiltonian: String, jumps: [(rate: String, operator: String)] = [], _ options: [String: OptionValue] = [:],
                    inputs: [String: Double] = ["tauQ": 0.5, "h0": 0.02]) throws -> (Status, String) {
            let record = try run(study(Model(hamiltonian: hamiltonian, jumps: jumps, parameters: []), options: options, inputs: inputs))
            return (record.status, record.reason)
        }
        let model = "-(2/N)*Jz^2 - 1.8*Jx"
        #expect(try reason(model + " - 0.1*Jz").1.contains("a bias of its own"))
        #expect(try reason(model + " + Jy^2").1.contains("no LMG model"))
        #expect(try reason("-(2/N)*Jz^2").1.contains("tau1 is infinite"))
        #expect(try reason(model, inputs: ["tauQ": 0.5, "h0": -1]).1.contains("h0 must be positive"))
        #expect(try reason(model, inputs: ["tauQ": 0, "h0": 0.01]).1.contains("tauQ must be positive"))
        #expect(try reason(model, jumps: [("0.1", "Jm")], ["dephasing": .flag(true)]).1.contains("proportional to Jz"))
        let long = try reason(model, ["unit": .text("J")], inputs: ["tauQ": 1e7, "h0": 0.01])
        #expect(long.0 == .notConverged && long.1.contains("longer than can be followed"))
    }
}
