import Foundation
import Testing

/// A real Slurm on this machine, for one test: `Tests/Slurm/cluster`.
final class SlurmCluster {
    let folder: URL
    /// For commands that are to talk to it.
    let environment: [String: String]

    /// nil: Slurm can be started; else why not.
    static let obstacle: String? = {
        if geteuid() != 0 { return "starting Slurm's daemons needs root" }
        let tools = try? CommandLineTool.start(["-c", "PATH=$PATH:/usr/sbin; command -v munged slurmctld slurmd sbatch srun"], program: "/bin/bash").finish()
        return tools?.code == 0 ? nil : "there is no Slurm (packages slurm-wlm, munge)"
    }()

    /// - Throws: `Failure` if it does not come up.
    init(nodes: Int, cpus: Int) throws {
        folder = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("slurm-\(UUID().uuidString.prefix(8))")
        // Several nodes on one host: Open MPI's shared memory takes them for one.
        environment = ["SLURM_CONF": folder.path + "/slurm.conf", "OMPI_MCA_btl": "tcp,self", "OMPI_MCA_btl_tcp_if_include": "lo", "OMPI_MCA_mpi_yield_when_idle": "1"]
        let outcome = try script("up", "\(nodes)", "\(cpus)")
        if outcome.code != 0 {
            let text = outcome.out + outcome.error
            _ = try? script("down")
            throw Failure(text: text)
        }
    }

    deinit { _ = try? script("down") }

    struct Failure: Error { let text: String }

    private func script(_ words: String...) throws -> CommandLineTool.Outcome {
        let path = CommandLineTool.project.appendingPathComponent("Tests/Slurm/cluster").path
        return try CommandLineTool.start([words[0], folder.path] + words.dropFirst(), program: path).finish()
    }

    /// A command line of bash, with the executable as `macrospin` on the path.
    func shell(_ line: String, in directory: URL) throws -> CommandLineTool.Outcome {
        var environment = environment
        environment["PATH"] = CommandLineTool.executable.deletingLastPathComponent().path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin"
        return try CommandLineTool.start(["-c", line], program: "/bin/bash", environment: environment, in: directory).finish()
    }

    /// Starts the daemon of a node that was lost.
    func revive(_ node: String) throws {
        let outcome = try script("node", node)
        if outcome.code != 0 { throw Failure(text: outcome.error) }
    }

    /// A field of `scontrol show job`, such as JobState, Restarts, ExitCode.
    func field(_ name: String, of job: String) throws -> String {
        let text = try shell("scontrol --oneliner show job \(job)", in: folder).out
        return text.split(whereSeparator: { $0 == " " || $0 == "\n" }).first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) } ?? ""
    }

    /// Waits without holding a thread, so that other tests go on.
    /// - Returns: whether the job ended in time (an array: all of its tasks).
    func end(of job: String, within seconds: Double) async throws -> Bool {
        let clock = ContinuousClock(), limit = clock.now + .seconds(seconds)
        while clock.now < limit {
            let states = try shell("squeue --noheader --states=all --jobs=\(job) --format=%T", in: folder).out.split(separator: "\n").map(String.init)
            if !states.isEmpty, states.allSatisfy({ ["COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "DEADLINE"].contains($0) }) { return true }
            try await Task.sleep(for: .milliseconds(500))
        }
        return false
    }
}
