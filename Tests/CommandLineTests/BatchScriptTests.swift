import Foundation
import Studies
@testable import Sweep
import Testing

/// What `submit` asks Slurm for, without Slurm.
struct BatchScriptTests {
    /// `slurm/*.sbatch` are what submit makes its scripts of.
    @Test(arguments: BatchScript.Kind.allCases) func templates(kind: BatchScript.Kind) throws {
        let file = try String(contentsOf: CommandLineTool.project.appendingPathComponent("slurm/\(kind.rawValue).sbatch"), encoding: .utf8)
        #expect(BatchScript.template(kind).text == file)
    }

    /// The forms of `man sbatch`, --time.
    @Test(arguments: [("90", 5400), ("0:30", 30), ("1:02:03", 3723), ("2-0", 172_800), ("1-2:3", 93_780), ("1-02:03:04", 93_784)])
    func times(text: String, seconds: Double) { #expect(TimeLimit.seconds(slurm: text) == seconds) }

    @Test(arguments: ["", "0", "x", "1:2:3:4", "1-", "-5", "1.5", "UNLIMITED", "1-2:3:4:5"])
    func noTimes(text: String) { #expect(TimeLimit.seconds(slurm: text) == nil) }

    @Test(arguments: [1.0, 59, 60, 61, 3600, 86_399, 86_400, 1e6]) func timesWritten(seconds: Double) throws {
        let back = try #require(TimeLimit.seconds(slurm: TimeLimit.slurm(seconds)))
        #expect(back >= seconds && back < seconds + 60)
    }

    @Test(arguments: ["plain/path-1.yaml", "two words", "it's", "", "$HOME `x` \"y\"", "ä;&|"]) func quoting(text: String) throws {
        let outcome = try CommandLineTool.start(["-c", "printf %s \(Shell.quoted(text))"], program: "/bin/bash").finish()
        #expect(outcome.out == text)
    }

    /// Slices are disjoint, cover the sweep, and are as dear as each other to within the dearest point; studies over fewer axes too.
    @Test(arguments: [2, 3, 4, 7]) func slices(count: Int) throws {
        let text = """
            title: slices
            model: { preset: bistable-pump }
            sweep: { Gamma: { from: 0.6, to: 1.4, points: 6 }, Omega: [0.25, 0.5], N: [10, 20, 40, 80] }
            studies: [gap, instanton]
            """
        let job = try Job(text: Array(text.utf8), path: "slices.yaml")
        let whole = RunPlan(title: job.title, jobText: job.text, studies: job.entries.map(\.study), grids: job.entries.map { job.grid.projected(on: $0.study.axes) })
        let slices = try (1...count).map { try whole.slice(PlanSlice("\($0)/\(count)")) }
        for part in whole.parts.indices {
            let all = slices.flatMap { $0.parts[part].grid.map(\.key) }
            #expect(all.count == whole.parts[part].grid.count && Set(all) == Set(whole.parts[part].grid.map(\.key)))
        }
        let seconds = slices.map(\.expectedSeconds)
        #expect((seconds.max() ?? 0) - (seconds.min() ?? 0) <= 2 * whole.longestPointSeconds, "\(seconds)")
        #expect(slices.reduce(0) { $0 + $1.count } == whole.count)
    }

    /// More parts than points: the last ones have nothing to do.
    @Test func emptySlice() throws {
        try CommandLineTool.withFolder { folder in
            try "title: two\nmodel: { preset: bistable-pump }\nsweep: { N: [2, 3], Gamma: [0.8], Omega: [0.5] }\nstudies: [steadyState]\n".write(to: folder.appendingPathComponent("job.yaml"), atomically: true, encoding: .utf8)
            for part in 1...3 { #expect(try CommandLineTool.run("run", "job.yaml", "--out", "part-\(part)", "--part", "\(part)/3", in: folder).code == 0) }
            #expect(try CommandLineTool.run("merge", "part-1", "part-2", "part-3", "-o", "all.h5", in: folder).code == 0)
            #expect(try Ranks.values(folder.appendingPathComponent("all.h5")).count == 2)
        }
    }

    @Test(arguments: ["0/3", "4/3", "1", "a/b", "1/2/3", "1/0"]) func badParts(text: String) throws {
        let outcome = try CommandLineTool.run("run", "jobs/bistable-transition.yaml", "--part", text, "--out", "/nonexistent/run")
        #expect(outcome.code == 2 && outcome.error.contains("--part takes K/M"), "\(outcome.error)")
    }

    @Test func refinedSweepsAreNotSplit() throws {
        let outcome = try CommandLineTool.run("submit", "jobs/refined-transition.yaml", "--array", "3", "--dry-run")
        #expect(outcome.code == 2 && outcome.error.contains("a refined sweep cannot be split"), "\(outcome.error)")
    }

    /// A script that bash accepts, with what was asked for in it.
    @Test func dryRun() throws {
        let outcome = try CommandLineTool.run("submit", "jobs/bistable-transition.yaml", "--dry-run", "--out", "runs/it's one", "--ranks", "5", "--time", "1-0", "--partition", "long,short",
                                              "--account", "theory", "--sbatch=--exclusive", "--setup", "module load openmpi", "--retry-failed", "--then", "echo $run")
        #expect(outcome.code == 0, "\(outcome.error)")
        for line in ["#SBATCH --ntasks=5", "#SBATCH --time=1-00:00:00", "#SBATCH --partition=long,short", "#SBATCH --account=theory", "#SBATCH --exclusive", "#SBATCH --requeue",
                     "#SBATCH --signal=B:USR1@120", "module load openmpi", "  echo $run"] { #expect(outcome.out.split(separator: "\n").contains(Substring(line)), "\(line) is missing in\n\(outcome.out)") }
        #expect(outcome.out.contains("--retry-failed") && outcome.out.contains("it'\\''s one"))
        try CommandLineTool.withFolder { folder in
            try outcome.out.write(to: folder.appendingPathComponent("script"), atomically: true, encoding: .utf8)
            let check = try CommandLineTool.start(["-n", "script"], program: "/bin/bash", in: folder).finish()
            #expect(check.code == 0, "\(check.error)")
        }
        #expect(!FileManager.default.fileExists(atPath: CommandLineTool.project.path + "/runs/it's one"))
    }

    @Test(arguments: [["--time", "soon"], ["--array", "0"], ["--ranks", "x"], ["--mem-per-cpu", "-1"], ["--template", "x"]]) func badOptions(words: [String]) throws {
        let outcome = try CommandLineTool.start(["submit", "jobs/bistable-transition.yaml", "--dry-run"] + words).finish()
        #expect(outcome.code == 2 && outcome.error.contains(words[0]), "\(outcome.error)")
    }

    /// Reasons that differ by numbers alone are one.
    @Test func reasons() {
        func key(_ reason: String) -> String { FailureReason.key(study: "gap", status: .failed, reason: reason) }
        #expect(key("leak 1.5e-07 is above 1e-9 at Jx2") == "gap: failed: leak # is above # at Jx2")
        #expect(key("a 12.") == key("a 7."))
    }
}
