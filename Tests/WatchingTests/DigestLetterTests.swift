// A digest: told by rule, so that what fills it hides nothing else that stands in it.

import Formats
import Incidents
import Mail
import Testing

@testable import Watching

@Suite struct DigestLetterTests {
    private func draft(_ report: Report?) throws -> Draft {
        try LetterFixtures.letter().draft(try #require(report), to: LetterFixtures.admin(), id: "00ff")
    }

    @Test func `Each rule has one row, the gravest first, and a noisy one hides no other`() throws {
        let draft = try draft(LetterFixtures.noisy())
        let rows = draft.text.split(separator: "\n").map(String.init)
        let first = try #require(rows.firstIndex { $0.hasPrefix("  1. ") })
        let third = try #require(rows.firstIndex { $0.hasPrefix("  3. ") })
        #expect(!rows.contains { $0.hasPrefix("  4. ") })
        let overview = rows[first...(third + 1)].joined(separator: " ").replacing("   ", with: " ")
        for words in [
            "1. shop-payment-lost, 195 incidents: Payment e7 is lost; Payment e8 is lost; ...; Payment e201 is lost "
                + "(emergency, 260 times)",
            "2. md-array-failed, 2 incidents: RAID array md0 has failed; RAID array md1 has failed (emergency, 2 times)",
            "3. The UPS has power for three minutes (alert, once)",
        ] { #expect(overview.contains(words), "\(overview)") }
        #expect(draft.text.hasPrefix("198 incidents of 3 rules on web1 with 263 new hits"))
    }

    @Test func `What is told at length goes round the rules`() throws {
        let report = try #require(LetterFixtures.noisy())
        let wording = LetterWording(
            report: report, budget: .full, utcOffset: 0, signature: "", command: HeraldCommand())
        #expect(
            wording.shownEntries.map(\.incident.title) == [
                "Payment e7 is lost", "RAID array md0 has failed", "The UPS has power for three minutes",
                "Payment e8 is lost", "RAID array md1 has failed",
            ])
        // However small the letter has to be.
        var budget = LetterBudget.full
        for _ in 0..<12 { budget = budget.smaller }
        let least = LetterWording(report: report, budget: budget, utcOffset: 0, signature: "", command: HeraldCommand())
        #expect(Set(least.shownEntries.map(\.incident.rule.id)).count == 2)
        #expect(least.overview.count == 3)
    }

    @Test func `All hits are counted: in a row, in a section, or in what has neither`() throws {
        let draft = try draft(LetterFixtures.noisy())
        let text = draft.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(
            text.contains("emergency, 193 more incidents of shop-payment-lost with 258 new hits: Payment e9 is lost;"))
        #expect(text.contains("...; Payment e201 is lost"))
        #expect(draft.html?.contains("193 more incidents of shop-payment-lost with 258 new hits") == true)
        // The log holds what the letter does not.
        let log = String(decoding: draft.attachments.first?.bytes ?? [], as: UTF8.self)
        for number in 7...201 { #expect(log.contains("payment e\(number):")) }
    }

    @Test func `A section promises no command that it does not have`() throws {
        let event = LetterFixtures.occurrence("r", "It restarted", text: "restarted", ending: .event)
        for (report, title) in [
            (LetterFixtures.noisy(), "To silence it"), (LetterFixtures.report([event]), "To silence it"),
            (LetterFixtures.outOfMemory(), "To end or silence it"),
        ] {
            let draft = try draft(report)
            #expect(draft.text.contains("\n\(title)\n"), "\(draft.text)")
            #expect(draft.html?.contains(">\(title)<") == true)
            #expect(draft.text.contains("To end or") == draft.text.contains("incidents resolve"))
            #expect(draft.html?.contains("To end or") == draft.html?.contains("incidents resolve"))
        }
    }

    @Test func `An advice is given once, and a rule of many incidents is silenced as a whole`() throws {
        let draft = try draft(LetterFixtures.noisy())
        #expect(draft.text.components(of: "A payment was taken") == 1)
        #expect(draft.text.components(of: "herald silence add --rule shop-payment-lost --for 4h --comment") == 1)
        #expect(!draft.text.contains("--rule ups-battery-low"))
    }
}

extension String {
    fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
