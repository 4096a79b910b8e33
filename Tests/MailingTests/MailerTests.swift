import Formats
import Glibc
import Logging
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import Settings
import Spool
import Synchronization
import TestSupport
import Testing

@testable import Control
@testable import Mailing

/// A mailer's whole place, and runs of it one after the other.
private final class Site: Sendable {
    let folder: TemporaryFolder
    let received = Mutex<[SinkMessage]>([])
    let arrival: WakeUp

    init() throws {
        folder = try TemporaryFolder()
        arrival = try WakeUp()
    }

    static let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    func settings(_ smtp: String) throws -> Settings { try Sample.settings(smtp, folder: folder.path) }

    /// `smtp` with these accounts, and a rhythm that does not keep a test waiting.
    func settings(accounts: String..., more: String = "") throws -> Settings {
        try settings(
            "smtp:\n  retry: {first: 5ms, maximum: 20ms}\n\(more)  accounts:\n"
                + accounts.map { "    - {\($0)}\n" }.joined())
    }

    func hand(_ letter: Letter, to daemon: String = "watcher") throws {
        try HandoverFolder(path: folder("spool/incoming/\(daemon)")).deposit(letter)
    }

    func mailer(_ settings: Settings, _ options: Mailer.Options, _ inbox: MailerInbox? = nil) throws -> Mailer {
        try Mailer(
            settings, options: options, inbox: try inbox ?? MailerInbox(), signals: nil, log: Self.log,
            reload: { (settings, []) })
    }

    /// Works off all that is there; with `noWait` one round. Told to stop when that takes too long, so that no test
    /// hangs.
    func run(_ settings: Settings, noWait: Bool = false) throws {
        let (inbox, over) = (try MailerInbox(), try WakeUp())
        let guardian = try Worker.start("guardian") {
            let ready = try? Poller.wait([(over.descriptor.number, .readable)], timeout: .seconds(20))
            if ready != [0] { inbox.stop() }
        }
        let mailer = try mailer(settings, Mailer.Options(untilIdle: true, noWait: noWait), inbox)
        #expect(mailer.run() == 0)
        #expect(mailer.stopsBy == nil, "it did not come to an end by itself")
        over.signal()
        guardian.join()
    }

    func sink(_ options: SinkOptions = SinkOptions()) throws -> SinkServer {
        try SinkServer(options, log: Self.log) { [self] message in
            received.withLock { $0.append(message) }
            arrival.signal()
        }
    }

    var messages: [SinkMessage] { received.withLock { $0 } }

    func queue() throws -> Queue { try Queue.open(folder: folder("state/mailer")).queue }
    func rows(_ letter: Letter) throws -> [DeliverySummary] { try queue().list(letter: letter.id) }
    func names(_ folder: String) throws -> [String] { try Files.list(self.folder(folder)) }
}

private let hello: [ScriptedPeer.Step] = [.say("220 peer"), .expect("EHLO"), .say("250 peer")]
private let envelope: [ScriptedPeer.Step] = [
    .expect("MAIL FROM:"), .say("250 ok"), .expect("RCPT TO:"), .say("250 ok"), .expect("DATA"), .say("354 go on"),
    .expectMessage,
]

private let bye: [ScriptedPeer.Step] = [.expect("QUIT"), .say("221 bye"), .close]

@Suite struct MailerTests {
    private let site: Site

    init() throws { site = try Site() }

    private func account(_ name: String, _ port: Int, _ more: String = "") -> String {
        "name: \(name), server: 127.0.0.1, port: \(port), security: none\(more)"
    }

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

