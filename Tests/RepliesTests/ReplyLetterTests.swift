import Formats
import Mail
import Testing
import YAML

@testable import Replies

@Suite("The reply's letter")
struct ReplyLetterTests {
    static func letter(
        _ message: MessageFacts?, template: ReplyTemplate = .builtIn, language: String? = "en",
        name: String? = "José García",
        position: String? = nil
    ) throws -> ReplyLetter {
        let alias = try EmailAddress("jobs@example.org")
        let candidate = Candidate(
            address: try EmailAddress("jose@applicants.example"), name: name.flatMap { PersonName($0) }, step: 4,
            evidence: [])
        return ReplyLetter(
            template: template, candidate: candidate, message: message, from: Mailbox("Jobs at Example", alias),
            position: position,
            mailerName: "REM mailer", language: language, id: "0123456789abcdef0123456789abcdef",
            received: Timestamp(seconds: 1_795_267_000), now: Timestamp(seconds: 1_795_267_060), utcOffset: 0)
    }

    static func parsed(_ letter: ReplyLetter) throws -> ParsedMessage { ParsedMessage(try letter.draft.rendered()) }

    @Test("answers a message with every header that keeps machines quiet")
    func toMessage() throws {
        let message = Samples.person("References: <0@applicants.example>")
        let letter = try Self.letter(message)
        let parsed = try Self.parsed(letter)
        #expect(parsed.header("Auto-Submitted") == "auto-replied")
        #expect(parsed.header("Precedence") == "bulk")
        #expect(parsed.header("X-Auto-Response-Suppress") == "All")
        #expect(parsed.header("X-Loop") == "jobs@example.org")
        #expect(parsed.header("X-Mailer") == "REM mailer")
        #expect(parsed.inReplyTo == ["<1@applicants.example>"])
        #expect(parsed.references == ["<0@applicants.example>", "<1@applicants.example>"])
        #expect(parsed.subject == "Auto: Application")
        #expect(parsed.messageID == "<0123456789abcdef0123456789abcdef@herald-reply.example.org>")
        #expect(parsed.to.map(\.address.text) == ["jose@applicants.example"])
        #expect(parsed.from.map(\.address.text) == ["jobs@example.org"])
        #expect(letter.envelope.recipients.count == 1)
        #expect(letter.envelope.notify == .never)
        #expect(letter.envelope.sender?.text == "jobs@example.org")
        #expect(parsed.text.contains("Dear José García,"))
        #expect(parsed.text.contains("21 November 2026"))
    }

    @Test(
        "escapes HTML's signs whatever stands on or before them",
        arguments: [
            ("<\u{301}b>", "&lt;\u{301}b&gt;"), ("\u{601}\"x", "\u{601}&quot;x"), ("&\u{200d}lt;", "&amp;\u{200d}lt;"),
            ("'\u{fe0f}", "&#39;\u{fe0f}"), ("É & é", "É &amp; é"),
        ])
    func escapes(text: String, expected: String) {
        #expect(Octets(ReplyLetter.escaped(text)) == Octets(expected))
    }

    @Test("answers a bare file without a thread")
    func toFile() throws {
        let parsed = try Self.parsed(try Self.letter(nil, name: nil))
        #expect(parsed.header("Auto-Submitted") == "auto-generated")
        #expect(parsed.inReplyTo.isEmpty)
        #expect(parsed.references.isEmpty)
        #expect(parsed.subject == "Your application")
        #expect(parsed.text.contains("Dear applicant,"))
        #expect(try Self.letter(nil, position: "Operator").subject == "Your application: Operator")
        #expect(try Self.letter(nil, language: "de", position: "Operator").subject == "Ihre Bewerbung: Operator")
        #expect(try Self.letter(Samples.person(), position: "Operator").subject == "Auto: Application")
        #expect(try Self.letter(nil, language: "de").subject == "Ihre Bewerbung")
    }

