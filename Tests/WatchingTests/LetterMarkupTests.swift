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

    @Test(arguments: LetterFixtures.kinds)
    func `On a dark ground every colour is another, and on a phone there is room`(kind: String) throws {
        let html = try #require(try draft(kind).html)
        #expect(html.contains("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"))
        #expect(html.contains("@media (max-width:520px){.p{padding-left:"))
        let (sheet, body) = try Self.parts(html)
        let dark = Self.classes(in: sheet)
        // What is coloured where it stands is coloured by a class of the sheet too.
        for tag in body.matches(of: /<[a-z][^>]*>/).map(\.0) where tag.contains(/(color|background): ?#/) {
            let names = tag.firstMatch(of: /class="([^"]*)"/)?.1.split(separator: " ").map(String.init) ?? []
            #expect(!dark.isDisjoint(with: names), "\(tag)")
        }
    }

    @Test func `Every class that turns dark stands in some letter`() throws {
        var unused: Set<String> = ["c"]
        var used: Set<String> = []
        for kind in LetterFixtures.kinds {
            let (sheet, body) = try Self.parts(try #require(try draft(kind).html))
            unused.formUnion(Self.classes(in: sheet))
            for names in body.matches(of: /class="([^"]*)"/).map(\.1) {
                used.formUnion(names.split(separator: " ").map(String.init))
            }
        }
        // What a tone has no use for in these kinds another has.
        unused.subtract(used)
        unused = unused.filter { name in !used.contains { name.contains("-") && $0.prefix(2) == name.prefix(2) } }
        #expect(unused == [])
        #expect(used.isSuperset(of: ["p", "o", "h"]), "what a narrow screen changes")
    }

    /// The rules for a dark ground, and what stands behind the style sheet.
    private static func parts(_ html: String) throws -> (dark: Substring, body: Substring) {
        let start = try #require(html.firstRange(of: "@media (prefers-color-scheme:dark){"))
        let end = try #require(html.firstRange(of: "</style>"))
        try #require(start.upperBound < end.lowerBound)
        return (html[start.upperBound..<end.lowerBound], html[end.upperBound...])
    }

    private static func classes(in sheet: Substring) -> Set<String> {
        Set(sheet.matches(of: /\.([a-z][a-z-]*)(?=[,{])/).map { String($0.1) })
    }

    // MARK: The chart

    @Test func `The chart's rows of text and its bars stand for the counts`() throws {
        let chart = LetterContent.Chart(counts: [3, 0, 1, 8, 4], from: "12:00", to: "12:05", scale: "each bar 60 s")
        #expect(
            LetterText.bars(chart)
                == "  8 |   #\n    |   #\n    |#  ##\n    |# ###\n    +-----\n  12:00 to 12:05, each bar 60 s\n")
        let report = try #require(LetterFixtures.report("out-of-memory"))
        let counts = try #require(report.entries.first?.incident.timeline.counts)
        try #require(counts.count > 3 && Set(counts).count > 2)
        let html = try #require(try draft("out-of-memory").html)
        let bars = html.matches(of: /height:(\d+)px;line-height:0/).compactMap { Int($0.1) }
        #expect(bars.count == counts.count)
        for (one, bar) in zip(counts, bars) {
            for (other, second) in zip(counts, bars) where one > other { #expect(bar > second, "\(one) and \(other)") }
        }
        #expect(html.contains("height=\"\(bars.max() ?? 0)\" style=\"height:\(bars.max() ?? 0)px;padding"))
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
