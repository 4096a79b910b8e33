// Sessions that are taken up again, and what a login is bound to.

import COpenSSL
import Formats
import Glibc
import Platform
import SMTPProtocol
import SMTPTransport
import Synchronization
import Testing
import TestSupport

private let steps: [ScriptedPeer.Step] = [
    .say("220 s"), .expect("EHLO"), .say("250 s"), .expect("QUIT"), .say("221 x"),
]

/// What a server's end is bound to.
private final class Binding: Sendable {
    private let kept = Mutex<(isTaken: Bool, value: [UInt8]?)>((false, nil))
    var isTaken: Bool { kept.withLock(\.isTaken) }
    var value: [UInt8]? { kept.withLock(\.value) }
    func take(_ value: [UInt8]?) { kept.withLock { $0 = (true, value) } }
}

/// Connects, quits, and says how the handshake went.
private func handshake(_ options: SessionOptions) throws -> String {
    let client = SMTPClient(options, log: quiet)
    try client.connect()
    client.quit()
    return try #require(client.trace.steps.first { $0.phase == .tls }).detail
}

@Suite struct TLSSessionTests {
    @Test("a verified session is taken up again by the next connection", arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func resumed(_ newest: Int32) throws {
        let certificate = try ServerCertificate.make()
        let script = [.startTLS(certificate, ServerTLS(newest: newest, resumes: true))] + steps
        let peer = try ScriptedPeer(script, script, script)
        defer { peer.stop() }
        let authority = try TemporaryFile(certificate.authorityPEM)
        var options = options(port: peer.port, .tls, host: "localhost", caFile: authority.path)
        options.sessions = TLSSessionCache()
        let details = try (0..<3).map { _ in try handshake(options) }
        #expect(details.map { $0.contains("session resumed") } == [false, true, true])
        #expect(details.allSatisfy { $0.contains("verified by \(authority.path)") })
        #expect(peer.problems == [])
    }

    @Test("a session is not taken up for other terms") func otherTerms() throws {
        let certificate = try ServerCertificate.make(names: ["localhost", "other.example.org"])
        let script = [.startTLS(certificate, ServerTLS(resumes: true))] + steps
        let peer = try ScriptedPeer(script, script, script)
        defer { peer.stop() }
        let authority = try TemporaryFile(certificate.authorityPEM)
        var options = options(port: peer.port, .tls, host: "localhost", caFile: authority.path)
        options.sessions = TLSSessionCache()
        #expect(try !handshake(options).contains("resumed"))
        options.tls.names = ["other.example.org"]
        #expect(try !handshake(options).contains("resumed"))
        // Another authority has come into the file.
        options.tls.names = []
        try Files.write(certificate.authorityPEM + certificate.authorityPEM, to: authority.path)
        #expect(try !handshake(options).contains("resumed"))
    }

    @Test("a session of nobody's is not kept: opportunistic ones are unverified") func unverified() throws {
        let certificate = try ServerCertificate.make(signsItself: true)
        let script: [ScriptedPeer.Step] =
            [
                .say("220 s"), .expect("EHLO"), .say("250-s"), .say("250 STARTTLS"), .expect("STARTTLS"),
                .say("220 go"),
                .startTLS(certificate, ServerTLS(resumes: true)),
            ] + steps.dropFirst()
        let peer = try ScriptedPeer(script, script)
        defer { peer.stop() }
        var options = options(port: peer.port, .opportunistic)
        options.sessions = TLSSessionCache()
        let details = try (0..<2).map { _ in try handshake(options) }
        #expect(details.allSatisfy { $0.contains("not verified") && !$0.contains("resumed") })
    }

    @Test("both ends of a connection have the same tls-exporter, which openssl computes as well") func exporter() throws
    {
        let user = Login.password(name: "user", Secret("pencil"))
        var sinkOptions = SinkOptions()
        sinkOptions.tlsPort = 0
        sinkOptions.users = [user]
        sinkOptions.mechanisms = [.scramSHA256Plus]
        let server = try SinkServer(sinkOptions, log: quiet) { _ in }
        defer { server.stop() }
        let authority = try TemporaryFile(server.authorityPEM)
        let client = SMTPClient(
            options(port: server.tlsPort, .tls, host: "localhost", login: user, caFile: authority.path), log: quiet)
        // The server's end computes its own; the login fails where they differ.
        try client.connect()
        #expect(client.mechanism == .scramSHA256Plus)
        client.quit()
        // openssl s_client prints its end's; the scripted peer keeps ours.
        let certificate = try ServerCertificate.make()
        let ours = Binding()
        let peer = try ScriptedPeer([
            .startTLS(certificate), .inspect { ours.take($0.channelBinding) }, .say("220 s"), .close,
        ])
        defer { peer.stop() }
        let script =
            "openssl s_client -connect 127.0.0.1:\(peer.port) -keymatexport EXPORTER-Channel-Binding -keymatexportlen 32"
        let result = try ChildProcess(["/bin/sh", "-c", script + " </dev/null 2>&1"], deadline: .seconds(20)).run()
        peer.stop()
        let binding = try #require(ours.value)
        #expect(String(decoding: result.output, as: UTF8.self).contains(Hex.encode(binding).uppercased()))
    }

    @Test("before TLS 1.3 there is nothing to bind to: the login is not bound, and says so by nothing") func old()
        throws
    {
        let certificate = try ServerCertificate.make()
        let ours = Binding()
        let peer = try ScriptedPeer(
            [.startTLS(certificate, ServerTLS(newest: TLS1_2_VERSION)), .inspect { ours.take($0.channelBinding) }]
                + steps)
        defer { peer.stop() }
        let authority = try TemporaryFile(certificate.authorityPEM)
        #expect(
            try handshake(options(port: peer.port, .tls, host: "localhost", caFile: authority.path)).contains("TLSv1.2")
        )
        peer.stop()
        #expect(ours.isTaken && ours.value == nil)
    }
}
