import Control
import Formats
import Mail
import Platform
import Settings
import Testing

@testable import Mailing

@Suite struct AdmissionTests {
    private func admission() throws -> Admission { Admission(try Sample.settings(accounts: ["one"])) }

    @Test("the watcher writes to the report's recipients only")
    func watcher() throws {
        let admission = try admission()
        let both = Letter.sample(to: ["admin@example.org", "second@EXAMPLE.org"])
        #expect(admission.refusal(of: both, from: "watcher") == nil)
        let stranger = Letter.sample(to: ["admin@example.org", "victim@example.net"])
        #expect(admission.refusal(of: stranger, from: "watcher")?.contains("victim@example.net") == true)
        #expect(admission.refusal(of: Letter.sample(to: []), from: "watcher") == "it has no recipient")
    }

    @Test("what was made under settings that a reload has just replaced is no intruder's; after an hour it is")
    func former() throws {
        let old = try admission().settings
        var new = old
        new.report.recipients.removeAll { $0.email.text == "admin@example.org" }
        #expect(Admission(new).refusal(of: report(), from: "watcher")?.contains("recipients") == true)
        var former = FormerSettings()
        former.note(old, at: .seconds(100))
        for (time, isAdmitted) in [(100, true), (3699, true), (3700, false)] {
            let admission = Admission(new, former: former.inForce(at: .seconds(time)))
            #expect((admission.refusal(of: report(), from: "watcher") == nil) == isAdmitted)
            #expect(admission.refusal(of: Letter.sample(to: ["stranger@example.net"]), from: "watcher") != nil)
        }
    }

    /// A letter of the watcher in this name.
    private func report(
        alias: String? = nil, from: String = "herald@example.org", sender: String? = "herald@example.org",
        more: String = ""
    ) -> Letter {
        var letter = Letter.sample(alias: alias)
        letter.message = Array("From: \(from)\r\n\(more)Subject: s\r\n\r\nIt broke.\r\n".utf8)
        letter.envelope.sender = sender.flatMap { try? EmailAddress($0) }
        return letter
    }

    @Test("the watcher writes in the name of the report's alias only")
    func watcherName() throws {
        let admission = try admission()
        let ceo = "ceo@example.com"
        for letter in [
            report(), report(alias: "alerts"), report(from: "Herald <herald@EXAMPLE.org>"),
            report(more: "Sender: herald@example.org\r\n"),
        ] {
            #expect(admission.refusal(of: letter, from: "watcher") == nil)
        }
        for letter in [
            report(sender: ceo), report(sender: nil), report(from: ceo), report(from: "herald@example.org, \(ceo)"),
            report(more: "From: \(ceo)\r\n"), report(more: "From:\r\n"), report(more: "Sender: \(ceo)\r\n"),
            report(more: "Sender: ?\r\n"), report(alias: "jobs"),
            report(alias: "jobs", from: "jobs@example.org", sender: "jobs@example.org"), report(alias: "none"),
        ] {
            #expect(admission.refusal(of: letter, from: "watcher") != nil)
        }
        var other = try Sample.settings(accounts: ["one"])
        other.report.from = "jobs"
        let jobs = report(alias: "jobs", from: "jobs@example.org", sender: "jobs@example.org")
        #expect(Admission(other).refusal(of: jobs, from: "watcher") == nil)
        #expect(Admission(other).refusal(of: report(), from: "watcher") != nil)
    }

    @Test("without aliases in the settings the watcher writes as herald at this host")
    func fallbackAlias() throws {
        let text = "report: {to: [{name: A, email: admin@example.org}]}\n"
        let (loaded, diagnostics) = Settings.load(
            [ConfigurationFile(path: "herald.yaml", bytes: Array(text.utf8))],
            host: Settings.Host(mailName: "host.example.org"))
        let settings = try #require(loaded, "\(diagnostics)")
        let own = "herald@host.example.org"
        let letter = report(alias: settings.alias(nil)?.description, from: own, sender: own)
        #expect(Admission(settings).refusal(of: letter, from: "watcher") == nil)
        #expect(Admission(settings).refusal(of: report(), from: "watcher") != nil)
    }

