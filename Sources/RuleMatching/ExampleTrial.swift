// A rule's own examples, tried: `herald rules test`, and the tests of the shipped rules.

import Formats
import Records
import Rules
import YAML

package enum ExampleTrial {
    /// What came out: how many examples were tried, and a fault at the place of each that failed.
    package struct Outcome: Sendable {
        package var tried = 0
        package var failures: [Diagnostic] = []
    }

    /// Tries every example of every rule. An example of `match` must be hit by that very rule, one of `no_match` not by
    /// it; that other rules hit either is no failure.
    /// - Parameter id: only the examples of this rule.
    package static func run(_ matcher: Matcher, rule id: String? = nil) -> Outcome {
        var outcome = Outcome()
        for rule in matcher.rules.rules where id == nil || id == rule.id {
            for example in rule.examples { attempt(example, of: rule, mustHit: true, matcher, &outcome) }
            for example in rule.counterexamples { attempt(example, of: rule, mustHit: false, matcher, &outcome) }
        }
        return outcome
    }

    private static func attempt(
        _ example: Example, of rule: Rule, mustHit: Bool, _ matcher: Matcher, _ outcome: inout Outcome
    ) {
        outcome.tried += 1
        let matches = matcher.matches(example: record(of: example))
        let others = (matches.hits + matches.signsOfLife).map(\.hit.rule.id)
        let shown = "'\(Printable.text(example.text, limit: 160))'"
        var message: String?
        if mustHit, !others.contains(rule.id) {
            let instead = others.isEmpty ? "" : "; it is hit by \(others.joined(separator: ", "))"
            message = "rule '\(rule.id)' does not hit its example \(shown)\(instead)"
        } else if !mustHit, others.contains(rule.id) {
            message = "rule '\(rule.id)' hits what it must not: \(shown)"
        }
        if let notice = matches.notices.first(where: { $0.rule.id == rule.id }) { message = notice.text }
        guard let message else { return }
        outcome.failures.append(
            Diagnostic(file: example.file, line: example.line, column: example.column, message: message))
    }

    /// A line is read as a file's, its header recognised; a map is a journal's entry.
    static func record(of example: Example) -> Record {
        let bytes = Array(example.text.utf8)
        guard example.isMessage else {
            // The year matters to nothing here.
            let context = LineContext(readAt: Timestamp(seconds: 1_790_000_000))
            return LineHeader.record(of: bytes, source: .file("-"), context: context)
        }
        return record(of: bytes, example.fields)
    }

    /// A journal's entry with these fields.
    static func record(of message: [UInt8], _ fields: [Example.Field]) -> Record {
        var record = Record(source: .journal(""), message: message)
        for field in fields { set(field.name, field.value, of: &record) }
        return record
    }

    static func set(_ name: String, _ value: String, of record: inout Record) {
        switch name {
        case "transport": record.transport = value
        case "unit": record.unit = value
        case "identifier": record.identifier = value
        case "host": record.host = value
        case "executable": record.executable = value
        case "message_id": record.messageID = RuleField.messageID(value)
        case "uid": record.uid = UInt32(value)
        case "pid": record.pid = Int32(value)
        case "priority": record.priority = UInt8(value)
        case "file": record.source = .file(value)
        default: record.fields.append(Field(name, value))
        }
    }
}
