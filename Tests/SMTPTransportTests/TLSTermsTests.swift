// Who vouches for a server: fingerprints, DANE, client certificates; sessions that are taken up again; what a login is
// bound to.

import COpenSSL
import Formats
import Mail
import MailRouting
import Platform
import SMTPProtocol
import SMTPTransport
import Testing
import TestSupport

/// A sink with this certificate, and how a client with these terms fares there.
private struct Handshake {
    var fault: SessionFault?
    var messages: [SinkMessage] = []
    /// The handshake's step.
    var trace: SessionTrace.Step?

    init(
        _ certificate: ServerCertificate, _ security: Security, _ terms: TLSTerms,
        requiresTLS: Bool = false, _ change: (inout SinkOptions) -> Void = { _ in }
    ) throws {
        let inbox = Inbox()
        var sinkOptions = SinkOptions()
        sinkOptions.certificate = certificate
        change(&sinkOptions)
        let server = try SinkServer(sinkOptions, log: quiet) { inbox.take($0) }
        defer { server.stop() }
        var options = options(port: server.port, security, host: "localhost")
        options.tls = terms
        options.requiresTLS = requiresTLS
        let client = SMTPClient(options, log: quiet)
        let letterEnvelope = try envelope()
        do throws(SessionFault) {
            _ = try client.deliver(letterEnvelope, message: letter) { _ in }
        } catch { fault = error }
        client.quit()
        messages = inbox.messages
        trace = client.trace.steps.first { $0.phase == .tls }
    }
}

/// SHA-256 of a certificate's SubjectPublicKeyInfo, by the openssl command: another hand than the one that is tested.
private func fingerprint(_ certificate: ServerCertificate) throws -> [UInt8] {
    let file = try TemporaryFile(certificate.certificatePEM)
    let script =
        "openssl x509 -in \(file.path) -pubkey -noout | openssl pkey -pubin -outform DER | openssl dgst -sha256 -r"
    let result = try ChildProcess(["/bin/sh", "-c", script], deadline: .seconds(20)).run()
    return try #require(Hex.decode(String(decoding: result.output.prefix(64), as: UTF8.self)))
}

/// Of a certificate whose time is over, for another name, by nobody: all that only a fingerprint or DANE makes good.
private func strange() throws -> ServerCertificate {
    try ServerCertificate.make(
        names: ["other.example.org"], from: .seconds(-7200), to: .seconds(-3600), signsItself: true)
}

@Suite struct TLSTermsTests {
    @Test("a pinned key stands for authority, name and time; any of several", arguments: [false, true])
    func pinned(_ second: Bool) throws {
        let certificate = try strange()
        let key = try fingerprint(certificate)
        let others = [[UInt8](repeating: 7, count: 32)]
        let attempt = try Handshake(certificate, .starttls, TLSTerms(.pinned(second ? others + [key] : [key] + others)))
        #expect(attempt.fault == nil)
        #expect(attempt.messages.count == 1)
        #expect(attempt.trace?.detail.contains("verified by fingerprint") == true)
    }

    @Test("another key than the pinned ones is refused and named, though an authority vouches for it")
    func otherKey() throws {
        let certificate = try ServerCertificate.make()
        let attempt = try Handshake(certificate, .starttls, TLSTerms(.pinned([[UInt8](repeating: 7, count: 32)])))
        #expect(attempt.fault?.diagnosis == .otherFingerprint)
        #expect(attempt.fault?.isAccountFault == true)
        #expect(attempt.fault?.likelyCause.contains(Hex.encode(try fingerprint(certificate))) == true)
        #expect(attempt.messages.isEmpty)
    }

    @Test("a fingerprint that is none is refused, and not taken for no fingerprint") func noKey() throws {
        let attempt = try Handshake(ServerCertificate.make(), .starttls, TLSTerms(.pinned([[1, 2, 3]])))
        #expect(attempt.fault?.diagnosis == .otherFingerprint)
        #expect(attempt.messages.isEmpty)
    }

