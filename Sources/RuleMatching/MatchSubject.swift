// What a decision asks of a record: one that stands in its batch, or one that was built.

import Formats
import Records
import Rules

/// A record to be decided about.
protocol MatchSubject {
    /// Of the record in its batch.
    var index: Int { get }
    /// Of the message: see `Marks.Mark`.
    var message: Range<Int> { get }
    /// The record, built if it is not.
    var record: Record { get }
    func has(field: String) -> Bool
    func values(of field: String) -> [[UInt8]]
    func withMessage<Answer>(_ body: (UnsafeBufferPointer<UInt8>) -> Answer) -> Answer
}

/// A record that was built: an example, or one whose text had to be decoded.
struct BuiltSubject: MatchSubject {
    let index: Int
    let record: Record

    var message: Range<Int> { 0..<record.message.count }
    func has(field: String) -> Bool { record.has(field: field) }
    func values(of field: String) -> [[UInt8]] { RuleField.values(field, of: record) }
    func withMessage<Answer>(_ body: (UnsafeBufferPointer<UInt8>) -> Answer) -> Answer {
        record.message.withUnsafeBufferPointer(body)
    }
}

/// A record where it stands in its batch. One object for all records of a batch, one after the other: a value would be
/// copied with the batch and the header in it for each (a tenth of the time of a storm).
final class StandingSubject: MatchSubject {
    private let batch: RecordBatch
    private(set) var index = 0
    /// Nil: an entry of the journal.
    private(set) var header: LineHeader?
    private(set) var message = 0..<0

    init(_ batch: RecordBatch) { self.batch = batch }

    /// Goes to another record.
    func stand(at index: Int, _ header: LineHeader?) {
        self.index = index
        self.header = header
        message = batch.message(at: index, header)
    }

    var record: Record { batch.record(at: index) }
    func has(field: String) -> Bool { batch.has(field: field, at: index, header) }
    func values(of field: String) -> [[UInt8]] {
        switch field {
        case "message": batch.values(of: "MESSAGE", at: index, header)
        case "executable": header == nil ? Array(batch.values(of: "_EXE", at: index, nil).prefix(1)) : []
        default: batch.values(of: field, at: index, header)
        }
    }
    func withMessage<Answer>(_ body: (UnsafeBufferPointer<UInt8>) -> Answer) -> Answer {
        batch.bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[message])) }
    }
}
