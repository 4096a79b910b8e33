import Formats
import Mail
import Platform
import SMTPProtocol
import Settings
import TestSupport
import Testing

@testable import Control
@testable import Mailing

@Suite struct MailerTests {
    private let site: Site

    init() throws { site = try Site() }

    @Test("letters arrive byte for byte, once, and their files go")
    func success() throws {
        let sink = try site.sink()
        defer { sink.stop() }
        let settings = try site.settings(accounts: account("a", sink.port))
        let letters = (0..<5).map {
            Letter.sample(to: ["admin@example.org", "second@example.org"], body: ".\r\n.\($0)")
        }
        for letter in letters { try site.hand(letter) }
        try site.run(settings)
        #expect(Set(site.messages.map(\.bytes)) == Set(letters.map(\.message)))
        #expect(site.messages.allSatisfy { $0.recipients.count == 2 })
        #expect(try site.rows(letters[0]).map(\.state) == [.sent, .sent])
        #expect(try site.names("spool/incoming/watcher").isEmpty)

        try site.hand(letters[0])
        try site.run(settings)
        #expect(site.messages.count == 5)
        #expect(try site.names("spool/incoming/watcher").isEmpty)
        #expect(try site.names("state/mailer/rejected").isEmpty)
    }

    @Test("letters leave in the order in which they were made, whatever their names are")
    func inOrder() throws {
        let sink = try site.sink()
        defer { sink.stop() }
        let letters = (0..<20).map { number in
            var letter = Letter.sample(body: "number \(number)")
            letter.created = letter.created + .microseconds(Int64(number))
            return letter
        }
        // Handed over at one time, as far as a clock of milliseconds says.
        for letter in letters.sorted(by: { $0.id < $1.id }) { try site.hand(letter) }
        try site.run(try site.settings(accounts: account("a", sink.port, ", max_connections: 4")))
        #expect(site.messages.map(\.bytes) == letters.map(\.message))
    }

    @Test("a server that says later is asked again; its words are kept")
    func transient() throws {
        let peer = try ScriptedPeer(
            hello + [.expect("MAIL"), .say("451 4.3.0 not now")] + bye,
            hello + envelope + [.say("250 2.0.0 taken")] + bye)
        defer { peer.stop() }
        let settings = try site.settings(accounts: account("a", peer.port))
        let letter = Letter.sample()
        try site.hand(letter)
        try site.run(settings, noWait: true)
        let waiting = try #require(try site.rows(letter).first)
        #expect(waiting.state == .queued)
        #expect(waiting.lastReply == "451 4.3.0 not now")
        try site.run(settings)
        let row = try #require(try site.rows(letter).first)
        #expect(row.state == .sent)
        #expect(row.attempts == 2)
        #expect(row.lastReply == "250 2.0.0 taken")
    }

    @Test("each recipient has its own end: taken, refused for good, put off")
    func mixed() throws {
        let recipients: [ScriptedPeer.Step] = [
            .expect("RCPT TO:<admin@"), .say("250 ok"), .expect("RCPT TO:<second@"), .say("550 5.1.1 no such user"),
            .expect("RCPT TO:<third@"), .say("450 4.2.0 greylisted"),
        ]
        let peer = try ScriptedPeer(
            hello + [.expect("MAIL"), .say("250 ok")] + recipients
                + [.expect("DATA"), .say("354 go on"), .expectMessage, .say("250 2.0.0 taken")] + bye)
        defer { peer.stop() }
        let letter = Letter.sample(to: ["admin@example.org", "second@example.org", "third@example.org"])
        try site.hand(letter)
        try site.run(try site.settings(accounts: account("a", peer.port)), noWait: true)
        let rows = try site.rows(letter)
        #expect(rows.map(\.state) == [.sent, .failed, .queued])
        #expect(rows.map(\.lastReply) == ["250 2.0.0 taken", "550 5.1.1 no such user", "450 4.2.0 greylisted"])
        // Greylisting: not before five minutes, whatever the rhythm says.
        #expect(try #require(rows[2].nextAttempt) > SystemClock.now() + .seconds(280))
        #expect(peer.messages.count == 1)
    }

    @Test("a letter whose server goes before the dot is only put off, though the dot was committed")
    func goneBeforeTheDot() throws {
        let toData = Array(envelope.dropLast())
        let peer = try ScriptedPeer(hello + toData + [.close], hello + envelope + [.say("250 2.0.0 taken")] + bye)
        defer { peer.stop() }
        let settings = try site.settings(accounts: account("a", peer.port))
        let letter = Letter.sample()
        try site.hand(letter)
        try site.run(settings, noWait: true)
        #expect(try site.rows(letter).map(\.state) == [.queued])
        try site.run(settings)
        #expect(try site.rows(letter).map(\.state) == [.sent])
        #expect(peer.messages == [letter.message])
    }

    @Test("a lost answer makes a letter uncertain: the same bytes are sent once more")
    func uncertain() throws {
        let peer = try ScriptedPeer(hello + envelope + [.close], hello + envelope + [.say("250 2.0.0 taken")] + bye)
        defer { peer.stop() }
        let settings = try site.settings(accounts: account("a", peer.port))
        let letter = Letter.sample()
        try site.hand(letter)
        try site.run(settings, noWait: true)
        #expect(try site.rows(letter).map(\.state) == [.uncertain])
        try site.run(settings)
        #expect(try site.rows(letter).map(\.state) == [.sent])
        #expect(peer.messages == [letter.message, letter.message])
    }

