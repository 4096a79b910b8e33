// All rules at once over a batch: Vectorscan names the candidates, which are a superset; for these records alone the
// header is read, the fields are compared, and PCRE2 decides and captures on the message.

import Records
import Rules
import YAML

/// Why rules cannot be matched: every pattern at fault, with its place.
package struct MatcherError: Error, Sendable, CustomStringConvertible {
    package var faults: [Diagnostic]
    package init(faults: [Diagnostic]) { self.faults = faults }
    package var description: String { faults.map(\.description).joined(separator: "\n") }
}

/// The rules compiled. Used on one thread at a time; a second thread makes its own.
package final class Matcher {
    package let rules: RuleSet
    let searches: [Search]
    let compiled: [CompiledRule]
    /// `searches` and `compiled` as they are looked at for each candidate.
    let searchRows: [SearchRow]
    let ruleRows: [RuleRow]
    let database: PatternDatabase
    let exceptions: ExceptionSearch
    let workspace = PatternWorkspace()
    /// Rules that fields alone decide, and those that wait for all others.
    let fieldRules: [Int]
    let floorRules: [Int]
    /// What the scan names besides `searches`: a line whose header may name a level that a rule without patterns asks
    /// for, and a line of JSON.
    var levelNumber: Int { searches.count }
    var decodedNumber: Int { searches.count + 1 }

    /// Compiles all patterns: about two milliseconds for each rule, unless the cache has them compiled.
    package convenience init(_ rules: RuleSet, cache: DatabaseCache? = nil) throws(MatcherError) {
        var compiler = RuleCompiler(rules)
        let exceptions = DatabaseInWork(compiler.exceptions.expressions, cache)
        let database = try compiler.database(cache)
        self.init(rules, compiler, database, try compiler.exceptionSearch(exceptions))
    }

    private init(
        _ rules: RuleSet, _ compiler: RuleCompiler, _ database: PatternDatabase, _ exceptions: ExceptionSearch
    ) {
        self.rules = rules
        self.database = database
        self.exceptions = exceptions
        searches = compiler.searches
        compiled = compiler.compiled
        searchRows = searches.map { SearchRow($0) }
        ruleRows = compiled.map { RuleRow($0) }
        (fieldRules, floorRules) = Self.rulesWithoutSearch(rules)
    }

    /// The same rules for another thread: the database's code is shared, what a match writes to is not.
    func twin() -> Matcher { Matcher(rules, RuleCompiler(rules), database.twin(), exceptions.twin()) }

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

    /// All that the rules say of the batch, built: in the order of its records; of one record, in the order of the rules.
    package func matches(in batch: RecordBatch) -> Matches {
        matches(marks(in: batch)) { batch.record(at: $0.index) }
    }

    /// All that the rules say of the batch, in the same order, as places in it.
    package func marks(in batch: RecordBatch) -> Marks { marks(in: batch, of: 0..<batch.count) }

    /// The same of some of its records.
    func marks(in batch: RecordBatch, of records: Range<Int>) -> Marks {
        var named = candidates(in: batch, of: records)
        let byFields = recordsDecidedByFields(of: batch, records) + recordsOfLevel(in: batch, records)
        named += byFields
        if !byFields.isEmpty { named.sort() }
        var marks = Marks()
        marks.hits.reserveCapacity(named.count)
        batch.bytes.withUnsafeBufferPointer { bytes in
            let decision = Decision(self, StandingSubject(batch, bytes, rules: rules.rules.count), .live)
            var searches: [Int32] = []
            var from = 0
            while from < named.count {
                let record = named[from].record
                searches.removeAll(keepingCapacity: true)
                while from < named.count, named[from].record == record {
                    if searches.last != named[from].search { searches.append(named[from].search) }
                    from += 1
                }
                searches.withUnsafeBufferPointer { searches in
                    if !isPassedOver(batch, Int(record), searches) {
                        decide(batch, decision, Int(record), searches, &marks)
                    }
                }
            }
        }
        return marks
    }

    /// What the rules say of an example: a field of `where` that it does not show is not asked.
    package func matches(example record: Record) -> Matches {
        var marks = Marks()
        let subject = BuiltSubject(index: 0, record: record)
        let decision = Decision(self, subject, .example)
        decision.decide(searches(in: record.message), isLevelNamed: true, at: .entry, &marks)
        return matches(marks) { _ in record }
    }

    /// What the rules say of one record, of which the scan named `searches`.
    func matches(of record: Record, named searches: [Int]) -> Matches {
        var marks = Marks()
        decide(BuiltSubject(index: 0, record: record), searches, &marks)
        return matches(marks) { _ in record }
    }

    // MARK: Candidates

    /// `search` is an index of `searches`, one of the two numbers behind them, or -1 for a record to be looked at for its
    /// fields.
    private struct Named: Comparable {
        var record: Int32
        var search: Int32

        init(_ record: Int, _ search: Int32) {
            (self.record, self.search) = (Int32(truncatingIfNeeded: record), search)
        }

        static func < (a: Named, b: Named) -> Bool { a.record != b.record ? a.record < b.record : a.search < b.search }
    }

    /// Sorted.
    private func candidates(in batch: RecordBatch, of records: Range<Int>) -> [Named] {
        batch.bytes.withUnsafeBytes { raw in
            let start = records.lowerBound == 0 ? 0 : batch.ranges[records.lowerBound].lowerBound
            let end = records.upperBound == batch.count ? raw.count : batch.ranges[records.upperBound].lowerBound
            let found = database.scan(UnsafeRawBufferPointer(rebasing: raw[start..<end]))
            var named: [Named] = []
            named.reserveCapacity(found.count)
            var last = records.lowerBound
            for candidate in found {
                // Most end in the record of the one before, or in the next.
                let byte = start + Int(candidate.end) - 1
                while last + 1 < records.upperBound, batch.ranges[last].upperBound < byte { last += 1 }
                if last < batch.count, batch.ranges[last].lowerBound <= byte, byte <= batch.ranges[last].upperBound {
                    Self.insert(Named(last, candidate.pattern), &named)
                } else if let index = batch.index(ofByte: byte) {
                    Self.insert(Named(index, candidate.pattern), &named)
                }
            }
            return named
        }
    }

    /// They come in the order of their ends, so this passes over the few of one record at most.
    private static func insert(_ new: Named, _ named: inout [Named]) {
        named.append(new)
        var at = named.count - 1
        while at > 0, new < named[at - 1] {
            named.swapAt(at, at - 1)
            at -= 1
        }
    }

    /// The searches that the scan names in a message: a superset of those that match.
    func searches(in message: [UInt8]) -> [Int] {
        let all = message.withUnsafeBytes { raw in database.scan(raw).map { Int($0.pattern) } }
        return Set(all).filter { $0 < searches.count }.sorted()
    }

    /// Of decoded lines: their levels stand beside the message, in the lines as they were.
    private func recordsOfLevel(in batch: RecordBatch, _ records: Range<Int>) -> [Named] {
        guard case .decoded(_, let lines, let ranges) = batch.origin else { return [] }
        return lines.withUnsafeBytes { raw in
            var named: [Named] = []
            var index = 0
            var last = -1
            let level = Int32(truncatingIfNeeded: levelNumber)
            for candidate in database.scan(raw) where candidate.pattern == level {
                while index < ranges.count, ranges[index].upperBound < Int(candidate.end) { index += 1 }
                if last != index, records.contains(index) { named.append(Named(index, level)) }
                last = index
            }
            return named
        }
    }

    private func recordsDecidedByFields(of batch: RecordBatch, _ records: Range<Int>) -> [Named] {
        guard batch.source.isJournal else { return [] }
        let rules = (fieldRules + floorRules).filter { !compiled[$0].hasPatterns }
        let byMessage = rules.filter { !self.rules.rules[$0].messageIDs.isEmpty }
        let ids = Set(byMessage.flatMap { self.rules.rules[$0].messageIDs })
        let priorities = rules.filter { self.rules.rules[$0].messageIDs.isEmpty }
            .reduce(UInt8(0)) { $0 | compiled[$1].priorities }
        if ids.isEmpty, priorities == 0 { return [] }
        return records.compactMap { index in
            let looked = Named(index, -1)
            if let priority = batch.priority(at: index), priorities & (1 << (priority & 7)) != 0 { return looked }
            if !ids.isEmpty, let id = batch.messageID(at: index), ids.contains(id) { return looked }
            return nil
        }
    }

    /// Whether a line of JSON in which no pattern was found can be hit by nothing else, so that it needs no parsing.
    private func isPassedOver(_ batch: RecordBatch, _ index: Int, _ named: UnsafeBufferPointer<Int32>) -> Bool {
        guard named.count == 1, named.first == Int32(truncatingIfNeeded: decodedNumber) else { return false }
        // The journal's messages are no lines of JSON to be decoded, whatever they look like.
        if batch.source.isJournal { return true }
        guard case .lines = batch.origin else { return false }
        return batch.bytes.withUnsafeBytes {
            LineHeader.isLiteral(UnsafeRawBufferPointer(rebasing: $0[batch.ranges[index]]))
        }
    }

    // MARK: Decision

    enum Asking { case live, example }

    /// A record of a batch; `named` is sorted.
    private func decide(
        _ batch: RecordBatch, _ decision: Decision<StandingSubject>, _ index: Int,
        _ named: UnsafeBufferPointer<Int32>, _ marks: inout Marks
    ) {
        let isLevelNamed = named.contains(Int32(truncatingIfNeeded: levelNumber))
        if batch.source.isJournal {
            decision.subject.stand(atEntry: index)
            return decision.decide(named, isLevelNamed: isLevelNamed, at: .entry, &marks)
        }
        if named.last != Int32(truncatingIfNeeded: decodedNumber) {
            if let outline = decision.subject.standOutlined(at: index) {
                marks.outlines.append(outline)
                let place = Marks.Place.outlined(marks.outlines.count - 1)
                return decision.decide(named, isLevelNamed: isLevelNamed, at: place, &marks)
            }
            if let header = batch.header(at: index) {
                decision.subject.stand(at: index, header)
                marks.headers.append(header)
                let place = Marks.Place.line(marks.headers.count - 1)
                return decision.decide(named, isLevelNamed: isLevelNamed, at: place, &marks)
            }
        }
        decide(BuiltSubject(index: index, record: batch.record(at: index)), named.map { Int($0) }, &marks)
    }

    /// A record that was built.
    private func decide(_ subject: BuiltSubject, _ named: [Int], _ marks: inout Marks) {
        // The decoded message of a line of JSON stands nowhere in the block: it is scanned by itself.
        let isDecoded = named.contains(decodedNumber)
        let found = isDecoded ? searches(in: subject.record.message) : named
        marks.records.append(subject.record)
        let decision = Decision(self, subject, .live)
        decision.decide(
            found, isLevelNamed: named.contains(levelNumber), at: .built(marks.records.count - 1), &marks)
    }
}
