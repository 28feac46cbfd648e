import Foundation
import Testing

@Suite(.serialized) struct CommandLineTests {
    static func job(N: String = "[10, 14]", observables: String = "{ jz: Jz/j }", gap: String = "  - gap: { modes: 2 }\n", keep: String = "") -> String {
        """
        title: small
        model: { preset: bistable-pump }
        sweep:
          N: \(N)
          Gamma: { from: 0.5, to: 1.1, points: 4 }
        studies:
          - steadyState: { observables: \(observables)\(keep) }
        \(gap)
        """
    }

    /// One clear line, exit code 2, and nothing on disk.
    @Test(arguments: [
        ("title: [", "job.yaml:2:1: malformed YAML"),
        ("title: a\nmodel: { preset: bistable-pump }\nsweeep: { N: [4] }\nstudies: [gap]\n", "job.yaml:3:1"),
        ("title: a\ntitle: b\n", "job.yaml:2:1"),
        ("title: a\nmodel: { hamiltonian: J*Jx, jumps: [] }\nsweep: { N: [4] }\nstudies: [gap]\n", "spin length is j"),
        ("title: a\nmodel: { hamiltonian: Omega*Jp, jumps: [{ rate: 1, operator: Jm }] }\nsweep: { N: [4], Omega: [1] }\nstudies: [gap]\n", "Hermitian"),
        ("title: a\nmodel: { hamiltonian: Jx*a, jumps: [], parameters: { a: 1, Jx: 2 } }\nsweep: { N: [4] }\nstudies: [gap]\n", "gx"),
        ("title: a\nmodel: { preset: bistable-pump }\nsweep: { N: [4.5] }\nstudies: [gap]\n", "positive integer"),
        ("title: a\nmodel: { preset: bistable-pump }\nsweep: { N: [] }\nstudies: [gap]\n", "sweep.N"),
        ("title: a\nmodel: { preset: bistable-pump }\nsweep: { N: [4], zeta: [1] }\nstudies: [gap]\n", "zeta"),
        ("title: a\nmodel: { preset: bistable-pump }\nsweep: { N: [4] }\nstudies: [steadyState: { observables: { gap: Jz } }, gap]\n", "gap"),
        ("title: a\nmodel: { preset: bistable-pump }\nsweep: { N: [4], Gamma: { from: 0, to: 1, points: 2000000 }, Omega: { from: 0, to: 1, points: 2000 } }\nstudies: [gap]\n", "1e9"),
    ]) func badJobs(_ text: String, _ fragment: String) throws {
        try CommandLineTool.withFolder { folder in
            try text.write(to: folder.appendingPathComponent("job.yaml"), atomically: true, encoding: .utf8)
            let outcome = try CommandLineTool.run("run", "job.yaml", "--out", "run", in: folder)
            #expect(outcome.code == 2)
            #expect(outcome.error.contains(fragment), "\(outcome.error)")
            #expect(outcome.error.hasPrefix("error: job.yaml:") && outcome.error.split(separator: "\n").count == 1, "\(outcome.error)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["job.yaml"])
        }
    }

    @Test func badWordsAndFiles() throws {
        try CommandLineTool.withFolder { folder in
            try "no archive".write(to: folder.appendingPathComponent("x.h5"), atomically: true, encoding: .utf8)
            try Self.job().write(to: folder.appendingPathComponent("job.yaml"), atomically: true, encoding: .utf8)
            try "".write(to: folder.appendingPathComponent("file"), atomically: true, encoding: .utf8)
            for (arguments, fragment) in [(["rum", "job.yaml"], "did you mean run"), (["run", "job.yaml", "--outt", "a"], "unknown option --outt"), (["run"], "expected one job file"),
                                          (["show", "x.h5"], "x.h5"), (["show", "none.h5"], "none.h5"), (["merge", "x.h5"], "-o FILE"), (["status", "nowhere"], "nowhere"),
                                          (["run", "job.yaml", "--out", "file/run"], "file"), (["point", "job.yaml", "--set", "N=2.5"], "positive integer"),
                                          (["point", "job.yaml", "--set", "Omega=1"], "no axis")] {
                let outcome = try CommandLineTool.start(arguments, in: folder).finish()
                #expect(outcome.code == 2, "\(arguments): \(outcome)")
                #expect(outcome.error.contains(fragment), "\(arguments): \(outcome.error)")
            }
        }
    }

