import Foundation
import Studies
import Testing
@testable import Sweep

/// Folder of the package, from where this file was compiled.
let packageFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

func readJob(_ text: String) throws -> Job { try Job(text: Array(text.utf8), path: "a.yaml") }

/// A small sound job in which single lines can be replaced.
func small(title: String = "title: t", model: String = "model: { preset: bistable-pump }", sweep: String = "sweep: { N: [2, 4] }",
           studies: String = "studies: [gap]", more: String = "") -> String {
    [title, model, sweep, studies, more].joined(separator: "\n") + "\n"
}

@Suite struct JobLoadTests {
    @Test func bistableTransition() throws {
        let job = try Job.load(path: packageFolder.appendingPathComponent("jobs/bistable-transition.yaml").path)
        #expect(job.grid.count == 410)
        #expect(job.grid.axisNames == ["N", "Gamma", "Omega"])
        #expect(job.grid[42] == Point(axes: ["N", "Gamma", "Omega"], values: [20, 1.025, 0.25]))
        #expect(job.grid.axes.map(\.label) == [nil, "Γ/γ", "Ω/γ"])
        #expect(job.grid.axes.map(\.isInteger) == [true, false, false])
        #expect(job.energyUnit == "hbar*gamma" && job.timeUnit == "1/gamma")
        #expect(job.entries.map(\.name) == ["steadyState", "gap"])
        #expect(job.entries[1].options["modes"] == .integer(4))
        #expect(job.entries.allSatisfy { $0.study.axes == ["N", "Gamma", "Omega"] })
        #expect(job.entries[0].study.outputs.contains { $0.name == "jz2" && $0.kind == .real })
    }

    @Test func jsonIsAccepted() throws {
        let job = try readJob(#"{"model": {"preset": "driven-lmg", "parameters": {"V": "2*kappa"}}, "sweep": {"N": 10, "Omega": [0.5, 1e0]}, "studies": [{"steadyState": {"keep": ["state"]}}], "tolerances": {"leak": 1e-8}}"#)
        #expect(job.title == "a" && job.preset == "driven-lmg" && job.tolerances.leak == 1e-8)
        #expect(job.grid.map(\.key) == ["N=10;Omega=0.5", "N=10;Omega=1"])
    }

    /// Constants keep all their digits; only axis values are keys and so canonical.
    @Test func constantsAndDefaults() throws {
        let job = try readJob(small(model: "model: { preset: bistable-pump, parameters: { gamma: 0.12345678901234567, Omega: +.5e0 } }", sweep: "sweep: { N: 2, Gamma: 0.12345678901234567 }"))
        let values = try job.model.values(spinCount: 2, ["Gamma": 3])
        #expect(values["gamma"] == 0.12345678901234567 && values["Omega"] == 0.5 && values["Gamma"] == 3)
        #expect(job.grid[0]["Gamma"] == 0.123456789012346)
    }
}
