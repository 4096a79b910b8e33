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

    init(_ batch: RecordBatch, _ matcher: Matcher) {
        self.batch = batch
        self.matcher = matcher
        marks = matcher.marks(in: batch)
    }

    /// The hit, built.
    func hit(_ mark: Marks.Mark) -> Hit { matcher.hit(mark, of: marks, in: batch) }
    /// The recovery, built.
    func recovery(_ mark: Marks.Mark) -> Matches.Recovery { matcher.recovery(mark, of: marks, in: batch) }
    func rule(_ mark: Marks.Mark) -> Rule { matcher.rules.rules[mark.rule] }

    func time(of mark: Marks.Mark) -> Timestamp? {
        switch mark.place {
        case .line(let number): marks.headers[number].time
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
        if case .line(let number) = mark.place {
            return marks.headers[number].identifier?.utf8.starts(with: wanted) ?? false
        }
        return value("identifier", of: mark)?.starts(with: wanted) ?? false
    }

    // MARK: What groups

    /// The fingerprint that `Occurrence` makes of the hit, of a rule that groups.
    func fingerprint(of mark: Marks.Mark, _ rule: String, groupBy: [String]?, localHost: String) -> Fingerprint {
        Occurrence.fingerprint(
            of: rule, groupBy: groupBy, uid: uid(of: mark), host: host(of: mark), unit: unit(of: mark),
            source: batch.source, localHost: localHost
        ) { name in
            var bytes: [UInt8] = []
            if name == "message" {
                appendMessage(of: mark, to: &bytes)
            } else {
                appendValue(name, of: mark, to: &bytes)
            }
            return bytes
        }
    }

    private func host(of mark: Marks.Mark) -> String? {
        if case .line(let number) = mark.place { return marks.headers[number].host }
        return value("host", of: mark).map { String(decoding: $0, as: UTF8.self) }
    }

    private func unit(of mark: Marks.Mark) -> String? {
        guard case .journal(let entries) = batch.origin else { return nil }
        return entries.unit(at: mark.index).map { String(decoding: $0, as: UTF8.self) }
    }

    private func appendMessage(of mark: Marks.Mark, to bytes: inout [UInt8]) {
        if case .built(let number) = mark.place {
            bytes.append(contentsOf: marks.records[number].message.prefix(GroupValue.limit))
        } else {
            bytes.append(contentsOf: batch.bytes[mark.message].prefix(GroupValue.limit))
        }
    }

    func appendHost(of mark: Marks.Mark, to bytes: inout [UInt8]) {
        if case .line(let number) = mark.place {
            if let host = marks.headers[number].host { bytes.append(contentsOf: host.utf8) }
        } else if let host = value("host", of: mark) {
            bytes.append(contentsOf: host)
        }
    }

    /// The unit, else the source.
    func appendPlace(of mark: Marks.Mark, to bytes: inout [UInt8]) {
        if case .journal(let entries) = batch.origin, let unit = entries.unit(at: mark.index) {
            bytes.append(contentsOf: unit)
            bytes.append(0)  // no name of a source ends so
        } else {
            bytes.append(contentsOf: batch.source.name.utf8)
        }
    }

    func appendShape(of mark: Marks.Mark, to bytes: inout [UInt8]) {
        if case .built(let number) = mark.place {
            MessageShape.append(marks.records[number].message, to: &bytes)
        } else {
            MessageShape.append(batch.bytes[mark.message], to: &bytes)
        }
    }

    /// What a capture took, else a field's value.
    func appendValue(_ name: String, of mark: Marks.Mark, to bytes: inout [UInt8]) {
        if let range = matcher.captured(name, mark, of: marks) {
            if case .built(let number) = mark.place {
                bytes.append(contentsOf: marks.records[number].message[range])
            } else {
                let start = mark.message.lowerBound
                bytes.append(contentsOf: batch.bytes[(start + range.lowerBound)..<(start + range.upperBound)])
            }
        } else if let value = value(name, of: mark) {
            bytes.append(contentsOf: value)
        }
    }

    private func value(_ field: String, of mark: Marks.Mark) -> [UInt8]? {
        // Not read, but found in the message, when a record is built.
        if field == Record.traceLanguage { return batch.record(at: mark.index).values(of: field).first }
        return switch mark.place {
        case .line(let number): batch.values(of: field, at: mark.index, marks.headers[number]).first
        case .built(let number): marks.records[number].values(of: field).first
        case .entry: batch.values(of: field, at: mark.index, nil).first
        }
    }
}
