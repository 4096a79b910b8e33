// What the incident book takes in: a hit reduced to what incidents need, or a thing that Herald itself noticed.

import Formats
import Records
import Rules

/// What of a rule an incident keeps: enough to be told after the rule is gone.
package struct RuleFacts: Hashable, Sendable {
    /// How an incident ends.
    package enum Ending: String, Hashable, Sendable {
        /// By a time without hits, and a last letter says so.
        case quiet
        /// By a record that tells of the recovery.
        case recovery
        /// By a time without hits, and nothing more is said.
        case silent
        /// With its first letter; it is an event, not a state.
        case event
        /// By the line that was missed; never by time.
        case absence
        /// By whoever looks at it: a state of which Herald itself sees whether it lasts; never by time.
        case watched

        /// Whether it ends when no hit has come for a time.
        package var passesWithTime: Bool { self != .absence && self != .watched }
    }

    package var id: String
    package var severity: Severity
    package var url: String?
    package var ending: Ending
    package var threshold: Threshold?
    package var inhibits: [String] = []

    package init(id: String, severity: Severity, url: String? = nil, ending: Ending = .quiet) {
        self.id = id
        self.severity = severity
        self.url = url
        self.ending = ending
    }

    package init(_ rule: Rule) {
        id = rule.id
        severity = rule.severity
        url = rule.url.map { Printable.text($0, limit: 500) }
        ending =
            rule.expectEvery != nil
            ? .absence : rule.neverGroup ? .event : rule.recoveredBy.isEmpty ? .quiet : .recovery
        threshold = rule.threshold
        inhibits = rule.inhibits
    }
}

/// Something that happened once, on its way into an incident.
package struct Occurrence: Sendable {
    package var rule: RuleFacts
    package var fingerprint: Fingerprint
    /// What the fingerprint is made of, beside the rule and the user.
    package var groups: [GroupValue]
    package var title: String
    package var advice: String?
    /// As the record says; the time of reading where it does not, or says what cannot be.
    package var time: Timestamp
    /// Whether it is late when `time` is long ago, as its source says.
    package var isAgeTrusted = false
    package var origin: Origin
    package var captures: [CapturedValue]
    /// What the journal's catalog says of the entry, on lines fit to show; nil where it says nothing. Looked up only
    /// where the incident is new.
    package var explanation: String?
    /// Made only where the book wants one.
    package var sample: Sample?

    package init(
        rule: RuleFacts, groups: [GroupValue], title: String, advice: String?, time: Timestamp, origin: Origin,
        captures: [CapturedValue] = [], sample: Sample? = nil
    ) {
        self.rule = rule
        self.groups = groups
        fingerprint = Fingerprint(rule: rule.id, uid: origin.uid, groups: groups)
        self.title = title
        self.advice = advice
        self.time = time
        self.origin = origin
        self.captures = captures
        self.sample = sample
    }

    /// Of a hit that was read at `now`.
    /// - Parameters:
    ///   - localHost: this host's name, for records that name none.
    ///   - serial: different for every hit of this installation; what `group: never` groups by.
    package init(_ hit: Hit, localHost: String, serial: String, at now: Timestamp) {
        rule = RuleFacts(hit.rule)
        origin = Origin(hit.record, localHost: localHost)
        groups = Self.groups(of: hit, origin: origin, serial: serial)
        fingerprint = Fingerprint(rule: hit.rule.id, uid: hit.record.uid, groups: groups)
        let title = Printable.text(hit.title(localHost: origin.host), limit: 300)
        self.title = String(decoding: SecretMask.masked(Array(title.utf8)), as: UTF8.self)
        advice = hit.advice(localHost: origin.host).map { Sample.line(Array($0.utf8), limit: 2000) }
        time = Self.plausible(hit.record.time, now)
        captures = hit.captures.prefix(20).map { CapturedValue(name: $0.name, bytes: $0.value) }
    }

    /// A record from the future or from before logs is dated by its reading.
    package static func plausible(_ time: Timestamp?, _ now: Timestamp) -> Timestamp {
        // In microseconds, and not as `Duration`s, which have 128 bits: each line of a storm is asked.
        let (day, life) = (86_400_000_000 as Int64, 50 * 366 * 86_400_000_000 as Int64)
        guard let age = time.map({ now.microseconds &- $0.microseconds }), age >= -day, age < life else { return now }
        return time ?? now
    }

    private static func groups(of hit: Hit, origin: Origin, serial: String) -> [GroupValue] {
        if hit.rule.neverGroup { return [GroupValue("serial", serial)] }
        guard let names = hit.rule.groupBy else {
            return [
                GroupValue("host", origin.host), GroupValue("place", hit.record.unit ?? origin.source),
                GroupValue("message", hit.record.message),
            ]
        }
        return names.map { Self.group($0, of: hit, origin: origin) }
    }

    /// One of the names that a rule groups by: a field, or a capture.
    static func group(_ name: String, of hit: Hit, origin: Origin) -> GroupValue {
        switch name {
        case "host": GroupValue(name, origin.host)
        case "message": GroupValue(name, hit.record.message)
        default:
            GroupValue(name, hit.captures.first { $0.name == name }?.value ?? hit.record.values(of: name).first ?? [])
        }
    }
}

/// A record that tells that what a rule had reported is over.
package struct RecoverySign: Sendable {
    package var ruleID: String
    package var origin: Origin
    package var captures: [CapturedValue]
    package var time: Timestamp
    package var text: String

    package init(ruleID: String, record: Record, captures: [Capture], localHost: String, at now: Timestamp) {
        self.ruleID = ruleID
        origin = Origin(record, localHost: localHost)
        self.captures = captures.prefix(20).map { CapturedValue(name: $0.name, bytes: $0.value) }
        time = Occurrence.plausible(record.time, now)
        text = Sample.line(record.message, limit: Sample.contextLimit)
    }

    /// Whether this ends `incident`: the same rule and place, and no capture that says otherwise.
    package func ends(_ incident: Incident) -> Bool {
        incident.rule.id == ruleID && origin.vouches(for: incident.origin)
            && captures.allSatisfy { mine in
                incident.captures.first { $0.name == mine.name }.map { $0.value == mine.value } ?? true
            }
    }
}