    @Test("an answer that is lost a second time leaves the decision to a person")
    func uncertainTwice() throws {
        let peer = try ScriptedPeer(hello + envelope + [.close], hello + envelope + [.reset])
        defer { peer.stop() }
        let letter = Letter.sample()
        try site.hand(letter)
        try site.run(try site.settings(accounts: account("a", peer.port)))
        #expect(try site.rows(letter).map(\.state) == [.held])
        #expect(peer.messages.count == 2)
    }

    @Test("with `uncertain: hold` a lost answer leaves the decision to a person at once")
    func uncertainHeld() throws {
        let peer = try ScriptedPeer(hello + envelope + [.close])
        defer { peer.stop() }
        let letter = Letter.sample()
        try site.hand(letter)
        try site.run(try site.settings(accounts: account("a", peer.port), more: "  uncertain: hold\n"))
        #expect(try site.rows(letter).map(\.state) == [.held])
        #expect(peer.connections == 1)
    }

    @Test("what is uncertain is repeated through the account that it went through, though another could take it")
    func uncertainAccount() throws {
        let sink = try site.sink()
        defer { sink.stop() }
        let peer = try ScriptedPeer(hello + envelope + [.close])
        let letter = Letter.sample()
        try site.hand(letter)
        let settings = try site.settings(accounts: account("a", peer.port), account("b", sink.port))
        try site.run(settings, noWait: true)
        peer.stop()
        try site.run(settings, noWait: true)
        #expect(try site.rows(letter).map(\.state) == [.uncertain])
        #expect(site.messages.isEmpty)
    }

    @Test("a row that is not as the index says holds up nobody else's")
    func outOfStep() throws {
        let mailer = try site.mailer(try site.settings(accounts: account("a", 1)), Mailer.Options())
        let now = SystemClock.now()
        for _ in 0..<2 { _ = try mailer.queue.takeIn(.sample(notBefore: now + .milliseconds(1)), at: now) }
        _ = try mailer.queue.takeIn(.sample(priority: .bulk), at: now)
        try mailer.queue.execute("UPDATE deliveries SET state = 5 WHERE number = 1")
        var effects = Effects()
        for _ in 0..<2 {
            try mailer.queue.transaction { () throws(QueueError) in
                try mailer.schedule(at: now + .seconds(1), &effects)
            }
        }
        #expect(try mailer.queue.list().sorted { $0.number < $1.number }.map(\.state) == [.sent, .sending, .sending])
        #expect(mailer.queue.index.count(.sent) == 1 && mailer.queue.index.count(.held) == 0)
    }

    @Test("a connection carries as many letters as it may, and no more")
    func perConnection() throws {
        let twice =
            hello + envelope + [.say("250 ok")] + envelope + [.say("250 ok"), .expect("QUIT"), .say("221 bye"), .close]
        let peer = try ScriptedPeer(twice, twice)
        defer { peer.stop() }
        for _ in 0..<4 { try site.hand(.sample()) }
        let limits = ", max_connections: 1, max_messages_per_connection: 2"
        try site.run(try site.settings(accounts: account("a", peer.port, limits)))
        #expect(peer.connections == 2)
        #expect(peer.messages.count == 4)
        #expect(peer.problems.isEmpty)
    }

    @Test("the account's HELO name is said, and its delay between letters is kept, over a restart too")
    func nameAndDelay() throws {
        let sink = try site.sink()
        defer { sink.stop() }
        for _ in 1...2 { try site.hand(.sample()) }
        let more = ", helo_name: relay.example.org, delay_between_messages: 1h"
        let settings = try site.settings(accounts: account("a", sink.port, more))
        for _ in 1...2 {
            let running = try Running(site, settings)
            // Each question is answered by a round of the mailer.
            var states: [String] = []
            for _ in 1...5000 where states != ["queued", "sent"] {
                let rows = rows(of: running.ask("queue-list"))
                states = rows.compactMap { $0["state"]?.string }.sorted()
            }
            #expect(states == ["queued", "sent"])
            #expect(running.stop() == 0)
            #expect(site.messages.map(\.heloName) == ["relay.example.org"])
        }
    }

    @Test("a server that does not answer holds up nobody else's letters, and a stop is not held up by it")
    func slowServer() throws {
        let slow = try ScriptedPeer(hello + [.expect("MAIL"), .stall])
        defer { slow.stop() }
        let sink = try site.sink()
        defer { sink.stop() }
        var settings = try site.settings(accounts: account("slow", slow.port), account("fast", sink.port))
        settings.aliases[0].accounts = ["slow"]
        settings.aliases[1].accounts = ["fast"]
        var reply = Letter.sample(to: ["anna@example.net"], origin: "responder", alias: "jobs", priority: .reply)
        reply.message = Array("From: jobs@example.org\r\nMessage-ID: <1@example.org>\r\n\r\nthanks\r\n".utf8)
        (reply.envelope.sender, reply.envelope.notify) = (nil, .never)
        try site.hand(.sample(priority: .critical))
        try site.hand(reply, to: "responder")
        let running = try Running(site, settings)
        #expect(running.waitForArrival())
        #expect(site.messages.map(\.bytes) == [reply.message])
        #expect(running.stop() == 0)
    }
}
