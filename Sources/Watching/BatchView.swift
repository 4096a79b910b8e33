// A batch with what the matcher marked in it: what is asked of a hit before it is built.

import Formats
import Incidents
import Records
import RuleMatching
import Rules

/// The marks of a batch, and the batch.
struct BatchView {
    let batch: RecordBatch
    let marks: Marks
    let matcher: Matcher
    /// The name of the source, as it is and as it is shown.
    let source: ArraySlice<UInt8>
    let shownSource: ArraySlice<UInt8>

    init(_ batch: RecordBatch, _ matchers: MatcherPair) {
        self.batch = batch
        matcher = matchers.matcher
        source = Array(batch.source.name.utf8)[...]
        shownSource = Array(Origin.shown(batch.source).utf8)[...]
        marks = matchers.marks(in: batch)
    }

    /// The hit, built.
    func hit(_ mark: Marks.Mark) -> Hit { matcher.hit(mark, of: marks, in: batch) }
    /// The recovery, built.
    func recovery(_ mark: Marks.Mark) -> Matches.Recovery { matcher.recovery(mark, of: marks, in: batch) }
    func rule(_ mark: Marks.Mark) -> Rule { matcher.rules.rules[mark.rule] }

    func time(of mark: Marks.Mark) -> Timestamp? {
        switch mark.place {
        case .outlined(let number): marks.outlines[number].time
        case .line(let number): batch.time(at: mark.index, marks.headers[number])
        case .built(let number): marks.records[number].time
        case .entry: batch.time(at: mark.index, nil)
        }
    }

    func uid(of mark: Marks.Mark) -> UInt32? {
        if case .journal(let entries) = batch.origin { entries.uid(at: mark.index) } else { nil }
    }

    /// Whether the record's program has a name that begins so.
    func identifier(of mark: Marks.Mark, beginsWith prefix: StaticString) -> Bool {
        let wanted = UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount)
        switch mark.place {
        case .outlined(let number): return batch.bytes[marks.outlines[number].identifier].starts(with: wanted)
        case .line(let number): return marks.headers[number].identifier?.utf8.starts(with: wanted) ?? false
        default: return value("identifier", of: mark)?.starts(with: wanted) ?? false
        }
    }

    /// Of a line with a header of syslog all that its record is made of, but for its time.
    func behindTime(of mark: Marks.Mark) -> ArraySlice<UInt8>? {
        guard case .outlined(let number) = mark.place else { return nil }
        let outline = marks.outlines[number]
        let start = [outline.host, outline.identifier].first { !$0.isEmpty }?.lowerBound ?? outline.messageStart
        return batch.bytes[start..<batch.ranges[mark.index].upperBound]
    }

    // MARK: What groups

    /// As the record names it, but for bytes that are not UTF-8.
    func host(of mark: Marks.Mark) -> ArraySlice<UInt8>? {
        switch mark.place {
        case .outlined(let number):
            let place = marks.outlines[number].host
            return place.isEmpty ? nil : batch.bytes[place]
        case .line(let number): return marks.headers[number].host.map { Array($0.utf8)[...] }
        case .built, .entry: return value("host", of: mark)
        }
    }

    func unit(of mark: Marks.Mark) -> ArraySlice<UInt8>? {
        if case .journal(let entries) = batch.origin { entries.unit(at: mark.index) } else { nil }
    }

    func message(of mark: Marks.Mark) -> ArraySlice<UInt8> {
        if case .built(let number) = mark.place {
            marks.records[number].message[...]
        } else {
            batch.bytes[mark.message]
        }
    }

    /// What a capture took, else a field's value.
    func value(_ name: String, of mark: Marks.Mark) -> ArraySlice<UInt8>? {
        if let range = matcher.captured(name, mark, of: marks) {
            if case .built(let number) = mark.place { return marks.records[number].message[range] }
            let start = mark.message.lowerBound
            return batch.bytes[(start + range.lowerBound)..<(start + range.upperBound)]
        }
        // Not read, but found in the message, when a record is built.
        if name == Record.traceLanguage { return batch.record(at: mark.index).values(of: name).first?[...] }
        return switch mark.place {
        case .outlined(let number): batch.value(of: name, at: mark.index, marks.outlines[number])
        case .line(let number): batch.values(of: name, at: mark.index, marks.headers[number]).first?[...]
        case .built(let number): marks.records[number].values(of: name).first?[...]
        case .entry: batch.values(of: name, at: mark.index, nil).first?[...]
        }
    }
}
