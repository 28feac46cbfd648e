import SpinAlgebra
@testable import Studies
import Testing

/// Records of the study `leggettGarg`.
struct LeggettGargStudyTests {
    private let coupling = 37138.60883781949

    private func study(_ options: [String: OptionValue], _ constants: [String: Double] = [:], axes: [String] = ["N"],
                       model: Model? = nil) throws -> LeggettGargStudy {
        let model = try model ?? ModelPreset.named("lmg-mesoscopic")!.model()
        return try LeggettGargStudy(setup: StudySetup(model: model, options: Options(options), sweepAxes: axes, constants: constants))
    }

    private func scalar(_ record: Record, _ name: String) -> Double { record.outputs[name]?.data[0] ?? .nan }

    /// All that can be asked for, once in units of J and once in units of rad/s.
    @Test func allOutputs() throws {
        let options: [String: OptionValue] = [
            "optimum": .flag(true), "thresholds": .flag(true), "attribution": .flag(true), "macrorealist": .flag(true),
            "convergence": .numbers([2, 5, 1000]), "goldilocks": .numbers([10, 30]), "curve": .integer(20),
        ]
        let inHertz = try Model(hamiltonian: "-(2*J/N)*Jz^2 - 2*g*J*Jx", jumps: [("gamma", "Jz")],
                                parameters: [("J", "37138.60883781949"), ("g", "0.95"), ("gamma", "0.05")])
        var records: [Record] = []
        for model in [nil, inHertz] {
            let study = try study(options, ["leggettGarg.levels": 5], model: model)
            let record = try study.run(at: Point(axes: ["N"], values: [370]), in: StudyContext())
            #expect(record.status == .ok && Set(record.outputs.keys) == Set(study.outputs.map(\.name)))
            for output in study.outputs { #expect(record.outputs[output.name]?.shape == output.axes.map { $0.extent ?? -1 }, "\(output.name)") }
            records.append(record)
        }
        let (ours, theirs) = (records[0], records[1])
        #expect(abs(scalar(ours, "k3_honest") - 1.3116324284398648) < 1e-10 && abs(scalar(theirs, "k3_honest") - 1.3116324284398648) < 1e-10)
        #expect(abs(scalar(theirs, "gamma_threshold_stationary") - 0.2887228669353217) < 1e-8)
        #expect(abs(scalar(ours, "gamma_threshold_stationary") * coupling - 0.2887228669353217) < 1e-8)
        #expect(abs(scalar(ours, "gamma_threshold_honest_per_second") - 0.24628513138036273) < 1e-8)
        #expect(abs(scalar(ours, "t2_over_tau") - 8.79932905110236) < 1e-9 && abs(scalar(ours, "k3_interval_seconds") - 0.800609748621252e-3) < 1e-12)
        #expect(abs(scalar(theirs, "k3_splitting") - 1308) < 1e-7)
        let ratios = try #require(ours.outputs["dephasing_level_ratio"]).data
        #expect(abs(1 / ratios[0] - 2.350815280194575) < 1e-8 && abs(ratios[2] - 2.470339035955892) < 1e-7)
        let converged = try #require(ours.outputs["k3_convergence_honest"]).data
        #expect(abs(converged[0] - 1.3192302410521837) < 1e-10 && converged[1] == scalar(ours, "k3_honest") && converged[2].isNaN)
        #expect(abs(try #require(ours.outputs["goldilocks_n"]).data[0] - 369.890) < 1e-3)
        #expect(scalar(ours, "k3_macrorealist") <= 1)
        let curve = try #require(ours.outputs["k3_curve_honest"]).data
        #expect(abs(curve[9] - scalar(ours, "k3_honest")) < 1e-11 && curve.allSatisfy { $0 <= scalar(ours, "k3_optimal_honest") })
    }

    /// A worker's memory of thresholds changes no bit, and a sweep over γ, τ, levels and temperature reads its axes.
    @Test func sweeps() throws {
        let axes = ["N", "gamma_phi", "leggettGarg.tau", "leggettGarg.levels", "leggettGarg.temperature"], context = StudyContext()
        let study = try study(["thresholds": .flag(true), "initial": .text("thermal")], axes: axes)
        #expect(study.axes == axes)
        for values in [[370, 0.1, 1, 15, 10], [370, 0.3, 1, 15, 10], [370, 0.1, 0.9, 5, 10], [370, 0.1, 1, 15, 20]] {
            let point = Point(axes: axes, values: [values[0], values[1] / coupling, values[2], values[3], values[4]])
            let kept = try study.run(at: point, in: context), fresh = try study.run(at: point, in: StudyContext())
            #expect(kept.status == .ok && kept.agrees(with: fresh))
            #expect(scalar(kept, "k3_levels") == values[3])
        }
    }

    @Test func failures() throws {
        func status(_ study: LeggettGargStudy, _ spins: Double) throws -> Record {
            try study.run(at: Point(axes: ["N"], values: [spins]), in: StudyContext())
        }
        // Splitting beyond what the energies resolve; levels; a dissipator for few levels; a bias; another jump.
        for (study, spins) in [
            (try study(["thresholds": .flag(true)], ["leggettGarg.levels": 5]), 3000),
            (try study([:], ["leggettGarg.levels": 2.5]), 20), (try study(["dissipator": .text("proj")]), 20),
            (try study([:], model: ModelPreset.named("lmg-mesoscopic")!.model(parameters: [("h", "0.1")])), 20),
            (try study([:], model: ModelPreset.named("driven-lmg")!.model()), 20),
        ] {
            let record = try status(study, Double(spins))
            #expect(record.status == .failed && !record.reason.isEmpty)
        }
        // Rounding in 601 levels is beyond the tolerance at the finest steps.
        let strict = try status(study(["tolerance": .number(1e-12)]), 600)
        #expect(strict.status == .notConverged && abs(scalar(strict, "k3_honest")) <= 1.5)
    }

    @Test(arguments: [
        ["initial": .text("thermal")], ["weights": .numbers([1, 0])], ["initial": .text("populations")],
        ["initial": .text("populations"), "weights": .numbers([1, -1])], ["convergence": .numbers([2.5])], ["convergence": .numbers([1])],
        ["convergence": .numbers([3, 3])], ["goldilocks": .numbers([-1])],
    ] as [[String: OptionValue]])
    func refusals(options: [String: OptionValue]) {
        do {
            _ = try study(options)
            Issue.record("the options \(options) were taken")
        } catch let error as OptionError {
            #expect(!error.path.isEmpty && !error.message.isEmpty && error.hint != nil)
        } catch { Issue.record("\(error)") }
    }
}
