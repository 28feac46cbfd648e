import Foundation
import MessagePassing
import Studies

/// Hands out chunks and makes their records durable. Serves workers; at the top of a tree, sub-coordinators.
///
/// One turn: hear what came, decide who gets what, make records and leases durable in one transaction, send. Between turns
/// it sleeps. Children hold a chunk in reserve, so that none waits for a turn.
final class Coordinator {
    enum Ending: Equatable {
        case finished
        case interrupted(reason: String)
    }

    private final class Child {
        let rank: Int
        var isHere = false
        var hasStopped = false
        /// Chunks it may be given now (sub-coordinators say so themselves).
        var credit: Int
        /// chunk → records to come, and what each is expected to take
        var open: [UInt64: (records: Int, seconds: Double)] = [:]
        /// chunk → what it consists of, where this child runs the studies.
        var spans: [UInt64: [WorkSpan]] = [:]
        /// When it was given something to do, or last handed something in.
        var busySince: ContinuousClock.Instant?
        /// Of all blocks of a sub-coordinator.
        var recordsToCome = 0
        /// Has a point that may kill it, and gets nothing else until that is back.
        var isAlone = false
        /// Waits for others to make a team with.
        var isReserved = false
        var isIdle: Bool { open.isEmpty && recordsToCome == 0 }
        init(rank: Int, credit: Int) {
            self.rank = rank
            self.credit = credit
        }
    }

    private var plan: RunPlan
    private let comm: any Communicator
    private let pace: Pace
    private var source: any WorkSource
    private let ledger: Ledger
    private let launch: UInt64
    private let grace: Double
    private let upstream: any Upstream
    private let children: [Child]
    private let childOfRank: [Int: Int]
    private let servesSubCoordinators: Bool
    private let outputNames: [[String]]
    /// Handed out one by one, to a worker that has nothing else.
    private var alone: [WorkItem] = []
    private let aloneNames: Set<String>
    private var teams: Teams
    private let makeSharing: (RunPlan) -> SharingTable?
    /// Work for one rank that was taken from the source when a team came first.
    private var held: [WorkSpan] = []
    /// Records that lack outputs added since.
    private let lookUpEarlier: ((_ study: String, _ point: String) throws -> Record?)?

    private let clock = ContinuousClock()
    private var lastCommit: ContinuousClock.Instant
    private var lastChunkSeconds = 0.0
    private var nextChunk: UInt64 = 1
    private var pending: [Ledger.Entry] = []
    private var pendingBytes = 0
    private var finished: [UInt64] = []
    private var tally = Wire.Tally()
    private var orders: [(child: Child, order: Wire.ChunkOrder, lease: Ledger.Lease?)] = []
    private var stopping: (reason: String, deadline: ContinuousClock.Instant)?
    private var mustLeave = false
    /// Under a time limit points may be too long for it; nil: there is none.
    var timeLimit: TimeLimit?
    private let launched: ContinuousClock.Instant
    private let launchedAt = Date().timeIntervalSince1970
    /// Measured over expected seconds of late: sizes of chunks follow it, results do not.
    private var measured = 0.0, expected = 0.0

    /// Finished records wait no longer than this before they are made durable.
    private let commitSeconds = 0.25
    var onCommit: (([Ledger.Entry]) -> Void)?

    init(plan: RunPlan, comm: any Communicator, children: [Int], pace: Pace, source: any WorkSource, ledger: Ledger, launch: UInt64, grace: Double,
         upstream: any Upstream, sharing: @escaping (RunPlan) -> SharingTable?, alone: [WorkItem] = [],
         lookUpEarlier: ((_ study: String, _ point: String) throws -> Record?)? = nil) throws {
        self.plan = plan
        self.comm = comm
        self.pace = pace
        self.source = source
        self.ledger = ledger
        self.launch = launch
        self.grace = grace
        self.upstream = upstream
        // Teams are made of workers: above sub-coordinators there are none.
        makeSharing = pace.workersPerChild > 1 ? { _ in nil } : sharing
        teams = Teams(plan, makeSharing(plan))
        self.lookUpEarlier = lookUpEarlier
        aloneNames = Set(alone.map { plan.studyName($0.study) + "\t" + plan.point($0).key })
        servesSubCoordinators = pace.workersPerChild > 1
        self.children = children.map { Child(rank: $0, credit: pace.depth) }
        childOfRank = Dictionary(uniqueKeysWithValues: children.enumerated().map { ($1, $0) })
        outputNames = plan.studies.map { $0.outputs.map(\.name) }
        lastCommit = clock.now
        launched = clock.now
        _ = source.next(seconds: 0, limit: 0)
        try addAlone(alone)
    }

