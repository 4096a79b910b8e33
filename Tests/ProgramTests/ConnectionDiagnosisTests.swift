// Each diagnosis, played: a server, or nobody, does what it is the name of, and `herald test-connection` says so.

import Formats
import Platform
import SMTPProtocol
import SMTPTransport
import TestSupport
import Testing

/// Something that goes wrong, and what a person reads of it.
struct PlayedDiagnosis: CustomTestStringConvertible, Sendable {
    var diagnosis: Diagnosis
    var name: String
    /// Of the account, beside name, server and port; nil: `security: none`.
    var account: String?
    var sends: Bool
    var script: [ScriptedPeer.Step]
    /// The step that fails.
    var step: String
    var cause: String
    var remedy: String

    init(
        _ diagnosis: Diagnosis, _ name: String, _ account: String? = nil, send: Bool = false, at step: String,
        _ cause: String, _ remedy: String, _ script: [ScriptedPeer.Step]
    ) {
        (self.diagnosis, self.name, self.account, self.script) = (diagnosis, name, account, script)
        (self.step, self.cause, self.remedy) = (step, cause, remedy)
        sends = send
    }

    var testDescription: String { "\(diagnosis.rawValue): \(name)" }
}

private let login = "security: none, login: herald, password_file: FOLDER/password, allow_plaintext_login: true"
private let hello: [ScriptedPeer.Step] = [.say("220 mail.example.org ESMTP"), .expect("EHLO")]
private let ready = hello + [.say("250 mail.example.org")]

private func offering(_ mechanisms: String) -> [ScriptedPeer.Step] {
    hello + [.say("250-mail.example.org"), .say("250 AUTH \(mechanisms)")]
}

private func refusedLogin(_ reply: String, by mechanism: String = "PLAIN") -> [ScriptedPeer.Step] {
    offering(mechanism) + [.expect("AUTH \(mechanism)"), .say(reply)]
}

@Suite struct ConnectionDiagnosisTests {
    static let reaching: [PlayedDiagnosis] = [
        PlayedDiagnosis(
            .tlsOnPlainPort, "a server that waits for TLS", "security: starttls, server_timeout: {greeting: 1s}",
            at: "greeting", "expects TLS from the first byte", "set security: tls", [.stall]),
        PlayedDiagnosis(
            .tlsOnPlainPort, "a server that answers with an alert", at: "greeting", "expects TLS from the first byte",
            "set security: tls", [.send([0x15, 3, 3, 0, 2, 2, 10, 0x0a])]),
        PlayedDiagnosis(
            .plainOnTLSPort, "a plain greeting", "security: tls", at: "TLS", "does not speak TLS from the first byte",
            "security: starttls", [.say("220 mail.example.org ESMTP")]),
        PlayedDiagnosis(
            .otherProtocol, "HTTP", at: "greeting", "HTTP listens there", "587 for STARTTLS, 465 for TLS",
            [.say("HTTP/1.1 400 Bad Request"), .say("")]),
        PlayedDiagnosis(
            .otherProtocol, "SSH", at: "greeting", "SSH listens there", "server and port",
            [.say("SSH-2.0-OpenSSH_9.2p1")]),
        PlayedDiagnosis(
            .otherProtocol, "IMAP", at: "greeting", "IMAP listens there", "server and port",
            [.say("* OK IMAP4rev1 ready")]),
        PlayedDiagnosis(
            .otherProtocol, "POP3", at: "greeting", "POP3 listens there", "server and port", [.say("+OK ready")]),
        PlayedDiagnosis(
            .hostRefused, "554 greeting", at: "greeting", "its address is blocked, or has no name in the DNS (PTR)",
            "whether the server allows this host", [.say("554 5.7.1 no PTR for 192.0.2.1"), .close]),
        PlayedDiagnosis(
            .busy, "421 greeting", at: "greeting", "busy, or has too many connections", "max_connections",
            [.say("421 4.7.0 too many connections"), .close]),
        PlayedDiagnosis(
            .helloRefused, "550 to EHLO", "security: none, helo_name: web1.example.org", at: "capabilities",
            "does not like the name in EHLO: web1.example.org", "set helo_name", hello + [.say("550 5.7.1 who?")]),
        PlayedDiagnosis(
            .silence, "nothing after EHLO", "security: none, server_timeout: {command: 1s}", at: "capabilities",
            "stopped in the middle", "try again later", hello + [.stall]),
    ]

    static let protection: [PlayedDiagnosis] = [
        PlayedDiagnosis(
            .noSTARTTLS, "stripped", "security: starttls", at: "STARTTLS", "someone on the way who strips STARTTLS",
            "port 465 with security: tls", ready),
        PlayedDiagnosis(
            .startTLSRefused, "454", "security: starttls", at: "STARTTLS", "offers STARTTLS and cannot do it",
            "tell the server's administrator",
            hello + [.say("250-s"), .say("250 STARTTLS"), .expect("STARTTLS"), .say("454 4.7.0 no certificate")]),
        PlayedDiagnosis(
            .injection, "a reply behind 220", "security: starttls", at: "STARTTLS", "injects commands or replies",
            "find out who",
            hello + [
                .say("250-s"), .say("250 STARTTLS"), .expect("STARTTLS"), .send(Array("220 go\r\n250 AUTH\r\n".utf8)),
            ]),
    ]

