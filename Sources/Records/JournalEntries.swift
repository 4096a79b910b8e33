// The fields of a batch's journal entries, copied out of the journal once, flat: a handle's data is gone with its next
// move, and an array for each field of each entry would cost more than the reading. In a journal file entries share what
// they have in common; who sees that in the file stores it once and names its place. Nothing is looked at on the way in
// but what is asked of every entry: PRIORITY and MESSAGE_ID, which decide without a pattern, and _PID, which tells the
// lines of a trace from others. All else waits for a hit, whose record is then at hand without going back.

import Formats
import Glibc

/// The fields of journal entries other than MESSAGE, in a flat store. A field stands there once and may be of many entries.
package struct JournalEntries: Sendable {
    /// For each field its length in four bytes and `NAME=value`. What lies behind `end` is left from before.
    private var bytes: [UInt8] = []
    private var end = 0
    /// Where the fields of the entries stand in `bytes`, one entry's after the other's.
    private var places: [UInt32] = []
    private var entries: [Entry] = []

    private struct Entry: Sendable {
        /// Of its fields, in `places`.
        var first: Int
        var last: Int
        var time: Timestamp
        var priority: UInt8?
        var process = Process.none
        /// Where the field MESSAGE_ID stands.
        var messageID: UInt32?

        /// Takes note of what is asked of every entry: names are told by their first four bytes.
        @inline(__always)
        mutating func note(_ store: UnsafeRawBufferPointer, _ place: UInt32) {
            let start = Int(place) + 4
            guard start + 5 <= store.count, let field = store.baseAddress.map({ $0 + start }) else { return }
            let length = min(Int((field - 4).loadUnaligned(as: UInt32.self)), store.count - start)
            switch UInt32(littleEndian: field.loadUnaligned(as: UInt32.self)) {
            case 0x4449_505f where length >= 5 && store[start + 4] == UInt8(ascii: "="):  // _PID=
                if process == .none { process = Process(store[(start + 5)..<(start + length)]) }
            case 0x4f49_5250 where length == 10 && memcmp(field, "PRIORITY=", 9) == 0:
                if (48...55).contains(store[start + 9]) { priority = store[start + 9] - 48 }
            case 0x5353_454d where length >= 11 && messageID == nil && memcmp(field, "MESSAGE_ID=", 11) == 0:
                messageID = place
            default: break
            }
        }
    }

    /// Whose an entry is, as far as one number says it: its first `_PID`.
    struct Process: Equatable, Sendable {
        private let code: UInt32

        static let none = Process(code: .max)
        /// Something that journald does not write: it may be any.
        static let unclear = Process(code: .max - 1)

        private init(code: UInt32) { self.code = code }

        fileprivate init(_ digits: Slice<UnsafeRawBufferPointer>) {
            var number: UInt32 = 0
            for digit in digits.prefix(10) {
                guard (48...57).contains(digit) else {
                    self = .unclear
                    return
                }
                number = number &* 10 &+ UInt32(digit - 48)
            }
            self = (1..<10).contains(digits.count) ? Process(code: number) : .unclear
        }
    }

    package init() {}

    package var count: Int { entries.count }
    /// Bytes held, for the bound of a batch.
    package var size: Int { end + places.count * 4 }

    /// Forgets the entries, and keeps the memory for the next.
    package mutating func removeAll() {
        end = 0
        places.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
    }

    // MARK: On the way in

    /// Begins the next entry; its fields follow by `append`.
    package mutating func beginEntry(time: Timestamp) {
        entries.append(Entry(first: places.count, last: places.count, time: time))
    }

    /// Adds `NAME=value` to the entry begun last.
    package mutating func append(_ field: UnsafeRawBufferPointer) {
        guard !entries.isEmpty, let place = store(field) else { return }
        withUnsafePointer(to: place) { append(UnsafeBufferPointer(start: $0, count: 1)) }
    }

    package mutating func append(_ field: String) { Array(field.utf8).withUnsafeBytes { append($0) } }

    /// Keeps `NAME=value` for entries that name its place. Nil when the store is full, at 4 GiB.
    package mutating func store(_ field: UnsafeRawBufferPointer) -> UInt32? {
        guard let source = field.baseAddress, let length = UInt32(exactly: field.count),
            let place = UInt32(exactly: end)
        else { return nil }
        let from = end + 4
        if from + field.count > bytes.count { grow(to: from + field.count) }
        bytes.withUnsafeMutableBytes { all in
            all.storeBytes(of: length, toByteOffset: end, as: UInt32.self)
            if let target = all.baseAddress { memcpy(target + from, source, field.count) }
        }
        end = from + field.count
        return place
    }

    /// Adds fields that `store` kept to the entry begun last.
    package mutating func append(_ fields: UnsafeBufferPointer<UInt32>) {
        guard var entry = entries.last else { return }
        bytes.withUnsafeBytes { all in
            for place in fields { entry.note(UnsafeRawBufferPointer(rebasing: all[..<end]), place) }
        }
        places.append(contentsOf: fields)
        entry.last = places.count
        entries[entries.count - 1] = entry
    }

    /// The length of a field that `store` kept.
    package func length(at place: UInt32) -> Int { field(at: place)?.count ?? 0 }

    private mutating func grow(to size: Int) {
        let wanted = max(size, bytes.count * 2, 1 << 10)
        bytes.append(contentsOf: repeatElement(0, count: wanted - bytes.count))
    }

    /// Keeps the first `count` entries only.
    package mutating func keepFirst(_ count: Int) {
        guard count < entries.count else { return }
        places.removeSubrange(entries[count].first...)
        entries.removeSubrange(count...)
    }

    // MARK: From store to store

    /// Every field of an entry, as `NAME=value`.
    package func allFields(at index: Int) -> [[UInt8]] {
        places(of: index).compactMap { field(at: $0).map { Array(bytes[$0]) } }
    }

    /// Adds an entry of another store.
    package mutating func append(_ index: Int, of other: JournalEntries) {
        beginEntry(time: other.entries[index].time)
        for place in other.places(of: index) {
            guard let field = other.field(at: place) else { continue }
            other.bytes[field].withUnsafeBytes { append($0) }
        }
    }

    /// The same store with no entries, to which entries of it can be added at no cost.
    func emptied() -> JournalEntries {
        var store = self
        store.entries = []
        store.entries.reserveCapacity(entries.count)
        return store
    }

    /// Adds entries of the store that this one was emptied from.
    mutating func append(own range: Range<Int>, of other: JournalEntries) {
        entries.append(contentsOf: other.entries[range])
    }

    package func priority(at index: Int) -> UInt8? { entries[index].priority }
    package func time(at index: Int) -> Timestamp { entries[index].time }

    func hasMessageID(at index: Int) -> Bool { entries[index].messageID != nil }

    package func messageID(at index: Int) -> String? {
        entries[index].messageID.flatMap { split(at: $0) }.map {
            String(decoding: bytes[$0.value], as: UTF8.self)
        }
    }

    func process(at index: Int) -> Process { entries[index].process }

    /// Where the first field of that name has its value, without a record being built; nil where there is none.
    package func value(of name: StaticString, at index: Int) -> ArraySlice<UInt8>? {
        let wanted = name.utf8CodeUnitCount
        let found = bytes.withUnsafeBytes { all -> Range<Int>? in
            guard let base = all.baseAddress else { return nil }
            for place in places[entries[index].first..<entries[index].last] {
                let start = Int(place) + 4
                guard start <= end else { return nil }
                let length = Int(all.loadUnaligned(fromByteOffset: start - 4, as: UInt32.self))
                if length > wanted, start + length <= end, all[start + wanted] == UInt8(ascii: "="),
                    memcmp(base + start, name.utf8Start, wanted) == 0
                {
                    return start + wanted + 1..<start + length
                }
            }
            return nil
        }
        return found.map { bytes[$0] }
    }

    /// The values of all fields of that name, in order.
    func all(_ name: String, at index: Int) -> [[UInt8]] {
        places(of: index).compactMap { place in
            guard let field = split(at: place), bytes[field.name].elementsEqual(name.utf8) else { return nil }
            return Array(bytes[field.value])
        }
    }

    private func places(of index: Int) -> ArraySlice<UInt32> { places[entries[index].first..<entries[index].last] }

    /// Where the field whose length stands at `place` stands itself.
    private func field(at place: UInt32) -> Range<Int>? {
        let start = Int(place) + 4
        guard start <= end else { return nil }
        let length = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start - 4, as: UInt32.self) }
        return start..<min(start + Int(length), end)
    }

    /// The same, in its parts.
    private func split(at place: UInt32) -> (name: Range<Int>, value: Range<Int>)? {
        guard let field = field(at: place) else { return nil }
        let equals = bytes[field].firstIndex(of: UInt8(ascii: "="))
        return (
            field.lowerBound..<(equals ?? field.lowerBound),
            (equals.map { $0 + 1 } ?? field.lowerBound)..<field.upperBound
        )
    }

    package func record(at index: Int, source: Source, message: [UInt8]) -> Record {
        let entry = entries[index]
        let fields = places(of: index).compactMap { place in
            split(at: place).map { Field(String(decoding: bytes[$0.name], as: UTF8.self), Array(bytes[$0.value])) }
        }
        var record = Record(source: source, message: message, fields: fields)
        record.time = entry.time
        record.priority = entry.priority
        record.host = record.first("_HOSTNAME")
        record.identifier = record.first("SYSLOG_IDENTIFIER") ?? record.first("_COMM")
        record.transport = record.first("_TRANSPORT")
        record.messageID = record.first("MESSAGE_ID")
        record.executable = record.first("_EXE")
        record.bootID = record.first("_BOOT_ID")
        record.pid = record.first("_PID").flatMap { Int32($0) }
        record.uid = record.first("_UID").flatMap { UInt32($0) }
        record.unit = record.first("_SYSTEMD_UNIT")
        // What the service manager says of a unit is about that unit: journalctl -u does the same (systemd.unit(5)).
        if record.pid == 1, record.uid == 0, let unit = record.first("UNIT") { record.unit = unit }
        return record
    }
}

extension Record {
    fileprivate func first(_ name: String) -> String? { fields.first { $0.name.isExactly(name) }?.text }
}
