// The letter: what stands in it, and what never gets into it. Checked on the finished bytes.

import Formats
import Incidents
import Mail
import Platform
import RuleMatching
import Rules
import Testing

@testable import Watching

@Suite struct ReportLetterTests {
    private func draft(_ report: Report?, subject: String = "[{severity}] {host}: {title}") throws -> Draft {
        try LetterFixtures.letter(subject: subject)
            .draft(try #require(report), to: LetterFixtures.admin(), id: "0123456789abcdef0123456789abcdef")
    }

    private func header(_ draft: Draft, _ name: String) -> String? { draft.headers.first { $0.name == name }?.value }

    @Test func `Everything an administrator asks for stands in both parts`() throws {
        let draft = try draft(LetterFixtures.outOfMemory())
        let html = try #require(draft.html)
        #expect(draft.subject == "[critical] web1: Out of memory: mysqld was killed")
        #expect(draft.text.hasPrefix("Out of memory: mysqld was killed on web1, 14 times in 61 s.\n"))
        for words in [
            "web1", "critical", "kernel-out-of-memory", "2026-11-21 13:41:14", "14 new in this letter, 14 so far",
            "the kernel", "What to do", "https://docs.kernel.org/admin-guide/mm/concepts.html", "process",
            "The first line", "9 of 13 more lines", "the highest 3 hits",
            "oom_reaper: reaped process 812", "herald silence add --incident 1 --for 4h --comment",
            "herald incidents resolve 1",
            "each bar 2 s",
            "times are UTC+1",
        ] {
            #expect(draft.text.contains(words), "\(words)")
            #expect(html.contains(words), "\(words)")
        }
        #expect(draft.text.contains("  > Out of memory: Killed process 812"))
    }

    @Test func `Of the journal it is told who wrote the line, and what the catalog says of it`() throws {
        let draft = try draft(LetterFixtures.report("service"))
        let html = try #require(draft.html)
        for words in [
            "postgresql@15-main.service", "/usr/lib/systemd/systemd, pid 1, uid 0", "6c8f3b0a52d14f6e9a3c7b1e2d4f5a6b",
            "nothing will start it again",
        ] {
            #expect(draft.text.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains(words), "\(words)")
            #expect(html.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains(words), "\(words)")
        }
    }

    @Test func `What Herald noticed of itself is no line of a file`() throws {
        let lines = try draft(LetterFixtures.report("set-aside")).text.split(separator: "\n").map {
            $0.drop { $0 == " " }
        }
        #expect(lines.contains { $0.hasPrefix("Source ") && $0.hasSuffix(" herald-watcher") }, "\(lines)")
        #expect(!lines.contains { $0.hasPrefix("File ") })
    }

    @Test func `No capture of a shipped rule has a name whose value would be masked`() throws {
        let folder = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/rules"
        for (name, bytes) in RuleFolders.read([folder]).files {
            let names = String(decoding: bytes, as: UTF8.self).matches(of: /\(\?<(\w+)>/).map { String($0.1) }
            let masked = names.filter(SecretMask.isSecretName)
            #expect(masked.isEmpty, "\(name)")
        }
    }

    @Test func `Programs find the figures in headers`() throws {
        let draft = try draft(LetterFixtures.digest())
        #expect(header(draft, "X-Herald-New-Hits") == "11")
        #expect(header(draft, "X-Herald-Incident") == "1, 2, 4, 3, 5")
        #expect(header(draft, "X-Herald-Rule") == "first, ata-media-error")
        #expect(header(draft, "X-Herald-Severity") == "critical")
        #expect(header(draft, "X-Herald-Report") == "digest")
        #expect(header(draft, "Auto-Submitted") == "auto-generated")
        #expect(header(draft, "Importance") == "high")
        #expect(draft.mailer == "REM mailer")
        #expect(draft.subject == "[critical] web1: 5 incidents, 11 new hits")
    }

    @Test func `A good end is green, asks for nothing, and is of normal importance`() throws {
        let draft = try draft(LetterFixtures.report("recovered"))
        #expect(draft.subject == "[recovered] web1: RAID array md0 runs without a disk")
        #expect(draft.text.hasPrefix("Over after 5 h 33 min: RAID array md0 runs without a disk on web1.\n"))
        let words = draft.text.split(separator: "\n").joined(separator: " ")
        #expect(
            words.contains("It was so from 2026-11-21 13:41:14 to 19:14:34. The log says: md: md0: recovery done."))
        #expect(words.contains("  Over since  2026-11-21 19:14:34   It lasted   5 h 33 min"))
        #expect(draft.text.contains("What it was\n\n  2026-11-21 13:"))
        #expect(draft.text.contains(", kernel\n  > md/raid1:md0: Disk failure on sdb1"))
        #expect(!draft.text.contains("silence"))
        #expect(header(draft, "Importance") == "normal")
        #expect(header(draft, "X-Herald-New-Hits") == "0")
    }

    @Test(
        arguments: [
            ("The disk is slow", "web1.example.org", "The disk is slow on web1.example.org."),
            ("No heartbeat from db2", "db2", "No heartbeat from db2."),
            ("No heartbeat from db2", "db2.example.org", "No heartbeat from db2."),
            ("The shop on web1: it broke", "web1", "The shop on web1: it broke."),
            ("The shop on web10 broke", "web1", "The shop on web10 broke on web1."),
            ("The shop: no answer from the database", "web1", "The shop: no answer from the database."),
            ("The shop: it is down", "web1", "The shop: it is down on web1."),
        ])
    func `The host stands behind a title that neither names it nor ends in what the line says`(
        title: String, host: String, sentence: String
    ) throws {
        let report = LetterFixtures.report([
            LetterFixtures.occurrence(
                "r", title, origin: LetterFixtures.origin(host), text: "shop[1]: no answer from the database")
        ])
        let lines = try draft(report).text.split(separator: "\n").map(String.init)
        #expect(lines.first == sentence)
        #expect(lines.prefix(2).contains { $0.contains(host.prefix { $0 != "." }) }, "\(lines)")
    }

    @Test func `That a fault is back stands in the subject, and the thread holds`() throws {
        let draft = try draft(LetterFixtures.report("returned"))
        #expect(draft.subject == "[critical, back] web1: RAID array md0 runs without a disk")
        #expect(draft.text.hasPrefix("Back: RAID array md0 runs without a disk on web1, 3 times so far."))
        #expect(header(draft, "X-Herald-Report") == "returned")
        #expect(header(draft, "Importance") == "high")
        #expect(draft.references == ["<first@web1.example.org>", "<recovered@web1.example.org>"])
    }

    @Test func `Further letters refer to the first one and to the last`() throws {
        var policy = ReportPolicy()
        (policy.groupWait, policy.groupInterval) = (.zero, .zero)
        var book = IncidentBook(policy: policy)
        var letters: [Draft] = []
        for second in 0..<3 {
            let now = LetterFixtures.noon + .seconds(Int64(second))
            let id = book.join(LetterFixtures.occurrence("r", "It broke", at: now), at: now)
            let report = try #require(book.due(now).first)
            let draft = try LetterFixtures.letter().draft(report, to: LetterFixtures.admin(), id: "id\(second)")
            book.tellMessageIDs([id: [draft.messageID]])
            letters.append(draft)
        }
        let first = letters[0].messageID
        #expect(letters.map(\.references) == [[], [first], [first, letters[1].messageID]])
        #expect(letters.map(\.inReplyTo) == [[], [first], [letters[1].messageID]])
        #expect(Set(letters.map(\.messageID)).count == 3)
        #expect(letters.map(\.subject) == Array(repeating: "[critical] web1: It broke", count: 3))
    }

    @Test(arguments: ["web1.example.org", "", "wéb_1\r\n", "..-", "a b<c>"])
    func `A Message-ID is one, whatever the host is called`(name: String) throws {
        var letter = try LetterFixtures.letter()
        letter.mailName = name
        let id = letter.messageID(of: "00ff")
        #expect(id.hasPrefix("<herald.00ff@") && id.hasSuffix(">"))
        let domain = id.dropFirst(13).dropLast()
        #expect(
            !domain.isEmpty
                && domain.unicodeScalars.allSatisfy {
                    $0.isASCII && ($0.properties.isAlphabetic || "0123456789-.".unicodeScalars.contains($0))
                })
        _ = try draft(LetterFixtures.report("recovered")).rendered()
    }

