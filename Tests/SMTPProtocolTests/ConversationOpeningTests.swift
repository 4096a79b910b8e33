import Mail
import SMTPProtocol
import Testing

private func terms(_ security: Security, login: Bool = false, plaintext: Bool = false) -> Conversation.Terms {
    .init(
        security: security, login: login ? .password(name: "user", Secret("pencil")) : nil, heloName: "c",
        allowPlaintextLogin: plaintext, nonce: "rOprNGfwEbeRWgbNEkqO")
}

/// Up to the second EHLO's answer, under verified TLS.
private func protected(_ capabilities: String, _ terms: Conversation.Terms) -> (Conversation, [Action]) {
    var conversation = Conversation(terms)
    _ = conversation.handle([.connected, .tlsEstablished(TLSFacts(isVerified: true)), says("220 s")])
    let actions = conversation.handle(says("250 s/\(capabilities)"))
    return (conversation, actions)
}

@Suite struct ConversationOpeningTests {
    @Test("a plain session opens with EHLO") func plain() {
        var conversation = Conversation(terms(.none))
        #expect(conversation.handle(.connected) == [])
        #expect(conversation.wait == .greeting)
        #expect(conversation.handle(says("220 s")) == [send("EHLO c")])
        #expect(conversation.wait == .command)
        #expect(conversation.handle(says("250 s/250 SIZE 7")) == [.becomeReady])
        #expect(conversation.capabilities.maxSize == 7)
        #expect(conversation.wait == nil)
        #expect(conversation.handle(.quitRequested) == [send("QUIT")])
        #expect(conversation.handle(says("221 bye")) == [.close])
    }

    @Test("TLS from the first byte comes before the greeting") func tls() {
        var conversation = Conversation(terms(.tls))
        #expect(conversation.handle(.connected) == [.startTLS])
        #expect(conversation.handle(.tlsEstablished(TLSFacts(isVerified: true))) == [])
        #expect(conversation.wait == .greeting)
        #expect(conversation.handle(says("220 s")) == [send("EHLO c")])
    }

    @Test("STARTTLS; row 42: what was offered before it counts no more") func startTLS() {
        var conversation = Conversation(terms(.starttls))
        _ = conversation.handle([.connected, says("220 s")])
        #expect(conversation.handle(says("250 s/250 STARTTLS/250 SIZE 5/250 PIPELINING")) == [send("STARTTLS")])
        #expect(conversation.handle(says("220 go")) == [.startTLS])
        #expect(conversation.handle(.tlsEstablished(TLSFacts(isVerified: true))) == [send("EHLO c")])
        #expect(conversation.handle(says("250 s/250 DSN")) == [.becomeReady])
        var expected = Capabilities()
        expected.dsn = true
        #expect(conversation.capabilities == expected)
    }

    @Test(
        "rows 9, 10, 11, 13, 14, 15, 17: what comes instead of a greeting",
        arguments: [
            (.timedOut(.seconds(300)), .nt), (says("421 later"), .nt), (says("450 later"), .nt),
            (says("554 no"), .ntop), (.replyMalformed(.notAReply("")), .nt),
            (.replyMalformed(.notAReply("2200 x")), .nt), (.replyMalformed(.notAReply("\\u{15}\\u{3}\\u{1}")), .nt),
            (.disconnected("gone"), .nt), (says("250 hm"), .nt), (says("354 hm"), .nt),
        ] as [(Event, Reaction)]) func greeting(_ event: Event, _ reaction: Reaction)
    {
        var conversation = Conversation(terms(.none))
        _ = conversation.handle(.connected)
        let actions = conversation.handle(event)
        #expect(actions.fault?.phase == .greeting)
        #expect(actions.fault?.reaction == reaction)
        #expect(actions.closes)
        #expect(conversation.handle(says("220 late")) == [])
    }

    @Test("row 15: silence and garbage are explained") func explained() {
        for event in [Event.timedOut(.seconds(300)), .replyMalformed(.notAReply("\\u{15}\\u{3}\\u{1}"))] {
            var conversation = Conversation(terms(.none))
            #expect(conversation.handle([.connected, event]).fault?.remedy.contains("security: tls") == true)
        }
    }

    @Test("row 13: 421 right behind the greeting") func immediate421() {
        var conversation = Conversation(terms(.none))
        #expect(conversation.handle([.connected, says("220 s"), says("421 busy")]).fault?.reaction == .nt)
    }

