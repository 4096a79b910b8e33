import Control
import Formats
import Mail
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

    private func reply(alias: String?, from: String = "Jobs <jobs@example.org>", sender: String? = nil) -> Letter {
        var letter = Letter.sample(to: ["anna@example.net"], origin: "responder", alias: alias)
        letter.message = Array("From: \(from)\r\nSubject: s\r\n\r\nthanks\r\n".utf8)
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
