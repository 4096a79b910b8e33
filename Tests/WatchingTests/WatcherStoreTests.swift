import Database
import Formats
import Records
import TestSupport
import Testing

@testable import Watching

@Suite struct WatcherStoreTests {
    @Test("rows of paths that were stored in another form are stored in theirs, once")
    func forms() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/watcher.db"
        let written = "/var/log/cafe\u{301}.log"
        let stored = SourceCheckpoint.file(FileCheckpoint(path: written, device: 1, inode: 2))
        do {
            let store = try WatcherStore(path: path)
            try store.database.execute(
                "INSERT INTO checkpoints VALUES (?, ?)", [.text(stored.key), .text(stored.text)])
        }
        for _ in 0..<2 {
            let store = try WatcherStore(path: path)
            let rows = try store.database.query("SELECT key FROM checkpoints").compactMap { $0[0].string }
            let checkpoints = try store.checkpoints()
            #expect(rows == checkpoints.map(\.key) && rows.count == 1)
            #expect(checkpoints.allSatisfy { store.knows($0) })
            #expect(rows.first != stored.key)
        }
    }
}