    @Test("row 29: HELO once where EHLO is not known") func helo() {
        for code in [500, 502] {
            var conversation = Conversation(terms(.none))
            _ = conversation.handle([.connected, says("220 s")])
            #expect(conversation.handle(says("\(code) what")) == [send("HELO c")])
            #expect(conversation.handle(says("250 s")) == [.becomeReady])
            var again = Conversation(terms(.none))
            let actions = again.handle([.connected, says("220 s"), says("\(code) what"), says("\(code) what")])
            #expect(actions.closes)
            for needy in [terms(.starttls), terms(.none, login: true, plaintext: true)] {
                var conversation = Conversation(needy)
                let actions = conversation.handle([.connected, says("220 s"), says("\(code) what")])
                #expect(actions.fault?.reaction == .top)
            }
        }
    }

    @Test("row 30: EHLO refused for now", arguments: ["421 x", "450 x"]) func ehloLater(_ text: String) {
        var conversation = Conversation(terms(.none))
        #expect(conversation.handle([.connected, says("220 s"), says(text)]).fault?.reaction == .nt)
    }

    @Test("row 34: STARTTLS stripped") func stripped() {
        var required = Conversation(terms(.starttls, login: true))
        let actions = required.handle([.connected, says("220 s"), says("250 s/250 AUTH PLAIN")])
        #expect(actions.fault?.reaction == .top)
        #expect(actions.fault?.phase == .startTLS)
        var opportunistic = Conversation(terms(.opportunistic, login: true))
        #expect(
            opportunistic.handle([.connected, says("220 s"), says("250 s/250 AUTH PLAIN")])
                == [send("EHLO c"), .becomeReady])
    }

    @Test("row 35: STARTTLS offered and refused", arguments: ["454 not now", "502 what", "501 what"])
    func startTLSRefused(_ text: String) {
        var required = Conversation(terms(.starttls))
        let actions = required.handle([.connected, says("220 s"), says("250 s/250 STARTTLS"), says(text)])
        #expect(actions.fault?.reaction == .nt)
        var opportunistic = Conversation(terms(.opportunistic))
        let others = opportunistic.handle([.connected, says("220 s"), says("250 s/250 STARTTLS"), says(text)])
        #expect(others.last == .becomeReady)
    }

    @Test("row 36: bytes behind the reply to STARTTLS are an attack") func injected() {
        var conversation = Conversation(terms(.starttls))
        _ = conversation.handle([.connected, says("220 s"), says("250 s/250 STARTTLS")])
        #expect(conversation.handle(says("220 go")) == [.startTLS])
        let actions = conversation.handle(.unsolicitedBytesReceived)
        #expect(actions.fault?.reaction == .top)
        #expect(actions.closes)
    }

    @Test(
        "rows 16, 37 to 41: a handshake that fails; nothing falls back",
        arguments: [
            (.disconnected, .nt), (.timedOut, .nt), (.expired, .top), (.wrongName, .top), (.untrusted, .top),
            (.tooOld, .top), (.notTLS, .top),
        ] as [(TLSFailure.Kind, Reaction)], [Security.tls, .starttls])
    func handshake(_ failure: (TLSFailure.Kind, Reaction), _ security: Security) {
        var conversation = Conversation(terms(security, login: true))
        _ = conversation.handle([.connected, says("220 s"), says("250 s/250 STARTTLS"), says("220 go")])
        if security == .tls {
            conversation = Conversation(terms(.tls, login: true))
            _ = conversation.handle(.connected)
        }
        let actions = conversation.handle(.tlsFailed(TLSFailure(failure.0, "words")))
        #expect(actions.fault?.reaction == failure.1)
        #expect(actions.fault?.phase == .tls)
        #expect(actions.count == 2 && actions.closes)
    }
}

@Suite struct ConversationLoginTests {
    @Test(
        "auto takes the strongest that is offered",
        arguments: [
            ("PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256", AuthMechanism.scramSHA256),
            ("PLAIN SCRAM-SHA-1", .scramSHA1), ("LOGIN PLAIN CRAM-MD5", .cramMD5), ("LOGIN PLAIN", .plain),
            ("LOGIN NTLM", .login),
        ]) func strongest(_ offered: String, _ mechanism: AuthMechanism)
    {
        let (_, actions) = protected("250 AUTH \(offered)", terms(.tls, login: true))
        #expect(actions.first?.shown?.hasPrefix("AUTH \(mechanism.rawValue)") == true)
    }

