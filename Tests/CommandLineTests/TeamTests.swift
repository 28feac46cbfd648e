import Foundation
import Studies
@testable import Sweep
import Testing

/// Points that several ranks share, over ranks of mpirun: with the hidden study that takes time, memory and lives.
@Suite(.serialized) struct TeamTests {
    private static func job(_ points: Int, _ options: String) -> String {
        """
        title: teams
        model: { preset: bistable-pump }
        sweep: { rehearsal.x: { from: 0, to: \(points - 1), points: \(points) } }
        studies:
          - rehearsal: { \(options) }
        """
    }

    private func run(_ folder: URL, ranks: Int, gigabytes: Double, _ more: String...) throws -> CommandLineTool.Outcome {
        try CommandLineTool.start(["run", "job.yaml", "--out", "run", "--ranks", "\(ranks)", "--oversubscribe", "--ignore-memory", "--memory-per-rank", "\(gigabytes)"] + more,
                                  in: folder).finish()
    }

    private func number(_ row: Ranks.Row, _ output: String) -> Int { row.outputs[output].map { Int(Double(bitPattern: $0[0])) } ?? -1 }

    /// Five points of 4 GB where a rank has 1.2 GB: four ranks each, and the fifth goes on with small points meanwhile.
    @Test func bigBesideSmall() throws {
        try CommandLineTool.withFolder { folder in
            // exp(-x^8) … 4 GB for x < 5, nothing above, and longer than the small ones.
            try Ranks.write(Self.job(60, "seconds: \"0.05 + 0.35*exp(-(x/4.5)^40)\", shares: \"4*exp(-(x/4.5)^40)\""), folder)
            let outcome = try run(folder, ranks: 6, gigabytes: 1.2)
            #expect(outcome.code == 0, "\(outcome)")
            let rows = try Ranks.rows(folder.appendingPathComponent("run"))
            #expect(rows.count == 60)
            var lastBig = 0.0, firstSmall = Double.infinity
            for (key, row) in rows {
                let x = Double(key.dropFirst("rehearsal.x=".count)) ?? -1
                #expect(number(row.row, "ranks") == (x < 5 ? 4 : 1), "\(key)")
                if x < 5 { lastBig = max(lastBig, row.made) } else { firstSmall = min(firstSmall, row.made) }
            }
            #expect(firstSmall < lastBig, "small points waited for the big ones")
        }
    }

