// What SQLite could not do, told so that a person can act on it.
//
// A file system without room shows itself in many ways: as SQLITE_FULL where the database itself is written, as one of the
// input and output errors, or as a file that cannot be opened, where SQLite makes its -wal and -shm at a start. It is one
// fault, and its words name the folder in which room is needed.

import CSQLite
import Glibc

/// An error of SQLite: its result code, its words, the file and the statement.
package struct DatabaseError: Error, Equatable, Sendable, CustomStringConvertible {
    package var code: Int32
    package var message: String
    /// Empty where no file is at fault.
    package var path = ""
    package var statement: String
    /// What the system said to SQLite; 0 where it said nothing.
    package var systemError: Int32 = 0

    package init(code: Int32, message: String, statement: String = "") {
        (self.code, self.message, self.statement) = (code, message, statement)
    }

    /// Of the connection's last call; nil where there was no memory for a connection.
    init(_ code: Int32, of handle: OpaquePointer?, path: String, statement: String = "") {
        self.init(
            code: code, message: handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory",
            statement: statement)
        (self.path, systemError) = (path, handle.map { sqlite3_system_errno($0) } ?? 0)
        // What cannot be made is tried once more as what is there already: the second errno hides the first.
        if code & 0xff == SQLITE_CANTOPEN, systemError == ENOENT, !Self.hasRoom(folder) { systemError = ENOSPC }
    }

    private var folder: String { path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "." }

    /// Whether there are blocks and inodes left.
    private static func hasRoom(_ folder: String) -> Bool {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return true }
        return status.f_bavail > 0 && (status.f_favail > 0 || status.f_files == 0)
    }

    package var description: String {
        if isFull {
            let cause = systemError == EDQUOT ? "the disk quota is used up" : "the file system is full"
            return
                "\(cause): \(path) cannot be written; make room there (df \(folder) tells how much is left, "
                + "df -i \(folder) how many files)"
        }
        let file = path.isEmpty ? "" : " \(path)"
        return "database\(file): \(message) (\(code))" + (statement.isEmpty ? "" : " in \(statement)")
    }

    /// The file is no database, damaged, or of a shape that SQLite refuses.
    package var isDamage: Bool { [SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_FORMAT].contains(code & 0xff) }
    /// There is no room for it.
    package var isFull: Bool {
        switch code & 0xff {
        case SQLITE_FULL: true
        case SQLITE_IOERR, SQLITE_CANTOPEN: systemError == ENOSPC || systemError == EDQUOT
        default: false
        }
    }
}
