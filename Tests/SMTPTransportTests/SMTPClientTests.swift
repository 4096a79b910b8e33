// The client beyond one connection: times over all, the next address, the same without TLS, names, the trace.

import COpenSSL
import Formats
import Glibc
import Mail
import MailRouting
import Platform
import SMTPProtocol
import SMTPTransport
import Testing
import TestSupport

private func loopback(_ last: UInt8, _ port: Int) throws -> SocketAddress {
    SocketAddress(try #require(IPAddress([127, 0, 0, last])), port: port)
}

@Suite struct SMTPClientTests {
    @Test("a session that does not get ready has a time over all, however lively the server") func session() throws {
        // Each reply is in time; there is no end to the challenges before the tenth.
        let challenges: [ScriptedPeer.Step] = [
            .expect("AUTH"), .trickle(Array("334 \r\n".utf8), every: .milliseconds(80)),
        ]
        let peer = try ScriptedPeer(
            [.say("220 s"), .expect("EHLO"), .say("250-s"), .say("250 AUTH LOGIN")] + challenges + [.stall])
        defer { peer.stop() }
        let timeouts = ServerTimeouts.brief { $0.session = .milliseconds(300) }
        let client = SMTPClient(
            options(
                port: peer.port, login: .password(name: "u", Secret("p")), timeouts: timeouts,
                allowPlaintextLogin: true), log: quiet)
        let fault = #expect(throws: SessionFault.self) { try client.connect() }
        #expect(fault?.phase == .login)
        #expect(fault?.timedOut == true)
        #expect(fault?.words.contains("300 ms") == true)
    }

    @Test("what goes before a message has a time over all: a hundred recipients do not take a hundred waits")
    func transaction() throws {
        let peer = try ScriptedPeer(
            toReady + [
                .expect("MAIL"), .say("250 ok"), .expect("RCPT"),
                .trickle(Array("250 ok\r\n".utf8), every: .milliseconds(80)), .stall,
            ])
        defer { peer.stop() }
        let timeouts = ServerTimeouts.brief { $0.transaction = .milliseconds(300) }
        let client = SMTPClient(options(port: peer.port, timeouts: timeouts), log: quiet)
        let fault = #expect(throws: SessionFault.self) {
            try client.deliver(envelope("a@example.org", "b@example.org"), message: letter) { _ in }
        }
        #expect(fault?.phase == .recipients)
        #expect(fault?.timedOut == true)
        #expect(fault?.words.contains("300 ms") == true)
    }

    @Test("a server that takes a message in drops: every block in its time, and yet too slow") func slowBody() throws {
        let pause = try WakeUp()
        let drops: [ScriptedPeer.Step] = (0..<200).flatMap { _ -> [ScriptedPeer.Step] in
            [
                .take(32 << 10),
                .run { _ = try Poller.wait([(pause.descriptor.number, .readable)], timeout: .milliseconds(150)) },
            ]
        }
        let peer = try ScriptedPeer(toReady + toData + drops)
        defer { peer.stop() }
        let timeouts = ServerTimeouts.brief {
            $0.dataBlock = .seconds(1)
            $0.minimumRate = 100 << 20
        }
        let client = SMTPClient(options(port: peer.port, timeouts: timeouts), log: quiet)
        let fault = #expect(throws: SessionFault.self) { try client.deliver(envelope(), message: large) { _ in } }
        #expect(fault?.phase == .body)
        #expect(fault?.words == "the server takes less than \(100 << 20) bytes a second")
        #expect(fault?.reaction == [.tryAgain, .close])
    }

    @Test("row 10: an address whose server says 421 is followed by the next address of that name") func nextAddress()
        throws
    {
        let busy = try ScriptedPeer([.say("421 busy"), .close])
        defer { busy.stop() }
        let good = try ScriptedPeer(toReady + toData + [.expectMessage, .say("250 taken"), .expect("QUIT")])
        defer { good.stop() }
        var options = options(port: busy.port)
        options.addresses = [try loopback(1, busy.port), try loopback(1, good.port)]
        let client = SMTPClient(options, log: quiet)
        let outcomes = try client.deliver(envelope(), message: letter) { _ in }
        #expect(Array(outcomes.values) == [.delivered("250 taken")])
        client.quit()
        #expect(busy.connections == 1)
        #expect(good.problems == [])
    }

    @Test(
        "of several addresses of a host, the gravest fault is told, not the last: a key or STARTTLS that is not as it should be",
        arguments: ["stripped", "mismatch", "injection"]) func gravest(_ what: String) throws
    {
        let hello: [ScriptedPeer.Step] = [.say("220 s"), .expect("EHLO"), .say("250-s")]
        let asked = hello + [.say("250 STARTTLS"), .expect("STARTTLS")]
        let script: [ScriptedPeer.Step] =
            switch what {
            case "stripped": hello + [.say("250 SIZE"), .expect("QUIT")]
            case "injection": asked + [.send(Array("220 go\r\n250 more\r\n".utf8))]
            default: asked + [.say("220 go"), .startTLS(try ServerCertificate.make())]
            }
        let peer = try ScriptedPeer(script, script)
        defer { peer.stop() }
        let good = try ScriptedPeer(
            hello + [
                .say("250 STARTTLS"), .expect("STARTTLS"), .say("220 go"), .startTLS(try ServerCertificate.make()),
            ]
                + [.expect("EHLO"), .say("250 s")])
        defer { good.stop() }
        // An MX host under a policy or DANE: its certificate is nobody's here.
        var options = options(port: peer.port, .opportunistic, host: "localhost")
        (options.isRelay, options.requiresTLS) = (false, true)
        // tcpmux: nothing listens there.
        options.addresses = [try loopback(1, peer.port), try loopback(1, 1)]
        let fault = #expect(throws: SessionFault.self) { try SMTPClient(options, log: quiet).connect() }
        let diagnosis: Diagnosis = ["stripped": .noSTARTTLS, "injection": .injection][what] ?? .authorityUnknown
        #expect(fault?.diagnosis == diagnosis, "\(String(describing: fault))")
        #expect(fault?.isConnectionFault == true && fault?.isTransient == true)
        // Where the next one is good, it is not forgotten either.
        options.addresses = [try loopback(1, peer.port), try loopback(1, good.port)]
        options.tls.authority = .nobody
        let client = SMTPClient(options, log: quiet)
        if what == "mismatch" { return }
        try client.connect()
        #expect(client.passedOver?.diagnosis == diagnosis)
        client.quit()
    }

    @Test("a login that is refused is not tried at the next address: no hammering (row 51)") func noHammering() throws {
        let refusing: [ScriptedPeer.Step] = [
            .say("220 s"), .expect("EHLO"), .say("250-s"), .say("250 AUTH PLAIN"), .expect("AUTH"), .say("535 no"),
        ]
        let peer = try ScriptedPeer(refusing)
        defer { peer.stop() }
        let other = try ScriptedPeer(refusing)
        defer { other.stop() }
        var options = options(
            port: peer.port, login: .password(name: "u", Secret("p")), allowPlaintextLogin: true)
        options.addresses = [try loopback(1, peer.port), try loopback(1, other.port)]
        let fault = #expect(throws: SessionFault.self) { try SMTPClient(options, log: quiet).connect() }
        #expect(fault?.code == 535)
        #expect(other.connections == 0)
    }

    private let starttls: [ScriptedPeer.Step] = [
        .say("220 s"), .expect("EHLO"), .say("250-s"), .say("250 STARTTLS"), .expect("STARTTLS"), .say("220 go"),
    ]

    @Test("row 41: TLS 1.1 alone under opportunistic: once more on a new connection, without TLS") func plain() throws {
        let old = ServerTLS(newest: TLS1_1_VERSION, oldest: TLS1_VERSION, securityLevel: 0)
        let peer = try ScriptedPeer(
            starttls + [.startTLS(ServerCertificate.make(), old)],
            [.say("220 s"), .expect("EHLO"), .say("250-s"), .say("250 STARTTLS")] + toData + [
                .expectMessage, .say("250 taken"), .expect("QUIT"),
            ])
        defer { peer.stop() }
        let client = SMTPClient(options(port: peer.port, .opportunistic), log: quiet)
        let outcomes = try client.deliver(envelope(), message: letter) { _ in }
        #expect(Array(outcomes.values) == [.delivered("250 taken")])
        client.quit()
        #expect(client.plainBecause?.diagnosis == .tlsTooOld)
        #expect(client.tlsVersion == nil)
    }

    @Test("row 41: and where TLS is a must, nothing goes out", arguments: [true, false]) func noPlain(_ isRelay: Bool)
        throws
    {
        let old = ServerTLS(newest: TLS1_1_VERSION, oldest: TLS1_VERSION, securityLevel: 0)
        let certificate = try ServerCertificate.make()
        let peer = try ScriptedPeer(starttls + [.startTLS(certificate, old)])
        defer { peer.stop() }
        var options = options(port: peer.port, isRelay ? .starttls : .opportunistic)
        (options.isRelay, options.requiresTLS) = (isRelay, true)
        let client = SMTPClient(options, log: quiet)
        let fault = #expect(throws: SessionFault.self) { try client.deliver(envelope(), message: letter) { _ in } }
        #expect(fault?.diagnosis == .tlsTooOld)
        // What is the account's fault at a relay is N at an MX host.
        #expect(fault?.isAccountFault == isRelay)
        #expect(fault?.isConnectionFault == !isRelay)
        #expect(client.plainBecause == nil)
        #expect(peer.connections == 1)
    }

    @Test("row 36: bytes behind 220 are an attack, after which nothing goes in plain") func attack() throws {
        let peer = try ScriptedPeer(starttls.dropLast() + [.send(Array("220 go\r\n250 injected\r\n".utf8))])
        defer { peer.stop() }
        let client = SMTPClient(options(port: peer.port, .opportunistic), log: quiet)
        let fault = #expect(throws: SessionFault.self) { try client.connect() }
        #expect(fault?.diagnosis == .injection)
        #expect(client.plainBecause == nil)
        #expect(peer.connections == 1)
    }

    @Test("a host without a name says its own end's address", arguments: loopbacks) func literal(
        _ host: String
    ) throws {
        let server: SinkServer
        var sinkOptions = SinkOptions()
        sinkOptions.host = host
        let inbox = Inbox()
        server = try SinkServer(sinkOptions, log: quiet) { inbox.take($0) }
        defer { server.stop() }
        var options = options(port: server.port, host: host)
        options.heloName = nil
        let client = SMTPClient(options, log: quiet)
        _ = try client.deliver(envelope(), message: letter) { _ in }
        client.quit()
        #expect(inbox.messages.first?.heloName == (host == "::1" ? "[IPv6:::1]" : "[127.0.0.1]"))
    }

    @Test("a name in another script is asked for and checked in A-labels") func domainName() throws {
        let certificate = try ServerCertificate.make(names: ["xn--bcher-kva.example"])
        let authority = try TemporaryFile(certificate.authorityPEM)
        let peer = try ScriptedPeer([.startTLS(certificate)] + toReady)
        defer { peer.stop() }
        var options = options(port: peer.port, .tls, host: "Bücher.example", caFile: authority.path)
        options.addresses = [try loopback(1, peer.port)]
        try SMTPClient(options, log: quiet).connect()
    }

    @Test("a name that can be none is told as a fault of the account", arguments: ["a..b", "☃ .example", "-"])
    func noName(_ host: String) {
        let fault = #expect(throws: SessionFault.self) {
            try SMTPClient(options(port: 25, host: host), log: quiet).connect()
        }
        #expect(fault?.phase == .resolve)
        #expect(fault?.isAccountFault == true)
    }

    @Test("the trace has each step, what was found there, and no secret") func trace() throws {
        let user = Login.password(name: "user", Secret("pencil"))
        var sinkOptions = SinkOptions()
        sinkOptions.users = [user]
        sinkOptions.mechanisms = [.login]
        let server = try SinkServer(sinkOptions, log: quiet) { _ in }
        defer { server.stop() }
        let authority = try TemporaryFile(server.authorityPEM)
        let client = SMTPClient(
            options(port: server.port, .starttls, host: "localhost", login: user, caFile: authority.path), log: quiet)
        _ = try client.deliver(envelope(), message: letter) { _ in }
        let steps = client.trace.steps
        #expect(
            steps.map(\.phase) == [
                .resolve, .connect, .greeting, .hello, .startTLS, .tls, .hello, .login, .sender, .recipients, .data,
                .body, .finalReply,
            ])
        let tls = try #require(steps.first { $0.phase == .tls }).detail
        for part in ["TLSv1.3, TLS_", "for localhost, 127.0.0.1", "issued by CN=Herald sink authority", "EC 256"] {
            #expect(tls.contains(part))
        }
        #expect(tls.hasSuffix("verified by \(authority.path)"))
        #expect(steps.first { $0.phase == .login }?.detail == "235 2.7.0 welcome")
        #expect(steps.last?.detail == "250 2.0.0 message taken")
        #expect(steps.allSatisfy { $0.took >= .zero })
        for secret in ["pencil", Base64.encode(Array("pencil".utf8))] {
            #expect(!steps.contains { $0.detail.contains(secret) })
        }
        client.quit()
    }

    @Test("a host of direct delivery is asked for what its domain asks for", arguments: 0..<4) func aimed(_ number: Int)
        throws
    {
        let name = try DomainName("mx1.example.org")
        let record = TLSARecord(usage: 3, selector: 1, matching: 1, data: [UInt8](repeating: 1, count: 32))
        let protections: [(HostProtection, TLSTerms)] = [
            (
                .dane([record], base: name, names: [try DomainName("example.org")]),
                TLSTerms(.dane([record]), names: ["mx1.example.org", "example.org"])
            ),
            (.encrypted, TLSTerms(.nobody)), (.sts(name), TLSTerms(.system, names: ["mx1.example.org"])),
            (.opportunistic, TLSTerms(.system)),
        ]
        let (protection, terms) = protections[number]
        let address = try #require(IPAddress([192, 0, 2, 1]))
        var account = options(port: 587, .starttls, login: .password(name: "u", Secret("p")))
        account.tls = TLSTerms(.pinned([[1]]))
        let options = account.aimed(at: PlannedHost(name: name, addresses: [address], protection: protection))
        #expect(options.tls == terms)
        #expect(options.requiresTLS == (number < 3))
        #expect(options.security == .opportunistic)
        #expect(options.login == nil && !options.isRelay)
        #expect(options.addresses == [SocketAddress(address, port: 25)])
    }
}
