// The letter: what stands in it, and what never gets into it. Checked on the finished bytes.

import Formats
import Incidents
import Mail
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
            "10 of 14 new lines",
            "oom_reaper: reaped process 812", "herald silence add --incident 1 --for 4h", "each bar 2 s",
            "times are UTC+1",
        ] {
            #expect(draft.text.contains(words), "\(words)")
            #expect(html.contains(words), "\(words)")
        }
        #expect(draft.text.contains("  > Out of memory: Killed process 812"))
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
        #expect(header(draft, "X-Herald-New-Hits") == "10")
        #expect(header(draft, "X-Herald-Incident") == "1, 2, 4, 3, 5")
        #expect(header(draft, "X-Herald-Rule") == "first, ata-media-error")
        #expect(header(draft, "X-Herald-Severity") == "critical")
        #expect(header(draft, "X-Herald-Report") == "digest")
        #expect(header(draft, "Auto-Submitted") == "auto-generated")
        #expect(header(draft, "Importance") == "high")
        #expect(draft.mailer == "REM mailer")
        #expect(draft.subject == "[critical] web1: 5 incidents, 10 new hits")
    }

    @Test func `A good end is green, asks for nothing, and is of normal importance`() throws {
        let draft = try draft(LetterFixtures.recovered())
        #expect(draft.subject == "[recovered] web1: RAID array md0 runs without a disk")
        #expect(draft.text.contains("The log says: md: md0: recovery done."))
        #expect(!draft.text.contains("silence"))
        #expect(header(draft, "Importance") == "normal")
        #expect(header(draft, "X-Herald-New-Hits") == "0")
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
            book.tellMessageID(draft.messageID, of: [id])
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
        _ = try draft(LetterFixtures.recovered()).rendered()
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
        #expect(draft.attachments.map(\.name) == ["herald.log"])
        #expect((draft.attachments.first?.bytes.count ?? 0) > 100_000)
        var body = draft
        body.attachments = []
        #expect(try body.rendered().count <= ReportLetter.sizeLimit)
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
        #expect(shown.count == 150)
        #expect(draft.html?.contains("Thing 149 broke") == true)
        var body = draft
        body.attachments = []
        #expect(try body.rendered().count <= ReportLetter.sizeLimit)
    }
}
