import Foundation
import Studies

/// Hands out chunks, makes their records durable and tells how far the run is. Owns the ledger: the one writer.
final class Coordinator {
    private let plan: RunPlan
    private let directory: String
    private let ledger: Ledger
    private let progress: Progress
    private var counts: [String: [String: Int]]
    private let reused: Int
    private let chunks: [Chunk]
    private let costs: [[Double]]
    private var done: Int
    private var costLeft: Double
    private let costAtStart: Double
    private var failures: [String] = []
    private var doneBySpinCount: [Int: Int] = [:]
    private var totalBySpinCount: [Int: Int] = [:]
    private var lastStatus = Date.distantPast
    private var lastCheckpoint = Date()
    var onCheckpoint: ((Ledger) throws -> Void)?
    var checkpointSeconds = 180.0
    var onCommit: (([Ledger.Entry]) -> Void)?
    /// Uncommitted records are never older than this.
    private let commitSeconds = 0.25

    init(plan: RunPlan, directory: String, ledger: Ledger, progress: Progress, counts: [String: [String: Int]], reused: Int, todo: [WorkItem]) {
        self.plan = plan
        self.directory = directory
        self.ledger = ledger
        self.progress = progress
        self.counts = counts
        self.reused = reused
        done = reused
        chunks = Schedule.chunks(todo, studies: plan.studies)
        costs = chunks.map { chunk in chunk.map { plan.studies[$0.study].cost(at: $0.point).seconds } }
        costAtStart = costs.reduce(0) { $0 + $1.reduce(0, +) }
        costLeft = costAtStart
        for points in plan.points {
            for point in points { if let n = point.spinCount { totalBySpinCount[n, default: 0] += 1 } }
        }
        doneBySpinCount = totalBySpinCount
        for item in todo { if let n = item.point.spinCount { doneBySpinCount[n, default: 0] -= 1 } }
    }

    private func entry(_ item: WorkItem, _ record: Record) -> Ledger.Entry {
        let study = plan.studies[item.study]
        return Ledger.Entry(study: type(of: study).name, point: item.point.key, outputNames: study.outputs.map(\.name), record: record)
    }

    private func lease(_ chunk: Chunk) -> [(study: String, point: String)] {
        chunk.map { (type(of: plan.studies[$0.study]).name, $0.point.key) }
    }

    func run(_ worker: WorkerLink) throws -> RunOutcome {
        do {
            try writeStatus("running", force: true)
            var pending: [Ledger.Entry] = [], lastCommit = Date()
            /// Durable first, then counted.
            func commit(next: [(study: String, point: String)]) throws {
                try ledger.commit(pending, worker: 1, nextLease: next)
                onCommit?(pending)
                pending = []
                lastCommit = Date()
            }
            if let first = chunks.first { try commit(next: lease(first)) }
            for (number, chunk) in chunks.enumerated() {
                var place = 0
                try worker.perform(chunk, shouldStop: { Interruption.isRequested }) { item, record in
                    pending.append(entry(item, record))
                    count(item, record, cost: costs[number][place])
                    place += 1
                    if Date().timeIntervalSince(lastCommit) > commitSeconds { try commit(next: lease(Array(chunk[place...]))) }
                    progress.update(done: done, failed: failedCount, secondsLeft: secondsLeft)
                    try writeStatus("running")
                }
                let stops = Interruption.isRequested
                try commit(next: !stops && number + 1 < chunks.count ? lease(chunks[number + 1]) : [])
                if stops {
                    try writeStatus("interrupted", force: true)
                    let reason = "stopped by \(Interruption.signalName)"
                    progress.line("\(reason) with \(done) of \(plan.count) records done; the same command resumes")
                    return .interrupted(reason: reason)
                }
                checkpoint()
            }
            try writeStatus("finished", force: true)
            progress.line("finished: \(plan.count) records, \(plan.count - reused) of them computed in \(Progress.duration(progress.elapsed))" + (failedCount > 0 ? ", \(failedCount) failed" : ""))
            return .finished(failed: failedCount)
        } catch let error as DatabaseError where error.isDiskFull {
            return diskFull("\(error)")
        } catch let error as InputError {
            // Only files of the run directory are written here.
            return diskFull("\(error)")
        }
    }

    private func diskFull(_ detail: String) -> RunOutcome {
        let reason = "nothing more can be written (\(detail)); what is in the ledger is safe, make room and run the same command again"
        progress.line(reason)
        try? writeStatus("interrupted", force: true)
        return .interrupted(reason: reason)
    }

    private var failedCount: Int {
        counts.values.reduce(0) { sum, byStatus in sum + byStatus.reduce(0) { $0 + (Status(word: $1.key)?.isFailure == true ? $1.value : 0) } }
    }

    private func count(_ item: WorkItem, _ record: Record, cost: Double) {
        let name = type(of: plan.studies[item.study]).name
        done += 1
        costLeft -= cost
        counts[name, default: [:]][record.status.word, default: 0] += 1
        if let n = item.point.spinCount { doneBySpinCount[n, default: 0] += 1 }
        if record.status.isFailure {
            let text = "\(name) at \(item.point.key): \(record.status.word): \(record.reason)"
            if failures.count < 10 { failures.append(text) }
            if failures.count < 10 || failedCount % 1000 == 0 { progress.line("  \(text)") }
        }
    }

    /// From the share of expected cost that is done.
    private var secondsLeft: Double? {
        let share = 1 - costLeft / max(costAtStart, .leastNormalMagnitude)
        guard share > 0.002, done > reused else { return nil }
        return max(0, progress.elapsed * (1 - share) / share)
    }

    private func writeStatus(_ state: String, force: Bool = false) throws {
        let now = Date()
        guard force || now.timeIntervalSince(lastStatus) >= 1 else { return }
        lastStatus = now
        let bySpinCount = Dictionary(uniqueKeysWithValues: totalBySpinCount.map { ("\($0.key)", [doneBySpinCount[$0.key] ?? 0, $0.value]) })
        try RunStatus(title: plan.title, state: state, pid: getpid(), total: plan.count, done: done, reused: reused, counts: counts, bySpinCount: bySpinCount,
                      recordsPerSecond: progress.rate(done: done), secondsLeft: state == "running" ? secondsLeft : nil, elapsed: progress.elapsed,
                      updated: ISO8601DateFormatter().string(from: now), failures: failures).write(directory)
    }

    private func checkpoint() {
        guard let onCheckpoint, Date().timeIntervalSince(lastCheckpoint) >= checkpointSeconds else { return }
        // To look at only: a run does not end because it could not be written.
        do { try onCheckpoint(ledger) } catch { progress.line("the partial archive could not be written: \(error)") }
        lastCheckpoint = Date()
    }
}
