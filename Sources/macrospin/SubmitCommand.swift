import Foundation
import MessagePassing
import Studies
import Sweep

enum SubmitCommand: Command {
    static let name = "submit"
    static let usage = "JOB [--out DIR] [--partition P] [--dry-run]"
    static let summary = "hand a job to Slurm, with ranks, memory and time from its plan"
    static let options = [
        OptionDescription("out", "o", value: "DIR", help: "run directory (default: runs/NAME of the job file)"),
        OptionDescription("dry-run", help: "print the batch script and the commands; submit nothing, write nothing"),
        OptionDescription("ranks", "n", value: "P", help: "MPI processes, the coordinator included (default: the fewest that take an hour or less)"),
        OptionDescription("array", value: "M", help: "split the sweep over M tasks of an array, each a run of its own, and join them in the end"),
        OptionDescription("time", "t", value: "TIME", help: "time limit, as sbatch takes it (default: 1.5 times what is expected and 10 min); what is left goes on after a requeue"),
        OptionDescription("mem-per-cpu", value: "MB", help: "memory a rank (default: 1.5 times what is expected)"),
        OptionDescription("memory-per-rank", value: "GB", help: "what a point may take on one rank; larger ones are shared by several"),
        OptionDescription("partition", "p", value: "NAME", help: "passed on to sbatch"),
        OptionDescription("account", "A", value: "NAME", help: "passed on to sbatch"),
        OptionDescription("qos", value: "NAME", help: "passed on to sbatch"),
        OptionDescription("nodes", "N", value: "COUNT", help: "passed on to sbatch"),
        OptionDescription("sbatch", value: "OPTION", help: "any other option of sbatch, such as --sbatch=--exclusive; may be given several times"),
        OptionDescription("setup", value: "LINE", help: "shell line at the start of the script, such as \"module load openmpi\"; may be given several times"),
        OptionDescription("then", value: "LINE", help: "shell line after a finished run ($run is its directory), such as 'macrospin-report $run'"),
        OptionDescription("launcher", value: "COMMAND", help: "what starts the ranks (default: \(BatchScript.defaultLauncher); or mpirun)"),
        OptionDescription("retry-failed", help: "compute points again whose record says failed or not_converged"),
        OptionDescription("retry-quarantined", help: "compute points again that killed their worker"),
        OptionDescription("template", value: "sweep|array|merge", help: "print a general batch script (slurm/*.sbatch) instead"),
    ]
    static let examples = ["macrospin submit jobs/bistable-transition.yaml --dry-run", "macrospin submit jobs/bistable-transition.yaml --array 4 --time 30 --dry-run",
                           "macrospin submit jobs/quick-start.yaml --partition all"]

    static func run(_ arguments: Arguments) throws -> ExitCode {
        if let name = arguments.value("template") {
            guard let kind = BatchScript.Kind(rawValue: name) else { throw InputError("macrospin submit: --template takes sweep, array or merge, found \(name)") }
            Console.write(BatchScript.template(kind).text)
            return .done
        }
        let path = try single(arguments, "job file"), job = try Job.load(path: path)
        if let out = arguments.value("out"), out.isEmpty { throw InputError("macrospin submit: --out is empty", hint: "name a directory") }
        let directory = absolute(arguments.value("out") ?? "runs/" + ((path as NSString).lastPathComponent as NSString).deletingPathExtension)
        let parts = try count(arguments, "array", 1...100_000) ?? 1
        let plan = try JobRun.plan(job).slice(PlanSlice(number: 1, count: parts))
        let partition = try Partition.find(arguments.value("partition"))
        let resources = try self.resources(plan, partition, arguments)
        let script = self.script(directory: directory, parts: parts, resources, arguments)
        let mergeScript = parts > 1 ? merge(directory, partition, arguments) : nil
        let name = jobName(path)
        let isDry = arguments.has("dry-run")
        if isDry {
            Console.write(script.text)
            Console.error("\n# \(directory)/slurm/\(script.kind.rawValue).sbatch, then: \(command(directory, script, name).map(Shell.quoted).joined(separator: " "))")
            if let mergeScript {
                Console.error("# then: \(command(directory, mergeScript, name, after: "ID").map(Shell.quoted).joined(separator: " "))\n")
                Console.write(mergeScript.text)
            }
            Console.error(summary(job.title, plan, resources, parts))
            return .done
        }
        try refuseTwice(directory, parts)
        try refuseOtherJob(directory, job)
        try Submission.place(String(decoding: job.text, as: UTF8.self), jobCopy, run: directory)
        try Submission.place(script.text, "\(script.kind.rawValue).sbatch", run: directory)
        var jobs = [try sbatch(command(directory, script, name))]
        var submission = Submission(jobs: jobs, parts: parts, submitted: ISO8601DateFormatter().string(from: Date()))
        try submission.write(directory)
        if let mergeScript {
            try Submission.place(mergeScript.text, "merge.sbatch", run: directory)
            do { jobs.append(try sbatch(command(directory, mergeScript, name, after: jobs[0]))) } catch {
                _ = Shell.run(["scancel", jobs[0]])
                throw error
            }
            submission.jobs = jobs
            try submission.write(directory)
        }
        Console.error(summary(job.title, plan, resources, parts))
        Console.error("Slurm job \(jobs.joined(separator: " and ")); macrospin status \(Shell.quoted(arguments.value("out") ?? directory)) tells how far it is")
        Console.out(jobs[0])
        return .done
    }

