// Delivery to a server that others wrote: Debian's Postfix with Dovecot's SASL, as Tests/Peers/postfix-dovecot starts it.

import Formats
import Glibc
import Mail
import Platform
import Spool
import TestSupport
import Testing

@Suite struct PostfixTests {
    @Test(
        "Postfix takes letters over STARTTLS with SCRAM-SHA-256 as they were; a wrong password pauses, and loses nothing",
        .disabled(if: getenv("HERALD_WITHOUT_POSTFIX") != nil, "left out: HERALD_WITHOUT_POSTFIX is set"))
    func delivery() throws {
        let peer = try PostfixPeer()
        let site = try TestSite(
            settings: """
                report: {to_email: admin@example.org}
                aliases: [{description: alerts, name: Herald on web1, address: herald@example.org, default: true}]
                watch: {journal: {enabled: false}}
                """,
            accounts: """
                [{name: office, server: localhost, port: \(peer.port), security: starttls, auth: scram-sha-256,
                ca_file: \(peer.folder)/ca.pem, login: \(peer.login), password_file: FOLDER/password}]
                """)
        try Files.write("not \(peer.password)\n".utf8, to: site.folder + "/password")

        let report = try Self.report()
        try HandoverFolder(path: site.folder + "/spool/incoming/watcher").deposit(report)
        try site.start("mailer")
        try site.awaitReady("mailer")
        #expect(
            try site.eventually(within: .seconds(300)) { try site.accountState() == "paused" }, "\(site.log("mailer"))")
        let status = try site.ask("mailer", "status").result
        let problems = status["problems"]?.array?.compactMap(\.string) ?? []
        #expect(problems.contains { $0.contains("'office'") && $0.contains("535") }, "\(problems)")
        let page = try site.ask("mailer", "queue-list").body
        let waiting = page.split(separator: 0x0a).compactMap { try? JSON.parse($0) }
        #expect(waiting.map { $0["id"]?.string } == [report.id])
        #expect(waiting.map { $0["state"]?.string } == ["queued"])
        #expect(try peer.arrived() == [])

        try Files.write("\(peer.password)\n".utf8, to: site.folder + "/password")
        site.signal("mailer", SIGHUP)
        let first = try site.eventually(within: .seconds(300)) { try peer.arrived().count == 1 }
        #expect(first, "\(site.log("mailer"))\n\(peer.log)")
        #expect(try site.accountState() == "well")

        let id = try Self.send(Self.submitted, to: "jobs@example.org", site)
        #expect(try site.eventually(within: .seconds(300)) { try peer.arrived().count >= 2 }, "\(site.log("mailer"))")
        let kept = try site.ask("mailer", "queue-show", ["id": .string(id)]).body
        #expect(Self.body(kept) == Self.body(Array(Self.submitted.utf8)))
        #expect(site.stop("mailer") == 0)

