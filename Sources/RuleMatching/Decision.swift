// Whether a record is hit by a rule, once the scan has named it.

import Records
import Rules

/// The decisions about one record.
struct Decision<Subject: MatchSubject> {
    let matcher: Matcher
    let subject: Subject
    let place: Marks.Place
    let asking: Matcher.Asking
    private(set) var isHit = false

    init(matcher: Matcher, subject: Subject, place: Marks.Place, asking: Matcher.Asking) {
        self.matcher = matcher
        self.subject = subject
        self.place = place
        self.asking = asking
    }

    /// Decides a rule by those of its patterns that the scan named.
    mutating func patterns(_ found: ArraySlice<Int>, of rule: Int, _ marks: inout Marks) {
        guard conditionsHold(rule, strictly: asking == .live) else { return }
        for role in [Search.Role.match, .recovery] {
            for number in found where matcher.searches[number].role == role {
                let pattern = matcher.searches[number].pattern
                guard holds(pattern, rule, &marks) else { continue }
                // Read before 'unless' uses the workspace.
                let first = marks.captures.count
                pattern.appendCaptures(to: &marks.captures, matcher.workspace)
                let mark = mark(rule, search: number, first..<marks.captures.count)
                if role == .recovery {
                    marks.recoveries.append(mark)
                } else if !isTakenBack(rule, &marks) {
                    note(mark, &marks)
                }
                break
            }
        }
    }

    /// Decides a rule without patterns.
    mutating func fields(of rule: Int, _ marks: inout Marks) {
        guard conditionsHold(rule, strictly: true), !isTakenBack(rule, &marks) else { return }
        note(mark(rule, search: -1, 0..<0), &marks)
    }

    private func mark(_ rule: Int, search: Int, _ captured: Range<Int>) -> Marks.Mark {
        Marks.Mark(
            index: subject.index, rule: rule, search: search, captured: captured, place: place,
            message: subject.message)
    }

    private mutating func note(_ mark: Marks.Mark, _ marks: inout Marks) {
        if matcher.compiled[mark.rule].isExpected {
            marks.signsOfLife.append(mark)
        } else {
            marks.hits.append(mark)
            isHit = true
        }
    }

    /// `strictly`: also where the record has no value, though its source could.
    private func conditionsHold(_ rule: Int, strictly: Bool) -> Bool {
        // Most rules have none, and where texts are common each line of a storm asks a dozen rules.
        if matcher.compiled[rule].conditions.isEmpty { return true }
        let parts = matcher.compiled[rule]
        return parts.conditions.allSatisfy { condition in
            // A rule that fields alone decide cannot do without them.
            if parts.hasPatterns, !subject.has(field: condition.field) {
                return !condition.isOfKernel || subject.mayBeOfKernel
            }
            return condition.holds(subject.values(of: condition.field), strictly: strictly)
        }
    }

    private func isTakenBack(_ rule: Int, _ marks: inout Marks) -> Bool {
        for pattern in matcher.compiled[rule].unless where holds(pattern, rule, &marks) { return true }
        return false
    }

    /// A pattern that cannot be decided counts as missed, and is told.
    private func holds(_ pattern: CompiledPattern, _ rule: Int, _ marks: inout Marks) -> Bool {
        switch subject.withMessage({ pattern.match($0, matcher.workspace) }) {
        case .matched: return true
        case .missed: return false
        case .undecided(let words):
            let source = matcher.rules.rules[rule]
            let record = subject.record
            marks.notices.append(
                MatchNotice(
                    index: subject.index, rule: source, pattern: pattern.pattern, record: record,
                    text: "A pattern of the rule '\(source.id)' gave up on a line of \(record.message.count) bytes "
                        + "(\(words)); it may take exponential time: make its repeats exclude each other."))
            return false
        }
    }
}