    @Test("DANE usage 3: the key is all; name, time and authority are not looked at (RFC 7672 section 3.1.1)")
    func daneEndEntity() throws {
        let certificate = try strange()
        let record = TLSARecord(usage: 3, selector: 1, matching: 1, data: try fingerprint(certificate))
        let attempt = try Handshake(
            certificate, .opportunistic, TLSTerms(.dane([record]), names: ["localhost"]), requiresTLS: true)
        #expect(attempt.fault == nil)
        #expect(attempt.trace?.detail.contains("verified by DANE") == true)
    }

    @Test("row 47: no record fits: N, and nothing in plain") func daneMismatch() throws {
        let record = TLSARecord(usage: 3, selector: 1, matching: 1, data: [UInt8](repeating: 9, count: 32))
        let attempt = try Handshake(
            ServerCertificate.make(), .opportunistic, TLSTerms(.dane([record]), names: ["localhost"]), requiresTLS: true
        )
        #expect(attempt.fault?.diagnosis == .daneMismatch)
        #expect(attempt.fault?.mayRetryPlain == false)
        #expect(attempt.messages.isEmpty)
    }

    @Test(
        "DANE usage 2: an authority of the domain's own vouches, and names and time count",
        arguments: [("localhost", nil), ("other.example.org", Diagnosis.certificateForOtherName)]
            as [(String, Diagnosis?)])
    func daneAuthority(_ name: String, _ diagnosis: Diagnosis?) throws {
        var certificate = try ServerCertificate.make(names: [name], addresses: [])
        let authority = try TemporaryFile(certificate.authorityPEM)
        let der = try ChildProcess(
            ["/usr/bin/openssl", "x509", "-in", authority.path, "-outform", "DER"], deadline: .seconds(20)
        ).run().output
        // The server must send the authority along (RFC 7672 section 3.1.1), or the record hold it whole.
        certificate.certificatePEM += certificate.authorityPEM
        for record in [
            TLSARecord(usage: 2, selector: 0, matching: 0, data: der),
            TLSARecord(usage: 2, selector: 0, matching: 1, data: SHA256.digest(der)),
        ] {
            let attempt = try Handshake(
                certificate, .opportunistic, TLSTerms(.dane([record]), names: ["localhost"]), requiresTLS: true)
            #expect(attempt.fault?.diagnosis == diagnosis)
            #expect(attempt.messages.count == (diagnosis == nil ? 1 : 0))
        }
    }

    @Test("row 46: records that cannot be used: TLS, and nobody is authenticated; no crash", arguments: 0..<6)
    func daneUnusable(_ number: Int) throws {
        let records = [
            TLSARecord(usage: 3, selector: 1, matching: 1, data: []),
            TLSARecord(usage: 3, selector: 1, matching: 1, data: [1, 2, 3]),
            TLSARecord(usage: 3, selector: 9, matching: 9, data: [UInt8](repeating: 1, count: 60_000)),
            TLSARecord(usage: 2, selector: 0, matching: 0, data: [0x30, 0x82]),
            TLSARecord(usage: 0, selector: 1, matching: 1, data: [UInt8](repeating: 1, count: 32)),
            TLSARecord(usage: 255, selector: 255, matching: 255, data: [255]),
        ]
        let attempt = try Handshake(
            strange(), .opportunistic, TLSTerms(.dane([records[number]]), names: ["localhost"]), requiresTLS: true)
        #expect(attempt.fault == nil)
        #expect(attempt.messages.first?.tlsVersion == "TLSv1.3")
        #expect(attempt.trace?.detail.contains("not verified") == true)
    }