    static let logins: [PlayedDiagnosis] = [
        PlayedDiagnosis(
            .loginNotOffered, "no AUTH", login, at: "login", "another port than the one for submission",
            "use port 587 or 465", ready),
        PlayedDiagnosis(
            .noCommonMechanism, "XOAUTH2 alone", login, at: "login", "is offered: SCRAM-SHA-256-PLUS SCRAM-SHA-256",
            "set oauth",
            offering("XOAUTH2 OAUTHBEARER")),
        PlayedDiagnosis(
            .loginRefused, "535", login, at: "login", "the login or the password is wrong", "login and password",
            refusedLogin("535 5.7.8 authentication failed")),
        PlayedDiagnosis(
            .loginRefused, "CRAM-MD5 with hashed passwords", login, at: "login", "the password is wrong",
            "cannot check CRAM-MD5: then set auth: plain",
            offering("CRAM-MD5") + [.expect("AUTH CRAM-MD5"), .say("334 PDFAbWFpbD4="), .expect(""), .say("535 no")]),
        PlayedDiagnosis(
            .appPasswordNeeded, "Google's words", login, at: "login", "takes no ordinary password from programs",
            "make an app password", refusedLogin("534 5.7.9 Application-specific password required.")),
        PlayedDiagnosis(
            .smtpAuthOff, "Microsoft's words", login, at: "login", "is switched off for this mailbox",
            "set oauth, or have SMTP AUTH switched on",
            refusedLogin("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled")),
        PlayedDiagnosis(
            .serverUntrusted, "235 before the proof", login, at: "login", "another server than the one that knows it",
            "the server's name", refusedLogin("235 2.7.0 in", by: "SCRAM-SHA-256")),
        PlayedDiagnosis(
            .loginLater, "454", login, at: "login", "cannot check logins now, or has locked this one", "wait",
            refusedLogin("454 4.7.0 temporary failure")),
        PlayedDiagnosis(
            .tlsFirst, "538", login, at: "login", "wants TLS or a login before this",
            "the account's login and security",
            refusedLogin("538 5.7.11 encryption required")),
        PlayedDiagnosis(
            .tlsFirst, "530 to MAIL", send: true, at: "sender", "wants TLS or a login before this",
            "the account's login and security",
            ready + [.expect("MAIL"), .say("530 5.7.0 Must issue a STARTTLS command first")]),
    ]

    static let letters: [PlayedDiagnosis] = [
        PlayedDiagnosis(
            .senderNotAllowed, "Microsoft's 5.7.60", send: true, at: "sender",
            "may not send under this sender's address",
            "send under the login's own address",
            ready + [
                .expect("MAIL"), .say("550 5.7.60 SMTP; Client does not have permissions to send as this sender"),
            ]),
        PlayedDiagnosis(
            .relayingDenied, "Postfix's words", send: true, at: "recipient",
            "only for those who are logged in, or not at all", "set the account's login",
            ready + [
                .expect("MAIL"), .say("250 ok"), .expect("RCPT TO:<admin@example.org>"),
                .say("554 5.7.1 <admin@example.org>: Relay access denied"),
            ]),
        PlayedDiagnosis(
            .noSuchRecipient, "5.1.1", send: true, at: "recipient", "knows no such recipient",
            "check the recipient's address",
            ready + [
                .expect("MAIL"), .say("250 ok"), .expect("RCPT"), .say("550 5.1.1 <admin@example.org>: rejected"),
            ]),
        PlayedDiagnosis(
            .messageTooLarge, "SIZE", send: true, at: "sender", "larger than the server takes", "limit raised",
            hello + [.say("250-s"), .say("250 SIZE 100")]),
        PlayedDiagnosis(
            .messageTooLarge, "552 after the dot", send: true, at: "final reply", "larger than the server takes",
            "limit raised",
            ready + [
                .expect("MAIL"), .say("250 ok"), .expect("RCPT"), .say("250 ok"), .expect("DATA"), .say("354 go"),
                .expectMessage, .say("552 5.3.4 message exceeds the size limit"),
            ]),
    ]

    @Test(
        "what a server does is told as what it is, with its cause and what to do",
        arguments: reaching + protection + logins + letters)
    func played(_ play: PlayedDiagnosis) throws {
        let peer = try ScriptedPeer(play.script)
        defer { peer.stop() }
        let site = try ConnectionSite(
            "name: office, server: 127.0.0.1, port: \(peer.port), \(play.account ?? "security: none")")
        try site.write("password", "open sesame\n".utf8)
        let run = try play.sends ? site.run("--send") : site.run()
        run.tells(play.step, cause: play.cause, remedy: play.remedy)
        #expect(peer.problems.isEmpty, "\(peer.problems)")
        #expect(!run.output.contains("sesame"))
    }

