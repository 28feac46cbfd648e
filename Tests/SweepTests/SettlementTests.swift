import Foundation
import Studies
@testable import Sweep
import Testing

/// Which deaths count against which points.
@Suite struct SettlementTests {
    private static func notice(_ chunk: UInt64, item: Int = 0, rank: Int = 1, launch: UInt64 = 7, computing: Bool = true) -> DeathNotice {
        DeathNotice(launch: launch, rank: rank, host: "a", chunk: chunk, item: item, wasComputing: computing, cause: "signal 11 (Segmentation fault)")
    }
    private static func lease(_ id: UInt64, _ items: [String], rank: Int = 1, launch: UInt64 = 7, alone: Bool = false) -> Ledger.Lease {
        Ledger.Lease(id: id, launch: launch, worker: rank, isAlone: alone, items: items.map { "s\t\($0)" })
    }
    private func ledger(_ scratch: Scratch, shard: Int = 0) throws -> Ledger {
        try FileManager.default.createDirectory(atPath: scratch.path + "/ledger", withIntermediateDirectories: true)
        return try Ledger(path: Ledger.path(scratch.path, shard: shard))
    }
    private func suspects(_ ledger: Ledger) throws -> [String] { try ledger.suspects().map(\.point).sorted() }

    /// Begun and without a record: suspect. Not begun, recorded, of another worker, of another start: not.
    @Test func onlyWhatWasBegun() throws {
        let scratch = try Scratch(), ledger = try ledger(scratch)
        try ledger.commit([], finished: [],
                          leases: [Self.lease(1, ["x=1", "x=2", "x=3", "x=4"]), Self.lease(2, ["x=5"]), Self.lease(3, ["x=6"], rank: 2), Self.lease(4, ["x=7"], launch: 6)])
        try ledger.commit([.init(study: "s", point: "x=1", outputNames: [], record: Record(status: .ok))], finished: [], leases: [])
        let settlement = try Settlement([Self.notice(1, item: 2), Self.notice(3, rank: 1), Self.notice(4, launch: 8)], primary: ledger, shards: [ledger])
        #expect(try suspects(ledger) == ["x=2", "x=3"])
        #expect(settlement.newSuspects == 2 && settlement.quarantined.isEmpty)
        #expect(try ledger.leases().isEmpty)
    }

    /// Without a notice (rank 0, the launcher, the node) nothing is suspect.
    @Test func endsWithoutNotice() throws {
        let scratch = try Scratch(), ledger = try ledger(scratch)
        try ledger.commit([], finished: [], leases: [Self.lease(1, ["x=1"], alone: true)])
        #expect(try Settlement([], primary: ledger, shards: [ledger]).newSuspects == 0)
        #expect(try suspects(ledger).isEmpty && ledger.leases().isEmpty)
    }

    /// Twice alone and computing: quarantined. A death in a chunk, or between two points, is none of the two.
    @Test func twiceAlone() throws {
        let scratch = try Scratch(), ledger = try ledger(scratch), shard = try self.ledger(scratch, shard: 1)
        func die(_ launch: UInt64, alone: Bool, computing: Bool = true, in place: Ledger? = nil) throws -> [String] {
            try (place ?? ledger).commit([], finished: [], leases: [Self.lease(1, ["x=1"], launch: launch, alone: alone)])
            return try Settlement([Self.notice(1, launch: launch, computing: computing)], primary: ledger, shards: [ledger, shard]).quarantined
        }
        #expect(try die(1, alone: false).isEmpty)
        #expect(try die(2, alone: true, computing: false).isEmpty)
        #expect(try die(3, alone: true).isEmpty)
        #expect(try suspects(ledger) == ["x=1"])
        // The second time under a sub-coordinator with a ledger of its own.
        #expect(try die(4, alone: true, in: shard) == ["s at x=1"])
        #expect(try ledger.record(study: "s", point: "x=1")?.status == .quarantined)
        #expect(try suspects(ledger).isEmpty)
        try ledger.forget(.quarantined)
        #expect(try ledger.record(study: "s", point: "x=1") == nil)
    }

    /// A point that dies when outputs are added to its old record is found as well, and the old outputs stay.
    @Test func olderRecord() throws {
        let scratch = try Scratch(), ledger = try ledger(scratch)
        try ledger.commit([.init(study: "s", point: "x=1", outputNames: ["v"], record: Record(status: .ok, outputs: ["v": OutputArray(3)]))], finished: [], leases: [])
        usleep(2000)
        for launch in 1...2 as ClosedRange<UInt64> {
            try ledger.commit([], finished: [], leases: [Self.lease(1, ["x=1"], launch: launch, alone: true)])
            _ = try Settlement([Self.notice(1, launch: launch)], primary: ledger, shards: [ledger])
        }
        let record = try #require(try ledger.record(study: "s", point: "x=1"))
        #expect(record.status == .quarantined && record.outputs["v"]?.data == [3])
    }

    /// A crash between settling and removing the notice must not make one death two.
    @Test func aNoticeCountsOnce() throws {
        let scratch = try Scratch(), ledger = try ledger(scratch)
        for _ in 0..<3 {
            try ledger.commit([], finished: [1], leases: [Self.lease(1, ["x=1"], alone: true)])
            #expect(try Settlement([Self.notice(1)], primary: ledger, shards: [ledger]).quarantined.isEmpty)
        }
    }

    /// A ledger of format 1 is taken over with its records.
    @Test func formerFormat() throws {
        let scratch = try Scratch()
        do {
            let ledger = try ledger(scratch)
            try ledger.commit([.init(study: "s", point: "x=1", outputNames: ["v"], record: Record(status: .ok, outputs: ["v": OutputArray(1)]))], finished: [], leases: [])
        }
        let database = try Database(path: Ledger.path(scratch.path), readOnly: false)
        try database.execute("DROP TABLE refinement; DROP TABLE lease; CREATE TABLE lease (id INTEGER PRIMARY KEY, worker INTEGER NOT NULL, items TEXT NOT NULL, handed REAL NOT NULL); INSERT INTO lease VALUES (1, 1, 's x=2', 0); PRAGMA user_version=1;")
        #expect(try Ledger(readOnly: Ledger.path(scratch.path)).records(study: "s").count == 1)
        let ledger = try Ledger(path: Ledger.path(scratch.path))
        #expect(try ledger.leases().isEmpty)
        try ledger.commit([], finished: [], leases: [Self.lease(9, ["x=3"])])
        #expect(try ledger.record(study: "s", point: "x=1")?.outputs["v"]?.data == [1])
        try ledger.insert([Point(axes: ["x"], values: [0.5])], round: 1)
        #expect(try ledger.insertedPoints().map(\.key) == ["x=0.5"])
    }

    /// Format 2 lacks the table of refinement alone.
    @Test func formatBeforeRefinement() throws {
        let scratch = try Scratch()
        do { _ = try ledger(scratch) }
        try Database(path: Ledger.path(scratch.path), readOnly: false).execute("DROP TABLE refinement; PRAGMA user_version=2;")
        #expect(try Ledger(readOnly: Ledger.path(scratch.path)).insertedPoints().isEmpty)
        let ledger = try Ledger(path: Ledger.path(scratch.path))
        try ledger.insert([Point(axes: ["N", "x"], values: [4, 0.0625])], round: 3)
        #expect(try ledger.insertions().map(\.round) == [3])
        #expect(try ledger.insertedPoints() == [Point(axes: ["N", "x"], values: [4, 0.0625])])
    }
}