    @Test(
        "a message that none of our daemons writes is refused",
        arguments: [
            ("a\nb\r\n", "bare LF"), ("a\rb\r\n", "bare CR"), ("a\r", "bare CR"), ("a\r\r\n", "bare CR"),
            ("a\0b\r\n", "NUL"), (String(repeating: "x", count: 5001) + "\r\n", "5001 octets"),
            (String(repeating: "x", count: 999), "999 octets"),
        ])
    func form(body: String, reason: String) throws {
        var letter = report()
        letter.message += Array(body.utf8)
        #expect(try admission().refusal(of: letter, from: "watcher")?.contains(reason) == true)
        letter = reply(alias: "jobs")
        letter.message += Array(body.utf8)
        #expect(try admission().refusal(of: letter, from: "responder")?.contains(reason) == true)
    }

    @Test("a header is made of fields alone; lines of 998 octets and no end of line at the end may be")
    func headerForm() throws {
        let admission = try admission()
        var letter = report(more: "X-Note: a\r\n b\r\n")
        letter.message += Array((String(repeating: "x", count: 998) + "\r\n\r\nend").utf8)
        #expect(admission.refusal(of: letter, from: "watcher") == nil)
        for more in ["no field\r\n", "From someone\r\n", "X Y: z\r\n", ": z\r\n"] {
            #expect(admission.refusal(of: report(more: more), from: "watcher") != nil)
        }
        for start in ["\r\n", " folded\r\n", "\u{feff}"] {
            var letter = report()
            letter.message.insert(contentsOf: start.utf8, at: 0)
            #expect(admission.refusal(of: letter, from: "watcher") != nil)
        }
    }

    private func reply(
        alias: String?, from: String = "Jobs <jobs@example.org>", sender: String? = nil,
        to recipients: [String] = ["anna@example.net"], notify: Envelope.Notify = .never, more: String = ""
    ) -> Letter {
        var letter = Letter.sample(to: recipients, origin: "responder", alias: alias)
        letter.envelope.notify = notify
        letter.message = Array("From: \(from)\r\n\(more)Subject: s\r\n\r\nthanks\r\n".utf8)
        letter.envelope.sender = sender.flatMap { try? EmailAddress($0) }
        return letter
    }

    @Test("the responder writes in the name of its folders' aliases only")
    func responder() throws {
        let admission = try admission()
        #expect(admission.refusal(of: reply(alias: "jobs"), from: "responder") == nil)
        #expect(admission.refusal(of: reply(alias: "jobs", sender: "jobs@example.org"), from: "responder") == nil)
        for letter in [
            reply(alias: "alerts"), reply(alias: nil), reply(alias: "none"),
            reply(alias: "jobs", from: "herald@example.org"),
            reply(alias: "jobs", from: "jobs@example.org, x@example.org"),
            reply(alias: "jobs", sender: "herald@example.org"),
            reply(alias: "jobs", to: ["anna@example.net", "berta@example.net"]),
            reply(alias: "jobs", notify: .default), reply(alias: "jobs", more: "Sender: herald@example.org\r\n"),
        ] {
            #expect(admission.refusal(of: letter, from: "responder") != nil)
        }
    }

    @Test("a letter that lies in another daemon's folder is refused")
    func origin() throws {
        let admission = try admission()
        #expect(admission.refusal(of: reply(alias: "jobs"), from: "watcher") != nil)
        #expect(admission.refusal(of: Letter.sample(), from: "responder") != nil)
        #expect(admission.refusal(of: Letter.sample(origin: "command"), from: "command") != nil)
    }
}

@Suite struct SubmissionTests {
    private let root = LocalUser(uid: 0, name: "root", isPrivileged: true)
    private let carla = LocalUser(uid: 1000, name: "carla", isPrivileged: false)
    private let mallory = LocalUser(uid: 1001, name: "mallory", isPrivileged: false)
    private let circumstances = Submission.Circumstances(
        id: "0123456789abcdef0123456789abcdef", host: "host.example.org", now: Timestamp(seconds: 1_800_000_000),
        utcOffset: 0)

    private func letter(_ submission: Submission, from user: LocalUser) throws -> Letter {
        try submission.letter(from: user, try Sample.settings(accounts: ["one"]), circumstances)
    }

    private func refusal(_ submission: Submission, from user: LocalUser) throws -> ControlResponse.Refusal? {
        do {
            _ = try letter(submission, from: user)
            return nil
        } catch let error as SubmissionError {
            return error.kind
        }
    }

