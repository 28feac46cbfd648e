import Foundation
import Studies

/// How far the whole run is: counts, progress, `status.json`, the archive to look at meanwhile.
final class RunTracker: Upstream {
    private let plan: RunPlan
    private let directory: String
    let progress: Progress
    private let reused: Int
    private var done: Int
    private var counts: [String: [String: Int]]
    private var doneBySpinCount: [Int: Int]
    private let totalBySpinCount: [Int: Int]
    private var failures: [String] = []
    private var reasons: [String: Int]
    /// Of this start: N → (records, measured seconds).
    private var pace: [Int: (count: Int, seconds: Double)] = [:]
    private var costLeft: Double
    private let costAtStart: Double
    private let clock = ContinuousClock()
    private var lastStatus: ContinuousClock.Instant?
    private var lastCheckpoint: ContinuousClock.Instant
    private var checkpointSeconds: Double
    private let onCheckpoint: (() throws -> Void)?

    let endsByItself = true
    let toCome = 0.0

    init(plan: RunPlan, directory: String, progress: Progress, inventory: Inventory, checkpointSeconds: Double, onCheckpoint: (() throws -> Void)?) {
        self.plan = plan
        self.directory = directory
        self.progress = progress
        self.checkpointSeconds = checkpointSeconds
        self.onCheckpoint = onCheckpoint
        reused = inventory.done
        done = inventory.done
        counts = inventory.counts
        doneBySpinCount = inventory.doneBySpinCount
        totalBySpinCount = inventory.totalBySpinCount
        reasons = inventory.reasons
        costLeft = inventory.work.remainingSeconds
        costAtStart = costLeft
        lastCheckpoint = clock.now
    }

    var failedCount: Int { RunStatus.failedCount(counts) }
    var doneCount: Int { done }

    func report(_ tally: Wire.Tally) {
        for group in tally.groups {
            done += group.count
            counts[plan.studyName(group.study), default: [:]][(Status(rawValue: group.status) ?? .failed).word, default: 0] += group.count
            if let n = group.spinCount {
                doneBySpinCount[n, default: 0] += group.count
                let known = pace[n] ?? (0, 0)
                pace[n] = (known.count + group.count, known.seconds + group.seconds)
            }
        }
        FailureReason.add(tally.reasons, to: &reasons)
        costLeft -= tally.expectedSeconds
        for text in tally.failures { note(failure: text) }
    }

    func note(failure text: String) {
        if failures.count < 10 { failures.append(text) }
        if failures.count < 10 || failedCount % 1000 == 0 { progress.line("  \(text)") }
    }

    func turn(queued: Double, hasQueue: Bool) throws {
        progress.update(done: done, failed: failedCount, secondsLeft: secondsLeft)
        try writeStatus("running")
        checkpoint()
    }

    func received(_ order: Wire.ChunkOrder, seconds: Double) {}
    func flush() {}

    /// From the share of expected cost that is done.
    private var secondsLeft: Double? {
        let share = 1 - costLeft / max(costAtStart, .leastNormalMagnitude)
        guard share > 0.002, done > reused else { return nil }
        return max(0, progress.elapsed * (1 - share) / share)
    }

    /// At most once a second, unless forced.
    func writeStatus(_ state: String, force: Bool = false) throws {
        if !force, let lastStatus, clock.now - lastStatus < .seconds(1) { return }
        lastStatus = clock.now
        let bySpinCount = Dictionary(uniqueKeysWithValues: totalBySpinCount.map { ("\($0.key)", [doneBySpinCount[$0.key] ?? 0, $0.value]) })
        try RunStatus(title: plan.title, state: state, pid: getpid(), host: ProcessInfo.processInfo.hostName, total: plan.count, done: done, reused: reused, counts: counts, bySpinCount: bySpinCount,
                      recordsPerSecond: progress.rate(done: done), secondsLeft: state == "running" ? secondsLeft : nil, elapsed: progress.elapsed,
                      secondsPerRecord: Dictionary(uniqueKeysWithValues: pace.map { ("\($0.key)", $0.value.seconds / Double(max(1, $0.value.count))) }),
                      reasons: reasons, slurmJob: SlurmJob.current?.identifier,
                      updated: ISO8601DateFormatter().string(from: Date()), failures: failures).write(directory)
    }

    private func checkpoint() {
        guard let onCheckpoint, clock.now - lastCheckpoint >= .seconds(checkpointSeconds) else { return }
        let start = clock.now
        // To look at only: a run does not end because it could not be written.
        do { try onCheckpoint() } catch { progress.line("the partial archive could not be written: \(error)") }
        lastCheckpoint = clock.now
        // Workers wait for answers meanwhile: never more than a few per cent of the time.
        checkpointSeconds = max(checkpointSeconds, 30 * ((lastCheckpoint - start) / .seconds(1)))
    }
}
