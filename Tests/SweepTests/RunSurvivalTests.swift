import Foundation
import Studies
import Sweep
import Testing

@Suite(.serialized) struct RunSurvivalTests {
    /// Thirty kill -9 of one run: what was called durable is there with the right bits, and is never computed twice.
    @Test func thirtyKills() throws {
        let points = 5000, microseconds = 3000
        let whole = try Scratch(), broken = try Scratch()
        #expect(try Harness(whole.path, points: points, microseconds: 0).wait() == 4)
        let expected = try Ledger(readOnly: whole.ledger).records(study: "pretend")
        #expect(expected.count == points)

        var random = SystemRandomNumberGenerator(), kills = 0, starts = 0, journals = 0
        var seen: [String: Int] = [:]
        while kills < 30, starts < 60 {
            starts += 1
            let harness = try Harness(broken.path, points: points, microseconds: microseconds)
            harness.waitForFirstRecord()
            usleep(UInt32.random(in: 0...150_000, using: &random))
            harness.signal(SIGKILL)
            guard harness.wait() == -SIGKILL else { break }
            kills += 1
            for key in harness.stored { seen[key, default: 0] += 1 }
            guard FileManager.default.fileExists(atPath: broken.ledger) else { continue }
            if FileManager.default.fileExists(atPath: broken.ledger + "-journal") { journals += 1 }
            // Killed before the format was written: an empty file, and nothing was called durable.
            guard let found = try? Ledger(readOnly: broken.ledger).records(study: "pretend") else {
                #expect(seen.isEmpty)
                continue
            }
            for key in seen.keys { #expect(found[key] != nil, "\(key) was called durable and is gone after kill \(kills)") }
            for (key, record) in found { #expect(expected[key].map { $0.agrees(with: record) } == true) }
        }
        #expect(kills == 30)
        #expect(seen.count > 1000, "the kills came before anything was stored")
        let last = try Harness(broken.path, points: points, microseconds: 0)
        #expect(last.wait() == 4)
        for key in last.stored { seen[key, default: 0] += 1 }
        #expect(seen.values.allSatisfy { $0 == 1 }, "a durable record was computed again")
        let final = try Ledger(readOnly: broken.ledger).records(study: "pretend")
        #expect(final.count == points)
        #expect(final.allSatisfy { expected[$0.key]?.agrees(with: $0.value) == true })
        print("kills \(kills) of \(starts) starts, \(journals) in mid-commit; \(seen.count) records acknowledged, the last run computed \(last.stored.count)")
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGUSR1]) func signalsStopAndResume(number: Int32) throws {
        let scratch = try Scratch(), harness = try Harness(scratch.path, points: 4000, microseconds: 1000)
        harness.waitForFirstRecord()
        let asked = Date()
        harness.signal(number)
        #expect(harness.wait() == 3)
        #expect(Date().timeIntervalSince(asked) < 10)
        #expect(try RunStatus.read(scratch.path).state == "interrupted")
        let first = Set(harness.stored), rest = try Harness(scratch.path, points: 4000, microseconds: 0)
        #expect(rest.wait() == 4)
        #expect(!first.isEmpty && first.isDisjoint(with: rest.stored) && first.count + rest.stored.count == 4000)
    }

    /// A point of an hour: the watchdog ends the run after its grace (two seconds here).
    @Test func longPointIsGivenUp() throws {
        let scratch = try Scratch(), harness = try Harness(scratch.path, points: 2, microseconds: 900_000_000)
        usleep(500_000)
        harness.signal(SIGTERM)
        #expect(harness.wait() == 3)
        #expect(try Ledger(readOnly: scratch.ledger).records(study: "pretend").isEmpty)
    }

    /// A file that may not grow stands for a full disk: both reach SQLite as a write that fails.
    @Test(arguments: [4_000, 40_000, 200_000]) func fullDisk(limit: Int) throws {
        let scratch = try Scratch(), harness = try Harness(scratch.path, points: 3000, microseconds: 100, fileSizeLimit: limit)
        #expect(harness.wait() == 3, "\(harness.out.suffix(300)) \(harness.err.suffix(300))")
        #expect(harness.out.contains("make room"))
        let first = Set(harness.stored), rest = try Harness(scratch.path, points: 3000, microseconds: 0)
        #expect(rest.wait() == 4)
        #expect(first.isDisjoint(with: rest.stored) && first.count + rest.stored.count == 3000)
    }

    @Test func secondRunIsRefused() throws {
        let scratch = try Scratch(), first = try Harness(scratch.path, points: 3000, microseconds: 1000)
        first.waitForFirstRecord()
        let second = try Harness(scratch.path, points: 3000, microseconds: 0)
        #expect(second.wait() == 2)
        #expect(second.err.contains("another process is running in this directory (pid \(first.process.processIdentifier)"))
        #expect(throws: InputError.self) { try Ledger(readOnly: scratch.ledger) }
        first.signal(SIGTERM)
        #expect(first.wait() == 3)
    }

    @Test func anotherJobIsRefused() throws {
        let scratch = try Scratch()
        #expect(try Harness(scratch.path, points: 10, microseconds: 0).wait() == 0)
        let other = try Harness(scratch.path, points: 11, microseconds: 0)
        #expect(other.wait() == 2)
        #expect(other.err.contains("holds the run of another job"))
    }
}
