import Foundation
import MessagePassing
import Studies

/// A rank that computes: takes chunks from its coordinator and hands in records as they come.
final class Worker {
    private var plan: RunPlan
    private let comm: any Communicator
    private let parent: Int
    private let studies: StudyRunner
    /// Where a guardian reads what this rank was doing when it died.
    private let page: SharedPage?
    private var queue: [Wire.ChunkOrder] = []
    private var mustStop = false
    private var mustLeave = false
    /// Ranks that wait for the team that this one is the first of, by its number; teams that are complete.
    private var ready: [UInt64: Set<Int>] = [:]
    private var assembled: Set<UInt64> = []
    /// Finished records wait no longer than this before they are sent.
    private let handInSeconds = 0.2

    init(plan: RunPlan, comm: any Communicator, parent: Int, launch: UInt64, page: SharedPage?) {
        self.plan = plan
        self.comm = comm
        self.parent = parent
        self.page = page
        studies = StudyRunner(plan.studies, keptStates: plan.keptStates)
        page?[0] = launch
    }

    /// Works until told to leave.
    func serve() throws {
        comm.send(try Wire.hello(host: ProcessInfo.processInfo.hostName).packed(), to: parent)
        while !mustLeave {
            if !mustStop, Interruption.isRequested { try stop() }
            if queue.isEmpty {
                if let message = comm.receive(within: 0.05) { try hear(message) }
                continue
            }
            let order = queue.removeFirst()
            if order.team.isEmpty { try perform(order) } else { try performTogether(order) }
        }
    }

    /// Shares points with other ranks: the first runs the studies, the others lend their memory.
    ///
    /// None joins before all are there, so that a stop that reaches some of them earlier leaves nobody waiting: who is called
    /// joins, stopped or not; who is not hears `leave`.
    private func performTogether(_ order: Wire.ChunkOrder) throws {
        let isFirst = order.team[0] == comm.rank
        if !isFirst { comm.send(try Wire.ready(team: order.teamID).packed(), to: order.team[0]) }
        func isComplete() -> Bool { isFirst ? (ready[order.teamID]?.count ?? 0) == order.team.count - 1 : assembled.contains(order.teamID) }
        while true {
            // Before looking whether all are there: members may have heard the stop too, and nobody would wait for this point.
            if mustLeave || (isFirst && mustStop) { return }
            if isComplete() { break }
            if !mustStop, Interruption.isRequested { try stop() }
            if let message = comm.receive(within: 0.05) { try hear(message) }
        }
        ready[order.teamID] = nil
        assembled.remove(order.teamID)
        if isFirst {
            for rank in order.team.dropFirst() { comm.send(try Wire.assemble(team: order.teamID).packed(), to: rank) }
            comm.drain(within: 5)
        }
        let communicator = GroupCommunicator(ranks: order.team, tag: Int(truncatingIfNeeded: order.teamID))
        if isFirst { return try studies.context.shared(with: communicator) { try perform(order) } }
        page?[1] = order.id
        page?[2] = UInt64(max(0, order.spans.reduce(0) { $0 + plan.itemCount($1) } - 1))
        page?[3] = 1
        studies.context.serve(communicator)
        page?[3] = 0
        comm.send(try Wire.records(Wire.ChunkReport(chunk: order.id, isFinished: true, entries: [])).packed(), to: parent)
    }

    private func hear(_ message: Message) throws {
        switch try Wire(message.bytes) {
        case .chunk(let order): if !mustStop { queue.append(order) }
        case .stop: if !mustStop { try stop() }
        case .leave: mustLeave = true
        case .grow(let points): plan = plan.inserting(points)
        case .ready(let team): ready[team, default: []].insert(message.source)
        case .assemble(let team): assembled.insert(team)
        default: break
        }
    }

    private func stop() throws {
        mustStop = true
        queue = []
        comm.send(try Wire.stopped.packed(), to: parent)
        guard Interruption.number == SIGTERM, !(comm is LocalCommunicator) else { return }
        // The launcher ends its ranks; no answer may ever come.
        comm.drain(within: 0.3)
        if let message = comm.receive(within: 0.5) { try hear(message) }
        if !mustLeave { _exit(1) }
    }

