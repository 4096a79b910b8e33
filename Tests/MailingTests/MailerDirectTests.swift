// In the bed of MailerNetworkTests: `server: direct` through the whole mailer, from a letter in the queue to a host's reply.

import Database
import Formats
import Glibc
import Mail
import Platform
import SMTPTransport
import Settings
import Synchronization
import TestSupport
import Testing

@testable import Mailing

private let folder = getenv("HERALD_DNS_BED").map { String(cString: $0) } ?? ""

/// A mailer that delivers directly, and hosts of the bed's zones.
private final class DirectSite {
    let site = try? Site()
    private var sinks: [SinkServer] = []
    let settings: Settings

    init(_ hosts: [(address: String, certificate: String, faults: [SinkFault])], allowsPrivate: Bool = true) throws {
        settings = try #require(site).settings(
            accounts: "name: direct, server: direct, helo_name: herald.signed.test, server_timeout: 10s",
            more: "  allow_private_mx: \(allowsPrivate)\n")
        for host in hosts {
            var options = SinkOptions()
            (options.host, options.port, options.faults) = (host.address, 25, host.faults)
            var certificate = try ServerCertificate.make()
            certificate.certificatePEM = try Files.read("\(folder)/\(host.certificate).pem")
            certificate.keyPEM = try Files.read("\(folder)/\(host.certificate).key")
            options.certificate = certificate
            sinks.append(try #require(site).sink(options))
        }
    }

    deinit { for sink in sinks { sink.stop() } }

    /// One look at all that is due. Returns the letters' deliveries and what status says.
    func run(_ letters: [Letter], redirectedTo addresses: [String] = []) throws -> (
        rows: [String: DeliverySummary], status: JSON
    ) {
        var settings = settings
        settings.smtp.redirect.enabled = !addresses.isEmpty
        settings.smtp.redirect.to = try addresses.map { try EmailAddress($0) }
        let mailer = try #require(site).mailer(settings, Mailer.Options(untilIdle: true, noWait: true))
        for letter in letters { _ = try mailer.queue.takeIn(letter, at: SystemClock.now()) }
        #expect(mailer.run() == 0)
        var rows: [String: DeliverySummary] = [:]
        for row in try mailer.queue.list() { rows[row.recipient] = row }
        return (rows, try mailer.status(at: SystemClock.now()))
    }

    /// To how it came: the TLS of each recipient's connection.
    var arrivals: [String: String] {
        var arrivals: [String: String] = [:]
        for message in site?.messages ?? [] {
            for recipient in message.recipients { arrivals[recipient] = message.tlsVersion ?? "plain" }
        }
        return arrivals
    }
}

private func letter(_ domains: String...) -> Letter {
    .sample(to: domains.map { "someone@\($0)" }, priority: .bulk)
}

@Suite(.enabled(if: !folder.isEmpty, "runs in the bed that MailerNetworkTests starts"), .serialized)
struct MailerDirectTests {
    @Test("rows 3 to 5, 11: what no host will ever take has failed, with the reason; the account goes on")
    func permanent() throws {
        let direct = try DirectSite([("127.0.0.13", "mx1", [SinkFault("CONNECT", "554 5.7.1 not from you")])])
        let reasons = [
            "nowhere.signed.test": "5.1.2", "null.signed.test": "5.1.10", "self.signed.test": "5.4.6",
            "alias.signed.test": "5.4.6", "plain.signed.test": "554 5.7.1 not from you",
        ]
        let (rows, status) = try direct.run(reasons.keys.sorted().map { letter($0) })
        for (domain, words) in reasons {
            let row = try #require(rows["someone@\(domain)"])
            #expect(row.state == .failed, "\(domain): \(row)")
            #expect(row.lastReply?.hasPrefix(words) == true, "\(domain): \(row.lastReply ?? "")")
        }
        #expect(status["accounts"]?.array?.first?["state"]?.string == "well")
    }

    @Test("row 5: a private host is none, unless smtp.allow_private_mx says so")
    func privateHost() throws {
        let direct = try DirectSite([("127.0.0.13", "mx1", [])], allowsPrivate: false)
        let (rows, _) = try direct.run([letter("private.signed.test"), letter("plain.signed.test")])
        #expect(rows.values.allSatisfy { $0.state == .failed && $0.lastReply?.hasPrefix("5.4.6") == true }, "\(rows)")
        #expect(direct.arrivals.isEmpty)
    }

    @Test("rows 46 to 48: DANE, records that cannot be used, a policy; what does not fit waits, and only that")
    func protection() throws {
        let direct = try DirectSite([
            ("127.0.0.11", "mx1", []), ("127.0.0.13", "mx1", []), ("127.0.0.14", "mx1", []), ("127.0.0.15", "mx1", []),
            ("127.0.0.41", "sts", []),
        ])
        let all = letter(
            "signed.test", "plain.signed.test", "mismatch.signed.test", "unusable.signed.test", "granted.test",
            "impostor.test", "unnamed.test")
        let (rows, status) = try direct.run([all])
        for (domain, state) in [
            "signed.test": DeliveryState.sent, "plain.signed.test": .sent, "mismatch.signed.test": .queued,
            "unusable.signed.test": .sent, "granted.test": .sent, "impostor.test": .queued, "unnamed.test": .queued,
        ] {
            let row = try #require(rows["someone@\(domain)"])
            #expect(row.state == state, "\(domain): \(row.lastReply ?? "")")
            #expect(direct.arrivals["someone@\(domain)"] == (state == .sent ? "TLSv1.3" : nil), "\(domain)")
        }
        #expect(status["accounts"]?.array?.first?["state"]?.string == "well")
        let troubled = (status["destinations"]?.array ?? []).compactMap { $0["domain"]?.string }.sorted()
        #expect(troubled == ["impostor.test", "mismatch.signed.test", "unnamed.test"])
    }

