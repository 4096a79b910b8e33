// The header of a log line: time, host, program, pid, severity, and where the message starts. Read where they are, never
// required; only lines that the scan named are asked. Hostile bytes: every read is bounded by `LineScanner`.

import Formats

/// What the header of a line says.
package struct LineHeader: Equatable, Sendable {
    package var time: Timestamp?
    package var host: String?
    package var identifier: String?
    package var pid: Int32?
    package var priority: UInt8?
    /// Members of a JSON line, structured data of RFC 5424.
    package var fields: [Field] = []
    /// Where the message begins in the line.
    package var messageStart = 0
    /// The decoded message, where it does not stand in the line as it is (JSON).
    package var decoded: [UInt8]?

    package init() {}

    /// The header of `line` (without its newline). Never fails: what is not recognised is message.
    package static func parse(_ line: [UInt8], context: LineContext) -> LineHeader {
        LineHeader()
    }

    /// The message of a line in a decoded format, or the whole line when it is not JSON.
    static func appendMessage(of line: ArraySlice<UInt8>, context: LineContext, to out: inout [UInt8]) {
        let line = Array(line)
        let header = parse(line, context: context)
        if let decoded = header.decoded {
            out.append(contentsOf: decoded)
        } else {
            out.append(contentsOf: line[min(header.messageStart, line.count)...])
        }
    }

    /// The record of a line.
    package static func record(of line: [UInt8], source: Source, context: LineContext) -> Record {
        let header = parse(line, context: context)
        var message = header.decoded ?? Array(line[min(header.messageStart, line.count)...])
        while message.last == 0x0d { message.removeLast() }
        var record = Record(source: source, message: message, raw: line, fields: header.fields)
        record.time = header.time
        record.host = header.host
        record.identifier = header.identifier
        record.pid = header.pid
        record.priority = header.priority
        return record
    }
}
