// A batch of journal entries in the making: texts end to end for the scan, the other fields in a flat store. One of them
// serves a reader for long: a batch that its taker has let go of leaves its memory to the next.

import Formats
import Platform
import Records

struct JournalBatch {
    private let options: JournalReader.Options
    private var bytes: [UInt8] = []
    private var ranges: [Range<Int>] = []
    private var entries = JournalEntries()
    private(set) var cutMessages = 0
    /// Entries by which journald says that it dropped others.
    private var suppressions: [Int] = []
    /// Of the mapped file that is read.
    private var known: KnownFields?
    private var places: [UInt32] = []

    init(_ options: JournalReader.Options) { self.options = options }

    var count: Int { ranges.count }

    var hasRoom: Bool {
        ranges.count < options.batchEntries && bytes.count < options.batchBytes
            && entries.size < options.batchFieldBytes
    }

    /// Adds the entry on which the handle stands; all that can be read of it or, when nothing can, nothing.
    /// - Returns: how many fields could be read.
    @discardableResult
    mutating func add(_ handle: JournalHandle) throws(SystemError) -> Int {
        let start = bytes.count
        var fields = 0
        var text = MessageText(limit: options.messageLimit)
        do throws(SystemError) {
            entries.beginEntry(time: try handle.realtime())
            var left = options.entryLimit
            try handle.forEachField { field in
                fields += 1
                if MessageText.isMessage(field) {
                    text.append(UnsafeRawBufferPointer(rebasing: field[8...]), to: &bytes)
                } else if left > 0 {
                    let kept = min(field.count, left, options.fieldLimit)
                    entries.append(UnsafeRawBufferPointer(rebasing: field[..<kept]))
                    left -= kept
                }
            }
        } catch {
            bytes.removeSubrange(start...)
            entries.keepFirst(ranges.count)
            throw error
        }
        finishEntry(text, start)
        return fields
    }

    /// What became of an entry of a mapped file.
    enum Addition {
        case added
        /// Not added: something in it is compressed or damaged.
        case indirect
        /// Not added: something in it is not as the format has it.
        case strange
    }

    /// Entries of another mapped file follow.
    mutating func beginMappedFile() {
        if let known { known.forget() } else { known = KnownFields() }
    }

    /// Adds an entry of a mapped file; all of it or nothing. What it shares with others of the batch is stored once.
    mutating func add(_ entry: JournalBytes.Entry, of file: JournalBytes) -> Addition {
        guard let known else { return .strange }
        let start = bytes.count
        var text = MessageText(limit: options.messageLimit)
        var left = options.entryLimit
        // Taken out and put back, so that it is changed in place.
        var places = self.places
        self.places = []
        defer { self.places = places }
        places.removeAll(keepingCapacity: true)
        for number in 0..<entry.count {
            let at = file.place(ofField: number, of: entry)
            let slot = known.slot(of: at)
            if slot.pointee.at == at, at != 0, Int(slot.pointee.length) <= left {
                places.append(slot.pointee.place)
                left -= Int(slot.pointee.length)
                continue
            }
            guard let field = file.field(at: at) else {
                bytes.removeSubrange(start...)
                return .indirect
            }
            if MessageText.isMessage(field) {
                text.append(UnsafeRawBufferPointer(rebasing: field[8...]), to: &bytes)
            } else if left > 0 {
                let whole = min(field.count, options.fieldLimit)
                let kept = min(whole, left)
                guard let place = entries.store(UnsafeRawBufferPointer(rebasing: field[..<kept])) else {
                    bytes.removeSubrange(start...)
                    return .strange
                }
                places.append(place)
                left -= kept
                if kept == whole { slot.pointee = KnownFields.Slot(at: at, place: place, length: UInt32(kept)) }
            }
        }
        entries.beginEntry(time: Timestamp(microseconds: Int64(clamping: entry.time)))
        places.withUnsafeBufferPointer { entries.append($0) }
        finishEntry(text, start)
        return .added
    }

