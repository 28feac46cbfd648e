import Foundation
import Sweep

enum StatusCommand: Command {
    static let name = "status"
    static let usage = "RUN [--json]"
    static let summary = "tell how far a run is: counts, pace, time left, its Slurm job, why points failed"
    static let options = [OptionDescription("json", help: "print the status file itself, for scripts")]
    static let examples = ["macrospin status runs/quick-start"]

    static func run(_ arguments: Arguments) throws -> ExitCode {
        let directory = try single(arguments, "run directory"), submission = Submission.read(directory)
        let parts = Submission.parts(of: directory)
        if arguments.has("json") {
            // Throws where there is none.
            if parts.isEmpty, let submission, !RunStatus.exists(directory) {
                Console.out("{\"state\": \"submitted\", \"slurmJob\": \"\(submission.jobs[0])\", \"updated\": \"\(submission.submitted)\"}")
            } else if parts.isEmpty {
                Console.out(try RunStatus.text(directory))
            } else {
                Console.out("[" + parts.compactMap { try? RunStatus.text($0) }.joined(separator: ",\n") + "]")
            }
            return .done
        }
        guard !parts.isEmpty else {
            if let submission, !RunStatus.exists(directory) {
                Console.out("\(directory): submitted \(submission.submitted), not begun\n\(slurm(submission.jobs[0]))")
                return .done
            }
            let status = try RunStatus.read(directory)
            show(status)
            for job in [status.slurmJob, submission?.jobs.first].compactMap({ $0 }).reduce(into: [String](), { if !$0.contains($1) { $0.append($1) } }) { Console.out(slurm(job)) }
            Console.out("as of \(status.updated)")
            return .done
        }
        showArray(parts, submission)
        return .done
    }

    // MARK: One run

    private static func state(_ status: RunStatus) -> String {
        // A run that died without a word left "running" behind.
        let isElsewhere = status.host.map { $0 != ProcessInfo.processInfo.hostName } ?? false
        let isAlive: Bool
        if isElsewhere {
            let job = status.slurmJob.flatMap { SlurmJob($0).state }
            isAlive = job.map { state in ["running", "completing", "suspended"].contains { state.contains($0) } } ?? true
        } else {
            isAlive = kill(status.pid, 0) == 0 || errno == EPERM
        }
        return status.state == "running" && !isAlive ? "dead (process \(status.pid) is gone; macrospin run resumes)" : status.state
    }

    private static func show(_ status: RunStatus) {
        Console.out("\(status.title)\n\(state(status)): \(status.done) of \(status.total) records, \(status.reused) of them from earlier"
            + String(format: "; %.3g records/s", status.recordsPerSecond) + (status.secondsLeft.map { ", about \(PlanCommand.duration($0)) left" } ?? ""))
        if let round = status.round { Console.out("  refinement: \(round) rounds so far; the total grows with each") }
        show(counts: status.counts)
        for (n, pair) in status.bySpinCount.sorted(by: { (Int($0.key) ?? 0) < (Int($1.key) ?? 0) }) where pair.count == 2 {
            let pace = status.secondsPerRecord?[n].map { String(format: ", %.2g s a record", $0) } ?? ""
            Console.out("  N = \(n): \(pair[0]) of \(pair[1])\(pace)")
        }
        show(reasons: status.reasons ?? [:], examples: status.failures)
    }

    private static func show(counts: [String: [String: Int]]) {
        for (study, counts) in counts.sorted(by: { $0.key < $1.key }) {
            Console.out("  \(study): " + counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        }
    }

    private static func show(reasons: [String: Int], examples: [String]) {
        if !reasons.isEmpty { Console.out("why points failed:") }
        for (reason, count) in reasons.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) { Console.out("  \(count) × \(reason)") }
        for (number, example) in examples.enumerated() { Console.out((number == 0 ? "such as\n" : "") + "  \(example)") }
    }

    private static func slurm(_ job: String) -> String { "Slurm job \(job): " + (SlurmJob(job).state ?? "Slurm knows it no more (or is not to be reached from here)") }

    // MARK: Parts of an array

    private static func showArray(_ parts: [String], _ submission: Submission?) {
        var done = 0, total = 0, counts: [String: [String: Int]] = [:], reasons: [String: Int] = [:], examples: [String] = [], title = "", lines: [String] = []
        for part in parts {
            let name = (part as NSString).lastPathComponent
            guard let status = try? RunStatus.read(part) else {
                lines.append("  \(name): not begun")
                continue
            }
            title = title.isEmpty ? status.title.replacingOccurrences(of: #" \(part \d+ of \d+\)$"#, with: "", options: .regularExpression) : title
            done += status.done
            total += status.total
            counts.merge(status.counts) { $0.merging($1, uniquingKeysWith: +) }
            reasons.merge(status.reasons ?? [:], uniquingKeysWith: +)
            examples += status.failures
            lines.append("  \(name): \(state(status)), \(status.done) of \(status.total)" + (status.secondsLeft.map { ", about \(PlanCommand.duration($0)) left" } ?? ""))
        }
        let missing = (submission?.parts ?? parts.count) - parts.count
        Console.out("\(title)\n\(done) of \(total) records in \(parts.count) parts" + (missing > 0 ? ", \(missing) more not begun" : ""))
        show(counts: counts)
        for line in lines { Console.out(line) }
        show(reasons: reasons, examples: Array(examples.prefix(10)))
        for job in submission?.jobs ?? [] { Console.out(slurm(job)) }
    }
}