    @Test("what is no letter, or may not be sent, is set aside with its reason, and the rest goes on")
    func rejected() throws {
        let sink = try site.sink()
        defer { sink.stop() }
        let settings = try site.settings(accounts: account("a", sink.port))
        let good = Letter.sample()
        try site.hand(good)
        try site.run(settings)
        var other = good
        other.message += Array("more\r\n".utf8)
        try site.hand(other)
        try site.hand(.sample(to: ["stranger@example.net"]))
        try site.hand(.sample(origin: "responder"))
        let incoming = site.folder("spool/incoming/watcher")
        let truncated = Letter.sample()
        try Files.write(LetterFile.encode(truncated).dropLast(9), to: "\(incoming)/\(truncated.id).letter")
        try Files.write([0, 1, 2], to: "\(incoming)/\(Randomness.identifier()).letter")
        try Files.makeDirectories("\(incoming)/\(Randomness.identifier()).letter")
        #expect(symlink("/etc/passwd", "\(incoming)/\(Randomness.identifier()).letter") == 0)
        try Files.write([], to: "\(incoming)/notes.txt")
        try Directory(incoming).create([0xff, 0xfe], [1], mode: 0o640)
        let next = Letter.sample()
        try site.hand(next)
        try site.run(settings)
        #expect(site.messages.map(\.bytes) == [good.message, next.message])
        let rejected = try site.names("state/mailer/rejected")
        #expect(rejected.filter { $0.hasSuffix(".reason") }.count == 9)
        #expect(rejected.count == 18)
        #expect(rejected.contains("illegible-fffe"))
        #expect(try Files.names(in: incoming).isEmpty)
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

    @Test("a wrong password pauses the account and fails nothing; with the right one the letters go")
    func wrongPassword() throws {
        var options = SinkOptions()
        options.users = [Credentials(login: "herald", password: "right")]
        options.requiresLogin = true
        let sink = try site.sink(options)
        defer { sink.stop() }
        let file = site.folder("password")
        try Files.write(Array("wrong\n".utf8), to: file)
        try Files.write(sink.authorityPEM, to: site.folder("ca.pem"))
        let login = "login: herald, password_file: \(file), ca_file: \(site.folder("ca.pem"))"
        let settings = try site.settings(
            accounts: "name: a, server: localhost, port: \(sink.port), security: starttls, \(login)")
        let letters = (0..<3).map { _ in Letter.sample() }
        for letter in letters { try site.hand(letter) }
        try site.run(settings, noWait: true)
        #expect(try letters.flatMap { try site.rows($0) }.map(\.state) == [.queued, .queued, .queued])
        var book = AccountBook(settings.smtp.accounts)
        try site.queue().restore(&book, at: SystemClock.now())
        #expect(book["a"]?.fault?.contains("535") == true)
        #expect(book["a"]?.failures == 1)
        try Files.write(Array("right\n".utf8), to: file)
        try site.run(settings)
        #expect(site.messages.count == 3)
        #expect(site.messages.allSatisfy { $0.login == "herald" })
    }

    /// What is known of account a after a run.
    private func accountState(_ settings: Settings) throws -> AccountState {
        var book = AccountBook(settings.smtp.accounts)
        try site.queue().restore(&book, at: SystemClock.now())
        return try #require(book["a"])
    }

    @Test("530 after the dot pauses the account; the letter goes back as it was")
    func loginMissingAfterDot() throws {
        let peer = try ScriptedPeer(
            hello + envelope + [.say("530 5.7.0 log in first"), .close], hello + envelope + [.say("250 ok")] + bye)
        defer { peer.stop() }
        let settings = try site.settings(accounts: account("a", peer.port))
        let letter = Letter.sample()
        try site.hand(letter)
        try site.run(settings, noWait: true)
        let row = try #require(try site.rows(letter).first)
        #expect(row.state == .queued)
        #expect(row.lastReply == "530 5.7.0 log in first")
        let state = try accountState(settings)
        #expect(state.fault?.contains("530 5.7.0 log in first") == true)
        #expect(state.failures == 1)
    }

    @Test("530 to MAIL pauses the account, though a recipient was decided before; the others take the next account")
    func loginMissing() throws {
        let peer = try ScriptedPeer(hello + [.expect("MAIL"), .say("530 5.7.0 log in first"), .close])
        defer { peer.stop() }
        let sink = try site.sink()
        defer { sink.stop() }
        let settings = try site.settings(accounts: account("a", peer.port), account("b", sink.port))
        // Without SMTPUTF8 the first is refused before anything is said.
        var letter = Letter.sample(to: ["jos\u{e9}@example.org", "second@example.org"])
        letter.alias = nil
        var open = settings
        open.report.recipients[0].email = letter.envelope.recipients[0]
        try site.hand(letter)
        try site.run(open, noWait: true)
        let rows = try site.rows(letter)
        #expect(rows.map(\.state) == [.failed, .sent])
        #expect(rows.last?.account == "b")
        #expect(try accountState(settings).isPaused)
    }

    @Test("a probe that cannot be started is over: the account is probed again")
    func probeWithoutThread() throws {
        let settings = try site.settings(accounts: account("a", 1))
        let mailer = try site.mailer(settings, Mailer.Options())
        let retry = Retry(settings.smtp.retry)
        _ = mailer.book.failed(
            "a", words: "refused", needsPerson: false, at: SystemClock.now(), retry: retry, jitter: 0)
        mailer.book["a"]?.isProbing = true
        mailer.cannotStart(.probe, settings.smtp.accounts[0], SystemError("make", "a thread", errno: EAGAIN))
        var effects = Effects()
        try mailer.record(mailer.receive(), at: SystemClock.now(), &effects)
        #expect(mailer.book["a"]?.isProbing == false)
        #expect(mailer.book["a"]?.isPaused == true)
    }

    @Test("what was asked for too long ago, and given up, is not done")
    func withdrawn() throws {
        let sink = try site.sink()
        defer { sink.stop() }
        let inbox = try MailerInbox()
        let request = ControlRequest(
            command: "send", arguments: ["recipients": ["bob@example.net"]], body: Array("Hello.\n".utf8),
            peer: ControlPeer(pid: 1, uid: geteuid(), gid: getegid()))
        #expect(inbox.ask(request, patience: .zero).kind == .later)
        let settings = try site.settings(accounts: account("a", sink.port))
        let mailer = try site.mailer(settings, Mailer.Options(untilIdle: true), inbox)
        #expect(mailer.run() == 0)
        #expect(site.messages.isEmpty)
        #expect(try mailer.queue.list().isEmpty)
    }

    @Test("a step of the clock that could not be committed is noticed again")
    func clockStep() throws {
        let mailer = try site.mailer(try site.settings(accounts: account("a", 1)), Mailer.Options())
        let due = SystemClock.now() + .seconds(7200)
        let letter = Letter.sample(notBefore: due)
        _ = try mailer.queue.takeIn(letter, at: SystemClock.now())
        mailer.clock.wall = mailer.clock.wall - .seconds(3600)
        try mailer.queue.execute("ALTER TABLE accounts RENAME TO away")
        mailer.book["a"]?.nextMessage = SystemClock.now()  // moves with the clock, and so has to be saved
        _ = mailer.round()
        #expect(mailer.databaseFault != nil)
        try mailer.queue.execute("ALTER TABLE away RENAME TO accounts")
        _ = mailer.round()
        #expect(mailer.databaseFault == nil)
        let next = try #require(try mailer.queue.list().first?.nextAttempt)
        #expect(next - due > .seconds(3590))
    }

    @Test("many strangers in a folder are refused a few at a time, and all in the end")
    func manyStrangers() throws {
        let settings = try site.settings(accounts: account("a", 1))
        let mailer = try site.mailer(settings, Mailer.Options(untilIdle: true))
        let incoming = site.folder("spool/incoming/watcher")
        for number in 0..<40 { try Files.write([], to: "\(incoming)/note \(number)") }
        for _ in 0..<40 { try Files.write([0], to: "\(incoming)/\(Randomness.identifier()).letter") }
        let first = try mailer.intake.takeIn(mailer.queue, Admission(settings), at: SystemClock.now())
        #expect(first.rejected.count == 64)
        #expect(first.hasMore)
        #expect(mailer.run() == 0)
        #expect(try site.names("spool/incoming/watcher").isEmpty)
        #expect(mailer.intake.rejectedCount == 80)
    }

    @Test("while one account cannot be reached, the next one of the alias takes over")
    func takeOver() throws {
        let gone = try ScriptedPeer([])
        gone.stop()
        let sink = try site.sink()
        defer { sink.stop() }
        let letters = (0..<3).map { _ in Letter.sample() }
        for letter in letters { try site.hand(letter) }
        try site.run(try site.settings(accounts: account("a", gone.port), account("b", sink.port)), noWait: true)
        #expect(site.messages.count == 3)
        #expect(try letters.flatMap { try site.rows($0) }.map(\.account) == ["b", "b", "b"])
    }

    @Test("a rejected recipient is no fault of the account")
    func rejectedRecipient() throws {
        let peer = try ScriptedPeer(
            hello + [
                .expect("MAIL"), .say("250 ok"), .expect("RCPT"), .say("550 5.1.1 no"), .expect("RSET"), .say("250 ok"),
            ]
                + envelope + [.say("250 2.0.0 taken")] + bye)
        defer { peer.stop() }
        let settings = try site.settings(accounts: account("a", peer.port))
        let (bad, good) = (Letter.sample(priority: .critical), Letter.sample())
        try site.hand(bad)
        try site.hand(good)
        try site.run(settings)
        #expect(peer.problems.isEmpty, "\(peer.lines)")
        #expect(try site.rows(bad).map(\.state) == [.failed])
        #expect(try site.rows(good).map(\.state) == [.sent])
        #expect(peer.connections == 1)
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

    @Test("the control socket takes a message, delivers it, and tells of it")
    func control() throws {
        let sink = try site.sink()
        defer { sink.stop() }
        let running = try Running(site, try site.settings(accounts: account("a", sink.port)))
        let sent = running.ask("send", ["recipients": ["bob@example.net"]], body: Array("Hello.\n".utf8))
        let id = try #require(sent.result?["id"]?.string, "\(sent)")
        #expect(running.waitForArrival())
        #expect(ParsedMessage(try #require(site.messages.first?.bytes)).text.contains("Hello."))
        let shown = running.ask("queue-show", ["id": .string(id)])
        #expect(shown.result?["deliveries"]?.array?.count == 1)
        #expect(shown.body == site.messages.first?.bytes)
        #expect(running.ask("queue-list").result?["deliveries"]?.array?.first?["id"]?.string == id)
        #expect(running.ask("status").result?["problems"] == .array([]))
        #expect(running.ask("queue-retract", ["id": .string(id)]).error != nil)
        #expect(running.ask("queue-show", ["id": "../../etc"]).kind == .wrong)
        #expect(running.ask("send", ["recipients": ["bob"]], body: [0x61]).kind == .wrong)
        #expect(running.ask("send", ["recipients": ["a@b.c"]], body: [0x61], uid: 65_534).kind == .denied)
        #expect(running.ask("queue-list", uid: 65_534).kind == .denied)
        #expect(running.ask("nonsense").kind == .wrong)
        #expect(running.stop() == 0)
        #expect(running.ask("status").kind == .later)
    }
}

/// A mailer at work on a thread of its own.
private final class Running: Sendable {
    private final class ExitCode: Sendable { let value = Mutex<Int32?>(nil) }

    private let site: Site
    private let inbox: MailerInbox
    private let worker: Worker
    private let code: ExitCode

    init(_ site: Site, _ settings: Settings) throws {
        let inbox = try MailerInbox()
        let code = ExitCode()
        (self.site, self.inbox, self.code) = (site, inbox, code)
        worker = try Worker.start("mailer") {
            var options = Mailer.Options()
            options.stopGrace = .milliseconds(50)
            code.value.withLock { $0 = (try? site.mailer(settings, options, inbox))?.run() }
        }
    }

    func ask(_ command: String, _ arguments: JSON = .object([]), body: [UInt8] = [], uid: UInt32? = nil)
        -> ControlResponse
    {
        let peer = ControlPeer(pid: 1, uid: uid ?? geteuid(), gid: uid ?? getegid())
        return inbox.ask(ControlRequest(command: command, arguments: arguments, body: body, peer: peer))
    }

    func waitForArrival() -> Bool {
        let ready = try? Poller.wait([(site.arrival.descriptor.number, .readable)], timeout: .seconds(20))
        return ready == [0]
    }

    func stop() -> Int32? {
        inbox.stop()
        worker.join()
        return code.value.withLock { $0 }
    }
}
