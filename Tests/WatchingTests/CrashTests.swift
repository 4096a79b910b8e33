// Crashes at every step between the line and the letter in incoming/: a step is repeated, none is skipped, and there is
// exactly one letter, the same byte for byte.

import Control
import Database
import Formats
import Mail
import Platform
import Spool
import Testing

@testable import Watching

@Suite struct CrashTests {
    private let folder: WatcherFolder

    init() throws {
        folder = try WatcherFolder()
        let watcher = try folder.watcher()
        watcher.settle(folder)
    }

    /// Runs a watcher that does not get beyond the broken step, and is then killed.
    private func crash(_ fault: String, repaired repair: String) throws {
        let database = try Database(path: folder.database)
        try database.script(fault)
        let watcher = try folder.watcher()
        for _ in 0..<5 { _ = watcher.round(at: folder.time) }
        try database.script(repair)
    }

    @Test func `Before the commit: nothing is there, and the next start makes the letter`() throws {
        try folder.append(WatcherTests.oom)
        try crash(
            "CREATE TRIGGER broken BEFORE INSERT ON incidents BEGIN SELECT RAISE(ABORT, 'disk full'); END",
            repaired: "DROP TRIGGER broken")
        #expect(try folder.letters().isEmpty)
        try folder.watcher().settle(folder)
        #expect(try folder.letters().count == 1)
        #expect(try folder.newHits() == 1)
    }

    @Test func `Between the commit and the deposit`() throws {
        try folder.append(WatcherTests.oom)
        try Files.makeDirectories(folder.path + "/spool/incoming")
        try Files.write([], to: folder.path + "/spool/incoming/watcher")  // no folder can be there
        try crash("SELECT 1", repaired: "SELECT 1")
        try Files.remove(folder.path + "/spool/incoming/watcher")
        try folder.watcher().settle(folder)
        #expect(try folder.letters().count == 1)
        #expect(try folder.newHits() == 1)
    }

    @Test(arguments: [false, true])
    func `Between the deposit and the mark, whether or not the mailer took the letter by then`(taken: Bool) throws {
        try folder.append(WatcherTests.oom)
        try crash(
            "CREATE TRIGGER broken BEFORE UPDATE ON outbox BEGIN SELECT RAISE(ABORT, 'killed'); END",
            repaired: "DROP TRIGGER broken")
        let first = try #require(try folder.letters().first)
        if taken { try folder.incoming.remove(HandoverFolder.name(of: first.id)) }
        try folder.watcher().settle(folder)
        #expect(try folder.letters() == [first])
        if taken {
            try folder.incoming.remove(HandoverFolder.name(of: first.id))
            try folder.watcher().settle(folder)
            #expect(try folder.letters().isEmpty)
        }
    }

    @Test func `While the state cannot be written nothing is read, and all goes on by itself`() throws {
        let database = try Database(path: folder.database)
        try database.script("CREATE TRIGGER broken BEFORE INSERT ON incidents BEGIN SELECT RAISE(ABORT, 'full'); END")
        let watcher = try folder.watcher()
        try folder.append(WatcherTests.oom)
        for _ in 0..<3 { _ = watcher.round(at: folder.time) }
        try folder.append(WatcherTests.oom)
        for _ in 0..<3 { _ = watcher.round(at: folder.time) }
        #expect(watcher.storeFault != nil)
        #expect(watcher.book.openIncidents.first?.hits == 1)
        try database.script("DROP TRIGGER broken")
        folder.pass(.seconds(60))
        watcher.settle(folder)
        folder.pass(.seconds(301))
        watcher.settle(folder)
        #expect(watcher.storeFault == nil)
        #expect(try folder.newHits() == 2)
    }

    @Test func `What cannot be read in the outbox is said, and keeps no letter back`() throws {
        let database = try Database(path: folder.database)
        for index in 0..<150 {
            try database.execute(
                "INSERT INTO outbox (id, created, subject, letter) VALUES (?, 1, '', ?)",
                [.text("broken\(index)"), .blob(Array("{}\n".utf8))])
        }
        try folder.append(WatcherTests.oom)
        let watcher = try folder.watcher()
        watcher.settle(folder)
        #expect(try folder.letters().count == 1)
        let problems = watcher.status["problems"]?.array?.compactMap(\.string) ?? []
        #expect(problems.count == 1 && problems.allSatisfy { $0.contains("150 letters") && $0.contains("broken0") })
    }

    @Test func `A letter that the mailer would refuse does not go into the outbox, and is said`() throws {
        // A longer description than a letter file may have.
        var settings = try folder.settings()
        settings.aliases[0].description = String(repeating: "x", count: 2000)
        try folder.append(WatcherTests.oom)
        do {
            let watcher = try folder.watcher(settings)
            watcher.settle(folder)
            #expect(try folder.letters().isEmpty)
        }
        // It is known after a restart too, and for a day: by then it is mended, or has happened again.
        let watcher = try folder.watcher()
        watcher.settle(folder)
        func problems() -> [String] { (watcher.status["problems"]?.array ?? []).compactMap(\.string) }
        #expect(problems().contains { $0.contains("1 report of the last day was not sent") && $0.contains("alias") })
        folder.pass(.seconds(86401))
        #expect(problems().isEmpty)
        let rows = try Database(path: folder.database).query("SELECT count(*) FROM outbox WHERE handed_over IS NULL")
        #expect(rows.first?[0].int == 0)
    }

    @Test func `A silence is answered when it is durable; one that cannot be is not made`() throws {
        let database = try Database(path: folder.database)
        let desk = try WatcherDesk()
        let watcher = try folder.watcher(desk: desk)
        watcher.settle(folder)
        func silence() throws -> WatcherDesk.Call {
            let arguments: JSON = ["rule": "oom", "for": "1h", "comment": "x"]
            return try desk.put(
                ControlRequest(
                    command: "silence-add", arguments: arguments, peer: ControlPeer(pid: 1, uid: 0, gid: 0)))
        }
        let first = try silence()
        _ = watcher.answerRequests()
        #expect(first.wait(.zero)?.result?["id"]?.int == 1)
        #expect(try database.query("SELECT value FROM book").first?[0].string?.contains("oom") == true)

        try database.script("CREATE TRIGGER broken BEFORE INSERT ON book BEGIN SELECT RAISE(ABORT, 'full'); END")
        let second = try silence()
        _ = watcher.answerRequests()
        #expect(second.wait(.zero)?.kind == .later)
        #expect(watcher.book.silences.map(\.id) == [1])
        try database.script("DROP TRIGGER broken")
        let third = try silence()
        _ = watcher.answerRequests()
        #expect(third.wait(.zero)?.result?["id"]?.int == 2)
    }
}
