// Ways into each state of a conversation, all that can happen in it, and what must hold whatever happened.

import Formats
import Mail
import Testing

@testable import SMTPProtocol

/// The name of a state. A state that is added does not compile here until it has a way in below.
func stateName(_ state: Conversation.State) -> String {
    switch state {
    case .initial: "initial"
    case .greeting: "greeting"
    case .hello(let isFallback): isFallback ? "helo" : "ehlo"
    case .startTLS: "STARTTLS"
    case .handshake: "handshake"
    case .login(let progress): progress.challenges == 0 ? "login" : "challenged"
    case .cancelling(.fail): "cancelling"
    case .cancelling(.tryNext): "falling back"
    case .refreshing: "refreshing"
    case .ready: "ready"
    case .resetting: "resetting"
    case .transaction(let progress): progress.expected.count > 1 ? "group" : "command"
    case .body: "body"
    case .markingDot: "marking"
    case .sendingEnd: "sending the end"
    case .finalReply: "final reply"
    case .emptyData: "lone dot"
    case .quitting: "quitting"
    case .closed: "closed"
    }
}

/// One way into a state.
struct WayIn: CustomTestStringConvertible {
    var state: String
    var terms: Conversation.Terms
    var events: [Event]

    var testDescription: String { state }

    func conversation() -> Conversation {
        var conversation = Conversation(terms)
        _ = conversation.handle(events)
        return conversation
    }
}

enum Ways {
    static let binding = [UInt8](repeating: 7, count: 32)
    static let nonce = "abcdefghijklmnopqrstuvwx"

    static func terms(_ security: Security = .none, _ login: Login? = nil) -> Conversation.Terms {
        .init(security: security, login: login, heloName: "c", nonce: nonce, host: "mail.example.org", port: 587)
    }

    static let password = Login.password(name: "user", Secret("pencil"))
    static let token = Login.token(name: "user", Secret("token"))
    static let verified = Event.tlsEstablished(TLSFacts(isVerified: true, channelBinding: binding))

    static let letter: Transaction = {
        let recipients = ["a@example.org", "b@example.org"].compactMap { try? EmailAddress($0) }
        return Transaction(Envelope(sender: nil, recipients: recipients), size: 10, hasEightBit: false)
    }()

    private static let hello: [Event] = [.connected, says("220 s")]
    private static let protected: [Event] =
        hello + [says("250 s/250 STARTTLS"), says("220 go"), verified]
    private static let open: [Event] = hello + [says("250 s/250 HELP")]
    private static let asked: [Event] = open + [.transactionRequested(letter)]
    private static let accepted: [Event] =
        asked + [says("250 ok"), says("250 ok"), says("250 ok"), says("354 go")]

    static func challenge(_ text: String) -> Event { says("334 " + Base64.encode(Array(text.utf8))) }

    /// One for each state at least.
    static let all: [WayIn] = [
        WayIn(state: "initial", terms: terms(), events: []),
        WayIn(state: "greeting", terms: terms(), events: [.connected]),
        WayIn(state: "ehlo", terms: terms(.starttls), events: hello),
        WayIn(state: "helo", terms: terms(), events: hello + [says("500 what")]),
        WayIn(state: "STARTTLS", terms: terms(.opportunistic), events: hello + [says("250 s/250 STARTTLS")]),
        WayIn(state: "handshake", terms: terms(.tls), events: [.connected]),
        WayIn(
            state: "login", terms: terms(.starttls, password), events: protected + [says("250 s/250 AUTH PLAIN LOGIN")]),
        WayIn(
            state: "challenged", terms: terms(.starttls, password),
            events: protected + [says("250 s/250 AUTH LOGIN"), says("334 ")]),
        WayIn(
            state: "cancelling", terms: terms(.starttls, password),
            events: protected + [says("250 s/250 AUTH LOGIN"), says("334 !")]),
        WayIn(
            state: "falling back", terms: terms(.starttls, password),
            events: protected + [
                says("250 s/250 AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256"),
                challenge("e=unsupported-channel-binding-type"),
            ]),
        WayIn(
            state: "refreshing", terms: terms(.starttls, token),
            events: protected + [says("250 s/250 AUTH XOAUTH2 OAUTHBEARER"), says("535 no")]),
        WayIn(state: "ready", terms: terms(), events: open),
        WayIn(
            state: "resetting", terms: terms(),
            events: asked + [says("550 no"), .transactionRequested(letter)]),
        WayIn(state: "command", terms: terms(), events: asked),
        WayIn(
            state: "group", terms: terms(),
            events: hello + [says("250 s/250 PIPELINING"), .transactionRequested(letter)]),
        WayIn(state: "body", terms: terms(), events: accepted),
        WayIn(state: "marking", terms: terms(), events: accepted + [.bodySent]),
        WayIn(state: "sending the end", terms: terms(), events: accepted + [.bodySent, .dotMarked]),
        WayIn(state: "final reply", terms: terms(), events: accepted + [.bodySent, .dotMarked, .endSent]),
        WayIn(
            state: "lone dot", terms: terms(),
            events: hello + [
                says("250 s/250 PIPELINING"), .transactionRequested(letter), says("250 ok"), says("550 no"),
                says("550 no"), says("354 go"),
            ]),
        WayIn(state: "quitting", terms: terms(), events: open + [.quitRequested]),
        WayIn(state: "closed", terms: terms(), events: [.connected, .disconnected("gone")]),
    ]

