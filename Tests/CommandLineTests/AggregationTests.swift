import Archive
import Foundation
import Studies
import Testing

/// merge, show, export, diff and reproduce on small real runs.
@Suite(.serialized) struct AggregationTests {
    /// Runs `a` (N = 10, 12) and `b` (N = 12, 14) of one model, with several array outputs and a failing point in `b`.
    private static func runs(_ folder: URL) throws {
        for (name, counts, gammas) in [("a", "[10, 12]", "[0.5, 1]"), ("b", "[12, 14]", "[0.5, 1, -3]")] {
            try """
            title: \(name)
            model: { preset: bistable-pump }
            sweep: { N: \(counts), Gamma: \(gammas) }
            studies:
              - steadyState: { observables: { jz: Jz/j }, measures: [populations] }
              - gap: { modes: 2 }
            """.write(to: folder.appendingPathComponent("\(name).yaml"), atomically: true, encoding: .utf8)
            let outcome = try CommandLineTool.run("run", "\(name).yaml", "--out", name, in: folder)
            try #require(outcome.code == (name == "a" ? 0 : 4), "\(outcome)")
        }
    }

    private static let python = CommandLineTool.project.appendingPathComponent(".venv/bin/python")

    /// Eight of 32 points, so a list of points, at which a study that does not depend on N stands twice each; from runs and from
    /// archives. Joined outputs of records that two runs share.
    @Test func listsOfPointsFromRuns() throws {
        try CommandLineTool.withFolder { folder in
            func run(_ arguments: String...) throws -> CommandLineTool.Outcome { try CommandLineTool.start(arguments, in: folder).finish() }
            func job(_ number: Int, _ observable: String) -> String {
                "title: list\nmodel: { preset: bistable-pump, parameters: { Omega: 0.5 } }\nsweep: { N: [\(2 * number + 2), \(2 * number + 3)], Gamma: [0.\(number + 5)] }\n"
                    + "studies: [{ steadyState: { observables: { \(observable.lowercased()): \(observable)/j } } }, meanField]\n"
            }
            for number in 0..<4 {
                for observable in ["Jz", "Jx"] {
                    try job(number, observable).write(to: folder.appendingPathComponent("\(observable)\(number).yaml"), atomically: true, encoding: .utf8)
                    #expect(try run("run", "\(observable)\(number).yaml", "--out", "\(observable)\(number)").code == 0)
                }
            }
            let runs = ["Jz0", "Jz1", "Jz2", "Jz3", "Jx0", "Jx1", "Jx2", "Jx3"]
            let fromRuns = try CommandLineTool.start(["merge"] + runs + ["-o", "runs.h5"], in: folder).finish()
            let fromArchives = try CommandLineTool.start(["merge"] + runs.reversed().map { $0 + "/archive.h5" } + ["-o", "archives.h5"], in: folder).finish()
            #expect(fromRuns.code == 0 && fromArchives.code == 0, "\(fromRuns.error)\(fromArchives.error)")
            let values = try Ranks.values(folder.appendingPathComponent("runs.h5"))
            #expect(try values.count == 12 && values == Ranks.values(folder.appendingPathComponent("archives.h5")))
            #expect(values.values.filter { $0.outputs["jz"] != nil && $0.outputs["jx"] != nil }.count == 8)
        }
    }

    @Test func mergeShowDiff() throws {
        try CommandLineTool.withFolder { folder in
            try Self.runs(folder)
            func run(_ arguments: String...) throws -> CommandLineTool.Outcome { try CommandLineTool.start(arguments, in: folder).finish() }
            func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
            #expect(try run("merge", "a", "b/archive.h5", "-o", "ab.h5").code == 0)
            try "# both\nb\n\na/archive.h5\n".write(toFile: path("list"), atomically: true, encoding: .utf8)
            #expect(try run("merge", "--from", "list", "-o", "ba.h5").code == 0)
            #expect(try Archive(reading: path("ab.h5")).differences(from: Archive(reading: path("ba.h5"))) == [])

            // The ledgers are the sources, whichever way the records came.
            let shown = try run("show", "ab.h5", "--json"), summary = try JSONDecoder().decode(Summary.self, from: Data(shown.out.utf8))
            #expect(summary.sources.map(\.name) == ["a/ledger/0000.sqlite", "b/ledger/0000.sqlite"] && summary.sources.map(\.records) == [8, 8])
            let gap = try #require(summary.studies.first { $0.study == "gap" })
            #expect(gap.points == 8 && gap.cells == 9 && gap.statuses == ["ok": 6, "failed": 2] && gap.failures.first?.count == 2)
            #expect(gap.bySpinCount.map(\.points) == [2, 3, 3])
            let text = try run("show", "ab.h5").out
            #expect(text.contains("8 of 9 points (88.8 %): 6 ok, 2 failed") && text.contains("! failed at N=12;Gamma=-3"), "\(text)")

            let alike = try run("diff", "a", "a/archive.h5")
            #expect(alike.code == 0 && alike.out.contains("alike: 8 points"), "\(alike)")
            let different = try run("diff", "a", "b")
            #expect(different.code == 4 && different.out.contains("2 points only in a: N=10;Gamma=0.5, N=10;Gamma=1") && different.out.contains("4 points only in b"), "\(different)")
            #expect(try run("diff", "a", "ab.h5", "--common").code == 0)
            let bad = try run("diff", "a", "b", "--rtol", "-1")
            #expect(bad.code == 2 && bad.error.contains("--rtol"))

            // A damaged one among several: named, and left out on demand.
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path("ba.h5")))
            bytes[bytes.count / 2] ^= 0xff
            try bytes.write(to: URL(fileURLWithPath: path("spoilt.h5")))
            let refused = try run("merge", "a", "spoilt.h5", "-o", "c.h5")
            #expect(refused.code == 2 && refused.error.contains("spoilt.h5: is damaged") && !FileManager.default.fileExists(atPath: path("c.h5")), "\(refused)")
            let skipped = try run("merge", "a", "spoilt.h5", "nowhere", "-o", "c.h5", "--skip-damaged")
            #expect(skipped.code == 4 && skipped.error.contains("2 of 3 sources were left out:\n  spoilt.h5\n  nowhere"), "\(skipped)")
            #expect(try run("diff", "a", "c.h5").code == 0)