    @Test(
        "what is wrong with a certificate is told, with what it is about",
        arguments: [
            (.certificateExpired, "it ended on 20", "check the date here"),
            (.certificateNotYetValid, "by the clock of this host: it begins on 20", "set this host's clock"),
            (
                .certificateForOtherName, "for another name: mail.example.com, 192.0.2.7",
                "a name that the certificate is for"
            ),
            (.certificateSelfSigned, "signed by itself", "set ca_file to that certificate, or fingerprints"),
            (.authorityUnknown, "or the server leaves an intermediate certificate out", "set ca_file"),
            (.otherFingerprint, "none of those in fingerprints: ", "if the server has a new key"),
            (.tlsTooOld, "no TLS 1.2", "the server needs an update"),
            (.clientCertificate, "wants a client certificate", "set client_certificate"),
        ] as [(Diagnosis, String, String)])
    func certificate(_ diagnosis: Diagnosis, _ cause: String, _ remedy: String) throws {
        let certificate =
            switch diagnosis {
            case .certificateExpired: try ServerCertificate.make(from: .seconds(-172_800), to: .seconds(-86400))
            case .certificateNotYetValid: try ServerCertificate.make(from: .seconds(86400), to: .seconds(172_800))
            case .certificateForOtherName:
                try ServerCertificate.make(names: ["mail.example.com"], addresses: ["192.0.2.7"])
            case .certificateSelfSigned: try ServerCertificate.make(signsItself: true)
            default: try ServerCertificate.make()
            }
        // TLS 1.1 and nothing newer: OpenSSL's numbers.
        let tls =
            switch diagnosis {
            case .tlsTooOld: ServerTLS(newest: 0x0302, oldest: 0x0301, securityLevel: 0)
            case .clientCertificate: ServerTLS(clientAuthority: certificate.authorityPEM)
            default: ServerTLS()
            }
        let trust =
            switch diagnosis {
            case .authorityUnknown, .certificateSelfSigned: ""
            case .otherFingerprint: ", fingerprints: ['\(String(repeating: "0a", count: 32))']"
            default: ", ca_file: FOLDER/ca.pem"
            }
        let peer = try ScriptedPeer([.startTLS(certificate, tls), .say("220 s"), .expect("EHLO"), .say("250 s")])
        defer { peer.stop() }
        let site = try ConnectionSite("name: a, server: localhost, port: \(peer.port), security: tls\(trust)")
        try site.write("ca.pem", certificate.authorityPEM)
        let run = try site.run()
        run.tells("TLS", cause: cause, remedy: remedy)
        // What OpenSSL makes of pinned keys is nobody's business.
        #expect(!run.output.contains("TLSA"), "\(run.output)")
    }

    @Test("a closed port, and one that swallows every packet") func ports() throws {
        let closed = try ScriptedPeer([])
        closed.stop()
        try ConnectionSite("name: a, server: 127.0.0.1, port: \(closed.port), security: none").run()
            .tells("connect", cause: "nothing listens on that port", remedy: "587 for STARTTLS, 465 for TLS")
        let hole = try BlackHole()
        try ConnectionSite(
            "name: a, server: 127.0.0.1, port: \(hole.port), security: none, server_timeout: {connect: 1s}"
        ).run().tells("connect", cause: "a firewall drops the packets", remedy: "use port 587 or 465")
    }

    @Test("a host to which there is no way") func unreachable() throws {
        let site = try ConnectionSite("name: a, server: 192.0.2.1, port: 25, security: none")
        let run = try site.run(under: ["/usr/bin/unshare", "--user", "--map-root-user", "--net"])
        run.tells("connect", cause: "no way to that host from here", remedy: "this host's network and routes")
    }

    @Test("a password that cannot be read", arguments: [nil, "", "\n"] as [String?])
    func password(_ content: String?) throws {
        let site = try ConnectionSite("name: a, server: 127.0.0.1, port: 1, \(login)")
        if let content { try site.write("password", content.utf8) }
        let run = try site.run()
        run.tells("login", cause: "the account's password cannot be read", remedy: "into its first line")
        #expect(run.output.contains(site.folder("password")), "\(run.output)")
    }

    /// Played in the bed of ConnectionNetworkTests, which has name servers.
    static let inTheBed: Set<Diagnosis> = [
        .noSuchName, .nameServerFails, .daneMismatch, .stsMismatch, .curlMissing,
    ]

    @Test("every diagnosis is played, here or in the bed") func all() {
        let apart: Set<Diagnosis> = [
            .nothingListens, .blocked, .unreachable, .passwordUnreadable, .certificateExpired, .certificateNotYetValid,
            .certificateForOtherName, .certificateSelfSigned, .authorityUnknown, .otherFingerprint, .tlsTooOld,
            .clientCertificate,
        ]
        let played = Set((Self.reaching + Self.protection + Self.logins + Self.letters).map(\.diagnosis))
        let missing = Set(Diagnosis.allCases).subtracting(played).subtracting(apart).subtracting(Self.inTheBed)
        #expect(missing == [.tokenLacksRights, .signInAgain], "these in ConnectionTokenTests")
    }
}
