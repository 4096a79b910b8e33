// One log entry, whole. Built only for the entries that the scan named: everything before works on blocks of bytes.
// Must stay true: `message` is what patterns see; every byte of the entry is in `raw` or `fields`.

import Formats

/// A named value of an entry. Names repeat; values are bytes.
package struct Field: Hashable, Sendable {
    package var name: String
    package var value: [UInt8]

    package init(_ name: String, _ value: [UInt8]) {
        self.name = name
        self.value = value
    }

    package init(_ name: String, _ value: String) { self.init(name, Array(value.utf8)) }

    /// The value as text; invalid UTF-8 becomes U+FFFD.
    package var text: String { String(decoding: value, as: UTF8.self) }
}

/// One log entry.
package struct Record: Equatable, Sendable {
    package var source: Source
    /// As the entry says; nil if it does not.
    package var time: Timestamp?
    package var host: String?
    /// The program's name as it gave it (SYSLOG_IDENTIFIER, the tag of a syslog line).
    package var identifier: String?
    /// The unit as journald saw it; for a message of the service manager itself, the unit that it is about.
    package var unit: String?
    package var transport: String?
    package var messageID: String?
    package var executable: String?
    package var bootID: String?
    package var pid: Int32?
    package var uid: UInt32?
    /// 0 (emergency) to 7 (debug).
    package var priority: UInt8?
    /// A line of a web server's access log: see `LineHeader`.
    package var isAccess = false
    /// A file's line that names its writer in a syslog tag.
    package var isTagged = false
    /// A file's line with nothing before its text, or one that a container engine wrote: see `LineHeader`.
    package var isBare = false
    package var isOfContainer = false
    /// Whether a file's line is called notice, info or milder by its header; nil where that does not say.
    package var isHeaderRoutine: Bool?
    /// Journal: all fields but MESSAGE, in order. JSON lines: the members but the message. Repeated names allowed.
    package var fields: [Field]
    /// Without the recognised header; what patterns see.
    package var message: [UInt8]
    /// File: the whole line as it stands there. Journal: the message.
    package var raw: [UInt8]

    package init(source: Source, message: [UInt8], raw: [UInt8]? = nil, fields: [Field] = []) {
        self.source = source
        self.message = message
        self.raw = raw ?? message
        self.fields = fields
    }

    /// The values of a field by the name that rules use: `transport unit identifier host uid pid priority message_id
    /// file`, else a field of the journal or a member of the JSON line. Empty when the record has none.
    package func values(of field: String) -> [[UInt8]] {
        switch field {
        case "transport": one(transport)
        case "identifier": one(identifier)
        case "host": one(host)
        case "uid": one(uid.map { String($0) })
        case "pid": one(pid.map { String($0) })
        case "priority": one(priority.map { String($0) })
        case "message_id": one(messageID)
        case "file": if case .file(let path) = source { [LogPath.bytes(path)] } else { [] }
        case "unit": units
        case "MESSAGE": [message]
        default: fields.lazy.filter { $0.name.isExactly(field) }.map(\.value)
        }
    }

    /// Whether an entry of this source can have that field at all. What it cannot have, a rule's `where` does not ask:
    /// a file's line has no transport, unit, uid, message id or other field that only journald vouches for.
    package func has(field: String) -> Bool {
        if source.isJournal { return true }
        switch field {
        case "transport", "unit", "uid", "message_id": return false
        case "identifier", "host", "pid", "priority", "file", "MESSAGE": return true
        default: return fields.contains { $0.name.isExactly(field) }
        }
    }

    /// The field that names the language of a stack trace in the message.
    package static let traceLanguage = "TRACE_LANGUAGE"

    /// The same with the language named, when the message holds a stack trace.
    package var withTraceLanguage: Record {
        guard let language = TraceState.language(of: message, isKernel: isOfKernel) else { return self }
        var record = self
        record.fields.append(Field(Self.traceLanguage, language.rawValue))
        return record
    }

    /// Whether the kernel may have written it, of a file's line: see `KernelLine`.
    package var mayBeOfKernel: Bool {
        if let identifier { return identifier.isExactly("kernel") && !isAccess && !isOfContainer }
        return isBare
            && (KernelLine.isOfKernel(source) || KernelLine.isNamed(message) || KernelLine.isReport(message))
    }

    /// Whether the record calls itself notice, info or milder: in its header, or behind a syslog tag and in the journal in a
    /// structure that the message begins with. The PRIORITY of an entry is not asked: it is that of the service's stream.
    package var isRoutine: Bool {
        if isOfKernel || isOfAudit { return false }
        return isHeaderRoutine ?? LogLevel.isRoutine(in: message, 0..<message.count)
    }

    /// What of the message its writer only repeats.
    package var strangersWords: StrangersWords { StrangersWords(in: message, 0..<message.count, isAccess: isAccess) }

    /// The level that the message names by itself, behind a syslog tag or in the journal; nil for the kernel's.
    package var statedLevel: UInt8? {
        if isOfKernel || isOfAudit || !(source.isJournal || isTagged) { return nil }
        return LogLevel.stated(in: message, 0..<message.count)
    }

    /// Whether the kernel wrote it, or says so.
    var isOfKernel: Bool { (source.isJournal ? transport : identifier)?.isExactly("kernel") ?? false }

    private var isOfAudit: Bool { transport?.isExactly("audit") ?? false }

    private func one(_ value: String?) -> [[UInt8]] { value.map { [Array($0.utf8)] } ?? [] }

    private var units: [[UInt8]] {
        let own = one(unit)
        return own + values(of: "_SYSTEMD_UNIT").filter { $0 != own.first }
    }
}
