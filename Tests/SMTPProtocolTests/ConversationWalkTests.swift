import Formats
import Mail
import TestSupport
import Testing

@testable import SMTPProtocol

/// Terms of all kinds: by the bits of a number.
private func terms(_ bits: Int) -> Conversation.Terms {
    let logins: [Login?] = [nil, Ways.password, Ways.token, .certificate(name: nil)]
    var terms = Ways.terms(Security.allCases[bits & 3], logins[bits >> 2 & 3])
    terms.allowPlaintextLogin = bits & 16 != 0
    terms.pipelining = bits & 32 == 0
    terms.isRelay = bits & 64 == 0
    terms.requiresTLS = bits & 128 != 0
    terms.leavesOutTLS = bits & 256 != 0
    return terms
}

/// What a server that means well would make happen now, so that walks come far.
private func kindly(_ conversation: Conversation, _ random: inout SplitMix) -> Event? {
    switch conversation.state {
    case .initial: .connected
    case .greeting: says("220 s")
    case .hello:
        random.next() % 2 == 0
            ? says("250 s/250 STARTTLS/250 AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER EXTERNAL/250 PIPELINING")
            : says("250 s/250 STARTTLS/250 AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 CRAM-MD5")
    case .startTLS: says("220 go")
    case .handshake: Ways.verified
    case .login: random.next() % 2 == 0 ? says("235 in") : says("334 ")
    case .cancelling: says("501 cancelled")
    case .refreshing: .tokenRefreshed(Secret("fresh"))
    case .ready: .transactionRequested(Ways.letter)
    case .resetting, .emptyData, .finalReply: says("250 ok")
    case .transaction(let progress):
        switch progress.expected.first {
        case .data: says("354 go")
        case .rcpt: random.next() % 3 == 0 ? says("550 no") : says("250 ok")
        case .mail, nil: says("250 ok")
        }
    case .body: .bodySent
    case .markingDot: .dotMarked
    case .sendingEnd: .endSent
    case .quitting: says("221 bye")
    case .closed: nil
    }
}

@Suite struct ConversationWalkTests {
    @Test("each way in leads where it says", arguments: Ways.all)
    func waysIn(_ way: WayIn) { #expect(stateName(way.conversation().state) == way.state) }

    @Test("whatever happens in any state, the rules hold, and the end is one", arguments: Ways.all)
    func everything(_ way: WayIn) {
        for event in Ways.events {
            for isRelay in [true, false] {
                var changed = way
                changed.terms.isRelay = isRelay
                var conversation = Conversation(changed.terms)
                var rules = StepRules()
                for step in changed.events + [event] { _ = rules.step(&conversation, step) }
                // Where it is not over, whoever is silent ends it.
                _ = rules.step(&conversation, .timedOut(.seconds(1)))
                _ = rules.step(&conversation, .quitRequested)
                _ = rules.step(&conversation, .disconnected("gone"))
                #expect(conversation.isClosed)
                #expect(rules.broken.isEmpty, "\(rules.broken.first ?? "")")
            }
        }
    }

    @Test("nor does it matter in which order: ten thousand walks", arguments: 1...10)
    func walks(_ seed: UInt64) {
        var random = SplitMix(seed: seed)
        var met: Set<String> = []
        for walk in 0..<10_000 {
            var conversation = Conversation(terms(Int(random.next() % 512)))
            var rules = StepRules()
            var steps: [Event] = []
            let kindness = random.next() % 4
            for _ in 0..<40 where !conversation.isClosed {
                let any = Ways.events[Int(random.next() % UInt64(Ways.events.count))]
                let isKind = random.next() % 8 < 4 + kindness
                let event = isKind ? kindly(conversation, &random) ?? any : any
                steps.append(event)
                _ = rules.step(&conversation, event)
                met.insert(stateName(conversation.state))
            }
            _ = rules.step(&conversation, .quitRequested)
            _ = rules.step(&conversation, .disconnected("gone"))
            let isRight = conversation.isClosed && rules.broken.isEmpty
            #expect(isRight, "seed \(seed), walk \(walk): \(rules.broken.first ?? "not closed") after \(steps)")
            if !isRight { return }
        }
        // Every state but the first, which no step leads to, and one that is seldom met.
        let missed = Set(Ways.all.map(\.state)).subtracting(met).subtracting(["initial", "falling back"])
        #expect(missed.isEmpty, "seed \(seed)")
    }
}
