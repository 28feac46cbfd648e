import Foundation
import Studies

/// What ranks say to each other. Down the tree: job, grow, chunk, stop, leave; up: hello, records, tally, stopped, trouble; within a
/// team: ready, assemble.
enum Wire {
    case job(Briefing)
    case chunk(ChunkOrder)
    /// Finish the point under way, hand in what there is, answer `stopped`.
    case stop
    /// The run is over for this rank.
    case leave
    case hello(host: String)
    case records(ChunkReport)
    /// From a sub-coordinator.
    case tally(Tally)
    case stopped
    /// To the first of a team: this rank has the order of that number and waits.
    case ready(team: UInt64)
    /// From the first of a team to the others: all are there.
    case assemble(team: UInt64)
    /// All points that refinement has inserted so far: spans that follow are of the plan that has them.
    case grow([Point])
    /// This rank cannot take part (an error of the input, exit code 2), or cannot go on (resumable).
    case trouble(String, isInput: Bool)

    /// What a rank must know to take part.
    struct Briefing: Codable, Equatable {
        /// Of the coordinator's executable; another one could compute other numbers.
        var build: String
        /// Random: tells this start of the run from all others.
        var launch: UInt64
        var subCoordinators: Int
        var directory: String
        /// Seconds between a signal and giving up the points under way.
        var grace: Double
        /// Bytes that a point may take on a worker; nil: whatever it needs.
        var bytesPerWorker: Double?
        var jobText: [UInt8] = []
        private enum CodingKeys: CodingKey { case build, launch, subCoordinators, directory, grace, bytesPerWorker }
    }

    /// Points handed out together.
    struct ChunkOrder {
        var id: UInt64
        /// Points whose worker died before are handed out one by one.
        var isAlone = false
        /// Ranks that share these points, the one that runs the studies first; empty: the receiver alone. Each gets an order of its
        /// own.
        var team: [Int] = []
        /// Of the order to the team's first rank.
        var teamID: UInt64 = 0
        var spans: [WorkSpan]
        /// Expected seconds that are still to come for the receiver after this one: lets a sub-coordinator size its chunks.
        var toCome = 0.0
        /// Older records that lack outputs added since.
        var earlier: [(study: Int, index: Int, record: Record)] = []
    }

    /// Records of one chunk, in any number of messages.
    struct ChunkReport {
        var chunk: UInt64
        var isFinished: Bool
        var entries: [Entry]
        struct Entry {
            var item: WorkItem
            var key: String
            var status: Status
            var seconds: Double
            var reason: String
            var payload: [UInt8]
        }
    }

    /// What a record says of an output that refinement looks at.
    struct Observation: Codable {
        /// Index among the rule's targets.
        var target: Int
        var key: String
        var status: Int32
        /// Of the value: JSON knows no NaN. nil: the record has none.
        var bits: UInt64?
    }

    /// What a sub-coordinator has made durable since the last one.
    struct Tally: Codable {
        struct Group: Codable {
            var study: Int
            var status: Int32
            var spinCount: Int?
            var count: Int
            /// Measured, in all.
            var seconds = 0.0
        }
        var groups: [Group] = []
        var expectedSeconds = 0.0
        var failures: [String] = []
        /// Failed records by `FailureReason`.
        var reasons: [String: Int] = [:]
        var observations: [Observation] = []
        /// How many more blocks of work it would like.
        var wanted = 0

        mutating func add(_ other: Tally) {
            for group in other.groups {
                if let place = groups.firstIndex(where: { $0.study == group.study && $0.status == group.status && $0.spinCount == group.spinCount }) {
                    groups[place].count += group.count
                    groups[place].seconds += group.seconds
                } else {
                    groups.append(group)
                }
            }
            expectedSeconds += other.expectedSeconds
            failures += other.failures
            FailureReason.add(other.reasons, to: &reasons)
            observations += other.observations
            wanted += other.wanted
        }

        var count: Int { groups.reduce(0) { $0 + $1.count } }
    }

    // MARK: Bytes

    private enum Kind: UInt8 { case job = 1, chunk, stop, leave, hello, records, tally, stopped, trouble, ready, assemble, grow }