    // MARK: Resources

    private static func resources(_ plan: RunPlan, _ partition: Partition?, _ arguments: Arguments) throws -> BatchResources {
        var seconds: Double?
        if let text = arguments.value("time") {
            seconds = TimeLimit.seconds(slurm: text)
            if seconds == nil { throw InputError("macrospin submit: --time takes a time as sbatch does, found \(text)", hint: "minutes, hours:minutes:seconds or days-hours:minutes:seconds") }
        }
        let ranks = try count(arguments, "ranks", 1...1_000_000), megabytes = try count(arguments, "mem-per-cpu", 1...100_000_000)
        var resources = try BatchResources(plan, ranks: ranks, bytesPerWorker: RunCommand.perWorker(arguments), seconds: seconds, partition: partition)
        if let partition, let most = partition.seconds, resources.seconds > most {
            throw InputError("macrospin submit: partition \(partition.name) ends jobs after \(TimeLimit.slurm(most)), --time asks for \(TimeLimit.slurm(resources.seconds))", hint: "leave --time out: what is left goes on after a requeue")
        }
        if let partition, let cores = partition.cores, resources.ranks > cores {
            throw InputError("macrospin submit: --ranks \(resources.ranks), partition \(partition.name) has \(cores) cores", hint: "--ranks \(cores) at most")
        }
        if let megabytes { resources.megabytesPerCore = megabytes }
        return resources
    }

    private static func summary(_ title: String, _ plan: RunPlan, _ resources: BatchResources, _ parts: Int) -> String {
        let expected = PlanCommand.duration(resources.expectedSeconds), limit = PlanCommand.duration(resources.seconds)
        let starts = Int((resources.expectedSeconds / max(1, resources.seconds - 120)).rounded(.up))
        let note = resources.longestPointSeconds > resources.seconds - Double(warning(resources)) - 10
            ? "\nwarning: the longest point is expected to take \(PlanCommand.duration(resources.longestPointSeconds)), longer than the time limit: after two tries it would be recorded as failed" : ""
        return "\(title): \(plan.count) records" + (parts > 1 ? " in each of \(parts) tasks" : "") + ", \(resources.ranks) rank\(resources.ranks == 1 ? "" : "s") of \(resources.megabytesPerCore) MB, "
            + "expected to take \(expected); time limit \(limit)" + (starts > 1 && note.isEmpty ? ", so about \(starts) starts" : "") + note
    }

    // MARK: Scripts