    /// Run, look, run again, let the job grow: only what is missing is computed.
    @Test func aRunGrows() throws {
        try CommandLineTool.withFolder { folder in
            let path = folder.appendingPathComponent("job.yaml")
            func run(_ text: String) throws -> CommandLineTool.Outcome {
                try text.write(to: path, atomically: true, encoding: .utf8)
                return try CommandLineTool.run("run", "job.yaml", "--out", "run", in: folder)
            }
            let first = try run(Self.job(gap: "", keep: ", keep: [state]"))
            #expect(first.code == 0 && first.error.contains("8 of them computed"), "\(first)")
            let again = try run(Self.job(gap: "", keep: ", keep: [state]"))
            #expect(again.code == 0 && again.error.contains("0 of them computed"), "\(again)")
            let study = try run(Self.job(keep: ", keep: [state]"))
            #expect(study.code == 0 && study.error.contains("16 records, 8 of them computed"), "\(study)")
            let grid = try run(Self.job(N: "[10, 12, 14]", keep: ", keep: [state]"))
            #expect(grid.code == 0 && grid.error.contains("24 records, 8 of them computed"), "\(grid)")
            // From the kept state, without a solution: the same number that a run from scratch gives.
            let observable = try run(Self.job(N: "[10, 12, 14]", observables: "{ jz: Jz/j, jx2: Jx^2/j^2 }", keep: ", keep: [state]"))
            #expect(observable.code == 0 && observable.error.contains("24 records, 12 of them computed"), "\(observable)")
            #expect(try CommandLineTool.run("run", "job.yaml", "--out", "fresh", in: folder).code == 0)
            func value(_ run: String) throws -> String { try CommandLineTool.run("show", "\(run)/archive.h5", in: folder).out }
            #expect(try value("run").contains("jx2"))
            // merge: an error where two ledgers differ; what was completed from a kept state agrees to rounding only.
            let merged = try CommandLineTool.run("merge", "run", "run/archive.h5", "-o", "m.h5", in: folder)
            #expect(merged.code == 0, "\(merged)")
            let refused = try run(Self.job(N: "[10, 12, 14]", observables: "{ jz: Jz/j, jx2: Jx^2/j }", keep: ", keep: [state]"))
            #expect(refused.code == 2 && refused.error.contains("jx2"), "\(refused)")
            let foreign = try run(Self.job().replacingOccurrences(of: "bistable-pump", with: "resonance-fluorescence").replacingOccurrences(of: "Gamma:", with: "kappa:"))
            #expect(foreign.code == 2, "\(foreign)")
        }
    }

    /// A rate below zero at one value of an axis fails there, named, and nowhere else.
    @Test func aFailedPointIsARecord() throws {
        try CommandLineTool.withFolder { folder in
            try """
            title: negative
            model: { hamiltonian: Jx, jumps: [{ rate: kappa/j, operator: Jm }] }
            sweep: { N: [6], kappa: [-0.5, 0.5] }
            studies: [steadyState]
            """.write(to: folder.appendingPathComponent("job.yaml"), atomically: true, encoding: .utf8)
            let outcome = try CommandLineTool.run("run", "job.yaml", "--out", "run", in: folder)
            #expect(outcome.code == 4, "\(outcome)")
            let shown = try CommandLineTool.run("show", "run/archive.h5", in: folder).out
            #expect(shown.contains("failed at N=6;kappa=-0.5: rate of jump 1, kappa/j ="), "\(shown)")
            let status = try CommandLineTool.run("status", "run", in: folder).out
            #expect(status.contains("finished: 2 of 2") && status.contains("rates must be real and non-negative"), "\(status)")
        }
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGUSR1]) func signalsLeaveAResumableRun(_ signal: Int32) throws {
        try CommandLineTool.withFolder { folder in
            try Self.job(N: "[20, 24, 28, 32, 36, 40, 44, 48]").write(to: folder.appendingPathComponent("job.yaml"), atomically: true, encoding: .utf8)
            let (process, finish) = try CommandLineTool.start(["run", "job.yaml", "--out", "run"], in: folder)
            let ledger = folder.appendingPathComponent("run/status.json").path
            for _ in 0..<400 where !FileManager.default.fileExists(atPath: ledger) { usleep(10_000) }
            usleep(300_000)
            let sent = Date()
            kill(process.processIdentifier, signal)
            let outcome = finish()
            #expect(outcome.code == 3, "\(outcome)")
            #expect(Date().timeIntervalSince(sent) < 10)
            let resumed = try CommandLineTool.run("run", "job.yaml", "--out", "run", in: folder)
            #expect(resumed.code == 0 && resumed.error.contains("done before"), "\(resumed)")
        }
    }

    @Test func pointPrintsJSON() throws {
        let outcome = try CommandLineTool.run("point", "jobs/bistable-transition.yaml", "--set", "N=20", "Gamma=0.6", "Omega=0.25")
        let document = try #require(try JSONSerialization.jsonObject(with: Data(outcome.out.utf8)) as? [String: Any])
        let studies = try #require(document["studies"] as? [String: [String: Any]])
        #expect(Set(studies.keys) == ["gap", "steadyState"])
        let outputs = try #require(studies["gap"]?["outputs"] as? [String: [String: Any]])
        #expect((outputs["eigenvalue"]?["shape"] as? [Int]) == [4])
        #expect((outputs["gap"]?["data"] as? [Double])?.first ?? 0 > 0)
    }

    @Test func checkAgreesWithDenseMatrices() throws {
        let outcome = try CommandLineTool.run("check", "jobs/bistable-transition.yaml", "--physics")
        #expect(outcome.code == 0 && outcome.out.contains("N = 9") && !outcome.out.contains("DISAGREES"), "\(outcome)")
        #expect(outcome.out.contains("reflection at the plane normal to (1, 0, 0)"))
    }

    /// Every example of every --help names a command and files that exist, and runs.
    @Test func helpShowsExamplesThatRun() throws {
        for name in ["plan", "check", "models", "studies", "schema", "point"] {
            let help = try CommandLineTool.run(name, "--help")
            #expect(help.code == 0)
            let example = try #require(help.out.split(separator: "\n").last.map { $0.trimmingCharacters(in: .whitespaces) })
            #expect(example.hasPrefix("macrospin \(name)"))
            let outcome = try CommandLineTool.start(example.split(separator: " ").dropFirst().map(String.init)).finish()
            #expect(outcome.code == 0 && !outcome.out.isEmpty, "\(example): \(outcome.error)")
        }
    }
}