    @Test("PLAIN logs in, and the transcript does not say with what; row 58: no EHLO after it") func plain() {
        var (conversation, actions) = protected("250 AUTH PLAIN", terms(.tls, login: true))
        #expect(
            actions == [.sendSecret(Secret("AUTH PLAIN AHVzZXIAcGVuY2ls\r\n"), shown: "AUTH PLAIN ****")])
        #expect(conversation.handle(says("235 in")) == [.becomeReady])
        #expect(conversation.mechanism == .plain)
    }

    @Test("row 49: without AUTH, or without a mechanism of ours, no mail", arguments: ["HELP", "AUTH NTLM GSSAPI"])
    func absent(_ line: String) {
        let (_, actions) = protected("250 \(line)", terms(.tls, login: true))
        #expect(actions.fault?.reaction == .top)
    }

    @Test("row 50: no login over a plain session, unless the account allows it") func plaintext() {
        var refused = Conversation(terms(.none, login: true))
        let actions = refused.handle([.connected, says("220 s"), says("250 s/250 AUTH PLAIN")])
        #expect(actions.fault?.reaction == .top)
        var allowed = Conversation(terms(.none, login: true, plaintext: true))
        let others = allowed.handle([.connected, says("220 s"), says("250 s/250 AUTH PLAIN")])
        #expect(others.count == 2 && others.fault == nil)
    }

    @Test("row 40: no login over a session that is not verified") func unverified() {
        var conversation = Conversation(terms(.opportunistic, login: true))
        _ = conversation.handle([.connected, says("220 s"), says("250 s/250 STARTTLS"), says("220 go")])
        let actions = conversation.handle([.tlsEstablished(TLSFacts(isVerified: false)), says("250 s/250 AUTH PLAIN")])
        #expect(actions == [send("EHLO c"), .becomeReady])
        #expect(conversation.mechanism == nil)
    }

    @Test(
        "rows 51 and 52: AUTH refused",
        arguments: [
            ("535 5.7.8 no", .top), ("530 first this", .top), ("550 no", .top), ("454 later", .nt), ("421 later", .nt),
            ("432 slow down", .nt),
        ] as [(String, Reaction)]) func refused(_ text: String, _ reaction: Reaction)
    {
        var (conversation, _) = protected("250 AUTH PLAIN", terms(.tls, login: true))
        let actions = conversation.handle(says(text))
        #expect(actions.fault?.reaction == reaction)
        #expect(actions.fault?.words == text)
        #expect(actions.closes)
    }

    @Test("a mechanism that is too weak is followed by the next") func tooWeak() {
        var (conversation, _) = protected("250 AUTH PLAIN LOGIN", terms(.tls, login: true))
        #expect(conversation.handle(says("534 too weak")) == [send("AUTH LOGIN")])
        #expect(conversation.handle(says("504 neither")).fault?.reaction == .top)
    }

    @Test("row 53: a challenge that is not base64 is answered with *") func notBase64() {
        var (conversation, _) = protected("250 AUTH LOGIN", terms(.tls, login: true))
        #expect(conversation.handle(says("334 !!!")) == [send("*")])
        #expect(conversation.handle(says("501 cancelled")).fault?.reaction == .t)
    }

    @Test("row 54: endless challenges end") func endless() {
        var (conversation, _) = protected("250 AUTH LOGIN", terms(.tls, login: true))
        var actions: [Action] = []
        for _ in 0..<20 where !actions.closes { actions = conversation.handle(says("334 VXNlcm5hbWU6")) }
        #expect(actions.closes)
        #expect(actions.fault?.reaction == .t)
    }

    @Test("row 55: a SCRAM server that cheats is left, and told of") func cheating() {
        var (conversation, actions) = protected("250 AUTH SCRAM-SHA-256", terms(.tls, login: true))
        #expect(
            actions == [
                .sendSecret(
                    Secret("AUTH SCRAM-SHA-256 biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=\r\n"),
                    shown: "AUTH SCRAM-SHA-256 ****")
            ])
        // r=x,s=QQ==,i=4096
        #expect(conversation.handle(says("334 cj14LHM9UVE9PSxpPTQwOTY=")) == [send("*")])
        #expect(conversation.handle(says("501 cancelled")).fault?.reaction == .top)
    }

    @Test("row 56: 235 before the server has proved itself is a failure") func tooEarly() {
        var (conversation, _) = protected("250 AUTH SCRAM-SHA-256", terms(.tls, login: true))
        #expect(conversation.handle(says("235 welcome")).fault?.reaction == .top)
        #expect(!conversation.isReady)
    }

    @Test("a login that is too long for one line waits to be asked") func long() {
        var terms = terms(.tls)
        terms.login = .password(name: "user", Secret(String(repeating: "p", count: 400)))
        var (conversation, actions) = protected("250 AUTH PLAIN", terms)
        #expect(actions == [send("AUTH PLAIN")])
        let response = conversation.handle(says("334 "))
        #expect(response.count == 1 && response.fault == nil)
        #expect(conversation.handle(says("235 in")) == [.becomeReady])
    }
}
