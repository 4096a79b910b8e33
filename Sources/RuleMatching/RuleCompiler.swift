// Rules made ready to match: every pattern compiled by PCRE2, and relaxed into the one Vectorscan database; what takes a hit
// back has a database of its own (ExceptionSearch). All faults of all patterns are found before any is reported.

import Records
import Rules
import YAML

/// What the scan searches for: a pattern of a rule.
struct Search {
    enum Role: Equatable { case match, recovery }
    var rule: Int
    var role: Role
    var pattern: CompiledPattern
    /// Where it matches a file's line, the line is hit: nothing else of its rule is asked.
    var isDecisiveInFiles: Bool
}

/// A rule's parts that are looked at for each candidate: an object, because a copy of them for each costs more than the
/// decision. So are its conditions.
final class CompiledRule {
    final class Condition {
        let field: String
        /// Any of them; with none, whatever is not excluded.
        private(set) var wanted: [ValuePattern] = []
        private(set) var excluded: [ValuePattern] = []
        /// It wants the kernel's entries. A file's line has no transport, but one that names its program names the kernel
        /// too: whoever else writes to syslog is not the kernel, and no client of a web server is.
        let isOfKernel: Bool
        /// A header of syslog can have it.
        let isInSyslog: Bool
        /// Of lines with such a header all of one file and one program have it, or none.
        let isOfProgramInSyslog: Bool
        /// The one number of a process that it asks for.
        let pid: Int32?

        init(_ condition: FieldCondition) {
            field = condition.field
            isInSyslog = RecordBatch.hasInSyslog(field: field)
            isOfProgramInSyslog = !isInSyslog || ["identifier", "file", "priority"].contains(field)
            let number = condition.field == "pid" && condition.values.count == 1 ? Int32(condition.values[0]) : nil
            pid = number.flatMap { "\($0)" == condition.values[0] ? $0 : nil }
            isOfKernel = condition.field == "transport" && condition.values.allSatisfy { $0 == "kernel" }
            for value in condition.values {
                if value.hasPrefix("!") {
                    excluded.append(ValuePattern(String(value.dropFirst())))
                } else {
                    wanted.append(ValuePattern(value))
                }
            }
        }

        /// Of the priority, of a record whose message names a level by itself: the graver of the two counts.
        func holds(stated: UInt8, _ values: [[UInt8]]) -> Bool {
            let own = values.first?.first.map { $0 &- UInt8(ascii: "0") } ?? .max
            return holds([[UInt8(ascii: "0") + min(own, stated)]], strictly: true)
        }

        /// Whether a record with these values of the field is asked for. `strictly`: also where it has none.
        func holds(_ values: [[UInt8]], strictly: Bool) -> Bool {
            if values.isEmpty { return !strictly || wanted.isEmpty }
            if values.contains(where: { value in excluded.contains { $0.matches(value) } }) { return false }
            return wanted.isEmpty || values.contains { value in wanted.contains { $0.matches(value) } }
        }
    }
    var conditions: [Condition] = []
    var unless: [Exception] = []
    /// Decided by fields alone.
    var hasPatterns = true
    /// `unless: <strangers>`: it does not see what a web server's client chose, and is not asked of programs that repeat
    /// what strangers say.
    var sparesStrangers = false
    /// `unless: <routine>`: what calls itself notice, info or milder does not count as a match.
    var sparesRoutine = false
    /// It is asked only where no other rule hit.
    var isFloor = false
    /// Its matches are signs of life.
    var isExpected = false
    /// For a rule without patterns: a bit for each priority that it asks for; all when it asks for none.
    var priorities: UInt8 = 0xff
    /// Of these, those that can be read in a file's line where nothing else is asked that only the journal has.
    var levelsInFiles: UInt8 = 0
}

struct RuleCompiler {
    private(set) var searches: [Search] = []
    private(set) var compiled: [CompiledRule] = []
    private(set) var exceptions = ExceptionCompiler()
    private(set) var faults: [Diagnostic] = []
    /// What is searched for, one for each of `searches`.
    private(set) var expressions: [PatternDatabase.Expression] = []

    private let classes = ClassBytes()
    /// What must be there of each of `searches`: what is searched for depends on what others are.
    private var plain: [PlainPattern] = []

