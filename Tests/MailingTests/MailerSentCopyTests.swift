// Copies of what was sent, through the whole mailer, with Dovecot (Tests/Peers/dovecot-imap).

import Authorization
import Formats
import Glibc
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import Settings
import TestSupport
import Testing

@testable import Control
@testable import Mailing

/// Left out where the machine cannot run it, unless nothing may be.
private func dovecot() throws -> DovecotPeer {
    do {
        return try DovecotPeer()
    } catch let refusal as TokenPeer.Refused where refusal.isImpossible && !Completeness.isDemanded {
        try Test.cancel("no Dovecot can run here: \(refusal.words)")
    }
}

@Suite struct MailerSentCopyTests {
    private let site: Site

    init() throws { site = try Site() }

    /// One account on the sink, one alias with that folder.
    private func settings(_ port: Int, _ folder: String, server: String = "127.0.0.1") throws -> Settings {
        let yaml = """
            paths: {state: \(site.folder("state")), spool: \(site.folder("spool")), run: \(site.folder("run"))}
            report:
              to: [{email: admin@example.org}, {email: second@example.org}, {email: third@example.org}]
            smtp:
              retry: {first: 5ms, maximum: 20ms}
              accounts: [{name: a, server: \(server), port: \(port), security: none}]
            aliases: [{description: alerts, address: herald@example.org, sent_folder: \(folder)}]
            """
        let file = ConfigurationFile(path: "herald.yaml", bytes: Array(yaml.utf8), permissions: 0o600)
        let (settings, diagnostics) = Settings.load([file], host: Settings.Host(mailName: "host.example.org"))
        return try #require(settings, "\(diagnostics)")
    }

    private func folder(_ peer: DovecotPeer, _ user: String, _ more: String = "") -> String {
        "{server: 'localhost:\(peer.imaps)', login: \(user)@example.org, password: '\(peer.password)', ca_file: \(peer.authority)\(more)}"
    }

    private func copies() throws -> [(state: Int64?, attempts: Int64?, words: String?)] {
        try site.queue().rows("SELECT state, attempts, words FROM sent_copies ORDER BY letter").map {
            ($0[0].int, $0[1].int, $0[2].string)
        }
    }

    /// All waiting copies are due now, as if their time had come.
    private func makeDue() throws {
        try site.queue().execute("UPDATE sent_copies SET next_attempt = 0 WHERE state = 0")
    }

    @Test(
        "a copy is filed once for each letter that was sent, whatever the number of recipients, and none of what was not"
    )
    func whole() throws {
        let peer = try dovecot()
        var options = SinkOptions()
        options.faults = [SinkFault("RCPT TO:<third@", "550 5.1.1 no")]
        let sink = try site.sink(options)
        defer { sink.stop() }
        let settings = try settings(sink.port, folder(peer, "marked"))
        let both = Letter.sample(to: ["admin@example.org", "second@example.org"])
        let refused = Letter.sample(to: ["third@example.org"])
        for letter in [both, refused] { try site.hand(letter) }
        try site.run(settings)
        #expect(try site.rows(both).map(\.state) == [.sent, .sent])
        #expect(try site.rows(refused).map(\.state) == [.failed])
        let filed = try peer.messages("marked@example.org", DovecotPeer.marked)
        #expect(filed.count == 1)
        #expect(filed.first?.bytes == both.message.filter { $0 != 0x0d })
        #expect(filed.first?.file.hasSuffix(":2,S") == true)
        #expect(try copies().map(\.state) == [1])
        // Another start files nothing again.
        try site.run(settings)
        #expect(try peer.messages("marked@example.org", DovecotPeer.marked).count == 1)
    }

