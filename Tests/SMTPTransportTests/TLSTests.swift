import Formats
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import Testing
import TestSupport

/// A sink with this certificate on both ports, and what a client says of it.
private func fault(
    _ certificate: ServerCertificate, _ security: Security, host: String = "localhost", trusting: Bool = true,
    login: Login? = nil
) throws -> (SessionFault?, [SinkMessage]) {
    let inbox = Inbox()
    var sinkOptions = SinkOptions()
    sinkOptions.tlsPort = 0
    sinkOptions.certificate = certificate
    if let login { sinkOptions.users = [login] }
    let server = try SinkServer(sinkOptions, log: quiet) { inbox.take($0) }
    defer { server.stop() }
    let authority = try TemporaryFile(server.authorityPEM)
    let client = SMTPClient(
        options(
            port: security == .tls ? server.tlsPort : server.port, security, host: host, login: login,
            caFile: trusting ? authority.path : nil), log: quiet)
    let letterEnvelope = try envelope()
    do throws(SessionFault) {
        _ = try client.deliver(letterEnvelope, message: letter) { _ in }
        client.quit()
        return (nil, inbox.messages)
    } catch { return (error, inbox.messages) }
}

@Suite struct TLSTests {
    @Test(
        "a good certificate holds for the name and for the address", arguments: [Security.tls, .starttls],
        [
            "localhost", "127.0.0.1",
        ]) func good(_ security: Security, _ host: String) throws
    {
        let (fault, messages) = try fault(ServerCertificate.make(), security, host: host)
        #expect(fault == nil)
        #expect(messages.first?.tlsVersion == "TLSv1.3")
    }

    @Test("row 39: an expired certificate", arguments: [Security.tls, .starttls])
    func expired(_ security: Security) throws {
        let certificate = try ServerCertificate.make(from: .seconds(-7200), to: .seconds(-3600))
        let (fault, messages) = try fault(certificate, security)
        #expect(fault?.phase == .tls)
        #expect(fault?.isAccountFault == true)
        #expect(fault?.words.contains("expired") == true)
        #expect(messages.isEmpty)
    }

    @Test("row 40: another name", arguments: [Security.tls, .starttls], ["localhost", "127.0.0.1"])
    func wrongName(_ security: Security, _ host: String) throws {
        let certificate = try ServerCertificate.make(names: ["mail.example.org"], addresses: ["192.0.2.1"])
        let (fault, messages) = try fault(certificate, security, host: host)
        #expect(fault?.isAccountFault == true)
        #expect(fault?.likelyCause.contains("another name") == true)
        #expect(messages.isEmpty)
    }

    @Test("row 40: an authority that is not known; a certificate that signs itself", arguments: [true, false])
    func unknownAuthority(_ signsItself: Bool) throws {
        let certificate = try ServerCertificate.make(signsItself: signsItself)
        let (fault, messages) = try fault(
            certificate, .tls, trusting: false, login: .password(name: "user", Secret("pencil")))
        #expect(fault?.isAccountFault == true)
        #expect(fault?.likelyCause.contains("authority") == true)
        #expect(messages.isEmpty)
    }

    @Test("row 40: opportunistic goes on unverified, and without the login") func opportunistic() throws {
        let (fault, messages) = try fault(
            ServerCertificate.make(names: ["mail.example.org"]), .opportunistic,
            login: .password(name: "user", Secret("pencil")))
        #expect(fault == nil)
        #expect(messages.first?.tlsVersion == "TLSv1.3")
        #expect(messages.first?.login == nil)
    }

    @Test("row 16: a plain server on a TLS port; no downgrade") func plainServer() throws {
        let peer = try ScriptedPeer([.say("220 plain")])
        defer { peer.stop() }
        let client = SMTPClient(options(port: peer.port, .tls), log: quiet)
        let fault = #expect(throws: SessionFault.self) { try client.connect() }
        #expect(fault?.words.contains("wrong version number") == true)
        #expect(fault?.isAccountFault == true)
        #expect(fault?.remedy.contains("starttls") == true)
        #expect(peer.connections == 1)
    }

    @Test("row 15: a TLS server on a plain port is explained") func tlsServer() throws {
        var sinkOptions = SinkOptions()
        sinkOptions.port = nil
        sinkOptions.tlsPort = 0
        let server = try SinkServer(sinkOptions, log: quiet) { _ in }
        defer { server.stop() }
        let client = SMTPClient(
            options(port: server.tlsPort, .starttls, timeouts: .brief { $0.greeting = .milliseconds(150) }),
            log: quiet)
        let fault = #expect(throws: SessionFault.self) { try client.connect() }
        #expect(fault?.phase == .greeting)
        #expect(fault?.isAccountFault == false)
        #expect(fault?.remedy.contains("security: tls") == true)
    }

    @Test("row 44: an end without close_notify: after 250 a success, before it another try", arguments: [true, false])
    func noCloseNotify(_ isDelivered: Bool) throws {
        let certificate = try ServerCertificate.make()
        let authority = try TemporaryFile(certificate.authorityPEM)
        let steps: [ScriptedPeer.Step] = [
            .startTLS(certificate), .say("220 s"), .expect("EHLO"), .say("250 s"), .expect("MAIL"), .say("250 ok"),
            .expect("RCPT"),
        ]
        let rest: [ScriptedPeer.Step] =
            isDelivered
            ? [.say("250 ok"), .expect("DATA"), .say("354 go"), .expectMessage, .say("250 ok"), .cut] : [.cut]
        let peer = try ScriptedPeer(steps + rest)
        defer { peer.stop() }
        let client = SMTPClient(options(port: peer.port, .tls, host: "localhost", caFile: authority.path), log: quiet)
        if isDelivered {
            let outcomes = try client.deliver(envelope(), message: letter) { _ in }
            #expect(Array(outcomes.values) == [.delivered("250 ok")])
            client.quit()
        } else {
            let fault = #expect(throws: SessionFault.self) { try client.deliver(envelope(), message: letter) { _ in } }
            #expect(fault?.reaction == [.tryAgain, .close])
        }
    }

    @Test("a file of authorities that is not there is said") func noAuthorities() throws {
        let server = try SinkServer(SinkOptions(), log: quiet) { _ in }
        defer { server.stop() }
        let client = SMTPClient(options(port: server.port, .starttls, caFile: "/nonexistent/ca.pem"), log: quiet)
        let fault = #expect(throws: SessionFault.self) { try client.connect() }
        #expect(fault?.words.contains("/nonexistent/ca.pem") == true)
        #expect(fault?.isAccountFault == true)
    }
}
