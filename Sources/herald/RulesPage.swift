// The page of all rules, made from their files: `docs/rules.md`.

import Formats
import RuleMatching
import Rules

enum RulesPage {
    static func markdown(_ rules: RuleSet, _ files: RuleFiles) -> String {
        var page = """
            # Rules

            What Herald tells of itself: \(RuleDescription.summary(rules)) *Told* are rules of severity critical, alert and
            emergency; `report.min_severity` in docs/settings.md changes that. `herald rules show ID` shows a rule with its
            patterns and examples, docs/rules-language.md says how to add your own. This page is made from the files
            (`make docs`).

            | severity | means |
            |---|---|
            | emergency | the host is going down |
            | alert | data or service is being lost now |
            | critical | act today |
            | error, warning | look this week |

            """
        for file in files.files {
            let inside = rules.rules.filter { $0.file == file.name }
            guard !inside.isEmpty else { continue }
            let name = String(file.name.split(separator: "/").last ?? "")
            page += "\n## \(name.replacing(".yaml", with: ""))\n\n\(introduction(file.bytes))"
            page += "| rule | severity | told as | advice |\n|---|---|---|---|\n"
            for rule in inside { page += row(rule) }
        }
        return page
    }

    /// The comment that a file begins with, as a paragraph.
    private static func introduction(_ bytes: [UInt8]) -> String {
        let lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
            .prefix { $0.first == UInt8(ascii: "#") }
        let words = lines.map { String(decoding: $0.drop { $0 == UInt8(ascii: "#") || $0 == 0x20 }, as: UTF8.self) }
        return words.isEmpty ? "" : words.joined(separator: "\n") + "\n\n"
    }

    private static func row(_ rule: Rule) -> String {
        var advice = cell(rule.advice?.source ?? "")
        if let url = rule.url { advice += " [More](\(url))" }
        return "| `\(rule.id)` | \(rule.severity.name) | \(cell(rule.title.source)) | \(advice) |\n"
    }

    /// A table's cell: one line, in which nothing is a column's end or a tag.
    private static func cell(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        var out = ""
        var isCode = false
        for character in line {
            switch character {
            case "`":
                isCode.toggle()
                out.append(character)
            case "|": out += "\\|"
            case "<" where !isCode: out += "&lt;"
            case "*" where !isCode: out += "\\*"
            default: out.append(character)
            }
        }
        return out
    }
}
