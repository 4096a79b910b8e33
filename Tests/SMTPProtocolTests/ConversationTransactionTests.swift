import Mail
import SMTPProtocol
import Testing

@Suite struct ConversationTransactionTests {
    @Test("with PIPELINING, one group; the dot only after it was marked") func pipelined() throws {
        var conversation = Conversation.opened("250 PIPELINING/250 SIZE 100/250 DSN")
        #expect(
            try conversation.handle(.transactionRequested(transaction("a", "b"))) == [
                send("MAIL FROM:<s@example.org> SIZE=10"), send("RCPT TO:<a@example.org>"),
                send("RCPT TO:<b@example.org>"), send("DATA"),
            ])
        #expect(conversation.handle([says("250 ok"), says("250 ok"), says("250 ok")]) == [])
        #expect(conversation.wait == .data)
        #expect(conversation.handle(says("354 go")) == [.sendBody])
        #expect(try conversation.handle(.bodySent) == [.markDotPending([mailbox("a"), mailbox("b")])])
        #expect(conversation.handle(.dotMarked) == [.sendEnd])
        #expect(conversation.handle(.endSent) == [])
        #expect(conversation.wait == .finalReply)
        #expect(
            try conversation.handle(says("250 2.0.0 taken")) == [
                .finish(
                    [mailbox("a"): .delivered("250 2.0.0 taken"), mailbox("b"): .delivered("250 2.0.0 taken")], nil)
            ])
        #expect(conversation.isReady)
    }

    @Test("without PIPELINING, one command at a time") func oneByOne() throws {
        var conversation = Conversation.opened("250 HELP")
        #expect(
            try conversation.handle(.transactionRequested(transaction("a", "b")))
                == [send("MAIL FROM:<s@example.org>")])
        #expect(conversation.handle(says("250 ok")) == [send("RCPT TO:<a@example.org>")])
        #expect(conversation.handle(says("250 ok")) == [send("RCPT TO:<b@example.org>")])
        #expect(conversation.handle(says("250 ok")) == [send("DATA")])
        #expect(conversation.handle(says("354 go")) == [.sendBody])
    }

    @Test("DSN: NOTIFY and ENVID where the server can; SMTPUTF8 and 8BITMIME where they are needed") func parameters()
        throws
    {
        var conversation = Conversation.opened("250 DSN/250 SMTPUTF8/250 8BITMIME")
        let envelope = Envelope(
            sender: nil, recipients: [try EmailAddress("jörg@example.org")], notify: .never, envelopeID: "a=b")
        #expect(
            conversation.handle(.transactionRequested(Transaction(envelope, size: 1, hasEightBit: true)))
                == [send("MAIL FROM:<> BODY=8BITMIME SMTPUTF8 ENVID=a+3Db")])
        #expect(conversation.handle(says("250 ok")) == [send("RCPT TO:<jörg@example.org> NOTIFY=NEVER")])
    }

    @Test("row 26: what nobody asked for ends the session") func unsolicited() {
        var conversation = Conversation.opened()
        let actions = conversation.handle(says("250 surprise"))
        #expect(actions.fault?.phase == .idle)
        #expect(actions.closes)
        var other = Conversation.opened()
        #expect(other.handle(.unsolicitedBytesReceived).closes)
    }

    @Test(
        "rows 27 and 87: a reply that cannot be meant closes the connection",
        arguments: [
            ["354 x"], ["150 x"], ["250 x", "354 x"], ["250 x", "334 x"], ["250 x", "250 x", "250 x"],
            ["250 x", "250 x", "220 x"],
        ]) func impossible(_ replies: [String]) throws
    {
        var conversation = try Conversation.asked("a")
        let actions = conversation.handle(replies.map(says))
        #expect(actions.fault?.reaction == .t)
        #expect(actions.closes)
        #expect(conversation.pipeliningFailed)
    }

    @Test("row 59: 421 to MAIL", arguments: [true, false]) func goingAway(_ pipelining: Bool) throws {
        var conversation = try Conversation.asked("a", pipelining: pipelining)
        let actions = conversation.handle(says("421 bye"))
        #expect(actions.fault == SessionFault(.sender, "421 bye", .t))
        #expect(actions.closes)
    }

    @Test(
        "row 60: MAIL refused; RSET goes before the next",
        arguments: [
            ("451 later", Outcome.transient("451 later")), ("553 no", .permanent("553 no")),
            ("552 too big", .permanent("552 too big")),
        ], [true, false]) func senderRefused(_ expected: (String, Outcome), _ pipelining: Bool) throws
    {
        var conversation = try Conversation.asked("a", "b", pipelining: pipelining)
        var actions = conversation.handle(says(expected.0))
        if pipelining { actions = conversation.handle([says("503 x"), says("503 x"), says("503 x")]) }
        #expect(actions.outcomes == ["a": expected.1, "b": expected.1])
        #expect(actions.fault == nil)
        #expect(try conversation.handle(.transactionRequested(transaction("c"))) == [send("RSET")])
        #expect(conversation.handle(says("250 ok")).first == send("MAIL FROM:<s@example.org>"))
    }

    @Test("row 51: 530 to any command is a fault of the account") func loginMissing() throws {
        var sender = try Conversation.asked("a")
        #expect(sender.handle(says("530 log in")).fault?.reaction == .top)
        var recipient = try Conversation.asked("a")
        #expect(recipient.handle([says("250 ok"), says("530 log in")]).fault?.reaction == .top)
    }

    @Test("row 61: a message that SIZE forbids is not begun") func size() throws {
        var conversation = Conversation.opened("250 SIZE 9")
        let actions = try conversation.handle(.transactionRequested(transaction("a", size: 10)))
        let outcome = actions.outcomes?["a"]
        #expect(outcome?.reaction == .permanent)
        #expect(Diagnosis(phase: .sender, words: outcome?.words ?? "") == .messageTooLarge)
        #expect(actions.count == 1)
        #expect(conversation.isReady)
    }

    @Test("rows 63, 65, 66, 67: each recipient has an outcome of its own") func mixed() throws {
        var conversation = try Conversation.asked("a", "b", "c", "d", "e")
        _ = conversation.handle([
            says("250 ok"), says("552 full"), says("550 no"), says("251 forwarded"), says("450 greylisted"),
            says("551 try <x@y>"),
        ])
        #expect(conversation.handle(says("354 go")) == [.sendBody])
        #expect(try conversation.handle(.bodySent) == [.markDotPending([mailbox("c")])])
        _ = conversation.handle([.dotMarked, .endSent])
        #expect(
            conversation.handle(says("250 ok")).outcomes == [
                "a": .transient("552 full"), "b": .permanent("550 no"), "c": .delivered("250 ok"),
                "d": .transient("450 greylisted"), "e": .permanent("551 try <x@y>"),
            ])
    }

    @Test(
        "row 64: who is one too many waits for the next transaction",
        arguments: ["452 too many", "452 4.5.3 x", "552 x"])
    func tooMany(_ text: String) throws {
        var conversation = try Conversation.asked("a", "b")
        _ = conversation.handle([says("250 ok"), says("250 ok"), says(text), says("354 go")])
        _ = conversation.handle([.bodySent, .dotMarked, .endSent])
        #expect(conversation.handle(says("250 ok")).outcomes == ["a": .delivered("250 ok")])
        var full = try Conversation.asked("a", "b")
        _ = full.handle([says("250 ok"), says("250 ok"), says("452 4.2.2 mailbox full"), says("354 go")])
        _ = full.handle([.bodySent, .dotMarked, .endSent])
        #expect(full.handle(says("250 ok")).outcomes?["b"] == .transient("452 4.2.2 mailbox full"))
    }

    @Test("row 68: refused, then disconnected: the refusal stands") func refusedAndGone() throws {
        var conversation = try Conversation.asked("a")
        let actions = conversation.handle([says("250 ok"), says("550 no"), .disconnected("gone")])
        #expect(actions.outcomes == ["a": .permanent("550 no")])
        #expect(actions.closes)
        var both = try Conversation.asked("a", "b")
        #expect(
            both.handle([says("250 ok"), says("550 no"), .disconnected("gone")]).outcomes
                == ["a": .permanent("550 no"), "b": .transient("gone")])
    }

    @Test(
        "row 69: DATA accepted for nobody: a lone dot, whose reply means nothing",
        arguments: [
            says("250 taken"), says("554 nobody"), .disconnected("gone"), .timedOut(.seconds(1)),
        ]) func nobody(_ event: Event) throws
    {
        var conversation = try Conversation.asked("a")
        #expect(
            conversation.handle([says("250 ok"), says("550 no"), says("354 go")])
                == [.send(Array(".\r\n".utf8), shown: ".")])
        #expect(conversation.handle(event).outcomes == ["a": .permanent("550 no")])
    }

    @Test("a DATA that is accepted although MAIL was not: nothing is sent to whom RCPT accepted") func confused() throws
    {
        var conversation = try Conversation.asked("a")
        let actions = conversation.handle([says("451 later"), says("250 ok"), says("354 go")])
        #expect(actions.outcomes == ["a": .transient("451 later")])
        #expect(actions.closes)
    }

    @Test("row 70: DATA answered with 250: nothing is sent") func noData() throws {
        var conversation = try Conversation.asked("a")
        let actions = conversation.handle([says("250 ok"), says("250 ok"), says("250 hm")])
        #expect(actions.fault?.reaction == .t)
        #expect(actions.count == 2)
    }

    @Test(
        "row 71: DATA refused; the session goes on after RSET",
        arguments: [
            ("451 later", Outcome.transient("451 later")), ("554 no", .permanent("554 no")),
            ("503 no", .permanent("503 no")),
        ]) func dataRefused(_ text: String, _ outcome: Outcome) throws
    {
        var conversation = try Conversation.asked("a")
        let actions = conversation.handle([says("250 ok"), says("250 ok"), says(text)])
        #expect(actions == [.finish([try mailbox("a"): outcome], nil)])
        #expect(try conversation.handle(.transactionRequested(transaction("b"))) == [send("RSET")])
    }

    @Test(
        "rows 72, 73, 74, 75: what happens while the message goes out",
        arguments: [
            (says("421 bye"), nil), (says("451 later"), nil), (says("552 too big"), Outcome.permanent("552 too big")),
            (says("250 taken"), nil), (.disconnected("reset"), nil), (.timedOut(.seconds(180)), nil),
            (.replyMalformed(.lineTooLong), nil),
        ] as [(Event, Outcome?)], [0, 1, 2]) func interrupted(_ expected: (Event, Outcome?), _ progress: Int) throws
    {
        var conversation = try Conversation.asked("a")
        _ = conversation.handle([says("250 ok"), says("250 ok"), says("354 go")])
        _ = conversation.handle(Array([.bodySent, .dotMarked].prefix(progress)))
        let actions = conversation.handle(expected.0)
        if let outcome = expected.1 {
            #expect(actions.outcomes == ["a": outcome])
        } else {
            #expect(actions.fault?.reaction == .t)
            #expect(actions.outcomes == nil)
        }
        #expect(actions.closes)
    }

    @Test("a caller that cannot commit keeps the dot back") func notMarked() throws {
        var conversation = try Conversation.asked("a")
        _ = conversation.handle([says("250 ok"), says("250 ok"), says("354 go"), .bodySent])
        let actions = conversation.handle(.dotRefused("disk full"))
        #expect(actions == [.fail(SessionFault(.body, "disk full", .t)), .close])
    }

    @Test(
        "rows 76, 77, 80, 81: after the dot, what is no clear answer is uncertain",
        arguments: [
            .disconnected("reset"), .timedOut(.seconds(600)), .replyMalformed(.notAReply("garbage")), says("221 bye"),
            says("354 go on"), says("150 hm"), says("220 hello"), says("235 in"), says("334 x"),
        ] as [Event]) func uncertain(_ event: Event) throws
    {
        var conversation = try Conversation.dotSent("a", "b")
        let actions = conversation.handle(event)
        #expect(actions.outcomes?.mapValues(\.reaction) == ["a": .uncertain, "b": .uncertain])
        #expect(actions.fault?.reaction == [.uncertain, .close])
        #expect(actions.closes)
        // Row 79: it stays so.
        #expect(conversation.handle(says("250 late")) == [])
    }

    @Test(
        "row 82: the message refused, for all whom the server had accepted",
        arguments: [
            ("451 later", Outcome.transient("451 later"), false), ("554 no", .permanent("554 no"), false),
            ("421 bye", .transient("421 bye"), true), ("530 log in", .transient("530 log in"), true),
        ]) func finallyRefused(_ text: String, _ outcome: Outcome, _ closes: Bool) throws
    {
        var conversation = try Conversation.dotSent("a", "b")
        let actions = conversation.handle(says(text))
        #expect(actions.outcomes == ["a": outcome, "b": outcome])
        #expect(actions.closes == closes)
        if !closes { #expect(try conversation.handle(.transactionRequested(transaction("c"))).count == 1) }
    }

    @Test(
        "rows 83 and 84: after 250, nothing changes the outcome",
        arguments: [
            .disconnected("reset"), .timedOut(.seconds(2)), .replyMalformed(.notAReply("\\xff")), says("500 what"),
            .unsolicitedBytesReceived,
        ] as [Event]) func afterwards(_ event: Event) throws
    {
        var conversation = try Conversation.dotSent("a")
        #expect(conversation.handle(says("250 ok")).outcomes == ["a": .delivered("250 ok")])
        #expect(conversation.handle(.quitRequested) == [send("QUIT")])
        #expect(conversation.handle(event) == [.close])
    }

    @Test("row 85: a server without RSET costs the connection, not the letter") func noReset() throws {
        var conversation = try Conversation.asked("a", pipelining: false)
        _ = conversation.handle(says("550 no"))
        #expect(try conversation.handle(.transactionRequested(transaction("b"))) == [send("RSET")])
        let actions = conversation.handle(says("502 what"))
        #expect(actions.fault?.phase == .reset)
        #expect(actions.fault?.isAccountFault == false)
        #expect(actions.closes)
    }

    @Test("row 86: an idle connection that the server closes") func idle() {
        for event in [says("421 idle"), .disconnected("gone")] {
            var conversation = Conversation.opened()
            let actions = conversation.handle(event)
            #expect(actions.fault?.phase == .idle)
            #expect(actions.fault?.reaction == .nt)
        }
    }

    @Test("row 88: the code of a rate limit is there for the queue") func rateLimit() throws {
        var conversation = try Conversation.asked("a", pipelining: false)
        let outcome = conversation.handle(says("432 4.3.2 slow down")).outcomes?["a"]
        #expect(outcome == .transient("432 4.3.2 slow down"))
        #expect(outcome?.code == 432)
    }

    @Test("a transaction takes a hundred recipients, each once") func recipients() throws {
        let all = try (0..<150).map { try mailbox("r\($0 / 2)") } + (0..<100).map { try mailbox("x\($0)") }
        let transaction = Transaction(Envelope(sender: nil, recipients: all), size: 1, hasEightBit: false)
        #expect(transaction.recipients.count == 100)
        #expect(Set(transaction.recipients).count == 100)
    }
}