    /// Serves until all is done, or until it is told to stop.
    /// - Throws: `InputError` for a rank that cannot take part, `DatabaseError`.
    func serve() throws -> Ending {
        while true {
            if stopping == nil, Interruption.isRequested {
                // A launcher that ends its ranks by TERM gives them a second, whether they are ready or not.
                let isTeardown = Interruption.number == SIGTERM && !(comm is LocalCommunicator)
                try stop("stopped by \(Interruption.signalName)", within: isTeardown ? min(grace, 0.7) : grace)
            }
            if stopping == nil, let timeLimit, seconds(since: launched) > timeLimit.workingSeconds(grace: grace) { try stop("stopped before the time limit") }
            try hear()
            if stopping == nil { try assign() }
            let isQuiet = children.allSatisfy { stopping == nil ? $0.isIdle : $0.hasStopped || !$0.isHere }
            let isDue = !pending.isEmpty && seconds(since: lastCommit) > commitSeconds
            if !orders.isEmpty || isDue || pendingBytes > 1 << 23 || (isQuiet && !(pending.isEmpty && finished.isEmpty)) { try commit() }
            try upstream.turn(queued: source.remainingSeconds, hasQueue: hasQueue)
            if let stopping, isQuiet || clock.now > stopping.deadline {
                if !pending.isEmpty { try commit() }
                try noteAttempts()
                try upstream.flush()
                // The word to leave may have come together with the word to stop, and comes but once.
                return mustLeave ? .finished : .interrupted(reason: stopping.reason)
            }
            if mustLeave { return .finished }
            if upstream.endsByItself, stopping == nil, isQuiet, !hasQueue, pending.isEmpty {
                guard let (grown, work) = try upstream.nextRound() else { return .finished }
                try grow(grown, work)
            }
        }
    }

    private var hasQueue: Bool { !(source.isEmpty && alone.isEmpty && held.isEmpty && teams.isEmpty) }

    /// Whether every child has said that it stopped (or never came): nothing keeps the ranks from leaving in good order.
    var hasStoppedCleanly: Bool { children.allSatisfy { $0.hasStopped || !$0.isHere } }

    private func seconds(since instant: ContinuousClock.Instant) -> Double { (clock.now - instant) / .seconds(1) }

    /// Goes on with a plan that has more points. Nobody holds work of the old one.
    private func grow(_ grown: RunPlan, _ work: any WorkSource) throws {
        plan = grown
        source = work
        _ = source.next(seconds: 0, limit: 0)
        teams = Teams(plan, makeSharing(plan))
        let message = try Wire.grow(plan.inserted).packed()
        for child in children where child.isHere && !child.hasStopped { comm.send(message, to: child.rank) }
    }

    // MARK: Hearing

    private func hear() throws {
        let patience = pending.isEmpty ? 0.05 : max(0.001, commitSeconds - seconds(since: lastCommit))
        guard var message = comm.receive(within: patience) else { return }
        // All that is there, but not for so long that nobody gets an answer.
        let end = clock.now + .milliseconds(20)
        while true {
            try hear(message)
            guard clock.now < end, let next = comm.receive(within: 0) else { return }
            message = next
        }
    }