    private func perform(_ order: Wire.ChunkOrder) throws {
        let items = order.spans.flatMap { plan.items($0) }, clock = ContinuousClock()
        var report = Wire.ChunkReport(chunk: order.id, isFinished: false, entries: []), handedIn = clock.now, looked = clock.now
        page?[1] = order.id
        var begun = 0, bytes = 0
        while begun < items.count {
            let window = items[begun..<windowEnd(items, from: begun)]
            begun = window.endIndex
            // Should this process die, all that is begun and not recorded is suspect.
            page?[2] = UInt64(begun - 1)
            let batches = batches(window, apart: order.earlier)
            for (number, batch) in batches.enumerated() {
                let points = batch.map { plan.point($0) }
                let earlier = order.earlier.first { $0.study == batch[0].study && $0.index == batch[0].index }?.record
                page?[3] = 1
                let records = studies.run(batch[0].study, at: points, earlier: earlier)
                page?[3] = 0
                for (k, record) in records.enumerated() {
                    let entry = Self.entry(batch[k], points[k].key, record)
                    report.entries.append(entry)
                    bytes += entry.payload.count
                    // Large records do not wait for their company: together they might be more than a message can carry.
                    if k < records.count - 1, bytes > 1 << 24 {
                        comm.send(try Wire.records(report).packed(), to: parent)
                        (report.entries, bytes) = ([], 0)
                    }
                }
                let isLast = begun == items.count && number == batches.count - 1, now = clock.now
                if isLast || now - handedIn > .seconds(handInSeconds) {
                    report.isFinished = isLast
                    comm.send(try Wire.records(report).packed(), to: parent)
                    (report.entries, bytes) = ([], 0)
                    handedIn = now
                    // A large message moves only while this rank looks at the network; before long points it must be gone.
                    let seconds = records.reduce(0) { $0 + $1.seconds }
                    comm.drain(within: min(5, max(0.002, 0.1 * seconds)))
                }
                // A look at the network costs as much as a very short point.
                if isLast || now - looked > .milliseconds(5) {
                    while let message = comm.receive(within: 0) { try hear(message) }
                    looked = now
                }
                if mustLeave { return }
                if mustStop || Interruption.isRequested {
                    if !report.entries.isEmpty { comm.send(try Wire.records(report).packed(), to: parent) }
                    if !mustStop { try stop() }
                    return
                }
            }
        }
    }

    /// End of the items that are begun together: those of as many points as the first one's studies take at a time.
    private func windowEnd(_ items: [WorkItem], from start: Int) -> Int {
        let first = items[start], point = plan.point(first)
        var end = start + 1, width = plan.studies[first.study].batchWidth(at: point), points = 1
        while end < items.count {
            let item = items[end], last = items[end - 1]
            if item.part == last.part && item.index == last.index {
                if points == 1 { width = max(width, plan.studies[item.study].batchWidth(at: point)) }
            } else {
                if points == width { break }
                points += 1
            }
            end += 1
        }
        return end
    }

    /// The items of one study together; those that complete an earlier record by themselves.
    private func batches(_ window: ArraySlice<WorkItem>, apart: [(study: Int, index: Int, record: Record)]) -> [[WorkItem]] {
        var order: [Int] = [], byStudy: [Int: [WorkItem]] = [:], single: [[WorkItem]] = []
        for item in window {
            if apart.contains(where: { $0.study == item.study && $0.index == item.index }) { single.append([item]); continue }
            if byStudy[item.study] == nil { order.append(item.study) }
            byStudy[item.study, default: []].append(item)
        }
        return order.map { byStudy[$0]! } + single
    }

    private static func entry(_ item: WorkItem, _ key: String, _ record: Record) -> Wire.ChunkReport.Entry {
        var record = record, payload = RecordCodec.encode(record.outputs)
        if payload.count > greatestMessage / 2 {
            record = Record(status: .failed, reason: "the record has \(payload.count) bytes, more than a message can carry; keep less", seconds: record.seconds)
            payload = RecordCodec.encode([:])
        }
        return Wire.ChunkReport.Entry(item: item, key: key, status: record.status, seconds: record.seconds, reason: record.reason, payload: payload)
    }
}

/// Runs studies so that whatever happens at a point becomes a record.
final class StudyRunner {
    private let studies: [any Study]
    let context: StudyContext

    init(_ studies: [any Study], keptStates: (any KeptStates)? = nil) {
        self.studies = studies
        context = StudyContext(keptStates: keptStates)
    }

    /// One study failing at one point is a record of that, and no end of the sweep.
    /// - Parameter earlier: an older record of a single point, to be completed.
    func run(_ number: Int, at points: [Point], earlier: Record?) -> [Record] {
        let study = studies[number], start = ContinuousClock.now
        if points.count == 1 { return [run(study, at: points[0], earlier: earlier)] }
        do {
            var records = try study.run(at: points, in: context)
            let each = (ContinuousClock.now - start) / .seconds(1) / Double(points.count)
            for k in records.indices where records[k].seconds == 0 { records[k].seconds = each }
            return records
        } catch {
            // Whose fault it is shows when each runs alone.
            return points.map { run(study, at: $0, earlier: nil) }
        }
    }

    private func run(_ study: any Study, at point: Point, earlier: Record?) -> Record {
        let start = ContinuousClock.now
        var record: Record
        do {
            if let earlier, let completed = try study.completed(earlier, at: point, in: context) { return completed }
            record = try study.run(at: point, in: context)
        } catch {
            record = Record(status: .failed, reason: "\(error)")
        }
        if record.seconds == 0 { record.seconds = (ContinuousClock.now - start) / .seconds(1) }
        return record
    }
}
