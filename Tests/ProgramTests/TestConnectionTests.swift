// `herald test-connection` where all is well, and its words, options and exit codes.

import Formats
import Glibc
import Logging
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import Synchronization
import TestSupport
import Testing

/// What came to a sink.
private final class Received: Sendable {
    private let kept = Mutex<[SinkMessage]>([])
    var messages: [SinkMessage] { kept.withLock { $0 } }
    func take(_ message: SinkMessage) { kept.withLock { $0.append(message) } }
}

@Suite struct TestConnectionTests {
    private let received = Received()

    /// A sink that wants a login.
    private func sink(_ change: (inout SinkOptions) -> Void = { _ in }) throws -> SinkServer {
        var options = SinkOptions()
        options.tlsPort = 0
        options.users = [.password(name: "herald", Secret("open sesame"))]
        options.requiresLogin = true
        change(&options)
        return try SinkServer(
            options, log: Logger(label: "sink") { _ in SwiftLogNoOpLogHandler() }, onMessage: received.take)
    }

    private func site(_ accounts: String..., sink: SinkServer, more: String = "") throws -> ConnectionSite {
        let login = "login: herald, password_file: FOLDER/password, ca_file: FOLDER/ca.pem"
        func whole(_ text: String) -> String { text.replacing("LOGIN", with: login) }
        let site: ConnectionSite
        switch accounts.count {
        case 1: site = try ConnectionSite(whole(accounts[0]), more: more)
        case 2: site = try ConnectionSite(whole(accounts[0]), whole(accounts[1]), more: more)
        default: site = try ConnectionSite(whole(accounts[0]), whole(accounts[1]), whole(accounts[2]), more: more)
        }
        try site.write("password", "open sesame\n".utf8)
        try site.write("ca.pem", sink.authorityPEM)
        return site
    }

    @Test("each step with its time, and Status: OK; nothing is sent and nothing of the mailer's is touched")
    func well() throws {
        let sink = try sink()
        defer { sink.stop() }
        let site = try site(
            "name: office, server: localhost, port: \(sink.port), security: starttls, LOGIN", sink: sink)
        let run = try site.run()
        #expect(run.code == .exited(0), "\(run.output)\(run.errors)")
        #expect(run.output.hasPrefix("account office: localhost:\(sink.port), starttls, login herald\n"))
        let steps = run.lines.compactMap { $0.firstMatch(of: /^ *\d+ ms  (\S+)/).map { String($0.1) } }
        #expect(
            steps == ["name", "connect", "greeting", "capabilities", "STARTTLS", "TLS", "capabilities", "login"],
            "\(run.output)")
        for words in [
            "127.0.0.1 port \(sink.port)", "220 localhost", "STARTTLS", "TLSv1.3, TLS_AES_256_GCM_SHA384",
            "certificate for localhost, 127.0.0.1; 29 days left; EC 256", "issued by CN=Herald sink authority",
            "verified by \(site.folder("ca.pem"))", "localhost: SIZE 67 MB, PIPELINING, 8BITMIME",
            "AUTH SCRAM-SHA-256 PLAIN LOGIN",
            "as herald by SCRAM-SHA-256: 235",
        ] { #expect(run.output.contains(words), "\(words): \(run.output)") }
        #expect(run.lines.last == "Status: OK")
        #expect(!run.output.contains("note:") && run.errors.isEmpty, "\(run.output)")
        #expect(received.messages.isEmpty)
        #expect(try Files.list(site.folder.path).sorted() == ["ca.pem", "herald.yaml", "password"])
    }

    @Test("--send sends a letter: to the reports' first recipient, or to whom it says; its word for an account is one")
    func sends() throws {
        let sink = try sink()
        defer { sink.stop() }
        let site = try site("name: office, server: localhost, port: \(sink.tlsPort), security: tls, LOGIN", sink: sink)
        for (words, recipient) in [
            (["--send"], "admin@example.org"), (["--send", "me@example.net"], "me@example.net"),
            (["office", "--send"], "admin@example.org"), (["--send", "office"], "admin@example.org"),
            (["--send=me@example.net", "office"], "me@example.net"),
        ] {
            let count = received.messages.count
            let run = try HeraldRun(["test-connection"] + words + ["--config", site.folder("herald.yaml")])
            #expect(run.code == .exited(0), "\(words): \(run.output)\(run.errors)")
            #expect(received.messages.count == count + 1)
            let message = try #require(received.messages.last)
            #expect(message.recipients == [recipient] && message.sender == "herald@example.org")
            #expect(message.tlsVersion == "TLSv1.3" && message.login == "herald")
            let parsed = ParsedMessage(message.bytes)
            #expect(parsed.header("Subject")?.contains("test of account office") == true)
            #expect(parsed.header("Auto-Submitted") == "auto-generated")
            for step in ["sender", "recipient", "data", "message", "final reply"] {
                #expect(run.output.contains(" ms  \(step)"), "\(run.output)")
            }
            #expect(run.lines.last == "Status: OK")
        }
    }

