// Crashes while something waits: what the cap held back, late hits, a silence, an inhibition. A kill at any commit, at the
// hand-over or at the mark changes nothing of what is told.

import Control
import Database
import Formats
import Glibc
import Incidents
import Mail
import Platform
import Spool
import Testing

@testable import Watching

@Suite struct PendingCrashTests {
    /// What waits, and how it comes to wait.
    enum Pending: String, CaseIterable, Sendable {
        case held, late, silence, inhibition
    }

    /// Where the watcher is killed.
    enum Kill: String, CaseIterable, Sendable {
        /// Nothing of the round is durable.
        case beforeCommit = "CREATE TRIGGER broken BEFORE INSERT ON book BEGIN SELECT RAISE(ABORT, 'killed'); END"
        /// The letter is written, its incident not yet: the transaction is one.
        case inCommit = "CREATE TRIGGER broken BEFORE INSERT ON reports BEGIN SELECT RAISE(ABORT, 'killed'); END"
        case beforeMark = "CREATE TRIGGER broken BEFORE UPDATE ON outbox BEGIN SELECT RAISE(ABORT, 'killed'); END"
    }

    private static let rules = """
        rules:
          - id: raid
            title: "RAID {array} is degraded"
            severity: critical
            match: ['(?<array>md\\d+): disk failure']
            recovered_by: ['(?<array>md\\d+): recovery done']
            group_by: [array]
          - id: down
            title: "The uplink is down"
            severity: alert
            match: ['link is down']
            recovered_by: ['link is up']
            inhibits: [timeout]
          - id: timeout
            title: "Timeouts"
            severity: critical
            match: ['timed out']
            recovered_by: ['never']
        """

    private let folder: WatcherFolder

    init() throws {
        folder = try WatcherFolder(rules: Self.rules)
        try folder.watcher().settle(folder)
    }

    private func watcher(_ pending: Pending) throws -> Watcher {
        let wait = pending == .late ? "10s" : "0s"
        return try folder.watcher(try folder.settings("group_wait: \(wait), max_per_hour: 1"))
    }

    /// Brings it about that something waits. Returns how many hits are told by the end of it, and how many wait.
    private func prepare(_ pending: Pending) throws -> (told: Int, waiting: Int) {
        let watcher = try watcher(pending)
        watcher.settle(folder)
        switch pending {
        case .held:
            try folder.append("md0: disk failure")
            watcher.settle(folder)
            try folder.append("md1: disk failure", "md2: disk failure", "md1: disk failure")
            watcher.settle(folder)
            #expect(watcher.book.openIncidents.count { $0.isHeld } == 2)
            return (1, 3)
        case .late:
            // Old lines that are found at a start.
            watcher.book.isCatchingUp = true
            try folder.append(Self.old(folder, "md3: disk failure"), Self.old(folder, "md4: disk failure"))
            _ = watcher.round(at: folder.time)
            #expect(watcher.book.openIncidents.count { $0.isLate } == 2)
            return (0, 2)
        case .silence:
            let me = ControlPeer(pid: 1, uid: 0, gid: 0)
            #expect(
                watcher.answer(to: "silence-add", ["rule": "raid", "for": "50m", "comment": "x"], from: me).error == nil
            )
            try folder.append("md0: disk failure", "md1: disk failure", "md1: disk failure")
            watcher.settle(folder)
            #expect(watcher.book.openIncidents.count { $0.silencedBy == 1 } == 2)
            return (0, 3)
        case .inhibition:
            try folder.append("link is down", "timed out", "timed out")
            watcher.settle(folder)
            #expect(watcher.book.openIncidents.count { $0.inhibitedBy != nil } == 1)
            return (1, 2)
        }
    }

    /// Old by its own stamp.
    private static func old(_ folder: WatcherFolder, _ text: String) -> String {
        (folder.time.wall - .seconds(3000)).rfc3339() + " " + text
    }

    @Test(arguments: Pending.allCases, Kill.allCases)
    func `What waits is told once, wherever a kill comes`(pending: Pending, kill: Kill) throws {
        let (told, waiting) = try prepare(pending)
        #expect(try folder.newHits() == told)
        // What waits is in the store, and waits there for the same reason.
        do {
            let watcher = try watcher(pending)
            let incidents = watcher.book.openIncidents
            switch pending {
            case .held: #expect(incidents.count { $0.isHeld } == 2)
            case .late: #expect(incidents.count { $0.isLate } == 2)
            case .silence: #expect(incidents.count { $0.silencedBy == 1 } == 2 && watcher.book.silences.count == 1)
            case .inhibition: #expect(incidents.count { $0.inhibitedBy != nil } == 1)
            }
        }
        // The round that tells it does not come to its end.
        if pending == .inhibition { try folder.append("link is up") }
        folder.pass(.seconds(3700))
        let database = try Database(path: folder.database)
        try database.script(kill.rawValue)
        do {
            let watcher = try watcher(pending)
            for _ in 0..<4 {
                _ = watcher.round(at: folder.time)
                folder.pass(.seconds(61))
            }
        }
        try database.script("DROP TRIGGER broken")
        if kill != .beforeMark { #expect(try folder.newHits() == told) }
        // The mailer may take the letters at any time.
        var taken: [Letter] = []
        func collect() throws {
            for letter in try folder.letters() {
                if let same = taken.first(where: { $0.id == letter.id }) {
                    #expect(same == letter)
                } else {
                    taken.append(letter)
                }
                try folder.incoming.remove(HandoverFolder.name(of: letter.id))
            }
        }
        try collect()
        let last = try watcher(pending)
        for _ in 0..<4 {
            last.settle(folder)
            try collect()
            folder.pass(.seconds(3700))
        }
        let hits = taken.reduce(0) {
            $0 + (ParsedMessage($1.message).header("X-Herald-New-Hits").flatMap { Int($0) } ?? 0)
        }
        #expect(hits == told + waiting)
        #expect(Set(taken.map(\.id)).count == taken.count)
        #expect(last.book.openIncidents.allSatisfy { $0.newHits == 0 })
    }
}
