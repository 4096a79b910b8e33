// A rule in words, for `herald rules show`, and what of it other programs understand.

import Formats
import Rules

enum RuleDescription {
    /// What is set, under the names of the rules' language.
    static func lines(_ rule: Rule) -> [(name: String, value: String)] {
        var lines = [("id", rule.id), ("title", rule.title.source), ("severity", rule.severity.name)]
        func add(_ name: String, _ values: [String]) { for value in values { lines.append((name, value)) } }
        add("where", rule.where.map { "\($0.field) is \($0.values.joined(separator: " or "))" })
        add("message_id", rule.messageIDs)
        if rule.isFloor { lines.append(("floor", "true: only where no other rule matched")) }
        add("match", rule.match.map(\.text))
        add("unless", rule.unless.map(\.text))
        if rule.neverGroup { lines.append(("group", "never")) }
        if let fields = rule.groupBy { lines.append(("group_by", fields.joined(separator: ", "))) }
        if let threshold = rule.threshold {
            lines.append(("threshold", "\(threshold.count) within \(threshold.within.text)"))
        }
        add("recovered_by", rule.recoveredBy.map(\.text))
        if let every = rule.expectEvery { lines.append(("expect", "every \(every.text)")) }
        add("inhibits", rule.inhibits)
        add("advice", rule.advice.map { [$0.source] } ?? [])
        add("url", rule.url.map { [$0] } ?? [])
        add("example", rule.examples.map(\.text))
        add("counterexample", rule.counterexamples.map(\.text))
        lines.append(("file", "\(rule.file):\(rule.line)"))
        return lines
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
