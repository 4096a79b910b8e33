// Logging in over real sockets: what the client asks its caller for, and what becomes of it.

import Formats
import Logging
import Mail
import SMTPProtocol
import SMTPTransport
import Synchronization
import TestSupport
import Testing

/// A source of logins that keeps count of how it was asked.
private final class Source: Sendable {
    private let kept = Mutex<[Bool]>([])
    private let logins: @Sendable (Bool) throws(SessionFault) -> Login?

    init(_ logins: @escaping @Sendable (Bool) throws(SessionFault) -> Login?) { self.logins = logins }

    /// Whether each question was for a token that had been refused.
    var asked: [Bool] { kept.withLock { $0 } }

    var login: LoginSource {
        { (isRefused: Bool) throws(SessionFault) -> Login? in
            self.kept.withLock { $0.append(isRefused) }
            return try self.logins(isRefused)
        }
    }
}

/// A log that keeps all it is told.
private struct KeptLog: LogHandler {
    let lines: Lines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    final class Lines: Sendable {
        private let kept = Mutex<[String]>([])
        var text: String { kept.withLock { $0.joined(separator: "\n") } }
        func add(_ line: String) { kept.withLock { $0.append(line) } }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { lines.add("\(event.message) \(event.metadata ?? [:])") }
}

private let opening: [ScriptedPeer.Step] = [
    .say("220 s"), .expect("EHLO"), .say("250-s"), .say("250 AUTH XOAUTH2 PLAIN"),
]
private let letterTaken: [ScriptedPeer.Step] = [
    .expect("MAIL"), .say("250 ok"), .expect("RCPT"), .say("250 ok"), .expect("DATA"), .say("354 go"), .expectMessage,
    .say("250 taken"),
]

private func bearer(_ token: String) -> String {
    "AUTH XOAUTH2 " + Base64.encode(Array("user=u@example.org\u{1}auth=Bearer \(token)\u{1}\u{1}".utf8))
}

private func client(_ peer: ScriptedPeer, _ source: Source) -> SMTPClient {
    var options = options(port: peer.port, allowPlaintextLogin: true)
    options.login = source.login
    return SMTPClient(options, log: quiet)
}

private func tokens(_ first: String, _ second: String) -> Source {
    Source { (isRefused) throws(SessionFault) in
        .token(name: "u@example.org", Secret(isRefused ? second : first))
    }
}

@Suite struct LoginTests {
    private let refused: [ScriptedPeer.Step] = [
        .say("334 " + Base64.encode(Array(#"{"status":"401","schemes":"bearer"}"#.utf8))), .expect(""),
        .say("535 5.7.8 no"),
    ]

    @Test("row 57: a refused token is answered, refreshed once, and tried once more on the same connection")
    func refreshed() throws {
        let peer = try ScriptedPeer(
            opening + [.expect(bearer("old"))] + refused + [.expect(bearer("new")), .say("235 in")] + letterTaken)
        defer { peer.stop() }
        let source = tokens("old", "new")
        let client = client(peer, source)
        let outcomes = try client.deliver(envelope(), message: letter) { _ in }
        #expect(Array(outcomes.values) == [.delivered("250 taken")])
        #expect(source.asked == [false, true])
        #expect(client.mechanism == .xoauth2)
        #expect(peer.problems == [] && peer.connections == 1)
    }

    @Test("row 57: a fresh token that is refused too is a fault of the account, with the server's reason")
    func refusedTwice() throws {
        let peer = try ScriptedPeer(
            opening + [.expect(bearer("old"))] + refused + [.expect(bearer("new"))] + refused + [.expect("never")])
        defer { peer.stop() }
        let source = tokens("old", "new")
        let client = client(peer, source)
        let fault = #expect(throws: SessionFault.self) { try client.connect() }
        #expect(fault?.isAccountFault == true && fault?.diagnosis == .tokenLacksRights)
        #expect(fault?.words.contains("401") == true)
        #expect(source.asked == [false, true])
    }

    @Test("why there is no fresh token is what the fault says") func noToken() throws {
        let peer = try ScriptedPeer(opening + [.expect(bearer("old"))] + refused)
        defer { peer.stop() }
        let source = Source { (isRefused) throws(SessionFault) in
            if isRefused { throw SessionFault(.login, "invalid_grant", [.tryAgain, .tellOperator], .signInAgain) }
            return .token(name: "u@example.org", Secret("old"))
        }
        let fault = #expect(throws: SessionFault.self) { try client(peer, source).connect() }
        #expect(fault?.diagnosis == .signInAgain && fault?.isAccountFault == true)
    }

    @Test("a password that cannot be read costs no connection") func unreadable() throws {
        let peer = try ScriptedPeer(opening)
        defer { peer.stop() }
        let source = Source { (_) throws(SessionFault) in
            throw SessionFault(.login, "no file", [.tryAgain, .tellOperator], .passwordUnreadable)
        }
        let fault = #expect(throws: SessionFault.self) { try client(peer, source).connect() }
        #expect(fault?.diagnosis == .passwordUnreadable)
        #expect(peer.connections == 0)
    }

    @Test("the login is asked for anew for each connection, and not kept for the next") func anew() throws {
        let script = opening + [.expect("AUTH PLAIN "), .say("235 in")] + letterTaken
        let peer = try ScriptedPeer(script + [.close], script)
        defer { peer.stop() }
        let source = Source { (_) throws(SessionFault) in .password(name: "u", Secret("p")) }
        let client = client(peer, source)
        for _ in 0..<2 {
            let outcomes = try client.deliver(envelope(), message: letter) { _ in }
            #expect(Array(outcomes.values) == [.delivered("250 taken")])
        }
        #expect(source.asked == [false, false])
        #expect(peer.problems == [] && peer.connections == 2)
    }

    @Test("the log of a session has the login's steps, and nothing of what proves it") func log() throws {
        let script: [ScriptedPeer.Step] =
            [.say("220 s"), .expect("EHLO"), .say("250-s"), .say("250 AUTH LOGIN"), .expect("AUTH LOGIN")]
            + [.say("334 VXNlcm5hbWU6"), .expect("dXNlcg=="), .say("334 UGFzc3dvcmQ6"), .expect("b3Blbi1zZXNhbWU=")]
            + [.say("235 in")] + letterTaken
        let peer = try ScriptedPeer(script)
        defer { peer.stop() }
        let lines = KeptLog.Lines()
        var options = options(port: peer.port, allowPlaintextLogin: true)
        options.login = { (_: Bool) throws(SessionFault) -> Login? in .password(name: "user", Secret("open-sesame")) }
        let client = SMTPClient(options, log: Logger(label: "test") { _ in KeptLog(lines: lines) })
        _ = try client.deliver(envelope(), message: letter) { _ in }
        #expect(peer.problems == [])
        #expect(lines.text.contains("> AUTH LOGIN") && lines.text.contains("> ****") && lines.text.contains("< 235"))
        for secret in ["open-sesame", "b3Blbi1zZXNhbWU"] { #expect(!lines.text.contains(secret)) }
    }

    @Test("row 62: domains go in A-labels as IDNA has them; what they cannot mend is refused")
    func labels() throws {
        let peer = try ScriptedPeer([.say("220 s"), .expect("EHLO"), .say("250 s")] + letterTaken)
        defer { peer.stop() }
        let client = SMTPClient(options(port: peer.port), log: quiet)
        let envelope = Envelope(
            sender: try address("anna@BÜCHER.example"),
            recipients: [try address("bob@straße.example"), try address("jörg@example.org")])
        let outcomes = try client.deliver(envelope, message: letter) { _ in }
        #expect(outcomes[try address("bob@straße.example")] == .delivered("250 taken"))
        #expect(outcomes[try address("jörg@example.org")]?.reaction == .permanent)
        #expect(peer.lines.contains("MAIL FROM:<anna@xn--bcher-kva.example>"))
        #expect(peer.lines.contains("RCPT TO:<bob@xn--strae-oqa.example>"))
    }
}