    init(_ rules: RuleSet) {
        for (index, rule) in rules.rules.enumerated() { add(rule, index) }
        let shared = RelaxedPattern.sharedTexts(plain)
        expressions = plain.map {
            PatternDatabase.Expression(text: RelaxedPattern($0, classes, without: shared).text)
        }
        plain = []
    }

    private mutating func add(_ rule: Rule, _ index: Int) {
        let parts = CompiledRule()
        parts.conditions = Self.conditions(of: rule).map { CompiledRule.Condition($0) }
        parts.hasPatterns = !rule.match.isEmpty
        (parts.sparesStrangers, parts.sparesRoutine) = (
            rule.spared.contains(.strangers), rule.spared.contains(.routine)
        )
        parts.isFloor = rule.isFloor
        parts.isExpected = rule.expectEvery != nil
        for condition in parts.conditions where condition.field == "priority" {
            let asked = (UInt8(0)..<8).filter { condition.holds([[UInt8(ascii: "0") + $0]], strictly: true) }
            parts.priorities &= asked.reduce(0) { $0 | 1 << $1 }
        }
        let journalAlone: Set = ["transport", "unit", "uid", "message_id", "executable"]
        if rule.match.isEmpty, parts.conditions.contains(where: { $0.field == "priority" }),
            !parts.conditions.contains(where: { journalAlone.contains($0.field) && !$0.wanted.isEmpty })
        {
            parts.levelsInFiles = parts.priorities
        }
        parts.unless = rule.unless.flatMap { unless($0, of: rule) }
        compiled.append(parts)
        let isDecisive = Self.isDecidedByPatternInFiles(rule)
        for pattern in rule.match { search(pattern, .match, index, isDecisive, "'match' of rule '\(rule.id)'") }
        for pattern in rule.recoveredBy {
            search(pattern, .recovery, index, false, "'recovered_by' of rule '\(rule.id)'")
        }
    }

    /// Whether nothing but its patterns decides whether a rule hits a file's line in which no exception was found.
    private static func isDecidedByPatternInFiles(_ rule: Rule) -> Bool {
        let example = Record(source: .file(""), message: [])
        return rule.expectEvery == nil && !rule.isFloor
            && conditions(of: rule).allSatisfy {
                $0.field != "file" && !example.has(field: $0.field) && !CompiledRule.Condition($0).isOfKernel
            }
    }

    /// All that a rule asks of fields: its `where`, and its `message_id`.
    static func conditions(of rule: Rule) -> [FieldCondition] {
        rule.where + (rule.messageIDs.isEmpty ? [] : [FieldCondition("message_id", rule.messageIDs)])
    }

    private mutating func search(
        _ pattern: Pattern, _ role: Search.Role, _ rule: Int, _ isDecisive: Bool, _ subject: String
    ) {
        guard let (code, syntax) = compile(pattern, subject) else { return }
        if code.matchesNothing() {
            return fault(
                pattern, "it can match an empty text, so it would hit every line; name what must be there", subject)
        }
        guard let plain = PlainPattern(syntax) else {
            let message = "without its anchors and lookaround nothing is left to search for; name what must be there"
            return fault(pattern, message, subject)
        }
        searches.append(Search(rule: rule, role: role, pattern: code, isDecisiveInFiles: isDecisive))
        self.plain.append(plain)
    }

    private mutating func unless(_ pattern: Pattern, of rule: Rule) -> [Exception] {
        if let known = exceptions.exceptions(of: pattern) { return known }
        let subject = "'unless' of rule '\(rule.id)'"
        guard let (code, syntax) = compile(pattern, subject) else { return [] }
        if code.matchesNothing() {
            fault(pattern, "it can match an empty text, so it would take every hit back", subject)
        }
        return exceptions.add(pattern, code, syntax)
    }

    private mutating func compile(_ pattern: Pattern, _ subject: String) -> (CompiledPattern, PatternSyntax)? {
        do throws(Diagnostic) {
            let syntax = try Self.syntax(pattern, subject)
            return (try CompiledPattern(pattern, of: subject, beginning: Self.beginning(of: syntax)), syntax)
        } catch {
            faults.append(error)
            return nil
        }
    }