    private func hear(_ message: Message) throws {
        let wire = try Wire(message.bytes)
        guard let place = childOfRank[message.source] else {
            // From above.
            switch wire {
            case .chunk(let order):
                if order.isAlone { try addAlone(order.spans.flatMap { plan.items($0) }) } else { (source as? WorkQueue)?.append(order.spans) }
                upstream.received(order, seconds: order.spans.reduce(0) { $0 + plan.seconds($1) })
            case .grow(let points):
                let grown = plan.inserting(points)
                try grow(grown, WorkQueue(grown))
            case .stop: if stopping == nil { try stop("stopped by rank \(message.source)") }
            case .leave: mustLeave = true
            default: break
            }
            return
        }
        let child = children[place]
        switch wire {
        case .hello:
            child.isHere = true
            // It has made the plan from the job alone.
            if !plan.inserted.isEmpty { comm.send(try Wire.grow(plan.inserted).packed(), to: child.rank) }
        case .records(let report): try take(report, from: child)
        case .tally(let more):
            child.recordsToCome -= more.count
            child.credit += more.wanted
            try upstream.report(more)
        case .stopped:
            child.hasStopped = true
            // It was told by a signal of its own; its chunk will not come back.
            if stopping == nil, !mustLeave {
                // Mostly the signal went to all ranks, and is just about to reach this one.
                if !Interruption.isRequested { usleep(50_000) }
                try stop(Interruption.isRequested ? "stopped by \(Interruption.signalName)" : "rank \(child.rank) was told to stop")
            }
        case .trouble(let text, let isInput):
            if isInput { throw InputError(text) }
            child.hasStopped = true
            try stop(text)
        case .job, .grow, .chunk, .stop, .leave, .ready, .assemble: break
        }
    }

    private struct Kind: Hashable {
        let study: Int
        let status: Status
        let spinCount: Int?
    }
    private var kinds: [Kind: (count: Int, seconds: Double)] = [:]

    private func take(_ report: Wire.ChunkReport, from child: Child) throws {
        let cost = child.open[report.chunk]?.seconds ?? 0
        for entry in report.entries {
            enter(entry, expecting: cost)
            measured = 0.999 * measured + entry.seconds
            expected = 0.999 * expected + cost
        }
        guard let open = child.open[report.chunk] else { return }
        child.busySince = clock.now
        if report.isFinished {
            child.open[report.chunk] = nil
            child.spans[report.chunk] = nil
            child.credit += 1
            child.isAlone = false
            finished.append(report.chunk)
        } else {
            child.open[report.chunk]?.records = open.records - report.entries.count
        }
    }

    /// - Parameter names: outputs that it has; nil: all of the study's.
    private func enter(_ entry: Wire.ChunkReport.Entry, expecting seconds: Double, outputs names: [String]? = nil) {
        let study = plan.studyName(entry.item.study)
        pending.append(Ledger.Entry(study: study, point: entry.key, outputNames: names ?? outputNames[entry.item.study], status: entry.status,
                                    reason: entry.reason, payload: entry.payload, seconds: entry.seconds))
        pendingBytes += entry.payload.count + 100
        let kind = Kind(study: entry.item.study, status: entry.status, spinCount: plan.spinCount(entry.item)), known = kinds[kind] ?? (0, 0)
        kinds[kind] = (known.count + 1, known.seconds + entry.seconds)
        if let rule = plan.refinement, rule.targets.contains(where: { $0.study == study }) {
            tally.observations += rule.observations(study: study, key: entry.key, entry.status, (try? RecordCodec.decode(entry.payload)) ?? [:])
        }
        tally.expectedSeconds += seconds
        if entry.status.isFailure { FailureReason.add([FailureReason.key(study: study, status: entry.status, reason: entry.reason): 1], to: &tally.reasons) }
        if entry.status.isFailure, tally.failures.count < 10 { tally.failures.append("\(study) at \(entry.key): \(entry.status.word): \(entry.reason)") }
    }

    // MARK: Handing out

    private var slowness: Double { expected > 0 ? min(50, max(0.02, measured / expected)) : 1 }

