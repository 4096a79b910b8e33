import Mail
import Testing

@testable import Replies

@Suite("The decision")
struct DecisionTests {
    @Test("answers a person's application")
    func answers() {
        let decision = Samples.decide(Samples.person())
        #expect(decision.verdict == .reply, "\(decision.reasons)")
        #expect(decision.outcome == .done)
        #expect(decision.reasons.isEmpty)
        #expect(decision.candidate?.address.text == "jose@applicants.example")
        #expect(Samples.decide(nil).verdict == .reply)
    }

    /// Header fields, and the row that they must match.
    static let refused: [(String, Int)] = [
        ("Return-Path: <>", 1), ("Auto-Submitted: auto-replied", 2), ("Auto-Submitted: auto-generated", 2),
        ("Auto-Submitted: x-made-up", 2), ("Auto-Submitted: auto-replied; owner-email=\"a@b.example\"", 2),
        ("Auto-Submitted: no\nAuto-Submitted: auto-notified", 2), ("Auto-Submitted: (no) auto-replied", 2),
        ("List-Id: <x.example>", 3), ("List-Post: <mailto:x@y.example>", 3), ("List-Owner: <mailto:x@y.example>", 3),
        ("List-Subscribe: <mailto:x@y.example>", 3), ("List-Help: <mailto:x@y.example>", 3),
        ("List-Archive: <http://y.example>", 3),
        ("List-Unsubscribe: <mailto:x@y.example>", 4), ("Feedback-ID: 1:2:3", 4), ("Precedence: bulk", 5),
        ("Precedence: LIST", 5),
        ("Precedence: junk", 5), ("Precedence: auto_reply", 5), ("X-Auto-Response-Suppress: All", 6),
        ("X-Auto-Response-Suppress: OOF, AutoReply", 6),
        ("Content-Type: multipart/report; report-type=delivery-status; boundary=x", 7),
        ("Content-Type: message/delivery-status", 7), ("Content-Type: message/disposition-notification", 7),
        ("X-Loop: jobs@example.org", 10), ("X-Apple-Action: VACATION/1", 12),
        ("X-MS-Exchange-Inbox-Rules-Loop: a@b.example", 12),
        ("X-Autoreply: yes", 12), ("X-Autorespond: x", 12), ("X-Spam-Flag: YES", 13),
        ("Precedence: bulk(\u{301}x)", 5), ("X-Auto-Response-Suppress: OOF,\u{301} AutoReply", 6),
        ("X-Spam-Flag: yes\u{301}", 13), ("X-Loop: (\u{301}) JOBS@example.org", 10),
        ("Auto-Submitted: no\u{37e} x", 2),
    ]

    @Test("does not answer machines and lists", arguments: refused)
    func refuses(_ fields: String, _ row: Int) {
        let decision = Samples.decide(Samples.person(fields))
        #expect(decision.verdict == .refuse)
        #expect(decision.outcome == .rejected)
        #expect(decision.reasons.map(\.row) == [row])
        #expect(decision.candidate == nil)
    }

    @Test("looks no further into a field that machines write than it has to, and tells no more of it")
    func longFields() {
        let marks = String(repeating: "\u{591}\u{5b0}", count: 3000)
        for field in ["Auto-Submitted", "Precedence", "X-Auto-Response-Suppress", "X-Loop"] {
            let decision = Samples.decide(Samples.person("\(field): auto-x \(marks)"))
            #expect(decision.reasons.allSatisfy { $0.text.utf8.count < 5000 })
            #expect(decision.verdict == (field == "Auto-Submitted" ? .refuse : .reply))
        }
        #expect(Samples.decide(Samples.person("X-Loop: (\(marks)) jobs@example.org")).verdict == .reply)
    }

    @Test(
        "takes for a person's what only resembles a machine's",
        arguments: [
            "Auto-Submitted: no", "Auto-Submitted: No; x=y", "Auto-Submitted: no (comment)", "Auto-Submitted: (why) no",
            "Precedence: normal",
            "Precedence: first-class", "X-Auto-Response-Suppress: OOF", "X-Auto-Response-Suppress: DR, RN, NRN, None",
            "Return-Path: <jose@applicants.example>", "X-Loop: somebody@else.example", "X-Spam-Flag: NO",
            "X-Mailer: Thunderbird",
            "In-Reply-To: <hello@applicants.example>", "Content-Type: multipart/mixed; boundary=x",
        ])
    func answersStill(_ fields: String) {
        #expect(Samples.decide(Samples.person(fields)).verdict == .reply)
    }

