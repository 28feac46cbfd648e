import Foundation
import Studies

/// The durable list of what has been computed: the one thing of a run that must survive a crash. One writer.
///
/// A record that `commit` has returned for is on disk (SQLite, rollback journal, synchronous=FULL). A point without a row
/// is pending. Format and promises: `docs/ledger.md`.
public final class Ledger {
    /// "MSPL": tells a ledger from any other SQLite file.
    private static let applicationID = 0x4D53_504C
    private static let schemaVersion = 1
    private let database: Database
    private let lock: LockFile?
    private let insertRecord: Statement?
    private let insertLease: Statement?
    private let deleteLease: Statement?

    /// Opens for writing, making the file if there is none. Leases of a process that died are dropped: their points are
    /// pending again.
    /// - Throws: `InputError` for a lock held elsewhere and for a damaged or foreign file, `DatabaseError` otherwise.
    public convenience init(path: String) throws {
        let lock = try LockFile(path: path + ".lock")
        try self.init(path: path, lock: lock)
    }

    /// Opens a ledger that nobody writes, for merging.
    /// - Throws: `InputError` if a run is writing it, if there is none, and for a damaged or foreign file.
    public convenience init(readOnly path: String) throws {
        // Without SQLite's own locks a reader beside a writer could see half a commit, or take its journal for a crash's.
        let reading = try LockFile(reading: path + ".lock")
        if FileManager.default.fileExists(atPath: path + "-journal"), FileManager.default.fileExists(atPath: path) {
            // The writer died in mid-commit: only a writer can roll that back.
            try withExtendedLifetime(reading) { try Database(path: path, readOnly: false).execute("SELECT count(*) FROM sqlite_master") }
        }
        try self.init(path: path, lock: nil)
        self.reading = reading
    }
    private var reading: LockFile?

    private init(path: String, lock: LockFile?) throws {
        self.lock = lock
        do {
            let exists = FileManager.default.fileExists(atPath: path)
            if lock == nil && !exists { throw InputError(file: path, "there is no ledger here", hint: "name a run directory made by macrospin run") }
            let database = try Database(path: path, readOnly: lock == nil)
            self.database = database
            if lock != nil {
                try database.execute("PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL;")
            }
            var application = 0, version = 0, tables = 0
            try database.prepare("PRAGMA application_id").run { application = Int($0.integer(0)) }
            try database.prepare("PRAGMA user_version").run { version = Int($0.integer(0)) }
            try database.prepare("SELECT count(*) FROM sqlite_master").run { tables = Int($0.integer(0)) }
            if lock != nil && tables == 0 && application == 0 {
                try database.transaction { try database.execute(Self.schema) }
            } else if application != Self.applicationID {
                throw InputError(file: path, "this SQLite file is no macrospin ledger", hint: "move it away, or choose another directory with --out")
            } else if version != Self.schemaVersion {
                throw InputError(file: path, "the ledger has format \(version), this version reads format \(Self.schemaVersion)", hint: "use the version that wrote it")
            }
            if exists {
                var verdict = ""
                try database.prepare("PRAGMA quick_check(1)").run { verdict = $0.text(0) }
                if verdict != "ok" { throw Self.damaged(path, verdict) }
            }
            if lock != nil {
                try database.execute("DELETE FROM lease")
                insertRecord = try database.prepare("INSERT OR REPLACE INTO record VALUES (?,?,?,?,?,?,?,?,?)")
                insertLease = try database.prepare("INSERT INTO lease (worker, items, handed) VALUES (?,?,?)")
                deleteLease = try database.prepare("DELETE FROM lease WHERE worker = ?")
            } else {
                insertRecord = nil
                insertLease = nil
                deleteLease = nil
            }
        } catch let error as DatabaseError where error.isDamaged {
            throw Self.damaged(path, error.message)
        }
    }

    private static func damaged(_ path: String, _ detail: String) -> InputError {
        InputError(file: path, "the ledger is damaged (\(detail))",
                   hint: "restore it from a backup, or recover what is left with  sqlite3 \(path) .recover | sqlite3 recovered.sqlite")
    }

