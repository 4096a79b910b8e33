// A time in which somebody does not want to hear of something. It always ends; the hits are counted and told afterwards.

import Formats

/// What is not told until when.
package struct Silence: Hashable, Sendable {
    package var id: Int64
    /// A rule's id; `kernel-*` names all that begin so. Nil: every rule.
    package var rule: String?
    package var host: String?
    /// One incident alone.
    package var fingerprint: Fingerprint?
    package var until: Timestamp
    package var comment: String

    package init(
        id: Int64, rule: String? = nil, host: String? = nil, fingerprint: Fingerprint? = nil, until: Timestamp,
        comment: String
    ) {
        self.id = id
        self.rule = rule
        self.host = host
        self.fingerprint = fingerprint
        self.until = until
        self.comment = comment
    }

    package func covers(_ incident: Incident, at now: Timestamp) -> Bool {
        now < until && RuleName.matches(incident.rule.id, rule)
            && (host ?? incident.origin.host) == incident.origin.host
            && (fingerprint ?? incident.fingerprint) == incident.fingerprint
    }
}

/// Rules as people name them in silences and recipients.
package enum RuleName {
    /// Whether `pattern` names `id`: nil names all, a `*` at the end all that begin so.
    package static func matches(_ id: String, _ pattern: String?) -> Bool {
        guard let pattern else { return true }
        return pattern.hasSuffix("*") ? id.hasPrefix(pattern.dropLast()) : id == pattern
    }
}
