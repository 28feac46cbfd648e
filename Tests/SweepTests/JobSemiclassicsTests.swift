import Studies
@testable import Sweep
import Testing

/// Studies of the classical limit in a job: no N, a consumed axis, models without a limit.
@Suite struct JobSemiclassicsTests {
    private static func model(_ hamiltonian: String, _ rate: String) -> String {
        "model:\n  hamiltonian: \(hamiltonian)\n  jumps:\n    - { rate: \(rate), operator: Jm }\n  parameters: { gamma: 1, chi: 2 }"
    }

    private func message(_ text: String) -> String {
        let error = #expect(throws: InputError.self) { try readJob(text) }
        return error?.description ?? ""
    }

    @Test func modelsWithoutLimitAreRefusedAtTheirPlace() {
        let rate = message(small(model: Self.model("Omega*Jx", "gamma"), sweep: "sweep: { Omega: [1, 2] }", studies: "studies: [meanField]"))
        #expect(rate.hasPrefix("a.yaml:5:15: model.jumps[0].rate: the study meanField needs a classical limit: "), "\(rate)")
        #expect(rate.contains("grows as j^2") && rate.contains("j^-1"))
        let twisting = message(small(model: Self.model("Omega*Jx + chi*Jz^2", "gamma/j"), sweep: "sweep: { Omega: [1, 2] }", studies: "studies: [{ branches: { over: Omega } }]"))
        #expect(twisting.hasPrefix("a.yaml:3:27: model.hamiltonian: the study branches needs"), "\(twisting)")
        #expect(twisting.contains("chi*Jz^2"))
    }

    @Test func axes() throws {
        let job = try readJob(small(sweep: "sweep: { N: [2, 4], Gamma: [2, 0.5, 1], Omega: [0.25, 0.5] }", studies: "studies: [gap, meanField, { branches: { over: Gamma } }]"))
        #expect(job.entries.map(\.study.axes) == [["N", "Gamma", "Omega"], ["Gamma", "Omega"], ["Omega"]])
        #expect(job.entries[2].study.consumedValues == ["Gamma": [0.5, 2]])
        // The consumed axis alone is enough, and is used.
        #expect(try readJob(small(sweep: "sweep: { Gamma: [0.5, 1] }", studies: "studies: [{ branches: { over: Gamma } }]")).entries[0].study.axes == [])
        #expect(message(small(sweep: "sweep: { N: 2, Gamma: [0.5, 1] }", studies: "studies: [meanField]")).contains("nothing uses the axis N"))
        let missing = message(small(sweep: "sweep: { Gamma: [0.5, 1] }", studies: "studies: [{ branches: { over: Omega } }]"))
        #expect(missing.hasPrefix("a.yaml:4:31: studies[0].branches.over: Omega is no axis of the sweep") && missing.contains("axes here are Gamma"), "\(missing)")
    }

    /// What a job leaves out is the spec's default, inside a map too.
    @Test func sphereOfTheQuasiPotential() throws {
        func extents(_ options: String) throws -> [Int?] {
            let job = try readJob(small(sweep: "sweep: { Gamma: [0.5, 1] }", studies: "studies: [\(options)]"))
            return job.entries[0].study.outputs[0].axes.map(\.extent)
        }
        #expect(try extents("quasiPotential") == [61, 120])
        #expect(try extents("{ quasiPotential: { sphere: { theta: 5 } } }") == [5, 120])
        #expect(message(small(sweep: "sweep: { Gamma: [0.5, 1] }", studies: "studies: [{ quasiPotential: { grid: { theta: 5 } } }]")).contains("grid"))
    }

    @Test func changesOfAConsumedAxis() throws {
        func job(_ gamma: String) throws -> Job {
            try readJob(small(sweep: "sweep: { N: [2, 4], Gamma: \(gamma) }", studies: "studies: [gap, { branches: { over: Gamma } }]"))
        }
        #expect(throws: Never.self) { try JobChange.check(old: job("[1, 2]"), new: job("[1, 1.5, 2]")) }
        let error = #expect(throws: InputError.self) { try JobChange.check(old: job("[1, 2]"), new: job("[1, 2, 3]")) }
        #expect(error?.description.contains("what branches takes of the axis Gamma was 1, 2 and is 1, 3") == true, "\(error?.description ?? "")")
    }
}