    private func assign() throws {
        let remaining = (source.remainingSeconds + upstream.toCome) * slowness
        if !alone.isEmpty, !servesSubCoordinators {
            for child in children where child.isHere && child.isIdle && !alone.isEmpty {
                let item = alone.removeFirst()
                try give([plan.span(item)], to: child, isAlone: true)
                child.isAlone = true
            }
        } else if !alone.isEmpty, case let here = children.filter(\.isHere), !here.isEmpty {
            // Who is not here yet does not know of inserted points: the item would be another.
            for (number, item) in alone.enumerated() {
                let child = here[number % here.count]
                try give([plan.span(item)], to: child, isAlone: true)
                child.credit += 1
            }
            alone = []
        }
        try makeTeams()
        let seconds = pace.chunkSeconds(remaining: remaining)
        // First everyone gets one, then those who are quick a second.
        for reserve in 0..<pace.depth {
            // Who has more to do would keep a team waiting.
            if reserve > 0, !teams.isEmpty || !pace.prefetches(remaining: remaining, chunkSeconds: max(seconds, lastChunkSeconds)) { return }
            for child in children where child.isHere && child.credit > 0 && !child.isAlone && (servesSubCoordinators || child.open.count == reserve) {
                if child.isReserved || (reserve == 0 && !servesSubCoordinators && !child.isIdle) { continue }
                let spans = try next(seconds: seconds / slowness)
                // Points to be shared have turned up: they come first.
                if !teams.isEmpty, reserve == 0 {
                    try makeTeams()
                    if child.isReserved || !child.isIdle {
                        held = spans
                        continue
                    }
                }
                guard !spans.isEmpty else { return }
                lastChunkSeconds = spans.reduce(0) { $0 + plan.seconds($1) } * slowness
                try give(spans, to: child, isAlone: false)
            }
        }
    }

    /// The next work for one rank; what is to be shared, or cannot be computed, is put aside.
    private func next(seconds: Double) throws -> [WorkSpan] {
        if !held.isEmpty {
            defer { held = [] }
            return held
        }
        while !source.isEmpty {
            let spans = teams.sort(source.next(seconds: seconds, limit: pace.itemLimit))
            try enterRefused()
            if !spans.isEmpty { return spans }
        }
        return []
    }

    /// Points that cannot be computed in this run fail before they start; what an older record of them holds is kept.
    private func enterRefused() throws {
        for (item, reason) in teams.takeRefused() {
            let earlier = try lookUpEarlier?(plan.studyName(item.study), plan.point(item).key)?.outputs ?? [:]
            let entry = Wire.ChunkReport.Entry(item: item, key: plan.point(item).key, status: .failed, seconds: 0, reason: reason,
                                               payload: RecordCodec.encode(earlier))
            enter(entry, expecting: plan.seconds(item), outputs: earlier.keys.sorted())
        }
    }

    /// Points whose worker died before, to be handed out one by one: those to be shared go to a team.
    private func addAlone(_ items: [WorkItem]) throws {
        alone += items.filter { !teams.sort([plan.span($0)], isAlone: true).isEmpty }
        try enterRefused()
    }

    /// Hands out what is to be shared as far as there are idle ranks; those that are too few are kept for the next team, and
    /// the others go on. Only one team waits at a time, for ranks that are all at work: it gets them.
    private func makeTeams() throws {
        for child in children { child.isReserved = false }
        while let task = teams.next {
            let idle = children.filter { $0.isHere && $0.isIdle && !$0.isAlone }
            guard idle.count >= task.size else {
                for child in idle { child.isReserved = true }
                return
            }
            teams.removeNext()
            let members = Array(idle.prefix(task.size)), first = nextChunk
            for (place, child) in members.enumerated() {
                try give(task.spans, to: child, isAlone: task.isAlone, team: members.map(\.rank), teamID: first, computes: place == 0)
                child.isAlone = task.isAlone
            }
        }
    }

    /// - Parameters:
    ///   - team: ranks that share the work; each of them is given it.
    ///   - computes: whether this one runs the studies.
    private func give(_ spans: [WorkSpan], to child: Child, isAlone: Bool, team: [Int] = [], teamID: UInt64 = 0, computes: Bool = true) throws {
        var order = Wire.ChunkOrder(id: nextChunk, isAlone: isAlone, team: team, teamID: teamID, spans: spans)
        nextChunk += 1
        child.credit -= 1
        let count = spans.reduce(0) { $0 + plan.itemCount($1) }
        var lease: Ledger.Lease?
        if servesSubCoordinators {
            child.recordsToCome += count
            order.toCome = source.remainingSeconds / Double(children.count)
        } else {
            let items = spans.flatMap { plan.items($0) }
            if child.isIdle { child.busySince = clock.now }
            if computes { child.spans[order.id] = spans }
            child.open[order.id] = (computes ? count : 0, spans.reduce(0) { $0 + plan.seconds($1) } / Double(max(1, count)))
            lease = Ledger.Lease(id: order.id, launch: launch, worker: child.rank, isAlone: isAlone, items: items.map { plan.studyName($0.study) + "\t" + plan.point($0).key })
            if computes, let lookUpEarlier {
                var numbers = 0
                for item in items {
                    // Beyond this they would make the message, and this rank, too large; the rest is computed anew.
                    guard numbers < 4 << 20 else { break }
                    guard let record = try lookUpEarlier(plan.studyName(item.study), plan.point(item).key) else { continue }
                    numbers += record.outputs.values.reduce(0) { $0 + $1.data.count }
                    order.earlier.append((item.study, item.index, record))
                }
            }
        }
        orders.append((child, order, lease))
    }