            // No room for the file: the old one stays, and nothing beside it.
            let before = try SHA256.hexDigest(ofFile: path("c.h5")), files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            let line = "ulimit -f 16; exec \(CommandLineTool.executable.path) merge a b -o c.h5"
            let full = try CommandLineTool.start(["-c", line], program: "/bin/bash", in: folder).finish()
            #expect(full.code == 2 && full.error.contains("c.h5: cannot be written: File too large"), "\(full)")
            #expect(try SHA256.hexDigest(ofFile: path("c.h5")) == before && FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == files)
        }
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: python.path), "needs make setup")) func exportsAgreeWithXarray() throws {
        try CommandLineTool.withFolder { folder in
            try Self.runs(folder)
            func run(_ arguments: String...) throws -> CommandLineTool.Outcome { try CommandLineTool.start(arguments, in: folder).finish() }
            #expect(try run("merge", "a", "b", "-o", "ab.h5").code == 0)
            for arguments in [["--format", "csv", "-o", "csv"], ["--format", "parquet", "-o", "parquet"], ["--format", "netcdf", "-o", "ab.nc"],
                              ["--format", "netcdf", "-o", "part.nc", "--study", "gap", "--select", "N=12", "Gamma=0.2:0.7"]] {
                let outcome = try CommandLineTool.start(["export", "ab.h5"] + arguments, in: folder).finish()
                #expect(outcome.code == 0, "\(arguments): \(outcome)")
            }
            let standard = try run("export", "ab.h5", "--format", "csv", "--study", "gap", "--select", "N=12", "Gamma=0.5", "-o", "-")
            #expect(standard.code == 0 && standard.out.split(separator: "\r\n").count == 2 && standard.out.hasPrefix("N,Gamma,status,reason,seconds,source,gap"), "\(standard)")
            for (arguments, fragment) in [(["--format", "xls"], "no format xls"), (["--format", "csv", "--study", "gapp"], "no study gapp"), (["--format", "csv", "--select", "M=1"], "no axis M"),
                                          (["--format", "csv", "--select", "N=11"], "no point with N=11"), (["--format", "csv", "--select", "N=a"], "expected AXIS=VALUE")] {
                let outcome = try CommandLineTool.start(["export", "ab.h5"] + arguments, in: folder).finish()
                #expect(outcome.code == 2 && outcome.error.contains(fragment), "\(arguments): \(outcome)")
            }
            let script = CommandLineTool.project.appendingPathComponent("analysis/tests/check_exports.py").path
            let checked = try CommandLineTool.start([script, folder.path], program: Self.python.path, in: folder).finish()
            #expect(checked.code == 0, "\(checked.out)\(checked.error)")
        }
    }

    /// Each point from the job of its own source; a number that was changed is found.
    @Test func reproduceFromTheJobsInside() throws {
        try CommandLineTool.withFolder { folder in
            try Self.runs(folder)
            func run(_ arguments: String...) throws -> CommandLineTool.Outcome { try CommandLineTool.start(arguments, in: folder).finish() }
            #expect(try run("merge", "a", "b", "-o", "ab.h5").code == 0)
            let all = try run("reproduce", "ab.h5")
            #expect(all.code == 0 && all.out.contains("study gap: 8 of 8 points computed again: the same within tolerance") && all.out.contains("written by macrospin 0."), "\(all)")
            let exact = try run("reproduce", "a", "--points", "2", "--study", "steadyState", "--rtol", "0")
            #expect(exact.code == 0 && exact.out.contains("study steadyState: 2 of 4 points"), "\(exact)")

            let path = folder.appendingPathComponent("ab.h5").path
            var archive = try Archive(reading: path)
            let table = try #require(archive.tables.firstIndex { $0.study == "steadyState" })
            let row = try #require(archive.tables[table].rows.firstIndex { $0.record.status == .ok })
            let value = try #require(archive.tables[table].rows[row].record.outputs["jz"]?.data.first)
            archive.tables[table].rows[row].record.outputs["jz"] = OutputArray(value + 1e-3)
            try archive.write(to: path)
            let changed = try run("reproduce", "ab.h5")
            #expect(changed.code == 4 && changed.out.contains("study steadyState, jz: 1 of 4 numbers beyond tolerance") && changed.out.contains("DIFFERENT"), "\(changed)")

            archive.attributes.jobTexts = []
            try archive.write(to: path)
            let jobless = try run("reproduce", "ab.h5")
            #expect(jobless.code == 2 && jobless.error.contains("has no job inside"), "\(jobless)")
        }
    }
}
