import CSQLite
import Foundation

/// What SQLite refused, with the file it concerns.
public struct DatabaseError: Error, CustomStringConvertible, Sendable {
    public let path: String
    public let code: Int32
    public let message: String
    /// The disk is full or the file may not grow: stop and resume when there is room.
    public var isDiskFull: Bool { code & 0xFF == SQLITE_FULL || code == SQLITE_IOERR_WRITE_CODE || code & 0xFF == SQLITE_IOERR }
    /// In mid-run: no inode or quota is left for the journal.
    var cannotOpen: Bool { code & 0xFF == SQLITE_CANTOPEN }
    public var isDamaged: Bool { code & 0xFF == SQLITE_CORRUPT || code & 0xFF == SQLITE_NOTADB }
    public var description: String { "\(path): \(message)" }
}
private let SQLITE_IOERR_WRITE_CODE: Int32 = 778          // SQLITE_IOERR | (3 << 8): a macro that Swift does not import

/// A SQLite connection. Used by one thread.
final class Database {
    let path: String
    private var handle: OpaquePointer?

    /// Locks of its own SQLite takes none (VFS `unix-none`): the caller holds the run's lock file.
    init(path: String, readOnly: Bool) throws {
        self.path = path
        let flags = readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        let code = sqlite3_open_v2(path, &handle, flags, "unix-none")
        sqlite3_extended_result_codes(handle, 1)
        guard code == SQLITE_OK else {
            let error = self.error(code)
            sqlite3_close_v2(handle)
            handle = nil
            throw error
        }
    }

    deinit { sqlite3_close_v2(handle) }

    func error(_ code: Int32) -> DatabaseError {
        DatabaseError(path: path, code: code, message: handle.map { String(cString: sqlite3_errmsg($0)) } ?? "cannot be opened")
    }

    func execute(_ sql: String) throws {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw error(code) }
    }

    func prepare(_ sql: String) throws -> Statement {
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v2(handle, sql, -1, &statement, nil)
        guard code == SQLITE_OK, let statement else { throw error(code) }
        return Statement(statement, self)
    }

    /// Runs `body` in one durable transaction; nothing of it stays if it throws.
    func transaction(_ body: () throws -> Void) throws {
        try execute("BEGIN IMMEDIATE")
        do {
            try body()
            try execute("COMMIT")
        } catch {
            try? execute("ROLLBACK")
            throw error
        }
    }
}

enum SQLValue {
    case integer(Int64), real(Double), text(String), blob([UInt8]), null
}

final class Statement {
    private let handle: OpaquePointer
    private let database: Database
    fileprivate init(_ handle: OpaquePointer, _ database: Database) {
        self.handle = handle
        self.database = database
    }
    deinit { sqlite3_finalize(handle) }

    /// Binds, runs to the end and resets; rows go to `row`.
    func run(_ values: [SQLValue] = [], row: (Row) throws -> Void = { _ in }) throws {
        sqlite3_reset(handle)
        for (index, value) in values.enumerated() {
            let at = Int32(index + 1)
            switch value {
            case .integer(let x): sqlite3_bind_int64(handle, at, x)
            case .real(let x): sqlite3_bind_double(handle, at, x)
            case .text(let x): sqlite3_bind_text(handle, at, x, -1, csqlite_transient())
            case .blob(let x): sqlite3_bind_blob(handle, at, x, Int32(x.count), csqlite_transient())
            case .null: sqlite3_bind_null(handle, at)
            }
        }
        defer { sqlite3_reset(handle) }
        while true {
            let code = sqlite3_step(handle)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw database.error(code) }
            try row(Row(handle: handle))
        }
    }

    struct Row {
        fileprivate let handle: OpaquePointer
        func integer(_ column: Int) -> Int64 { sqlite3_column_int64(handle, Int32(column)) }
        func real(_ column: Int) -> Double { sqlite3_column_double(handle, Int32(column)) }
        func text(_ column: Int) -> String { sqlite3_column_text(handle, Int32(column)).map { String(cString: $0) } ?? "" }
        func blob(_ column: Int) -> [UInt8] {
            let count = Int(sqlite3_column_bytes(handle, Int32(column)))
            guard count > 0, let base = sqlite3_column_blob(handle, Int32(column)) else { return [] }
            return Array(UnsafeRawBufferPointer(start: base, count: count))
        }
    }
}
