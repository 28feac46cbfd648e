import Archive
import Foundation
import MessagePassing
import Studies
import Sweep

enum RunCommand: Command {
    static let name = "run"
    static let usage = "JOB [--out DIR] [--ranks P]"
    static let summary = "compute a job's sweep; an existing run resumes by itself"
    static let options = [
        OptionDescription("out", "o", value: "DIR", help: "run directory (default: runs/NAME of the job file)"),
        OptionDescription("ranks", "n", value: "P|auto", help: "MPI processes, the coordinator included; auto: cores + 1; without it one process"),
        OptionDescription("retry-failed", help: "compute points again whose record says failed or not_converged"),
        OptionDescription("retry-quarantined", help: "compute points again that killed their worker"),
        OptionDescription("oversubscribe", help: "more workers than cores"),
        OptionDescription("ignore-memory", help: "start even if the expected memory does not fit"),
        OptionDescription("memory-per-rank", value: "GB", help: "what a point may take on one rank; larger ones are shared by several (default: what there is)"),
        OptionDescription("time-limit", value: "TIME", help: "stop in good order before then (minutes, h:m:s or d-h:m:s, as sbatch takes it); a point that is too long for it twice fails"),
        OptionDescription("part", value: "K/M", help: "compute the K-th of M equal parts of the sweep, to be merged later (job arrays)"),
        OptionDescription("launcher", value: "COMMAND", help: "instead of mpirun, such as \"mpirun --host a:8,b:8\" or \"srun --mpi=pmix\""),
        OptionDescription("restarts", value: "COUNT", help: "give up after so many crashes in a row without a new record (default 20)"),
        OptionDescription("coordinators", value: "COUNT", help: "sub-coordinators with ledgers of their own (default: what the size calls for)"),
    ]
    static let examples = ["macrospin run jobs/quick-start.yaml", "macrospin run jobs/quick-start.yaml --out runs/parallel --ranks auto",
                           "mpirun --oversubscribe -n 3 macrospin run jobs/quick-start.yaml", "srun --mpi=pmix macrospin run jobs/quick-start.yaml"]

    static func run(_ arguments: Arguments) throws -> ExitCode {
        Interruption.install()
        let path = try single(arguments, "job file")
        if arguments.value("out") == "" { throw InputError("macrospin run: --out is empty", hint: "name a directory") }
        let directory = arguments.value("out") ?? "runs/" + ((path as NSString).lastPathComponent as NSString).deletingPathExtension
        switch try LaunchEnvironment.detect() {
        case .rank(let rank, let size):
            if !Guardian.isOnDuty { exit(Guardian.run(rank: rank, directory: directory)) }
            return try runRank(rank, of: size, path, directory, arguments)
        case .alone:
            let job = try Job.load(path: path), allocation = Allocation.current(), plan = try self.plan(job, arguments)
            if let ranks = try ranks(arguments, allocation) { return try supervise(plan, path, directory, ranks, allocation, arguments) }
            if let subs = try count(arguments, "coordinators", 0...999), subs > 0 { throw InputError("macrospin run: one process has no room for sub-coordinators", hint: "at least --ranks \(1 + 3 * subs)") }
            if !arguments.has("ignore-memory") { try allocation.check(plan, workers: 1, perWorker: perWorker(arguments)) }
            var runner = try runner(job, plan, directory, arguments)
            runner.bytesPerWorker = try bytesPerWorker(arguments, allocation, workers: 1)
            return try close(try runner.run(), directory)
        }
    }

    // MARK: One process