    /// Durable first, then counted, then sent.
    private func commit() throws {
        if !(pending.isEmpty && finished.isEmpty && orders.allSatisfy { $0.lease == nil }) {
            try ledger.commit(pending, finished: finished, leases: orders.compactMap(\.lease), suspects: aloneNames)
        }
        lastCommit = clock.now
        onCommit?(pending)
        tally.groups = kinds.map { Wire.Tally.Group(study: $0.key.study, status: $0.key.status.rawValue, spinCount: $0.key.spinCount, count: $0.value.count, seconds: $0.value.seconds) }
        try upstream.report(tally)
        for (child, order, _) in orders { comm.send(try Wire.chunk(order).packed(), to: child.rank) }
        tally = Wire.Tally()
        kinds = [:]
        pending = []
        pendingBytes = 0
        finished = []
        orders = []
    }

    // MARK: Stopping

    /// What children are still computing as the time limit comes, and have been for nearly all of it, counts as tried; after the
    /// second time it fails, lest it be begun for ever.
    private func noteAttempts() throws {
        guard let timeLimit else { return }
        let elapsed = seconds(since: launched)
        guard timeLimit.isSpent(elapsed) else { return }
        for child in children where child.isHere && !child.hasStopped {
            guard let chunk = child.spans.keys.min(), let spans = child.spans[chunk], let busySince = child.busySince else { continue }
            let spent = seconds(since: busySince)
            guard timeLimit.counts(spent, of: elapsed), let item = try spans.flatMap({ plan.items($0) }).first(where: { try !isRecorded($0) }) else { continue }
            let tried = try ledger.addAttempt(study: plan.studyName(item.study), point: plan.point(item).key, seconds: spent)
            if tried.count >= TimeLimit.attempts {
                let reason = timeLimit.reason(tried: tried, expected: plan.seconds(item) * slowness)
                // Complete, though empty: it is not to be begun again.
                let earlier = try lookUpEarlier?(plan.studyName(item.study), plan.point(item).key)?.outputs ?? [:]
                enter(Wire.ChunkReport.Entry(item: item, key: plan.point(item).key, status: .failed, seconds: spent, reason: reason, payload: RecordCodec.encode(earlier)),
                      expecting: plan.seconds(item))
            }
        }
        if !pending.isEmpty { try commit() }
    }

    private func isRecorded(_ item: WorkItem) throws -> Bool {
        try ledger.hasRecord(study: plan.studyName(item.study), point: plan.point(item).key, since: launchedAt)
    }

    /// After an error that ends the run: lets the children finish their points, for a while.
    /// - Returns: whether all have; otherwise they must be ended by force.
    func standDown() -> Bool {
        guard let stop = try? Wire.stop.packed() else { return false }
        for child in children { comm.send(stop, to: child.rank) }
        let end = clock.now + .seconds(grace)
        while !hasStoppedCleanly, clock.now < end {
            guard let message = comm.receive(within: 0.05), let place = childOfRank[message.source], let wire = try? Wire(message.bytes) else { continue }
            if case .stopped = wire { children[place].hasStopped = true }
            if case .trouble = wire { children[place].hasStopped = true }
        }
        return hasStoppedCleanly
    }

    /// No more work goes out; what the children have finished is still taken in.
    private func stop(_ reason: String, within seconds: Double? = nil) throws {
        stopping = (reason, clock.now + .seconds(seconds ?? grace))
        orders = []
        for child in children { comm.send(try Wire.stop.packed(), to: child.rank) }
    }
}
