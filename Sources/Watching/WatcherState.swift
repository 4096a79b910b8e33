// The watcher's state in the hands of a command, while no watcher runs: under the watcher's own lock, by the same code.

import Control
import Database
import Formats
import Glibc
import Incidents
import Platform
import RuleMatching
import Rules
import Settings

/// The state of a watcher that does not run.
package final class WatcherState {
    private let lock: LockFile
    private let store: WatcherStore
    private var book: IncidentBook
    private let command: HeraldCommand
    private let ruleFolders: [String]

    /// - Throws: `SystemError` (EWOULDBLOCK: a watcher is at work; ENOENT: there is no state), `DatabaseError`.
    package init(_ settings: Settings) throws {
        let folder = settings.paths.state("watcher")
        guard access(folder + "/watcher.db", R_OK | W_OK) == 0 else {
            throw SystemError("open", folder + "/watcher.db")
        }
        lock = try LockFile(folder + "/watcher.lock")
        store = try WatcherStore(path: folder + "/watcher.db")
        ruleFolders = settings.watch.rules
        command = settings.command
        (book, _) = try store.book(policy: ReportPolicy(settings.report))
    }

    /// Answers as the watcher would, and commits what changed.
    package func answer(to command: String, _ arguments: JSON, at now: Timestamp) throws -> ControlResponse {
        let me = ControlPeer(pid: getpid(), uid: geteuid(), gid: getegid())
        let folders = ruleFolders
        let desk = IncidentDesk(store: store, now: now, command: self.command) {
            KnownRules(RuleLoading.names(folders), others: OwnNotice.rules)
        }
        let response = desk.answer(to: command, arguments, &book, from: me)
        if IncidentDesk.changes.contains(command), response.error == nil {
            try store.commit(RoundChanges(), book.changes, at: now)
            book.changesKept()
        }
        return response
    }
}
