// Why rules do or do not hit a record: each rule's conditions asked one by one, where matching stops at the first that
// fails. Must stay true: what is called a hit here is what the matcher calls one.

import Formats
import Records
import Rules

/// Asks all rules about single records, for a person.
package struct RuleExplainer {
    /// Rules with one standing: in force, switched off, or in a file that another one replaces.
    private struct Group {
        var matcher: Matcher
        /// Why the rule of that index is not in force.
        var reasons: [String]
    }

    private var groups: [Group] = []

    /// - Parameter replaced: rules of files that others replace, with the path of the other.
    package init(_ matcher: Matcher, replaced: [(rule: Rule, by: String)] = []) {
        groups = [Group(matcher: matcher, reasons: [])]
        let known = Set(matcher.rules.rules.map(\.id))
        var others = matcher.rules.disabled.map { ($0, "it is switched off by 'disabled_rules'") }
        for (rule, by) in replaced where !known.contains(rule.id) {
            others.append((rule, "its file \(Printable.text(rule.file)) is replaced by \(Printable.text(by))"))
        }
        // Each by itself: one of a replaced file may be broken, which is no reason to be silent about the others.
        for (rule, reason) in others {
            guard let matcher = try? Matcher(RuleSet([rule])) else { continue }
            groups.append(Group(matcher: matcher, reasons: [reason]))
        }
    }

    /// The verdicts on a record: what matches in the order of the rules, then what nearly does, the nearest first.
    /// - Parameter id: with it, the verdict on this rule alone, however far it is.
    package func verdicts(on record: Record, rule id: String? = nil) -> [RuleVerdict] {
        var verdicts: [RuleVerdict] = []
        for (number, group) in groups.enumerated() {
            let matches = group.matcher.matches(example: record)
            for (index, rule) in group.matcher.rules.rules.enumerated() where id == nil || id == rule.id {
                let trial = RuleTrial(matcher: group.matcher, index: index, record: record)
                let verdict = trial.verdict(matches, standing: number == 0 ? nil : group.reasons.first)
                if verdict.outcome != .missed || id != nil { verdicts.append(verdict) }
            }
        }
        let matched = verdicts.filter { $0.outcome != .near }
        let near = verdicts.filter { $0.outcome == .near }
        // A stable order: by nearness, then as the rules stand.
        let sorted = near.enumerated().sorted { ($1.element.nearness, $0.offset) < ($0.element.nearness, $1.offset) }
        return matched + sorted.map(\.element)
    }

    /// A record as an example shows it: a line of a file, or with fields the message of a journal's entry.
    package static func record(of line: [UInt8], fields: [(name: String, value: String)], context: LineContext)
        -> Record
    {
        let path = fields.last { $0.name == "file" }?.value
        guard fields.isEmpty || path != nil else {
            return ExampleTrial.record(of: line, fields.map { Example.Field(name: $0.name, value: $0.value) })
        }
        var record = LineHeader.record(of: line, source: .file(path ?? "-"), context: context)
        for field in fields where field.name != "file" { ExampleTrial.set(field.name, field.value, of: &record) }
        return record
    }
}

/// One rule and one record.
private struct RuleTrial {
    let matcher: Matcher
    let index: Int
    let record: Record

    private var rule: Rule { matcher.rules.rules[index] }
    private var parts: CompiledRule { matcher.compiled[index] }

    /// - Parameter standing: why the rule is not in force; nil when it is.
    func verdict(_ matches: Matches, standing: String?) -> RuleVerdict {
        if standing == nil, let told = told(matches) { return told }
        var obstacles = standing.map { [$0] } ?? []
        let isHit = matches.hits.contains { $0.hit.rule.id == rule.id }
        let conditions = failedConditions()
        obstacles += conditions
        obstacles += strangers()
        let matched = firstMatch(.match)
        if let matched, let exception = parts.unless.first(where: { fits($0.pattern) }) {
            obstacles.append("its 'unless' takes it back: \(Self.named(exception.pattern.pattern)) matches too")
            return near(obstacles, nearness: 100, pattern: matched.pattern)
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
        for search in matcher.searches where search.rule == index && search.role == .match {
            if case .undecided(let words) = search.pattern.match(record.message, matcher.workspace) {
                let text = "gives up on this line (\(words)); make its repeats exclude each other"
                best = (PatternReach(nearness: 90, text: text), search.pattern.pattern)
                break
            }
            guard let reach = PatternReach(search.pattern.pattern, record, matcher.workspace) else { continue }
            if reach.nearness > best?.reach.nearness ?? 0 { best = (reach, search.pattern.pattern) }
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
        matcher.searches.first { $0.rule == index && $0.role == role && fits($0.pattern) }?.pattern
    }

    private func isAsked(_ condition: CompiledRule.Condition) -> Bool {
        !parts.hasPatterns || record.has(field: condition.field)
    }

    private func failedConditions() -> [String] {
        zip(parts.conditions, RuleCompiler.conditions(of: rule)).compactMap { condition, written in
            guard isAsked(condition) else {
                guard condition.isOfKernel, let writer = record.identifier, !record.mayBeOfKernel else { return nil }
                let shown = Printable.text(Array(writer.utf8), limit: 80)
                return "it is for the kernel's own lines, and this one is of '\(shown)'"
            }
            let values = RuleField.values(condition.field, of: record)
            if rule.isFloor, !parts.hasPatterns, condition.field == "priority", let stated = record.statedLevel,
                condition.holds(stated: stated, values)
            {
                return nil
            }
            if condition.holds(values, strictly: !parts.hasPatterns) { return nil }
            let key =
                condition.field == "message_id" && !rule.messageIDs.isEmpty
                ? "it wants that" : "'where' wants that"
            let found = values.map { "'\(Printable.text($0, limit: 80))'" }.joined(separator: " and ")
            return "\(key) \(written.text), and here \(values.isEmpty ? "there is none" : "it is \(found)")"
        }
    }

    /// What the rule does not see, because a client of a web server chose it.
    private func strangers() -> [String] {
        if parts.isUnscoped, let name = record.identifier, StrangersWords.isRepeater(Array(name.utf8)[...]) {
            return [
                "'\(Printable.text(Array(name.utf8), limit: 80))' repeats what strangers say: only rules whose `where` "
                    + "names a program, a unit or a file are asked"
            ]
        }
        if parts.namesWriter || !parts.hasPatterns { return [] }
        let named = record.source.isJournal || record.isTagged ? "`identifier:`" : "`file:`"
        switch record.strangersWords {
        case .none: return []
        case .all: return ["it is a web server's access log line: only rules that name \(named) are asked"]
        case .some(let masked):
            guard let pattern = firstMatch(.match), pattern.match(masked, matcher.workspace) != .matched else {
                return []
            }
            return [
                "what it matches is of the request, whose words a client chose: only rules that name \(named) see them"
            ]
        }
    }

    /// Conditions that this record cannot answer, and that a journal's entry would have to.
    private func unasked() -> [String] {
        zip(parts.conditions, RuleCompiler.conditions(of: rule)).compactMap { condition, written in
            if !isAsked(condition) {
                return "not asked of a file's line, but of a journal's entry: \(written.text)"
            }
            return RuleField.values(condition.field, of: record).isEmpty && !condition.wanted.isEmpty
                ? "not known here, and asked of a journal's entry: \(written.text)" : nil
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

    private static func named(_ pattern: Pattern) -> String { "`\(Printable.text(pattern.text, limit: 80))`" }
}
