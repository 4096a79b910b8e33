// Rows of the fault table that are about several recipients, several letters, or the letter itself.

import Control
import Formats
import Mail
import Platform
import SMTPTransport
import Settings
import Spool
import TestSupport
import Testing

@testable import Mailing

@Suite struct FaultRowLetterTests {
    private let bench: FaultRowBench
    private var site: Site { bench.site }

    init() throws { bench = try FaultRowBench() }

    private let three = ["admin@example.org", "second@example.org", "third@example.org"]

    private func hand(_ letters: [Letter]) throws { for letter in letters { try site.hand(letter) } }

    /// Letters in the order in which they were made.
    private func letters(_ count: Int) -> [Letter] {
        (0..<count).map { number in
            var letter = Letter.sample(body: "number \(number)")
            letter.created = letter.created + .seconds(Int64(number))
            return letter
        }
    }

    private func states(_ letter: Letter) throws -> [DeliveryState] { try site.rows(letter).map(\.state) }

    @Test("row 63: of three recipients one is taken, one refused, one put off: each has its own end")
    func eachItsOwn() throws {
        let recipients: [ScriptedPeer.Step] = [
            .say("250 ok"), .expect("RCPT TO:<admin@"), .say("250 ok"), .expect("RCPT TO:<second@"),
            .say("550 5.1.1 no such user"), .expect("RCPT TO:<third@"), .say("451 4.2.0 not now"),
        ]
        let data: [ScriptedPeer.Step] = [.expect("DATA"), .say("354 go on")] + taken + bye
        let rest: [ScriptedPeer.Step] = [.say("250 ok"), .expect("RCPT TO:<third@"), .say("250 ok")]
        let peer = try ScriptedPeer(hello + toMail + recipients + data, hello + toMail + rest + data)
        defer { peer.stop() }
        let letter = Letter.sample(to: three)
        try site.hand(letter)
        let settings = try bench.settings(port: peer.port, [letter])
        try bench.run(settings, noWait: true)
        #expect(try states(letter) == [.sent, .failed, .queued])
        #expect(
            try site.rows(letter).map(\.lastReply)
                == ["250 2.0.0 taken", "550 5.1.1 no such user", "451 4.2.0 not now"])
        try bench.run(settings)
        #expect(try states(letter) == [.sent, .failed, .sent])
        #expect(try site.rows(letter).map(\.attempts) == [1, 1, 2])
        #expect(peer.messages == [letter.message, letter.message])
        #expect(peer.problems == [])
    }

    @Test("row 64: a server that takes one recipient at a time gets the others with further transactions")
    func tooMany() throws {
        let accepted: [ScriptedPeer.Step] = [.expect("RCPT"), .say("250 ok")]
        let tooMany: [ScriptedPeer.Step] = [.expect("RCPT"), .say("452 4.5.3 too many")]
        let begin: [ScriptedPeer.Step] = toMail + [.say("250 ok")] + accepted
        let end: [ScriptedPeer.Step] = [.expect("DATA"), .say("354 go on")] + taken
        let first: [ScriptedPeer.Step] = begin + tooMany + tooMany + end
        let second: [ScriptedPeer.Step] = begin + tooMany + end
        let peer = try ScriptedPeer(hello + first + second + begin + end + bye)
        defer { peer.stop() }
        let letter = Letter.sample(to: three)
        try site.hand(letter)
        try bench.run(try bench.settings(port: peer.port, [letter]), noWait: true)
        #expect(try states(letter) == [.sent, .sent, .sent])
        #expect(try site.rows(letter).map(\.attempts) == [1, 1, 1])
        #expect(peer.messages == [letter.message, letter.message, letter.message])
        #expect(peer.connections == 1 && peer.problems == [])
    }

    @Test("row 66: after 450 five minutes are waited, whatever the rhythm; whoever asks for it has it sent at once")
    func greylisted() throws {
        let peer = try ScriptedPeer(
            hello + toRecipient + [.say("450 4.2.0 greylisted, come back")] + bye,
            hello + toMessage + taken + [.run { [site] in site.arrival.signal() }] + bye)
        defer { peer.stop() }
        let letter = Letter.sample()
        try site.hand(letter)
        let settings = try bench.settings(port: peer.port, [letter])
        try bench.run(settings, noWait: true)
        let row = try #require(try site.rows(letter).first)
        #expect(row.state == .queued && row.attempts == 1)
        let wait = try #require(row.nextAttempt) - SystemClock.now()
        #expect(wait > .seconds(270) && wait < .seconds(340))
        let running = try Running(site, settings)
        #expect(running.ask("queue-retry", ["id": .string(letter.id)]).error == nil)
        #expect(running.waitForArrival())
        #expect(running.stop() == 0)
        #expect(try states(letter) == [.sent])
        #expect(peer.messages == [letter.message])
    }

    @Test("row 82: an answer to the message is all accepted recipients' answer, and nobody else's")
    func allAccepted() throws {
        let recipients: [ScriptedPeer.Step] = [
            .say("250 ok"), .expect("RCPT"), .say("250 ok"), .expect("RCPT"), .say("550 5.1.1 no such user"),
            .expect("DATA"), .say("354 go on"), .expectMessage, .say("554 5.6.0 spam"),
        ]
        let peer = try ScriptedPeer(hello + toRecipient + recipients + bye)
        defer { peer.stop() }
        let letter = Letter.sample(to: three)
        try site.hand(letter)
        try bench.run(try bench.settings(port: peer.port, [letter]), noWait: true)
        #expect(try states(letter) == [.failed, .failed, .failed])
        #expect(
            try site.rows(letter).map(\.lastReply) == ["554 5.6.0 spam", "554 5.6.0 spam", "550 5.1.1 no such user"])
    }

    @Test("row 85: a server without RSET loses its connection, and no letter is at fault") func noReset() throws {
        let peer = try ScriptedPeer(
            hello + toRecipient + [.say("550 5.1.1 no"), .expect("RSET"), .say("502 what?")],
            hello + toMessage + taken + bye)
        defer { peer.stop() }
        let letters = letters(2)
        try hand(letters)
        try bench.run(try bench.settings(port: peer.port, letters), noWait: true)
        #expect(try letters.flatMap { try states($0) } == [.failed, .sent])
        #expect(try letters.flatMap { try site.rows($0) }.map(\.attempts) == [1, 1])
        #expect(peer.connections == 2 && peer.problems == [])
        #expect(peer.messages == [letters[1].message])
    }

    @Test(
        "row 86: a connection that was kept and has gone is replaced, and no attempt is lost by it",
        arguments: [
            [.say("421 4.4.2 idle"), .close], [.close], [.reset], [.expect("MAIL"), .say("421 4.4.2 idle")],
            [.expect("MAIL"), .close],
        ] as [[ScriptedPeer.Step]]) func idle(_ end: [ScriptedPeer.Step]) throws
    {
        let peer = try ScriptedPeer(hello + toMessage + taken + end, hello + toMessage + taken + bye)
        defer { peer.stop() }
        let letters = letters(2)
        try hand(letters)
        let settings = try bench.settings(port: peer.port, letters, more: ", max_connections: 1")
        try bench.run(settings, noWait: true)
        #expect(try letters.flatMap { try states($0) } == [.sent, .sent])
        #expect(try letters.flatMap { try site.rows($0) }.map(\.attempts) == [1, 1])
        #expect(peer.messages == letters.map(\.message))
        #expect(peer.connections == 2)
        #expect(try !bench.account(settings).isPaused)
    }

    @Test("row 87: replies out of step end the connection, and on the next one commands go one by one")
    func outOfStep() throws {
        let capabilities = offering("PIPELINING")
        let peer = try ScriptedPeer(
            capabilities + [.expect("MAIL"), .expect("RCPT"), .expect("DATA"), .say("354 go on")],
            capabilities + [
                .expectAlone("MAIL"), .say("250 ok"), .expectAlone("RCPT"), .say("250 ok"), .expectAlone("DATA"),
                .say("354 go on"),
            ] + taken + bye)
        defer { peer.stop() }
        let letter = Letter.sample()
        try site.hand(letter)
        try bench.run(try bench.settings(port: peer.port, [letter]))
        let row = try #require(try site.rows(letter).first)
        #expect(row.state == .sent && row.attempts == 2)
        #expect(bench.log.has(.notice, "put off by 'a'"), "\(bench.log.all)")
        #expect(peer.connections == 2 && peer.problems == [])
    }

    @Test(
        "row 88: who is told that it is too much puts the letter off, and goes on with the account",
        arguments: [
            "432 4.3.2 concurrent connections limit exceeded", "421 4.7.0 too many messages", "451 4.7.1 slow down",
        ]) func tooMuch(_ reply: String) throws
    {
        let peer = try ScriptedPeer(hello + toMail + [.say(reply)] + bye, hello + toMessage + taken + bye)
        defer { peer.stop() }
        let letter = Letter.sample()
        try site.hand(letter)
        let settings = try bench.settings(port: peer.port, [letter], more: ", max_connections: 8")
        do {
            // Eight connections at one time have gone well.
            let mailer = try site.mailer(settings, Mailer.Options())
            var book = mailer.book
            book["a"]?.pace.concurrency = 8
            try mailer.queue.save(book, before: mailer.book)
        }
        try bench.run(settings, noWait: true)
        let row = try #require(try site.rows(letter).first)
        #expect(row.state == .queued && row.attempts == 1 && row.lastReply == reply)
        #expect(try !bench.account(settings).isPaused)
        #expect(try bench.account(settings).pace.concurrency == 4)
        try bench.run(settings)
        #expect(try states(letter) == [.sent])
        #expect(peer.messages == [letter.message])
    }

    @Test("row 89: dots at the beginning of lines arrive as they were") func dots() throws {
        let sink = try site.sink()
        defer { sink.stop() }
        let letter = Letter.sample(body: ".\r\n..\r\n.profile\r\n\r\n.\r\n\r\nend\r\n.")
        try site.hand(letter)
        try bench.run(try bench.settings(port: sink.port, [letter]))
        #expect(site.messages.map(\.bytes) == [letter.message])
    }

    /// What a program hands to the control socket's `send`, and the one message that comes of it.
    private func sent(_ body: [UInt8], to recipient: String = "bob@example.net") throws -> SinkMessage? {
        let sink = try site.sink()
        defer { sink.stop() }
        let running = try Running(site, try bench.settings(port: sink.port, []))
        let answer = running.ask("send", ["recipients": [.string(recipient)]], body: body)
        #expect(answer.error == nil, "\(answer)")
        #expect(running.waitForArrival())
        #expect(running.stop() == 0)
        #expect(site.messages.count == 1)
        return site.messages.first
    }

    @Test(
        "row 89: what looks like the end of a message to some servers is none",
        arguments: ["a\n.\nb", "a\r.\rb", "a\r\n.\r\nb", "a\n.\r\nMAIL FROM:<x@example.org>", "\n.\n", ".", "..\r.\n"])
    func smuggling(_ body: String) throws {
        let message = try #require(try sent(Array("Subject: s\n\n\(body)\n".utf8)))
        #expect(message.bareLineFeeds == 0)
        let bytes = message.bytes
        let bare = bytes.indices.contains { at in
            bytes[at] == 0x0d && (at + 1 == bytes.count || bytes[at + 1] != 0x0a)
                || bytes[at] == 0x0a && (at == 0 || bytes[at - 1] != 0x0d)
        }
        #expect(!bare, "\(Printable.text(bytes))")
        let lines = body.utf8.split(whereSeparator: { $0 == 0x0d || $0 == 0x0a }).map { String(Substring($0)) }
        let text = ParsedMessage(bytes).text
        for line in lines { #expect(text.contains(line), "\(text)") }
    }

    @Test(
        "row 90: addresses with CR, LF, NUL or brackets, and header fields with line ends, are refused where they come in",
        arguments: [
            "bob@example.net\r\nRCPT TO:<eve@example.net>", "bob@example.net\n", "bob\u{0}@example.net",
            "bob@example.net> SIZE=1", "<bob@example.net", "bob@exa\rmple.net", "bob@example.net SIZE=0",
        ]) func refusedAddress(_ recipient: String) throws
    {
        let sink = try site.sink()
        defer { sink.stop() }
        let running = try Running(site, try bench.settings(port: sink.port, []))
        let answer = running.ask("send", ["recipients": [.string(recipient)]], body: Array("Hello.\n".utf8))
        #expect(answer.kind == .wrong)
        #expect(running.ask("queue-list").result?["count"]?.int == 0)
        #expect(running.stop() == 0)
        #expect(site.messages.isEmpty)
    }

    @Test("row 91: a quoted address keeps to its place in the command") func quoted() throws {
        let address = #""a> ORCPT=x"@example.org"#
        let peer = try ScriptedPeer(
            hello + toMail + [.say("250 ok"), .expect("RCPT TO:<\(address)>")] + toMessage.dropFirst(3) + taken + bye)
        defer { peer.stop() }
        let letter = Letter.sample(to: [address])
        try site.hand(letter)
        try bench.run(try bench.settings(port: peer.port, [letter]), noWait: true)
        #expect(try states(letter) == [.sent])
        #expect(peer.lines.contains("RCPT TO:<\(address)>"), "\(peer.lines)")
        #expect(peer.problems == [])
    }

    @Test("row 92: a line of 5,000 octets is sent in lines that every server takes, and reads as it was")
    func longLine() throws {
        let line = "<html>" + String(repeating: "0123456789", count: 500) + "ü</html>"
        let message = try #require(try sent(Array("Subject: s\n\n\(line)\n".utf8)))
        let longest = message.bytes.split(separator: 0x0a, omittingEmptySubsequences: false).map(\.count).max()
        #expect(try #require(longest) <= 999)
        #expect(ParsedMessage(message.bytes).text.contains(line))
    }

    @Test("row 95: a letter file that was cut short is set aside, and the next one goes") func truncated() throws {
        let sink = try site.sink()
        defer { sink.stop() }
        let letters = letters(2)
        let cut = LetterFile.encode(letters[0]).dropLast(10)
        let incoming = site.folder("spool/incoming/watcher")
        try Files.makeDirectories(incoming)
        try Files.write(cut, to: "\(incoming)/\(letters[0].id).letter")
        try site.hand(letters[1])
        try bench.run(try bench.settings(port: sink.port, letters))
        #expect(site.messages.map(\.bytes) == [letters[1].message])
        let rejected = try site.names("state/mailer/rejected")
        #expect(rejected.contains { $0.hasPrefix(letters[0].id) && $0.hasSuffix(".reason") }, "\(rejected)")
    }

    @Test("row 98: a second mailer on one queue is refused, and the first one is not disturbed") func twoOwners() throws
    {
        let sink = try site.sink()
        defer { sink.stop() }
        let settings = try bench.settings(port: sink.port, letters(1))
        let running = try Running(site, settings)
        #expect(running.ask("status").error == nil)
        #expect(throws: QueueError.self) { _ = try site.mailer(settings, Mailer.Options()) }
        try hand(letters(1))
        #expect(running.waitForArrival())
        #expect(running.stop() == 0)
    }
}
