import Formats
import Mail
import SMTPProtocol
import Testing

/// What stands for IDNA here.
@Sendable private func aLabels(_ domain: String) -> String? {
    ["bücher.example": "xn--bcher-kva.example", "例え.test": "xn--r8jz45g.test"][domain]
}

private func opened(_ capabilities: String, isRelay: Bool = true) -> Conversation {
    var terms = Conversation.Terms(security: .none, heloName: "c")
    terms.asciiDomain = aLabels
    terms.isRelay = isRelay
    return .opened(capabilities, terms)
}

private func requested(
    _ sender: String, _ recipients: [String], needsUTF8: Bool = false
) throws -> Event {
    .transactionRequested(
        Transaction(
            Envelope(sender: try EmailAddress(sender), recipients: try recipients.map { try EmailAddress($0) }),
            size: 1, hasEightBit: needsUTF8, needsUTF8: needsUTF8))
}

private func lines(_ actions: [Action]) -> [String] { actions.compactMap(\.shown) }

@Suite struct ConversationUTF8Tests {
    @Test(
        "domains go in A-labels, so that only a local part needs SMTPUTF8",
        arguments: ["250 PIPELINING", "250 PIPELINING/250 SMTPUTF8"])
    func labels(_ capabilities: String) throws {
        var conversation = opened(capabilities)
        let actions = try conversation.handle(requested("anna@bücher.example", ["bob@例え.test", "carl@example.org"]))
        #expect(
            lines(actions) == [
                "MAIL FROM:<anna@xn--bcher-kva.example>", "RCPT TO:<bob@xn--r8jz45g.test>",
                "RCPT TO:<carl@example.org>", "DATA",
            ])
        _ = conversation.handle([says("250 ok"), says("250 ok"), says("550 no"), says("354 go")])
        _ = conversation.handle([.bodySent, .dotMarked, .endSent])
        let outcomes = conversation.handle(says("250 taken")).outcomes
        #expect(outcomes == ["bob": .delivered("250 taken"), "carl": .permanent("550 no")])
    }

    @Test("the same one by one") func oneByOne() throws {
        var conversation = opened("250 HELP")
        _ = try conversation.handle(requested("anna@bücher.example", ["bob@例え.test"]))
        #expect(lines(conversation.handle(says("250 ok"))) == ["RCPT TO:<bob@xn--r8jz45g.test>"])
    }

    @Test(
        "SMTPUTF8 is said where an address or the header needs it, and only there",
        arguments: [
            ("a@example.org", "b@example.org", false, false), ("a@example.org", "b@bücher.example", false, false),
            ("jörg@example.org", "b@example.org", false, true), ("a@example.org", "jörg@bücher.example", false, true),
            ("a@example.org", "b@example.org", true, true), ("a@example.org", "b@straße.example", false, true),
        ]) func needed(_ sender: String, _ recipient: String, _ header: Bool, _ isSaid: Bool) throws
    {
        var conversation = opened("250 SMTPUTF8")
        let actions = try conversation.handle(requested(sender, [recipient], needsUTF8: header))
        #expect(lines(actions).first?.contains(" SMTPUTF8") == isSaid)
        var lacking = opened("250 HELP")
        let others = try lacking.handle(requested(sender, [recipient], needsUTF8: header))
        #expect((others.outcomes != nil) == isSaid)
        if isSaid { #expect(others.outcomes?.values.allSatisfy { $0.words.contains("(5.6.7)") } == true) }
    }

    @Test("row 62: without SMTPUTF8, only addresses that need it are refused") func smtpUTF8() throws {
        var conversation = Conversation.opened("250 HELP")
        let envelope = Envelope(
            sender: try mailbox("s"), recipients: [try EmailAddress("jörg@example.org"), try mailbox("a")])
        let actions = conversation.handle(.transactionRequested(Transaction(envelope, size: 1, hasEightBit: false)))
        #expect(actions == [send("MAIL FROM:<s@example.org>")])
        _ = conversation.handle([says("250 ok"), says("250 ok"), says("354 go"), .bodySent, .dotMarked, .endSent])
        let outcomes = conversation.handle(says("250 ok")).outcomes
        #expect(outcomes?["a"] == .delivered("250 ok"))
        #expect(outcomes?["jörg"]?.reaction == .permanent)
    }

    @Test("row 62: an MX host that lacks what all need is followed by the next; the last one's word is P")
    func nextHost() throws {
        var host = opened("250 HELP", isRelay: false)
        let actions = try host.handle(requested("jörg@example.org", ["a@example.net"]))
        #expect(actions.fault?.reaction == [.nextAddress, .permanent, .close])
        #expect(actions.fault?.words.contains("SMTPUTF8") == true)
        // Who does not need it is not kept waiting.
        var mixed = opened("250 HELP", isRelay: false)
        #expect(try lines(mixed.handle(requested("a@example.org", ["jörg@example.net", "b@example.net"]))).count == 1)
        // And a letter that is too large is refused as such.
        var full = opened("250 SIZE 5", isRelay: false)
        let large = Transaction(
            Envelope(sender: nil, recipients: [try EmailAddress("a@example.net")]), size: 6, hasEightBit: false)
        #expect(full.handle(.transactionRequested(large)).outcomes?["a"]?.reaction == .permanent)
    }

    @Test(
        "whether the header needs it is seen by its octets, up to the first empty line",
        arguments: [
            ("Subject: x\r\n\r\nbödy\r\n", false), ("To: jörg@example.org\r\n\r\nbody\r\n", true),
            ("To: a@example.org\r\n jörg\r\n\r\n", true), ("\r\nTo: jörg\r\n", false), ("", false), ("To: jörg", true),
            ("Subject: x\n\nbödy\n", false),
        ]) func header(_ message: String, _ needsUTF8: Bool)
    {
        let bytes = Array(message.utf8)
        let transaction = Transaction(Envelope(sender: nil, recipients: []), message: bytes)
        #expect(transaction.needsUTF8 == needsUTF8)
        #expect(transaction.hasEightBit == bytes.contains { $0 >= 0x80 })
        #expect(transaction.size == DotStuffing.size(of: bytes))
    }
}
