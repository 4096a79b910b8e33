import Formats
import Mail
import Platform
import SMTPProtocol
import Synchronization
import TestSupport
import Testing

@testable import SMTPTransport

@Suite struct SinkServerTests {
    private func sink(_ inbox: Inbox, _ change: (inout SinkOptions) -> Void = { _ in }) throws -> SinkServer {
        var options = SinkOptions()
        change(&options)
        return try SinkServer(options, log: quiet) { inbox.take($0) }
    }

    @Test("a letter arrives byte for byte, over a plain connection") func plain() throws {
        let inbox = Inbox()
        let server = try sink(inbox)
        defer { server.stop() }
        let client = SMTPClient(options(port: server.port), log: quiet)
        var marked: [EmailAddress] = []
        let outcomes = try client.deliver(envelope("a@example.org", "b@example.org"), message: letter) { marked = $0 }
        client.quit()
        #expect(
            outcomes == [
                try address("a@example.org"): .delivered("250 2.0.0 message taken"),
                try address("b@example.org"): .delivered("250 2.0.0 message taken"),
            ])
        #expect(marked.map(\.text) == ["a@example.org", "b@example.org"])
        let message = try #require(inbox.messages.first)
        #expect(message.bytes == letter)
        #expect(message.sender == "sender@example.org")
        #expect(message.recipients == ["a@example.org", "b@example.org"])
        #expect(message.parameters == "SIZE=22")
        #expect(message.heloName == "client.example.org")
        #expect(message.tlsVersion == nil)
    }

    @Test("each mechanism logs in over STARTTLS and over TLS", arguments: passwordMechanisms)
    func login(_ mechanism: AuthMechanism) throws {
        let inbox = Inbox()
        let user = Login.password(name: "us=er,1", Secret("pass wörd"))
        let server = try sink(inbox) {
            $0.tlsPort = 0
            $0.users = [user]
            $0.requiresLogin = true
            $0.mechanisms = passwordMechanisms
        }
        defer { server.stop() }
        let authority = try TemporaryFile(server.authorityPEM)
        for (port, security) in [(server.port, Security.starttls), (server.tlsPort, .tls)] {
            var options = options(
                port: port, security, host: "localhost", login: user, caFile: authority.path)
            options.authMechanisms = [mechanism]
            let client = SMTPClient(options, log: quiet)
            let outcomes = try client.deliver(envelope(), message: letter) { _ in }
            #expect(outcomes[try address("a@example.org")] == .delivered("250 2.0.0 message taken"))
            #expect(inbox.messages.last?.login == "us=er,1")
            #expect(inbox.messages.last?.mechanism == mechanism)
            #expect(inbox.messages.last?.tlsVersion == "TLSv1.3")
            client.quit()
        }
        #expect(inbox.messages.count == 2)
    }

    @Test(
        "a token logs in; one that is refused is refreshed once (row 57)",
        arguments: [AuthMechanism.xoauth2, .oauthbearer], [0, 1, 2])
    func token(_ mechanism: AuthMechanism, _ refusals: Int) throws {
        let inbox = Inbox()
        // Longer than a command may be: it goes in a line of its own (RFC 4954 section 4).
        let good = String(repeating: "g", count: 1500)
        let server = try sink(inbox) {
            $0.users = [.token(name: "anna@example.org", Secret(good))]
            $0.requiresLogin = true
            $0.mechanisms = [mechanism]
        }
        defer { server.stop() }
        let authority = try TemporaryFile(server.authorityPEM)
        var options = options(port: server.port, .starttls, host: "localhost", caFile: authority.path)
        let asked = Mutex<[Bool]>([])
        options.login = { (isRefused: Bool) throws(SessionFault) -> Login? in
            let number = asked.withLock { asked in
                asked.append(isRefused)
                return asked.count
            }
            return .token(name: "anna@example.org", Secret(number > refusals ? good : "old"))
        }
        let client = SMTPClient(options, log: quiet)
        if refusals < 2 {
            _ = try client.deliver(envelope(), message: letter) { _ in }
            #expect(inbox.messages.last?.mechanism == mechanism)
            client.quit()
        } else {
            let fault = #expect(throws: SessionFault.self) { try client.connect() }
            #expect(fault?.code == 535)
            #expect(fault?.isAccountFault == true)
        }
        #expect(asked.withLock { $0 } == [[false], [false, true], [false, true]][refusals])
    }

    @Test("a fault that a test orders comes as often as it asked for, and then no more") func ordered() throws {
        let inbox = Inbox()
        let server = try sink(inbox) {
            $0.faults = [
                SinkFault("CONNECT", "421 4.3.2 busy", times: 1), SinkFault("rcpt to:<a@", "450 4.2.0 later", times: 1),
                SinkFault(".", "554 5.7.1 spam", times: 1),
            ]
        }
        defer { server.stop() }
        var outcomes: [Outcome] = []
        let client = SMTPClient(options(port: server.port), log: quiet)
        let fault = #expect(throws: SessionFault.self) { try client.connect() }
        #expect(fault?.words == "421 4.3.2 busy")
        for _ in 0..<3 { outcomes += try client.deliver(envelope(), message: letter) { _ in }.values }
        client.quit()
        #expect(
            outcomes == [
                .transient("450 4.2.0 later"), .permanent("554 5.7.1 spam"), .delivered("250 2.0.0 message taken"),
            ])
        #expect(inbox.messages.count == 1)
    }

    @Test("a wrong password is a fault of the account", arguments: passwordMechanisms)
    func wrongPassword(_ mechanism: AuthMechanism) throws {
        let server = try sink(Inbox()) {
            $0.users = [.password(name: "user", Secret("right"))]
            $0.mechanisms = passwordMechanisms
        }
        defer { server.stop() }
        let authority = try TemporaryFile(server.authorityPEM)
        var options = options(
            port: server.port, .starttls, login: .password(name: "user", Secret("wrong")),
            caFile: authority.path)
        options.authMechanisms = [mechanism]
        let client = SMTPClient(options, log: quiet)
        let fault = #expect(throws: SessionFault.self) { try client.connect() }
        #expect(fault?.phase == .login)
        #expect(fault?.code == 535)
        #expect(fault?.isAccountFault == true)
        #expect(fault.map { "\($0)" }?.contains("wrong") == true)
    }

    @Test("several letters go over one connection") func reuse() throws {
        let inbox = Inbox()
        let server = try sink(inbox)
        defer { server.stop() }
        let client = SMTPClient(options(port: server.port), log: quiet)
        for number in 0..<5 {
            let message = Array("Subject: \(number)\r\n\r\n.\r\n..\r\n".utf8)
            _ = try client.deliver(envelope(), message: message) { _ in }
            #expect(client.isConnected)
            #expect(inbox.messages.last?.bytes == message)
        }
        client.quit()
        #expect(!client.isConnected)
    }

    @Test(
        "row 89: a body of dots and lone line ends is one message, normalised, byte for byte after that",
        arguments: [
            ("\n.\n", "\r\n.\r\n"), ("\r.\r", "\r\n.\r\n"), (".", ".\r\n"), ("", ""), ("..\r\n.", "..\r\n.\r\n"),
            ("a\r\n.\r\nMAIL FROM:<x@y>\r\n", "a\r\n.\r\nMAIL FROM:<x@y>\r\n"), ("a\n.\r\nb", "a\r\n.\r\nb\r\n"),
        ]) func dots(_ body: String, _ arrived: String) throws
    {
        let inbox = Inbox()
        let server = try sink(inbox)
        defer { server.stop() }
        let client = SMTPClient(options(port: server.port), log: quiet)
        _ = try client.deliver(envelope(), message: Array(body.utf8)) { _ in }
        client.quit()
        #expect(inbox.messages.map(\.bytes) == [Array(arrived.utf8)])
        #expect(inbox.messages.first?.bareLineFeeds == 0)
    }

    @Test("a large message arrives whole, plain and under TLS", arguments: [Security.none, .starttls])
    func large(_ security: Security) throws {
        let inbox = Inbox()
        let server = try sink(inbox)
        defer { server.stop() }
        let authority = try TemporaryFile(server.authorityPEM)
        let message = Array(String(repeating: ".line of a large message\r\n", count: 150_000).utf8)
        let client = SMTPClient(options(port: server.port, security, caFile: authority.path), log: quiet)
        let outcomes = try client.deliver(envelope(), message: message) { _ in }
        client.quit()
        #expect(outcomes.values.map(\.reaction) == [.delivered])
        #expect(inbox.messages.first?.bytes == message)
    }

    @Test("what the callback throws is a temporary refusal, and the connection goes on") func refused() throws {
        struct Full: Error {}
        let server = try SinkServer(SinkOptions(), log: quiet) { _ in throw Full() }
        defer { server.stop() }
        let client = SMTPClient(options(port: server.port), log: quiet)
        let outcomes = try client.deliver(envelope(), message: letter) { _ in }
        #expect(outcomes.values.first?.reaction == .tryAgain)
        #expect(client.isConnected)
        client.quit()
    }

    @Test("the recipients that one transaction cannot take go in the next") func manyRecipients() throws {
        let inbox = Inbox()
        let server = try sink(inbox) { $0.maxRecipients = 40 }
        defer { server.stop() }
        let all = try (0..<130).map { try EmailAddress("r\($0)@example.org") }
        let client = SMTPClient(options(port: server.port), log: quiet)
        var left = all
        var rounds: [Int] = []
        while !left.isEmpty, rounds.count < 10 {
            let outcomes = try client.deliver(
                Envelope(sender: nil, recipients: left), message: letter
            ) { _ in }
            rounds.append(outcomes.count)
            left.removeAll { outcomes[$0] != nil }
        }
        client.quit()
        #expect(rounds == [40, 40, 40, 10])
        #expect(inbox.messages.flatMap(\.recipients) == all.map(\.text))
    }

    @Test("a message larger than SIZE allows is refused before it is sent") func tooLarge() throws {
        let inbox = Inbox()
        let server = try sink(inbox) { $0.maxMessageSize = 10 }
        defer { server.stop() }
        let client = SMTPClient(options(port: server.port), log: quiet)
        let outcomes = try client.deliver(envelope(), message: letter) { _ in }
        client.quit()
        #expect(outcomes.values.map(\.reaction) == [.permanent])
        #expect(inbox.messages.isEmpty)
    }

    @Test("stopping ends open connections") func stop() throws {
        let server = try sink(Inbox())
        let client = SMTPClient(options(port: server.port), log: quiet)
        try client.connect()
        server.stop()
        let fault = #expect(throws: SessionFault.self) {
            try client.deliver(envelope(), message: letter) { _ in }
        }
        // It was opened for this letter, so that it is no kept one that went stale.
        #expect(fault?.phase == .sender)
    }

    @Test(
        "a path ends at its >, whatever stands on it",
        arguments: [
            ("FROM:<a@b> SIZE=1", "a@b", "SIZE=1"), ("from:< a> ", " a", ""), ("FROM:<a@b>\u{301}", "a@b", "\u{301}"),
            ("FROM: <\u{301}a@b> x", "\u{301}a@b", "x"), ("FROM:<\"a>\\\"\"\u{301}@b>", "\"a>\\\"\"\u{301}@b", ""),
        ])
    func paths(rest: String, path: String, more: String) {
        let found = SinkSession.path(rest, after: "FROM:")
        #expect(found.map { Octets($0.0) } == Octets(path) && found.map { Octets($0.1) } == Octets(more))
        #expect(SinkSession.path(rest, after: "TO:") == nil)
    }
}
