import Archive
import Foundation
import Studies
@testable import Sweep
import Testing

/// Refined sweeps from the command line: over ranks, interrupted, and against uniform scans.
@Suite(.serialized) struct RefinementTests {
    /// Records come in any order (durations vary), some points fail and one kills its worker.
    private static func rehearsal(dies: String) -> String {
        """
        title: refined rehearsal
        model: { preset: bistable-pump }
        sweep:
          rehearsal.y: [3, 4]
          rehearsal.x: { from: 0, to: 4, points: 9, refine: { on: value, near: zero, until: 0.001 } }
        studies:
          - rehearsal: { seconds: "0.004*(1 + sin(1000*x))", fails: "x - 1", dies: "\(dies)" }
        """
    }

    private func insertions(_ run: URL) throws -> [String: Int] {
        Dictionary(uniqueKeysWithValues: try Ledger(readOnly: Ledger.path(run.path)).insertions().map { ($0.point.key, $0.round) })
    }

    @Test func sameSetOverRanks() throws {
        try CommandLineTool.withFolder { folder in
            try Ranks.write(Self.rehearsal(dies: "1"), folder)
            var expected: (points: [String: Int], values: [String: Ranks.Row])?
            for (ranks, more) in [(1, []), (3, []), (9, ["--coordinators", "2"])] {
                let run = folder.appendingPathComponent("run\(ranks)")
                let outcome = try CommandLineTool.start(["run", "job.yaml", "--out", run.path, "--ranks", "\(ranks)", "--oversubscribe"] + more, in: folder).finish()
                #expect(outcome.code == 4, "\(ranks) ranks: \(outcome)")
                let found = (points: try insertions(run), values: try Ranks.values(run.appendingPathComponent("archive.h5")))
                #expect(found.values.count == 18 + found.points.count)
                guard let expected else { expected = found; continue }
                #expect(found.points == expected.points, "\(ranks) ranks insert other points")
                #expect(found.values == expected.values, "\(ranks) ranks give other bits")
            }
            // sin(0.1 + y + 2 x) changes its sign at known places.
            let points = Set((expected?.points ?? [:]).keys)
            #expect((20...80).contains(points.count), "\(points.count)")
            for y in [3.0, 4] {
                for k in 1...3 {
                    let zero = (Double(k) * .pi - 0.1 - y) / 2
                    guard (0...4).contains(zero) else { continue }
                    let near = points.compactMap { key in Point(key: key).flatMap { $0["rehearsal.y"] == y ? $0["rehearsal.x"] : nil } }.map { abs($0 - zero) }.min() ?? .infinity
                    // Of a failed point at 1 the zeros beside it know nothing.
                    #expect(near <= 1e-3, "\(zero) at y = \(y): \(near)")
                }
            }
            #expect(Ledger.shards(folder.path + "/run9").count == 3)
        }
    }

    /// Interrupted by signals and by kill -9 of everything, resumed with other numbers of ranks and sub-coordinators; a
    /// worker dies of an inserted point.
    @Test func sameSetAfterInterruptions() throws {
        try CommandLineTool.withFolder { folder in
            try Ranks.write(Self.rehearsal(dies: "1"), folder)
            let whole = folder.appendingPathComponent("whole"), broken = folder.appendingPathComponent("broken")
            #expect(try CommandLineTool.run("run", "job.yaml", "--out", whole.path, in: folder).code == 4)
            let points = try insertions(whole), second = try #require(points.filter { $0.value == 2 }.keys.sorted().first.flatMap { Point(key: $0) })
            let x = second["rehearsal.x"] ?? 0, y = second["rehearsal.y"] ?? 0
            // Slower, and deadly at that point: what is inserted afterwards follows from the rest.
            let deadly = Self.rehearsal(dies: "(x - \(x))^2 + (y - \(y))^2").replacingOccurrences(of: "0.004", with: "0.03")
            try Ranks.write(deadly, folder)
            let plain = folder.appendingPathComponent("plain")
            let once = try CommandLineTool.start(["run", "job.yaml", "--out", plain.path, "--ranks", "3"], in: folder).finish()
            #expect(once.code == 4 && once.error.contains("quarantined rehearsal"), "\(once)")
            var random = SystemRandomNumberGenerator(), interruptions = 0
            for (ranks, more) in [(3, []), (9, ["--coordinators", "2"]), (3, []), (9, ["--coordinators", "2"])] {
                let started = try CommandLineTool.start(["run", "job.yaml", "--out", broken.path, "--ranks", "\(ranks)", "--oversubscribe"] + more, in: folder)
                usleep(UInt32.random(in: 700_000...1_700_000, using: &random))
                // The supervisor killed with -9 takes its ranks along.
                kill(started.process.processIdentifier, ranks == 3 ? SIGKILL : SIGUSR1)
                if started.finish().code != 4 { interruptions += 1 }
                usleep(300_000)
            }
            let last = try CommandLineTool.start(["run", "job.yaml", "--out", broken.path, "--ranks", "3"], in: folder).finish()
            #expect(last.code == 4, "\(last)")
            #expect(interruptions >= 2)
            #expect(try insertions(broken) == (try insertions(plain)))
            let rows = try Ranks.rows(broken), expected = try Ranks.rows(plain)
            #expect(rows.mapValues { $0.row.outputs } == expected.mapValues { $0.row.outputs })
            #expect(rows[second.key]?.row.status == .quarantined && expected[second.key]?.row.status == .quarantined)
        }
    }

