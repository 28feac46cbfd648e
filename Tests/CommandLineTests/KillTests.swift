import Foundation
import Studies
@testable import Sweep
import Testing

extension RankTests {
    /// Processes of one run, by what they are.
    private struct Census {
        var workers: [pid_t] = [], rank0: [pid_t] = [], guardians: [pid_t] = [], launchers: [pid_t] = []
        var all: [pid_t] { workers + rank0 + guardians + launchers }

        init(_ marker: String) {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
                guard let pid = pid_t(name), let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else { continue }
                let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
                guard words.contains(marker) else { continue }
                let environment = (FileManager.default.contents(atPath: "/proc/\(pid)/environ") ?? Data()).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
                guard let rank = environment.first(where: { $0.hasPrefix("OMPI_COMM_WORLD_RANK=") })?.dropFirst(21) else {
                    if words[0] == "mpirun" { launchers.append(pid) }
                    continue
                }
                if !environment.contains(where: { $0.hasPrefix("MACROSPIN_GUARDED=") }) { guardians.append(pid) } else if rank == "0" { rank0.append(pid) } else { workers.append(pid) }
            }
        }
    }

    /// Thirty kill -9 of workers, guardians, rank 0, mpirun and the supervisor: no innocent point is quarantined, nothing
    /// that was counted is lost or computed again, and the archive equals that of an undisturbed run.
    @Test(arguments: [["--ranks", "4"], ["--ranks", "9", "--coordinators", "2"]]) func thirtyKills(layout: [String]) throws {
        let kills = layout.count > 2 ? 10 : 30, points = layout.count > 2 ? 9000 : 14_000
        try CommandLineTool.withFolder { folder in
            try Ranks.write(Ranks.rehearsal(points: points, options: "seconds: \"0.01\", fails: \"x - 7\""), folder)
            let run = folder.appendingPathComponent("run").path
            let words = ["run", "job.yaml", "--out", run, "--oversubscribe"] + layout
            var random = SystemRandomNumberGenerator(), tally: [String: Int] = [:], done = 0, seen: [String: Double] = [:], starts = 0
            var counted = 0
            while done < kills, starts < 60 {
                starts += 1
                let started = try CommandLineTool.start(words, in: folder)
                while done < kills, started.process.isRunning {
                    // Something new must have become durable since the last kill, or no work would ever be hit.
                    for _ in 0..<400 where RunStatus.durableCount(run) <= counted && started.process.isRunning { usleep(25_000) }
                    usleep(UInt32.random(in: 0...300_000, using: &random))
                    let census = Census(run), kinds: [(String, [pid_t])] = [("worker", census.workers), ("worker", census.workers), ("guardian", census.guardians), ("rank 0", census.rank0),
                                                                           ("mpirun", census.launchers), ("supervisor", [started.process.processIdentifier])]
                    guard let (kind, pids) = kinds.filter({ !$0.1.isEmpty }).randomElement(using: &random), let pid = pids.randomElement(using: &random) else { continue }
                    counted = max(counted, RunStatus.durableCount(run))
                    guard started.process.isRunning, kill(pid, SIGKILL) == 0 else { continue }
                    done += 1
                    tally[kind, default: 0] += 1
                    if kind == "supervisor" { break }
                }
                _ = started.finish()
                // Orphans notice and go; only then may the ledger be looked at.
                for _ in 0..<300 where !Census(run).all.isEmpty { usleep(50_000) }
                #expect(Census(run).all.isEmpty, "ranks outlive their supervisor")
                let rows = try Ranks.rows(URL(fileURLWithPath: run))
                #expect(rows.count >= counted, "\(counted) records were counted, \(rows.count) are there")
                for (key, made) in seen { #expect(rows[key]?.made == made, "\(key) was durable and is lost or was computed again") }
                seen = rows.mapValues(\.made)
                if rows.count == points { break }
            }
            let last = try CommandLineTool.start(words, in: folder).finish()
            #expect(last.code == 4, "\(last)")
            let rows = try Ranks.rows(URL(fileURLWithPath: run))
            for (key, made) in seen { #expect(rows[key]?.made == made, "\(key) was computed again") }
            #expect(!rows.values.contains { $0.row.status == .quarantined }, "an innocent point was quarantined")
            // The same points, only quicker.
            try Ranks.write(Ranks.rehearsal(points: points, options: "seconds: \"0\", fails: \"x - 7\""), folder)
            let whole = try CommandLineTool.start(["run", "job.yaml", "--out", "whole", "--ranks", "4", "--oversubscribe"], in: folder).finish()
            #expect(whole.code == 4)
            #expect(try Ranks.values(URL(fileURLWithPath: run + "/archive.h5")) == Ranks.values(folder.appendingPathComponent("whole/archive.h5")))
            print("kills \(done) in \(starts) starts by hand: \(tally.sorted { $0.key < $1.key }); \(seen.count) records when the last had struck")
            #expect(done == kills, "the run ended before it was hit often enough")
        }
    }
}
