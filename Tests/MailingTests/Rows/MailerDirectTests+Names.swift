// In the bed of MailerNetworkTests: rows about the name of an account's server.

import Formats
import Mail
import Platform
import SMTPTransport
import Settings
import TestSupport
import Testing

@testable import Mailing

extension MailerDirectTests {
    /// One letter through an account whose server has this name, and what became of both.
    private func attempt(_ name: String, port: Int = 25, _ bench: FaultRowBench) throws -> (
        DeliverySummary, AccountState
    ) {
        let letter = Letter.sample()
        var settings = try bench.settings(port: port, [letter])
        settings.smtp.accounts[0].server = name
        try bench.site.hand(letter)
        try bench.run(settings, noWait: true)
        return (try #require(try bench.site.rows(letter).first), try bench.account(settings))
    }

    @Test("row 1: the name server fails for an account's server: another account, or later; nobody has to mend it")
    func nameServerFails() throws {
        let bench = try FaultRowBench()
        let (delivery, account) = try attempt("mail.lame.test", bench)
        #expect(delivery.state == .queued && delivery.attempts == 0)
        #expect(account.isPaused && !account.needsPerson, "\(account)")
        #expect(bench.log.has(.error, "the name server fails"), "\(bench.log.all)")
    }

    @Test("row 2: an account's server has no such name: a person has to mend it, and no letter has failed")
    func noSuchName() throws {
        let bench = try FaultRowBench()
        let (delivery, account) = try attempt("nowhere.signed.test", bench)
        #expect(delivery.state == .queued && delivery.attempts == 0)
        #expect(account.isPaused && account.needsPerson, "\(account)")
        #expect(bench.log.has(.critical, "there is no such name"), "\(bench.log.all)")
    }

    @Test("row 6: an IPv6 address that swallows packets costs a quarter of a second, not the letter")
    func blackIPv6() throws {
        let bench = try FaultRowBench()
        var options = SinkOptions()
        options.host = "127.0.0.11"
        let sink = try bench.site.sink(options)
        defer { sink.stop() }
        let hole = try BlackHole("::1", port: sink.port)
        let began = SystemClock.monotonic()
        let (delivery, account) = try attempt("mx1.signed.test", port: sink.port, bench)
        let took = SystemClock.monotonic() - began
        #expect(delivery.state == .sent && delivery.attempts == 1)
        #expect(!account.isPaused)
        // The connection would have had thirty.
        #expect(took < .seconds(15), "it took \(took)")
        withExtendedLifetime(hole) {}
    }
}
