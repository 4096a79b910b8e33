// Why rules do or do not hit a record: each rule's conditions asked one by one, where matching stops at the first that
// fails. Must stay true: what is called a hit here is what the matcher calls one.

import Formats
import Records
import Rules

/// Asks all rules about single records, for a person.
package struct RuleExplainer {
    private var groups: [ExplainedRules] = []

    /// - Parameter replaced: rules of files that others replace, with the path of the other.
    package init(_ matcher: Matcher, replaced: [(rule: Rule, by: String)] = []) {
        groups = [ExplainedRules(matcher)]
        let known = Set(matcher.rules.rules.map(\.id))
        var others = matcher.rules.disabled.map { ($0, "it is switched off by 'disabled_rules'") }
        for (rule, by) in replaced where !known.contains(rule.id) {
            others.append((rule, "its file \(Printable.text(rule.file)) is replaced by \(Printable.text(by))"))
        }
        // Each by itself: one of a replaced file may be broken, which is no reason to be silent about the others.
        for (rule, reason) in others {
            guard let matcher = try? Matcher(RuleSet([rule])) else { continue }
            groups.append(ExplainedRules(matcher, standing: reason))
        }
    }

    /// The verdicts on a record: what matches in the order of the rules, then what nearly does, the nearest first.
    /// - Parameter id: with it, the verdict on this rule alone, however far it is.
    package func verdicts(on record: Record, rule id: String? = nil) -> [RuleVerdict] {
        var matched: [RuleVerdict] = []
        var near: [RuleVerdict] = []
        for group in groups {
            let question = RecordQuestion(group, record)
            for index in id.map({ group.index[$0].map { [$0] } ?? [] }) ?? Array(group.matcher.rules.rules.indices) {
                let verdict = RuleTrial(question: question, index: index).verdict()
                switch verdict.outcome {
                case .near: near.append(verdict)
                case .missed: if id != nil { matched.append(verdict) }
                default: matched.append(verdict)
                }
            }
        }
        // A stable order: by nearness, then as the rules stand.
        let sorted = near.enumerated().sorted { ($1.element.nearness, $0.offset) < ($0.element.nearness, $1.offset) }
        return matched + sorted.map(\.element)
    }

    /// Of a line that is not said to be of a certain file.
    fileprivate static let unnamedFile = Source.file("-")

    /// A record as an example shows it: a line of a file, or with fields the message of a journal's entry.
    package static func record(of line: [UInt8], fields: [(name: String, value: String)], context: LineContext)
        -> Record
    {
        let path = fields.last { $0.name == "file" }?.value
        guard fields.isEmpty || path != nil else {
            return ExampleTrial.record(of: line, fields.map { Example.Field(name: $0.name, value: $0.value) })
        }
        var record = LineHeader.record(of: line, source: path.map { .file($0) } ?? unnamedFile, context: context)
        for field in fields where field.name != "file" { ExampleTrial.set(field.name, field.value, of: &record) }
        return record
    }
}

/// Rules with one standing: in force, switched off, or in a file that another one replaces.
private final class ExplainedRules {
    let matcher: Matcher
    /// Why they are not in force; nil when they are.
    let standing: String?
    /// The place of each rule, by its id.
    let index: [String: Int]
    /// Of each rule the places of its searches, which stand together.
    let searches: [Range<Int>]
    /// Made when the first pattern that does not match is asked how near it came.
    private(set) lazy var texts = PatternTexts(matcher.searches.map(\.pattern.pattern))

    init(_ matcher: Matcher, standing: String? = nil) {
        self.matcher = matcher
        self.standing = standing
        let rules = matcher.rules.rules
        index = Dictionary(rules.enumerated().map { ($1.id, $0) }) { first, _ in first }
        var searches = rules.map { _ in 0..<0 }
        for place in matcher.searches.indices {
            let rule = matcher.searches[place].rule
            searches[rule] = (searches[rule].isEmpty ? place : searches[rule].lowerBound)..<place + 1
        }
        self.searches = searches
    }
}

/// One record before these rules: what is found once for all of them.
private final class RecordQuestion {
    let group: ExplainedRules
    let record: Record
    let matches: Matches
    /// It is a line of a file that is named, of which all is known: `where` is asked as the watcher asks. Another may be
    /// the message of an entry, of which what is not named is not asked.
    let isWhole: Bool
    /// The searches that the scan names: no other pattern can match.
    let named: Set<Int>
    /// Those that have some text in common with the line.
    private(set) lazy var common = group.texts.common(with: text)
    /// The line and its message, as `PatternReach` looks at them.
    private(set) lazy var text = ReachedText(record)

