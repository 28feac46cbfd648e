import Foundation
import MessagePassing
import Studies

/// Starts the ranks of a run by mpirun, and starts them again when they crash.
public struct Supervisor: Sendable {
    public var directory: String
    /// All MPI processes, the coordinator included.
    public var ranks: Int
    /// The command that `-n RANKS PROGRAMME …` is appended to; `mpirun` without a path is that of the MPI in use.
    public var launcher: [String]
    /// Words after the programme's name.
    public var arguments: [String]
    /// More words for the first start alone (`--retry-failed` must not drop what the run itself has added).
    public var firstArguments: [String] = []
    /// Of all starts together.
    public var timeLimit: TimeLimit?
    /// Give up after so many crashes in a row between which no record was added.
    public var restartLimit = 20

    public init(directory: String, ranks: Int, launcher: [String], arguments: [String]) {
        self.directory = directory
        self.ranks = ranks
        self.launcher = MPIBundle.resolve(launcher)
        self.arguments = arguments
    }

    private static let variable = "MACROSPIN_SUPERVISED"
    /// Whether a supervisor watches over this rank, and tells the user what becomes of it.
    static var isWatching: Bool { ProcessInfo.processInfo.environment[variable] != nil }

    public static let defaultLauncher = ["mpirun"]

    /// Everything that would only fail later, and less clearly.
    /// - Throws: `InputError`.
    public func check(allocation: Allocation, oversubscribes: Bool) throws {
        guard ranks >= 2 else { throw InputError("macrospin run: --ranks counts the coordinator, so at least 2", hint: "leave --ranks out to run in one process") }
        let workers = ranks - 1
        if workers > allocation.cores, !oversubscribes {
            throw InputError("macrospin run: --ranks \(ranks) wants \(workers) workers, \(allocation.source) has \(allocation.cores) core\(allocation.cores == 1 ? "" : "s")",
                             hint: "--ranks \(allocation.cores + 1) (the coordinator sleeps), or --oversubscribe to share cores")
        }
        guard isMPIRun else { return }
        let environment = ProcessInfo.processInfo.environment
        if geteuid() == 0, environment["OMPI_ALLOW_RUN_AS_ROOT"] == nil || environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] == nil {
            throw InputError("macrospin run: mpirun refuses to run as root", hint: "export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 (in containers), or run as a user")
        }
        let version = Shell.output([launcher[0], "--version"])
        guard let version else { throw InputError("macrospin run: \(launcher[0]) cannot be started", hint: "install openmpi-bin, or name the launcher: --launcher \"/path/to/mpirun\"") }
        guard version.contains("Open MPI") else {
            throw InputError("macrospin run: \(launcher[0]) is no Open MPI (it says: \(version.split(separator: "\n").first ?? ""))", hint: "name the mpirun of Open MPI 4: --launcher /path/to/mpirun")
        }
    }

    private var isMPIRun: Bool { ["mpirun", "mpiexec", "orterun"].contains((launcher[0] as NSString).lastPathComponent) }

    /// Runs to the end, through crashes.
    /// - Returns: the exit code of the run (0, 2, 3, 4), or 1 when it was given up.
    public func run() -> Int32 {
        Interruption.install()
        var fruitless = 0, restarts = 0
        let clock = ContinuousClock(), begun = clock.now
        while true {
            let before = RunStatus.durableCount(directory)
            var more = restarts == 0 ? firstArguments : []
            if let timeLimit {
                let left = Int(timeLimit.seconds - (clock.now - begun) / .seconds(1))
                guard left > 20 || restarts == 0 else {
                    say("no time is left to start again; the same command resumes")
                    return 3
                }
                more += ["--time-limit", "0:\(max(1, left))"]
            }
            let ending = launch(more)
            // Stopped by the launcher because one of them died (srun sends TERM first), not by anyone who wants the run to end.
            let isTornDown = ending == .exited(3) && !Interruption.isRequested && !DeathNotice.all(directory).isEmpty
            if case .exited(let code) = ending, Guardian.isOrderly(code), !isTornDown { return code }
            if case .signaled(SIGKILL) = ending, let status = try? RunStatus.read(directory), status.state == "finished" { return status.failedCount > 0 ? 4 : 0 }
            if Interruption.isRequested {
                say("stopped by \(Interruption.signalName); the same command resumes")
                return 3
            }
            let after = RunStatus.durableCount(directory)
            fruitless = after > before ? 0 : fruitless + 1
            restarts += 1
            let cause = DeathNotice.all(directory).map { "rank \($0.rank) on \($0.host) died by \($0.cause)" }.joined(separator: ", ")
            let what = cause.isEmpty ? "the ranks ended unexpectedly (\(Self.words(ending)))" : cause
            if fruitless >= restartLimit {
                say("\(what); \(fruitless) starts in a row brought no new record: given up. What is done is safe in \(directory); its log is \(directory)/log.txt")
                return 1
            }
            let pause = fruitless == 0 ? 0.2 : min(60, 0.25 * pow(2, Double(fruitless)))
            say("\(what); restart \(restarts) in \(String(format: "%.2g", pause)) s, nothing finished is lost")
            for _ in 0..<Int(pause * 20) where !Interruption.isRequested { usleep(50_000) }
            if Interruption.isRequested { return 3 }
        }
    }

    private func launch(_ more: [String]) -> ChildProcess.Ending {
        var environment = ProcessInfo.processInfo.environment
        environment[Self.variable] = String(getpid())
        // This process may be a singleton of Open MPI 4 itself, as may be the one that started it (a notebook with mpi4py): what that
        // was told is not for mpirun.
        if environment["OMPI_MCA_ess"] == "singleton" {
            for name in ["ess", "ess_singleton_isolated", "pmix", "orte_ess_num_procs", "orte_precondition_transports"] { environment["OMPI_MCA_" + name] = nil }
        }
        environment["OPENBLAS_NUM_THREADS"] = environment["OPENBLAS_NUM_THREADS"] ?? "1"
        if isatty(STDERR_FILENO) == 1 { environment[Progress.terminalVariable] = "1" }
        // Messages are small; some containers forbid the single-copy path.
        environment["OMPI_MCA_btl_vader_single_copy_mechanism"] = environment["OMPI_MCA_btl_vader_single_copy_mechanism"] ?? "none"
        // Ranks hand in what they have before they are killed.
        environment["OMPI_MCA_odls_base_sigkill_timeout"] = environment["OMPI_MCA_odls_base_sigkill_timeout"] ?? "1"
        // A rank that dies while it holds the lock of PMIx's table in shared memory would hang mpirun (pmix 4.2, gds ds21).
        environment["PMIX_MCA_gds"] = environment["PMIX_MCA_gds"] ?? "hash"
        // Our own words are clearer than a banner.
        environment["OMPI_MCA_orte_execute_quiet"] = environment["OMPI_MCA_orte_execute_quiet"] ?? "1"
        var words = launcher
        if isMPIRun {
            // The coordinator sleeps and needs no slot of its own; cores have been counted above.
            words += ["--oversubscribe", "--bind-to", "none"]
            for name in ["OPENBLAS_NUM_THREADS", Self.variable, Progress.terminalVariable] where environment[name] != nil { words += ["-x", name] }
        }
        let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ProcessArguments.words[0]
        words += ["-n", "\(ranks)", program] + arguments + more
        let child: ChildProcess
        do { child = try ChildProcess(["/proc/self/exe", Self.shieldWord] + words, environment: environment, ownGroup: true) } catch {
            say("\(words[0]) cannot be started: \(error)")
            return .exited(2)
        }
        var forwarded: Int32 = 0, watch = LauncherWatch(pid: child.pid, directory: directory)
        return child.wait {
            if watch.isDeserted { child.signal(SIGKILL) }
            let number = Interruption.number
            guard number != 0, forwarded == 0 else { return }
            forwarded = number
            // Launchers forward USR1 to all ranks and leave them the time they need; TERM they do not.
            child.signal(SIGUSR1)
        }
    }

    /// First word of the command line that stands between supervisor and launcher: see `shield`.
    public static let shieldWord = "--launch"

    /// Becomes the launcher, after seeing to it that it ends with the supervisor.
    public static func shield(_ words: [String]) -> Never {
        ChildProcess.dieWithParent(signal: SIGTERM)
        // It may have died before that call.
        if ProcessInfo.processInfo.environment[variable] != String(getppid()) { _exit(1) }
        let pointers = words.map { strdup($0) } + [nil]
        execvp(words[0], pointers)
        Words.say("error: \(words[0]) cannot be started: \(String(cString: strerror(errno)))\n")
        _exit(2)
    }

    private static func words(_ ending: ChildProcess.Ending) -> String {
        switch ending {
        case .exited(let code) where code > 128 && code <= 192: "signal \(code - 128), of rank 0 or of the launcher"
        case .exited(let code): "exit code \(code)"
        case .signaled(let number): "the launcher by signal \(number)"
        }
    }

    private func say(_ text: String) {
        Words.say("macrospin: \(text)\n")
        guard let log = FileHandle(forWritingAtPath: directory + "/log.txt") else { return }
        _ = try? log.seekToEnd()
        try? log.write(contentsOf: Data("\(ISO8601DateFormatter().string(from: Date())) \(text)\n".utf8))
    }
}