    /// Every kind of event, and every kind of reply.
    static let events: [Event] = {
        let codes = [
            "150", "211", "220", "221", "235", "250", "251", "252", "299", "334", "354", "399", "400", "421", "432",
            "450", "451", "452", "454", "499", "500", "501", "502", "503", "504", "530", "534", "535", "538", "550",
            "551", "552", "553", "554", "599",
        ]
        var events = codes.map { says("\($0) words") } + codes.map { says($0) }
        events += [
            says("250 s/250 STARTTLS/250 AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2 EXTERNAL/250 PIPELINING/250 SIZE 1000"),
            says("250 s/250 SIZE 5"), says("250 s/250 SMTPUTF8/250 DSN/250 8BITMIME"), says("452 4.5.3 too many"),
            says("334 "), says("334 !"), challenge("e=unsupported-channel-binding-type"), challenge("{}"),
            challenge("r=\(nonce)X,s=QSXC,i=4096"), challenge("r=x"), challenge("v=AAAA"),
            .connected, .replyMalformed(.notAReply("x")), .replyMalformed(.mixedCodes(250, 550)),
            .replyMalformed(.lineTooLong), .replyMalformed(.replyTooLong), .unsolicitedBytesReceived, verified,
            .tlsEstablished(TLSFacts(isVerified: false)), .transactionRequested(letter), .bodySent, .dotMarked,
            .dotRefused("full"), .endSent, .timedOut(.seconds(1)), .disconnected("gone"), .quitRequested,
            .tokenRefreshed(Secret("fresh")), .tokenRefused(SessionFault(.login, "no", .tryAgain)),
        ]
        return events + TLSFailure.Kind.allCases.map { .tlsFailed(TLSFailure($0, "words")) }
    }()
}

/// What must hold of every step, whatever the states and events.
struct StepRules {
    private(set) var broken: [String] = []
    private var dotIsMarked = false
    private var isAsked = false

    /// A conversation that takes an event, and what it broke.
    mutating func step(_ conversation: inout Conversation, _ event: Event) -> [Action] {
        let before = stateName(conversation.state)
        let terms = conversation.terms
        let actions = conversation.handle(event)
        let after = stateName(conversation.state)
        func rule(_ holds: Bool, _ words: String) {
            if !holds { broken.append("\(words): \(before), \(event) → \(after), \(actions)") }
        }
        let isOver = actions.contains { if case .fail = $0 { true } else { false } }
        let finishes = actions.filter { if case .finish = $0 { true } else { false } }
        rule(before != "closed" || actions.isEmpty, "nothing follows the end")
        rule((after == "closed" && before != "closed") == (actions.last == .close), "the end is told, once")
        rule(!isOver || actions.count == 2, "a failure and its close stand alone")
        rule(finishes.count + (isOver ? 1 : 0) <= 1, "one end")
        rule(actions.filter { $0 == .close }.count <= 1, "one close")
        if case .transactionRequested = event, before == "ready" { isAsked = true }
        for action in actions {
            switch action {
            case .finish(let outcomes, let fault):
                rule(isAsked, "only what was asked for is finished")
                rule(!outcomes.isEmpty && outcomes.keys.allSatisfy { Ways.letter.recipients.contains($0) }, "outcomes")
                rule((fault == nil) == (after == "ready"), "a fault ends the session")
                for outcome in outcomes.values { judge(outcome, before, event, rule) }
                rule(fault.map { !$0.isAccountFault || terms.isRelay } ?? true, "an MX pauses nobody")
                isAsked = false
            case .fail(let fault):
                rule(!fault.words.isEmpty, "a fault has words")
                rule(!fault.isAccountFault || terms.isRelay, "an MX pauses nobody")
                rule(!fault.mayRetryPlain || (terms.security == .opportunistic && !terms.requiresTLS), "TLS stays")
                rule(fault.reaction != [] && fault.reaction.isDisjoint(with: [.delivered, .uncertain]), "reaction")
                isAsked = false
            case .sendEnd:
                rule(event == .dotMarked && before == "marking", "the dot goes after its mark")
            case .markDotPending(let recipients): rule(!recipients.isEmpty, "the dot is for somebody")
            case .becomeReady:
                let isPlain = terms.security == .opportunistic && !conversation.isVerified
                rule(terms.login == nil || conversation.mechanism != nil || isPlain, "no mail without the login")
                rule(conversation.isProtected || terms.mayBePlain, "no mail without TLS")
            case .sendSecret:
                rule(conversation.isVerified || terms.allowPlaintextLogin, "secrets go to whom we know")
            case .send(let bytes, _):
                rule(bytes.suffix(2) == [0x0d, 0x0a] && bytes.dropLast(2).allSatisfy { $0 >= 0x20 }, "one line")
            case .startTLS: rule(!conversation.isProtected, "TLS once")
            case .sendBody, .close, .refreshToken: break
            }
        }
        if after == "ready" || after == "closed" { rule(conversation.terms.login == nil, "the login is forgotten") }
        return actions
    }

    private func judge(_ outcome: Outcome, _ before: String, _ event: Event, _ rule: (Bool, String) -> Void) {
        switch outcome {
        case .delivered:
            if case .replyReceived(let reply) = event, before == "final reply", (250...252).contains(reply.code) {
                return
            }
            rule(false, "only a 250 to the dot delivers")
        case .uncertain: rule(before == "final reply", "only after the dot is anything uncertain")
        case .transient, .permanent: break
        }
    }
}
