import Foundation
import Studies
@testable import Sweep
import Testing

/// Over ranks of mpirun. One after the other: they share two cores.
@Suite(.serialized) struct RankTests {
    /// The same bits for any number of ranks, any size of chunks (it follows from the number of ranks and from what was
    /// measured) and any order of completion; with two sub-coordinators too.
    @Test func sameBitsOnAnyNumberOfRanks() throws {
        try CommandLineTool.withFolder { folder in
            try Ranks.write("""
                title: bits
                model: { preset: bistable-pump }
                sweep:
                  N: [9, 20, 14]
                  Gamma: { from: 0.5, to: 1.1, points: 7 }
                studies:
                  - steadyState: { observables: { jz: Jz/j, jx2: Jx^2/j^2 } }
                  - gap: { modes: 2 }
                """, folder)
            var expected: [String: Ranks.Row] = [:]
            for (ranks, more) in [(1, []), (2, []), (3, []), (5, []), (9, ["--coordinators", "2"])] {
                let outcome = try CommandLineTool.start(["run", "job.yaml", "--out", "run\(ranks)", "--ranks", "\(ranks)", "--oversubscribe"] + more, in: folder).finish()
                #expect(outcome.code == 0, "\(ranks) ranks: \(outcome)")
                #expect(outcome.out == "run\(ranks)/archive.h5\n")
                let values = try Ranks.values(folder.appendingPathComponent("run\(ranks)/archive.h5"))
                #expect(values.count == 42)
                if expected.isEmpty { expected = values }
                #expect(values == expected, "\(ranks) ranks give other bits")
            }
            #expect(Ledger.shards(folder.path + "/run9").count == 3)
        }
    }

    /// A point that kills its worker is found among the innocent, tried twice alone, and set aside.
    @Test func quarantine() throws {
        try CommandLineTool.withFolder { folder in
            try Ranks.write(Ranks.rehearsal(points: 120, options: "seconds: \"0.004\", fails: \"x - 7\", dies: \"(x-37)^2 + (y-4)^2\""), folder)
            let run = folder.appendingPathComponent("run")
            let outcome = try CommandLineTool.start(["run", "job.yaml", "--out", "run", "--ranks", "3"], in: folder).finish()
            #expect(outcome.code == 4, "\(outcome)")
            #expect(outcome.error.components(separatedBy: "died by signal 9 (Killed); restart").count == 4, "three deaths: \(outcome.error)")
            #expect(outcome.error.contains("quarantined rehearsal at rehearsal.y=4;rehearsal.x=37"))
            let rows = try Ranks.rows(run)
            #expect(rows.count == 120)
            #expect(rows.filter { $0.value.row.status == .quarantined }.map(\.key) == ["rehearsal.y=4;rehearsal.x=37"])
            #expect(Set(rows.filter { $0.value.row.status == .failed }.map(\.key)) == ["rehearsal.y=3;rehearsal.x=7", "rehearsal.y=4;rehearsal.x=7"])
            #expect(rows["rehearsal.y=4;rehearsal.x=37"]?.row.reason.contains("signal 9") == true)
            // It stays set aside, until it is asked for.
            let again = try CommandLineTool.start(["run", "job.yaml", "--out", "run", "--ranks", "2"], in: folder).finish()
            #expect(again.code == 4 && again.error.contains("0 of them computed"), "\(again)")
            let retried = try CommandLineTool.start(["run", "job.yaml", "--out", "run", "--ranks", "2", "--retry-quarantined"], in: folder).finish()
            #expect(retried.code == 4 && retried.error.contains("restart 3") && !retried.error.contains("restart 4"), "\(retried)")
        }
    }

    /// A job all of whose points die is given up after a while, and says so.
    @Test func hopelessJob() throws {
        try CommandLineTool.withFolder { folder in
            try Ranks.write(Ranks.rehearsal(points: 40, options: "seconds: \"0.001\", dies: \"0\""), folder)
            let outcome = try CommandLineTool.start(["run", "job.yaml", "--out", "run", "--ranks", "2", "--restarts", "2"], in: folder).finish()
            #expect(outcome.code == 1 && outcome.error.contains("2 starts in a row brought no new record: given up"), "\(outcome)")
        }
    }

    /// USR1, INT and TERM to the supervisor: all ranks stop in good order.
    @Test(arguments: [SIGTERM, SIGINT, SIGUSR1]) func signals(number: Int32) throws {
        try CommandLineTool.withFolder { folder in
            try Ranks.write(Ranks.rehearsal(points: 2000, options: "seconds: \"0.005\""), folder)
            let started = try CommandLineTool.start(["run", "job.yaml", "--out", "run", "--ranks", "3"], in: folder)
            for _ in 0..<500 where RunStatus.durableCount(folder.path + "/run") < 100 { usleep(20_000) }
            kill(started.process.processIdentifier, number)
            let outcome = started.finish()
            #expect(outcome.code == 3, "\(outcome)")
            #expect(outcome.error.contains("the same command resumes"))
            let first = try Ranks.rows(folder.appendingPathComponent("run"))
            #expect(first.count >= 100 && first.count < 2000)
            let rest = try CommandLineTool.start(["run", "job.yaml", "--out", "run", "--ranks", "3"], in: folder).finish()
            #expect(rest.code == 0 && rest.error.contains("\(2000 - first.count) of them computed"), "\(rest)")
        }
    }

    /// A point longer than the grace period does not hold up the end.
    @Test func longPoint() throws {
        try CommandLineTool.withFolder { folder in
            try Ranks.write(Ranks.rehearsal(points: 4, options: "seconds: \"3600\""), folder)
            let started = try CommandLineTool.start(["run", "job.yaml", "--out", "run", "--ranks", "3"], in: folder)
            usleep(2_000_000)
            kill(started.process.processIdentifier, SIGUSR1)
            let outcome = started.finish()
            #expect(outcome.code == 3 && outcome.error.contains("too long to wait for"), "\(outcome)")
        }
    }

    /// As a launcher starts it, without a supervisor.
    @Test func underMpirun() throws {
        try CommandLineTool.withFolder { folder in
            try Ranks.write(Ranks.rehearsal(points: 100, options: "seconds: \"0.002\""), folder)
            let words = ["mpirun", "--oversubscribe", "-n", "3", CommandLineTool.executable.path, "run", "job.yaml", "--out", "run"]
            let outcome = try CommandLineTool.start(words, program: "/usr/bin/env", in: folder).finish()
            #expect(outcome.code == 0 && outcome.error.contains("over 2 workers"), "\(outcome)")
            #expect(try Ranks.rows(folder.appendingPathComponent("run")).count == 100)
        }
    }
}
