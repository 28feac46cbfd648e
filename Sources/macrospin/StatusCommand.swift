import Foundation
import Sweep

enum StatusCommand: Command {
    static let name = "status"
    static let usage = "RUN"
    static let summary = "tell how far a run is, from its status file"
    static let examples = ["macrospin status runs/demo"]

    static func run(_ arguments: Arguments) throws -> ExitCode {
        let status = try RunStatus.read(try single(arguments, "run directory"))
        // A run that died without a word left "running" behind.
        let isElsewhere = status.host.map { $0 != ProcessInfo.processInfo.hostName } ?? false
        let isAlive = isElsewhere || kill(status.pid, 0) == 0 || errno == EPERM
        let state = status.state == "running" && !isAlive ? "dead (process \(status.pid) is gone; macrospin run resumes)" : status.state
        Console.out("\(status.title)\n\(state): \(status.done) of \(status.total) records, \(status.reused) of them from earlier"
            + String(format: "; %.3g records/s", status.recordsPerSecond) + (status.secondsLeft.map { ", about \(PlanCommand.duration($0)) left" } ?? ""))
        if let round = status.round { Console.out("  refinement: \(round) rounds so far; the total grows with each") }
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
