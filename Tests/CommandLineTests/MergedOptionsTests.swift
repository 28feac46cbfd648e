import Archive
import Foundation
import Studies
import Testing

/// Runs of one model whose jobs ask for different things: what merge, diff, export and reproduce make of them.
@Suite(.serialized) struct MergedOptionsTests {
    private static func run(_ name: String, _ study: String, n: Int, model: String = "lmg-mesoscopic, parameters: { gamma_phi: 0 }", axis: String = "g", in folder: URL) throws {
        try """
        title: \(name)
        model: { preset: \(model) }
        sweep: { N: [\(n)], \(axis): [0.8] }
        studies:
        \(study.split(separator: "\n").map { "  - \($0)" }.joined(separator: "\n"))
        """.write(to: folder.appendingPathComponent("\(name).yaml"), atomically: true, encoding: .utf8)
        let outcome = try CommandLineTool.run("run", "\(name).yaml", "--out", name, in: folder)
        try #require(outcome.code == 0, "\(outcome)")
    }

    private static func evolve(_ options: String) -> String { "evolve: { until: 1, points: 3, observables: { jz: Jz/j }\(options.isEmpty ? "" : ", ")\(options) }" }

    @Test func optionsThatDifferAreNeverMixedInSilence() throws {
        try CommandLineTool.withFolder { folder in
            func run(_ arguments: String...) throws -> CommandLineTool.Outcome { try CommandLineTool.start(arguments, in: folder).finish() }
            try Self.run("up", Self.evolve("initial: { state: coherent, theta: 0 }"), n: 4, in: folder)
            try Self.run("down", Self.evolve("initial: { state: coherent, theta: 3.1 }"), n: 6, in: folder)
            try Self.run("fine", Self.evolve("initial: { theta: 0 }, tolerance: 1e-9"), n: 6, in: folder)
            try Self.run("late", "evolve: { until: 2, points: 3, observables: { jz: Jz/j }, initial: { state: coherent, theta: 0 } }", n: 4, in: folder)

            // Runs and archives alike.
            for first in ["up", "up/archive.h5"] {
                let refused = try run("merge", first, "down/archive.h5", "-o", "x.h5")
                #expect(refused.code == 2 && refused.error.contains("option initial of the study evolve is {phi: 0, state: coherent, theta: 3.1} here and {phi: 0, state: coherent, theta: 0} there"), "\(refused)")
            }
            let mixed = try run("merge", "up", "fine", "-o", "mixed.h5")
            #expect(mixed.code == 0 && mixed.error.contains("warning: the option tolerance of the study evolve is 1e-09 in fine and 1e-08 in up"), "\(mixed)")
            let shown = try run("show", "mixed.h5").out
            #expect(shown.contains("tolerance: 1e-08 or 1e-09") && shown.contains("initial: {phi: 0, state: coherent, theta: 0}"), "\(shown)")
            // What is mixed already is no news.
            let again = try run("merge", "mixed.h5", "up", "-o", "again.h5")
            #expect(again.code == 0 && !again.error.contains("warning"), "\(again)")

            // Other times: other coordinates of an own dimension.
            let times = try run("merge", "up", "late", "-o", "x.h5")
            #expect(times.code == 2 && times.error.contains("[1] 1.0 here, 0.5 there") && !FileManager.default.fileExists(atPath: folder.appendingPathComponent("x.h5").path), "\(times)")
            let differ = try run("diff", "up", "late", "--common", "--rtol", "10")
            #expect(differ.code == 4 && differ.out.contains("[1] 0.5 and 1.0"), "\(differ)")
            let apart = try run("diff", "up", "fine", "--common")
            #expect(apart.code == 4 && apart.out.contains("nothing in common"), "\(apart)")
        }
    }

    /// A point that two jobs have computed parts of; tolerances are looked at before any work.
    @Test func reproduceTellsWhatItDidNotCompute() throws {
        try CommandLineTool.withFolder { folder in
            func run(_ arguments: String...) throws -> CommandLineTool.Outcome { try CommandLineTool.start(arguments, in: folder).finish() }
            try Self.run("a", "steadyState: { observables: { jx: Jx/j, jy: Jy/j } }", n: 4, model: "bistable-pump", axis: "Gamma", in: folder)
            try Self.run("b", "steadyState: { observables: { jz: Jz/j } }", n: 4, model: "bistable-pump", axis: "Gamma", in: folder)
            #expect(try run("merge", "a", "b", "-o", "ab.h5").code == 0)
            let outcome = try run("reproduce", "ab.h5")
            #expect(outcome.code == 0 && outcome.out.contains("outputs jz of 1 points come from other jobs and were not computed")
                && outcome.out.contains("the same within tolerance in all that was computed"), "\(outcome)")
            let bad = try run("reproduce", "ab.h5", "--rtol", "-1")
            #expect(bad.code == 2 && bad.out.isEmpty && bad.error.contains("--rtol takes a number from 0"), "\(bad)")
        }
    }

    @Test func exportsStandBesideTheArchiveAndReplaceNoDevice() throws {
        try CommandLineTool.withFolder { folder in
            func run(_ arguments: String...) throws -> CommandLineTool.Outcome { try CommandLineTool.start(arguments, in: folder).finish() }
            func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
            try Self.run("a", "gap\nmeanField", n: 4, in: folder)
            #expect(try run("export", "a", "--format", "netcdf", "-o", "part.nc").code == 0)
            #expect(try run("export", "part.nc", "--format", "csv").code == 0)
            #expect(FileManager.default.fileExists(atPath: path("part-csv/gap.csv")))
            let itself = try run("export", "part.nc", "--format", "netcdf", "--study", "gap")
            #expect(itself.code == 2 && itself.error.contains("part.nc would be replaced"), "\(itself)")

            // Points of meanField, which does not depend on N, are none that were asked for.
            let none = try run("export", "a", "--format", "csv", "-o", "csv", "--select", "N=6")
            #expect(none.code == 2 && none.error.contains("no point with N=6") && !FileManager.default.fileExists(atPath: path("csv")), "\(none)")

            try #require(mkfifo(path("pipe"), 0o600) == 0)
            let refused = try run("merge", "a", "-o", "pipe")
            var about = stat()
            #expect(refused.code == 2 && refused.error.contains("pipe: is a device or a pipe") && stat(path("pipe"), &about) == 0 && about.st_mode & S_IFMT == S_IFIFO, "\(refused)")
        }
    }
}
