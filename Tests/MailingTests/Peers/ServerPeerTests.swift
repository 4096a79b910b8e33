// Delivery to servers that others wrote, with a mailer's queue, threads and client: Exim, OpenSMTPD, Postfix with postgrey,
// Dovecot's submission.

import Formats
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import TestSupport
import Testing

@testable import Mailing

@Suite(.serialized, .disabled(if: ServerPeer.areLeftOut, "left out: HERALD_WITHOUT_PEERS is set"))
struct ServerPeerTests {
    private let bench: FaultRowBench
    private var site: Site { bench.site }

    init() throws { bench = try FaultRowBench() }

    private func delivery(_ letter: Letter) throws -> [DeliverySummary] { try site.rows(letter) }

    /// What a careless client would change.
    private static let tricky = [
        "A line of one dot:", ".", "of two:", "..", ".profile", "\ta tab, blanks  ", "",
        String(repeating: "0123456789", count: 99) + "01234567", "", ".", "",
    ].joined(separator: "\r\n")

    /// With all that servers put into a letter that lacks it.
    private func letter(
        to recipients: [String] = ["admin@example.org"], subject: String = "s", body: String = "It broke."
    ) -> Letter {
        var letter = Letter.sample(to: recipients, body: body)
        let head = "Date: Sat, 21 Nov 2026 12:00:01 +0000\r\nTo: \(recipients[0])\r\nSubject: \(subject)\r\n"
        letter.message = Array(
            String(decoding: letter.message, as: UTF8.self).replacing("Subject: s\r\n", with: head).utf8)
        return letter
    }

    private let large = String(repeating: "a line of a letter that is too large\r\n", count: 1000)

    @Test(
        "Exim: a login by CRAM-MD5, every byte as it was; what is too large, or refused after the message, has failed")
    func exim() throws {
        let peer = try ServerPeer(.exim)
        let letters = [
            letter(body: Self.tricky), letter(body: large), letter(to: ["second@example.org", "refused@example.org"]),
        ]
        for letter in letters { try site.hand(letter) }
        let login = ", login: user, password_file: FOLDER/password, allow_plaintext_login: true"
        let settings = try bench.settings(port: peer.port, letters, more: login)
        try bench.run(settings)
        #expect(try letters.map { try delivery($0).map(\.state) } == [[.sent], [.failed], [.failed, .failed]])
        let words = try letters.flatMap { try delivery($0).compactMap(\.lastReply) }
        #expect(words[1].contains("the server takes 20480 at most (5.3.4)"), "\(words)")
        #expect(words[2].hasPrefix("550 this one is refused"), "\(words)")
        let files = try peer.awaitArrivals(1)
        #expect(files.count == 1 && ServerPeer.isThe(files[0], letters[0].message), "\(peer.log)")
        #expect(bench.log.all.contains { $0.contains("AUTH CRAM-MD5") })
    }

    @Test("OpenSMTPD, without PIPELINING: each recipient has its own answer, every byte is as it was")
    func openSMTPD() throws {
        let peer = try ServerPeer(.opensmtpd)
        let letter = letter(
            to: ["admin@example.org", "refused@example.net", "third@example.org"], body: Self.tricky)
        try site.hand(letter)
        try bench.run(try bench.settings(port: peer.port, [letter]))
        #expect(try delivery(letter).map(\.state) == [.sent, .failed, .sent])
        let refusal = try delivery(letter).first { $0.state == .failed }?.lastReply
        #expect(refusal?.hasPrefix("550 ") == true, "\(refusal ?? "")")
        let files = try peer.awaitArrivals(2)
        #expect(files.count == 2 && files.allSatisfy { ServerPeer.isThe($0, letter.message) }, "\(peer.log)")
    }