        let arrived = try peer.arrived()
        for message in [report.message, kept] {
            #expect(arrived.filter { Self.isThe($0, message) }.count == 1, "\(Self.shown(arrived))")
        }
        #expect(arrived.count == 2)
        let log = peer.log
        #expect(log.contains("TLS connection established from"))
        #expect(Self.lines(log, "authentication failed") == 1, "a refused login is tried once")
        #expect(Self.lines(log, "sasl_method=SCRAM-SHA-256, sasl_username=\(peer.login)") == 2)
        #expect(Self.lines(log, "status=sent") == 2)
    }

    private static let tricky = [
        "A line of one dot:", ".", "of two:", "..", "and one that begins with one:", ".profile", "\ta tab, blanks  ",
        "",
        String(repeating: "0123456789", count: 99) + "01234567", "From here it goes on.", "", ".", "", "",
    ].joined(separator: "\r\n")

    /// A report as the watcher hands it over, whose body a careless client would change.
    private static func report() throws -> Letter {
        let sender = try EmailAddress("herald@example.org")
        let recipient = try EmailAddress("admin@example.org")
        let id = Randomness.identifier()
        let messageID = "<\(id)@web1.example.org>"
        let head = [
            "From: Herald on web1 <herald@example.org>", "To: admin@example.org",
            "Subject: [critical] web1: =?UTF-8?Q?Datentr=C3=A4ger?= fails", "Date: Sat, 21 Nov 2026 12:00:00 +0000",
            "Message-ID: \(messageID)", "X-Herald-New-Hits: 1", "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: 7bit", "", "",
        ].joined(separator: "\r\n")
        return Letter(
            id: id, origin: "watcher", alias: "alerts",
            envelope: Envelope(sender: sender, recipients: [recipient]), priority: .critical,
            created: SystemClock.now(), subject: "[critical] web1: Datenträger fails", messageID: messageID,
            message: Array((head + tricky).utf8))
    }

    private static let submitted =
        [
            "From: Herald on web1 <herald@example.org>", "To: jobs@example.org", "Subject: by hand",
            "Date: Sat, 21 Nov 2026 12:00:01 +0000", "Message-ID: <by-hand-\(Randomness.identifier())@example.org>",
            "MIME-Version: 1.0", "Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: 7bit", "", "",
        ].joined(separator: "\r\n") + tricky

    /// `herald send`; the id that it prints.
    private static func send(_ message: String, to address: String, _ site: TestSite) throws -> String {
        let child = ChildProcess(
            ["\(TestSite.programs)/herald", "send", address, "--config", site.folder + "/herald.yaml"],
            deadline: .seconds(60))
        let result = try child.run(input: Array(message.utf8))
        try #require(result.ending == .exited(0), "\(String(decoding: result.errors, as: UTF8.self))")
        return String(decoding: result.output.prefix { $0 != 0x0a }, as: UTF8.self)
    }

    /// Whether a file of the Maildir is this message: below what Postfix puts before it (RFC 5321 section 4.4), every
    /// byte is as it was, with the line ends of files.
    private static func isThe(_ file: [UInt8], _ message: [UInt8]) -> Bool {
        let text = String(decoding: file, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let trace = ["Return-Path:", "X-Original-To:", "Delivered-To:", "Received:", " ", "\t"]
        let own = text.drop { line in trace.contains { line.hasPrefix($0) } }
        return own.joined(separator: "\n").utf8.elementsEqual(message.filter { $0 != 0x0d })
    }

    /// What follows the first empty line.
    private static func body(_ message: [UInt8]) -> String {
        let text = String(decoding: message, as: UTF8.self).replacing("\r\n", with: "\n")
        return text.firstRange(of: "\n\n").map { String(text[$0.upperBound...]) } ?? ""
    }

    private static func lines(_ log: String, _ words: String) -> Int {
        log.split(separator: "\n").count { $0.contains(words) }
    }

    private static func shown(_ files: [[UInt8]]) -> String {
        files.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n----\n")
    }
}

/// A running Postfix. Stopped, and its folder removed, when it goes.
private final class PostfixPeer {
    let folder: String
    let port: Int
    let login: String
    let password: String

    private static let script = Files.split(Files.split(#filePath).directory).directory + "/Peers/postfix-dovecot"

    init() throws {
        let folder = "/tmp/herald-postfix-\(Randomness.identifier().prefix(8))"
        try Files.makeDirectories(folder)
        self.folder = folder
        func fact(_ name: String) -> String {
            String(decoding: ((try? Files.read("\(folder)/\(name)")) ?? []).prefix { $0 != 0x0a }, as: UTF8.self)
        }
        // The first time it fetches its packages.
        let result = try Self.run("start", folder, .seconds(900))
        (port, login, password) = (Int(fact("port")) ?? 0, fact("login"), fact("password"))
        let words = String(decoding: result.errors, as: UTF8.self)
        // 77: a container or chroot without namespaces of its own.
        if result.ending == .exited(77), !Completeness.isDemanded {
            try Test.cancel("no Postfix can run here: \(words)")
        }
        try #require(
            result.ending == .exited(0),
            "no Postfix to deliver to; HERALD_WITHOUT_POSTFIX=1 leaves this test out: \(words)")
    }

    deinit {
        _ = try? Self.run("stop", folder, .seconds(30))
        try? Files.removeTree(folder)
    }

    private static func run(
        _ command: String, _ folder: String, _ deadline: Duration
    ) throws -> ChildProcess.Result {
        try ChildProcess(["/bin/sh", script, command, folder], deadline: deadline).run()
    }

    /// The files of the Maildir.
    func arrived() throws -> [[UInt8]] {
        let place = folder + "/maildir/new"
        return try Files.list(place).map { try Files.read("\(place)/\($0)") }
    }

    /// What Postfix says.
    var log: String { String(decoding: (try? Files.read(folder + "/log/mail.log")) ?? [], as: UTF8.self) }
}

extension TestSite {
    fileprivate func accountState() throws -> String? {
        try ask("mailer", "status").result["accounts"]?.array?.first?["state"]?.string
    }
}