    @Test func `A letter with the largest samples has at most 100 KiB and the rest attached`() throws {
        let line = String(repeating: "<&é=", count: 4000)
        let report = LetterFixtures.report(
            (0..<10).map { index in
                LetterFixtures.occurrence(
                    "r", "It broke", at: LetterFixtures.noon + .seconds(index),
                    text: "\(index) " + String(line.prefix(4000)),
                    before: Array(repeating: String(line.prefix(500)), count: 10),
                    after: Array(repeating: String(line.prefix(500)), count: 10))
            })
        let draft = try draft(report)
        #expect(draft.attachments.map(\.name) == ["herald-incident-1.log"])
        let log = String(decoding: draft.attachments.first?.bytes ?? [], as: UTF8.self)
        for sample in try #require(report).entries[0].incident.samples {
            for text in sample.before + [sample.text] + sample.after { #expect(log.contains(text)) }
        }
        #expect(draft.text.contains("herald-incident-1.log") && draft.html?.contains("herald-incident-1.log") == true)
        let message = try draft.rendered()
        #expect(
            String(decoding: message, as: UTF8.self).contains(
                "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment"
            ))
        #expect(ParsedMessage(message).attachments.map(\.bytes) == draft.attachments.map(\.bytes))
        try expectSize(draft)
    }

    private func expectSize(_ draft: Draft) throws {
        var body = draft
        body.attachments = []
        let size = try body.rendered().count
        #expect(size <= ReportLetter.sizeLimit)
    }

    /// All that can be long is as long as it can be, in characters that cost the most.
    @Test(arguments: ["&quot'\"<>", "\u{1f525}", "="], [1, 60])
    func `The largest letter there can be has at most 100 KiB`(piece: String, incidents: Int) throws {
        func long(_ count: Int) -> String { String(String(repeating: piece, count: count).prefix(count)) }
        var policy = ReportPolicy()
        (policy.groupWait, policy.maxPerHour) = (.zero, incidents == 1 ? 100 : 1)
        var book = IncidentBook(policy: policy)
        var origin = LetterFixtures.origin(long(200), unit: long(200), identifier: long(200))
        (origin.executable, origin.bootID, origin.transport) = (long(200), long(200), "journal")
        let (title, advice, url, explanation) = (long(296), long(2000), "https://" + long(490), long(4000))
        let text = (0..<40).map { "\($0)" + long(250) }.joined(separator: "\n")
        let context = Array(repeating: long(500), count: 20)
        let captures = (0..<20).map { CapturedValue(name: "\($0)" + long(28), value: long(300)) }
        for index in 0..<incidents {
            for second in 0..<10 {
                var hit = LetterFixtures.occurrence(
                    "rule-\(index)", "\(index)" + title, at: LetterFixtures.noon + .seconds(Int64(second)),
                    origin: origin, text: text, before: context, after: context, captures: captures, advice: advice,
                    url: url)
                hit.explanation = explanation
                book.join(hit, at: LetterFixtures.noon + .seconds(Int64(second)))
            }
        }
        for id in 0..<300 {
            book.add(
                Silence(
                    id: Int64(id), rule: "other", until: LetterFixtures.noon + .seconds(90_000), comment: long(200)))
        }
        var reports = book.due(LetterFixtures.noon + .seconds(10))
        reports += book.due(LetterFixtures.noon + .seconds(3700))
        let report = try #require(reports.max { $0.entries.count < $1.entries.count })
        #expect(report.entries.count >= incidents - 1)
        let draft = try draft(report)
        try expectSize(draft)
        #expect(LetterMarkup(try #require(draft.html)).faults == [])
        #expect(draft.attachments.count == 1)
        #expect(header(draft, "X-Herald-New-Hits") == String(report.newHits))
    }

    @Test func `A digest of very many incidents fits, and says what it leaves out`() throws {
        var policy = ReportPolicy()
        (policy.groupWait, policy.maxPerHour) = (.zero, 1)
        var book = IncidentBook(policy: policy)
        for index in 0..<150 {
            book.join(
                LetterFixtures.occurrence(
                    "rule-\(index)", "Thing \(index) broke", text: String(repeating: "x", count: 3000),
                    advice: String(repeating: "Look here. ", count: 60)), at: LetterFixtures.noon)
        }
        _ = book.due(LetterFixtures.noon)
        let report = book.due(LetterFixtures.noon + .seconds(3600)).first { $0.isDigest }
        let draft = try draft(report)
        #expect(header(draft, "X-Herald-New-Hits") == "149")
        let shown = (0..<150).filter { draft.text.contains("Thing \($0) broke") }
        #expect(shown.count == 149)  // one had a letter of its own
        #expect(draft.html?.contains("Thing 149 broke") == true)
        try expectSize(draft)
    }

    /// The command is pasted into a shell: what the shell makes of it are the words that were meant.
    @Test(arguments: ["kernel-out-of-memory", "it's", "$(reboot)", "a b; reboot", "-rf", "", "`x`", "é"])
    func `A command to paste is what it looks like`(name: String) throws {
        let word = ShellWord.quoted(name)
        let result = try ChildProcess(["/bin/sh", "-c", "printf '%s' \(word)"], deadline: .seconds(10)).run()
        #expect(String(decoding: result.output, as: UTF8.self) == name)
    }

    @Test func `Of a long trace the beginning and the end are shown, and the middle is attached`() throws {
        let lines =
            ["Exception: it broke"] + (0..<200).map { "\tat org.example.Deep.call\($0)(Deep.java:\($0))" } + [
                "Caused by: this"
            ]
        let text = Sample.line(Array(lines.joined(separator: "\n").utf8))
        let draft = try draft(
            LetterFixtures.report([LetterFixtures.occurrence("r", "It broke", text: text)]))
        #expect(draft.text.contains("  > Exception: it broke\n") && draft.text.contains("  > Caused by: this\n"))
        #expect(draft.text.contains("122 more lines"))
        let log = String(decoding: draft.attachments.first?.bytes ?? [], as: UTF8.self)
        #expect(lines.allSatisfy { log.contains($0) })
    }
}