    @Test("bare text becomes a letter from the default alias to those who were named")
    func bareText() throws {
        let letter = try letter(Submission(recipients: ["a@example.net"], body: Array("It works.\n".utf8)), from: root)
        let parsed = ParsedMessage(letter.message)
        #expect(parsed.from.map(\.address.text) == ["herald@example.org"])
        #expect(parsed.to.map(\.address.text) == ["a@example.net"])
        #expect(parsed.text.contains("It works."))
        #expect(letter.envelope.sender?.text == "herald@example.org")
        #expect(letter.messageID == "<\(circumstances.id)@host.example.org>")
    }

    @Test("with -t the recipients are those of the header, and Bcc is gone from it")
    func fromHeaders() throws {
        let body = "To: a@example.net\nCc: B <b@example.net>\nBcc: c@example.net\nSubject: x\n\nhello\n"
        let submission = Submission(recipients: ["d@example.net"], fromHeaders: true, body: Array(body.utf8))
        let letter = try letter(submission, from: root)
        #expect(Set(letter.envelope.recipients.map(\.local)) == ["a", "b", "c", "d"])
        #expect(ParsedMessage(letter.message).header("Bcc") == nil)
    }

    @Test("what stands in To, Cc or Bcc and is no address is refused under -t, and so is a NUL in a header")
    func broken() throws {
        for (header, fromHeaders, words) in [
            ("To: broken <\nCc: a@example.net", true, "'broken <' in To is no address"),
            ("To: a@example.net, Doe, Jane <j@example.net>", true, "'Doe' in To is no address"),
            ("Subject: a\0b", false, "the field 'Subject' has a NUL in it"),
        ] {
            let submission = Submission(
                recipients: ["d@example.net"], fromHeaders: fromHeaders, body: Array("\(header)\n\nx\n".utf8))
            let error = #expect(throws: SubmissionError.self) { _ = try letter(submission, from: root) }
            #expect(error?.description == words && error?.kind == .wrong)
        }
        let named = Submission(recipients: ["d@example.net"], body: Array("To: broken <\n\nx\n".utf8))
        #expect(try letter(named, from: root).envelope.recipients.count == 1, "the header is not asked without -t")
    }

    @Test(
        "a letter to people whose address is not ASCII says whom it is for",
        arguments: [
            (["jörg@bücher.example"], ["jörg@bücher.example"]),
            (["joerg@bücher.example"], ["joerg@xn--bcher-kva.example"]),
            (["jörg@bücher.example", "a@example.net"], []),
        ])
    func notASCII(_ recipients: [String], _ named: [String]) throws {
        let message = try letter(Submission(recipients: recipients, body: Array("x\n".utf8)), from: root).message
        #expect(ParsedMessage(message).to.map(\.address.text) == named)
    }

    @Test("users send under their own alias, others' is denied, and nobody sends without one")
    func aliases() throws {
        let to = ["a@example.net"]
        let text = Array("hello\n".utf8)
        #expect(try letter(Submission(recipients: to, body: text), from: carla).alias == "jobs")
        #expect(
            try letter(Submission(from: "jobs@example.org", recipients: to, body: text), from: carla).alias == "jobs")
        #expect(try refusal(Submission(from: "alerts", recipients: to, body: text), from: carla) == .denied)
        #expect(try refusal(Submission(recipients: to, body: text), from: mallory) == .denied)
        #expect(try refusal(Submission(from: "jbos", recipients: to, body: text), from: root) == .wrong)
        let forged = Array("From: herald@example.org\n\nhello\n".utf8)
        #expect(try refusal(Submission(recipients: to, body: forged), from: carla) == .denied)
    }

    @Test("recipients that are none are refused", arguments: [[], ["a"], ["a@b\r\nRCPT TO:<c@d>"], ["<a@b.c>"], ["@"]])
    func recipients(list: [String]) throws {
        #expect(try refusal(Submission(recipients: list, body: Array("x\n".utf8)), from: root) == .wrong)
    }

    @Test("a user's bucket runs dry and fills again")
    func rates() {
        var rates = SubmissionRates()
        let burst = (0..<SubmissionRates.burst).map { _ in rates.take(1000, at: .zero) }
        #expect(burst.allSatisfy { $0 })
        let next = [
            rates.take(1000, at: .seconds(1)), rates.take(1001, at: .seconds(1)), rates.take(1000, at: .seconds(31)),
        ]
        #expect(next == [false, true, true])
    }
}
