import Formats
import Mail
import SMTPProtocol
import Testing

/// What an MX host of direct delivery is asked with.
private func terms(_ change: (inout Conversation.Terms) -> Void = { _ in }) -> Conversation.Terms {
    var terms = Conversation.Terms(security: .opportunistic, heloName: "c")
    terms.isRelay = false
    change(&terms)
    return terms
}

private let openings: [Event] = [.connected, says("220 s")]

private let emptyLetter: Transaction = {
    let recipients = [try? mailbox("a")].compactMap { $0 }
    return Transaction(Envelope(sender: nil, recipients: recipients), size: 0, hasEightBit: false)
}()

@Suite struct ConversationHostTests {
    @Test(
        "an MX host never pauses an account: what is OP for a relay is N; row 11: 5xx is its last word",
        arguments: [
            ([.connected, says("554 no")], [.permanent, .nextAddress, .close]),
            (openings + [says("550 go away")], [.permanent, .nextAddress, .close]),
            ([.connected, says("421 busy")], .nt),
            (openings + [says("250 s"), .transactionRequested(emptyLetter), says("530 log in")], .nt),
            (openings + [says("250 s/250 STARTTLS"), says("220 go"), .unsolicitedBytesReceived], .nt),
        ] as [([Event], Reaction)]) func never(_ events: [Event], _ reaction: Reaction)
    {
        var conversation = Conversation(terms())
        let fault = conversation.handle(events).fault
        #expect(fault?.reaction == reaction)
        #expect(fault?.isAccountFault == false)
        #expect(fault?.isTransient == !reaction.contains(.permanent))
    }

