// All rules at once over a batch: Vectorscan names the candidates, which are a superset; for these records alone the
// header is read, the fields are compared, and PCRE2 decides and captures on the message.

import Records
import Rules
import YAML

/// Why rules cannot be matched: every pattern at fault, with its place.
package struct MatcherError: Error, Sendable, CustomStringConvertible {
    package var faults: [Diagnostic]
    package var description: String { faults.map(\.description).joined(separator: "\n") }
}

/// The rules compiled. Used on one thread at a time; a second thread makes its own.
package final class Matcher {
    package let rules: RuleSet
    let searches: [Search]
    let compiled: [CompiledRule]
    let database: PatternDatabase
    let workspace = PatternWorkspace()
    /// Rules that fields alone decide, and those that wait for all others.
    private let fieldRules: [Int]
    private let floorRules: [Int]

    /// Compiles all patterns: about two milliseconds for each rule, unless the cache has them compiled.
    package init(_ rules: RuleSet, cache: DatabaseCache? = nil) throws(MatcherError) {
        var compiler = RuleCompiler(rules)
        database = try compiler.database(cache)
        self.rules = rules
        searches = compiler.searches
        compiled = compiler.compiled
        (fieldRules, floorRules) = Self.rulesWithoutSearch(rules)
    }

    private init(_ rules: RuleSet, _ compiler: RuleCompiler, _ database: PatternDatabase) {
        self.rules = rules
        self.database = database
        searches = compiler.searches
        compiled = compiler.compiled
        (fieldRules, floorRules) = Self.rulesWithoutSearch(rules)
    }

    /// The same rules for another thread: the database's code is shared, what a match writes to is not.
    func twin() -> Matcher { Matcher(rules, RuleCompiler(rules), database.twin()) }

    private static func rulesWithoutSearch(_ rules: RuleSet) -> (fields: [Int], floor: [Int]) {
        let indices = rules.rules.indices
        return (
            indices.filter { rules.rules[$0].match.isEmpty && !rules.rules[$0].isFloor },
            indices.filter { rules.rules[$0].isFloor }
        )
    }

    /// The hits alone.
    package func hits(in batch: RecordBatch) -> [(index: Int, hit: Hit)] {
        matches(in: batch).hits.map { ($0.index, $0.hit) }
    }

    /// All that the rules say of the batch, in the order of its records; of one record, in the order of the rules.
    package func matches(in batch: RecordBatch) -> Matches {
        var named = candidates(in: batch)
        named += recordsDecidedByFields(of: batch)
        named.sort { ($0.record, $0.search) < ($1.record, $1.search) }
        var matches = Matches()
        var from = 0
        while from < named.count {
            let index = named[from].record
            var to = from
            while to < named.count, named[to].record == index { to += 1 }
            decide(batch.record(at: index), index, named[from..<to].map(\.search), &matches)
            from = to
        }
        return matches
    }

    /// What the rules say of an example: a field of `where` that it does not show is not asked.
    package func matches(example record: Record) -> Matches {
        var matches = Matches()
        decide(record, 0, searches(in: record.message), .example, &matches)
        return matches
    }

    /// What the rules say of one record, of which the scan named `searches`.
    func matches(of record: Record, named searches: [Int]) -> Matches {
        var matches = Matches()
        decide(record, 0, searches, &matches)
        return matches
    }

    // MARK: Candidates

    /// `search` is an index of `searches`, or their count for a line of JSON, or -1 for a record to be looked at for
    /// its fields.
    private typealias Named = (record: Int, search: Int)

    private func candidates(in batch: RecordBatch) -> [Named] {
        batch.bytes.withUnsafeBytes { raw in
            database.scan(raw).compactMap { candidate in
                batch.index(ofByte: Int(candidate.end) - 1).map { (record: $0, search: Int(candidate.pattern)) }
            }
        }
    }

    private func searches(in message: [UInt8]) -> [Int] {
        let all = message.withUnsafeBytes { raw in database.scan(raw).map { Int($0.pattern) } }
        return Set(all).filter { $0 < searches.count }.sorted()
    }

    private func recordsDecidedByFields(of batch: RecordBatch) -> [Named] {
        guard batch.source.isJournal else { return [] }
        let rules = (fieldRules + floorRules).filter { !compiled[$0].hasPatterns }
        let byMessage = rules.filter { !self.rules.rules[$0].messageIDs.isEmpty }
        let ids = Set(byMessage.flatMap { self.rules.rules[$0].messageIDs })
        let priorities = rules.filter { self.rules.rules[$0].messageIDs.isEmpty }
            .reduce(UInt8(0)) { $0 | compiled[$1].priorities }
        if ids.isEmpty, priorities == 0 { return [] }
        return (0..<batch.count).compactMap { index in
            if let priority = batch.priority(at: index), priorities & (1 << (priority & 7)) != 0 { return (index, -1) }
            if !ids.isEmpty, let id = batch.messageID(at: index), ids.contains(id) { return (index, -1) }
            return nil
        }
    }

    // MARK: Decision

    enum Asking { case live, example }

    /// A record of a batch or a file.
    private func decide(_ record: Record, _ index: Int, _ named: [Int], _ matches: inout Matches) {
        // The decoded message of a line of JSON stands nowhere in the block: it is scanned by itself.
        let isDecoded = named.contains(searches.count)
        decide(record, index, isDecoded ? searches(in: record.message) : named, .live, &matches)
    }

    /// `found`: the searches that may match, sorted; numbers that are none are passed over.
    private func decide(
        _ record: Record, _ index: Int, _ found: [Int], _ asking: Asking, _ matches: inout Matches
    ) {
        var decision = Decision(matcher: self, record: record, index: index, asking: asking)
        let found = found.filter { searches.indices.contains($0) }
        var at = 0
        while at < found.count {
            let rule = searches[found[at]].rule
            var end = at
            while end < found.count, searches[found[end]].rule == rule { end += 1 }
            if !rules.rules[rule].isFloor { decision.patterns(found[at..<end], of: rule, &matches) }
            at = end
        }
        for rule in fieldRules { decision.fields(of: rule, &matches) }
        guard !decision.isHit else { return }
        for rule in floorRules {
            if compiled[rule].hasPatterns {
                decision.patterns(found.filter { searches[$0].rule == rule }[...], of: rule, &matches)
            } else {
                decision.fields(of: rule, &matches)
            }
            if decision.isHit { return }
        }
    }
}