    @Test(
        "row 1: a name server that fails makes its domain wait, a host that is not there its own; the others get theirs"
    )
    func outage() throws {
        let direct = try DirectSite([("127.0.0.13", "mx1", [])])
        let dead = (0..<30).map { _ in letter("mismatch.signed.test") }
        let (rows, status) = try direct.run(dead + [letter("lame.test"), letter("plain.signed.test")])
        #expect(rows["someone@plain.signed.test"]?.state == .sent)
        #expect(rows["someone@lame.test"]?.state == .queued)
        #expect(rows["someone@lame.test"]?.lastReply?.hasPrefix("4.4.3") == true)
        #expect(status["queue"]?["queued"]?.int == 31)
        // Of thirty letters one was tried.
        let queue = try #require(direct.site).queue()
        #expect(
            try queue.rows("SELECT sum(attempts) FROM deliveries WHERE recipient LIKE '%mismatch%'") == [[.integer(1)]])
        #expect(try queue.rows("SELECT count(*) FROM lanes WHERE failures = 1 AND open_until > 0") == [[.integer(2)]])
    }

    @Test("a policy outlives a restart: who can forge the web server's answer cannot switch it off")
    func policyKept() throws {
        let direct = try DirectSite([("127.0.0.41", "sts", []), ("127.0.0.42", "sts", [])])
        #expect(try direct.run([letter("unnamed.test")]).rows.values.map(\.state) == [.queued])
        let policy = "\(folder)/policies/unnamed.test"
        let before = try Files.read(policy)
        defer { try? Files.write(before, to: policy) }
        try Files.write(Array("200 text/plain\nversion: STSv1\nmode: none\nmax_age: 86400\n".utf8), to: policy)
        try {
            let queue = try #require(direct.site).queue()
            #expect(
                try queue.rows("SELECT id, mode, hosts FROM policies") == [
                    [.text("1"), .text("enforce"), .text("mx.elsewhere.test")]
                ])
            try queue.execute("UPDATE deliveries SET next_attempt = 0")
            try queue.execute("DELETE FROM lanes")
        }()
        let again = try #require(try direct.run([]).rows["someone@unnamed.test"])
        #expect(again.state == .queued && again.attempts == 2, "\(again)")
        #expect(direct.arrivals.isEmpty)
    }

    @Test(
        "of two domains that a letter is redirected to, the one whose answer was lost gets it again, and the other does not"
    )
    func redirectedUncertain() throws {
        let direct = try DirectSite([
            ("127.0.0.13", "mx1", []), ("127.0.0.11", "mx1", [SinkFault(".", "354 what?", times: 1)]),
        ])
        let addresses = ["a@plain.signed.test", "b@signed.test"]
        let row = try #require(try direct.run([letter("elsewhere.test")], redirectedTo: addresses).rows.values.first)
        #expect(row.state == .uncertain && row.lastReply?.contains("b@signed.test may have it") == true, "\(row)")
        #expect(direct.site?.messages.map(\.recipients) == [["a@plain.signed.test"]])
        try {
            let queue = try #require(direct.site).queue()
            #expect(
                try queue.rows("SELECT recipients, partly FROM redirects") == [
                    [.text("[\"b@signed.test\"]"), .integer(1)]
                ])
            try queue.execute("UPDATE deliveries SET next_attempt = 0")
        }()
        let again = try #require(try direct.run([]).rows.values.first)
        #expect(again.state == .sent, "\(again)")
        #expect(direct.site?.messages.map(\.recipients) == [["a@plain.signed.test"], ["b@signed.test"]])
    }

    @Test("what one domain of a redirected letter has answered is committed before another gets its dot")
    func redirectedPartly() throws {
        let direct = try DirectSite([("127.0.0.13", "mx1", [])])
        let path = try #require(direct.site).folder("state/mailer/queue.db")
        let seen = Mutex<[[SQLValue]]>([])
        var options = SinkOptions()
        (options.host, options.port) = ("127.0.0.11", 25)
        options.certificate = try ServerCertificate.make()
        options.certificate?.certificatePEM = try Files.read("\(folder)/mx1.pem")
        options.certificate?.keyPEM = try Files.read("\(folder)/mx1.key")
        let sink = try SinkServer(options, log: Site.log) { _ in
            let database = try Database(path: path, access: .readOnly)
            let rows = try database.query("SELECT recipients, partly, state FROM redirects JOIN deliveries")
            seen.withLock { $0 = rows }
        }
        defer { sink.stop() }
        let rows = try direct.run(
            [letter("elsewhere.test")], redirectedTo: ["a@plain.signed.test", "b@signed.test"]
        ).rows
        #expect(rows.values.map(\.state) == [.sent])
        #expect(seen.withLock { $0 } == [[.text("[\"b@signed.test\"]"), .integer(1), .integer(3)]])
    }

    @Test("a lost answer makes a letter uncertain there too, and it goes again through the same account")
    func uncertain() throws {
        let direct = try DirectSite([("127.0.0.13", "mx1", [SinkFault(".", "354 what?", times: 1)])])
        #expect(try direct.run([letter("plain.signed.test")]).rows.values.map(\.state) == [.uncertain])
        try {
            let queue = try #require(direct.site).queue()
            try queue.execute("UPDATE deliveries SET next_attempt = 0")
        }()
        let row = try #require(try direct.run([]).rows["someone@plain.signed.test"])
        #expect(row.state == .sent && row.account == "direct", "\(row)")
    }
}
