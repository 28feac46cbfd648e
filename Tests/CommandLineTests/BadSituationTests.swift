import Foundation
import Studies
@testable import Sweep
import Testing

/// One clear line each, and nothing lost.
extension RankTests {
    private static func started(_ arguments: [String], _ folder: URL, program: String? = nil, environment: [String: String] = [:], without: [String] = []) throws -> CommandLineTool.Outcome {
        try CommandLineTool.start(arguments, program: program, environment: environment, without: without, in: folder).finish()
    }

    @Test func refusals() throws {
        try CommandLineTool.withFolder { folder in
            try Ranks.write(Ranks.rehearsal(points: 10, options: "seconds: \"0.001\""), folder)
            func refuses(_ arguments: [String], _ fragment: String, environment: [String: String] = [:], without: [String] = []) throws {
                let outcome = try Self.started(arguments, folder, environment: environment, without: without)
                #expect(outcome.code == 2 && outcome.error.contains(fragment) && outcome.error.split(separator: "\n").count == 1, "\(arguments): \(outcome)")
                #expect(!FileManager.default.fileExists(atPath: folder.path + "/run"))
            }
            let run = ["run", "job.yaml", "--out", "run"]
            try refuses(run + ["--ranks", "5000"], "wants 4999 workers")
            try refuses(run + ["--ranks", "many"], "takes a number or auto")
            if geteuid() == 0 { try refuses(run + ["--ranks", "2"], "export OMPI_ALLOW_RUN_AS_ROOT=1", without: ["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"]) }
            try refuses(run + ["--coordinators", "1"], "no room for sub-coordinators")
            try refuses(run, "no Open MPI", environment: ["PMI_SIZE": "4", "PMI_RANK": "1"])
            try refuses(run, "srun --mpi=pmix", environment: ["SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "1"])
            try refuses(run + ["--ranks", "2", "--launcher", "/nowhere/mpirun"], "cannot be started")
            let other = folder.appendingPathComponent("mpirun")
            try "#!/bin/sh\necho HYDRA build details:\n".write(to: other, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: other.path)
            try refuses(run + ["--ranks", "2", "--launcher", other.path], "is no Open MPI (it says: HYDRA build details:)")
        }
    }

    @Test func whatCannotFit() throws {
        try CommandLineTool.withFolder { folder in
            try Ranks.write(Ranks.rehearsal(points: 10, options: "seconds: \"0.001\", gigabytes: 1000000"), folder)
            for arguments in [["run", "job.yaml", "--out", "run"], ["run", "job.yaml", "--out", "run", "--ranks", "2"], ["plan", "job.yaml"]] {
                let outcome = try Self.started(arguments, folder)
                #expect(outcome.code == 2 && outcome.error.contains("needs 1000000.") && outcome.error.contains("this allocation has"), "\(outcome)")
            }
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/run"))
            // A Slurm allocation says itself what it has.
            try Ranks.write(Ranks.rehearsal(points: 10, options: "seconds: \"0.001\", gigabytes: 3"), folder)
            let slurm = ["SLURM_JOB_ID": "12", "SLURM_NTASKS": "2", "SLURM_JOB_NUM_NODES": "1", "SLURM_MEM_PER_NODE": "4000", "SLURM_CPUS_ON_NODE": "2"]
            let outcome = try Self.started(["run", "job.yaml", "--out", "run", "--ranks", "3"], folder, environment: slurm)
            #expect(outcome.code == 2 && outcome.error.contains("with 2 workers, this allocation has 4.2 GB (Slurm job 12)") && outcome.error.contains("1 worker would fit: --ranks 2"), "\(outcome)")
            let ignored = try Self.started(["run", "job.yaml", "--out", "run", "--ignore-memory"], folder, environment: slurm)
            #expect(ignored.code == 0, "\(ignored)")
        }
    }

    /// Two runs in one directory: the second is told who holds it.
    @Test func lockedDirectory() throws {
        try CommandLineTool.withFolder { folder in
            try Ranks.write(Ranks.rehearsal(points: 12_000, options: "seconds: \"0.01\""), folder)
            let first = try CommandLineTool.start(["run", "job.yaml", "--out", "run", "--ranks", "3"], in: folder)
            for _ in 0..<500 where RunStatus.durableCount(folder.path + "/run") < 10 { usleep(20_000) }
            for ranks in [[], ["--ranks", "2"]] {
                let second = try Self.started(["run", "job.yaml", "--out", "run"] + ranks, folder)
                #expect(second.code == 2 && second.error.contains("another process is running in this directory (pid "), "\(second)")
            }
            kill(first.process.processIdentifier, SIGTERM)
            #expect(first.finish().code == 3)
        }
    }

    /// A worker of another build: a copy of the programme with one byte more.
    @Test func anotherBuild() throws {
        try CommandLineTool.withFolder { folder in
            try Ranks.write(Ranks.rehearsal(points: 10, options: "seconds: \"0.001\""), folder)
            let other = folder.appendingPathComponent("macrospin-other")
            try (try Data(contentsOf: CommandLineTool.executable) + [0]).write(to: other)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: other.path)
            let run = ["run", "job.yaml", "--out", "run"]
            let words = ["mpirun", "--oversubscribe", "-n", "2", CommandLineTool.executable.path] + run + [":", "-n", "1", other.path] + run
            let outcome = try Self.started(words, folder, program: "/usr/bin/env")
            #expect(outcome.code == 2 && outcome.error.contains("error: rank 2 on ") && outcome.error.contains("runs another build of macrospin"), "\(outcome)")
            #expect(try Ranks.rows(folder.appendingPathComponent("run")).count <= 10)
        }
    }

    /// The wall clock is behind the ledger's newest record: a word of warning, and the same results.
    @Test func clockSetBack() throws {
        try CommandLineTool.withFolder { folder in
            try Ranks.write(Ranks.rehearsal(points: 10, options: "seconds: \"0.001\""), folder)
            #expect(try Self.started(["run", "job.yaml", "--out", "run"], folder).code == 0)
            let before = try Ranks.rows(folder.appendingPathComponent("run"))
            do {
                let ledger = try Ledger(path: Ledger.path(folder.path + "/run"))
                try ledger.insert(Ledger.Entry(study: "rehearsal", point: "rehearsal.y=99;rehearsal.x=0", outputNames: [], record: Record(status: .ok)), made: Date().timeIntervalSince1970 + 7200)
            }
            let outcome = try Self.started(["run", "job.yaml", "--out", "run"], folder)
            #expect(outcome.code == 0 && outcome.error.contains("the clock of this machine is 2 h 0 min behind"), "\(outcome)")
            for (key, value) in before { #expect(try Ranks.rows(folder.appendingPathComponent("run"))[key]?.made == value.made) }
        }
    }

    /// No room on rank 0's disk (a limit on the size of files stands for it): stop, say so, go on later.
    @Test func diskFullOnRank0() throws {
        try CommandLineTool.withFolder { folder in
            try Ranks.write(Ranks.rehearsal(points: 6000, options: "seconds: \"0.0005\""), folder)
            // Room for some 2400 records, so that many commits succeed first however busy the machine. For rank 0 alone, and no segments in shared memory, which the limit would forbid too.
            let run = "\(CommandLineTool.executable.path) run job.yaml --out run"
            let line = "exec mpirun --oversubscribe --mca btl tcp,self -n 1 bash -c 'ulimit -f 600; exec \(run)' : -n 2 \(run)"
            let outcome = try Self.started(["-c", line], folder, program: "/bin/bash", environment: ["PMIX_MCA_gds": "hash"])
            #expect(outcome.code == 3 && outcome.error.contains("make room and run the same command again"), "\(outcome)")
            let first = try Ranks.rows(folder.appendingPathComponent("run"))
            #expect(!first.isEmpty && first.count < 6000, "\(first.count) records")
            let rest = try Self.started(["run", "job.yaml", "--out", "run", "--ranks", "3"], folder)
            #expect(rest.code == 0 && rest.error.contains("\(6000 - first.count) of them computed"), "\(rest)")
        }
    }
}
