// Whether a record is hit by a rule, once the scan has named it.

import Records
import Rules

/// The decisions about records, one after the other. What each of them asks for is held once for all.
struct Decision<Subject: MatchSubject> {
    /// What the scan named of the record that is decided about.
    private struct Named {
        /// Sorted.
        let searches: UnsafeBufferPointer<Int32>
        /// Those of rules, in `searches`.
        let ofRules: Range<Int>
        let place: Marks.Place
    }

    let subject: Subject
    private let matcher: Matcher
    private let searches: [SearchRow]
    private let rules: [RuleRow]
    private let workspace: PatternWorkspace
    private let exceptions: ExceptionSearch
    private let asking: Matcher.Asking

    init(_ matcher: Matcher, _ subject: Subject, _ asking: Matcher.Asking) {
        self.matcher = matcher
        self.subject = subject
        self.asking = asking
        searches = matcher.searchRows
        rules = matcher.ruleRows
        (workspace, exceptions) = (matcher.workspace, matcher.exceptions)
    }

    /// Decides about the record that the subject is now.
    /// - Parameters:
    ///   - found: the searches that may match, sorted; numbers that are none are passed over.
    ///   - isLevelNamed: the message may name a level.
    func decide(
        _ found: UnsafeBufferPointer<Int32>, isLevelNamed: Bool, at place: Marks.Place, _ marks: inout Marks
    ) {
        let first = found.firstIndex { $0 >= 0 } ?? found.count
        let others = found[first...].firstIndex { $0 >= searches.count } ?? found.count
        let named = Named(searches: found, ofRules: first..<others, place: place)
        exceptions.begin()
        let before = marks.hits.count
        forEachRule(of: named) { rule, own in
            if !rules[rule].isFloor { patterns(own, of: rule, named, &marks) }
        }
        for rule in matcher.fieldRules { fields(of: rule, named, &marks) }
        if marks.hits.count == before { floors(named, isLevelNamed: isLevelNamed, &marks) }
    }

    /// The same of numbers that stand in an array.
    func decide(_ found: [Int], isLevelNamed: Bool, at place: Marks.Place, _ marks: inout Marks) {
        found.map { Int32(truncatingIfNeeded: $0) }.withUnsafeBufferPointer {
            decide($0, isLevelNamed: isLevelNamed, at: place, &marks)
        }
    }

    /// Each rule of which the scan named patterns, with the places of these.
    private func forEachRule(of named: Named, _ body: (Int, Range<Int>) -> Void) {
        var at = named.ofRules.lowerBound
        while at < named.ofRules.upperBound {
            let rule = searches[Int(named.searches[at])].rule
            let start = at
            at += 1
            while at < named.ofRules.upperBound, searches[Int(named.searches[at])].rule == rule { at += 1 }
            body(Int(rule), start..<at)
        }
    }

    private func floors(_ named: Named, isLevelNamed: Bool, _ marks: inout Marks) {
        let stated = isLevelNamed ? subject.statedLevel : nil
        let before = marks.hits.count
        for rule in matcher.floorRules {
            if rules[rule].hasPatterns {
                forEachRule(of: named) { if $0 == rule { patterns($1, of: rule, named, &marks) } }
            } else {
                fields(of: rule, stated: stated, named, &marks)
            }
            if marks.hits.count > before { return }
        }
    }

    /// Decides a rule by those of its patterns that the scan named: of them, those that recover stand last.
    private func patterns(_ own: Range<Int>, of rule: Int, _ named: Named, _ marks: inout Marks) {
        guard isAsked(rule) else { return }
        var matched: Search.Role?
        for at in own {
            let number = Int(named.searches[at])
            let search = searches[number]
            guard search.role != matched,
                holds(search.code, matcher.searches[number].pattern.pattern, of: rule, &marks),
                !(search.role == .match && rules[rule].sparesRoutine && subject.isRoutine),
                !rules[rule].isOfKernel || isWhereKernelSpeaks()
            else { continue }
            matched = search.role
            // Read before 'unless' uses the workspace.
            let first = marks.captures.count
            matcher.searches[number].pattern.appendCaptures(to: &marks.captures, workspace)
            let mark = mark(rule, search: number, first..<marks.captures.count, named)
            if search.role == .recovery {
                marks.recoveries.append(mark)
            } else if !isTakenBack(rule, &marks) {
                note(mark, &marks)
            }
        }
    }

    /// Whether what matched last may be the kernel's words: in a line with nothing before its text only where a line begins.
    private func isWhereKernelSpeaks() -> Bool {
        if !subject.isBare || subject.mayBeOfKernel { return true }
        return subject.withMessage { message in
            CompiledPattern.range(workspace, of: message.count).map {
                KernelLine.isBeginning($0.lowerBound, of: message)
            } ?? false
        }
    }

