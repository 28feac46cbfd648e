import Foundation
import Studies
@testable import Sweep
import Testing

/// Batch jobs on a real Slurm: time limits, requeues, lost ranks and nodes, arrays. One cluster of four nodes for all of it, since
/// most of the time is waiting.
struct SlurmTests {
    private let cluster: SlurmCluster
    private let folder: URL

    init() throws {
        if let obstacle = SlurmCluster.obstacle { throw SlurmCluster.Failure(text: obstacle) }
        cluster = try SlurmCluster(nodes: 4, cpus: 4)
        folder = cluster.folder.appendingPathComponent("work")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func write(_ text: String, _ name: String) throws { try text.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8) }

    /// - Returns: the number of the job, of a command line that submits one.
    private func submit(_ line: String) throws -> String {
        let outcome = try cluster.shell(line, in: folder)
        #expect(outcome.code == 0, "\(line): \(outcome.error)")
        return outcome.out.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func text(_ path: String) -> String { (try? String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8)) ?? "" }

    private func done(_ run: String) -> Int { (try? RunStatus.read(folder.appendingPathComponent(run).path))?.done ?? 0 }

    /// Waits until a run has so many records.
    private func records(_ count: Int, in run: String) async throws {
        for _ in 0..<600 where done(run) < count { try await Task.sleep(for: .milliseconds(100)) }
        #expect(done(run) >= count, "\(run) has not got going")
    }

