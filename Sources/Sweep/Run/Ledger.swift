import Foundation
import Studies

/// The durable list of what has been computed: the one thing of a run that must survive a crash. One writer.
///
/// A record that `commit` has returned for is on disk (SQLite, rollback journal, synchronous=FULL). A point without a row
/// is pending. Format and promises: `docs/ledger.md`.
public final class Ledger {
    /// "MSPL": tells a ledger from any other SQLite file.
    private static let applicationID = 0x4D53_504C
    private static let schemaVersion = 3
    private let database: Database
    private let lock: LockFile?
    private let insertRecord: Statement?
    private let insertLease: Statement?
    private let deleteLease: Statement?
    private let deleteSuspect: Statement?
    public var path: String { database.path }

    /// Opens for writing, making the file if there is none.
    /// - Parameter patience: seconds to wait for a process that holds the lock: one that is just dying lets go.
    /// - Throws: `InputError` for a lock held elsewhere and for a damaged or foreign file, `DatabaseError` otherwise.
    public convenience init(path: String, patience: Double = 0) throws {
        let lock = try LockFile(path: path + ".lock", patience: patience)
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
            } else {
                // Readers ask in the order of the grid, which is not quite that of the keys: 64 MB hold the neighbourhood.
                try database.execute("PRAGMA cache_size=-65536")
            }
            var application = 0, version = 0, tables = 0
            try database.prepare("PRAGMA application_id").run { application = Int($0.integer(0)) }
            try database.prepare("PRAGMA user_version").run { version = Int($0.integer(0)) }
            try database.prepare("SELECT count(*) FROM sqlite_master").run { tables = Int($0.integer(0)) }
            if lock != nil && tables == 0 && application == 0 {
                try database.transaction { try database.execute(Self.schema) }
            } else if application != Self.applicationID {
                throw InputError(file: path, "this SQLite file is no macrospin ledger", hint: "move it away, or choose another directory with --out")
            } else if version == 1 || version == 2 {
                // Format 2 knows no refinement; format 1 has another table of leases too, and those of an ended process mean nothing.
                if lock != nil {
                    let leases = version == 1 ? "DROP TABLE lease; \(Self.leaseTable)" : ""
                    try database.transaction { try database.execute("\(leases) \(Self.refinementTable) PRAGMA user_version=\(Self.schemaVersion);") }
                }
            } else if version != Self.schemaVersion {
                throw InputError(file: path, "the ledger has format \(version), this version reads format \(Self.schemaVersion)", hint: "use the version that wrote it")
            }
            if exists {
                var verdict = ""
                try database.prepare("PRAGMA quick_check(1)").run { verdict = $0.text(0) }
                if verdict != "ok" { throw Self.damaged(path, verdict) }
            }
            if lock != nil {
                insertRecord = try database.prepare("INSERT OR REPLACE INTO record VALUES (?,?,?,?,?,?,?,?,?)")
                insertLease = try database.prepare("INSERT INTO lease VALUES (?,?,?,?,?,?)")
                deleteLease = try database.prepare("DELETE FROM lease WHERE id = ?")
                deleteSuspect = try database.prepare("DELETE FROM suspect WHERE study = ? AND point = ?")
            } else {
                insertRecord = nil
                insertLease = nil
                deleteLease = nil
                deleteSuspect = nil
            }
        } catch let error as DatabaseError where error.isDamaged {
            throw Self.damaged(path, error.message)
        }
    }

    private static func damaged(_ path: String, _ detail: String) -> InputError {
        InputError(file: path, "the ledger is damaged (\(detail))",
                   hint: "restore it from a backup, or recover what is left with  sqlite3 \(path) .recover | sqlite3 recovered.sqlite")
    }

    private static let leaseTable = """
        CREATE TABLE lease (id INTEGER PRIMARY KEY, launch INTEGER NOT NULL, worker INTEGER NOT NULL, alone INTEGER NOT NULL, items TEXT NOT NULL,
                            handed REAL NOT NULL);
        """

    private static let refinementTable = "CREATE TABLE IF NOT EXISTS refinement (point TEXT PRIMARY KEY, round INTEGER NOT NULL) WITHOUT ROWID;"

    private static let schema = """
        PRAGMA application_id=\(applicationID);
        PRAGMA user_version=\(schemaVersion);
        CREATE TABLE run (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
        \(leaseTable)
        CREATE TABLE record (study TEXT NOT NULL, point TEXT NOT NULL, status INTEGER NOT NULL, reason TEXT NOT NULL, outputs TEXT NOT NULL,
                             payload BLOB NOT NULL, seconds REAL NOT NULL, version TEXT NOT NULL, made REAL NOT NULL,
                             PRIMARY KEY (study, point)) WITHOUT ROWID;
        CREATE TABLE suspect (study TEXT NOT NULL, point TEXT NOT NULL, deaths INTEGER NOT NULL, PRIMARY KEY (study, point)) WITHOUT ROWID;
        \(refinementTable)
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

    // MARK: Refinement

    /// Points that refinement has inserted, by round; each names the axes of the study that called for it.
    public func insertedPoints() throws -> [Point] { try insertions().map(\.point) }

    func insertions() throws -> [(point: Point, round: Int)] {
        var isThere = false, found: [(Point, Int)] = []
        // A ledger of an older format that nobody has written since.
        try database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'refinement'").run { _ in isThere = true }
        guard isThere else { return [] }
        try database.prepare("SELECT point, round FROM refinement ORDER BY round, point").run { row in
            if let point = Point(key: row.text(0)) { found.append((point, Int(row.integer(1)))) }
        }
        return found
    }

    /// Durable before any of the points is computed.
    func insert(_ points: [Point], round: Int) throws {
        try database.transaction {
            let insertPoint = try database.prepare("INSERT OR IGNORE INTO refinement VALUES (?,?)")
            for point in points { try insertPoint.run([.text(point.key), .integer(Int64(round))]) }
        }
    }

    // MARK: Records and leases

    /// One finished piece of work, ready to be made durable.
    public struct Entry: Sendable {
        public let study: String
        public let point: String
        /// Names of all outputs the study had when it made the record: an output added later is missing here.
        public let outputNames: [String]
        public let status: Status
        public let reason: String
        /// Outputs, by `RecordCodec`.
        public let payload: [UInt8]
        public let seconds: Double
        public init(study: String, point: String, outputNames: [String], status: Status, reason: String, payload: [UInt8], seconds: Double) {
            self.study = study
            self.point = point
            self.outputNames = outputNames
            self.status = status
            self.reason = reason
            self.payload = payload
            self.seconds = seconds
        }
        public init(study: String, point: String, outputNames: [String], record: Record) {
            self.init(study: study, point: point, outputNames: outputNames, status: record.status, reason: record.reason,
                      payload: RecordCodec.encode(record.outputs), seconds: record.seconds)
        }
    }

    /// A chunk that a worker holds.
    struct Lease: Sendable {
        let id: UInt64
        let launch: UInt64
        /// Rank.
        let worker: Int
        let isAlone: Bool
        /// `study TAB point` in the order in which the worker takes them.
        let items: [String]
        /// Seconds since 1970.
        var handed = 0.0
    }

    /// Records go in, leases of finished chunks go out, leases of chunks to be handed out go in: one durable transaction.
    func commit(_ entries: [Entry], finished: [UInt64], leases: [Lease], suspects: Set<String> = []) throws {
        let now = Date().timeIntervalSince1970
        try database.transaction {
            for entry in entries {
                try insert(entry, made: now)
                if !suspects.isEmpty, suspects.contains(entry.study + "\t" + entry.point) { try deleteSuspect?.run([.text(entry.study), .text(entry.point)]) }
            }
            for id in finished { try deleteLease?.run([.integer(Int64(bitPattern: id))]) }
            for lease in leases {
                try insertLease?.run([.integer(Int64(bitPattern: lease.id)), .integer(Int64(bitPattern: lease.launch)), .integer(Int64(lease.worker)), .integer(lease.isAlone ? 1 : 0),
                                      .text(lease.items.joined(separator: "\n")), .real(now)])
            }
        }
    }

    /// Within a transaction.
    func insert(_ entry: Entry, made: Double = Date().timeIntervalSince1970) throws {
        guard let insertRecord else { preconditionFailure("the ledger was opened to read") }
        try insertRecord.run([.text(entry.study), .text(entry.point), .integer(Int64(entry.status.rawValue)), .text(entry.reason),
                              .text(entry.outputNames.joined(separator: ",")), .blob(entry.payload), .real(entry.seconds), .text(SoftwareVersion.current), .real(made)])
    }

    /// Names of every record of a study, in no order.
    func forEachRecord(study: String, _ body: (_ point: String, _ status: Status, _ outputNames: Substring) throws -> Void) throws {
        try database.prepare("SELECT point, status, outputs FROM record WHERE study = ?").run([.text(study)]) { row in
            try body(row.text(0), Status(rawValue: Int32(row.integer(1))) ?? .failed, Substring(row.text(2)))
        }
    }

    /// Why records failed.
    func forEachFailure(_ body: (_ study: String, _ status: Status, _ reason: String) throws -> Void) throws {
        let failures = Status.allCases.filter(\.isFailure).map { "\($0.rawValue)" }.joined(separator: ",")
        try database.prepare("SELECT study, status, reason FROM record WHERE status IN (\(failures))").run { row in
            try body(row.text(0), Status(rawValue: Int32(row.integer(1))) ?? .failed, row.text(2))
        }
    }

    /// When the newest record was made, in seconds since 1970; nil: there is none.
    public func newestRecord() throws -> Double? {
        var newest: Double?
        try database.prepare("SELECT max(made) FROM record").run { if $0.real(0) > 0 { newest = $0.real(0) } }
        return newest
    }

    // MARK: Leases and suspects

    func leases() throws -> [Lease] {
        var leases: [Lease] = []
        try database.prepare("SELECT id, launch, worker, alone, items, handed FROM lease ORDER BY id").run { row in
            leases.append(Lease(id: UInt64(bitPattern: row.integer(0)), launch: UInt64(bitPattern: row.integer(1)), worker: Int(row.integer(2)), isAlone: row.integer(3) == 1,
                                items: row.text(4).split(separator: "\n", omittingEmptySubsequences: false).map(String.init), handed: row.real(5)))
        }
        return leases
    }

    func dropLeases() throws { try database.execute("DELETE FROM lease") }

    /// Whether there is a record that was made after a lease was handed out: an older one lacks what the lease was to add.
    func hasRecord(study: String, point: String, since handed: Double) throws -> Bool {
        var isThere = false
        try database.prepare("SELECT 1 FROM record WHERE study = ? AND point = ? AND made >= ?").run([.text(study), .text(point), .real(handed)]) { _ in isThere = true }
        return isThere
    }

    /// Notes that a worker died with this point begun.
    /// - Parameter deaths: 1 if it was alone, and computing; else 0.
    /// - Returns: how often it has died computing the point alone.
    func addSuspect(study: String, point: String, deaths: Int) throws -> Int {
        var count = 0
        try database.prepare("INSERT INTO suspect VALUES (?,?,?) ON CONFLICT DO UPDATE SET deaths = deaths + excluded.deaths RETURNING deaths")
            .run([.text(study), .text(point), .integer(Int64(deaths))]) { count = Int($0.integer(0)) }
        return count
    }

    func dropSuspect(study: String, point: String) throws { try deleteSuspect?.run([.text(study), .text(point)]) }

    /// Runs `body` in one durable transaction; nothing of it stays if it throws.
    func transaction(_ body: () throws -> Void) throws { try database.transaction(body) }

    /// Notes that a point was given up after so many seconds because the time limit came.
    /// - Returns: the seconds of every time.
    func addAttempt(study: String, point: String, seconds: Double) throws -> [Double] {
        let key = "\(Self.attempt)\(study)\t\(point)"
        let earlier = try value(for: key).map { String(decoding: $0, as: UTF8.self).split(separator: " ").compactMap { Double($0) } } ?? []
        let all = earlier + [seconds]
        try setValue(Array(all.map { "\($0)" }.joined(separator: " ").utf8), for: key)
        return all
    }

    /// Lets points that were too long for earlier time limits be tried anew.
    func dropAttempts() throws {
        try database.prepare("DELETE FROM run WHERE substr(key, 1, ?) = ?").run([.integer(Int64(Self.attempt.utf8.count)), .text(Self.attempt)])
    }
    private static let attempt = "attempt:"

    /// (study, point) of points to be handed out alone.
    func suspects() throws -> [(study: String, point: String)] {
        var found: [(String, String)] = []
        try database.prepare("SELECT study, point FROM suspect ORDER BY deaths DESC, study, point").run { found.append(($0.text(0), $0.text(1))) }
        return found
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
        try forEachFullRecord(study: study) { point, record, _, _ in records[point] = record }
        return records
    }

    /// Every record of a study with the number of its outputs and the time it was made.
    public func forEachFullRecord(study: String, _ body: (_ point: String, _ record: Record, _ outputs: Int, _ made: Double) throws -> Void) throws {
        try database.prepare("SELECT point, status, reason, payload, seconds, outputs, made FROM record WHERE study = ?").run([.text(study)]) { row in
            let point = row.text(0)
            try body(point, try decode(row, at: 1, study: study, point: point), row.text(5).split(separator: ",").count, row.real(6))
        }
    }

    /// The records of given points; `body` gets the number of the point in the sequence. Points without a record are left out.
    /// - Throws: `InputError` where a payload is damaged.
    public func forEachRecord(study: String, points: some Sequence<String>, _ body: (_ number: Int, _ record: Record) throws -> Void) throws {
        let statement = try database.prepare("SELECT status, reason, payload, seconds FROM record WHERE study = ? AND point = ?")
        for (number, point) in points.enumerated() {
            try statement.run([.text(study), .text(point)]) { row in try body(number, try decode(row, at: 0, study: study, point: point)) }
        }
    }

    /// Gives back what reading has taken: of hundreds of ledgers that are open, each would keep its cache.
    public func releaseMemory() throws { try database.execute("PRAGMA shrink_memory") }

    /// Drops records with the given status, so that their points are computed again.
    public func forget(_ status: Status) throws {
        try database.transaction {
            try database.prepare("DELETE FROM record WHERE status = ?").run([.integer(Int64(status.rawValue))])
        }
    }

    // MARK: Files of a run

    /// The shard of coordinator `number`; a run with one coordinator has number 0 alone.
    public static func path(_ directory: String, shard number: Int = 0) -> String { directory + "/ledger/" + String(format: "%04d", number) + ".sqlite" }

    /// All shards that are there, number 0 first.
    public static func shards(_ directory: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory + "/ledger")) ?? []
        return names.filter { $0.hasSuffix(".sqlite") && Int($0.dropLast(7)) != nil }.sorted { (Int($0.dropLast(7)) ?? 0) < (Int($1.dropLast(7)) ?? 0) }
            .map { directory + "/ledger/" + $0 }
    }
}