    private static func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: FileManager.default.currentDirectoryPath)).standardizedFileURL.path
    }

    /// Of the job file at the time of submission.
    private static let jobCopy = "job.yaml"

    private static func jobName(_ path: String) -> String {
        let name = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
        return "macrospin-" + String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "_" })
    }

    /// Seconds between Slurm's signal and the limit: enough to finish a commit and to hand in points, no more than a quarter of a
    /// short limit.
    private static func warning(_ resources: BatchResources) -> Int { Int(max(10, min(120, resources.seconds / 4))) }

    private static func script(directory: String, parts: Int, _ resources: BatchResources, _ arguments: Arguments) -> BatchScript {
        var directives = ["--ntasks=\(resources.ranks)", "--mem-per-cpu=\(resources.megabytesPerCore)M", "--time=\(TimeLimit.slurm(resources.seconds))",
                          "--signal=B:USR1@\(warning(resources))", "--requeue", "--open-mode=append"]
        if parts > 1 { directives.append("--array=1-\(parts)") }
        directives += passed(arguments, ["partition", "account", "qos", "nodes"]) + arguments.all("sbatch")
        var settings = ["macrospin=" + Shell.quoted(executable), "launcher=" + Shell.quoted(arguments.value("launcher") ?? BatchScript.defaultLauncher),
                        "job=" + Shell.quoted("\(directory)/slurm/\(jobCopy)"), "run=" + Shell.quoted(directory),
                        "options=(" + (arguments.value("memory-per-rank").map { "--memory-per-rank \(Shell.quoted($0))" } ?? "") + ")"]
        // What was asked to be tried again is tried again once, not after every requeue.
        let retries = ["retry-failed", "retry-quarantined"].filter { arguments.has($0) }.map { "--\($0)" }
        if !retries.isEmpty { settings.append("[ \"${SLURM_RESTART_COUNT:-0}\" -gt 0 ] || options+=(\(retries.joined(separator: " ")))") }
        if parts > 1 { settings.append("[ -s \"$run/parts\" ] || echo \(parts) > \"$run/parts\"") }
        var script = BatchScript(kind: parts > 1 ? .array : .sweep, directives: directives, settings: settings)
        script.setup = arguments.all("setup")
        if parts == 1 { script.after = arguments.all("then") }
        return script
    }

    private static func merge(_ directory: String, _ partition: Partition?, _ arguments: Arguments) -> BatchScript {
        var script = BatchScript.template(.merge)
        // What says how large the sweep's jobs are says nothing about this one.
        let sizes = ["--time", "--ntasks", "--nodes", "--nodelist", "--signal", "--array", "--exclusive", "--mem", "--cpus", "--requeue", "--output", "--job-name"]
        let more = arguments.all("sbatch").filter { option in !sizes.contains { option.hasPrefix($0) } }
        script.directives = ["--ntasks=1", "--mem-per-cpu=2G", "--time=\(TimeLimit.slurm(min(3600, partition?.seconds ?? 3600)))"] + passed(arguments, ["partition", "account", "qos"]) + more
        script.settings = ["macrospin=" + Shell.quoted(executable), "run=" + Shell.quoted(directory)]
        script.setup = arguments.all("setup")
        script.after = arguments.all("then")
        return script
    }

    private static func passed(_ arguments: Arguments, _ names: [String]) -> [String] { names.compactMap { name in arguments.value(name).map { "--\(name)=\($0)" } } }

    private static var executable: String { (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ProcessArguments.words[0] }

    /// Names that may have any letters in them are words here: in a script sbatch would take them apart.
    private static func command(_ directory: String, _ script: BatchScript, _ name: String, after job: String? = nil) -> [String] {
        let log = ["sweep": "%j.log", "array": "%A_%a.log", "merge": "merge-%j.log"][script.kind.rawValue] ?? "%j.log"
        return ["sbatch", "--parsable", "--job-name=\(name)", "--chdir=\(FileManager.default.currentDirectoryPath)",
                "--output=\(directory.replacingOccurrences(of: "%", with: "%%"))/slurm/\(log)"]
            + (job.map { ["--dependency=afterany:\($0)"] } ?? []) + ["\(directory)/slurm/\(script.kind.rawValue).sbatch"]
    }

    // MARK: Slurm

    /// - Returns: the job's number.
    private static func sbatch(_ words: [String]) throws -> String {
        let (code, output, errors) = Shell.run(words)
        if code == 127 { throw InputError("macrospin submit: there is no sbatch here", hint: "submit on a node of the cluster that has Slurm; --dry-run prints the script") }
        let number = output.split(whereSeparator: { $0 == "\n" || $0 == ";" }).first.map(String.init) ?? ""
        guard code == 0, Int(number) != nil else {
            throw InputError("macrospin submit: sbatch refuses: \(errors.trimmingCharacters(in: .whitespacesAndNewlines))", hint: "--dry-run prints the script; --sbatch=--OPTION adds what your cluster asks for")
        }
        return number
    }

    /// What would end the batch job as soon as it begins.
    private static func refuseOtherJob(_ directory: String, _ job: Job) throws {
        for run in [directory] + Submission.parts(of: directory) {
            let path = Runner.jobPath(run)
            guard let text = FileManager.default.contents(atPath: path) else { continue }
            if Array(text) != job.text { try JobChange.check(old: try Job(text: Array(text), path: path), new: job) }
        }
    }

    private static func refuseTwice(_ directory: String, _ parts: Int) throws {
        if parts > 1, RunStatus.exists(directory) {
            throw InputError("macrospin submit: \(directory) is a run that is not split", hint: "leave --array out, or choose another directory with --out")
        }
        guard let earlier = Submission.read(directory) else { return }
        guard earlier.parts == parts else {
            throw InputError("macrospin submit: \(directory) is split over \(earlier.parts) task\(earlier.parts == 1 ? "" : "s"), not \(parts)",
                             hint: earlier.parts > 1 ? "--array \(earlier.parts) goes on with it; or choose another directory with --out" : "leave --array out, or choose another directory with --out")
        }
        let active = earlier.jobs.compactMap { job in SlurmJob(job).state.map { (job, $0) } }.first { state in ["pending", "running", "suspended", "configuring", "completing", "requeued"].contains { state.1.contains($0) } }
        guard let active else { return }
        throw InputError("macrospin submit: \(directory) is job \(active.0) already (\(active.1))", hint: "wait for it, or scancel \(active.0), or choose another directory with --out")
    }
}
