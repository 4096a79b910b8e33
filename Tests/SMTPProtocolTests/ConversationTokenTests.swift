import Formats
import SMTPProtocol
import Testing

private let nonce = "rOprNGfwEbeRWgbNEkqO"
private let channel = Array("0123456789abcdef0123456789abcdef".utf8)

/// Up to the second EHLO's answer, under verified TLS.
private func begun(
    _ capabilities: String, _ login: Login, mechanisms: [AuthMechanism] = AuthMechanism.allCases,
    binding: [UInt8]? = nil, host: String = "mail.example.org"
) -> (Conversation, [Action]) {
    var conversation = Conversation(
        .init(
            security: .tls, login: login, mechanisms: mechanisms, heloName: "c", nonce: nonce, host: host, port: 465))
    _ = conversation.handle([
        .connected, .tlsEstablished(TLSFacts(isVerified: true, channelBinding: binding)), says("220 s"),
    ])
    let actions = conversation.handle(says("250 s/250 AUTH \(capabilities)"))
    return (conversation, actions)
}

private let password = Login.password(name: "user", Secret("pencil"))
private let token = Login.token(name: "user@example.org", Secret("tok"))
private let certificate = Login.certificate(name: nil)

private func encoded(_ text: String) -> String { Base64.encode(Array(text.utf8)) }

/// The first line of a login, with what it says in the clear.
private func first(_ actions: [Action]) -> String? {
    guard let line = actions.first?.line, line.hasSuffix("\r\n") else { return nil }
    let words = line.dropLast(1).split(separator: " ").map(String.init)
    guard words.count == 3 else { return words.joined(separator: " ") }
    let text = Base64.decode(words[2].utf8).map { String(decoding: $0, as: UTF8.self) } ?? words[2]
    return words[..<2].joined(separator: " ") + " " + text
}

@Suite struct ConversationBindingTests {
    @Test(
        "SCRAM is bound to the channel where both sides can, and says so where only we could",
        arguments: [
            (
                "SCRAM-SHA-256 SCRAM-SHA-256-PLUS PLAIN", channel,
                "AUTH SCRAM-SHA-256-PLUS p=tls-exporter,,n=user,r=\(nonce)"
            ),
            ("SCRAM-SHA-256 PLAIN", channel, "AUTH SCRAM-SHA-256 y,,n=user,r=\(nonce)"),
            ("SCRAM-SHA-256 SCRAM-SHA-1-PLUS", channel, "AUTH SCRAM-SHA-256 n,,n=user,r=\(nonce)"),
            ("SCRAM-SHA-256 SCRAM-SHA-256-PLUS", nil, "AUTH SCRAM-SHA-256 n,,n=user,r=\(nonce)"),
            ("SCRAM-SHA-1", nil, "AUTH SCRAM-SHA-1 n,,n=user,r=\(nonce)"),
        ]) func flags(_ offered: String, _ binding: [UInt8]?, _ expected: String)
    {
        #expect(first(begun(offered, password, binding: binding).1) == expected)
    }

    @Test("a whole login with SCRAM-SHA-256-PLUS") func whole() throws {
        var (conversation, actions) = begun("SCRAM-SHA-256-PLUS", password, binding: channel)
        var server = SCRAMServer(salt: [1, 2, 3], binding: channel, offersBinding: true)
        let line = try #require(actions.first?.line)
        let initial = try #require(Base64.decode(line.split(separator: " ")[2].dropLast(1).utf8))
        let challenge = try server.challenge(to: initial, nonce: "server")
        actions = conversation.handle(says("334 \(Base64.encode(challenge))"))
        let final = try #require(Base64.decode((actions.first?.line ?? "").dropLast(1).utf8))
        let verdict = try server.verdict(on: final, password: Secret("pencil"))
        actions = conversation.handle(says("334 \(Base64.encode(verdict))"))
        #expect(actions.first?.line == "\r\n")
        #expect(conversation.handle(says("235 in")) == [.becomeReady])
        #expect(conversation.mechanism == .scramSHA256Plus)
    }

    @Test("a server that cannot bind as we do gets SCRAM-SHA-256 without, once")
    func unsupported() {
        var (conversation, _) = begun("SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN", password, binding: channel)
        #expect(conversation.handle(says("334 " + encoded("e=unsupported-channel-binding-type"))) == [send("*")])
        #expect(first(conversation.handle(says("501 cancelled"))) == "AUTH SCRAM-SHA-256 n,,n=user,r=\(nonce)")
        #expect(conversation.handle(says("334 " + encoded("e=unsupported-channel-binding-type"))) == [send("*")])
        let actions = conversation.handle(says("501 cancelled"))
        #expect(actions.fault?.reaction == .top && actions.closes)
    }