    /// Fewer ranks than would be best: two take it where they have the memory; where nobody has, the point fails before it
    /// starts, says what it needs and what there is, and the others are computed.
    @Test func scarceRanks() throws {
        try CommandLineTool.withFolder { folder in
            try Ranks.write(Self.job(12, "seconds: \"0.01\", shares: \"4*exp(-(x/2.5)^40)\""), folder)
            let run = folder.appendingPathComponent("run")
            let refused = try self.run(folder, ranks: 3, gigabytes: 1.2)
            #expect(refused.code == 4, "\(refused)")
            var rows = try Ranks.rows(run)
            let failed = rows.values.filter { $0.row.status == .failed }
            #expect(rows.count == 12 && failed.count == 3)
            #expect(failed.allSatisfy { $0.row.reason == "needs 4 GB on one rank, 1 GB on each of 4; this run has 2 workers with 1.2 GB each; 4 workers of that size would do" },
                    "\(failed.map(\.row.reason))")
            // Without a launcher too.
            let alone = try CommandLineTool.start(["run", "job.yaml", "--out", "alone", "--ignore-memory", "--memory-per-rank", "1.2"], in: folder).finish()
            #expect(alone.code == 4 && alone.error.contains("this run has 1 worker with 1.2 GB"), "\(alone)")
            // With room for them they are computed, without being asked for.
            let mended = try self.run(folder, ranks: 4, gigabytes: 2.5)
            #expect(mended.code == 0 && mended.error.contains("3 of them computed"), "\(mended)")
            rows = try Ranks.rows(run)
            #expect(rows.values.filter { number($0.row, "ranks") == 2 }.count == 3)
        }
    }

    /// Sub-coordinators make teams of their own workers; each point is computed once.
    @Test func teamsInATree() throws {
        try CommandLineTool.withFolder { folder in
            try Ranks.write(Self.job(40, "seconds: \"0.01\", shares: \"4*exp(-(x/9.5)^40)\""), folder)
            let outcome = try run(folder, ranks: 7, gigabytes: 2.5, "--coordinators", "2")
            #expect(outcome.code == 0, "\(outcome)")
            let rows = try Ranks.rows(folder.appendingPathComponent("run"))
            #expect(rows.count == 40 && rows.values.filter { number($0.row, "ranks") == 2 }.count == 10)
        }
    }

    /// A point that was computed, lacks an output added since, and now would need more memory than there is: what it has is kept.
    @Test func refusalKeepsRecords() throws {
        try CommandLineTool.withFolder { folder in
            func job(_ more: String) -> String {
                """
                title: kept
                model: { preset: bistable-pump }
                sweep: { N: [30], Gamma: [0.7, 0.8] }
                studies:
                  - steadyState: { observables: { jz: Jz/j\(more) }, keep: [state], ranks: 2 }
                """
            }
            try Ranks.write(job(""), folder)
            #expect(try run(folder, ranks: 3, gigabytes: 1).code == 0)
            try Ranks.write(job(", jx: Jx/j"), folder)
            let refused = try run(folder, ranks: 3, gigabytes: 1e-6)
            #expect(refused.code == 4, "\(refused)")
            for row in try Ranks.rows(folder.appendingPathComponent("run"), study: "steadyState").values {
                #expect(row.row.status == .failed && row.row.outputs["jz"] != nil && row.row.outputs["state"] != nil && row.row.outputs["jx"] == nil)
            }
            #expect(try run(folder, ranks: 3, gigabytes: 1).code == 0)
            for row in try Ranks.rows(folder.appendingPathComponent("run"), study: "steadyState").values {
                #expect(row.row.status == .ok && row.row.outputs["jx"] != nil)
            }
        }
    }

    /// ScaLAPACK ends MPI on an error: the point is found, tried twice by a team of its own, and set aside; nothing else is lost.
    @Test func abort() throws {
        try CommandLineTool.withFolder { folder in
            try Ranks.write(Self.job(24, "seconds: \"0.01\", shares: \"2*exp(-(x/7.5)^40)\", aborts: \"x - 3\""), folder)
            let outcome = try run(folder, ranks: 4, gigabytes: 1.5)
            #expect(outcome.code == 4, "\(outcome)")
            let rows = try Ranks.rows(folder.appendingPathComponent("run"))
            #expect(rows.count == 24)
            #expect(rows.filter { $0.value.row.status == .quarantined }.map(\.key) == ["rehearsal.x=3"], "\(outcome)")
            #expect(rows.values.filter { $0.row.status == .ok && number($0.row, "ranks") == 2 }.count == 7)
        }
    }

    /// Teams of all sizes among single points: nobody waits for ever, and a stop in the middle loses nothing.
    @Test func mixtureAndStop() throws {
        try CommandLineTool.withFolder { folder in
            try Ranks.write(Self.job(300, "seconds: \"0.02\", shares: \"2 + 2*sin(17*x)\""), folder)
            let arguments = ["run", "job.yaml", "--out", "run", "--ranks", "6", "--oversubscribe", "--ignore-memory", "--memory-per-rank", "1.1"]
            let started = try CommandLineTool.start(arguments, in: folder)
            for _ in 0..<500 where RunStatus.durableCount(folder.path + "/run") < 60 { usleep(20_000) }
            kill(started.process.processIdentifier, SIGUSR1)
            let stopped = started.finish()
            #expect(stopped.code == 3, "\(stopped)")
            let run = folder.appendingPathComponent("run"), first = try Ranks.rows(run)
            #expect(first.count >= 60 && first.count < 300)
            let rest = try CommandLineTool.start(arguments, in: folder).finish()
            #expect(rest.code == 0 && rest.error.contains("\(300 - first.count) of them computed"), "\(rest)")
            let rows = try Ranks.rows(run)
            #expect(rows.count == 300)
            for (key, row) in rows {
                let x = Double(key.dropFirst("rehearsal.x=".count)) ?? -1, gigabytes = 2 + 2 * sin(17 * x)
                #expect(number(row.row, "ranks") == (gigabytes <= 1.1 ? 1 : gigabytes <= 2.2 ? 2 : 4), "\(key)")
            }
        }
    }

    /// Spectra and steady states of the same job, by one rank each, by two and by four: within twice the errors that LAPACK's condition
    /// numbers give, which differ by orders of magnitude from level to level; slow modes and states to rounding.
    @Test func sharedEqualsSingle() throws {
        func job(_ ranks: String) -> String {
            """
            title: shared
            model: { preset: bistable-pump }
            sweep: { N: [9, 20], Gamma: [0.7, 0.9], Omega: 0.5 }
            studies:
              - spectrum: { modes: 2, keep: [right]\(ranks) }
              - steadyState: { observables: { jz: Jz/j }\(ranks) }
            """
        }
        try CommandLineTool.withFolder { folder in
            var single: [String: Ranks.Row] = [:]
            for (ranks, option, processes) in [(1, "", 1), (2, ", ranks: 2", 3), (4, ", ranks: 4", 5)] {
                try Ranks.write(job(option), folder)
                let out = "run\(ranks)"
                let outcome = try CommandLineTool.start(["run", "job.yaml", "--out", out, "--ranks", "\(processes)", "--oversubscribe"], in: folder).finish()
                #expect(outcome.code == 0, "\(outcome)")
                let rows = try Ranks.values(folder.appendingPathComponent("\(out)/archive.h5"))
                #expect(rows.count == 8)
                if ranks == 1 { single = rows }
                for (name, row) in rows {
                    let mine = try #require(single[name])
                    func values(_ row: Ranks.Row, _ output: String) -> [Double] { (row.outputs[output] ?? []).map(Double.init(bitPattern:)) }
                    func agree(_ output: String, _ tolerance: Double) {
                        let (a, b) = (values(mine, output), values(row, output))
                        #expect(!a.isEmpty && a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance }, "\(name) \(output)")
                    }
                    if name.hasPrefix("steadyState") {
                        #expect(number(row, "state_ranks") == ranks)
                        agree("jz", 1e-11)
                        continue
                    }
                    #expect(number(row, "spectrum_ranks") == ranks)
                    agree("slow_eigenvalue", 1e-11)
                    agree("right_modes", 1e-9)
                    agree("symmetry_sector_size", 0)
                    compareLevels(values(mine, "spectrum"), values(mine, "spectrum_sector"), values(mine, "spectrum_error"),
                                  values(row, "spectrum"), values(row, "spectrum_sector"), name)
                }
            }
        }
    }

    /// A steady state whose factors are more than a rank may have, without a word in the job.
    @Test func sharedByMemory() throws {
        try CommandLineTool.withFolder { folder in
            try Ranks.write("""
                title: large state
                model: { preset: driven-twisting, parameters: { chi: 2 } }
                sweep: { N: [2100], Omega: [0.7] }
                studies:
                  - steadyState
                """, folder)
            let single = try CommandLineTool.start(["run", "job.yaml", "--out", "single"], in: folder).finish()
            let shared = try run(folder, ranks: 3, gigabytes: 0.035)
            #expect(single.code == 0 && shared.code == 0, "\(single) \(shared)")
            let a = try #require(try Ranks.values(folder.appendingPathComponent("single/archive.h5")).first?.value)
            let b = try #require(try Ranks.values(folder.appendingPathComponent("run/archive.h5")).first?.value)
            #expect(number(a, "state_ranks") == 1 && number(b, "state_ranks") == 2)
            for output in ["jx", "jy", "jz", "purity"] {
                let x = Double(bitPattern: a.outputs[output]![0]), y = Double(bitPattern: b.outputs[output]![0])
                #expect(abs(x - y) < 1e-12, "\(output): \(x), \(y)")
            }
        }
    }

    /// Each level takes the nearest of its sector that is left, worst known first: the order within errors is anybody's.
    private func compareLevels(_ spectrum: [Double], _ sectors: [Double], _ errors: [Double], _ other: [Double], _ otherSectors: [Double], _ name: String) {
        #expect(spectrum.count == other.count && sectors.count == 100 || sectors.count == 441, "\(name)")
        var left = Set(otherSectors.indices), worst = 0.0
        for place in sectors.indices.sorted(by: { errors[$0] < errors[$1] }) {
            func distance(_ k: Int) -> Double { hypot(other[2 * k] - spectrum[2 * place], other[2 * k + 1] - spectrum[2 * place + 1]) }
            guard let nearest = left.filter({ otherSectors[$0] == sectors[place] }).min(by: { distance($0) < distance($1) }) else {
                Issue.record("\(name): a level of sector \(sectors[place]) is missing")
                return
            }
            left.remove(nearest)
            worst = max(worst, distance(nearest) / (2 * errors[place] + 1e-13))
        }
        #expect(worst < 1, "\(name): \(worst)")
    }
}
