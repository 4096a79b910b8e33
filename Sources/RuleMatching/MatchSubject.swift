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
    /// Of a file's line.
    var mayBeOfKernel: Bool { get }
    /// A file's line with nothing before its text: see `KernelLine`.
    var isBare: Bool { get }
    /// What of the message its writer only repeats.
    var strangersWords: StrangersWords { get }
    /// Its program writes what strangers say: see `StrangersWords.isRepeater`.
    var isOfRepeater: Bool { get }
    /// It calls itself notice, info or milder: see `Record.isRoutine`.
    var isRoutine: Bool { get }
    /// The level that the message names by itself: see `Record.statedLevel`.
    var statedLevel: UInt8? { get }
    /// What is known already of the rules that are asked of its program's lines; nil where it is not kept.
    var programVerdicts: UnsafeMutableBufferPointer<ProgramVerdicts.Verdict>? { get }
    func has(_ condition: CompiledRule.Condition) -> Bool
    func values(of field: String) -> [[UInt8]]
    /// Whether it has what the condition asks for; `strictly`: also where it has no value.
    func meets(_ condition: CompiledRule.Condition, strictly: Bool) -> Bool
    func withMessage<Answer>(_ body: (UnsafeBufferPointer<UInt8>) -> Answer) -> Answer
}

extension MatchSubject {
    var programVerdicts: UnsafeMutableBufferPointer<ProgramVerdicts.Verdict>? { nil }

    func meets(_ condition: CompiledRule.Condition, strictly: Bool) -> Bool {
        condition.holds(values(of: condition.field), strictly: strictly)
    }
}

/// A record that was built: an example, or one whose text had to be decoded.
struct BuiltSubject: MatchSubject {
    let index: Int
    let record: Record
    let strangersWords: StrangersWords

    init(index: Int, record: Record) {
        (self.index, self.record) = (index, record)
        strangersWords = record.strangersWords
    }

    var message: Range<Int> { 0..<record.message.count }
    var mayBeOfKernel: Bool { record.mayBeOfKernel }
    var isBare: Bool { record.isBare }
    var isOfRepeater: Bool { record.identifier.map { StrangersWords.isRepeater(Array($0.utf8)[...]) } ?? false }
    var isRoutine: Bool { record.isRoutine }
    var statedLevel: UInt8? { record.statedLevel }
    func has(_ condition: CompiledRule.Condition) -> Bool { record.has(field: condition.field) }
    func values(of field: String) -> [[UInt8]] { RuleField.values(field, of: record) }
    func withMessage<Answer>(_ body: (UnsafeBufferPointer<UInt8>) -> Answer) -> Answer {
        record.message.withUnsafeBufferPointer(body)
    }
}

/// A record where it stands in its batch. One object for all records of a batch, one after the other: a value would be
/// copied with the batch and the header in it for each (a tenth of the time of a storm).
final class StandingSubject: MatchSubject {
    /// What was read of the record.
    private enum Head {
        case entry
        case line(LineHeader)
        case outlined(HeaderOutline)
    }

    private let batch: RecordBatch
    /// Of the batch.
    private let bytes: UnsafeBufferPointer<UInt8>
    private let verdicts: ProgramVerdicts
    private(set) var programVerdicts: UnsafeMutableBufferPointer<ProgramVerdicts.Verdict>?
    private var outlines: OutlineReader?
    private(set) var index = 0
    private var head = Head.entry
    private(set) var message = 0..<0
    private var knownWords: StrangersWords?
    private var isKnownRepeater: Bool?

    /// - Parameters:
    ///   - bytes: of the batch, valid as long as the subject is used.
    ///   - rules: how many may be asked.
    init(_ batch: RecordBatch, _ bytes: UnsafeBufferPointer<UInt8>, rules: Int) {
        self.batch = batch
        self.bytes = bytes
        verdicts = ProgramVerdicts(rules: rules)
        outlines = OutlineReader(batch)
    }

    /// Goes to an entry of the journal.
    func stand(atEntry index: Int) {
        (self.index, head, knownWords, isKnownRepeater, programVerdicts) = (index, .entry, nil, nil, nil)
        message = batch.message(at: index, nil)
    }

