// A letter that takes more than one transaction: what was answered is committed before more is asked, and the account's
// limits hold between them.

import Database
import Formats
import Mail
import Platform
import SMTPTransport
import Settings
import Synchronization
import TestSupport
import Testing

@testable import Mailing

@Suite struct MailerTransactionTests {
    private let site: Site

    init() throws { site = try Site() }

    /// From MAIL to the final reply, for so many recipients.
    private func transaction(_ recipients: Int) -> [ScriptedPeer.Step] {
        [.expect("MAIL"), .say("250 ok")] + rest(recipients)
    }

    private func rest(_ recipients: Int) -> [ScriptedPeer.Step] {
        (0..<recipients).flatMap { _ -> [ScriptedPeer.Step] in [.expect("RCPT"), .say("250 ok")] }
            + [.expect("DATA"), .say("354 go on"), .expectMessage, .say("250 2.0.0 taken")]
    }

    /// A mailer that was given a letter for 150 recipients, and nothing that wakes it but its threads.
    private func send(_ settings: Settings) throws -> Running {
        let running = try Running(site, settings, rescan: .seconds(3600))
        let recipients = (0..<150).map { JSON.string("r\($0)@example.net") }
        let answer = running.ask("send", ["recipients": .array(recipients)], body: Array("Subject: s\n\nHi.\n".utf8))
        #expect(answer.result?["id"] != nil, "\(answer)")
        return running
    }

    @Test("what the server answered is committed while it takes its time for the letter's other recipients")
    func committedAtOnce() throws {
        let path = site.folder("state/mailer/queue.db")
        let sent = Mutex(0)
        let over = try WakeUp()
        let look: @Sendable () throws -> Void = {
            let database = try Database(path: path, access: .readOnly)
            let end = SystemClock.monotonic() + .seconds(15)
            while SystemClock.monotonic() < end, sent.withLock({ $0 }) != 100 {
                let count = try database.query("SELECT count(*) FROM deliveries WHERE state = 5")[0][0].int ?? 0
                sent.withLock { $0 = Int(count) }
            }
        }
        let peer = try ScriptedPeer(
            hello + transaction(100) + [.expect("MAIL"), .run(look), .say("250 ok")] + rest(50)
                + [.run { over.signal() }] + bye)
        defer { peer.stop() }
        let running = try send(try site.settings(accounts: account("a", peer.port)))
        let isOver = try Poller.wait([(over.descriptor.number, .readable)], timeout: .seconds(40)) == [0]
        #expect(running.stop() == 0)
        #expect(isOver && peer.problems.isEmpty, "\(peer.problems)")
        #expect(sent.withLock { $0 } == 100)
    }

    @Test("max_messages_per_connection counts transactions, also those of one letter")
    func perConnection() throws {
        let peer = try ScriptedPeer(hello + transaction(100) + bye, hello + transaction(50) + bye)
        defer { peer.stop() }
        let running = try send(
            try site.settings(accounts: account("a", peer.port, ", max_messages_per_connection: 1")))
        try waitFor(150)
        #expect(running.stop() == 0)
        #expect(peer.problems.isEmpty && peer.connections == 2, "\(peer.lines)")
    }

    @Test("delay_between_messages passes between a letter's transactions too")
    func delay() throws {
        let times = Mutex<[Duration]>([])
        let note = ScriptedPeer.Step.run { times.withLock { $0.append(SystemClock.monotonic()) } }
        let peer = try ScriptedPeer(
            hello + [.expect("MAIL"), note, .say("250 ok")] + rest(100) + [.expect("MAIL"), note, .say("250 ok")]
                + rest(50) + bye)
        defer { peer.stop() }
        let running = try send(try site.settings(accounts: account("a", peer.port, ", delay_between_messages: 2s")))
        try waitFor(150)
        #expect(running.stop() == 0)
        #expect(peer.problems.isEmpty && peer.connections == 1, "\(peer.lines)")
        let (first, second) = try times.withLock { (try #require($0.first), try #require($0.last)) }
        // From claim to claim, and to the first one belongs a connection.
        #expect(second - first > .seconds(1), "\(second - first)")
        let attempts = try site.queue().rows("SELECT max(attempts) FROM deliveries")
        #expect(attempts == [[.integer(1)]])
    }

    private func waitFor(_ sent: Int64) throws {
        let database = try Database(path: site.folder("state/mailer/queue.db"), access: .readOnly)
        let end = SystemClock.monotonic() + .seconds(30)
        while SystemClock.monotonic() < end {
            if try database.query("SELECT count(*) FROM deliveries WHERE state = 5") == [[.integer(sent)]] { return }
        }
        Issue.record("not all was sent")
    }
}