    /// What each start of a run found and left, from its log: nothing is lost between two of them, and nothing done twice, if the
    /// next finds what the last has left.
    private func starts(_ run: String) -> [(found: Int, left: Int)] {
        var found = 0, starts: [(Int, Int)] = []
        for line in text(run + "/log.txt").split(separator: "\n") {
            if line.contains(" records in ") { found = line.firstMatch(of: #/, ([0-9]+) of them done before/#).flatMap { Int($0.1) } ?? 0 }
            if let match = line.firstMatch(of: #/with ([0-9]+) of [0-9]+ records done/#) { starts.append((found, Int(match.1) ?? -1)) }
            if let match = line.firstMatch(of: #/finished: ([0-9]+) records/#) { starts.append((found, Int(match.1) ?? -1)) }
        }
        return starts
    }

    private func expectSame(_ run: String, as reference: String, records: Int) throws {
        let values = try Ranks.values(folder.appendingPathComponent(run + "/archive.h5")), expected = try Ranks.values(folder.appendingPathComponent(reference + "/archive.h5"))
        #expect(values.count == records && values == expected, "\(run) differs from \(reference)")
    }

    @Test(.enabled(if: SlurmCluster.obstacle == nil, Comment(rawValue: "skipped: \(SlurmCluster.obstacle ?? "")")), .timeLimit(.minutes(8)))
    func batchJobs() async throws {
        try write(Ranks.rehearsal(points: 960, options: "seconds: \"0.3\""), "limit.yaml")
        try write(Ranks.rehearsal(points: 200, options: "seconds: \"0.4\""), "death.yaml")
        try write(Ranks.rehearsal(points: 200, options: "seconds: \"0\""), "quick.yaml")
        try write(Ranks.rehearsal(points: 20, options: "seconds: \"300*exp(-99*(x + y - 3))\""), "long.yaml")
        try write("""
            title: small
            model: { preset: bistable-pump, parameters: { Omega: 0.5 } }
            sweep: { N: [6, 10, 16], Gamma: { from: 0.5, to: 1.5, points: 7 } }
            studies: [steadyState, gap]
            """, "small.yaml")

        // Two workers on two nodes, 144 s of work each; Slurm warns 5 to 35 s after every start.
        let limited = try submit("macrospin submit limit.yaml --out limit --ranks 3 --nodes 2 --time 1 --sbatch=--signal=B:USR1@55 --sbatch=--nodelist=n1,n2")
        let long = try submit("macrospin submit long.yaml --out long --ranks 1 --time 1 --sbatch=--nodelist=n1")
        let lossy = try submit("macrospin submit death.yaml --out lossy --ranks 3 --nodes 2 --time 5 --sbatch=--nodelist=n3,n4")
        let array = try submit("macrospin submit small.yaml --out parts --array 3 --ranks 1 --time 2 --then 'touch $run/after'")
        for reference in ["small", "quick"] { #expect(try cluster.shell("macrospin run \(reference).yaml --out \(reference)", in: folder).code == 0) }

        // What status and a second submission say meanwhile.
        try await records(10, in: "limit")
        #expect(try cluster.shell("macrospin status limit", in: folder).out.contains("Slurm job \(limited): running"))
        let twice = try cluster.shell("macrospin submit limit.yaml --out limit --ranks 3", in: folder)
        #expect(twice.code == 2 && twice.error.contains("is job \(limited) already"), "\(twice.error)")

        try await loseRankAndNode(lossy)
        try await byHand()
        try await cancelled()
        try examplesOfHelp()
        #expect(try await cluster.end(of: array, within: 60))
        try await joined()

        #expect(try await cluster.end(of: long, within: 200))
        try tooLong(long)
        #expect(try await cluster.end(of: limited, within: 280))
        try survived(limited)
    }

    /// A job that is cancelled stays so, and its run goes on when it is submitted again; names that a script could not hold.
    private func cancelled() async throws {
        let run = "it's 100% a run"
        try write(Ranks.rehearsal(points: 40, options: "seconds: \"0.5\""), "some job.yaml")
        let job = try submit("macrospin submit 'some job.yaml' --out \"\(run)\" --ranks 1 --time 5 --sbatch=--nodelist=n1")
        try await records(3, in: run)
        _ = try cluster.shell("scancel \(job)", in: folder)
        #expect(try await cluster.end(of: job, within: 40))
        #expect(try cluster.field("JobState", of: job) == "CANCELLED" && cluster.field("Restarts", of: job) == "0")
        let left = done(run)
        #expect(left >= 3 && left < 40)
        let again = try submit("macrospin submit 'some job.yaml' --out \"\(run)\" --ranks 1 --time 5 --sbatch=--nodelist=n1")
        #expect(try await cluster.end(of: again, within: 60))
        #expect(try cluster.field("JobState", of: again) == "COMPLETED" && done(run) == 40)
        let other = try cluster.shell("sed -i s/0.5/0.6/ 'some job.yaml'; macrospin submit 'some job.yaml' --out \"\(run)\" --ranks 1", in: folder)
        #expect(other.code == 2 && other.error.contains("the job differs"), "\(other.error)")
    }

    /// The time limit came at least three times.
    private func survived(_ job: String) throws {
        let restarts = Int(try cluster.field("Restarts", of: job)) ?? 0
        #expect(restarts >= 3, "only \(restarts) requeues")
        #expect(try cluster.field("JobState", of: job) == "COMPLETED")
        let starts = starts("limit")
        #expect(starts.count == restarts + 1 && starts.first?.found == 0 && starts.last?.left == 960, "\(starts)")
        for (earlier, later) in zip(starts, starts.dropFirst()) { #expect(later.found == earlier.left && later.left > later.found, "\(starts)") }
        let rows = try Ranks.rows(folder.appendingPathComponent("limit"))
        #expect(rows.count == 960 && rows.values.allSatisfy { $0.row.status == .ok })
    }

    /// One of twenty points takes 300 s; the limit is 60 s. The others are done, it is reported.
    private func tooLong(_ job: String) throws {
        #expect(try cluster.field("ExitCode", of: job) == "4:0")
        #expect(try cluster.field("Restarts", of: job) == "2")
        let status = try cluster.shell("macrospin status long", in: folder).out
        #expect(status.contains("ok 19") && status.contains("failed 1"), "\(status)")
        #expect(status.contains("longer than the time limit: given up after # s and # s; it needs about # min # s"), "\(status)")
        let reasons = try Ranks.rows(folder.appendingPathComponent("long")).values.map(\.row.reason).filter { !$0.isEmpty }
        #expect(reasons.count == 1 && reasons[0].contains("it needs about 5 min 0 s. Give the job 00:09:00 or longer and run it with --retry-failed"), "\(reasons)")
    }

    /// A rank is killed: the run starts its ranks again in the same job. A node is lost: Slurm puts the job back.
    private func loseRankAndNode(_ job: String) async throws {
        try await records(20, in: "lossy")
        // What computes; its guardian has the executable's own name.
        let ranks = try cluster.shell("pgrep --full -- '^/proc/self/exe run .*/lossy/slurm/job.yaml --out .*/lossy'", in: folder).out.split(separator: "\n").compactMap { pid_t($0) }
        #expect(ranks.count == 3, "ranks of the run: \(ranks)")
        let coordinator = try RunStatus.read(folder.appendingPathComponent("lossy").path).pid
        if let worker = ranks.first(where: { $0 != coordinator }) { #expect(kill(worker, SIGKILL) == 0) }
        for _ in 0..<600 where !text("lossy/log.txt").contains("nothing finished is lost") { try await Task.sleep(for: .milliseconds(100)) }
        #expect(text("lossy/log.txt").contains("nothing finished is lost"), "\(text("lossy/log.txt"))")
        try await records(min(190, done("lossy") + 10), in: "lossy")
        let before = try cluster.field("Restarts", of: job)
        // As when a machine loses power: its daemons and all they have started are gone at once.
        _ = try cluster.shell("""
            for pid in $(cat \(cluster.folder.path)/run/slurmd-n4.pid) $(pgrep --full 'slurmstepd: \\[\(job)\\.[1-9]' | tail -n 1); do
              pkill -9 -P $pid; kill -9 $pid
            done
            scontrol update NodeName=n4 State=DOWN Reason=lost
            """, in: folder)
        for _ in 0..<300 where try cluster.field("Restarts", of: job) == before { try await Task.sleep(for: .milliseconds(200)) }
        #expect(try cluster.field("Restarts", of: job) != before, "the job was not put back")
        try cluster.revive("n4")
        // Refused where the node has reported back already.
        _ = try cluster.shell("scontrol update NodeName=n4 State=RESUME", in: folder)
        #expect(try await cluster.end(of: job, within: 90))
        #expect(try cluster.field("JobState", of: job) == "COMPLETED", "\(text("lossy/log.txt"))")
        try expectSame("lossy", as: "quick", records: 200)
    }

    /// The scripts of `slurm/` and srun, without submit.
    private func byHand() async throws {
        let scripts = CommandLineTool.project.appendingPathComponent("slurm").path
        let first = try submit("sbatch --parsable --ntasks=2 --mem-per-cpu=200M --time=5 \(scripts)/sweep.sbatch small.yaml hand")
        let array = try submit("sbatch --parsable --array=1-2 --ntasks=1 --mem-per-cpu=200M --time=5 \(scripts)/array.sbatch small.yaml hands")
        let merge = try submit("sbatch --parsable --dependency=afterany:\(array) --mem-per-cpu=200M \(scripts)/merge.sbatch hands")
        let direct = try cluster.shell("srun --mpi=pmix --nodes=1 --ntasks=3 macrospin run small.yaml --out direct", in: folder)
        #expect(direct.code == 0, "\(direct.error)")
        for job in [first, merge] { #expect(try await cluster.end(of: job, within: 60)) }
        for run in ["hand", "hands", "direct"] { try expectSame(run, as: "small", records: 42) }
    }

    /// What `--help` shows and `HelpExampleTests` cannot run.
    private func examplesOfHelp() throws {
        let examples = try ShellExamples.commands().flatMap { command in
            ShellExamples.examples(inHelp: try CommandLineTool.run(command, "--help").out, of: "macrospin \(command)").filter(\.needsSlurm)
        }
        #expect(examples.contains { $0.line.hasPrefix("srun") } && examples.contains { $0.line.hasPrefix("macrospin submit") })
        try ShellExamples.withProject { project in
            for example in examples {
                let outcome = try ShellExamples.run(example.line, in: project, environment: cluster.environment)
                #expect(outcome.code == 0, "\(example): \(outcome.error)")
                guard let job = Int(outcome.out.trimmingCharacters(in: .whitespacesAndNewlines)) else { continue }
                // The project's folder must stay until then.
                _ = try cluster.shell("while squeue --noheader --jobs=\(job) | grep -q .; do sleep 0.2; done", in: folder)
                #expect(try cluster.field("JobState", of: "\(job)") == "COMPLETED", "\(example)")
            }
        }
    }

    /// Parts of an array and what becomes of them.
    private func joined() async throws {
        for _ in 0..<300 where text("parts/after").isEmpty && !FileManager.default.fileExists(atPath: folder.appendingPathComponent("parts/after").path) {
            try await Task.sleep(for: .milliseconds(200))
        }
        #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent("parts/after").path), "--then was not run")
        try expectSame("parts", as: "small", records: 42)
        let counts = (1...3).map { done("parts/part-00\($0)") }
        #expect(counts.reduce(0, +) == 42 && (counts.max() ?? 0) - (counts.min() ?? 0) <= 2, "\(counts)")
        let status = try cluster.shell("macrospin status parts", in: folder).out
        #expect(status.contains("42 of 42 records in 3 parts") && status.contains("part-003: finished"), "\(status)")
    }
}