    @Test("is in the resume's language, else in all")
    func languages() throws {
        #expect(try Self.parsed(try Self.letter(nil, language: "de")).text.contains("Guten Tag José García,"))
        #expect(try !Self.parsed(try Self.letter(nil, language: "de")).text.contains("Dear"))
        let both = try Self.parsed(try Self.letter(nil, language: nil)).text
        #expect(both.contains("Guten Tag") && both.contains("Dear"))
        #expect(try Self.parsed(try Self.letter(nil, language: "pl")).text.contains("Guten Tag"))
    }

    @Test(
        "repeats no link and no header of the sender's",
        arguments: ["Buy at http://evil.example", "see www.evil.example", "<b>hi</b>"])
    func noRelay(_ subject: String) throws {
        let message = Samples.message("From: a@b.example\nSubject: \(subject)\nMessage-ID: <1@b.example>")
        #expect(try Self.letter(message).subject == "Your application")
    }

    @Test("cuts and cleans what it repeats")
    func cleaned() throws {
        let long = String(repeating: "long ", count: 200)
        let message = Samples.message("From: a@b.example\nSubject: \(long)\nMessage-ID: <1@b.example>")
        #expect(try Self.letter(message).subject.count <= 130)
        #expect(ReplyLetter.oneLine("a\r\nBcc: x@y.example\u{0}\u{202e}b", limit: 80) == "a Bcc: x@y.example b")
        let hostile = try Self.letter(nil, position: "Operator\r\nBcc: victim@x.example")
        let parsed = try Self.parsed(hostile)
        #expect(parsed.header("Bcc") == nil)
        #expect(parsed.headers.fields.filter { $0.name.lowercased() == "to" }.count == 1)
    }

    @Test("escapes names in HTML")
    func html() throws {
        let loaded = ReplyTemplate.load(Array("text: hello\nhtml: <p>{position|none}</p>\n".utf8), file: "x")
        let template = try #require(loaded.template)
        let letter = try Self.letter(nil, template: template, position: "R&D <lead>")
        #expect(letter.draft.html == "<p>R&amp;D &lt;lead&gt;</p>")
    }

    @Test("has a built-in form without faults, the same words as the shipped one")
    func builtIn() {
        let loaded = ReplyTemplate.load(Array(ReplyTemplate.builtInText.utf8), file: "built-in")
        #expect(loaded.diagnostics.isEmpty)
        #expect(loaded.template?.versions.map(\.language) == ["en", "de"])
        #expect(ReplyTemplate.builtIn == loaded.template)
    }

    static let faults: [(String, Int, Int, String)] = [
        ("text: |\n  Dear {candidate.nam},\n", 2, 8, "did you mean 'candidate.name'"),
        ("text: hello {nonsense}\n", 1, 13, "unknown field"),
        ("languages:\n  en:\n    text: |\n      a\n      b {postion}\n", 5, 9, "did you mean 'position'"),
        ("text: |\n  Dear {candidate.name\n", 2, 8, "without its '}'"),
        ("subject: x\n", 1, 1, "no 'text'"),
        ("text: x\nsubjekt: y\n", 2, 1, "did you mean 'subject'"),
        ("languages:\n  english:\n    text: x\n", 2, 3, "no language"),
        ("languages: x\n", 1, 12, "must be a map"),
        ("", 1, 1, "no 'text'"),
    ]

    @Test("names the place of every fault of a template", arguments: faults)
    func faulty(_ text: String, _ line: Int, _ column: Int, _ words: String) {
        let loaded = ReplyTemplate.load(Array(text.utf8), file: "letter.yaml")
        #expect(loaded.template == nil)
        #expect(
            loaded.diagnostics.contains { $0.message.contains(words) && $0.line == line && $0.column == column },
            "\(loaded.diagnostics)")
    }

    @Test("shows all faults at once, and reads braces")
    func several() throws {
        #expect(ReplyTemplate.load(Array("text: '{a} {b}'\nsubject: '{c}'\n".utf8), file: "x").diagnostics.count == 3)
        let template = try #require(
            ReplyTemplate.load(Array("text: 'a {{b}} {candidate.first_name|you} c'\n".utf8), file: "x").template)
        #expect(try Self.letter(nil, template: template, name: nil).draft.text == "a {b} you c")
        #expect(try Self.letter(nil, template: template).draft.text == "a {b} José c")
    }
}
