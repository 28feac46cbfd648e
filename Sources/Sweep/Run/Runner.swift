import Foundation
import Studies

public enum RunOutcome: Sendable, Equatable {
    case finished(failed: Int)
    /// Stopped in good order; the same command goes on from here.
    case interrupted(reason: String)
}

/// Runs a plan in a run directory: `job.yaml`, `ledger/0000.sqlite`, `status.json`, `log.txt`.
public struct Runner {
    public let plan: RunPlan
    public let directory: String
    /// Decides whether a run made from another job text may go on with this one; throws `InputError` to refuse.
    public var acceptChange: (_ old: [UInt8], _ new: [UInt8]) throws -> Void
    /// Called every `checkpointSeconds` with the ledger: writes the archive to look at while the run goes on.
    public var onCheckpoint: ((Ledger) throws -> Void)?
    public var checkpointSeconds = 180.0
    /// Called after each durable commit with what it contained.
    public var onCommit: (([Ledger.Entry]) -> Void)?
    /// Drop records of failed and unconverged points first, so that they are computed again.
    public var retriesFailures = false
    /// Seconds between a signal and giving up the point that is being computed.
    public var grace = 8.0

    public init(plan: RunPlan, directory: String, acceptChange: @escaping ([UInt8], [UInt8]) throws -> Void) {
        self.plan = plan
        self.directory = directory
        self.acceptChange = acceptChange
    }

    public static func ledgerPath(_ directory: String) -> String { directory + "/ledger/0000.sqlite" }
    public static func jobPath(_ directory: String) -> String { directory + "/job.yaml" }

    /// - Throws: `InputError` before anything is computed; `DatabaseError`.
    public func run() throws -> RunOutcome {
        let ledger: Ledger
        do {
            ledger = try open()
            if retriesFailures { for status in [Status.failed, .notConverged] { try ledger.forget(status) } }
        } catch let error as DatabaseError where error.isDiskFull {
            return .interrupted(reason: "the ledger cannot be written (\(error)); make room and run the same command again")
        }
        let index = try ledger.index()
        var todo: [WorkItem] = [], counts: [String: [String: Int]] = [:], reused = 0
        for (number, study) in plan.studies.enumerated() {
            let name = type(of: study).name, names = Set(study.outputs.map(\.name))
            for point in plan.points[number] {
                if let known = index[name]?[point.key] {
                    if names.isSubset(of: known.outputNames) {
                        reused += 1
                        counts[name, default: [:]][known.status.word, default: 0] += 1
                        continue
                    }
                    todo.append(WorkItem(study: number, point: point, earlier: try ledger.record(study: name, point: point.key)))
                } else {
                    todo.append(WorkItem(study: number, point: point, earlier: nil))
                }
            }
        }
        let log = FileHandle(forWritingAtPath: directory + "/log.txt")
        log?.seekToEndOfFile()
        let progress = Progress(total: plan.count, reused: reused, log: log)
        progress.line("\(plan.title): \(plan.count) records in \(directory)" + (reused > 0 ? ", \(reused) of them done before" : ""))
        let coordinator = Coordinator(plan: plan, directory: directory, ledger: ledger, progress: progress, counts: counts, reused: reused, todo: todo)
        coordinator.onCheckpoint = onCheckpoint
        coordinator.checkpointSeconds = checkpointSeconds
        coordinator.onCommit = onCommit
        let directory = directory
        Interruption.install(grace: grace) {
            // No lock is taken and nothing is written but this: the thread that computes may be anywhere.
            FileHandle.standardError.write(Data("\nmacrospin: the current point lasts too long to wait for; stopped. Resume with the same command (run directory \(directory)).\n".utf8))
            _exit(3)
        }
        return try coordinator.run(LocalWorker(studies: plan.studies))
    }

    /// Makes or opens the run directory and its ledger.
    private func open() throws -> Ledger {
        let manager = FileManager.default
        do { try manager.createDirectory(atPath: directory + "/ledger", withIntermediateDirectories: true) } catch {
            throw InputError(file: directory, "the run directory cannot be made (\((error as NSError).localizedDescription))", hint: "choose another directory with --out")
        }
        let ledger = try Ledger(path: Self.ledgerPath(directory))
        if let old = try ledger.value(for: "job") {
            if old != plan.jobText {
                try acceptChange(old, plan.jobText)
                try ledger.setValue(plan.jobText, for: "job")
            }
        } else {
            try ledger.setValue(plan.jobText, for: "job")
            try ledger.setValue(Array(ISO8601DateFormatter().string(from: Date()).utf8), for: "created")
        }
        try ledger.setValue(Array(SoftwareVersion.current.utf8), for: "version")
        try AtomicFile.write(plan.jobText, to: Self.jobPath(directory), durable: true)
        if !manager.fileExists(atPath: directory + "/log.txt") { try AtomicFile.write([], to: directory + "/log.txt", durable: false) }
        return ledger
    }
}