    @Test("rows 29, 34, 35: where DANE or MTA-STS ask for TLS, nothing goes without it")
    func required() {
        let strict = terms { $0.requiresTLS = true }
        for events in [
            [says("502 what")], [says("250 s")], [says("250 s/250 STARTTLS"), says("454 not now")],
            [says("250 s/250 STARTTLS"), says("220 go"), .tlsFailed(TLSFailure(.tooOld, "words"))],
        ] as [[Event]] {
            var conversation = Conversation(strict)
            let actions = conversation.handle(openings + events)
            #expect(actions.fault?.reaction == .nt)
            #expect(actions.fault?.mayRetryPlain == false)
            #expect(!actions.contains(.becomeReady) && !actions.contains(send("HELO c")))
            var lax = Conversation(terms())
            let others = lax.handle(openings + events)
            #expect(
                others.contains(.becomeReady) || others.contains(send("HELO c")) || others.fault?.mayRetryPlain == true)
        }
        // STARTTLS is not left out either, whatever was remembered of this host.
        var forgetful = Conversation(terms { ($0.requiresTLS, $0.leavesOutTLS) = (true, true) })
        #expect(forgetful.handle(openings + [says("250 s/250 STARTTLS")]).last == send("STARTTLS"))
    }

    @Test(
        "opportunistic TLS that fails may be tried again without, and pauses nobody",
        arguments: TLSFailure.Kind.allCases, [true, false]) func plainAgain(_ kind: TLSFailure.Kind, _ isRelay: Bool)
    {
        var conversation = Conversation(terms { $0.isRelay = isRelay })
        let fault = conversation.handle(
            openings + [says("250 s/250 STARTTLS"), says("220 go"), .tlsFailed(TLSFailure(kind, "words"))]
        ).fault
        #expect(fault?.mayRetryPlain == true)
        #expect(fault?.reaction == .nt)
        var again = Conversation(terms { ($0.isRelay, $0.leavesOutTLS) = (isRelay, true) })
        #expect(again.handle(openings + [says("250 s/250 STARTTLS")]).last == .becomeReady)
    }

    @Test("row 37: so may one that ends in silence or EOF; never one whose peer sent bytes behind the 220")
    func ended() {
        let before = openings + [says("250 s/250 STARTTLS")]
        for (events, mayRetry) in [
            (before + [says("220 go"), .disconnected("gone")], true), (before + [.disconnected("gone")], true),
            (before + [says("220 go"), .timedOut(.seconds(1))], true),
            (before + [says("220 go"), .unsolicitedBytesReceived], false), (openings + [.disconnected("gone")], false),
        ] {
            var conversation = Conversation(terms())
            #expect(conversation.handle(events).fault?.mayRetryPlain == mayRetry)
        }
    }

    @Test("required TLS is never retried without it", arguments: [Security.tls, .starttls], TLSFailure.Kind.allCases)
    func neverPlain(_ security: Security, _ kind: TLSFailure.Kind) {
        var conversation = Conversation(.init(security: security, heloName: "c"))
        let events: [Event] =
            security == .tls ? [.connected] : openings + [says("250 s/250 STARTTLS"), says("220 go")]
        let fault = conversation.handle(events + [.tlsFailed(TLSFailure(kind, "words"))]).fault
        #expect(fault?.mayRetryPlain == false)
        #expect(fault?.diagnosis != nil || kind == .other || kind == .disconnected)
        if kind == .notTLS { #expect(fault?.diagnosis == (security == .tls ? .plainOnTLSPort : .startTLSRefused)) }
    }

    @Test(
        "what answers in place of a mail server is named",
        arguments: [
            ("HTTP/1.1 400 Bad Request", "HTTP"), ("* OK [CAPABILITY IMAP4rev1] ready", "IMAP"), ("+OK ready", "POP3"),
            ("SSH-2.0-OpenSSH_9.2p1", "SSH"),
        ]) func otherProtocol(_ line: String, _ name: String)
    {
        for security in [Security.none, .tls] {
            var conversation = Conversation(.init(security: security, heloName: "c"))
            let fault = conversation.handle([
                .connected, .tlsEstablished(TLSFacts(isVerified: true)), .replyMalformed(.notAReply(line)),
            ]).fault
            #expect(fault?.diagnosis == .otherProtocol)
            #expect(fault?.likelyCause.contains(name) == true)
        }
    }

    @Test("silence in the middle is told as that; under TLS it is no sign of a TLS port") func silence() throws {
        var conversation = Conversation(.init(security: .tls, heloName: "c"))
        let fault = conversation.handle([
            .connected, .tlsEstablished(TLSFacts(isVerified: true)), .timedOut(.seconds(300)),
        ]).fault
        #expect(fault?.diagnosis == .silence && fault?.timedOut == true)
        var middle = Conversation.opened()
        _ = try middle.handle(.transactionRequested(transaction("a")))
        let other = middle.handle(.timedOut(.seconds(300))).fault
        #expect(other?.diagnosis == .silence && other?.isStale == false, "row 86 is not for the silent")
    }

    @Test("what a handshake failed of stands in the words, with what it is about") func certificates() {
        for (kind, diagnosis) in [
            (TLSFailure.Kind.wrongName, Diagnosis.certificateForOtherName), (.expired, .certificateExpired),
            (.notYetValid, .certificateNotYetValid), (.otherFingerprint, .otherFingerprint),
        ] {
            var conversation = Conversation(.init(security: .tls, heloName: "c"))
            let failure = TLSFailure(kind, "words", detail: "mx.example.net")
            let fault = conversation.handle([.connected, .tlsFailed(failure)]).fault
            #expect(fault?.diagnosis == diagnosis)
            #expect(fault?.likelyCause.contains("mx.example.net") == true)
        }
    }

    @Test(
        "row 43: under TLS 1.3 the server asks for a certificate only after the handshake; later, a connection breaks")
    func clientCertificate() throws {
        let failure = Event.tlsFailed(TLSFailure(.clientCertificate, "certificate required"))
        let established = Event.tlsEstablished(TLSFacts(isVerified: true))
        for events in [[.connected, established], [.connected, established, says("220 s")]] as [[Event]] {
            var conversation = Conversation(.init(security: .tls, heloName: "c"))
            let fault = conversation.handle(events + [failure]).fault
            #expect(fault?.diagnosis == .clientCertificate && fault?.phase == .tls)
            #expect(fault?.reaction == .top)
        }
        var plain = Conversation(.init(security: .none, heloName: "c"))
        #expect(plain.handle([.connected, failure]).fault?.reaction == .nt)
        var other = Conversation(.init(security: .tls, heloName: "c"))
        let damaged = Event.tlsFailed(TLSFailure(.other, "bad record mac"))
        #expect(other.handle([.connected, established, damaged]).fault?.reaction == .nt)
        var late = try Conversation.dotSent("a")
        #expect(late.handle(failure).outcomes?["a"]?.reaction == .uncertain)
    }

    @Test("row 78: a reply that comes before the time is up counts, however late") func lastMoment() throws {
        var conversation = try Conversation.dotSent("a")
        #expect(conversation.wait == .finalReply)
        #expect(conversation.handle(says("250 taken")).outcomes == ["a": .delivered("250 taken")])
        #expect(conversation.handle(.timedOut(.seconds(600))).outcomes == nil)
    }
}