    init(_ group: ExplainedRules, _ record: Record) {
        self.group = group
        self.record = record
        isWhole = !record.source.isJournal && record.source != RuleExplainer.unnamedFile
        let found = group.matcher.searches(in: record.message)
        named = Set(found)
        matches =
            isWhole
            ? group.matcher.matches(of: record, named: found + [group.matcher.levelNumber])
            : group.matcher.matches(example: record)
    }
}

/// One rule and one record.
private struct RuleTrial {
    let question: RecordQuestion
    let index: Int

    private var matcher: Matcher { question.group.matcher }
    private var record: Record { question.record }
    private var rule: Rule { matcher.rules.rules[index] }
    private var parts: CompiledRule { matcher.compiled[index] }

    func verdict() -> RuleVerdict {
        let (matches, standing) = (question.matches, question.group.standing)
        if standing == nil, let told = told(matches) { return told }
        var obstacles = standing.map { [$0] } ?? []
        let isHit = matches.hits.contains { $0.hit.rule.id == rule.id }
        let conditions = failedConditions()
        obstacles += conditions
        obstacles += spared()
        let matched = firstMatch(.match)
        if matched != nil || !parts.hasPatterns, let exception = parts.unless.first(where: { fits($0.pattern) }) {
            obstacles.append("its 'unless' takes it back: \(Self.named(exception.written)) matches too")
            if let matched { return near(obstacles, nearness: 100, pattern: matched.pattern) }
        }
        if rule.isFloor, standing == nil, let other = matches.hits.first?.hit.rule.id,
            matched != nil || !parts.hasPatterns
        {
            obstacles.append("it is a floor, for what no other rule hits, and '\(other)' does")
        }
        if let matched { return near(obstacles, nearness: 100, pattern: matched.pattern) }
        guard parts.hasPatterns else { return byFields(obstacles, conditions, isHit: isHit) }
        return byReach(obstacles)
    }

    /// What the matcher says of the rule itself.
    private func told(_ matches: Matches) -> RuleVerdict? {
        var verdict = RuleVerdict(rule: rule, outcome: .hit)
        if let found = matches.hits.first(where: { $0.hit.rule.id == rule.id }) {
            verdict.hit = found.hit
        } else if let found = matches.signsOfLife.first(where: { $0.hit.rule.id == rule.id }) {
            (verdict.outcome, verdict.hit) = (.expected, found.hit)
        } else if let found = matches.recoveries.first(where: { $0.rule.id == rule.id }) {
            verdict.outcome = .recovery
            verdict.hit = Hit(rule: rule, record: record, captures: found.captures)
            verdict.pattern = firstMatch(.recovery)?.pattern
            return verdict
        } else {
            return nil
        }
        verdict.pattern = firstMatch(.match)?.pattern
        verdict.reasons = unasked() + consequences()
        return verdict
    }

    private func near(_ obstacles: [String], nearness: Int, pattern: Pattern?) -> RuleVerdict {
        var verdict = RuleVerdict(rule: rule, outcome: .near)
        verdict.pattern = pattern
        verdict.reasons = obstacles
        verdict.nearness = max(1, nearness - 5 * max(0, obstacles.count - 1))
        return verdict
    }

    /// A rule without patterns: near when it asks for one thing that the record has, and in another way.
    private func byFields(_ obstacles: [String], _ conditions: [String], isHit: Bool) -> RuleVerdict {
        if isHit || (obstacles.count == 1 && conditions.isEmpty) { return near(obstacles, nearness: 100, pattern: nil) }
        var verdict = near(obstacles, nearness: 40, pattern: nil)
        let asksMessageID = !rule.messageIDs.isEmpty && record.messageID.map { !rule.messageIDs.contains($0) } ?? true
        if obstacles.count > 1 || asksMessageID || !record.source.isJournal || record.priority == nil {
            verdict.outcome = .missed
        }
        return verdict
    }

    private func byReach(_ obstacles: [String]) -> RuleVerdict {
        var best: (reach: PatternReach, pattern: Pattern)?
        for place in question.group.searches[index] where matcher.searches[place].role == .match {
            let pattern = matcher.searches[place].pattern
            if question.named.contains(place),
                case .undecided(let words) = pattern.match(record.message, matcher.workspace)
            {
                let text = "gives up on this line (\(words)); make its repeats exclude each other"
                best = (PatternReach(nearness: 90, text: text), pattern.pattern)
                break
            }
            guard question.common.contains(place), let syntax = question.group.texts.syntax[place],
                let reach = PatternReach(pattern.pattern, syntax, question.text, record, matcher.workspace)
            else { continue }
            if reach.nearness > best?.reach.nearness ?? 0 { best = (reach, pattern.pattern) }
        }
        guard let best else {
            var verdict = RuleVerdict(rule: rule, outcome: .missed)
            verdict.reasons = obstacles + ["none of its patterns has as much as a word in common with this line"]
            return verdict
        }
        let reason = "its pattern \(best.reach.text)"
        var verdict = near([reason] + obstacles, nearness: best.reach.nearness, pattern: best.pattern)
        verdict.reasons = [reason] + obstacles
        return verdict
    }

