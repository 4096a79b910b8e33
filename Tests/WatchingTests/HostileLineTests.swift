// Log lines are written by anyone. Whatever stands in them, the letter's bytes are a letter's: no header of theirs, no
// markup of theirs, nothing that moves a cursor or turns a text around.

import Formats
import Incidents
import Mail
import Records
import Rules
import Testing

@testable import Watching

@Suite struct HostileLineTests {
    static let lines: [[UInt8]] =
        [
            "x\r\nBcc: victim@example.org", "x\nSubject: other", "x\r\n\r\nbody", "x\r\n.\r\nQUIT", "\u{0}",
            "\u{0b}\u{0c}",
            "<script>alert(1)</script>", "</div></td></table><h1>", "<img src=x onerror=alert(1)>", "\" onclick=\"x",
            "' onclick='x", "&lt;b&gt;", "<!-- ", "]]>", "<style>*{display:none}</style>", "javascript:alert(1)",
            "\u{1b}[2J\u{1b}[31mred", "\u{1b}]0;title\u{7}", "\u{9b}31m", "\u{8}\u{8}\u{8}gone", "\u{7f}",
            "\u{202e}txt.exe", "\u{2066}isolate\u{2069}", "a\u{200b}b", "\u{feff}bom", "line\u{2028}separator",
            "para\u{2029}graph", "\u{e0041}tag", "soft\u{ad}hyphen", "{severity} {host} {title}", "{{7*7}} ${x} %n%s",
            "=?utf-8?q?evil?=", "=0D=0A.", "--boundary--", "From someone Sat Nov 21", ".", "..", "$(reboot)",
            "`reboot`",
            "'; DROP TABLE incidents; --", String(repeating: "A", count: 200_000),
            String(repeating: "é", count: 50_000),
            String(repeating: "\n", count: 5000), String(repeating: "<", count: 20_000),
            "password=hunter2hunter2", "https://u:hunter2hunter2@h/", "Authorization: Bearer hunter2hunter2",
            "e\u{301}\u{301}\u{301}\u{301}", "\u{1f468}\u{200d}\u{1f469}", "",
        ].map { Array($0.utf8) } + [[0xff, 0xfe, 0x00], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]

    /// The letter of a hit whose every text is this line.
    private func draft(_ line: [UInt8]) throws -> Draft {
        var rule = Rule(id: "hostile", title: Template("Seen: {word}"), severity: .critical)
        rule.advice = Template("Look at {word}, `really`.")
        let text = String(decoding: line.prefix(300), as: UTF8.self)
        let name = text.contains("hunter2") ? "plain" : text
        var record = Record(source: .file("/var/log/\(name)"), message: line)
        record.host = name
        record.identifier = name
        let hit = Hit(rule: rule, record: record, captures: [Capture(name: "word", value: line)])
        let now = LetterFixtures.noon
        var occurrence = Occurrence(hit, localHost: "web1", serial: "1", at: now)
        let context = Sample.line(line, limit: Sample.contextLimit)
        occurrence.sample = Sample(
            time: now, origin: occurrence.origin, text: Sample.line(line), before: [context], after: [context])
        let report = try #require(LetterFixtures.report([occurrence]))
        return try LetterFixtures.letter().draft(report, to: LetterFixtures.admin(), id: "0123456789abcdef")
    }

    @Test(arguments: lines.indices)
    func `Nothing of a hostile line is more than text`(index: Int) throws {
        let draft = try draft(Self.lines[index])
        let message = try draft.rendered()
        #expect(message.allSatisfy { ($0 >= 0x20 && $0 < 0x7f) || $0 == 0x0d || $0 == 0x0a || $0 == 0x09 })
        let parsed = ParsedMessage(message)
        #expect(parsed.all("bcc").isEmpty)
        #expect(parsed.all("subject").count == 1)
        #expect(parsed.header("X-Herald-New-Hits") == "1")
        var body = draft
        body.attachments = []
        #expect(try body.rendered().count <= ReportLetter.sizeLimit)
        for part in [draft.text, try #require(draft.html), draft.subject] {
            #expect(part.unicodeScalars.allSatisfy { !$0.isUnsafeToShow || $0 == "\n" })
            #expect(!part.contains("hunter2hunter2"))
        }
    }

    @Test(arguments: lines.indices)
    func `The markup of the letter is ours alone`(index: Int) throws {
        let html = try #require(try draft(Self.lines[index]).html)
        let calm = try #require(try draft(Array("calm".utf8)).html)
        #expect(Self.tags(html) == Self.tags(calm))
    }

    /// The names of all tags, in order.
    private static func tags(_ html: String) -> [String] {
        html.split(separator: "<").dropFirst().map { piece in
            String(piece.prefix { $0 != ">" && $0 != " " })
        }.filter { !$0.hasSuffix("code") }  // back-quotes in the advice make a word code, and may be foreign
    }
}
