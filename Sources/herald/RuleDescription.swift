// What `herald rules` says of rules, and what of them other programs understand.

import Formats
import Rules

enum RuleDescription {
    static func json(_ rule: Rule, enabled: Bool, more: [JSON.Member] = []) -> JSON {
        .object(
            [
                JSON.Member("rule", .string(rule.id)), JSON.Member("severity", .string(rule.severity.name)),
                JSON.Member("title", .string(rule.title.source)), JSON.Member("file", .string(rule.file)),
                JSON.Member("line", JSON(rule.line)), JSON.Member("patterns", JSON(rule.match.count)),
                JSON.Member("examples", JSON(rule.examples.count)),
                JSON.Member("counterexamples", JSON(rule.counterexamples.count)),
                JSON.Member("enabled", .bool(enabled)),
            ] + more)
    }

    /// `115 rules in 8 files (12 emergency, 30 alert, …), 3 switched off.`
    static func summary(_ set: RuleSet) -> String {
        let files = Set((set.rules + set.disabled).map(\.file)).count
        let counts = Severity.allCases.compactMap { severity in
            let count = set.rules.filter { $0.severity == severity }.count
            return count == 0 ? nil : "\(count) \(severity.name)"
        }
        let severities = counts.isEmpty ? "" : " (\(counts.joined(separator: ", ")))"
        let off = set.disabled.isEmpty ? "" : ", \(set.disabled.count) switched off"
        return
            "\(counted(set.rules.count, "rule")) in \(counted(files, "file"))\(severities)\(off)."
    }

    /// Patterns that mean the same to a program without lookaround, and on a whole line as on its message.
    static func portablePatterns(_ rules: RuleSet) -> [String] {
        rules.rules
            .filter { $0.unless.isEmpty && !$0.isFloor && $0.expectEvery == nil && $0.messageIDs.isEmpty }
            .flatMap(\.match).map(\.text)
            .filter { text in (try? PatternSyntax(text)).map { isPortable($0.alternatives) } ?? false }
            .filter { !$0.contains("\n") }
    }

    private static func isPortable(_ alternatives: [[PatternNode]]) -> Bool {
        alternatives.joined().allSatisfy { node in
            switch node {
            case .byte, .set, .boundary, .options: true
            case .anchor, .lookaround, .reference: false
            case .group(_, let inner): isPortable(inner)
            case .repeated(let inner, _, _): isPortable([[inner]])
            }
        }
    }
}
