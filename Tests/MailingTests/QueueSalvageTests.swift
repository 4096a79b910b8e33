import Formats
import Glibc
import Mail
import Platform
import TestSupport
import Testing

@testable import Database
@testable import Mailing

@Suite struct QueueSalvageTests {
    private let site: Site
    private let now = SystemClock.now()

    init() throws { site = try Site() }

    /// 300 letters in a queue of 4 KiB pages.
    private func fill() throws {
        let queue = try site.queue()
        try queue.transaction { () throws(QueueError) in
            for _ in 0..<300 {
                _ = try queue.takeIn(.sample(body: String(repeating: "0123456789\r\n", count: 200)), at: now)
            }
        }
    }

    /// Makes pages unreadable; the first is 1.
    private func damage(_ pages: ClosedRange<Int>) throws {
        let path = site.folder("state/mailer/queue.db")
        let file = try Descriptor.open(path, O_RDWR)
        try #require(try file.status().size > Int64(pages.upperBound * 4096))
        let junk = [UInt8](repeating: 0xff, count: 4096)
        for page in pages { #expect(pwrite(file.number, junk, 4096, (page - 1) * 4096) == 4096) }
    }

    @Test("pages that cannot be read cost what stood in them and no more", arguments: [40...60, 100...101, 150...190])
    func middle(pages: ClosedRange<Int>) throws {
        try fill()
        try damage(pages)
        Queue.noteDamage(folder: site.folder("state/mailer"))
        let (queue, setAside) = try Queue.open(folder: site.folder("state/mailer"))
        #expect(setAside?.contains("carried over: ") == true, "\(setAside ?? "")")
        let letters = try #require(try queue.rows("SELECT count(*) FROM letters")[0][0].int)
        let messages = try #require(try queue.rows("SELECT count(*) FROM messages")[0][0].int)
        #expect(letters > 150 && messages > 150)
        #expect(letters + messages < 600)
        #expect(try queue.rows("PRAGMA integrity_check") == [[.text("ok")]])
        // It is done once.
        #expect(try site.names("state/mailer").filter { $0.contains("set-aside") }.isEmpty == false)
        #expect(try !site.names("state/mailer").contains("queue.db.damaged"))
    }

    @Test("a mailer starts on a queue whose damage a start cannot pass by")
    func start() throws {
        try fill()
        try damage(3...40)
        let mailer = try site.mailer(try site.settings(accounts: account("a", 1)), Mailer.Options())
        #expect(mailer.troubles.setAside?.contains("set aside as") == true)
        #expect(try mailer.queue.takeIn(.sample(), at: now) == .taken)
    }

    @Test("damage that is met at work ends the mailer, and its next start goes on with what can be read")
    func atWork() throws {
        try fill()
        let settings = try site.settings(accounts: account("a", 1))
        do {
            let mailer = try site.mailer(settings, Mailer.Options(untilIdle: true, noWait: true))
            try mailer.queue.database.script(
                "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA cache_size = 1; PRAGMA shrink_memory;")
            try damage(3...40)
            #expect(mailer.run() == 75)
            #expect(mailer.troubles.database?.contains("malformed") == true)
        }
        let mailer = try site.mailer(settings, Mailer.Options())
        #expect(mailer.troubles.setAside?.contains("carried over: ") == true)
    }
}
