// Log lines are written by anyone. Whatever stands in them, the letter's bytes are a letter's: no header of theirs, no
// markup of theirs, nothing that moves a cursor or turns a text around. Each line stands everywhere where a log can put
// it (message, host, program, unit, file name, captured field, title, subject) and comes in by both ways: as a journal's
// entry, and as a line of a file.

import Formats
import Incidents
import Mail
import Platform
import Records
import Rules
import TestSupport
import Testing

@testable import Watching

@Suite struct HostileLineTests {
    /// A line; what must not be in any part of the letter; and what must stand in its text, so that the reader sees it.
    struct Row: Sendable, CustomStringConvertible {
        var line: [UInt8]
        var gone: [String]
        var shown: String?
        var description: String { Printable.text(line, limit: 60) }

        init(_ line: String, gone: String..., shown: String? = nil) {
            (self.line, self.gone, self.shown) = (Array(line.utf8), gone, shown)
        }

        init(bytes: [UInt8], shown: String) { (line, gone, self.shown) = (bytes, [], shown) }
    }

    static let rows: [Row] = [
        // headers
        Row("x\r\nBcc: victim@example.org", gone: "\nBcc:", shown: "Bcc: victim@example.org"),
        Row("x\nSubject: other", gone: "\nSubject:"), Row("x\r\n\r\nbody", gone: "\nbody"),
        Row("x\r\n.\r\nQUIT", gone: "\n.\r", "\nQUIT"), Row("x\r\n Bcc: folded@example.org", gone: "\n Bcc:"),
        Row("x\rTo: victim@example.org", gone: "\rTo:", "\nTo: victim"),
        Row("x\u{0b}Cc: a@b\u{0c}", gone: "\u{0b}", "\u{0c}"),
        Row("x\u{85}Cc: next-line", gone: "\u{85}"), Row("=?utf-8?q?evil=0d=0aBcc:_x?=", shown: "=?utf-8?q?evil"),
        Row("=0D=0ABcc: x.", shown: "=0D=0ABcc: x."),
        Row("--=_boundary--\n\nContent-Type: text/html", gone: "\nContent-Type: text/html\n"),
        Row("Content-Transfer-Encoding: base64", shown: "Content-Transfer-Encoding"),
        Row("From someone Sat Nov 21", gone: "\nFrom s"),
        Row(".", gone: "\n.\n"), Row("..", gone: "\n..\n"), Row("-- ", gone: "\n-- \n\n-- \n"),
        // markup
        Row("<script>alert(1)</script>", gone: "<script", shown: "<script>alert(1)"),
        Row("</div></td></table><h1>x", shown: "</table>"),
        Row("<img src=x onerror=alert(1)>", gone: "<img", shown: "onerror=alert(1)"),
        Row("\" onclick=\"x", gone: "\" onclick"),
        Row("' onclick='x", gone: "' onclick=&#39;"),
        Row("&lt;b&gt; &amp; &#x202e;", shown: "&lt;b&gt; &amp; &#x202e;"),
        Row("<!-- x", gone: "<!-- x"), Row("]]><![CDATA[", gone: "<![CDATA"),
        Row("<style>*{display:none}</style>", gone: "<style>*"),
        Row("javascript:alert(1)", gone: "href=\"javascript"), Row("<a href='https://evil/'>", gone: "<a href='"),
        Row("`<b>` code ` open", gone: "<b>"), Row("<![endif]--><b>", gone: "<b>"),
        // terminals and directions
        Row("\u{1b}[2J\u{1b}[31mred", gone: "\u{1b}", shown: "\\u{1b}[2J"),
        Row("\u{1b}]0;title\u{7}", gone: "\u{1b}", "\u{7}"),
        Row("\u{9b}31m", gone: "\u{9b}", shown: "\\u{9b}31m"),
        Row("\u{8}\u{8}gone\u{7f}", gone: "\u{8}", "\u{7f}", shown: "\\u{8}"),
        Row("a\u{0}b", gone: "\u{0}", shown: "a\\u{0}b"),
        Row("\u{202e}txt.exe", gone: "\u{202e}", shown: "\\u{202e}txt.exe"),
        Row("\u{2066}isolate\u{2069}\u{200f}", gone: "\u{2066}", "\u{2069}", "\u{200f}"),
        Row("a\u{200b}\u{200d}b", gone: "\u{200b}", "\u{200d}"),
        Row("\u{feff}bom", gone: "\u{feff}", shown: "\\u{feff}bom"),
        Row("line\u{2028}para\u{2029}", gone: "\u{2028}", "\u{2029}"),
        Row("\u{e0041}\u{e0042}tag", gone: "\u{e0041}", shown: "\\u{e0041}"),
        Row("so\u{ad}ft", gone: "\u{ad}", shown: "so\\u{ad}ft"),
        Row("\u{5e9}\u{5dc}\u{5d5}\u{5dd}.log", shown: "\u{5e9}\u{5dc}\u{5d5}\u{5dd}.log"),
        Row("\u{1f468}\u{200d}\u{1f469}", gone: "\u{200d}"),
        Row("e" + String(repeating: "\u{301}", count: 2000), gone: String(repeating: "\u{301}", count: 400)),
        Row(bytes: [0x61, 0xff, 0xfe, 0x62], shown: "a\\xff\\xfeb"),
        Row(bytes: [0x61, 0xc0, 0xaf], shown: "a\\xc0\\xaf"),
        Row(bytes: [0x61, 0xed, 0xa0, 0x80], shown: "a\\xed\\xa0\\x80"),
        Row(bytes: [0x61, 0xf4, 0x90, 0x80, 0x80], shown: "a\\xf4"),
        // templates, shells, tables
        Row("{severity} {host} {title} {word}", shown: "{severity} {host} {title} {word}"),
        Row("{{title}} ${x} %n%s %(host)s", shown: "${x} %n%s"),
        Row("$(reboot)", gone: "--rule $(reboot)"), Row("`reboot`", shown: "`reboot`"),
        Row("'; DROP TABLE incidents; --", shown: "DROP TABLE"),
        Row("=HYPERLINK(\"https://evil\")", shown: "=HYPERLINK"), Row("@SUM(1+1)|cmd", shown: "@SUM"),
        Row("*|MERGE|* [[x]]", shown: "*|MERGE|*"),
        // size
        Row(String(repeating: "A", count: 1_000_000)), Row(String(repeating: "é", count: 500_000)),
        Row(String(repeating: "\n", count: 5000)), Row(String(repeating: "<", count: 20_000), gone: "<<"),
        Row(String(repeating: "\u{1b}", count: 20_000), gone: "\u{1b}"), Row(""),
        // secrets
        Row("password=hunter2hunter2", gone: "hunter2hunter2", shown: "password=***"),
        Row("https://u:hunter2hunter2@h/", gone: "hunter2hunter2", shown: "https://u:***@h/"),
        Row("Authorization: Bearer hunter2hunter2", gone: "hunter2hunter2"),
    ]

