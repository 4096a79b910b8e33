// Row 60 where the account is at fault: another one may carry the letter that this one's server refuses for good.

import Formats
import Mail
import Platform
import SMTPTransport
import Settings
import Spool
import TestSupport
import Testing

@testable import Mailing

@Suite struct MailerRefusalTests {
    private let site: Site
    private let log = KeptLog()

    init() throws { site = try Site() }

    private func sink(_ command: String, _ reply: String) throws -> SinkServer {
        var options = SinkOptions()
        options.faults = [SinkFault(command, reply)]
        return try site.sink(options)
    }

    @Test(
        "row 60: what is the account's fault hands the letter to the next account, and is told once",
        arguments: [
            ("RCPT", "550 5.7.1 relaying denied", "relaying"), ("MAIL", "550 5.7.1 sender rejected", "sender"),
            ("RCPT", "550 authentication required", "login"),
            ("RCPT", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using bl.example", "host"),
            ("MAIL", "550 5.7.25 no PTR", "host"),
            ("RCPT", "554 5.7.1 <h@e.org>: Sender address rejected: not owned by user u", "sender"),
        ]) func handedOn(_ command: String, _ reply: String, _ about: String) throws
    {
        let refusing = try sink(command, reply)
        defer { refusing.stop() }
        let other = try site.sink()
        defer { other.stop() }
        let settings = try site.settings(accounts: account("a", refusing.port), account("b", other.port))
        let letters = (0..<3).map { _ in Letter.sample() }
        for letter in letters { try site.hand(letter) }
        try site.run(settings, log: log.logger)
        let rows = try letters.flatMap { try site.rows($0) }
        #expect(rows.map(\.state) == [.sent, .sent, .sent] && rows.allSatisfy { $0.account == "b" }, "\(rows)")
        #expect(rows.allSatisfy { $0.attempts == 1 } && site.messages.count == 3)
        #expect(log.all.count { $0.hasPrefix("warning: account 'a' does not carry all letters") } == 1, "\(log.all)")
        #expect(!log.all.contains { $0.contains("paused") || $0.contains("refused by 'a' for good") })
    }

    @Test(
        "a refused recipient is none of the account's faults, nor is a refusal of the message",
        arguments: [
            ("RCPT", "550 5.1.1 no such user"), ("RCPT", "550 5.7.1 rejected by policy"),
            ("DATA", "554 5.7.1 relaying denied"), (".", "550 5.7.1 relaying denied"), ("MAIL", "552 5.3.4 too large"),
        ]) func lettersFault(_ command: String, _ reply: String) throws
    {
        let refusing = try sink(command, reply)
        defer { refusing.stop() }
        let other = try site.sink()
        defer { other.stop() }
        let letter = Letter.sample()
        try site.hand(letter)
        try site.run(try site.settings(accounts: account("a", refusing.port), account("b", other.port)))
        let row = try #require(try site.rows(letter).first)
        #expect(row.state == .failed && row.lastReply == reply && site.messages.isEmpty, "\(row)")
    }

    @Test("with no account left it has failed, with the last one's words; and at once under an alias of one account")
    func noneLeft() throws {
        let (first, second) = (try sink("RCPT", "550 5.7.1 relaying denied"), try sink("MAIL", "550 5.7.60 not you"))
        defer { [first, second].forEach { $0.stop() } }
        let both = try site.settings(accounts: account("a", first.port), account("b", second.port))
        let letter = Letter.sample()
        try site.hand(letter)
        try site.run(both, log: log.logger)
        let row = try #require(try site.rows(letter).first)
        #expect(row.state == .failed && row.account == "b" && row.lastReply == "550 5.7.60 not you", "\(row)")
        #expect(log.has(.critical, "refused by 'b' for good"))
        var bound = both
        for index in bound.aliases.indices { bound.aliases[index].accounts = ["a"] }
        let alone = Letter.sample()
        try site.hand(alone)
        try site.run(bound)
        let end = try #require(try site.rows(alone).first)
        #expect(end.state == .failed && end.lastReply == "550 5.7.1 relaying denied", "\(end)")
        #expect(second.met == [1])
    }

    @Test("who has refused it is not asked again after a restart, but is after new settings and where no other is left")
    func kept() throws {
        let refusing = try sink("RCPT", "550 5.7.1 relaying denied")
        defer { refusing.stop() }
        let letter = Letter.sample()
        try site.hand(letter)
        // tcpmux: nothing listens there.
        let waiting = try site.settings(accounts: account("a", refusing.port), account("b", 1))
        try site.run(waiting, noWait: true)
        try site.run(waiting, noWait: true)
        #expect(refusing.met == [1])
        #expect(try site.rows(letter).map(\.state) == [.queued])
        do {
            let mailer = try site.mailer(waiting, Mailer.Options())
            #expect(mailer.queue.index.carriers.contains { $0.carrier == .handedOn(alias: nil, refusedBy: ["a"]) })
            mailer.reloadSettings()
            #expect(mailer.queue.index.carriers.contains { $0.carrier == .alias(nil) && $0.waiting == 1 })
            try mailer.queue.execute("UPDATE deliveries SET refused_by = '[\"a\"]'")
        }
        try site.run(try site.settings(accounts: account("a", refusing.port)))
        #expect(refusing.met == [2])
        #expect(try site.rows(letter).map(\.state) == [.failed])
    }
}
