import Foundation
import SpinAlgebra
@testable import Studies
import Testing

@Suite struct SemiclassicalStudyTests {
    private func setup(_ model: Model, _ options: [String: OptionValue], axes: [String: [Double]]) -> StudySetup {
        StudySetup(model: model, options: Options(options), sweepAxes: axes.keys.sorted(), axisValues: axes)
    }

    /// Every output is there, with the shape that was declared.
    private func check(_ record: Record, _ outputs: [OutputSpec]) {
        #expect(Set(record.outputs.keys) == Set(outputs.map(\.name)))
        for output in outputs {
            guard let array = record.outputs[output.name] else { continue }
            #expect(array.isComplex == (output.kind == .complex))
            #expect(array.shape.count == output.axes.count && zip(array.shape, output.axes).allSatisfy { $1.extent == nil || $0 == $1.extent }, "\(output.name)")
        }
    }

    @Test func meanFieldIgnoresN() throws {
        let options: [String: OptionValue] = ["limitCycles": .flag(true), "trajectories": .integer(3), "duration": .number(5), "samples": .integer(11)]
        let study = try MeanFieldStudy(setup: setup(preset("bistable-pump"), options, axes: ["N": [20], "Gamma": [0.8], "Omega": [0.25]]))
        #expect(study.axes == ["Gamma", "Omega"])
        let record = try study.run(at: Point(axes: ["Gamma", "Omega"], values: [0.8, 0.25]), in: StudyContext())
        check(record, study.outputs)
        #expect(record.status == .ok)
        #expect(record.outputs["fixed_point_count"]?.data == [6] && record.outputs["attractor_count"]?.data == [2] && record.outputs["index_sum"]?.data == [2])
        #expect(record.outputs["fixed_point"]!.data[18...].allSatisfy(\.isNaN) && record.outputs["fixed_point"]!.data[..<18].allSatisfy(\.isFinite))
        #expect(record.outputs["limit_cycle_count"]?.data == [0])
        #expect(record.outputs["trajectory_time"]?.data.last == 5)
        #expect(try study.run(at: Point(axes: ["Gamma", "Omega"], values: [0.8, 0.25]), in: StudyContext()).agrees(with: record))
    }

    @Test func failures() throws {
        let study = try MeanFieldStudy(setup: setup(preset("bistable-pump"), [:], axes: ["Gamma": [-1]]))
        let negative = try study.run(at: Point(axes: ["Gamma"], values: [-1]), in: StudyContext())
        #expect(negative.status == .failed && negative.reason.contains("non-negative"))
        let line = try MeanFieldStudy(setup: setup(Model(hamiltonian: "a*Jz^2/j", jumps: [], parameters: []), [:], axes: ["a": [1]]))
        let degenerate = try line.run(at: Point(axes: ["a"], values: [1]), in: StudyContext())
        #expect(degenerate.status == .degenerate && degenerate.reason.contains("not isolated"))
        #expect(throws: OptionError.self) { try MeanFieldStudy(setup: setup(preset("bistable-pump"), ["samples": .integer(5)], axes: ["Gamma": [1]])) }
        #expect(throws: ModelError.self) { try MeanFieldStudy(setup: setup(preset("lmg-mesoscopic"), [:], axes: ["g": [1]])) }
    }

    @Test func branchesConsumeTheirAxis() throws {
        let axes = ["N": [20], "Gamma": [5, 0.3, 1], "Omega": [0.25, 0.5]] as [String: [Double]]
        let study = try BranchesStudy(setup: setup(preset("bistable-pump"), ["over": .text("Gamma")], axes: axes))
        #expect(study.axes == ["Omega"] && study.consumedAxes == ["Gamma"] && study.consumedValues == ["Gamma": [0.3, 5]])
        let record = try study.run(at: Point(axes: ["Omega"], values: [0.5]), in: StudyContext())
        check(record, study.outputs)
        #expect(record.status == .ok && record.outputs["branch_count"]?.data == [3])
        #expect(record.outputs["bifurcation_kind"]?.data == [2, 0, 2, 0])
        let narrow = try BranchesStudy(setup: setup(preset("bistable-pump"), ["over": .text("Gamma"), "from": .number(0.6), "to": .number(1)], axes: axes))
        #expect(narrow.consumedValues == ["Gamma": [0.6, 1]])
        #expect(try narrow.run(at: Point(axes: ["Omega"], values: [0.5]), in: StudyContext()).outputs["bifurcation_parameter"]?.data == [])
    }

    @Test func branchesRefuse() throws {
        func refusal(_ options: [String: OptionValue], _ values: [Double] = [1, 2]) throws -> OptionError? {
            let all = try setup(preset("bistable-pump"), options, axes: ["N": [20], "Gamma": values])
            return #expect(throws: OptionError.self) { try BranchesStudy(setup: all) }
        }
        #expect(try refusal([:])?.message == "the option over is missing")
        #expect(try refusal(["over": .text("Omega")])?.hint == "axes here are Gamma")
        #expect(try refusal(["over": .text("N")])?.message.contains("classical limit") == true)
        #expect(try refusal(["over": .text("Gamma")], [1])?.message.contains("a range is needed") == true)
        #expect(try refusal(["over": .text("Gamma"), "from": .number(3)])?.path == ["from"])
    }
}