    private mutating func finishEntry(_ text: MessageText, _ start: Int) {
        if text.wasCut { cutMessages += 1 }
        if entries.tellsSuppression(at: ranges.count) { suppressions.append(ranges.count) }
        ranges.append(start..<bytes.count)
        bytes.append(0x0a)
    }

    /// Takes back all entries but the first `count`.
    mutating func keepFirst(_ count: Int) {
        guard count < ranges.count else { return }
        bytes.removeSubrange(ranges[count].lowerBound...)
        ranges.removeSubrange(count...)
        entries.keepFirst(count)
        suppressions.removeAll { $0 >= count }
    }

    func finished(_ source: Source) -> RecordBatch {
        RecordBatch(source: source, bytes: bytes, ranges: ranges, origin: .journal(entries))
    }

    /// Ready for the next batch.
    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        ranges.removeAll(keepingCapacity: true)
        entries.removeAll()
        known?.forget()
        cutMessages = 0
        suppressions.removeAll()
    }

    /// What the batch's entries tell of lines that were not seen.
    func notices(_ source: Source) -> [SourceNotice] {
        var notices = suppressions.prefix(Self.suppressionLimit).map { index in
            let host = entries.value(of: "_HOSTNAME", at: index).map { " on " + Printable.text($0, limit: 255) } ?? ""
            return SourceNotice(
                source, .suppressed, "journald\(host): " + Printable.text(bytes[ranges[index]], limit: 300))
        }
        if suppressions.count > Self.suppressionLimit {
            let more = suppressions.count - Self.suppressionLimit
            notices.append(SourceNotice(source, .suppressed, "journald dropped messages \(more) more times."))
        }
        if cutMessages > 0 { notices.append(SourceNotice(cut: cutMessages, source, options)) }
        return notices
    }

    /// Of one batch, each told in its own words.
    private static let suppressionLimit = 10
}

/// Fields of a mapped file that are in the batch already, by their place in the file. Two that fall on one slot take it
/// from each other, and are stored again. Memory of its own, for every field of every entry is looked up here.
private final class KnownFields {
    struct Slot {
        /// In the file; no field stands at 0.
        var at: UInt64 = 0
        /// In the store.
        var place: UInt32 = 0
        var length: UInt32 = 0
    }

    private let slots: UnsafeMutablePointer<Slot>
    /// A batch of a host's journal has some hundred fields that entries share.
    private static let count = 4096

    init() {
        slots = .allocate(capacity: Self.count)
        slots.initialize(repeating: Slot(), count: Self.count)
    }

    deinit { slots.deallocate() }

    func forget() { slots.update(repeating: Slot(), count: Self.count) }

    /// Objects stand at multiples of eight.
    @inline(__always)
    func slot(of at: UInt64) -> UnsafeMutablePointer<Slot> {
        slots + (Int(truncatingIfNeeded: at >> 3) & (Self.count - 1))
    }
}

/// The text of one entry. MESSAGE may be there more than once: each on a line of its own.
private struct MessageText {
    let limit: Int
    private var length = 0
    private var isEmpty = true
    private(set) var wasCut = false

    /// The eight bytes `MESSAGE=` as one number: every field of every entry is asked.
    private static var name: UInt64 { 0x3d45_4741_5353_454d }

    static func isMessage(_ field: UnsafeRawBufferPointer) -> Bool {
        field.count >= 8 && UInt64(littleEndian: field.loadUnaligned(as: UInt64.self)) == name
    }

    init(limit: Int) { self.limit = limit }

    mutating func append(_ message: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
        if !isEmpty, length < limit {
            bytes.append(0x0a)
            length += 1
        }
        isEmpty = false
        let kept = message.prefix(max(0, limit - length))
        bytes.append(contentsOf: kept)
        length += kept.count
        if kept.count < message.count { wasCut = true }
    }
}
