// What the parts of a rule must be to each other.

import Formats
import YAML

extension RuleReader {
    /// The constructs that are refused, and the names in the title and in `group_by` that nothing gives.
    func checkNames(_ rule: Rule) {
        var captures: [String] = []
        var refused = false
        for pattern in rule.match + rule.unless + rule.recoveredBy {
            do throws(PatternFault) {
                let syntax = try PatternSyntax(pattern.text)
                if rule.match.contains(pattern) { captures += syntax.groupNames }
            } catch {
                collector.add(
                    Diagnostic(
                        file: pattern.file, line: pattern.line, column: pattern.column,
                        message: "\(error.message) (character \(error.offset + 1) of the pattern) in \(map.subject)"))
                refused = true
            }
        }
        if refused { return }
        checkRecoveries(rule, captures)
        let known = captures + RuleField.names
        for name in rule.title.fields where !captures.contains(name) && !RuleField.isKnown(name) {
            map.fault(
                node["title"] ?? node, "the title names '{\(name)}', which no pattern captures\(hint(name, known))")
        }
        for name in rule.advice?.quotedFields ?? [] where captures.contains(name) || RuleField.isForeign(name) {
            map.fault(
                node["advice"] ?? node,
                "the advice has '{\(name)}' within back-quotes: what a log line says must not stand in a command to paste; "
                    + "put it beside the command")
        }
        for name in rule.groupBy ?? [] where !captures.contains(name) && !RuleField.isKnown(name) {
            let shown = Printable.text(name, limit: 60)
            map.fault(
                node["group_by"] ?? node,
                "'group_by' names '\(shown)', which is no field and no pattern captures\(hint(name, known))")
        }
    }

    /// A capture of `recovered_by` tells of which incident it speaks; one that no hit has tells nothing, and every incident
    /// of the place ends. Without captures in the hits there is nothing to tell them apart by, and nothing was meant.
    private func checkRecoveries(_ rule: Rule, _ captures: [String]) {
        guard !captures.isEmpty else { return }
        for pattern in rule.recoveredBy {
            for name in (try? PatternSyntax(pattern.text))?.groupNames ?? [] where !captures.contains(name) {
                collector.add(
                    Diagnostic(
                        file: pattern.file, line: pattern.line, column: pattern.column,
                        message: "'recovered_by' captures '\(name)', which 'match' does not: it tells no incident from "
                            + "another in \(map.subject)\(hint(name, captures))",
                        severity: .warning))
            }
        }
    }

    func hint(_ name: String, _ known: [String]) -> String {
        NearestName.hint(for: name, in: known)
    }

    // MARK: Keys that go together or do not

    func checkKeys(_ rule: Rule) {
        func refuse(_ key: String, _ message: String) { map.fault(node[key] ?? node, message) }
        if rule.neverGroup, rule.groupBy != nil {
            refuse("group", "'group: never' and 'group_by' exclude each other")
        }
        if rule.neverGroup, rule.threshold != nil {
            refuse("threshold", "'threshold' counts the hits of a group, and with 'group: never' there is none")
        }
        if rule.neverGroup, !rule.recoveredBy.isEmpty {
            refuse("recovered_by", "'group: never' makes events, which have no end for 'recovered_by' to tell of")
        }
        if rule.expectEvery != nil {
            for key in ["threshold", "recovered_by", "group"] where node[key].map({ !$0.isNull }) ?? false {
                refuse(key, "'\(key)' has no meaning with 'expect': the line's absence is the incident")
            }
            if rule.isFloor { refuse("floor", "'floor' and 'expect' exclude each other") }
        }
        if rule.inhibits.contains(rule.id) { refuse("inhibits", "'inhibits' names the rule itself") }
    }
}