    static let senders: [(String, Int)] = [
        ("Mail Delivery <MAILER-DAEMON@mx.example>", 8), ("listserv@lists.example", 8), ("Majordomo@lists.example", 8),
        ("owner-dev@lists.example", 8), ("dev-request@lists.example", 8), ("root@web1.example", 8),
        ("daemon@web1.example", 8), ("owner-\u{301}x@lists.example", 8),
        ("noreply@board.example", 9), ("No-Reply <no-reply@board.example>", 9), ("do_not_reply@board.example", 9),
        ("bounce+123=x@board.example", 9), ("bounces@board.example", 9), ("jobs@example.org", 10),
        ("HERALD@Example.org", 10),
    ]

    @Test("does not answer these senders", arguments: senders)
    func refusesSender(_ from: String, _ row: Int) {
        let decision = Samples.decide(Samples.person(from: from))
        #expect(decision.verdict == .refuse)
        #expect(decision.reasons.contains { $0.row == row })
    }

    @Test("knows our own Message-IDs, and answers to our answers")
    func ours() {
        let own = Samples.message(
            "From: José García <jose@applicants.example>\nMessage-ID: <a@herald-reply.example.org>")
        #expect(Samples.decide(own).reasons.map(\.row) == [10])
        let answer = Samples.decide(Samples.person(), history: ItemHistory(namesAnswerOfOurs: true))
        #expect(answer.reasons.map(\.row) == [11])
        #expect(answer.outcome == .rejected)
    }

    @Test("lets people of our own domain apply")
    func colleagues() {
        let message = Samples.person(from: "José García <jose@example.org>")
        let decision = Samples.decide(message, [Samples.resume("José García\njose@example.org")])
        #expect(decision.verdict == .reply, "\(decision.reasons)")
    }

    @Test("holds what is no resume, and refuses it with any sign of a machine")
    func unrecognised() {
        let letter = ResumeDocument(
            name: "letter.txt", kind: "txt",
            text: "Dear Sir,\n\nplease find my application.\n\nJosé\njose@applicants.example\n")
        #expect(Samples.decide(Samples.person(), [letter]).outcome == .held)
        #expect(Samples.decide(Samples.person(), [letter]).reasons.map(\.row) == [15])
        #expect(Samples.decide(Samples.person(), []).reasons.map(\.row) == [15])
        #expect(Samples.decide(Samples.person(), []).outcome == .held)
        #expect(Samples.decide(nil, [letter]).outcome == .held)
        let machine = Samples.decide(Samples.person("Precedence: bulk"), [letter])
        #expect(machine.outcome == .rejected)
        #expect(machine.reasons.map(\.row) == [5, 15])
        #expect(machine.reasons.allSatisfy { $0.action == .refuse })
        let scan = ResumeDocument(name: "scan.pdf", kind: "pdf", isScan: true)
        #expect(Samples.decide(nil, [scan]).reasons.first?.text.contains("scan") == true)
        let word = ResumeDocument(name: "cv.docx", kind: "other", unread: "an Office document")
        #expect(Samples.decide(Samples.person(), [word]).outcome == .held)
        let nobody = Samples.message("Subject: hello")
        #expect(Samples.decide(nobody, []).outcome == .rejected)
    }

    @Test("answers once, and files the second as a duplicate")
    func repeated() {
        for history in [
            ItemHistory(answeredBefore: true), ItemHistory(sameMessageID: true), ItemHistory(sameContent: true),
        ] {
            let decision = Samples.decide(Samples.person(), history: history)
            #expect(decision.verdict == .refuse)
            #expect(decision.outcome == .duplicate)
            #expect(decision.reasons.map(\.row) == [16])
        }
        let both = Samples.decide(Samples.person("Precedence: bulk"), history: ItemHistory(answeredBefore: true))
        #expect(both.outcome == .rejected)
        #expect(both.reasons.map(\.row) == [5, 16])
    }

    @Test("records every row that matches, and no answer wins over hold")
    func all() {
        let message = Samples.person("Return-Path: <>\nAuto-Submitted: auto-replied\nPrecedence: bulk")
        let decision = Samples.decide(message, [Samples.resume("José García\na.b@x.example\nc.d@y.example")])
        #expect(decision.reasons.map(\.row) == [1, 2, 5, 18])
        #expect(decision.verdict == .refuse)
    }

    @Test("holds for two addresses")
    func two() {
        let decision = Samples.decide(nil, [Samples.resume("José García\na.b@x.example\nc.d@y.example")])
        #expect(decision.outcome == .held)
        #expect(decision.reasons.map(\.row) == [18])
        #expect(decision.finding.ranked.count == 2)
    }

    @Test(
        "survives any header",
        arguments: ["Auto-Submitted: ((((", "Precedence: \\", "X-Loop: @", "Return-Path: <<>>", "List-Id:"])
    func hostile(_ field: String) {
        _ = Samples.decide(Samples.person(field))
    }
}