    @Test("several accounts, one after the other, and what they come to; a disabled one only by its name")
    func several() throws {
        let sink = try sink()
        defer { sink.stop() }
        let closed = try ScriptedPeer([])
        closed.stop()
        let site = try site(
            "name: office, server: localhost, port: \(sink.tlsPort), security: tls, LOGIN",
            "name: spare, server: 127.0.0.1, port: \(closed.port), security: none",
            "name: old, enabled: false, server: 127.0.0.1, port: \(sink.port), security: none", sink: sink)
        let run = try site.run()
        #expect(run.code == .exited(1), "\(run.output)\(run.errors)")
        #expect(run.output.contains("account office:") && run.output.contains("account spare:"))
        #expect(!run.output.contains("account old:"))
        #expect(run.lines.last == "Status: 1 of 2 accounts failed: spare (nothing-listens)")
        let named = try site.run("old", "office")
        #expect(named.code == .exited(0), "\(named.output)\(named.errors)")
        #expect(named.output.contains("; it is disabled") && named.output.contains("security is 'none'"))
        #expect(named.lines.last == "Status: OK")
    }

    @Test("--json: an object an account, with its steps, its certificate, its fault") func json() throws {
        let sink = try sink()
        defer { sink.stop() }
        let site = try site(
            "name: office, server: localhost, port: \(sink.tlsPort), security: tls, LOGIN",
            "name: spare, server: localhost, port: \(sink.port), security: tls, LOGIN", sink: sink)
        let run = try site.run("--json")
        #expect(run.code == .exited(1), "\(run.output)\(run.errors)")
        let objects = try run.objects()
        #expect(objects.map { $0["account"]?.string } == ["office", "spare"])
        #expect(objects.map { $0["status"]?.string } == ["ok", "failed"])
        let tls = try #require(objects[0]["steps"]?.array?.first { $0["step"]?.string == "TLS" })
        #expect(tls["version"]?.string == "TLSv1.3" && tls["days_left"]?.int == 29)
        #expect(tls["fingerprint"]?.string?.count == 64 && tls["verified_by"]?.string == site.folder("ca.pem"))
        #expect(objects[0]["fault"]?.isNull == true)
        let fault = try #require(objects[1]["fault"])
        #expect(fault["diagnosis"]?.string == "plain-server-on-tls-port" && fault["step"]?.string == "TLS")
        #expect(
            fault["remedy"]?.string?.contains("security: starttls") == true && fault["cause"]?.string?.isEmpty == false)
        let peer = try ScriptedPeer([
            .say("220 s"), .expect("EHLO"), .say("250 s"), .expect("MAIL"), .say("451 4.3.0 not now"),
        ])
        defer { peer.stop() }
        let plain = try ConnectionSite("name: a, server: 127.0.0.1, port: \(peer.port), security: none")
        let said = try #require(try plain.run("--send", "--json").objects().first?["fault"])
        #expect(said["cause"]?.isNull == true && said["remedy"]?.string?.hasPrefix("try again later") == true)
        #expect(!run.output.contains("sesame"))
    }

    @Test("an account that the mailer still has paused: told, and left as it is") func paused() throws {
        var options = SinkOptions()
        options.users = [.password(name: "herald", Secret("open sesame"))]
        options.requiresLogin = true
        let site = try TestSite(
            settings: """
                report: {to_email: admin@example.org}
                aliases: [{description: alerts, address: herald@example.org, default: true}]
                watch: {journal: {enabled: false}}
                """,
            accounts: """
                [{name: office, server: localhost, port: PORT, security: starttls, ca_file: FOLDER/ca.pem, login: herald,
                password_file: FOLDER/password}]
                """, sink: options)
        try Files.write("wrong\n".utf8, to: site.folder + "/password", mode: 0o600)
        try site.start("mailer")
        try site.awaitReady("mailer")
        let config = ["--config", site.folder + "/herald.yaml"]
        let letter = Array("Subject: s\n\nx\n".utf8)
        #expect(try HeraldRun(["send", "a@example.net"] + config, input: letter).code == .exited(0))
        func state() throws -> String? {
            try site.ask("mailer", "status").result["accounts"]?.array?.first?["state"]?.string
        }
        #expect(try site.eventually(within: .seconds(120)) { try state() == "paused" })
        let refused = try HeraldRun(["test-connection"] + config)
        refused.tells("login", cause: "the login or the password is wrong", remedy: "login and password")
        try Files.write("open sesame\n".utf8, to: site.folder + "/password", mode: 0o600)
        let run = try HeraldRun(["test-connection"] + config)
        #expect(run.code == .exited(0) && run.lines.last == "Status: OK", "\(run.output)\(run.errors)")
        #expect(run.output.contains("note: the mailer has paused this account until its next try at "), "\(run.output)")
        #expect(try state() == "paused" && site.letters.raw.isEmpty)
    }

    @Test("what a server says to harm a terminal does not reach it") func hostile() throws {
        let peer = try ScriptedPeer([
            .send(Array("220 \u{1b}]0;owned\u{7}\u{202e} s\r\n".utf8)), .expect("EHLO"),
            .send(Array("250-\u{1b}[2J\u{9b}31m\r\n250 AUTH \u{1b}[31mPLAIN\r\n".utf8)), .expect("MAIL"),
            .send(Array("550 5.7.60 \u{1b}[8mno\u{8}\r\n".utf8)),
        ])
        defer { peer.stop() }
        let site = try ConnectionSite("name: a, server: 127.0.0.1, port: \(peer.port), security: none")
        let run = try site.run("--send")
        #expect(run.code == .exited(1) && run.output.contains("Failed at: sender"), "\(run.output)")
        let bad = run.output.unicodeScalars.filter { $0.value < 0x20 && $0 != "\n" || (0x7f...0x9f).contains($0.value) }
        #expect(bad.isEmpty && !run.output.unicodeScalars.contains("\u{202e}"), "\(run.output)")
    }

    @Test("a password that only root may read: told, to another user") func unprivileged() throws {
        let sink = try sink()
        defer { sink.stop() }
        let site = try site(
            "name: office, server: localhost, port: \(sink.port), security: starttls, LOGIN", sink: sink)
        for (path, mode) in [("", 0o755), ("/herald.yaml", 0o644), ("/ca.pem", 0o644)] as [(String, UInt32)] {
            #expect(chmod(site.folder.path + path, mode) == 0)
        }
        try #require(geteuid() == 0, "only root can be another user")
        let run = try site.run(under: ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
        run.tells("login", cause: "password cannot be read", remedy: "run herald test-connection as root")
    }

    @Test("a certificate that ends soon is told, and all is well")
    func notes() throws {
        let certificate = try ServerCertificate.make(to: .seconds(9 * 86400 + 3600))
        let sink = try sink { $0.certificate = certificate }
        defer { sink.stop() }
        let site = try site("name: office, server: localhost, port: \(sink.tlsPort), security: tls, LOGIN", sink: sink)
        let run = try site.run()
        #expect(run.code == .exited(0))
        #expect(run.output.contains("note: the server's certificate ends in 9 days"), "\(run.output)")
    }

    @Test(
        "what cannot be asked for, with the nearest name",
        arguments: [
            (["offise"], "there is no account 'offise'; did you mean 'office'?"),
            (["office", "--send", "me@"], "--send: 'me@' is no address"),
            (["--send", "root"], "--send root: that is neither an address to send to, for it has no '@'"),
            (["--sned"], "Unknown option '--sned'"),
        ])
    func wrong(_ arguments: [String], _ words: String) throws {
        let site = try ConnectionSite("name: office, server: localhost, port: 1, security: none")
        let run = try HeraldRun(["test-connection", "--config", site.folder("herald.yaml")] + arguments)
        #expect(run.code == .exited(2) && run.errors.contains(words), "\(run.errors)")
    }

    @Test("an account that no alias may use sends no letter, and says so; without an account there is nothing to try")
    func useless() throws {
        let site = try ConnectionSite(
            "name: a, server: localhost, port: 1, security: none", "name: b, server: localhost, port: 1, security: none"
        )
        let text = String(decoding: try Files.read(site.folder("herald.yaml")), as: UTF8.self)
        let peer = try ScriptedPeer([.say("220 s"), .expect("EHLO"), .say("250 s")])
        defer { peer.stop() }
        let bound = text.replacing("default: true", with: "default: true, account: a")
        let open = bound.replacing("port: 1,", with: "port: \(peer.port),")
        try Files.write(open.utf8, to: site.folder("herald.yaml"))
        let run = try site.run("b", "--send")
        #expect(run.output.contains(" ms  capabilities"), "the way is tried nevertheless: \(run.output)")
        #expect(run.code == .exited(1) && run.output.contains("no alias may send through account 'b'"), "\(run.output)")
        try Files.write(text.replacing("name: ", with: "enabled: false, name: ").utf8, to: site.folder("herald.yaml"))
        let none = try site.run()
        #expect(none.code == .exited(2), "\(none.errors)")
    }

    @Test("the page of diagnoses is the one in docs") func page() throws {
        let run = try HeraldRun(["docs", "diagnoses"])
        let root = Files.split(Files.split(Files.split(#filePath).directory).directory).directory
        #expect(run.output == String(decoding: try Files.read("\(root)/docs/diagnoses.md"), as: UTF8.self), "make docs")
        for diagnosis in Diagnosis.allCases { #expect(run.output.contains("| `\(diagnosis.rawValue)` |")) }
    }
}