    @Test(
        "a folder that fails leaves the delivery alone: it is sent, the copy waits, the status says why",
        arguments: [
            ("full", "", "mailbox is full"), ("bare", ", folder: Sent", "make the folder"), ("bare", "", "'folder'"),
        ])
    func failing(_ user: String, _ more: String, _ words: String) throws {
        let peer = try dovecot()
        let sink = try site.sink()
        defer { sink.stop() }
        let settings = try settings(sink.port, folder(peer, user, more))
        let letters = (0..<3).map { _ in Letter.sample() }
        for letter in letters { try site.hand(letter) }
        try site.run(settings)
        #expect(site.messages.count == 3)
        #expect(try letters.flatMap { try site.rows($0) }.allSatisfy { $0.state == .sent && $0.attempts == 1 })
        let rows = try copies()
        #expect(rows.map(\.state) == [0, 0, 0])
        // The folder is at fault and not the copy: the others do not try for a while.
        #expect(rows.compactMap(\.attempts).reduce(0, +) == 1)
        let mailer = try site.mailer(settings, Mailer.Options())
        let status = try mailer.status(at: SystemClock.now())
        let problems = status["problems"]?.array?.compactMap(\.string) ?? []
        #expect(
            problems.contains { $0.contains("of what 'alerts' sent cannot be filed") && $0.contains(words) },
            "\(problems)")
        #expect(!status.text.contains(peer.password))
    }

    @Test("killed in the middle of filing, the copy is there once: before a repetition the folder is searched")
    func killed() throws {
        let peer = try dovecot()
        let sink = try site.sink()
        defer { sink.stop() }
        let settings = try settings(sink.port, folder(peer, "marked"))
        let (arrived, lost) = (Letter.sample(), Letter.sample())
        for letter in [arrived, lost] { try site.hand(letter) }
        try site.run(try self.settings(sink.port, "{server: 'localhost:1', login: x, password: y}"))
        #expect(site.messages.count == 2)
        // Claimed, and then the mailer was gone: of one the APPEND had come to its end, of the other it had not.
        do {
            let queue = try site.queue()
            try queue.execute("UPDATE sent_copies SET next_attempt = 0, attempts = 0, words = NULL")
            let now = SystemClock.now()
            for _ in 0..<2 {
                let row = try #require(
                    try queue.transaction { () throws(QueueError) in
                        try queue.claimCopy(at: now, longest: SentMailbox.longest(bytes:))
                    })
                #expect(row.attempts == 1)
            }
            #expect(
                try queue.claimCopy(at: now, longest: SentMailbox.longest(bytes:)) == nil,
                "not before the first one is over")
            let next = try #require(try queue.nextCopy())
            #expect(next - now >= .seconds(240), "longer than an attempt can take")
        }
        var mailbox = SentMailbox(
            server: ServerAddress(host: "localhost", port: peer.imaps), isTLS: true,
            login: .password(name: "marked@example.org", Secret(peer.password)))
        mailbox.caFile = peer.authority
        try mailbox.append(arrived.message, to: Array(DovecotPeer.marked.utf8))
        try makeDue()
        try site.run(settings)
        #expect(try copies().map(\.state) == [1, 1])
        let filed = try peer.messages("marked@example.org", DovecotPeer.marked).map { $0.bytes.filter { $0 != 0x0d } }
        #expect(filed.count == 2)
        for letter in [arrived, lost] { #expect(filed.count { $0 == letter.message.filter { $0 != 0x0d } } == 1) }
    }

    @Test("by token: one that the IMAP server refuses is renewed once") func token() throws {
        let peer = try dovecot()
        let sink = try site.sink()
        defer { sink.stop() }
        let oauth =
            "{provider: custom, client_id: c, token_url: 'https://127.0.0.1:1/', device_url: 'https://127.0.0.1:1/'}"
        let folder =
            "{server: 'localhost:\(peer.imap)', security: starttls, ca_file: \(peer.authority), login: marked@example.org, oauth: \(oauth)}"
        let settings = try settings(sink.port, folder)
        let owner = TokenOwner.sentFolder(alias: "alerts")
        let source = try #require(settings.tokenSources[owner])
        var record = TokenRecord(client: source.oauth.client)
        record.take(
            TokenReply(
                accessToken: try peer.token(for: "marked@example.org"), lifetime: .seconds(600),
                refreshToken: Secret("r")),
            at: SystemClock.now())
        try Files.makeDirectories(site.folder("state/mailer"))
        try TokenKeeper.put(record, for: owner, folder: site.folder("state/mailer"))
        try site.hand(Letter.sample())
        try site.run(settings)
        #expect(try peer.messages("marked@example.org", DovecotPeer.marked).count == 1)
        // An expired one: there is nobody to renew it here, and the copy waits with the reason.
        record.take(
            TokenReply(
                accessToken: try peer.token(for: "marked@example.org", lifetime: .seconds(-600)),
                lifetime: .seconds(600)),
            at: SystemClock.now())
        try TokenKeeper.put(record, for: owner, folder: site.folder("state/mailer"))
        let second = Letter.sample()
        try site.hand(second)
        try site.run(settings)
        #expect(try site.rows(second).map(\.state) == [.sent])
        #expect(try copies().compactMap(\.words).contains { $0.contains("no access token now") })
    }

    @Test("after two days it is told once, and given up; a folder that is in the settings no more is given up at once")
    func givenUp() throws {
        let sink = try site.sink()
        defer { sink.stop() }
        let settings = try settings(sink.port, "{server: 'localhost:1', login: x, password: y}")
        try site.hand(Letter.sample())
        try site.run(settings)
        #expect(try copies().map(\.state) == [0])
        let mailer = try site.mailer(settings, Mailer.Options())
        let id = try #require(try mailer.queue.rows("SELECT letter FROM sent_copies").first?[0].string)
        var effects = Effects()
        let fault = FilingFault(words: "the server is gone")
        try mailer.recordCopy(id, fault, at: SystemClock.now() + .seconds(47 * 3600), &effects)
        #expect(effects.says.allSatisfy { $0.level != .error })
        try mailer.recordCopy(id, fault, at: SystemClock.now() + .seconds(49 * 3600), &effects)
        #expect(effects.says.count { $0.level == .error && $0.text.contains("given up") } == 1)
        #expect(try mailer.copyProblems().isEmpty)
        try mailer.recordCopy(id, fault, at: SystemClock.now() + .seconds(50 * 3600), &effects)
        #expect(effects.says.count { $0.level == .error } == 1, "told once")
        #expect(try mailer.queue.copyFacts()["given_up"]?.int == 1)
    }

    @Test("the wait between tries grows from a minute to four hours") func rhythm() throws {
        let sink = try site.sink()
        defer { sink.stop() }
        try site.hand(Letter.sample())
        let settings = try settings(sink.port, "{server: 'localhost:1', login: x, password: y}")
        try site.run(settings)
        let mailer = try site.mailer(settings, Mailer.Options())
        let id = try #require(try mailer.queue.rows("SELECT letter FROM sent_copies").first?[0].string)
        let now = SystemClock.now()
        var waits: [Int64] = []
        for attempt in 1...12 {
            try mailer.queue.execute("UPDATE sent_copies SET attempts = ?", [.integer(Int64(attempt))])
            var effects = Effects()
            try mailer.recordCopy(id, FilingFault(words: "x"), at: now, &effects)
            let next = try #require(try mailer.queue.nextCopy())
            waits.append((next - now).microseconds / 1_000_000)
        }
        for (attempt, wait) in waits.enumerated() {
            let ideal: Int64 = min(14_400, 60 << Int64(attempt))
            let (least, most) = (ideal * 9 / 10 - 1, ideal * 11 / 10 + 1)
            #expect(wait >= least && wait <= most, "\(waits)")
        }
    }

    @Test(
        "where the provider files by itself, there is none",
        arguments: [
            ("smtp.gmail.com", "imap.gmail.com", true), ("SMTP.GMAIL.COM", "imap.googlemail.com", true),
            ("smtp-relay.gmail.com", "imap.gmail.com", false), ("smtp.office365.com", "outlook.office365.com", true),
            ("contoso.mail.protection.outlook.com", "outlook.office365.com", false),
            ("smtp.gmail.com", "imap.example.org", false),
            ("mail.example.org", "mail.example.org", false), ("smtp.fastmail.com", "imap.fastmail.com", false),
        ])
    func provider(_ server: String, _ imap: String, _ files: Bool) {
        #expect(MailProvider.filesByItself(sentThrough: server, keptAt: imap) == files)
    }

    @Test("what is forgotten of a letter is its copy too, but not while that waits") func forgotten() throws {
        let sink = try site.sink()
        defer { sink.stop() }
        try site.hand(Letter.sample())
        try site.run(try settings(sink.port, "{server: 'localhost:1', login: x, password: y}"))
        let queue = try site.queue()
        let later = SystemClock.now() + .seconds(60)
        #expect(try queue.transaction { () throws(QueueError) in try queue.forget(before: later) } == 0)
        try queue.execute("UPDATE sent_copies SET state = 2")
        #expect(try queue.transaction { () throws(QueueError) in try queue.forget(before: later) } == 1)
        #expect(try queue.rows("SELECT * FROM sent_copies").isEmpty)
    }
}