    enum Way: String, CaseIterable { case journal, file }

    /// The record as it comes out of its source's batch.
    private static func record(_ line: [UInt8], _ way: Way) throws -> Record {
        switch way {
        case .journal:
            var entries = JournalEntries()
            entries.beginEntry(time: LetterFixtures.noon)
            let name = String(decoding: line.prefix(300), as: UTF8.self)
            for field in ["_HOSTNAME", "SYSLOG_IDENTIFIER", "_SYSTEMD_UNIT", "_EXE"] {
                entries.append("\(field)=\(name)")
            }
            let batch = RecordBatch(
                source: .journal(""), bytes: line, ranges: [line.indices], origin: .journal(entries))
            return batch.record(at: 0)
        case .file:
            let name = String(decoding: line.prefix(200), as: UTF8.self)
            let batch = RecordBatch(
                lines: Array("Nov 21 13:41:14 web1 app[7]: ".utf8) + line + [0x0a], source: .file("/var/log/\(name)"),
                context: LineContext(readAt: LetterFixtures.noon))
            return batch.record(at: 0)
        }
    }

    /// The letter of a hit on the line.
    private static func draft(_ row: Row, _ way: Way) throws -> Draft {
        var rule = Rule(id: "hostile", title: Template("Seen: {word}"), severity: .critical)
        rule.advice = Template("Look at {word}, `really`.")
        // A name cannot be told from a secret; a message can.
        let isSecret = row.gone == ["hunter2hunter2"]
        let record =
            isSecret
            ? Record(source: way == .file ? .file("/x") : .journal(""), message: row.line) : try record(row.line, way)
        let word = way == .file ? record.message : row.line
        let hit = Hit(rule: rule, record: record, captures: [Capture(name: "word", value: word)])
        let now = LetterFixtures.noon
        var occurrence = Occurrence(hit, localHost: "web1", serial: "1", at: now)
        let context = Sample.line(row.line, limit: Sample.contextLimit)
        occurrence.sample = Sample(
            time: now, origin: occurrence.origin, text: Sample.line(record.message), before: [context], after: [context]
        )
        occurrence.explanation = Sample.line(row.line)
        let report = try #require(LetterFixtures.report([occurrence]))
        return try LetterFixtures.letter().draft(report, to: LetterFixtures.admin(), id: "0123456789abcdef")
    }

