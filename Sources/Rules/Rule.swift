// One rule: which records it hits, and what is said about them. RuleSet reads them; RuleMatching finds the hits.

import Formats

/// A PCRE2 pattern with its place in the rules' file. It sees the record's message, as bytes.
package struct Pattern: Hashable, Sendable {
    package var text: String
    package var file: String
    package var line: Int
    package var column: Int

    package init(_ text: String, file: String = "", line: Int = 0, column: Int = 0) {
        self.text = text
        self.file = file
        self.line = line
        self.column = column
    }
}

/// So many hits of one group within so much time, before it is an incident.
package struct Threshold: Hashable, Sendable {
    package var count: Int
    package var within: Duration
    package init(count: Int, within: Duration) {
        self.count = count
        self.within = within
    }
}

/// A record that a rule's author gives as proof: a log line, or fields with a message.
package struct Example: Hashable, Sendable {
    package var text: String
    /// Fields given by name; the field `message` is in `text`.
    package var fields: [Field]
    /// Whether `text` is the message alone (the example was a map), not a line that may have a header.
    package var isMessage: Bool
    package var file: String
    package var line: Int
    package var column: Int

    package struct Field: Hashable, Sendable {
        package var name: String
        package var value: String
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }
}

/// One rule.
package struct Rule: Hashable, Sendable {
    /// Stable and unique: part of every fingerprint.
    package var id: String
    package var title: Template
    package var severity: Severity
    package var `where`: [FieldCondition] = []
    /// Any of them. Empty only where `messageIDs` or `where` alone decide.
    package var match: [Pattern] = []
    /// Any of them takes the hit back.
    package var unless: [Pattern] = []
    /// What `unless` names that a line's header decides: the rule does not see it.
    package var spared: Set<NamedException> = []
    /// Nil: host, unit or file, and the masked message. `message` in it means the masked message.
    package var groupBy: [String]?
    /// `group: never`: each hit is an incident of its own.
    package var neverGroup = false
    /// Nil: the first hit is enough.
    package var threshold: Threshold?
    /// Any of them ends the incident, from the same place (`Origin.vouches(for:)`).
    package var recoveredBy: [Pattern] = []
    /// Set where the rule names a line that should come: so long without one is the incident, and a match is a sign of life.
    package var expectEvery: Duration?
    /// Rules that stay quiet while an incident of this one is open.
    package var inhibits: [String] = []
    /// Catalog message ids, any of them; 32 lower-case hexadecimal digits.
    package var messageIDs: [String] = []
    /// Fires only when no other rule matched the record.
    package var isFloor = false
    package var advice: Template?
    package var url: String?
    package var examples: [Example] = []
    package var counterexamples: [Example] = []
    package var file = ""
    package var line = 0
    package var column = 0

    package init(id: String, title: Template, severity: Severity, match: [Pattern] = []) {
        self.id = id
        self.title = title
        self.severity = severity
        self.match = match
    }
}
