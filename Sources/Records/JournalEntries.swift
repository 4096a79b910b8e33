// The fields of a batch's journal entries, copied out of the journal once, flat: a handle's data is gone with its next
// move, and an array for each field of each entry would cost more than the reading. Nothing is looked at on the way in but
// PRIORITY and MESSAGE_ID, which decide without a pattern; all else waits for a hit.
//
// Measured, 500,000 entries of 17 fields with values of their own: enumerating them 0.70 s; this copy 0.04 s more; a hit's
// record is then at hand without going back into the journal.

import Formats
import Glibc

/// The fields of journal entries other than MESSAGE, in a flat store.
package struct JournalEntries: Sendable {
    /// For each field its length in four bytes and `NAME=value`. What lies behind `end` is left from before.
    private var bytes: [UInt8] = []
    private var end = 0
    private var entries: [Entry] = []

    private struct Entry: Sendable {
        var start: Int
        var time: Timestamp
        var priority: UInt8?
        /// Where the field MESSAGE_ID stands.
        var messageID: Int?
    }

    package init() {}

    package var count: Int { entries.count }
    /// Bytes held, for the bound of a batch.
    package var size: Int { end }

    /// Forgets the entries, and keeps the memory for the next.
    package mutating func removeAll() {
        end = 0
        entries.removeAll(keepingCapacity: true)
    }

    /// Begins the next entry; its fields follow by `append`.
    package mutating func beginEntry(time: Timestamp) {
        entries.append(Entry(start: end, time: time))
    }

    /// Adds `NAME=value` to the entry begun last.
    package mutating func append(_ field: UnsafeRawBufferPointer) {
        guard let source = field.baseAddress, !entries.isEmpty,
            let length = UInt32(exactly: field.count)
        else {
            return
        }
        let from = end + 4
        if from + field.count > bytes.count { grow(to: from + field.count) }
        bytes.withUnsafeMutableBytes { all in
            all.storeBytes(of: length, toByteOffset: end, as: UInt32.self)
            if let target = all.baseAddress { memcpy(target + from, source, field.count) }
        }
        note(field)
        end = from + field.count
    }

    package mutating func append(_ field: String) { Array(field.utf8).withUnsafeBytes { append($0) } }

    private mutating func grow(to size: Int) {
        let wanted = max(size, bytes.count * 2, 64 << 10)
        bytes.append(contentsOf: repeatElement(0, count: wanted - bytes.count))
    }

    /// Every field of an entry, as `NAME=value`.
    package func allFields(at index: Int) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var place = entries[index].start
        let end = endOfEntry(index)
        while place < end, let field = field(at: place) {
            found.append(Array(bytes[(place + 4)..<field.value.upperBound]))
            place = field.value.upperBound
        }
        return found
    }

    /// Adds an entry of another store.
    package mutating func append(_ index: Int, of other: JournalEntries) {
        beginEntry(time: other.entries[index].time)
        var place = other.entries[index].start
        let end = other.endOfEntry(index)
        while place < end, let field = other.field(at: place) {
            other.bytes[(place + 4)..<field.value.upperBound].withUnsafeBytes { append($0) }
            place = field.value.upperBound
        }
    }

    /// Keeps the first `count` entries only.
    package mutating func keepFirst(_ count: Int) {
        guard count < entries.count else { return }
        end = entries[count].start
        entries.removeSubrange(count...)
    }

    @inline(__always)
    private mutating func note(_ field: UnsafeRawBufferPointer) {
        let last = entries.count - 1
        switch field[0] {
        case UInt8(ascii: "P") where field.count == 10 && Self.begins(field, "PRIORITY="):
            if (48...55).contains(field[9]) { entries[last].priority = field[9] - 48 }
        case UInt8(ascii: "M")
        where entries[last].messageID == nil && Self.begins(field, "MESSAGE_ID="):
            entries[last].messageID = end
        default: break
        }
    }

    private static func begins(_ field: UnsafeRawBufferPointer, _ name: StaticString) -> Bool {
        guard let base = field.baseAddress, field.count >= name.utf8CodeUnitCount else { return false }
        return memcmp(base, name.utf8Start, name.utf8CodeUnitCount) == 0
    }

    package func priority(at index: Int) -> UInt8? { entries[index].priority }
    package func time(at index: Int) -> Timestamp { entries[index].time }

    func hasMessageID(at index: Int) -> Bool { entries[index].messageID != nil }

    package func messageID(at index: Int) -> String? {
        entries[index].messageID.flatMap { field(at: $0) }.map {
            String(decoding: bytes[$0.value], as: UTF8.self)
        }
    }

    /// Where the first field of that name has its value, without a record being built; nil where there is none.
    package func value(of name: StaticString, at index: Int) -> ArraySlice<UInt8>? {
        var place = entries[index].start
        let end = endOfEntry(index)
        while place < end, let field = field(at: place) {
            if isNamed(field, name) { return bytes[field.value] }
            place = field.value.upperBound
        }
        return nil
    }

    /// The values of all fields of that name, in order.
    func all(_ name: String, at index: Int) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var place = entries[index].start
        let end = endOfEntry(index)
        while place < end, let field = field(at: place) {
            if bytes[field.name].elementsEqual(name.utf8) { found.append(Array(bytes[field.value])) }
            place = field.value.upperBound
        }
        return found
    }

    private func isNamed(_ field: (name: Range<Int>, value: Range<Int>), _ name: StaticString) -> Bool {
        let count = name.utf8CodeUnitCount
        guard field.name.count == count else { return false }
        return bytes.withUnsafeBytes { all in
            all.baseAddress.map { memcmp($0 + field.name.lowerBound, name.utf8Start, count) == 0 }
                ?? false
        }
    }

    private func endOfEntry(_ index: Int) -> Int {
        index + 1 < entries.count ? entries[index + 1].start : end
    }

    /// The field whose length stands at `start`; the next one begins at its end.
    private func field(at start: Int) -> (name: Range<Int>, value: Range<Int>)? {
        guard start >= 0, start + 4 <= end else { return nil }
        let length = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start, as: UInt32.self) }
        let from = start + 4
        let to = min(from + Int(length), end)
        let equals = bytes[from..<to].firstIndex(of: UInt8(ascii: "="))
        return (from..<(equals ?? from), (equals.map { $0 + 1 } ?? from)..<to)
    }

    package func record(at index: Int, source: Source, message: [UInt8]) -> Record {
        let entry = entries[index]
        var fields: [Field] = []
        var at = entry.start
        let end = endOfEntry(index)
        while at < end, let field = field(at: at) {
            fields.append(
                Field(String(decoding: bytes[field.name], as: UTF8.self), Array(bytes[field.value])))
            at = field.value.upperBound
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
    fileprivate func first(_ name: String) -> String? { fields.first { $0.name == name }?.text }
}
