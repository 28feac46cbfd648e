import Archive
import Foundation
import Studies
import Sweep

enum RunCommand: Command {
    static let name = "run"
    static let usage = "JOB [--out DIR]"
    static let summary = "compute a job's sweep; an existing run resumes by itself"
    static let options = [
        OptionDescription("out", "o", value: "DIR", help: "run directory (default: runs/NAME of the job file)"),
        OptionDescription("retry-failed", help: "compute points again whose record says failed or not_converged"),
    ]
    static let examples = ["macrospin run jobs/bistable-transition.yaml --out runs/demo"]

    static func run(_ arguments: Arguments) throws -> ExitCode {
        let path = try single(arguments, "job file"), job = try Job.load(path: path)
        let directory = arguments.value("out") ?? "runs/" + ((path as NSString).lastPathComponent as NSString).deletingPathExtension
        var runner = Runner(plan: JobRun.plan(job), directory: directory) { old, _ in
            try JobChange.check(old: try Job(text: old, path: Runner.jobPath(directory)), new: job)
        }
        runner.retriesFailures = arguments.has("retry-failed")
        runner.onCheckpoint = { try JobRun.archive($0, directory: directory).write(to: directory + "/archive.partial.h5") }
        switch try runner.run() {
        case .finished(let failed):
            let archive = directory + "/archive.h5"
            try JobRun.archive(ofRun: directory).write(to: archive)
            try? FileManager.default.removeItem(atPath: directory + "/archive.partial.h5")
            Console.out(archive)
            return failed > 0 ? .failedPoints : .done
        case .interrupted:
            return .interrupted
        }
    }
}

enum PlanCommand: Command {
    static let name = "plan"
    static let usage = "JOB"
    static let summary = "tell what a job would compute: records, memory and time by N"
    static let examples = ["macrospin plan jobs/bistable-transition.yaml"]

    static func run(_ arguments: Arguments) throws -> ExitCode {
        let job = try Job.load(path: try single(arguments, "job file"))
        Console.out("\(job.title)\n\(job.grid.count) grid points over " + job.grid.axes.map { "\($0.name) (\($0.values.count))" }.joined(separator: " × "))
        var total = 0.0
        for entry in job.entries {
            var byCount: [Int: (records: Int, seconds: Double, bytes: Double)] = [:]
            for point in job.grid.projected(on: entry.study.axes) {
                let cost = entry.study.cost(at: point), n = point.spinCount ?? job.constants["N"].map { Int($0) } ?? 0
                let before = byCount[n] ?? (0, 0, 0)
                byCount[n] = (before.records + 1, before.seconds + cost.seconds, max(before.bytes, cost.bytes))
            }
            Console.out("\n\(entry.name) over \(entry.study.axes.joined(separator: ", "))")
            Console.out("        N   records     memory  time a record        total")
            for (n, sum) in byCount.sorted(by: { $0.key < $1.key }) {
                total += sum.seconds
                Console.out(String(format: "%9d %9d %7.2f GB %12.3g s %12@", n, sum.records, sum.bytes / 1e9, sum.seconds / Double(sum.records), duration(sum.seconds) as NSString))
            }
        }
        Console.out("\nexpected on one core: \(duration(total))")
        return .done
    }

    static func duration(_ seconds: Double) -> String {
        if seconds < 120 { return String(format: "%.3g s", seconds) }
        if seconds < 7200 { return String(format: "%.0f min", seconds / 60) }
        return seconds < 172_800 ? String(format: "%.1f h", seconds / 3600) : String(format: "%.1f days", seconds / 86_400)
    }
}

enum StatusCommand: Command {
    static let name = "status"
    static let usage = "RUN"
    static let summary = "tell how far a run is, from its status file"
    static let examples = ["macrospin status runs/demo"]

    static func run(_ arguments: Arguments) throws -> ExitCode {
        let status = try RunStatus.read(try single(arguments, "run directory"))
        // A run that died without a word left "running" behind.
        let isAlive = kill(status.pid, 0) == 0 || errno == EPERM
        let state = status.state == "running" && !isAlive ? "dead (process \(status.pid) is gone; macrospin run resumes)" : status.state
        Console.out("\(status.title)\n\(state): \(status.done) of \(status.total) records, \(status.reused) of them from earlier"
            + String(format: "; %.3g records/s", status.recordsPerSecond) + (status.secondsLeft.map { ", about \(PlanCommand.duration($0)) left" } ?? ""))
        for (study, counts) in status.counts.sorted(by: { $0.key < $1.key }) {
            Console.out("  \(study): " + counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        }
        for (n, pair) in status.bySpinCount.sorted(by: { (Int($0.key) ?? 0) < (Int($1.key) ?? 0) }) where pair.count == 2 {
            Console.out("  N = \(n): \(pair[0]) of \(pair[1])")
        }
        for failure in status.failures { Console.out("  \(failure)") }
        Console.out("as of \(status.updated)")
        return .done
    }
}
