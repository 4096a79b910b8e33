// A line that should come: the backup's "done", the certificate's renewal. That it does not come is the incident.

import Formats
import Records
import Rules

/// What a rule with `expect` waits for: the rule's line, of one group where the rule has groups.
package struct Expectation: Hashable, Sendable {
    package let rule: String
    package let groups: [GroupValue]
    /// When the line came last; before the first one, when it was begun to be waited for.
    package var since: Timestamp
    /// Whether a line has come at all.
    package var hasCome = false
    /// It did not come in time, and that was joined as a hit.
    package var isMissed = false
    /// Not judged before: the watcher was away, and the machine perhaps too, so what it missed may be made up for.
    package var notBefore: Timestamp?
    /// Of the last line; this host's before there was one.
    package var origin: Origin
    package var captures: [CapturedValue] = []

    init(rule: String, groups: [GroupValue], since: Timestamp, origin: Origin) {
        self.rule = rule
        self.groups = groups
        self.since = since
        self.origin = origin
    }

    var key: Fingerprint { Fingerprint(rule: rule, uid: nil, groups: groups) }
}

/// The line that a rule with `expect` waits for has come.
package struct SignOfLife: Sendable {
    package var rule: String
    package var groups: [GroupValue]
    package var time: Timestamp
    package var origin: Origin
    package var captures: [CapturedValue]
    package var text: String

    package init(_ hit: Hit, localHost: String, at now: Timestamp) {
        rule = hit.rule.id
        var origin = Origin(hit.record, localHost: localHost)
        origin.pid = nil  // the next one is another process
        groups = (hit.rule.groupBy ?? []).map { Occurrence.group($0, of: hit, origin: origin).withoutSecrets }
        self.origin = origin
        time = min(now, Occurrence.plausible(hit.record.time, now))
        captures = hit.captures.prefix(20).map { CapturedValue(name: $0.name, bytes: $0.value) }
        text = Sample.line(hit.record.message, limit: Sample.contextLimit)
    }
}

extension Expectation {
    var json: JSON {
        .compact([
            ("rule", .string(rule)), ("groups", .array(groups.map(\.json))), ("since", JSON(time: since)),
            ("has_come", hasCome ? true : nil), ("missed", isMissed ? true : nil),
            ("not_before", JSON(time: notBefore)), ("origin", origin.json),
            ("captures", .array(captures.map { [.string($0.name), .string($0.value)] })),
        ])
    }

    init?(json: JSON) {
        guard let rule = json["rule"]?.string, let since = Timestamp(json: json["since"]),
            let origin = Origin(json: json["origin"])
        else { return nil }
        self.init(
            rule: rule, groups: (json["groups"]?.array ?? []).compactMap { GroupValue(json: $0) }, since: since,
            origin: origin)
        hasCome = json["has_come"]?.bool ?? false
        isMissed = json["missed"]?.bool ?? false
        notBefore = Timestamp(json: json["not_before"])
        captures = (json["captures"]?.array ?? []).compactMap { pair in
            guard let both = pair.array, both.count == 2, let name = both[0].string, let value = both[1].string
            else { return nil }
            return CapturedValue(name: name, value: value)
        }
    }
}