    @Test("so does one that refuses it before it has seen a proof; after that, the password was refused")
    func refusedEarly() {
        var (early, _) = begun("SCRAM-SHA-256-PLUS SCRAM-SHA-256", password, binding: channel)
        #expect(first(early.handle(says("535 5.7.8 no"))) == "AUTH SCRAM-SHA-256 n,,n=user,r=\(nonce)")
        #expect(early.handle(says("535 5.7.8 no")).fault?.reaction == .top)
        var (late, _) = begun("SCRAM-SHA-256-PLUS SCRAM-SHA-256", password, binding: channel)
        _ = late.handle(says("334 " + encoded("r=\(nonce)X,s=QSXC,i=4096")))
        let fault = late.handle(says("535 5.7.8 no")).fault
        #expect(fault?.reaction == .top)
        #expect(fault?.remedy.contains("auth: plain") == true)
    }

    @Test("a proof that is refused inside the mechanism names what hashed passwords need") func invalidProof() {
        var (conversation, _) = begun("SCRAM-SHA-256", password)
        _ = conversation.handle(says("334 " + encoded("r=\(nonce)X,s=QSXC,i=4096")))
        #expect(conversation.handle(says("334 " + encoded("e=invalid-proof"))) == [send("*")])
        let fault = conversation.handle(says("501 cancelled")).fault
        #expect(fault?.diagnosis == .loginRefused && fault?.words.contains("invalid-proof") == true)
        #expect(fault?.remedy.contains("auth: plain") == true)
    }

    @Test(
        "a server that says we were deceived is not believed in another way",
        arguments: ["e=server-does-support-channel-binding", "e=channel-bindings-dont-match"])
    func deceived(_ challenge: String) {
        var (conversation, _) = begun("SCRAM-SHA-256 PLAIN", password, binding: channel)
        #expect(conversation.handle(says("334 " + encoded(challenge))) == [send("*")])
        let actions = conversation.handle(says("501 cancelled"))
        #expect(actions.fault?.diagnosis == .serverUntrusted && actions.fault?.reaction == .top)
    }

    @Test("PLUS alone, and nothing to bind to: said, and nobody logs in") func impossible() {
        let (_, actions) = begun("SCRAM-SHA-256-PLUS SCRAM-SHA-256", password, mechanisms: [.scramSHA256Plus])
        #expect(actions.fault?.words.contains("TLS 1.3") == true)
        #expect(actions.fault?.reaction == .top)
    }

    @Test("a password that SCRAM cannot carry goes by the next mechanism; without one that is said") func prohibited() {
        let odd = Login.password(name: "user", Secret("a\u{7}b"))
        #expect(first(begun("SCRAM-SHA-256 PLAIN", odd).1) == "AUTH PLAIN \0user\0a\u{7}b")
        let (_, actions) = begun("SCRAM-SHA-256 SCRAM-SHA-1", odd)
        #expect(actions.fault?.words.contains("U+0007") == true)
        #expect(actions.fault?.reaction == .top)
    }
}

@Suite struct ConversationTokenTests {
    @Test(
        "each kind of login takes what is its own of what is offered",
        arguments: [
            ("PLAIN XOAUTH2", token, "AUTH XOAUTH2"), ("PLAIN XOAUTH2 OAUTHBEARER", token, "AUTH OAUTHBEARER"),
            ("EXTERNAL PLAIN", certificate, "AUTH EXTERNAL"), ("EXTERNAL XOAUTH2 PLAIN", password, "AUTH PLAIN"),
        ]) func kinds(_ offered: String, _ login: Login, _ command: String)
    {
        #expect(first(begun(offered, login).1)?.hasPrefix(command) == true)
    }

    @Test(
        "what is offered for other kinds of login alone is told by name",
        arguments: [("PLAIN LOGIN", token), ("XOAUTH2 NTLM", password), ("PLAIN XOAUTH2", certificate)])
    func nothing(_ offered: String, _ login: Login) {
        let fault = begun(offered, login).1.fault
        #expect(fault?.diagnosis == .noCommonMechanism && fault?.reaction == .top)
        #expect(fault?.words.contains(offered) == true)
    }

    @Test("EXTERNAL without a name says =") func external() {
        #expect(begun("EXTERNAL", certificate).1.first?.line == "AUTH EXTERNAL =\r\n")
        #expect(begun("EXTERNAL", .certificate(name: "h")).1.first?.line == "AUTH EXTERNAL aA==\r\n")
    }

