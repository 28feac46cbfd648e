import Foundation
import Studies
@testable import Sweep
import Testing

/// A refined run that is killed and resumed inserts the same points as one that is not.
@Suite(.serialized) struct RefinedRunTests {
    private func harness(_ directory: String, microseconds: Int) throws -> Harness { try Harness(directory, refined: true, microseconds: microseconds) }

    private func points(_ scratch: Scratch) throws -> (records: [String: Record], rounds: [String: Int]) {
        let ledger = try Ledger(readOnly: scratch.ledger)
        return (try ledger.records(study: "pretend"), Dictionary(uniqueKeysWithValues: try ledger.insertions().map { ($0.point.key, $0.round) }))
    }

    @Test func sameSetAfterKills() throws {
        let whole = try Scratch(), broken = try Scratch()
        let first = try harness(whole.path, microseconds: 0)
        #expect(first.wait() == 4, "\(first.out.suffix(300)) \(first.err.suffix(300))")
        let expected = try points(whole)
        #expect(expected.records.count == 4 * 17 + expected.rounds.count)
        #expect((expected.rounds.values.max() ?? 0) >= 15, "rounds of halving from 1/16 to 1e-6")

        var random = SystemRandomNumberGenerator(), kills = 0, seen: [String: Int] = [:]
        for _ in 0..<25 {
            let run = try harness(broken.path, microseconds: 4000)
            run.waitForFirstRecord()
            usleep(UInt32.random(in: 0...300_000, using: &random))
            run.signal(SIGKILL)
            let code = run.wait()
            for key in run.stored { seen[key, default: 0] += 1 }
            if code != -SIGKILL { break }
            kills += 1
        }
        #expect(kills >= 5)
        let last = try harness(broken.path, microseconds: 0)
        #expect(last.wait() == 4)
        for key in last.stored { seen[key, default: 0] += 1 }
        let found = try points(broken)
        #expect(found.rounds == expected.rounds, "other points, or the same in other rounds")
        #expect(Set(found.records.keys) == Set(expected.records.keys))
        #expect(found.records.allSatisfy { expected.records[$0.key]?.agrees(with: $0.value) == true })
        #expect(seen.values.allSatisfy { $0 == 1 }, "a durable record was computed again")
        // Once more: nothing is left to do.
        let again = try harness(broken.path, microseconds: 0)
        #expect(again.wait() == 4 && again.stored.isEmpty)
    }

    /// At every N by itself the transition is found to 1e-6, with thousands of times fewer points than a uniform grid has.
    @Test func placeAtEveryN() throws {
        let scratch = try Scratch(), run = try harness(scratch.path, microseconds: 0)
        #expect(run.wait() == 4)
        let records = try points(scratch).records
        for n in [8.0, 16, 32, 64] {
            let place = 0.5.squareRoot() - 1.7 / n
            let line = records.compactMap { key, record in Point(key: key).flatMap { $0["N"] == n ? ($0["x"] ?? .nan, record) : nil } }.sorted { $0.0 < $1.0 }
            let steps = line.compactMap { x, record in record.outputs["step"].map { (x, $0.data[0]) } }
            let below = steps.last { $0.1 < 0 }?.0 ?? .nan, above = steps.first { $0.1 > 0 }?.0 ?? .nan
            #expect(below < place && place <= above && above - below <= 4e-6, "N \(n): \(below) to \(above)")
            #expect(line.count < 100)
        }
    }
}