    func packed() throws -> [UInt8] {
        var packer = Packer()
        func begin(_ kind: Kind) { packer.put(kind.rawValue) }
        switch self {
        case .job(let briefing):
            begin(.job)
            packer.put(Array(try JSONEncoder().encode(briefing)))
            packer.put(briefing.jobText)
        case .chunk(let order):
            begin(.chunk)
            packer.put(order.id)
            packer.put(UInt8(order.isAlone ? 1 : 0))
            packer.put(order.teamID)
            packer.put(UInt32(order.team.count))
            for rank in order.team { packer.put(Int32(rank)) }
            packer.put(order.toCome)
            packer.put(UInt32(order.spans.count))
            for span in order.spans {
                for number in [span.part, span.costClass, span.first, span.count] { packer.put(Int64(number)) }
                packer.put(span.mask)
            }
            packer.put(UInt32(order.earlier.count))
            for (study, index, record) in order.earlier {
                packer.put(UInt16(study))
                packer.put(Int64(index))
                packer.put(record.status.rawValue)
                packer.put(record.seconds)
                packer.put(record.reason)
                packer.put(RecordCodec.encode(record.outputs))
            }
        case .stop: begin(.stop)
        case .leave: begin(.leave)
        case .hello(let host):
            begin(.hello)
            packer.put(host)
        case .records(let report):
            begin(.records)
            packer.put(report.chunk)
            packer.put(UInt8(report.isFinished ? 1 : 0))
            packer.put(UInt32(report.entries.count))
            for entry in report.entries {
                packer.put(UInt16(entry.item.study))
                packer.put(UInt16(entry.item.part))
                packer.put(Int64(entry.item.index))
                packer.put(entry.status.rawValue)
                packer.put(entry.seconds)
                packer.put(entry.key)
                packer.put(entry.reason)
                packer.put(entry.payload)
            }
        case .tally(let tally):
            begin(.tally)
            packer.put(Array(try JSONEncoder().encode(tally)))
        case .stopped: begin(.stopped)
        case .ready(let team):
            begin(.ready)
            packer.put(team)
        case .assemble(let team):
            begin(.assemble)
            packer.put(team)
        case .grow(let points):
            begin(.grow)
            packer.put(points.map(\.key).joined(separator: "\n"))
        case .trouble(let text, let isInput):
            begin(.trouble)
            packer.put(text)
            packer.put(UInt8(isInput ? 1 : 0))
        }
        return packer.bytes
    }

    /// - Throws: for bytes that are no message of this version.
    init(_ bytes: [UInt8]) throws {
        var unpacker = Unpacker(bytes)
        guard let kind = Kind(rawValue: try unpacker.take()) else { throw Unpacker.CutShort() }
        switch kind {
        case .job:
            var briefing = try JSONDecoder().decode(Briefing.self, from: Data(try unpacker.takeData()))
            briefing.jobText = try unpacker.takeData()
            self = .job(briefing)
        case .chunk:
            var order = ChunkOrder(id: try unpacker.take(), isAlone: try unpacker.take(UInt8.self) == 1, spans: [])
            order.teamID = try unpacker.take()
            for _ in 0..<(try unpacker.take(UInt32.self)) { order.team.append(Int(try unpacker.take(Int32.self))) }
            order.toCome = try unpacker.takeDouble()
            for _ in 0..<(try unpacker.take(UInt32.self)) {
                func number() throws -> Int { Int(try unpacker.take(Int64.self)) }
                order.spans.append(WorkSpan(part: try number(), costClass: try number(), first: try number(), count: try number(), mask: try unpacker.take()))
            }
            for _ in 0..<(try unpacker.take(UInt32.self)) {
                let study = Int(try unpacker.take(UInt16.self)), index = Int(try unpacker.take(Int64.self))
                let status = Status(rawValue: try unpacker.take()) ?? .failed, seconds = try unpacker.takeDouble(), reason = try unpacker.takeText()
                let outputs = try RecordCodec.decode(try unpacker.takeData())
                order.earlier.append((study, index, Record(status: status, reason: reason, outputs: outputs, seconds: seconds)))
            }
            self = .chunk(order)
        case .stop: self = .stop
        case .leave: self = .leave
        case .hello: self = .hello(host: try unpacker.takeText())
        case .records:
            var report = ChunkReport(chunk: try unpacker.take(), isFinished: try unpacker.take(UInt8.self) == 1, entries: [])
            for _ in 0..<(try unpacker.take(UInt32.self)) {
                let study = Int(try unpacker.take(UInt16.self)), part = Int(try unpacker.take(UInt16.self)), index = Int(try unpacker.take(Int64.self))
                report.entries.append(ChunkReport.Entry(item: WorkItem(study: study, part: part, index: index), key: "", status: Status(rawValue: try unpacker.take()) ?? .failed,
                                                        seconds: try unpacker.takeDouble(), reason: "", payload: []))
                let last = report.entries.count - 1
                report.entries[last].key = try unpacker.takeText()
                report.entries[last].reason = try unpacker.takeText()
                report.entries[last].payload = try unpacker.takeData()
            }
            self = .records(report)
        case .tally: self = .tally(try JSONDecoder().decode(Tally.self, from: Data(try unpacker.takeData())))
        case .stopped: self = .stopped
        case .ready: self = .ready(team: try unpacker.take())
        case .assemble: self = .assemble(team: try unpacker.take())
        case .grow: self = .grow(try unpacker.takeText().split(separator: "\n").compactMap { Point(key: String($0)) })
        case .trouble: self = .trouble(try unpacker.takeText(), isInput: try unpacker.take(UInt8.self) == 1)
        }
    }
}
