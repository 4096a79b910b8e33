// Whether a record is hit by a rule, once the scan has named it.

import Records
import Rules

/// The decisions about records, one after the other. What each of them asks for is held once for all.
final class Decision<Subject: MatchSubject> {
    let subject: Subject
    private let matcher: Matcher
    private let searches: [Search]
    private let compiled: [CompiledRule]
    private let asking: Matcher.Asking
    /// Of the record that is decided about.
    private var place = Marks.Place.entry
    private var isHit = false
    /// The scan found what may be a level.
    private var isLevelNamed = false
    /// The searches that the scan named.
    private var found: [Int] = []

    init(_ matcher: Matcher, _ subject: Subject, _ asking: Matcher.Asking) {
        self.matcher = matcher
        self.subject = subject
        self.asking = asking
        searches = matcher.searches
        compiled = matcher.compiled
    }

    /// Decides about the record that the subject is now.
    /// - Parameters:
    ///   - found: the searches that may match, sorted; numbers that are none are passed over.
    ///   - isLevelNamed: the message may name a level.
    func decide(_ found: [Int], isLevelNamed: Bool, at place: Marks.Place, _ marks: inout Marks) {
        (self.place, isHit, self.isLevelNamed, self.found) = (place, false, isLevelNamed, found)
        let count = matcher.ruleSearches
        var at = found.firstIndex { $0 >= 0 } ?? found.count
        while at < found.count, found[at] < count {
            let rule = searches[found[at]].rule
            var end = at
            while end < found.count, found[end] < count, searches[found[end]].rule == rule { end += 1 }
            if !compiled[rule].isFloor { patterns(found[at..<end], of: rule, &marks) }
            at = end
        }
        for rule in matcher.fieldRules { fields(of: rule, &marks) }
        if !isHit { floors(&marks) }
    }

    private func floors(_ marks: inout Marks) {
        let stated = isLevelNamed ? subject.statedLevel : nil
        for rule in matcher.floorRules {
            if compiled[rule].hasPatterns {
                let own = found.filter { searches.indices.contains($0) && searches[$0].rule == rule }
                patterns(own[...], of: rule, &marks)
            } else {
                fields(of: rule, stated: stated, &marks)
            }
            if isHit { return }
        }
    }

    /// Decides a rule by those of its patterns that the scan named: of them, those that recover stand last.
    private func patterns(_ found: ArraySlice<Int>, of rule: Int, _ marks: inout Marks) {
        let parts = compiled[rule]
        guard conditionsHold(parts, strictly: asking == .live), !isOfStrangers(parts) else { return }
        var matched: Search.Role?
        for number in found where searches[number].role != matched {
            let search = searches[number]
            guard holds(search.pattern, rule, &marks) else { continue }
            matched = search.role
            // Read before 'unless' uses the workspace.
            let first = marks.captures.count
            search.pattern.appendCaptures(to: &marks.captures, matcher.workspace)
            let mark = mark(rule, search: number, first..<marks.captures.count)
            if search.role == .recovery {
                marks.recoveries.append(mark)
            } else if !isTakenBack(parts, rule, &marks) {
                note(mark, parts, &marks)
            }
        }
    }

    /// Decides a rule without patterns. `stated`: the level that the message names, which counts where it is the graver.
    private func fields(of rule: Int, stated: UInt8? = nil, _ marks: inout Marks) {
        let parts = compiled[rule]
        guard conditionsHold(parts, strictly: true, stated: stated), !isTakenBack(parts, rule, &marks) else { return }
        note(mark(rule, search: -1, 0..<0), parts, &marks)
    }

    private func mark(_ rule: Int, search: Int, _ captured: Range<Int>) -> Marks.Mark {
        Marks.Mark(
            index: subject.index, rule: rule, search: search, captured: captured, place: place,
            message: subject.message)
    }

    private func note(_ mark: Marks.Mark, _ parts: CompiledRule, _ marks: inout Marks) {
        if parts.isExpected {
            marks.signsOfLife.append(mark)
        } else {
            marks.hits.append(mark)
            isHit = true
        }
    }

    /// `strictly`: also where the record has no value, though its source could.
    private func conditionsHold(_ parts: CompiledRule, strictly: Bool, stated: UInt8? = nil) -> Bool {
        parts.conditions.allSatisfy { condition in
            if let stated, condition.field == "priority" {
                return condition.holds(stated: stated, subject.values(of: "priority"))
            }
            // A rule that fields alone decide cannot do without them.
            if parts.hasPatterns, !subject.has(condition) { return !condition.isOfKernel || subject.mayBeOfKernel }
            return condition.holds(subject.values(of: condition.field), strictly: strictly)
        }
    }

    /// Whether the rule is not asked at all: a line of an access log is no rule's that names neither file nor program, one
    /// of a program that repeats what strangers say no rule's that names nothing.
    private func isOfStrangers(_ parts: CompiledRule) -> Bool {
        if parts.isUnscoped, subject.isOfRepeater { return true }
        if !parts.namesWriter, case .all = subject.strangersWords { return true }
        return false
    }

    /// Of the message as the rule sees it.
    private func outcome(_ pattern: CompiledPattern, _ parts: CompiledRule) -> CompiledPattern.Outcome {
        if !parts.namesWriter, case .some(let masked) = subject.strangersWords {
            return pattern.match(masked, matcher.workspace)
        }
        return subject.withMessage { pattern.match($0, matcher.workspace) }
    }

    private func isTakenBack(_ parts: CompiledRule, _ rule: Int, _ marks: inout Marks) -> Bool {
        for exception in parts.unless where exception.search.map({ found.contains($0) }) ?? true {
            if holds(exception.pattern, rule, &marks) { return true }
        }
        return false
    }

    /// A pattern that cannot be decided counts as missed, and is told.
    private func holds(_ pattern: CompiledPattern, _ rule: Int, _ marks: inout Marks) -> Bool {
        switch outcome(pattern, compiled[rule]) {
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
