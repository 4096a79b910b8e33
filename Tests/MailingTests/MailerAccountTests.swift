// What becomes of an account that cannot be used, and of the letters that it carried.

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

@Suite struct MailerAccountTests {
    private let site: Site

    init() throws { site = try Site() }

    @Test("a wrong password pauses the account and fails nothing; with the right one the letters go")
    func wrongPassword() throws {
        var options = SinkOptions()
        options.users = [.password(name: "herald", Secret("right"))]
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
        do {
            // Neither a start nor a reload repeats a login that was refused.
            let mailer = try site.mailer(settings, Mailer.Options())
            #expect(mailer.book["a"]?.needsPerson == true)
            #expect(mailer.book["a"]?.probeAt == book["a"]?.probeAt)
            mailer.reloadSettings()
            #expect(mailer.book["a"]?.probeAt == book["a"]?.probeAt)
            #expect(book["a"]?.probeAt != nil)
        }
        try Files.write(Array("right\n".utf8), to: file)
        try site.run(settings)
        #expect(site.messages.count == 3)
        #expect(site.messages.allSatisfy { $0.login == "herald" })
    }

    @Test("row 51: a login that is refused while an older session lives is tried once a connection, not once a letter")
    func noHammering() throws {
        var options = SinkOptions()
        options.users = [.password(name: "herald", Secret("right"))]
        (options.offersLoginWithoutTLS, options.requiresLogin) = (true, true)
        options.faults = [SinkFault("AUTH", "535 5.7.8 the password was changed", after: 1)]
        let sink = try site.sink(options)
        defer { sink.stop() }
        let file = site.folder("password")
        try Files.write(Array("right\n".utf8), to: file)
        let more = ", login: herald, password_file: \(file), allow_plaintext_login: true, max_connections: 4"
        let settings = try site.settings("smtp:\n  accounts: [{\(account("a", sink.port, more))}]\n")
        for _ in 0..<20 { try site.hand(Letter.sample(priority: .bulk)) }
        let said = KeptLog()
        try site.run(settings, noWait: true, log: said.logger)
        #expect(sink.met[0] > 1 && sink.met[0] <= 5, "\(sink.met) logins")
        #expect(said.all.count { $0.contains("is paused") } == 1, "\(said.all)")
        #expect(said.all.allSatisfy { !$0.contains("works again") })
        #expect(!site.messages.isEmpty)
        let state = try accountState(settings)
        #expect(state.needsPerson && state.failures == 1)
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

    @Test("what a thread of a relay says counts no more when its account delivers directly, and the other way round")
    func relayBecomesDirect() throws {
        let relay = try site.settings(accounts: account("a", 1))
        let direct = try site.settings(accounts: "name: a, server: direct")
        for (before, after) in [(relay, direct), (direct, relay)] {
            let mailer = try site.mailer(after, Mailer.Options())
            var effects = Effects()
            var report = DeliveryReport(thread: 1, account: before.smtp.accounts[0])
            report.fault = SessionFault(.login, "535 5.7.8 no", [.tryAgain, .tellOperator])
            try mailer.record(report, at: SystemClock.now(), &effects)
            #expect(mailer.book["a"]?.isPaused == false)
            // Nor does its success make the other one well.
            _ = mailer.book.failed(
                "a", words: "refused", needsPerson: false, at: SystemClock.now(), retry: Retry(after.smtp.retry))
            report.fault = nil
            try mailer.record(report, at: SystemClock.now(), &effects)
            #expect(mailer.book["a"]?.isPaused == !after.smtp.accounts[0].isDirect)
        }
    }

    @Test("a relay that was paused and delivers directly now is well from the start on, and nothing probes it")
    func pausedBeforeStart() throws {
        let relay = try site.settings(accounts: account("a", 1))
        let direct = try site.settings(accounts: "name: a, server: direct")
        let letter = Letter.sample()
        try site.hand(letter)
        try site.run(relay, noWait: true)
        #expect(try accountState(relay).isPaused)
        let mailer = try site.mailer(direct, Mailer.Options())
        #expect(mailer.book["a"]?.isPaused == false)
        var effects = Effects()
        try mailer.schedule(at: SystemClock.now(), &effects)
        #expect(effects.orders.allSatisfy { if case .probe = $0.order { false } else { true } })
        #expect(effects.orders.contains { if case .deliver = $0.order { true } else { false } })
    }

    @Test("a look at the name server says nothing of the account that it is made for")
    func survey() throws {
        let settings = try site.settings(accounts: account("a", 1))
        let mailer = try site.mailer(settings, Mailer.Options())
        _ = mailer.book.failed(
            "a", words: "refused", needsPerson: false, at: SystemClock.now(), retry: Retry(settings.smtp.retry))
        mailer.inbox.events.post(.surveyed(thread: 1, "no DNSSEC"))
        var effects = Effects()
        try mailer.record(mailer.receive(), at: SystemClock.now(), &effects)
        #expect(mailer.book["a"]?.isPaused == true)
        #expect(try mailer.status(at: SystemClock.now())["dane"]?.string == "no DNSSEC")
    }

    @Test("a probe that cannot be started is over: the account is probed again")
    func probeWithoutThread() throws {
        let settings = try site.settings(accounts: account("a", 1))
        let mailer = try site.mailer(settings, Mailer.Options())
        let retry = Retry(settings.smtp.retry)
        _ = mailer.book.failed(
            "a", words: "refused", needsPerson: false, at: SystemClock.now(), retry: retry)
        mailer.book["a"]?.isProbing = true
        mailer.cannotStart(.probe, settings.smtp.accounts[0], SystemError("make", "a thread", errno: EAGAIN))
        var effects = Effects()
        try mailer.record(mailer.receive(), at: SystemClock.now(), &effects)
        #expect(mailer.book["a"]?.isProbing == false)
        #expect(mailer.book["a"]?.isPaused == true)
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
}