    // MARK: Parts

    private func fits(_ pattern: CompiledPattern) -> Bool {
        pattern.match(record.message, matcher.workspace) == .matched
    }

    private func firstMatch(_ role: Search.Role) -> CompiledPattern? {
        question.group.searches[index].first {
            matcher.searches[$0].role == role && question.named.contains($0) && fits(matcher.searches[$0].pattern)
        }.map { matcher.searches[$0].pattern }
    }

    private func isAsked(_ condition: CompiledRule.Condition) -> Bool {
        !parts.hasPatterns || record.has(field: condition.field)
    }

    private func failedConditions() -> [String] {
        zip(parts.conditions, RuleCompiler.conditions(of: rule)).compactMap { condition, written in
            guard isAsked(condition) else {
                return condition.isOfKernel && !record.mayBeOfKernel
                    ? "it is for the kernel's own lines, and \(otherThanKernel)" : nil
            }
            let values = RuleField.values(condition.field, of: record)
            if rule.isFloor, !parts.hasPatterns, condition.field == "priority", let stated = record.statedLevel,
                condition.holds(stated: stated, values)
            {
                return nil
            }
            if condition.holds(values, strictly: !parts.hasPatterns || question.isWhole) { return nil }
            let key =
                condition.field == "message_id" && !rule.messageIDs.isEmpty
                ? "it wants that" : "'where' wants that"
            let found = values.map { "'\(Printable.text($0, limit: 80))'" }.joined(separator: " and ")
            return "\(key) \(written.text), and here \(values.isEmpty ? "there is none" : "it is \(found)")"
        }
    }

    /// Why a file's line is not the kernel's.
    private var otherThanKernel: String {
        if record.isOfContainer { return "this one is a container's" }
        if let writer = record.identifier { return "this one is of '\(Printable.text(Array(writer.utf8), limit: 80))'" }
        if record.isBare {
            return
                "this one has no header and does not begin with what the rule looks for: so it counts only in a file such "
                + "as kern.log or dmesg"
        }
        return "the line names no program and its header is not the kernel's"
    }

    /// Which lines its `unless` names by a name that no pattern stands for.
    private func spared() -> [String] {
        var reasons: [String] = []
        if parts.sparesStrangers, let words = strangersWords() {
            reasons.append("its 'unless' names \(NamedException.strangers.rawValue), and \(words)")
        }
        if parts.sparesRoutine, record.isRoutine {
            let name = NamedException.routine.rawValue
            reasons.append("its 'unless' names \(name), and the line calls itself notice, info or milder")
        }
        return reasons
    }

    private func strangersWords() -> String? {
        if let name = record.identifier, StrangersWords.isRepeater(Array(name.utf8)[...]) {
            return "'\(Printable.text(Array(name.utf8), limit: 80))' repeats what strangers say"
        }
        guard parts.hasPatterns else { return nil }
        switch record.strangersWords {
        case .none: return nil
        case .all: return "it is a line of a web server's access log"
        case .some(let masked):
            guard let pattern = firstMatch(.match), pattern.match(masked, matcher.workspace) != .matched else {
                return nil
            }
            return "what it matches is of the request, whose words a client chose"
        }
    }

    /// Conditions that were not asked, and that a journal's entry, or the line in its file, would have to meet.
    private func unasked() -> [String] {
        zip(parts.conditions, RuleCompiler.conditions(of: rule)).compactMap { condition, written in
            if !isAsked(condition) {
                return "not asked of a file's line, but of a journal's entry: \(written.text)"
            }
            return RuleField.values(condition.field, of: record).isEmpty && !condition.wanted.isEmpty
                ? "not known of this line, and asked where it is: \(written.text) (--field names it)" : nil
        }
    }

    private func consequences() -> [String] {
        var reasons: [String] = []
        if let threshold = rule.threshold, threshold.count > 1 {
            reasons.append(
                "an incident begins with \(threshold.count) hits of one group within \(threshold.within.text)")
        }
        if let every = rule.expectEvery { reasons.append("the incident is that none came for \(every.text)") }
        return reasons
    }

    private static func named(_ pattern: Pattern) -> String {
        NamedException(text: pattern.text)?.rawValue ?? "`\(Printable.text(pattern.text, limit: 80))`"
    }
}
