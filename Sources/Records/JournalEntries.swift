// The fields of a batch's journal entries, copied out of the journal once, flat: a handle's data is gone with its next
// move, and an array for each field of each entry would cost more than the reading.

import Formats

/// The fields of journal entries other than MESSAGE, in a flat store.
package struct JournalEntries: Sendable {
    /// `NAME=value` of every field, one after the other.
    private var bytes: [UInt8] = []
    private var fields: [Range<Int>] = []
    private var entries: [Entry] = []

    private struct Entry: Sendable {
        var firstField: Int
        var time: Timestamp
        var priority: UInt8?
        var messageIDField: Int?
    }

    package init() {}

    package var count: Int { entries.count }
    /// Bytes held, for the bound of a batch.
    package var size: Int { bytes.count }

    /// Begins the next entry; its fields follow by `append`.
    package mutating func beginEntry(time: Timestamp) {
        entries.append(Entry(firstField: fields.count, time: time))
    }

    /// Adds `NAME=value` to the entry begun last.
    package mutating func append(_ field: UnsafeRawBufferPointer) {
        guard !entries.isEmpty else { return }
        let start = bytes.count
        bytes.append(contentsOf: field)
        note(start..<bytes.count)
    }

    package mutating func append(_ field: String) {
        guard !entries.isEmpty else { return }
        let start = bytes.count
        bytes.append(contentsOf: field.utf8)
        note(start..<bytes.count)
    }

    /// Every field of an entry, as `NAME=value`.
    package func allFields(at index: Int) -> [[UInt8]] {
        let end = index + 1 < entries.count ? entries[index + 1].firstField : fields.count
        return (entries[index].firstField..<end).map { Array(bytes[fields[$0]]) }
    }

    /// Adds an entry of another store.
    package mutating func append(_ index: Int, of other: JournalEntries) {
        let entry = other.entries[index]
        beginEntry(time: entry.time)
        let end = index + 1 < other.entries.count ? other.entries[index + 1].firstField : other.fields.count
        for field in entry.firstField..<end {
            other.bytes[other.fields[field]].withUnsafeBytes { append($0) }
        }
    }

    /// Takes the entry begun last back.
    package mutating func removeLastEntry() {
        guard let entry = entries.popLast() else { return }
        if entry.firstField < fields.count { bytes.removeSubrange(fields[entry.firstField].lowerBound...) }
        fields.removeSubrange(entry.firstField...)
    }

    private mutating func note(_ range: Range<Int>) {
        let last = entries.count - 1
        if has(range, prefix: "PRIORITY=") {
            let digit = bytes[range].dropFirst(9)
            if digit.count == 1, let first = digit.first, (48...55).contains(first) {
                entries[last].priority = first - 48
            }
        } else if has(range, prefix: "MESSAGE_ID="), entries[last].messageIDField == nil {
            entries[last].messageIDField = fields.count
        }
        fields.append(range)
    }

    private func has(_ range: Range<Int>, prefix: StaticString) -> Bool {
        let count = prefix.utf8CodeUnitCount
        guard range.count >= count else { return false }
        return (0..<count).allSatisfy { bytes[range.lowerBound + $0] == prefix.utf8Start[$0] }
    }

    package func priority(at index: Int) -> UInt8? { entries[index].priority }
    package func time(at index: Int) -> Timestamp { entries[index].time }

    package func messageID(at index: Int) -> String? {
        entries[index].messageIDField.map { field($0).text }
    }

    /// As `Record.values(of:)`, without the record: the few fields that rules name are looked for where they stand.
    func values(of name: String, at index: Int) -> [[UInt8]] {
        switch name {
        case "transport": return first("_TRANSPORT", at: index)
        case "identifier":
            let own = first("SYSLOG_IDENTIFIER", at: index)
            return own.isEmpty ? first("_COMM", at: index) : own
        case "host": return first("_HOSTNAME", at: index)
        case "uid": return number("_UID", at: index, UInt32.self)
        case "pid": return number("_PID", at: index, Int32.self)
        case "priority": return entries[index].priority.map { [[UInt8(ascii: "0") + $0]] } ?? []
        case "message_id": return first("MESSAGE_ID", at: index)
        case "unit": return units(at: index)
        case "file": return []
        default: return all(name, at: index)
        }
    }

    /// The user that wrote the entry.
    package func uid(at index: Int) -> UInt32? {
        first("_UID", at: index).first.flatMap { UInt32(String(decoding: $0, as: UTF8.self)) }
    }

    /// The value of the first field of that name.
    package func value(of name: StaticString, at index: Int) -> ArraySlice<UInt8>? {
        let count = name.utf8CodeUnitCount
        for range in fields[fieldRange(of: index)] where has(range, name: name) {
            return bytes[(range.lowerBound + count + 1)..<range.upperBound]
        }
        return nil
    }

    private func first(_ name: StaticString, at index: Int) -> [[UInt8]] {
        // As a string and back: what is no UTF-8 in it is the same here as in the record.
        value(of: name, at: index).map { [Array(String(decoding: $0, as: UTF8.self).utf8)] } ?? []
    }

    private func number<N: FixedWidthInteger>(_ name: StaticString, at index: Int, _: N.Type) -> [[UInt8]] {
        let text = value(of: name, at: index).map { String(decoding: $0, as: UTF8.self) }
        return text.flatMap { N($0) }.map { [Array(String($0).utf8)] } ?? []
    }

    private func all(_ name: String, at index: Int) -> [[UInt8]] {
        let wanted = Array((name + "=").utf8)
        return fields[fieldRange(of: index)].lazy.map { self.bytes[$0] }.filter { $0.starts(with: wanted) }
            .map { Array($0.dropFirst(wanted.count)) }
    }

    /// As `Record.unit`.
    package func unit(at index: Int) -> ArraySlice<UInt8>? {
        if isServiceManager(index), let unit = value(of: "UNIT", at: index) { return unit }
        return value(of: "_SYSTEMD_UNIT", at: index)
    }

    private func units(at index: Int) -> [[UInt8]] {
        let own = unit(at: index).map { [Array(String(decoding: $0, as: UTF8.self).utf8)] } ?? []
        return own + all("_SYSTEMD_UNIT", at: index).filter { $0 != own.first }
    }

    /// What the service manager says of a unit is about that unit: journalctl -u does the same (systemd.unit(5)).
    private func isServiceManager(_ index: Int) -> Bool {
        // Nearly always it is not: what cannot be 1 is not made a number.
        guard value(of: "_PID", at: index)?.last == UInt8(ascii: "1") else { return false }
        return number("_PID", at: index, Int32.self) == [[UInt8(ascii: "1")]]
            && number("_UID", at: index, UInt32.self) == [[UInt8(ascii: "0")]]
    }

    private func fieldRange(of index: Int) -> Range<Int> {
        let end = index + 1 < entries.count ? entries[index + 1].firstField : fields.count
        return entries[index].firstField..<end
    }

    private func has(_ range: Range<Int>, name: StaticString) -> Bool {
        let count = name.utf8CodeUnitCount
        return range.count > count && bytes[range.lowerBound + count] == UInt8(ascii: "=") && has(range, prefix: name)
    }

    private func field(_ index: Int) -> Field {
        let whole = bytes[fields[index]]
        guard let equals = whole.firstIndex(of: UInt8(ascii: "=")) else { return Field("", Array(whole)) }
        return Field(String(decoding: whole[..<equals], as: UTF8.self), Array(whole[(equals + 1)...]))
    }

    package func record(at index: Int, source: Source, message: [UInt8]) -> Record {
        let entry = entries[index]
        var record = Record(source: source, message: message, fields: fieldRange(of: index).map { field($0) })
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