    /// The bytes that everything begins with that the pattern matches; none where that is not plain to see.
    private static func beginning(of syntax: PatternSyntax) -> [UInt8] {
        guard syntax.alternatives.count == 1, let nodes = syntax.alternatives.first else { return [] }
        var bytes: [UInt8] = []
        for node in nodes {
            switch node {
            case .boundary where bytes.isEmpty: continue
            case .byte(let byte): bytes.append(byte)
            case .set(let text):
                guard let byte = RequiredText.literal(text) else { return bytes }
                bytes.append(byte)
            default: return bytes
            }
        }
        return bytes
    }

    /// First our own words for what is refused; PCRE2's are for the rest.
    private static func syntax(_ pattern: Pattern, _ subject: String) throws(Diagnostic) -> PatternSyntax {
        do throws(PatternFault) { return try PatternSyntax(pattern.text) } catch {
            let message = "\(error.message) (character \(error.offset + 1) of the pattern)"
            throw CompiledPattern.fault(pattern, message, of: subject)
        }
    }

    private mutating func fault(_ pattern: Pattern, _ message: String, _ subject: String) {
        faults.append(CompiledPattern.fault(pattern, message, of: subject))
    }

    // MARK: The database

    /// One database of all searches, in their order, and of two more: a line whose header may name a level that a rule
    /// without patterns asks for; a line of JSON, whose message does not stand in its bytes as it will be matched (escapes;
    /// members put together). With any fault found so far, or now, throws all.
    mutating func database(_ cache: DatabaseCache?) throws(MatcherError) -> PatternDatabase {
        let more = [
            PatternDatabase.Expression(text: levelSearch, multiline: true),
            PatternDatabase.Expression(text: Self.decodedLine, multiline: true),
        ]
        var fault = try build(with: more, cache)
        if case .failure = fault {
            judgeEach()
            fault = try build(with: more, cache)
        }
        switch fault {
        case .success(let database): return database
        case .failure(let error):
            let place = error.pattern.flatMap { $0 < searches.count ? searches[$0] : nil }
            let diagnostic =
                place.map { search in
                    CompiledPattern.fault(search.pattern.pattern, error.words, of: "the rules taken together")
                } ?? Diagnostic(file: "rules", message: "the rules cannot be compiled together: \(error.words)")
            throw MatcherError(faults: [diagnostic])
        }
    }

    /// The search for the exceptions: plain texts, so that only memory can lack.
    func exceptionSearch(_ database: DatabaseInWork) throws(MatcherError) -> ExceptionSearch {
        do throws(DatabaseFault) {
            return ExceptionSearch(try database.finished())
        } catch {
            let message = "the search for exceptions cannot be made: \(error.words)"
            throw MatcherError(faults: [Diagnostic(file: "rules", message: message)])
        }
    }

    /// With a second byte that can come first (StopBytes).
    static let decodedLine = "(?:^|\\xff)[\\{\\xff]|[s\\xff]td(?:out|err) [FP][^ \\n]* \\{"

    /// The levels that rules without patterns ask for, a bit for each.
    private var levels: UInt8 { compiled.reduce(0) { $0 | $1.levelsInFiles } }

    /// Where nobody asks, what stands in no text.
    private var levelSearch: String {
        let (patterns, atStart) = LogLevel.searches(for: levels)
        let relaxed = patterns.compactMap { pattern in
            (try? PatternSyntax(pattern)).flatMap { PlainPattern($0) }.map { RelaxedPattern($0, classes).text }
        }
        let all = relaxed + (atStart.isEmpty ? [] : ["(?:^|\\xff)(?:\(atStart.joined(separator: "|")))"])
        return all.isEmpty ? StopBytes.fillers[0] : all.joined(separator: "|")
    }

    private func build(
        with more: [PatternDatabase.Expression], _ cache: DatabaseCache?
    ) throws(MatcherError) -> Result<PatternDatabase, DatabaseFault> {
        if !faults.isEmpty { throw MatcherError(faults: faults) }
        do throws(DatabaseFault) { return .success(try PatternDatabase(expressions + more, cache: cache)) } catch {
            return .failure(error)
        }
    }

    /// Finds what Vectorscan takes as it is, as a prefilter, or not at all.
    private mutating func judgeEach() {
        for (index, search) in searches.enumerated() where PatternDatabase.fault(of: expressions[index]) != nil {
            expressions[index].prefilter = true
            if let words = PatternDatabase.fault(of: expressions[index]) {
                fault(search.pattern.pattern, words, "the block scan")
            }
        }
    }
}