    /// Decides a rule without patterns. `stated`: the level that the message names, which counts where it is the graver.
    private func fields(of rule: Int, stated: UInt8? = nil, _ named: Named, _ marks: inout Marks) {
        guard isAskedByFields(rule, stated), !isTakenBack(rule, &marks) else { return }
        note(mark(rule, search: -1, 0..<0, named), &marks)
    }

    private func mark(_ rule: Int, search: Int, _ captured: Range<Int>, _ named: Named) -> Marks.Mark {
        Marks.Mark(
            index: subject.index, rule: rule, search: search, captured: captured, place: named.place,
            message: subject.message)
    }

    private func note(_ mark: Marks.Mark, _ marks: inout Marks) {
        if rules[mark.rule].isExpected { marks.signsOfLife.append(mark) } else { marks.hits.append(mark) }
    }

    // MARK: Conditions

    /// Whether a rule with patterns is asked of the record.
    private func isAsked(_ rule: Int) -> Bool {
        let row = rules[rule]
        if row.hasConditions || row.sparesStrangers, !isAskedOfWriter(rule, row) { return false }
        // A line of an access log is no rule's that names neither file nor program.
        if row.sparesStrangers, case .all = subject.strangersWords { return false }
        return true
    }

    private func isAskedOfWriter(_ rule: Int, _ row: RuleRow) -> Bool {
        remembered(rule, row) {
            conditionsHold(rule, strictly: asking == .live)
                // What a program repeats that strangers say is no rule's that names nothing.
                && !(row.sparesStrangers && subject.isOfRepeater)
        }
    }

    private func isAskedByFields(_ rule: Int, _ stated: UInt8?) -> Bool {
        if stated != nil { return conditionsHold(rule, strictly: true, stated: stated) }
        return remembered(rule, rules[rule]) { conditionsHold(rule, strictly: true) }
    }

    private func remembered(_ rule: Int, _ row: RuleRow, _ decide: () -> Bool) -> Bool {
        guard row.isOfProgram, let verdicts = subject.programVerdicts else { return decide() }
        switch verdicts[rule] {
        case .isAsked: return true
        case .isNotAsked: return false
        case .unknown:
            let answer = decide()
            verdicts[rule] = answer ? .isAsked : .isNotAsked
            return answer
        }
    }

    /// `strictly`: also where the record has no value, though its source could.
    private func conditionsHold(_ rule: Int, strictly: Bool, stated: UInt8? = nil) -> Bool {
        matcher.compiled[rule].conditions.allSatisfy { condition in
            if let stated, condition.field == "priority" {
                return condition.holds(stated: stated, subject.values(of: "priority"))
            }
            // A rule that fields alone decide cannot do without them.
            if rules[rule].hasPatterns, !subject.has(condition) {
                return !condition.isOfKernel || subject.isBare || subject.mayBeOfKernel
            }
            return subject.meets(condition, strictly: strictly)
        }
    }

    // MARK: Patterns

    private func isTakenBack(_ rule: Int, _ marks: inout Marks) -> Bool {
        let row = rules[rule]
        guard row.hasExceptions else { return false }
        var isMasked = false
        if row.sparesStrangers, case .some = subject.strangersWords { isMasked = true }
        if !isMasked, !row.hasUnsearched, !subject.withMessage({ exceptions.findsAny(in: $0) }) { return false }
        return matcher.compiled[rule].unless.contains { exception in
            if !isMasked, let number = exception.search, !subject.withMessage({ exceptions.finds(number, in: $0) }) {
                return false
            }
            return holds(exception.pattern.code, exception.written, of: rule, &marks)
        }
    }

    /// A pattern that cannot be decided counts as missed, and is told.
    private func holds(
        _ code: CompiledPattern.Code, _ pattern: @autoclosure () -> Pattern, of rule: Int, _ marks: inout Marks
    ) -> Bool {
        switch outcome(code, rule) {
        case .matched: return true
        case .missed: return false
        case .undecided(let words):
            let source = matcher.rules.rules[rule]
            let record = subject.record
            marks.notices.append(
                MatchNotice(
                    index: subject.index, rule: source, pattern: pattern(), record: record,
                    text: "A pattern of the rule '\(source.id)' gave up on a line of \(record.message.count) bytes "
                        + "(\(words)); it may take exponential time: make its repeats exclude each other."))
            return false
        }
    }

    /// Of the message as the rule sees it.
    private func outcome(_ code: CompiledPattern.Code, _ rule: Int) -> CompiledPattern.Outcome {
        if rules[rule].sparesStrangers, case .some(let masked) = subject.strangersWords {
            return masked.withUnsafeBufferPointer { code.match($0, workspace) }
        }
        return subject.withMessage { code.match($0, workspace) }
    }
}