    @Test("Postfix: a word that it refuses and a size that it refuses fail; nothing of them arrives")
    func postfixRefusals() throws {
        let peer = try ServerPeer(.postfix)
        let letters = [letter(subject: "FORBIDDEN"), letter(body: large), letter(body: Self.tricky)]
        for letter in letters { try site.hand(letter) }
        try bench.run(try bench.settings(port: peer.port, letters))
        #expect(try letters.flatMap { try delivery($0).map(\.state) } == [.failed, .failed, .sent])
        let words = try letters.flatMap { try delivery($0).compactMap(\.lastReply) }
        #expect(words[0].hasPrefix("550 5.7.1 ") && words[0].contains("not with that word"), "\(words)")
        #expect(words[1].contains("(5.3.4)"), "\(words)")
        let files = try peer.awaitArrivals(1)
        #expect(files.count == 1 && ServerPeer.isThe(files[0], letters[2].message), "\(peer.log)")
    }

    @Test("postgrey: put off for five minutes, and taken when a person asks for it after the second that it wants")
    func greylisting() throws {
        let peer = try ServerPeer(.postfix)
        let letter = letter(to: ["grey@example.org"])
        try site.hand(letter)
        let settings = try bench.settings(port: peer.port, [letter])
        try bench.run(settings, noWait: true)
        let first = try #require(try delivery(letter).first)
        #expect(first.state == .queued && first.lastReply?.hasPrefix("450 4.2.0 ") == true, "\(first)")
        #expect(try #require(first.nextAttempt) > SystemClock.now() + .seconds(270))
        let running = try Running(site, settings)
        let end = SystemClock.monotonic() + .seconds(30)
        var state = ""
        while state != "sent", SystemClock.monotonic() < end {
            if state == "queued" { _ = running.ask("queue-retry", ["id": .string(letter.id)]) }
            _ = try Poller.wait([], timeout: .milliseconds(100))
            state = rows(of: running.ask("queue-list")).first?["state"]?.string ?? ""
        }
        #expect(running.stop() == 0)
        #expect(state == "sent")
        #expect(try peer.awaitArrivals(1).count == 1)
    }

