// The HTML part as mail programs take it: known tags, nothing loaded, every text escaped; colours that can be read.

import Formats
import Incidents
import Mail
import Rules
import Testing

@testable import Watching

@Suite struct LetterMarkupTests {
    private func draft(_ kind: String) throws -> Draft {
        let report = try #require(LetterFixtures.report(kind))
        return try LetterFixtures.letter().draft(report, to: LetterFixtures.admin(), id: "00ff")
    }

    @Test(arguments: LetterFixtures.kinds) func `The HTML of every kind of letter is well-formed`(kind: String) throws {
        let html = try #require(try draft(kind).html)
        #expect(LetterMarkup(html).faults.isEmpty)
        #expect(html.contains("<html lang=\"en\">"))
    }

    @Test(arguments: [
        "<!DOCTYPE html><html lang=\"en\"><body><img src=\"x\"></body></html>", "<html></html>",
        "<!DOCTYPE html><html><body><div>a</p></body></html>", "<!DOCTYPE html><html><body>a & b</body></html>",
        "<!DOCTYPE html><html><body><a href=\"javascript:x\">a</a></body></html>",
        "<!DOCTYPE html><html><body><div onclick=\"x\">a</div></body></html>",
        "<!DOCTYPE html><html><body><td>a</td></body></html>", "<!DOCTYPE html><html><body><div>",
        "<!DOCTYPE html><html><head><style>a{background:url(x)}</style></head></html>",
    ])
    func `The reader of this test finds what is wrong`(html: String) { #expect(!LetterMarkup(html).faults.isEmpty) }

    /// The words of the text part, log lines and all, stand in the HTML.
    @Test(arguments: LetterFixtures.kinds) func `Both parts say the same`(kind: String) throws {
        let draft = try draft(kind)
        func words(_ text: String) -> [String] {
            text.split { !$0.isLetter && !$0.isNumber }.map(String.init)
        }
        let html = Set(words(LetterMarkup(try #require(draft.html)).text))
        let text = draft.text
        #expect(Set(words(text)).subtracting(html) == [])
        for line in text.split(separator: "\n") where !line.hasPrefix("  ") { #expect(line.count <= 78, "\(line)") }
        #expect(text.utf8.allSatisfy { $0 < 0x80 }, "nothing of ours needs more than ASCII")
    }

    @Test(arguments: LetterFixtures.kinds) func `The subject is short, and names nothing twice`(kind: String) throws {
        let subject = try draft(kind).subject
        #expect(subject.hasPrefix("[") && subject.count <= 90, "\(subject)")
        let words = subject.lowercased().split(separator: " ").filter { $0.count > 3 }
        #expect(Set(words).count == words.count, "\(subject)")
    }

    // MARK: Colours

    private static let tones: [LetterTone] =
        Severity.allCases.map { .severity($0) } + [.recovered, .quiet]

    @Test func `Every text has a contrast of 4.5 at least, by day and by night`() throws {
        typealias Style = LetterStyle
        var pairs = [
            (Style.ink, Style.card), (Style.soft, Style.card), (Style.context, Style.code), (Style.ink, Style.code),
            (Style.ink, Style.rule), (Style.Dark.ink, Style.Dark.card), (Style.Dark.soft, Style.Dark.card),
            (Style.Dark.context, Style.Dark.code), (Style.Dark.ink, Style.Dark.mark),
        ]
        for tone in Self.tones {
            let accent = Style.accent(tone)
            pairs += [
                (accent.light, Style.card), (accent.light, accent.tint), (Style.ink, accent.tint),
                (accent.dark, Style.Dark.card), (accent.dark, accent.darkTint), (Style.Dark.ink, accent.darkTint),
            ]
        }
        for (text, ground) in pairs {
            let contrast = try Self.contrast(text, ground)
            #expect(contrast >= 4.5, "\(text) on \(ground): \(contrast)")
        }
        #expect(try Self.contrast("#777777", "#ffffff") < 4.5 && Self.contrast("#000000", "#ffffff") == 21)
    }

    /// WCAG 2.2, section 1.4.3.
    private static func contrast(_ one: String, _ other: String) throws -> Double {
        let (a, b) = (try luminance(one), try luminance(other))
        return (max(a, b) + 0.05) / (min(a, b) + 0.05)
    }

    /// Relative luminance; x^2.4 by its root, since the standard library has no power.
    private static func luminance(_ color: String) throws -> Double {
        let bytes = try #require(Hex.decode(String(color.dropFirst())))
        let parts = bytes.map { byte in
            let value = Double(byte) / 255
            if value <= 0.04045 { return value / 12.92 }
            let base = (value + 0.055) / 1.055
            var root = base  // the fifth root of base^2
            for _ in 0..<60 {
                root -= (root * root * root * root * root - base * base) / (5 * root * root * root * root)
            }
            return base * base * root
        }
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    }
}
