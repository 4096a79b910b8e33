// A time in which somebody does not want to hear of something. It always ends; the hits are counted and told afterwards.

import Formats

/// What is not told until when. Each of its matchers that is there must match.
package struct Silence: Hashable, Sendable {
    package var id: Int64
    /// A rule's id; `*` and `?` stand for any characters.
    package var rule: String?
    /// Likewise.
    package var host: String?
    /// The unit, or the path of the file; likewise.
    package var unit: String?
    /// One incident alone.
    package var fingerprint: Fingerprint?
    /// That incident's number and title when the silence was made; what comes back may have another number.
    package var incident: Int64?
    package var title: String?
    package var created: Timestamp?
    package var until: Timestamp
    /// The end was given as a date: it does not move when the clock is set. Else it was given as a length of time.
    package var isDated = false
    package var comment: String
    /// Who made it, as the control socket vouches.
    package var author: String?

    /// The command that a letter offers, to be pasted as it is.
    /// - Parameter subject: its options that say what to silence.
    package static func command(_ subject: String) -> String {
        "silence add \(subject) --for 4h --comment 'being looked at'"
    }

    package init(
        id: Int64, rule: String? = nil, host: String? = nil, unit: String? = nil, fingerprint: Fingerprint? = nil,
        until: Timestamp, comment: String
    ) {
        self.id = id
        self.rule = rule
        self.host = host
        self.unit = unit
        self.fingerprint = fingerprint
        self.until = until
        self.comment = comment
    }

    package func covers(_ incident: Incident, at now: Timestamp) -> Bool {
        now < until && RuleName.matches(incident.rule.id, rule)
            && host.map { Wildcard.matches(incident.origin.host, $0) } ?? true
            && unit.map { Wildcard.matches(incident.origin.place, $0) } ?? true
            && (fingerprint ?? incident.fingerprint) == incident.fingerprint
    }

    /// What is silenced, in words: the same in lists and letters.
    package var subject: String {
        var words: [String] = []
        if fingerprint != nil {
            let title = title.map { " (\(Printable.text($0, limit: 120)))" } ?? ""
            words.append((incident.map { "incident \($0)" } ?? "one incident") + title)
        }
        if let rule { words.append("rule \(rule)") }
        if words.isEmpty { words.append("everything") }
        if let host { words.append("on \(host)") }
        if let unit { words.append("in \(unit)") }
        return words.joined(separator: " ")
    }

    /// What is silenced until when and why.
    /// - Parameter utcOffset: seconds that the reader's clock is ahead of UTC.
    package func sentence(utcOffset: Int) -> String {
        "\(subject) until \(until.plain(utcOffset: utcOffset))"
            + (comment.isEmpty ? "" : ": \(Printable.text(comment, limit: 200))")
    }
}

/// Rules as people name them in silences and recipients.
package enum RuleName {
    /// Whether `pattern` names `id`: nil names all.
    package static func matches(_ id: String, _ pattern: String?) -> Bool {
        pattern.map { Wildcard.matches(id, $0) } ?? true
    }
}

extension Silence {
    package var json: JSON {
        .compact([
            ("id", .int(id)), ("rule", JSON(rule)), ("host", JSON(host)), ("unit", JSON(unit)),
            ("fingerprint", JSON(fingerprint?.text)), ("incident", incident.map { .int($0) } ?? .null),
            ("title", JSON(title)), ("created", JSON(time: created)), ("until", JSON(time: until)),
            ("dated", isDated ? true : nil), ("comment", .string(comment)), ("author", JSON(author)),
        ])
    }

    /// Nil when `json` is no silence.
    package init?(json: JSON) {
        guard let id = json["id"]?.int, let until = Timestamp(json: json["until"]) else { return nil }
        self.init(
            id: id, rule: json["rule"]?.string, host: json["host"]?.string, unit: json["unit"]?.string,
            fingerprint: json["fingerprint"]?.string.flatMap { Hex.decode($0) }.flatMap { Fingerprint(bytes: $0) },
            until: until, comment: json["comment"]?.string ?? "")
        incident = json["incident"]?.int
        title = json["title"]?.string
        created = Timestamp(json: json["created"])
        isDated = json["dated"]?.bool ?? false
        author = json["author"]?.string
    }
}