    /// - Throws: `InputError` where the directory belongs to an array, or to another part.
    private static func checkPart(_ directory: String, _ arguments: Arguments) throws {
        if FileManager.default.fileExists(atPath: directory + "/parts") {
            throw InputError(file: directory, "this run is split over a job array", hint: "its parts are \(directory)/part-*; or choose another directory with --out")
        }
        let slice = try arguments.value("part").map { try PlanSlice($0) }, path = directory + "/part"
        let known = (try? String(contentsOfFile: path, encoding: .utf8)).flatMap { try? PlanSlice($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        guard RunStatus.exists(directory), known != slice else { return }
        func name(_ slice: PlanSlice?) -> String { slice.map { "part \($0.number) of \($0.count)" } ?? "the whole sweep" }
        throw InputError(file: directory, "this run is of \(name(known)), not of \(name(slice))", hint: "choose another directory with --out")
    }

    private static func plan(_ job: Job, _ arguments: Arguments) throws -> RunPlan {
        let plan = JobRun.plan(job)
        return try arguments.value("part").map { try plan.slice(PlanSlice($0)) } ?? plan
    }

    private static func timeLimit(_ arguments: Arguments) throws -> TimeLimit? {
        guard let text = arguments.value("time-limit") else { return nil }
        guard let seconds = TimeLimit.seconds(slurm: text) else {
            throw InputError("macrospin run: --time-limit takes a time as sbatch does, found \(text)", hint: "minutes, minutes:seconds, hours:minutes:seconds or days-hours:minutes:seconds")
        }
        return TimeLimit(seconds: seconds)
    }

    private static func runner(_ job: Job, _ plan: RunPlan, _ directory: String, _ arguments: Arguments) throws -> Runner {
        try checkPart(directory, arguments)
        if let part = arguments.value("part") { try Submission.note(part: part, run: directory) }
        var runner = Runner(plan: plan, directory: directory) { old, _ in
            try JobChange.check(old: try Job(text: old, path: Runner.jobPath(directory)), new: job)
        }
        runner.retriesFailures = arguments.has("retry-failed")
        runner.retriesQuarantined = arguments.has("retry-quarantined")
        runner.subCoordinators = try count(arguments, "coordinators", 0...999)
        runner.timeLimit = try timeLimit(arguments)
        runner.onCheckpoint = { try Merge([LedgerSource($0, directory: directory)]).write(to: directory + "/archive.partial.h5") }
        return runner
    }

    private static func close(_ outcome: RunOutcome, _ directory: String) throws -> ExitCode {
        switch outcome {
        case .finished(let failed):
            let archive = directory + "/archive.h5"
            try Merge([LedgerSource(run: directory)]).write(to: archive)
            try? FileManager.default.removeItem(atPath: directory + "/archive.partial.h5")
            Console.out(archive)
            return failed > 0 ? .failedPoints : .done
        case .interrupted:
            return .interrupted
        }
    }

    // MARK: Ranks

    private static func runRank(_ rank: Int, of size: Int, _ path: String, _ directory: String, _ arguments: Arguments) throws -> ExitCode {
        Guardian.serveUnder()
        Interruption.install()
        let comm = MPICommunicator()
        guard comm.size == size else {
            throw InputError("macrospin run: the launcher speaks of \(size) ranks, MPI of \(comm.size): it is no Open MPI 4", hint: "use its mpirun, or srun --mpi=pmix")
        }
        guard rank == 0 else {
            try RankProcess(comm: comm, page: SharedPage.inherited()) { text in try plan(try Job(text: text, path: path), arguments) }.serve()
            return .done
        }
        // Until `lead` takes over, an error here would leave the others waiting.
        var runner: Runner
        do {
            let job = try Job.load(path: path), plan = try self.plan(job, arguments)
            runner = try self.runner(job, plan, directory, arguments)
            if let subs = runner.subCoordinators, subs > 0, size - 1 - subs < 2 * subs {
                throw InputError("macrospin run: \(size) ranks are too few for \(subs) sub-coordinators", hint: "at least two workers each: \(1 + 3 * subs) ranks")
            }
            let allocation = Allocation.current(), here = LaunchEnvironment.ranksOnThisNode
            if !arguments.has("ignore-memory") { try allocation.check(plan, workers: size - 1, onThisNode: here, perWorker: perWorker(arguments)) }
            runner.bytesPerWorker = try bytesPerWorker(arguments, allocation, workers: size - 1, onThisNode: here)
        } catch {
            Runner.dismiss(comm)
            throw error
        }
        return try close(runner.lead(comm), directory)
    }

    // MARK: Supervisor

    private static func supervise(_ plan: RunPlan, _ path: String, _ directory: String, _ ranks: Int, _ allocation: Allocation, _ arguments: Arguments) throws -> ExitCode {
        let launcher = arguments.value("launcher")?.split(separator: " ").map(String.init) ?? Supervisor.defaultLauncher
        guard !launcher.isEmpty else { throw InputError("macrospin run: --launcher is empty") }
        var words = ["run", path, "--out", directory]
        if arguments.has("ignore-memory") { words.append("--ignore-memory") }
        for name in ["coordinators", "memory-per-rank", "part"] { if let value = arguments.value(name) { words += ["--" + name, value] } }
        // Measured once: a restart may find memory that the dead have not given back yet, and would share, or refuse, other points.
        let isElsewhere = arguments.has("launcher")
        if !isElsewhere, !arguments.has("ignore-memory"), arguments.value("memory-per-rank") == nil, let bytes = allocation.bytesPerWorker(ranks - 1) {
            words += ["--memory-per-rank", "\(bytes / 1e9)"]
        }
        var supervisor = Supervisor(directory: directory, ranks: ranks, launcher: launcher, arguments: words)
        supervisor.timeLimit = try timeLimit(arguments)
        supervisor.firstArguments = ["retry-failed", "retry-quarantined"].filter { arguments.has($0) }.map { "--\($0)" }
        supervisor.restartLimit = try count(arguments, "restarts", 0...1_000_000) ?? supervisor.restartLimit
        // A launcher of the user's may name other hosts: what they have, rank 0 will see.
        try supervisor.check(allocation: allocation, oversubscribes: arguments.has("oversubscribe") || isElsewhere)
        if !arguments.has("ignore-memory"), !isElsewhere { try allocation.check(plan, workers: ranks - 1, perWorker: perWorker(arguments)) }
        return ExitCode(rawValue: supervisor.run()) ?? .unexpected
    }

    /// What the user grants a point on one rank.
    static func perWorker(_ arguments: Arguments) throws -> Double? {
        guard let text = arguments.value("memory-per-rank") else { return nil }
        guard let gigabytes = Double(text), gigabytes > 0, gigabytes.isFinite else {
            throw InputError("macrospin run: --memory-per-rank takes a positive number of gigabytes, found \(text)")
        }
        return 1e9 * gigabytes
    }

    private static func bytesPerWorker(_ arguments: Arguments, _ allocation: Allocation, workers: Int, onThisNode: Int? = nil) throws -> Double? {
        try perWorker(arguments) ?? (arguments.has("ignore-memory") ? nil : allocation.bytesPerWorker(workers, onThisNode: onThisNode))
    }

    static func ranks(_ arguments: Arguments, _ allocation: Allocation) throws -> Int? {
        guard let text = arguments.value("ranks") else { return nil }
        if text == "auto" { return allocation.cores + 1 }
        guard let count = Int(text), count >= 1 else { throw InputError("macrospin run: --ranks takes a number or auto, found \(text)") }
        return count == 1 ? nil : count
    }
}