    @Test("OAUTHBEARER names the server that it is for") func bearer() {
        #expect(
            first(begun("OAUTHBEARER", token).1)
                == "AUTH OAUTHBEARER n,a=user@example.org,\u{1}host=mail.example.org\u{1}port=465\u{1}"
                + "auth=Bearer tok\u{1}\u{1}")
    }

    @Test(
        "row 57: a refused token is refreshed once and tried once more",
        arguments: [("XOAUTH2", "\r\n"), ("OAUTHBEARER", "AQ==\r\n")]) func refreshed(
            _ mechanism: String, _ answer: String
        )
    {
        var (conversation, _) = begun(mechanism, token)
        let reason = encoded(#"{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}"#)
        #expect(conversation.handle(says("334 \(reason)")).first?.line == answer)
        #expect(conversation.handle(says("535 5.7.8 no")) == [.refreshToken])
        #expect(conversation.wait == nil)
        let again = conversation.handle(.tokenRefreshed(Secret("fresh")))
        #expect(first(again)?.hasPrefix("AUTH \(mechanism) ") == true)
        #expect(first(again)?.contains("auth=Bearer fresh\u{1}") == true)
        var other = conversation
        #expect(other.handle(says("235 in")) == [.becomeReady])
        _ = conversation.handle(says("334 \(reason)"))
        let fault = conversation.handle(says("535 5.7.8 no")).fault
        #expect(fault?.reaction == .top)
        #expect(fault?.diagnosis == .tokenLacksRights)
        #expect(fault?.words.contains(#""status":"401""#) == true, "the server's reason is told")
    }

    @Test("a token that is refused without a reason is refreshed too; one that lacks a scope is not")
    func reasons() {
        var (plain, _) = begun("XOAUTH2", token)
        #expect(plain.handle(says("535 5.7.3 Authentication unsuccessful")) == [.refreshToken])
        var (scope, _) = begun("OAUTHBEARER", token)
        _ = scope.handle(says("334 " + encoded(#"{"status":"insufficient_scope","scope":"mail"}"#)))
        #expect(scope.handle(says("535 no")).fault?.diagnosis == .tokenLacksRights)
    }

    @Test("235 after a reason for refusal is not believed") func nonsense() {
        var (conversation, _) = begun("XOAUTH2", token)
        _ = conversation.handle(says("334 e30="))
        #expect(conversation.handle(says("235 in")).fault?.reaction == .top)
        #expect(!conversation.isReady)
    }

    @Test("without a fresh token, the fault is the one that says why") func noToken() {
        var (conversation, _) = begun("XOAUTH2", token)
        _ = conversation.handle(says("535 no"))
        let fault = SessionFault(.login, "invalid_grant", .top, .signInAgain, detail: "work")
        #expect(conversation.handle(.tokenRefused(fault)) == [.fail(fault), .close])
        #expect(fault.remedy.contains("herald login work"))
        #expect(conversation.handle(.tokenRefreshed(Secret("late"))) == [])
    }

    @Test(
        "a connection that is lost while a token is refreshed is lost",
        arguments: [
            .disconnected("gone"), says("421 idle"), .unsolicitedBytesReceived,
        ] as [Event]) func lost(_ event: Event)
    {
        var (conversation, _) = begun("XOAUTH2", token)
        _ = conversation.handle(says("535 no"))
        #expect(conversation.handle(event).fault?.reaction == .nt)
    }

    @Test("a token that is too long for a command is sent when it is asked for; up to 12,288 octets of base64")
    func long() {
        // user=user@example.org^Aauth=Bearer …^A^A
        let longest = (12_286 / 4 * 3) - 36
        for (length, fits) in [(600, true), (longest, true), (longest + 3, false)] {
            let login = Login.token(name: "user@example.org", Secret(String(repeating: "t", count: length)))
            var (conversation, actions) = begun("XOAUTH2", login)
            if fits {
                #expect(actions == [send("AUTH XOAUTH2")])
                let line = conversation.handle(says("334 ")).first?.line ?? ""
                #expect(line.utf8.count > 600 && line.utf8.count <= 12_288)
                #expect(conversation.handle(says("235 in")) == [.becomeReady])
            } else {
                #expect(actions.fault?.words.contains("12288") == true)
            }
        }
    }

    @Test("a password that no line can hold is not sent; the login is cancelled") func longPassword() {
        let login = Login.password(name: "user", Secret(String(repeating: "p", count: 10_000)))
        var (conversation, _) = begun("LOGIN", login)
        _ = conversation.handle(says("334 VXNlcm5hbWU6"))
        #expect(conversation.handle(says("334 UGFzc3dvcmQ6")) == [send("*")])
        #expect(conversation.handle(says("501 cancelled")).fault?.reaction == .top)
    }

    @Test("Google's 534 is no weak mechanism: nothing else is tried") func appPassword() {
        var (conversation, _) = begun("PLAIN LOGIN", password, host: "smtp.gmail.com")
        let fault = conversation.handle(says("534 5.7.9 Application-specific password required.")).fault
        #expect(fault?.diagnosis == .appPasswordNeeded && fault?.reaction == .top)
        #expect(fault?.remedy.contains("myaccount.google.com") == true)
    }

    @Test(
        "row 51: 535 is final, whatever else is offered",
        arguments: ["CRAM-MD5 PLAIN", "PLAIN LOGIN", "SCRAM-SHA-1 LOGIN"])
    func final(_ offered: String) {
        var (conversation, _) = begun(offered, password)
        let actions = conversation.handle(says("535 5.7.8 no"))
        #expect(actions.fault?.diagnosis == .loginRefused && actions.closes && actions.count == 2)
    }
}
