// What a scan of a batch found, as places in the batch: nothing is copied out of it and no text is rendered. In a storm
// every line is hit, and all but a few hits are only counted; `Matches` is made of the marks that are told.

import Records
import Rules

/// Where a rule hit, in the order of the records; of one record, in the order of the rules.
package struct Marks: Sendable {
    /// A record that a rule hit, or that matched what ends the rule's incidents.
    package struct Mark: Sendable {
        /// Of the record in the batch.
        package var index: Int
        /// Of the rule in the matcher's rules.
        package var rule: Int
        /// Of the search whose pattern matched; -1 where fields alone decided.
        var search: Int
        /// Of what the pattern captured, in `captures`.
        var captured: Range<Int>
        package var place: Place
        /// Of the message: in the batch's bytes, or of a record that was built in its message.
        package var message: Range<Int>
    }

    /// Where a record that was looked at is to be found.
    package enum Place: Sendable {
        /// It stands in the batch, an entry of the journal.
        case entry
        /// It stands in the batch behind a header of syslog, the one of this number in `outlines`.
        case outlined(Int)
        /// It stands in the batch behind another header, the one of this number in `headers`.
        case line(Int)
        /// It had to be built, because its text had to be decoded: the one of this number in `records`.
        case built(Int)
    }

    /// What a named group took of the message.
    struct CapturedRange: Sendable {
        /// Of the name in those of the pattern.
        var name: Int
        /// In the message.
        var range: Range<Int>
    }

    package internal(set) var hits: [Mark] = []
    /// Records that matched the `recovered_by` of a rule.
    package internal(set) var recoveries: [Mark] = []
    /// Matches of rules with `expect`: the line that should come has come. They are no hits.
    package internal(set) var signsOfLife: [Mark] = []
    package internal(set) var notices: [MatchNotice] = []
    var captures: [CapturedRange] = []
    package internal(set) var outlines: [HeaderOutline] = []
    package internal(set) var headers: [LineHeader] = []
    package internal(set) var records: [Record] = []

    init() {}

    /// The record, if it was built to be decided about: a line that has to be decoded.
    package func record(of mark: Mark) -> Record? {
        if case .built(let number) = mark.place { records[number] } else { nil }
    }
}

extension Marks {
    /// Adds those of later records of the same batch.
    mutating func append(_ others: Marks) {
        let first = (captures.count, outlines.count, headers.count, records.count)
        func moved(_ mark: Mark) -> Mark {
            var mark = mark
            mark.captured = mark.captured.lowerBound + first.0..<mark.captured.upperBound + first.0
            switch mark.place {
            case .entry: break
            case .outlined(let number): mark.place = .outlined(number + first.1)
            case .line(let number): mark.place = .line(number + first.2)
            case .built(let number): mark.place = .built(number + first.3)
            }
            return mark
        }
        hits += others.hits.lazy.map(moved)
        recoveries += others.recoveries.lazy.map(moved)
        signsOfLife += others.signsOfLife.lazy.map(moved)
        notices += others.notices
        captures += others.captures
        outlines += others.outlines
        headers += others.headers
        records += others.records
    }
}

extension Matcher {
    /// The hit of a mark, built. `batch` is the one that the marks are of.
    package func hit(_ mark: Marks.Mark, of marks: Marks, in batch: RecordBatch) -> Hit {
        hit(mark, of: marks, marks.record(of: mark) ?? batch.record(at: mark.index))
    }

    /// What recovered, built.
    package func recovery(_ mark: Marks.Mark, of marks: Marks, in batch: RecordBatch) -> Matches.Recovery {
        recovery(mark, of: marks, marks.record(of: mark) ?? batch.record(at: mark.index))
    }

    /// What a capture of that name took, where it stands in the message; nil where there is none.
    package func captured(_ name: String, _ mark: Marks.Mark, of marks: Marks) -> Range<Int>? {
        guard mark.search >= 0 else { return nil }
        let names = searches[mark.search].pattern.groupNames
        return marks.captures[mark.captured].first { names[$0.name] == name }?.range
    }

    private func hit(_ mark: Marks.Mark, of marks: Marks, _ record: Record) -> Hit {
        Hit(rule: rules.rules[mark.rule], record: record, captures: captures(mark, of: marks, record.message))
    }

    private func recovery(_ mark: Marks.Mark, of marks: Marks, _ record: Record) -> Matches.Recovery {
        Matches.Recovery(
            index: mark.index, rule: rules.rules[mark.rule], record: record,
            captures: captures(mark, of: marks, record.message))
    }

    private func captures(_ mark: Marks.Mark, of marks: Marks, _ message: [UInt8]) -> [Capture] {
        guard mark.search >= 0 else { return [] }
        let names = searches[mark.search].pattern.groupNames
        return marks.captures[mark.captured].map { captured in
            Capture(name: names[captured.name], value: Array(message[captured.range.clamped(to: 0..<message.count)]))
        }
    }

    /// All marks built.
    func matches(_ marks: Marks, record: (Marks.Mark) -> Record) -> Matches {
        var matches = Matches()
        func found(_ mark: Marks.Mark) -> Matches.Found {
            Matches.Found(index: mark.index, hit: hit(mark, of: marks, marks.record(of: mark) ?? record(mark)))
        }
        matches.hits = marks.hits.map(found)
        matches.signsOfLife = marks.signsOfLife.map(found)
        matches.recoveries = marks.recoveries.map { recovery($0, of: marks, marks.record(of: $0) ?? record($0)) }
        matches.notices = marks.notices
        return matches
    }
}