    private static let headers = [
        "Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "Importance",
        "X-Herald-Report", "X-Herald-Incident", "X-Herald-New-Hits", "X-Herald-Rule", "X-Herald-Severity",
        "X-Herald-Host",
        "X-Mailer", "MIME-Version", "Content-Type",
    ]

    @Test(arguments: rows, Way.allCases) func `Nothing of a hostile line is more than text`(row: Row, way: Way) throws {
        let draft = try Self.draft(row, way)
        let message = try draft.rendered()
        #expect(message.allSatisfy { ($0 >= 0x20 && $0 < 0x7f) || $0 == 0x0d || $0 == 0x0a || $0 == 0x09 })
        let lines = String(decoding: message, as: UTF8.self).replacing("\r\n", with: "\n")
        #expect(!lines.contains("\r"))
        #expect(lines.split(separator: "\n").allSatisfy { $0.utf8.count <= 998 })
        #expect(!lines.contains("\nFrom "))
        let parsed = ParsedMessage(message)
        #expect(parsed.headers.fields.map(\.name) == Self.headers)
        #expect(parsed.header("X-Herald-New-Hits") == "1")
        #expect(parsed.subject.split(separator: " ") == draft.subject.split(separator: " "))
        #expect(draft.subject.count <= 201)
        var body = draft
        body.attachments = []
        #expect(try body.rendered().count <= ReportLetter.sizeLimit)
        let html = try #require(draft.html)
        let log = draft.attachments.map { String(decoding: $0.bytes, as: UTF8.self).replacing("\r\n", with: "\n") }
        for part in [draft.text, html, draft.subject] + log {
            #expect(part.unicodeScalars.allSatisfy { !$0.isUnsafeToShow || $0 == "\n" })
        }
        for gone in row.gone {
            // A line of its own does no harm in a body; it would be one of the text part's own, though.
            let isMarkup = gone.contains { "<>\"'".contains($0) }
            for part in isMarkup
                ? [html] : gone.first == "\n" ? [draft.text] : [draft.text, html, draft.subject, lines]
            {
                #expect(!part.unicodeScalars.contains(gone.unicodeScalars), "\(Printable.text(gone))")
            }
        }
        if let shown = row.shown {
            #expect(draft.text.contains(shown))
            #expect(LetterMarkup(html).text.contains(shown))
        }
    }

    @Test(arguments: rows, Way.allCases) func `The markup of the letter is ours alone`(row: Row, way: Way) throws {
        #expect(LetterMarkup(try #require(try Self.draft(row, way).html)).faults == [])
    }

    @Test func `Python's strict parser finds the same in all of them`() throws {
        let folder = try TemporaryFolder()
        var subjects: [String] = []
        for (index, row) in Self.rows.enumerated() {
            for way in Way.allCases {
                let draft = try Self.draft(row, way)
                try Files.write(draft.rendered(), to: folder("\(1000 + index)-\(way.rawValue).eml"))
                subjects.append(draft.subject)
            }
        }
        let script = Files.split(Files.split(#filePath).directory).directory + "/Peers/letters-strict"
        let run = try ChildProcess(
            ["/usr/bin/python3", script, folder.path, Self.headers.joined(separator: ",")], deadline: .seconds(120)
        ).run()
        #expect(run.ending == .exited(0), "\(String(decoding: run.errors, as: UTF8.self))")
        #expect(String(decoding: run.output, as: UTF8.self) == "\(subjects.count) letters\n")
    }
}