    /// The least gap and the steepest jz of the bistable macrospin, against a uniform scan as fine as `until` around the place
    /// and against values from all over the axis.
    @Test func bistableTransition() throws {
        try CommandLineTool.withFolder { folder in
            func text(_ n: Int, _ gamma: String) -> String {
                """
                title: transition
                model: { preset: bistable-pump, parameters: { Omega: 0.25 } }
                sweep: { N: \(n), Gamma: \(gamma) }
                studies:
                  - steadyState: { observables: { jz: Jz/j } }
                  - gap
                """
            }
            func columns(_ run: String) throws -> [(gamma: Double, jz: Double, gap: Double)] {
                let archive = try Archive(reading: folder.path + "/\(run)/archive.h5")
                func column(_ study: String, _ output: String) -> [Double: Double] {
                    let table = archive.tables.first { $0.study == study }
                    return Dictionary(uniqueKeysWithValues: (table?.rows ?? []).map { ($0.coordinates[1], $0.record.outputs[output]?.data.first ?? .nan) })
                }
                let jz = column("steadyState", "jz")
                return column("gap", "gap").map { ($0.key, jz[$0.key] ?? .nan, $0.value) }.sorted { $0.0 < $1.0 }
            }
            func places(_ rows: [(gamma: Double, jz: Double, gap: Double)]) -> (least: Double, steepest: Double) {
                let least = rows.min { $0.gap < $1.gap }?.gamma ?? .nan
                let pairs = zip(rows, rows.dropFirst()).map { (($0.gamma + $1.gamma) / 2, ($1.jz - $0.jz) / ($1.gamma - $0.gamma)) }
                return (least, pairs.max { $0.1 < $1.1 }?.0 ?? .nan)
            }
            let until = 1e-3
            for n in [40, 80] {
                try Ranks.write(text(n, "{ from: 0.5, to: 1.5, points: 11, refine: { on: { gap: minimum, jz: steepest }, until: \(until) } }"), folder)
                #expect(try CommandLineTool.run("run", "job.yaml", "--out", "refined\(n)", in: folder).code == 0)
                let refined = try columns("refined\(n)"), found = places(refined)
                #expect(refined.count * 20 < Int(1 / until), "\(refined.count) points")
                for (number, place) in [found.least, found.steepest].enumerated() {
                    let low = (place - 0.012) / until, from = low.rounded() * until
                    try Ranks.write(text(n, "{ from: \(CanonicalNumber.string(from)), to: \(CanonicalNumber.string(from + 0.024)), step: \(until) }"), folder)
                    #expect(try CommandLineTool.run("run", "job.yaml", "--out", "uniform\(n)-\(number)", in: folder).code == 0)
                    let uniform = places(try columns("uniform\(n)-\(number)"))
                    #expect(abs((number == 0 ? uniform.least : uniform.steepest) - place) <= 1.5 * until, "N \(n): \(place) against \(uniform)")
                }
                // Nothing elsewhere goes below, or is steeper.
                try Ranks.write(text(n, "{ from: 0.5, to: 1.5, step: 0.04 }"), folder)
                #expect(try CommandLineTool.run("run", "job.yaml", "--out", "wide\(n)", in: folder).code == 0)
                let wide = try columns("wide\(n)"), all = places(wide)
                #expect(abs(all.least - found.least) <= 0.04 && abs(all.steepest - found.steepest) <= 0.04)
                #expect((refined.map(\.gap).min() ?? .nan) <= (wide.map(\.gap).min() ?? .nan) * (1 + 1e-9))
            }
        }
    }

    /// A run that began without refinement takes it up, and a smaller `until` goes on from what is there.
    @Test func growthOfARun() throws {
        try CommandLineTool.withFolder { folder in
            func write(_ refine: String) throws {
                try Ranks.write("""
                    title: grows
                    model: { preset: bistable-pump, parameters: { Omega: 0.25 } }
                    sweep: { N: 40, Gamma: { from: 0.5, to: 1.5, points: 11\(refine) } }
                    studies: [{ steadyState: { observables: { jz: Jz/j } } }]
                    """, folder)
            }
            func run() throws -> CommandLineTool.Outcome { try CommandLineTool.run("run", "job.yaml", "--out", "run", in: folder) }
            try write("")
            #expect(try run().code == 0)
            try write(", refine: { on: jz, until: 0.01 }")
            let first = try run()
            #expect(first.code == 0 && first.error.contains("round 1:") && first.error.contains("11 of them done before"), "\(first)")
            let coarse = try insertions(folder.appendingPathComponent("run"))
            try write(", refine: { on: jz, until: 0.001 }")
            #expect(try run().code == 0)
            let fine = try insertions(folder.appendingPathComponent("run"))
            #expect(Set(coarse.keys).isSubset(of: fine.keys) && fine.count > coarse.count)
            let idle = try run()
            #expect(idle.code == 0 && idle.error.contains("0 of them computed"), "\(idle)")
            // The same as begun so.
            #expect(try CommandLineTool.run("run", "job.yaml", "--out", "fresh", in: folder).code == 0)
            #expect(Set(try insertions(folder.appendingPathComponent("fresh")).keys) == Set(fine.keys))
            try write("")
            let refused = try run()
            #expect(refused.code == 2 && refused.error.contains("refine of the axis Gamma is gone"), "\(refused)")
            // The limit ends it, and says so.
            try write(", refine: { on: jz, until: 0.00001, limit: 3 }")
            let limited = try CommandLineTool.run("run", "job.yaml", "--out", "limited", in: folder)
            #expect(limited.code == 0 && limited.error.contains("jz at N=40: stopped at the limit of 3 values a line"), "\(limited)")
            #expect(try insertions(folder.appendingPathComponent("limited")).count == 3)
            let plan = try CommandLineTool.run("plan", "job.yaml", in: folder)
            #expect(plan.out.contains("refined: at most 3 points more on each line of 11 values of Gamma, until 0.00001 apart (jump of jz)") || plan.out.contains("until 1e-05 apart"), "\(plan)")
        }
    }
}
