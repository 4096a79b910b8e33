// What is asked of a record before anybody builds it: in a storm every line hits, and a `Record` for each (texts copied,
// strings made) costs more than the scan, the decision and the counting together.
// Must stay true: what is answered here is what `record(at:)` answers.

import Formats

extension RecordBatch {
    /// The header of a file's line that stands in the block as it is; nil for all others, which have to be built (a line
    /// of JSON) or have none (the journal).
    package func header(at index: Int) -> LineHeader? {
        guard case .lines(let context) = origin else { return nil }
        let header = LineHeader.parse(bytes, ranges[index], context: context)
        return header.decoded == nil ? header : nil
    }

    /// Where in `bytes` the message of a record stands: behind the header, without CR at its end.
    package func message(at index: Int, _ header: LineHeader?) -> Range<Int> {
        let range = ranges[index]
        guard let header else { return range }
        return message(from: range.lowerBound + header.messageStart, to: range.upperBound)
    }

    /// Likewise, behind a header of syslog.
    package func message(at index: Int, _ outline: HeaderOutline) -> Range<Int> {
        message(from: outline.messageStart, to: ranges[index].upperBound)
    }

    private func message(from start: Int, to end: Int) -> Range<Int> {
        let start = min(start, end)
        var end = end
        while end > start, bytes[end - 1] == 0x0d { end -= 1 }
        return start..<end
    }

    /// As `Record.has(field:)`, of a journal's entry or a line with this header.
    package func has(field: String, at index: Int, _ header: LineHeader?) -> Bool {
        guard let header else { return source.isJournal }
        switch field {
        case "transport", "unit", "uid", "message_id": return false
        case "identifier", "host", "pid", "priority", "file", "MESSAGE": return true
        default: return header.fields.contains { $0.name.isExactly(field) }
        }
    }

    /// As `Record.has(field:)`, of a line with a header of syslog.
    package static func hasInSyslog(field: String) -> Bool {
        switch field {
        case "identifier", "host", "pid", "priority", "file", "MESSAGE": true
        default: false
        }
    }

    /// As the first of `Record.values(of:)`, of a line with a header of syslog.
    package func value(of field: String, at index: Int, _ outline: HeaderOutline) -> ArraySlice<UInt8>? {
        switch field {
        case "MESSAGE": bytes[message(at: index, outline)]
        case "host": outline.host.isEmpty ? nil : bytes[outline.host]
        case "identifier": outline.identifier.isEmpty ? nil : bytes[outline.identifier]
        case "pid": outline.pid.map { Array(String($0).utf8)[...] }
        case "file": if case .file(let path) = source { LogPath.bytes(path)[...] } else { nil }
        default: nil
        }
    }

    /// As `Record.values(of:)`, of a journal's entry or a line with this header.
    package func values(of field: String, at index: Int, _ header: LineHeader?) -> [[UInt8]] {
        if field == "MESSAGE" { return [Array(bytes[message(at: index, header)])] }
        guard let header else {
            if case .journal(let entries) = origin { return entries.values(of: field, at: index) }
            return []
        }
        switch field {
        case "host": return header.host.map { [Array($0.utf8)] } ?? []
        case "identifier": return header.identifier.map { [Array($0.utf8)] } ?? []
        case "pid": return header.pid.map { [Array(String($0).utf8)] } ?? []
        case "priority": return header.priority.map { [[UInt8(ascii: "0") + $0]] } ?? []
        case "file": if case .file(let path) = source { return [LogPath.bytes(path)] } else { return [] }
        default: return header.fields.lazy.filter { $0.name.isExactly(field) }.map(\.value)
        }
    }

    /// The time of a journal's entry; of a line it is its header's, or the one that lines without have.
    package func time(at index: Int, _ header: LineHeader?) -> Timestamp? {
        switch origin {
        case .journal(let entries): entries.time(at: index)
        case .lines(let context), .decoded(let context, _, _): header?.time ?? context.undatedTime
        }
    }
}
