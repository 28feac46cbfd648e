import Foundation
import Studies

/// How far the whole run is: counts, progress, `status.json`, the archive to look at meanwhile.
final class RunTracker: Upstream {
    /// With all points inserted so far.
    private(set) var plan: RunPlan
    private let directory: String
    let progress: Progress
    private let reused: Int
    private var done: Int
    private var counts: [String: [String: Int]]
    private var doneBySpinCount: [Int: Int]
    private var totalBySpinCount: [Int: Int]
    private var failures: [String] = []
    private var reasons: [String: Int]
    /// Of this start: N → (records, measured seconds).
    private var pace: [Int: (count: Int, seconds: Double)] = [:]
    private var costLeft: Double
    /// Of the round under way, as the two that follow.
    private var costAtStart: Double
    private var doneAtStart: Int
    private var elapsedAtStart = 0.0
    private var refiner: Refiner?
    /// Rounds of refinement so far; nil: no axis is refined.
    private(set) var round: Int?
    private let insert: ([Point], Int) throws -> Void
    private let clock = ContinuousClock()
    private var lastStatus: ContinuousClock.Instant?
    private var lastCheckpoint: ContinuousClock.Instant
    private var checkpointSeconds: Double
    private let onCheckpoint: (() throws -> Void)?

    let endsByItself = true
    let toCome = 0.0

    init(plan: RunPlan, directory: String, progress: Progress, inventory: Inventory, checkpointSeconds: Double, onCheckpoint: (() throws -> Void)?,
         refiner: Refiner? = nil, round: Int? = nil, insert: @escaping ([Point], Int) throws -> Void = { _, _ in }) {
        self.refiner = refiner
        self.round = round
        self.insert = insert
        self.plan = plan
        self.directory = directory
        self.progress = progress
        self.checkpointSeconds = checkpointSeconds
        self.onCheckpoint = onCheckpoint
        reused = inventory.done
        done = inventory.done
        counts = inventory.counts
        doneBySpinCount = inventory.doneBySpinCount
        reasons = inventory.reasons
        totalBySpinCount = plan.countBySpinCount
        doneAtStart = inventory.done
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
        refiner?.take(tally.observations)
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

    /// From the share of expected cost that is done. With refinement, of the round: how many follow nobody knows.
    private var secondsLeft: Double? {
        let share = 1 - costLeft / max(costAtStart, .leastNormalMagnitude)
        guard share > 0.002, done > doneAtStart else { return nil }
        return max(0, (progress.elapsed - elapsedAtStart) * (1 - share) / share)
    }

    // MARK: Refinement

    /// The points that the records so far call for, durable before any of them is computed.
    func nextRound() throws -> (plan: RunPlan, work: any WorkSource)? {
        guard let refiner, let rule = plan.refinement else { return nil }
        let next = refiner.next(plan)
        guard !next.points.isEmpty else {
            progress.line("  refined \(rule.axis): \(plan.inserted.count) points inserted in \(round ?? 0) rounds")
            for text in next.limited.prefix(10) { progress.line("  \(text): stopped at the limit of \(rule.limit) values a line, before all is resolved to \(CanonicalNumber.string(rule.until))") }
            if next.limited.count > 10 { progress.line("  … and \(next.limited.count - 10) other lines at the limit") }
            return nil
        }
        let number = (round ?? 0) + 1
        try insert(next.points, number)
        let grown = plan.inserting(plan.inserted + next.points), work = WorkList(grown, beyond: plan)
        progress.line("  round \(number): \(next.points.count) points of \(rule.axis) inserted, \(grown.count - plan.count) records more")
        plan = grown
        round = number
        totalBySpinCount = plan.countBySpinCount
        progress.total = plan.count
        (costLeft, costAtStart, doneAtStart, elapsedAtStart) = (work.remainingSeconds, work.remainingSeconds, done, progress.elapsed)
        return (grown, work)
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
                      updated: ISO8601DateFormatter().string(from: Date()), failures: failures, round: round).write(directory)
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