    @Test("a server that allows one connection gets all letters, and no account is paused by its \"too many\"")
    func connectionLimit() throws {
        let peer = try ServerPeer(.postfix)
        let recipients = ["admin@example.org", "second@example.org", "third@example.org"]
        let letters = (0..<9).map { letter(to: [recipients[$0 % 3]]) }
        for letter in letters { try site.hand(letter) }
        let settings = try bench.settings(
            port: peer.port, letters, more: ", max_connections: 4, max_messages_per_connection: 2")
        try bench.run(settings)
        #expect(try letters.allSatisfy { try delivery($0).map(\.state) == [.sent] }, "\(peer.log)")
        let files = try peer.awaitArrivals(9)
        #expect(files.count == 9)
        for letter in letters { #expect(files.count { ServerPeer.isThe($0, letter.message) } == 1) }
        #expect(try !bench.account(settings).isPaused)
    }

    @Test("DKIM: a signed message that goes through Herald and Postfix keeps its signature")
    func signature() throws {
        let peer = try ServerPeer(.postfix)
        let message = [
            "From: Herald <herald@example.org>", "To: admin@example.org", "Subject:  two blanks,",
            "\tand a folded line", "Date: Sat, 21 Nov 2026 12:00:01 +0000", "Message-ID: <dkim@example.org>",
            "MIME-Version: 1.0", "Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: 7bit", "",
            Self.tricky, "", "", "",
        ].joined(separator: "\r\n")
        let signed = try ServerPeer.run(
            ["sign", peer.folder], .seconds(900), script: "dkim", input: Array(message.utf8))
        try #require(signed.ending == .exited(0), "\(String(decoding: signed.errors, as: UTF8.self))")
        let running = try Running(site, try bench.settings(port: peer.port, []))
        let sent = running.ask("send", ["recipients": ["admin@example.org"]], body: signed.output)
        #expect(sent.error == nil, "\(sent)")
        let files = try peer.awaitArrivals(1)
        #expect(running.stop() == 0)
        let arrived = try #require(files.first)
        #expect(ServerPeer.isThe(arrived, signed.output))
        func verdict(_ file: [UInt8]) throws -> ChildProcess.Ending {
            let crlf = String(decoding: file, as: UTF8.self).replacing("\n", with: "\r\n")
            return try ServerPeer.run(["verify", peer.folder], .seconds(60), script: "dkim", input: Array(crlf.utf8))
                .ending
        }
        #expect(try verdict(arrived) == .exited(0), "\(String(decoding: arrived, as: UTF8.self))")
        // The witness can say no.
        let changed = String(decoding: arrived, as: UTF8.self).replacing("of two", with: "of  two")
        #expect(try verdict(Array(changed.utf8)) == .exited(1))
    }

    @Test("Dovecot's submission relays what comes after a login by SCRAM, under STARTTLS", arguments: ["1", "256"])
    func submission(_ digest: String) throws {
        let sink = try site.sink()
        defer { sink.stop() }
        let peer = try ServerPeer(.submission, relay: sink.port, mechanism: "scram-sha-\(digest)")
        try Files.write("\(peer.fact("password"))\n".utf8, to: site.folder("password"))
        try Files.write(try Files.read(peer.folder + "/ca.pem"), to: site.folder("ca.pem"))
        let letter = letter(body: Self.tricky)
        try site.hand(letter)
        let login = ", ca_file: FOLDER/ca.pem, login: user, password_file: FOLDER/password"
        try bench.run(try bench.settings(port: peer.port, [letter], security: .starttls, more: login))
        #expect(try delivery(letter).map(\.state) == [.sent], "\(bench.log.all)\n\(peer.log)")
        #expect(bench.log.all.contains { $0.contains("AUTH SCRAM-SHA-\(digest) ") })
        #expect(site.messages.count == 1)
        #expect(ServerPeer.isThe(site.messages.first?.bytes ?? [], letter.message))
    }

    @Test("XOAUTH2 with a token that Dovecot checks: a good one is let in, one that is over is refused with its reason")
    func token() throws {
        let sink = try site.sink()
        defer { sink.stop() }
        let peer = try ServerPeer(.submission, relay: sink.port, mechanism: "xoauth2")
        let key = Array(peer.fact("token-key").utf8)
        let options = { (token: String) in
            var options = SessionOptions(
                server: ServerAddress(host: "localhost", port: peer.port), security: .starttls,
                tls: TLSTerms(.file(peer.folder + "/ca.pem")), heloName: "client.example.org")
            options.login = { (_: Bool) throws(SessionFault) in .token(name: "user@example.org", Secret(token)) }
            return options
        }
        let client = SMTPClient(options(try Self.token(key, lasting: 600)), log: bench.log.logger)
        try client.connect()
        #expect(client.mechanism == .xoauth2)
        let letter = letter()
        let outcomes = try client.deliver(letter.envelope, message: letter.message) { _ in }
        #expect(outcomes.values.first?.reaction == .delivered, "\(outcomes)")
        client.quit()
        #expect(site.messages.count == 1)

        let late = SMTPClient(options(try Self.token(key, lasting: -600)), log: bench.log.logger)
        let fault = #expect(throws: SessionFault.self) { try late.connect() }
        #expect(fault?.isAccountFault == true && fault?.words.contains("401") == true, "\(fault?.words ?? "")")
    }

    /// A JSON Web Token (RFC 7519), signed with HS256.
    private static func token(_ key: [UInt8], lasting: Int64) throws -> String {
        let now = SystemClock.now().microseconds / 1_000_000
        func part(_ json: JSON) -> String { url(Array(json.text.utf8)) }
        func url(_ bytes: [UInt8]) -> String {
            Base64.encode(bytes).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        }
        let claims: JSON = [
            "sub": "user@example.org", "email": "user@example.org", "iat": .int(now - 700), "nbf": .int(now - 700),
            "exp": .int(now + lasting), "iss": "test", "scope": "mail",
        ]
        let text = part(["alg": "HS256", "typ": "JWT"]) + "." + part(claims)
        // The key's file holds it as text, with the line end that the server's copy has too.
        let signature = try #require(Digest.sha256.authenticate(Array(text.utf8), key: Secret(key + [0x0a])))
        return text + "." + url(signature.withBytes { Array($0) })
    }
}
