import Foundation
import Testing

/// What `plan` says of a worker's memory against the peak of a run. `Benchmarks/memory` has the whole table.
@Suite(.serialized) struct MemoryTests {
    @Test(arguments: [
        // A single phase in a narrow window, eight points at a time; alone, factored as a band; both studies of two phases.
        ("model: { preset: bistable-pump, parameters: { Omega: 0.5 } }", "{ N: [1000], Gamma: { from: 0.30, to: 0.34, points: 8 } }", "[steadyState]"),
        ("model: { preset: driven-twisting }", "{ N: [100000], Omega: [0.70] }", "[steadyState]"),
        ("model: { preset: bistable-pump, parameters: { Omega: 0.5 } }", "{ N: [320], Gamma: { from: 0.88, to: 0.92, points: 4 } }", "[steadyState, gap: { modes: 2 }]"),
        ("model: { preset: bistable-pump, parameters: { Omega: 0.5 } }", "{ N: [320], Gamma: { from: 0.30, to: 0.34, points: 8 } }", "[gap]"),
    ]) func planKnowsTheMemory(_ model: String, _ sweep: String, _ studies: String) throws {
        try CommandLineTool.withFolder { folder in
            try "title: memory\n\(model)\nsweep: \(sweep)\nstudies: \(studies)\n".write(to: folder.appendingPathComponent("job.yaml"), atomically: true, encoding: .utf8)
            let plan = try CommandLineTool.run("plan", "job.yaml", in: folder).out
            let figure = try #require(plan.firstMatch(of: #/memory of a worker: ([0-9.]+) ([MG])B/#), "\(plan)")
            let predicted = try #require(Double(figure.1)) * (figure.2 == "M" ? 1e6 : 1e9)
            let measured = try Self.peak(["run", "job.yaml", "--out", "run"], in: folder)
            // Slack for other allocators beyond the 20 % that the table holds.
            #expect(abs(predicted / measured - 1) < 0.3, "\(predicted / 1e6) MB told, \(measured / 1e6) MB taken")
        }
    }

    /// Greatest resident size of the tool, looked at until it ends.
    private static func peak(_ arguments: [String], in folder: URL) throws -> Double {
        let (process, finish) = try CommandLineTool.start(arguments, in: folder)
        var greatest = 0.0
        while process.isRunning {
            let status = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
            if let line = status.firstMatch(of: #/VmHWM:\s+([0-9]+) kB/#), let kilobytes = Double(line.1) { greatest = max(greatest, 1024 * kilobytes) }
            usleep(5000)
        }
        let outcome = finish()
        #expect(outcome.code == 0 || outcome.code == 4, "\(outcome)")
        return greatest
    }
}
