// Whether a record is hit by a rule, once the scan has named it.

import Records
import Rules

/// The decisions about one record.
struct Decision {
    let matcher: Matcher
    let record: Record
    let index: Int
    let asking: Matcher.Asking
    private(set) var isHit = false

    init(matcher: Matcher, record: Record, index: Int, asking: Matcher.Asking) {
        self.matcher = matcher
        self.record = record
        self.index = index
        self.asking = asking
    }

    /// Decides a rule by those of its patterns that the scan named.
    mutating func patterns(_ found: ArraySlice<Int>, of rule: Int, _ matches: inout Matches) {
        guard conditionsHold(rule, strictly: asking == .live) else { return }
        for role in [Search.Role.match, .recovery] {
            for number in found where matcher.searches[number].role == role {
                let pattern = matcher.searches[number].pattern
                guard holds(pattern, rule, &matches) else { continue }
                // Read before 'unless' uses the workspace.
                let captures = pattern.captures(of: record.message, matcher.workspace)
                if role == .recovery {
                    let source = matcher.rules.rules[rule]
                    matches.recoveries.append(
                        Matches.Recovery(index: index, rule: source, record: record, captures: captures))
                } else if !isTakenBack(rule, &matches) {
                    note(rule, captures, &matches)
                }
                break
            }
        }
    }

    /// Decides a rule without patterns.
    mutating func fields(of rule: Int, _ matches: inout Matches) {
        guard conditionsHold(rule, strictly: true), !isTakenBack(rule, &matches) else { return }
        note(rule, [], &matches)
    }

    private mutating func note(_ rule: Int, _ captures: [Capture], _ matches: inout Matches) {
        let source = matcher.rules.rules[rule]
        let found = Matches.Found(index: index, hit: Hit(rule: source, record: record, captures: captures))
        if source.expectEvery != nil {
            matches.signsOfLife.append(found)
        } else {
            matches.hits.append(found)
            isHit = true
        }
    }

    /// `strictly`: also where the record has no value, though its source could.
    private func conditionsHold(_ rule: Int, strictly: Bool) -> Bool {
        let parts = matcher.compiled[rule]
        return parts.conditions.allSatisfy { condition in
            // A rule that fields alone decide cannot do without them.
            if parts.hasPatterns, !record.has(field: condition.field) { return true }
            return condition.holds(RuleField.values(condition.field, of: record), strictly: strictly)
        }
    }

    private func isTakenBack(_ rule: Int, _ matches: inout Matches) -> Bool {
        for pattern in matcher.compiled[rule].unless where holds(pattern, rule, &matches) { return true }
        return false
    }

    /// A pattern that cannot be decided counts as missed, and is told.
    private func holds(_ pattern: CompiledPattern, _ rule: Int, _ matches: inout Matches) -> Bool {
        switch pattern.match(record.message, matcher.workspace) {
        case .matched: return true
        case .missed: return false
        case .undecided(let words):
            let source = matcher.rules.rules[rule]
            matches.notices.append(
                MatchNotice(
                    index: index, rule: source, pattern: pattern.pattern, record: record,
                    text: "A pattern of the rule '\(source.id)' gave up on a line of \(record.message.count) bytes "
                        + "(\(words)); it may take exponential time: make its repeats exclude each other."))
            return false
        }
    }
}
