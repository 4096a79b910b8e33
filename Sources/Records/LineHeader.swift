// The header of a log line: time, host, program, pid, severity, and where the message starts. Read where they are, never
// required; only lines that the scan named are asked. Hostile bytes: every read is bounded by `LineScanner`.
//
// The header ends behind the time, the host and the program. A word of severity that follows (`[error]`, `FATAL:`) is
// read and stays in the message: the same programs write it to the journal too, and one pattern has to fit both.

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
    /// What tells apart the writers whose lines a source mixes, beside host, program and pid: `stderr` of a container, the
    /// kernel's caller (`T812`, `C1`).
    package var stream: String?
    /// The text of a container's line names a time of its own.
    package var isInnerDated = false
    /// It is of a web server's access log, where a client's words stand as it sent them.
    package var isAccess = false
    /// It has a syslog tag: whoever wrote the message is named before it.
    package var isTagged = false
    /// A container engine wrote it, around a line of the program in it.
    package var isOfContainer = false
    /// A container's line that goes on in the next one of its stream.
    package var isPartial = false
    /// The priority is not surely the line's own word for how bad it is: `<PRI>`, which a program's logger may choose for all
    /// of its lines; a word among others; PostgreSQL's LOG and WARNING, which are for its administrator.
    package var isLevelVague = false
    /// The kernel's stamp, in microseconds since it started.
    package var uptime: Int64?
    /// The decoded text, where it does not stand in the line as it is (JSON).
    package var decoded: [UInt8]?
    /// Where the message begins in `decoded`, else in the line.
    package var messageStart = 0

    package init() {}

    /// Of a line that names its level, and has no header else.
    init(level: UInt8) { priority = level }

    /// It is of a form that the kernel's lines have, or names the kernel: see `KernelLine`.
    package var isOfKernel: Bool { namesKernel && !isAccess && !isOfContainer }

    /// The program that it names is the kernel.
    package var namesKernel: Bool { identifier?.isExactly("kernel") ?? false }

    /// Nothing was recognised before the text, but perhaps what says how bad it is: a word, `<4>`.
    package var isBare: Bool {
        time == nil && host == nil && identifier == nil && stream == nil && decoded == nil && fields.isEmpty
            && !isAccess && !isTagged
    }

    /// Whether the line calls itself notice, info or milder; nil where its header does not say.
    package var isRoutine: Bool? { isLevelVague ? nil : priority.map { LogLevel.isRoutine($0) } }

    /// The header of `line` (without its newline). Never fails: what is not recognised is message.
    package static func parse(_ line: [UInt8], context: LineContext) -> LineHeader {
        parse(line, context: context, depth: 0)
    }

    /// The header of the line that stands in `range` of `bytes`; its `messageStart` counts from there.
    package static func parse(_ bytes: [UInt8], _ range: Range<Int>, context: LineContext) -> LineHeader {
        parse(bytes, range, context: context, depth: 0)
    }

    /// Whether a line (without its newline) calls itself notice, info or milder, in its header or behind it.
    package static func isRoutine(_ line: UnsafeRawBufferPointer) -> Bool {
        let line = Array(line)
        // What it says of the time is not asked.
        let header = parse(line, context: LineContext(readAt: Timestamp(seconds: 0)))
        return header.isRoutine
            ?? (!header.namesKernel && LogLevel.isRoutine(in: line, header.messageStart..<line.count))
    }

    /// `depth`: a container's line holds the line of the program in it, once.
    static func parse(_ line: [UInt8], context: LineContext, depth: Int) -> LineHeader {
        parse(line, 0..<line.count, context: context, depth: depth)
    }

    private static func parse(
        _ bytes: [UInt8], _ range: Range<Int>, context: LineContext, depth: Int
    ) -> LineHeader {
        if context.format == .plain { return LineHeader() }
        var scanner = LineScanner(bytes, range)
        var header = recognised(&scanner, context, depth: depth)
        // What was recognised was counted from the beginning of `bytes`, but for what was decoded.
        if header.decoded == nil { header.messageStart = max(0, header.messageStart - range.lowerBound) }
        return header
    }

    private static func recognised(_ scanner: inout LineScanner, _ context: LineContext, depth: Int) -> LineHeader {
        guard let first = scanner.peek() else { return LineHeader() }
        let start = scanner
        switch first {
        case UInt8(ascii: "{"):
            return json(scanner.rest, context: context, depth: depth)
                ?? jsonBeforeLines(scanner.rest, context: context, depth: depth) ?? partOfJSON(scanner) ?? LineHeader()
        case UInt8(ascii: "\""):
            return partOfJSON(scanner) ?? LineHeader()
        case UInt8(ascii: "*"):
            return droppedPrintk(&scanner) ?? LineHeader()
        case UInt8(ascii: "<"):
            return syslogWithPriority(&scanner, context) ?? LineHeader()
        case UInt8(ascii: "["):
            return bracketed(&scanner, context) ?? undated(start, context) ?? access(start, context) ?? LineHeader()
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            return redis(&scanner, context) ?? dated(&scanner, context, depth: depth) ?? kmsg(&scanner)
                ?? rfc5424WithoutPriority(&scanner, context) ?? timed(start) ?? access(start, context) ?? LineHeader()
        case 0x20, 0x09:
            var header = LineHeader()
            guard context.format == .json || context.format == .docker else { return header }
            let whole = scanner.rest
            scanner.skipSpaces()
            if scanner.peek() == UInt8(ascii: "{") {
                header = json(whole, context: context, depth: depth) ?? header
            }
            return header
        default:
            return klog(&scanner, context) ?? rfc3164(&scanner, context) ?? asctimeLine(&scanner, context)
                ?? decodedDmesg(&scanner, context) ?? behindPrompt(&scanner) ?? undated(start, context)
                ?? access(start, context) ?? LineHeader()
        }
    }

    /// Appends the text that the scan sees of a line in a decoded format: the whole line when it is not of that form.
    /// - Returns: whether the line goes on in the next one of its stream.
    static func appendText(of line: ArraySlice<UInt8>, context: LineContext, to out: inout [UInt8]) -> Bool {
        if let isPartial = appendDockerText(of: line, to: &out) { return isPartial }
        let whole = Array(line)
        let header = parse(whole, context: context)
        out.append(contentsOf: header.decoded ?? whole)
        return header.isPartial
    }

    /// The record of a line.
    /// - Parameter text: what stands in place of the line's text: that of several lines.
    package static func record(
        of line: [UInt8], text joined: [UInt8]? = nil, source: Source, context: LineContext
    ) -> Record {
        let header = parse(line, context: context)
        let text = joined ?? header.decoded ?? line
        var message = Array(text[min(header.messageStart, text.count)...])
        while message.last == 0x0d { message.removeLast() }
        // Of several lines of JSON, what they say is shown in place of the first of them.
        let raw = joined.map { $0 == header.decoded ? line : $0 } ?? line
        var record = Record(source: source, message: message, raw: raw, fields: header.fields)
        record.time = header.time ?? context.undatedTime
        record.host = header.host
        record.identifier = header.identifier
        record.pid = header.pid
        record.priority = header.priority
        (record.isAccess, record.isTagged) = (header.isAccess, header.isTagged)
        (record.isBare, record.isOfContainer) = (header.isBare, header.isOfContainer)
        record.isHeaderRoutine = header.isRoutine
        return record
    }
}
