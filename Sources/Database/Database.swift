// SQLite, as little of it as the product needs. All durable state goes through here.

import CSQLite

/// A value in a column or a parameter.
package enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])

    package init(_ value: Int64?) { self = value.map { .integer($0) } ?? .null }
    package init(_ value: Int) { self = .integer(Int64(value)) }
    package init(_ value: String?) { self = value.map { .text($0) } ?? .null }
    package init(_ value: [UInt8]?) { self = value.map { .blob($0) } ?? .null }
    package init(_ value: Bool) { self = .integer(value ? 1 : 0) }

    package var int: Int64? { if case .integer(let i) = self { i } else { nil } }
    package var string: String? { if case .text(let s) = self { s } else { nil } }
    package var bytes: [UInt8]? {
        switch self {
        case .blob(let b): b
        case .text(let s): Array(s.utf8)
        default: nil
        }
    }
    package var isNull: Bool { self == .null }
}

/// One connection. Belongs to one thread; prepared statements are kept and used again.
package final class Database {
    package enum Access: Sendable {
        case readWrite
        /// For readers beside the owner: sees committed state, changes nothing.
        case readOnly
    }

    package let path: String
    private let handle: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]

    /// Opens or makes the file: WAL, `synchronous=FULL`, foreign keys on, a busy time-out of 5 s.
    /// - Throws: `DatabaseError`; see `isDamage`.
    package init(path: String, access: Access = .readWrite) throws(DatabaseError) {
        var handle: OpaquePointer?
        let flags = access == .readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        let code = sqlite3_open_v2(path, &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard let handle, code == SQLITE_OK else {
            defer { sqlite3_close_v2(handle) }
            throw DatabaseError(code, of: handle, path: path)
        }
        self.path = path
        self.handle = handle
        sqlite3_busy_timeout(handle, 5000)
        _ = herald_sqlite3_set_defensive(handle)
        if access == .readWrite {
            try script("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;")
        }
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(handle)
    }

    /// Runs one statement that returns no rows. Returns how many rows it changed.
    @discardableResult
    package func execute(_ sql: String, _ parameters: [SQLValue] = []) throws(DatabaseError) -> Int {
        _ = try query(sql, parameters)
        return Int(sqlite3_changes(handle))
    }

    /// Runs several statements without parameters.
    package func script(_ sql: String) throws(DatabaseError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        if code != SQLITE_OK { throw failure(code, sql) }
    }

    /// All rows of a statement.
    package func query(_ sql: String, _ parameters: [SQLValue] = []) throws(DatabaseError) -> [[SQLValue]] {
        var rows: [[SQLValue]] = []
        try each(sql, parameters) {
            rows.append($0); return true
        }
        return rows
    }

    /// The rows one by one; `body` returns false to stop.
    package func each(
        _ sql: String, _ parameters: [SQLValue] = [], _ body: ([SQLValue]) -> Bool
    ) throws(DatabaseError) {
        let statement = try prepare(sql)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (index, parameter) in parameters.enumerated() { try bind(statement, Int32(index + 1), parameter, sql) }
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw failure(code, sql) }
            if !body((0..<sqlite3_column_count(statement)).map { column(statement, $0) }) { return }
        }
    }

    /// Commits when `body` returns, rolls back when it throws. Not nested.
    package func transaction<T>(_ body: () throws(DatabaseError) -> T) throws(DatabaseError) -> T {
        try execute("BEGIN IMMEDIATE")
        do throws(DatabaseError) {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            _ = try? execute("ROLLBACK")
            throw error
        }
    }

    package var lastInsertID: Int64 { sqlite3_last_insert_rowid(handle) }

    private func prepare(_ sql: String) throws(DatabaseError) -> OpaquePointer {
        if let statement = statements[sql] { return statement }
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement else { throw failure(code, sql) }
        statements[sql] = statement
        return statement
    }

    private func bind(
        _ statement: OpaquePointer, _ index: Int32, _ value: SQLValue, _ sql: String
    ) throws(DatabaseError) {
        let code: Int32
        switch value {
        case .null: code = sqlite3_bind_null(statement, index)
        case .integer(let i): code = sqlite3_bind_int64(statement, index, i)
        case .real(let d): code = sqlite3_bind_double(statement, index, d)
        case .text(let s):
            var text = s
            code = text.withUTF8 { utf8 in
                utf8.withMemoryRebound(to: CChar.self) {
                    herald_sqlite3_bind_text_copy(statement, index, $0.baseAddress, Int32(clamping: $0.count))
                }
            }
        case .blob(let b):
            code = b.withUnsafeBytes {
                herald_sqlite3_bind_blob_copy(statement, index, $0.baseAddress, Int32(clamping: $0.count))
            }
        }
        if code != SQLITE_OK { throw failure(code, sql) }
    }

    private func column(_ statement: OpaquePointer, _ index: Int32) -> SQLValue {
        switch sqlite3_column_type(statement, index) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, index))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(statement, index))
        case SQLITE_TEXT:
            let bytes = sqlite3_column_text(statement, index)
            let count = Int(sqlite3_column_bytes(statement, index))
            return .text(String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self))
        case SQLITE_BLOB:
            let bytes = sqlite3_column_blob(statement, index)
            let count = Int(sqlite3_column_bytes(statement, index))
            return .blob(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
        default: return .null
        }
    }

    private func failure(_ code: Int32, _ sql: String) -> DatabaseError {
        DatabaseError(code, of: handle, path: path, statement: String(sql.prefix(200)))
    }
}
