import Glibc
import Testing

@testable import Database

@Suite struct DatabaseErrorTests {
    @Test(
        "what has no room says so and names the folder, in whatever way SQLite says it",
        // SQLITE_FULL; SQLITE_IOERR_SHMSIZE, _WRITE, _FSYNC; SQLITE_CANTOPEN; and others that have other causes.
        arguments: [
            (13, 0, "the file system is full"),
            (10 | 19 << 8, ENOSPC, "the file system is full"),
            (10 | 3 << 8, EDQUOT, "the disk quota is used up"),
            (10 | 4 << 8, ENOSPC, "the file system is full"),
            (14, ENOSPC, "the file system is full"),
            (10 | 3 << 8, EIO, nil), (14, EACCES, nil), (5, ENOSPC, nil),
        ] as [(Int32, Int32, String?)])
    func room(code: Int32, errno: Int32, cause: String?) {
        var error = DatabaseError(code: code, message: "disk I/O error")
        (error.path, error.systemError) = ("/var/lib/x/x.db", errno)
        #expect(error.isFull == (cause != nil))
        let words = cause.map { "\($0): /var/lib/x/x.db cannot be written; make room there (df /var/lib/x tells" }
        #expect(error.description.hasPrefix(words ?? "database /var/lib/x/x.db: disk I/O error"), "\(error)")
    }
}