    private static let schema = """
        PRAGMA application_id=\(applicationID);
        PRAGMA user_version=\(schemaVersion);
        CREATE TABLE run (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
        CREATE TABLE lease (id INTEGER PRIMARY KEY, worker INTEGER NOT NULL, items TEXT NOT NULL, handed REAL NOT NULL);
        CREATE TABLE record (study TEXT NOT NULL, point TEXT NOT NULL, status INTEGER NOT NULL, reason TEXT NOT NULL, outputs TEXT NOT NULL,
                             payload BLOB NOT NULL, seconds REAL NOT NULL, version TEXT NOT NULL, made REAL NOT NULL,
                             PRIMARY KEY (study, point)) WITHOUT ROWID;
        CREATE TABLE suspect (study TEXT NOT NULL, point TEXT NOT NULL, deaths INTEGER NOT NULL, PRIMARY KEY (study, point)) WITHOUT ROWID;
        """

    // MARK: Run

    public func setValue(_ value: [UInt8], for key: String) throws {
        try database.prepare("INSERT OR REPLACE INTO run VALUES (?,?)").run([.text(key), .blob(value)])
    }
    public func value(for key: String) throws -> [UInt8]? {
        var found: [UInt8]?
        try database.prepare("SELECT value FROM run WHERE key = ?").run([.text(key)]) { found = $0.blob(0) }
        return found
    }

    // MARK: Records and leases

    /// One finished piece of work, ready to be made durable.
    public struct Entry: Sendable {
        public let study: String
        public let point: String
        /// Names of all outputs the study had when it made the record: an output added later is missing here.
        public let outputNames: [String]
        public let record: Record
        public init(study: String, point: String, outputNames: [String], record: Record) {
            self.study = study
            self.point = point
            self.outputNames = outputNames
            self.record = record
        }
    }

    /// Records of a finished chunk go in, the worker's lease goes out, its next lease goes in: one durable transaction.
    public func commit(_ entries: [Entry], worker: Int, nextLease: [(study: String, point: String)]) throws {
        guard let insertRecord, let insertLease, let deleteLease else { preconditionFailure("the ledger was opened to read") }
        let now = Date().timeIntervalSince1970
        try database.transaction {
            for entry in entries {
                try insertRecord.run([.text(entry.study), .text(entry.point), .integer(Int64(entry.record.status.rawValue)), .text(entry.record.reason),
                                      .text(entry.outputNames.joined(separator: ",")), .blob(RecordCodec.encode(entry.record.outputs)),
                                      .real(entry.record.seconds), .text(SoftwareVersion.current), .real(now)])
            }
            try deleteLease.run([.integer(Int64(worker))])
            if !nextLease.isEmpty {
                let items = nextLease.map { "\($0.study)\t\($0.point)" }.joined(separator: "\n")
                try insertLease.run([.integer(Int64(worker)), .text(items), .real(now)])
            }
        }
    }

    /// (study, point key) → status and output names of every record.
    public func index() throws -> [String: [String: (status: Status, outputNames: [String])]] {
        var index: [String: [String: (Status, [String])]] = [:]
        try database.prepare("SELECT study, point, status, outputs FROM record").run { row in
            index[row.text(0), default: [:]][row.text(1)] = (Status(rawValue: Int32(row.integer(2))) ?? .failed, row.text(3).split(separator: ",").map(String.init))
        }
        return index
    }

    /// - Throws: `InputError` where the payload is damaged.
    public func record(study: String, point: String) throws -> Record? {
        var found: Record?
        try database.prepare("SELECT status, reason, payload, seconds FROM record WHERE study = ? AND point = ?").run([.text(study), .text(point)]) { row in
            found = try decode(row, at: 0, study: study, point: point)
        }
        return found
    }

    private func decode(_ row: Statement.Row, at column: Int, study: String, point: String) throws -> Record {
        do {
            return Record(status: Status(rawValue: Int32(row.integer(column))) ?? .failed, reason: row.text(column + 1),
                          outputs: try RecordCodec.decode(row.blob(column + 2)), seconds: row.real(column + 3))
        } catch let damage as RecordCodec.Damaged {
            throw InputError(file: database.path, "the ledger is damaged at \(study) \(point): \(damage)",
                             hint: "delete that row with sqlite3 and run again: it will be computed anew")
        }
    }

    /// Every record of a study by point key.
    public func records(study: String) throws -> [String: Record] {
        var records: [String: Record] = [:]
        try database.prepare("SELECT point, status, reason, payload, seconds FROM record WHERE study = ?").run([.text(study)]) { row in
            records[row.text(0)] = try decode(row, at: 1, study: study, point: row.text(0))
        }
        return records
    }

    /// Records made before failures are tried again: drops those with the given status.
    public func forget(_ status: Status) throws {
        try database.prepare("DELETE FROM record WHERE status = ?").run([.integer(Int64(status.rawValue))])
    }
}
