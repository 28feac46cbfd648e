import Foundation
import Studies
@testable import Sweep
import Testing

@Suite struct RunLedgerTests {
    static let outputs: [String: OutputArray] = [
        "a": OutputArray(-0.0), "nothing": OutputArray(shape: [0], data: []),
        "z": OutputArray(shape: [2, 1], data: [.nan, .infinity, .leastNonzeroMagnitude, -1], isComplex: true),
    ]

    @Test func codecRoundTrip() throws {
        let back = try RecordCodec.decode(RecordCodec.encode(Self.outputs))
        #expect(back.count == 3)
        for (name, array) in Self.outputs {
            #expect(back[name]?.shape == array.shape && back[name]?.isComplex == array.isComplex)
            #expect(back[name]?.data.map(\.bitPattern) == array.data.map(\.bitPattern))
        }
    }

    @Test func codecSeesEveryBit() {
        let bytes = RecordCodec.encode(Self.outputs)
        for bit in 0..<(8 * bytes.count) {
            var bad = bytes
            bad[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: RecordCodec.Damaged.self) { try RecordCodec.decode(bad) }
        }
        for length in 0..<bytes.count { #expect(throws: RecordCodec.Damaged.self) { try RecordCodec.decode(Array(bytes[..<length])) } }
    }

    private func filled(_ scratch: Scratch, count: Int = 500) throws -> [UInt8] {
        try FileManager.default.createDirectory(atPath: scratch.path + "/ledger", withIntermediateDirectories: true)
        let ledger = try Ledger(path: scratch.ledger)
        try ledger.commit((0..<count).map {
            .init(study: "s", point: "x=\($0)", outputNames: ["v"], record: Record(status: .ok, outputs: ["v": OutputArray([1234.5678, Double($0)])]))
        }, finished: [], leases: [.init(id: 1, launch: 1, worker: 1, isAlone: false, items: ["s\tx=9999"])])
        return try #require(FileManager.default.contents(atPath: scratch.ledger)).map { $0 }
    }

    private func write(_ bytes: [UInt8], _ scratch: Scratch) throws { try Data(bytes).write(to: URL(fileURLWithPath: scratch.ledger)) }

    private func message(_ body: () throws -> Void) -> String {
        do { try body(); return "" } catch { return error is InputError ? "\(error)" : "no InputError: \(error)" }
    }

    @Test func damagedFiles() throws {
        let scratch = try Scratch(), good = try filled(scratch)
        try write(Array(good[..<(good.count / 2)]), scratch)
        #expect(message { _ = try Ledger(path: scratch.ledger) }.contains("the ledger is damaged"))
        try write(Array(good[..<50]), scratch)
        #expect(message { _ = try Ledger(path: scratch.ledger) }.contains("the ledger is damaged"))
        try write([UInt8](repeating: 0x41, count: 100) + good[100...], scratch)
        #expect(message { _ = try Ledger(path: scratch.ledger) }.contains("the ledger is damaged"))
        var foreign = good
        foreign[68] ^= 0xFF
        try write(foreign, scratch)
        #expect(message { _ = try Ledger(path: scratch.ledger) }.contains("no macrospin ledger"))
    }

    @Test func flippedPayloadBit() throws {
        let scratch = try Scratch()
        var bytes = try filled(scratch)
        let needle = withUnsafeBytes(of: 1234.5678.bitPattern.littleEndian) { Array($0) }
        let place = try #require((0..<(bytes.count - 8)).first { Array(bytes[$0..<($0 + 8)]) == needle })
        bytes[place] ^= 1
        try write(bytes, scratch)
        let text = message { _ = try Ledger(readOnly: scratch.ledger).records(study: "s") }
        #expect(text.contains("the ledger is damaged at s x=") && text.contains("checksum"))
    }

    /// Durable commits a second, and small records a second in commits of a thousand.
    @Test func throughput() throws {
        let scratch = try Scratch()
        _ = try filled(scratch, count: 1)
        let ledger = try Ledger(path: scratch.ledger)
        func entry(_ k: Int) -> Ledger.Entry { .init(study: "t", point: "x=\(k)", outputNames: ["v"], record: Record(status: .ok, outputs: ["v": OutputArray(1)])) }
        var start = Date()
        for k in 0..<200 { try ledger.commit([entry(k)], finished: [UInt64(k + 99)], leases: [.init(id: UInt64(k + 100), launch: 1, worker: 1, isAlone: false, items: ["t\tx=0"])]) }
        let commits = 200 / Date().timeIntervalSince(start)
        start = Date()
        for batch in 0..<20 { try ledger.commit((0..<1000).map { entry(1000 * batch + $0 + 500) }, finished: [], leases: []) }
        print("commits/s \(Int(commits)), records/s \(Int(20_000 / Date().timeIntervalSince(start)))")
        #expect(try ledger.records(study: "t").count == 20_200)
    }
}
