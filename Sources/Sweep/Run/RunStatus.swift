import Foundation
import Studies

/// What `status.json` says: written at most once a second and renamed into place, so that reading it never disturbs a run.
public struct RunStatus: Codable, Sendable {
    public var title: String
    /// running, interrupted, finished
    public var state: String
    /// Of the coordinator.
    public var pid: Int32
    public var host: String? = nil
    public var total: Int
    public var done: Int
    /// Records found in the ledger at the start.
    public var reused: Int
    /// study → status word → count
    public var counts: [String: [String: Int]]
    /// "N" → (done, total); empty where N is no axis.
    public var bySpinCount: [String: [Int]]
    public var recordsPerSecond: Double
    public var secondsLeft: Double?
    public var elapsed: Double
    /// "N" → measured seconds of a worker a record, in this start.
    public var secondsPerRecord: [String: Double]? = nil
    /// Failed records by reason, numbers in it replaced by #.
    public var reasons: [String: Int]? = nil
    /// The batch job that the coordinator runs in, such as 12 or 12_3.
    public var slurmJob: String? = nil
    public var updated: String
    public var failures: [String]
    /// Rounds of refinement that have begun: the total grows with them. nil: no axis is refined.
    public var round: Int? = nil

    var failedCount: Int { Self.failedCount(counts) }

    /// - Parameter counts: study → status word → count
    static func failedCount(_ counts: [String: [String: Int]]) -> Int {
        counts.values.reduce(0) { sum, byStatus in sum + byStatus.reduce(0) { $0 + (Status(word: $1.key)?.isFailure == true ? $1.value : 0) } }
    }

    static func path(_ directory: String) -> String { directory + "/status.json" }

    public static func exists(_ directory: String) -> Bool { FileManager.default.fileExists(atPath: path(directory)) }

    /// - Throws: `InputError` if there is none.
    public static func text(_ directory: String) throws -> String { String(decoding: try data(directory), as: UTF8.self) }

    private static func data(_ directory: String) throws -> Data {
        guard let data = FileManager.default.contents(atPath: path(directory)) else {
            throw InputError(file: path(directory), "there is no run here", hint: "name the directory given to macrospin run --out")
        }
        return data
    }

    /// - Throws: `InputError` if there is none.
    public static func read(_ directory: String) throws -> RunStatus {
        let data = try data(directory)
        guard let status = try? JSONDecoder().decode(RunStatus.self, from: data) else {
            throw InputError(file: path(directory), "this is no macrospin status file", hint: "resume the run: it writes a new one")
        }
        return status
    }

    /// Records that the last start knew of; 0 where there was none.
    static func durableCount(_ directory: String) -> Int { (try? read(directory))?.done ?? 0 }

    func write(_ directory: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicFile.write(Array(try encoder.encode(self)), to: Self.path(directory), durable: false)
    }
}

/// Whole files that are there in full or not at all.
enum AtomicFile {
    /// - Throws: `InputError` naming the file.
    static func write(_ bytes: [UInt8], to path: String, durable: Bool) throws {
        let temporary = path + ".tmp"
        func refuse() -> InputError { InputError(file: path, "cannot be written: \(String(cString: strerror(errno)))", hint: "choose another directory with --out, or make room") }
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw refuse() }
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                let error = refuse()
                close(descriptor)
                unlink(temporary)
                throw error
            }
            sent += count
        }
        if durable { fsync(descriptor) }
        close(descriptor)
        guard rename(temporary, path) == 0 else { throw refuse() }
    }
}
