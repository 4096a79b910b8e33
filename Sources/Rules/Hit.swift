// A record that a rule matched. Made by RuleMatching, joined to incidents by Incidents.

import Formats
import Records

/// A named group's bytes in the message.
package struct Capture: Hashable, Sendable {
    package var name: String
    package var value: [UInt8]
    package init(name: String, value: [UInt8]) {
        self.name = name
        self.value = value
    }
}

/// A record that a rule matched, with what the pattern captured.
package struct Hit: Sendable, Equatable {
    package var rule: Rule
    package var record: Record
    /// The named groups that took part in the match, in the pattern's order.
    package var captures: [Capture]
    /// The rule's title with its places filled, on one line, with nothing unsafe to show in it.
    package var title: String

    package init(rule: Rule, record: Record, captures: [Capture]) {
        self.rule = rule
        self.record = record
        self.captures = captures
        self.title = Self.render(rule.title, record: record, captures: captures)
    }

    /// The rule's advice with its places filled; what has no value stays as written, since braces occur in commands.
    package var advice: String? {
        rule.advice?.rendered { name in Self.value(name, record: record, captures: captures) ?? "{\(name)}" }
    }

    /// The value of a capture, else of a record's field, safe to show; nil when there is none.
    package func value(of name: String) -> String? { Self.value(name, record: record, captures: captures) }

    private static func render(_ template: Template, record: Record, captures: [Capture]) -> String {
        template.rendered { value($0, record: record, captures: captures) }
    }

    private static func value(_ name: String, record: Record, captures: [Capture]) -> String? {
        let found = captures.first { $0.name == name }?.value ?? RuleField.values(name, of: record).first
        return found.map { Printable.text($0, limit: 200) }
    }
}