    @Test("row 43: a client certificate goes where one is asked for, and EXTERNAL logs in by it") func external() throws
    {
        let mine = try ServerCertificate.make(names: ["mailer.example.org"], addresses: [], isForClients: true)
        let file = try TemporaryFile(mine.certificatePEM + mine.keyPEM)
        let inbox = Inbox()
        var sinkOptions = SinkOptions()
        sinkOptions.clientAuthority = mine.authorityPEM
        sinkOptions.users = [.certificate(name: "mailer.example.org")]
        sinkOptions.mechanisms = [.external]
        sinkOptions.requiresLogin = true
        let server = try SinkServer(sinkOptions, log: quiet) { inbox.take($0) }
        defer { server.stop() }
        let authority = try TemporaryFile(server.authorityPEM)
        for name in [nil, "mailer.example.org"] as [String?] {
            var options = options(port: server.port, .starttls, host: "localhost", login: .certificate(name: name))
            options.tls = TLSTerms(.file(authority.path), clientCertificate: file.path)
            let client = SMTPClient(options, log: quiet)
            _ = try client.deliver(envelope(), message: letter) { _ in }
            client.quit()
            #expect(inbox.messages.last?.login == "mailer.example.org")
            #expect(inbox.messages.last?.mechanism == .external)
        }
        var without = options(port: server.port, .starttls, host: "localhost", login: .certificate(name: nil))
        without.tls = TLSTerms(.file(authority.path))
        let fault = #expect(throws: SessionFault.self) { try SMTPClient(without, log: quiet).connect() }
        #expect(fault?.code == 535)
    }

    @Test(
        "row 43: a server that must have a client certificate says so, and we say what is missing",
        arguments: [TLS1_2_VERSION, TLS1_3_VERSION], [false, true])
    func certificateWanted(_ newest: Int32, _ wrongOne: Bool) throws {
        let certificate = try ServerCertificate.make()
        let mine = try ServerCertificate.make(names: ["stranger.example.org"], isForClients: true)
        let file = try TemporaryFile(mine.certificatePEM + mine.keyPEM)
        let authority = try TemporaryFile(certificate.authorityPEM)
        let peer = try ScriptedPeer([
            .startTLS(certificate, ServerTLS(newest: newest, clientAuthority: certificate.authorityPEM)), .say("220 s"),
        ])
        defer { peer.stop() }
        var options = options(port: peer.port, .tls, host: "localhost")
        options.tls = TLSTerms(.file(authority.path), clientCertificate: wrongOne ? file.path : nil)
        let fault = #expect(throws: SessionFault.self) { try SMTPClient(options, log: quiet).connect() }
        #expect(fault?.diagnosis == .clientCertificate)
        #expect(fault?.isAccountFault == true)
    }

    @Test("a client certificate that cannot be read is told before anything goes out") func noCertificate() throws {
        let certificate = try ServerCertificate.make(isForClients: true)
        let other = try ServerCertificate.make(isForClients: true)
        let mismatch = try TemporaryFile(certificate.certificatePEM + other.keyPEM)
        for path in ["/nonexistent/client.pem", mismatch.path] {
            var options = options(port: 1, .tls, host: "localhost")
            options.tls.clientCertificate = path
            let fault = #expect(throws: SessionFault.self) { try SMTPClient(options, log: quiet).connect() }
            #expect(fault?.isAccountFault == true)
            #expect(fault?.words.contains(path) == true)
            #expect(fault?.phase == .tls)
        }
    }

    @Test("TLS 1.3 alone, when that is the minimum") func minimum() throws {
        let certificate = try ServerCertificate.make()
        let authority = try TemporaryFile(certificate.authorityPEM)
        for (newest, diagnosis) in [(TLS1_3_VERSION, nil), (TLS1_2_VERSION, Diagnosis.tlsTooOld)]
            as [(Int32, Diagnosis?)]
        {
            let peer = try ScriptedPeer([
                .startTLS(certificate, ServerTLS(newest: newest)), .say("220 s"), .expect("EHLO"), .say("250 s"),
            ])
            defer { peer.stop() }
            var options = options(port: peer.port, .tls, host: "localhost")
            options.tls = TLSTerms(.file(authority.path), minimum: .tls13)
            var fault: SessionFault?
            do throws(SessionFault) { try SMTPClient(options, log: quiet).connect() } catch { fault = error }
            #expect(fault?.diagnosis == diagnosis)
        }
    }
}