    /// Goes to a line with a header.
    func stand(at index: Int, _ header: LineHeader) {
        (self.index, head, knownWords, isKnownRepeater, programVerdicts) = (index, .line(header), nil, nil, nil)
        message = batch.message(at: index, header)
    }

    /// Goes to a line with a header of syslog, and tells it; nil: it has none.
    func standOutlined(at index: Int) -> HeaderOutline? {
        let range = batch.ranges[index]
        guard let outline = outlines?.outline(of: range, in: UnsafeRawBufferPointer(bytes)) else { return nil }
        (self.index, head, knownWords) = (index, .outlined(outline), nil)
        programVerdicts = verdicts.of(outline.identifier, in: bytes)
        message = batch.message(at: index, outline)
        return outline
    }

    var record: Record { batch.record(at: index) }

    var mayBeOfKernel: Bool {
        switch head {
        case .entry: return true
        case .line(let header):
            if header.isOfKernel { return true }
            guard header.isBare else { return false }
            return isFileOfKernel || KernelLine.isNamed(bytes[message]) || KernelLine.isReport(Array(bytes[message]))
        case .outlined(let outline): return outline.isKernel
        }
    }

    var isBare: Bool { if case .line(let header) = head { header.isBare } else { false } }

    private lazy var isFileOfKernel = KernelLine.isOfKernel(batch.source)

    var isRoutine: Bool {
        switch head {
        case .entry:
            let transport = batch.values(of: "transport", at: index, nil).first
            if transport == Array("kernel".utf8) || transport == Array("audit".utf8) { return false }
        case .line(let header):
            if let isRoutine = header.isRoutine { return isRoutine }
            if header.namesKernel { return false }
        case .outlined(let outline): if outline.isKernel { return false }
        }
        return LogLevel.isRoutine(in: batch.bytes, message)
    }

    var strangersWords: StrangersWords {
        if let knownWords { return knownWords }
        var isAccess = false
        if case .line(let header) = head { isAccess = header.isAccess }
        let words = StrangersWords(in: batch.bytes, message, isAccess: isAccess)
        knownWords = words
        return words
    }

    var isOfRepeater: Bool {
        if case .outlined(let outline) = head { return StrangersWords.isRepeater(batch.bytes[outline.identifier]) }
        if let isKnownRepeater { return isKnownRepeater }
        let answer = values(of: "identifier").contains { StrangersWords.isRepeater($0[...]) }
        isKnownRepeater = answer
        return answer
    }

    var statedLevel: UInt8? {
        switch head {
        case .entry:
            let transport = batch.values(of: "transport", at: index, nil).first
            if transport == Array("kernel".utf8) || transport == Array("audit".utf8) { return nil }
        case .line(let header): if !header.isTagged || header.namesKernel { return nil }
        case .outlined(let outline):
            if outline.identifier.isEmpty || mayBeOfKernel { return nil }
        }
        return LogLevel.stated(in: batch.bytes, message)
    }

    func has(_ condition: CompiledRule.Condition) -> Bool {
        switch head {
        case .entry: batch.has(field: condition.field, at: index, nil)
        case .line(let header): batch.has(field: condition.field, at: index, header)
        case .outlined: condition.isInSyslog
        }
    }

    func values(of field: String) -> [[UInt8]] {
        switch (head, field) {
        case (.entry, "executable"): Array(batch.values(of: "_EXE", at: index, nil).prefix(1))
        case (.entry, _): batch.values(of: field == "message" ? "MESSAGE" : field, at: index, nil)
        case (_, "executable"): []
        case (.line(let header), _): batch.values(of: field == "message" ? "MESSAGE" : field, at: index, header)
        case (.outlined(let outline), _):
            batch.value(of: field == "message" ? "MESSAGE" : field, at: index, outline).map { [Array($0)] } ?? []
        }
    }

    func withMessage<Answer>(_ body: (UnsafeBufferPointer<UInt8>) -> Answer) -> Answer {
        body(UnsafeBufferPointer(rebasing: bytes[message]))
    }

    func meets(_ condition: CompiledRule.Condition, strictly: Bool) -> Bool {
        if let wanted = condition.pid, case .outlined(let outline) = head {
            return outline.pid.map { $0 == wanted } ?? !strictly
        }
        return condition.holds(values(of: condition.field), strictly: strictly)
    }
}
