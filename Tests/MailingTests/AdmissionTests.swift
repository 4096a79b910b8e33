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
