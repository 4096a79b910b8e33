// Absence: rules with `expect` wait for a line. Each line that comes puts the time off; when none has come in time, that
// is an incident, and the next line ends it.
//
// Must stay true: nothing is missed before all that is there was read, and the time in which Herald itself was away does
// not by itself make an incident: a machine that was off gets a while to make up for it.

import Formats
import Rules

extension IncidentBook {
    package static let expectationsInAll = 1000
    package static let expectationsPerRule = 200
    /// So long after a time of absence nothing is judged, at most.
    private static let grace = Duration.seconds(3600)
    /// A shorter time is no absence.
    private static let absence = Duration.seconds(600)
    /// How often the time is stored while something is waited for: well within what is no absence.
    static let latestInterval = Duration.seconds(300)

    /// The rules in force, at the start and at each reload. What a rule that is gone has missed is over.
    /// - Parameter host: this host's name.
    package mutating func expect(_ rules: [Rule], host: String, at now: Timestamp) {
        let wasAway = latest > .distantPast && latest + Self.absence < now
        notice(now)
        expected = Dictionary(
            rules.filter { $0.expectEvery != nil }.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for (key, expectation) in expectations {
            let names = expected[expectation.rule].map { $0.groupBy ?? [] }
            guard let names, expectation.groups.isEmpty || expectation.groups.map(\.name) == names else {
                drop(key, at: now)
                continue
            }
            if wasAway, let every = expected[expectation.rule]?.expectEvery {
                expectations[key]?.notBefore = now + min(every, Self.grace)
            }
        }
        let waiting = Set(expectations.values.map(\.rule))
        for rule in expected.values where !waiting.contains(rule.id) {
            add(Expectation(rule: rule.id, groups: [], since: now, origin: .own(host: host)))
        }
        if !expectations.isEmpty { bookChanged = true }
        check(at: .distantPast)
    }

    /// The line came.
    /// - Returns: false where it is of a group more than are waited for.
    @discardableResult
    package mutating func note(_ sign: SignOfLife, at now: Timestamp) -> Bool {
        notice(now)
        guard let every = expected[sign.rule]?.expectEvery else { return true }
        var expectation = Expectation(rule: sign.rule, groups: sign.groups, since: sign.time, origin: sign.origin)
        let key = expectation.key
        if let known = expectations[key] {
            expectation.since = max(known.since, sign.time)
            expectation.isMissed = known.isMissed
            expectation.notBefore = known.notBefore
        } else {
            guard expectations.count < Self.expectationsInAll,
                expectations.values.count(where: { $0.rule == sign.rule }) < Self.expectationsPerRule
            else { return false }
            // From the first group on, the groups are what is waited for.
            let whole = Expectation(rule: sign.rule, groups: [], since: now, origin: sign.origin).key
            if expectations[whole] != nil { drop(whole, at: now, by: sign.text) }
        }
        expectation.hasCome = true
        expectation.captures = sign.captures
        if expectation.isMissed, expectation.since + every > now {
            expectation.isMissed = false
            if let id = byFingerprint[key], incidents[id]?.isOver == false { end(id, by: sign.text, at: now) }
        }
        add(expectation)
        return true
    }

    /// Joins a hit for everything that did not come in time.
    mutating func judgeExpectations(caughtUp: Bool, at now: Timestamp) {
        let missed = expectations.values.filter { expectation in deadline(of: expectation).map { $0 <= now } ?? false }
        guard !missed.isEmpty else { return judgementWaits = nil }
        if !caughtUp {
            judgementWaits = judgementWaits ?? now
            if let since = judgementWaits, since + Self.catchUpLimit > now { return awaitsCatchUp = true }
        }
        judgementWaits = nil
        for var expectation in missed.sorted(by: { $0.rule < $1.rule }) {
            guard let rule = expected[expectation.rule], let every = rule.expectEvery else { continue }
            expectation.isMissed = true
            add(expectation)
            join(absence(of: expectation, rule, every, at: now), at: now)
        }
    }

    /// When it has not come in time; nil once that is told, and for rules that are not in force.
    func deadline(of expectation: Expectation) -> Timestamp? {
        guard !expectation.isMissed, let every = expected[expectation.rule]?.expectEvery else { return nil }
        return max(expectation.since + every, expectation.notBefore ?? .distantPast)
    }

    private func absence(
        of expectation: Expectation, _ rule: Rule, _ every: Duration, at now: Timestamp
    ) -> Occurrence {
        var origin = expectation.origin
        (origin.uid, origin.pid) = (nil, nil)  // nobody wrote what was not written
        func value(_ name: String) -> String? {
            if name == "host" { return origin.host }
            return expectation.captures.first { $0.name == name }?.value
                ?? expectation.groups.first { $0.name == name }.map { Printable.text($0.value, limit: 200) }
        }
        let since = expectation.since.plain(utcOffset: utcOffset) + " " + Timestamp.zoneName(utcOffset)
        let pattern = Printable.text(rule.match.first?.text ?? rule.id, limit: 200)
        let line = "line that fits '\(pattern)'" + (rule.match.count > 1 ? " or another pattern of the rule" : "")
        let words =
            expectation.hasCome
            ? "The last \(line) came at \(since), and none since."
            : "No \(line) has come since \(since), when Herald began to wait for it."
        let sample = Sample(
            time: now, origin: origin, text: "\(words) One is expected every \(every.text).")
        return Occurrence(
            rule: RuleFacts(rule), groups: expectation.groups,
            title: Printable.text(rule.title.rendered(value), limit: 300),
            advice: rule.advice.map { advice in
                Sample.line(Array(advice.rendered { value($0) ?? "{\($0)}" }.utf8), limit: 2000)
            },
            time: now, origin: origin, captures: expectation.captures, sample: sample)
    }

    private mutating func add(_ expectation: Expectation) {
        expectations[expectation.key] = expectation
        if let deadline = deadline(of: expectation) { check(at: deadline) }
        bookChanged = true
    }

    /// Waits for it no more; what it missed is over.
    private mutating func drop(_ key: Fingerprint, at now: Timestamp, by text: String? = nil) {
        expectations[key] = nil
        bookChanged = true
        guard let id = byFingerprint[key], let incident = incidents[id], !incident.isOver else { return }
        if let text { return end(id, by: text, at: now) }
        _ = resolve(id, at: now)
    }

    /// A person closed what was missed: a group may be gone for good and is not waited for until it is heard of again;
    /// a rule without groups begins to wait anew.
    mutating func stopWaiting(for key: Fingerprint, at now: Timestamp) {
        guard var expectation = expectations[key] else { return }
        guard expectation.groups.isEmpty else {
            expectations[key] = nil
            bookChanged = true
            return
        }
        (expectation.isMissed, expectation.since, expectation.hasCome) = (false, now, false)
        add(expectation)
    }
}
