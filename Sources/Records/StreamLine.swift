// A line as the joiner keeps it: all that is needed to make a record of it, alone or with others, and to take it up again
// after a restart.

import Formats

/// One line of a source, or one entry of a journal.
struct StreamLine: Sendable {
    /// Its place in the source's order, counted from when the joiner began.
    var order: Int
    /// As it stood there: the line of a file without its newline, the message of an entry.
    var raw: [UInt8]
    /// What the record's text begins with when this is its first line.
    var text: [UInt8]
    /// Without the recognised header: what stands in a record whose first line is another.
    var message: [UInt8]
    /// Whose lines it belongs to: host, program and pid, a container's stream, the kernel's caller, an entry's stream.
    /// In bytes: any user's entry may name its program at length, and hashing a text of marks takes seconds.
    var key: [UInt8]
    var isKernel = false
    /// It begins with a date and names no program: an entry of a program's own log. Lines without one go on with it.
    var isEntry = false
    /// The header says warning or worse.
    var isGrave = false
    /// What of the line tells its stream, and where it stands: another line without it there is of another stream. Nil
    /// where the header has nothing of the kind.
    var tag: (offset: Int, bytes: [UInt8])?
    /// The container's stream that it came from, where a container engine wrote it.
    var container: [UInt8] = []
    /// Only a part of a longer line.
    var isPartial = false
    /// The kernel's stamp, in microseconds since it started.
    var uptime: Int64?
    /// Which caller wrote it, where the kernel says so.
    var caller: String?
    /// Journal: its fields, as the only entry, once the line is held.
    var entry: JournalEntries?

    /// It has lines of its own: whatever it is, it is whole.
    var isWhole: Bool { message.contains(0x0a) }

    /// Line or entry `index` of a batch.
    /// - Parameter outline: of the line's header, where it has one.
    init(_ index: Int, of batch: RecordBatch, order: Int, _ outline: HeaderOutline? = nil) {
        self.order = order
        switch batch.origin {
        case .journal(let entries):
            raw = Array(batch.text(at: index))
            (text, message) = (raw, raw)
            isKernel = entries.value(of: "_TRANSPORT", at: index)?.elementsEqual("kernel".utf8) ?? false
            key = entries.streamKey(at: index)
        case .lines(let context):
            (raw, text, message, key) = (Array(batch.text(at: index)), [], [], [])
            if let outline {
                take(outline, batch, index)
            } else {
                take(LineHeader.parse(raw, context: context), context)
            }
        case .decoded(let context, let lines, let ranges):
            (raw, text, message, key) = (Array(lines[ranges[index]]), [], [], [])
            take(LineHeader.parse(raw, context: context), context)
        }
    }

    /// A line put together of parts.
    init(raw: [UInt8], order: Int, context: LineContext) {
        (self.order, self.raw, text, message, key) = (order, raw, [], [], [])
        take(LineHeader.parse(raw, context: context), context)
    }

    private mutating func take(_ header: LineHeader, _ context: LineContext) {
        text = header.decoded ?? raw
        message = Array(text[min(header.messageStart, text.count)...])
        while message.last == 0x0d { message.removeLast() }
        isKernel = header.namesKernel
        (uptime, caller, isPartial) = (header.uptime, isKernel ? header.stream : nil, header.isPartial)
        if !isKernel { container = Array((header.stream ?? "").utf8) }
        isGrave = header.priority.map { $0 <= 4 } ?? false
        isEntry = header.stream != nil && !isKernel ? header.isInnerDated : header.time != nil
        if header.identifier != nil { isEntry = false }
        key = Self.key(header)
        guard let name = header.identifier ?? header.stream, header.decoded == nil else { return }
        findTag(
            header.uptime == nil || raw.first != 0x5b ? Array(name.utf8) : [0x5b], messageStart: header.messageStart)
    }

    /// The same of a header that is known by its outline.
    private mutating func take(_ outline: HeaderOutline, _ batch: RecordBatch, _ index: Int) {
        text = raw
        message = Array(batch.bytes[batch.message(at: index, outline)])
        let name = batch.bytes[outline.identifier]
        isKernel = outline.isKernel
        uptime = outline.uptime
        isEntry = name.isEmpty
        key = Self.key(of: outline, in: batch)
        if !name.isEmpty {
            findTag(Array(name), messageStart: outline.messageStart - batch.ranges[index].lowerBound)
        }
    }

    /// Times are of one length in one file, so the tag stands at one place.
    private mutating func findTag(_ wanted: [UInt8], messageStart: Int) {
        let end = min(raw.count, max(messageStart, wanted.count))
        var at = 0
        while at + wanted.count <= end {
            if raw[at..<at + wanted.count].elementsEqual(wanted) {
                tag = (at, wanted)
                return
            }
            at += 1
        }
    }

    private static func key(of outline: HeaderOutline, in batch: RecordBatch) -> [UInt8] {
        if outline.host.isEmpty, outline.identifier.isEmpty { return [] }
        var key: [UInt8] = []
        key.reserveCapacity(outline.host.count + outline.identifier.count + 14)
        key += batch.bytes[outline.host]
        key.append(UInt8(ascii: "|"))
        key += batch.bytes[outline.identifier]
        key.append(UInt8(ascii: "|"))
        if !outline.identifier.isEmpty, let pid = outline.pid { key += String(pid).utf8 }
        key.append(UInt8(ascii: "|"))
        return key
    }

    private static func key(_ header: LineHeader) -> [UInt8] {
        if header.host == nil, header.identifier == nil, header.stream == nil { return [] }
        var key = Array((header.host ?? "").utf8)
        key.append(UInt8(ascii: "|"))
        key += (header.identifier ?? "").utf8
        key.append(UInt8(ascii: "|"))
        if header.identifier != nil, let pid = header.pid { key += String(pid).utf8 }
        key.append(UInt8(ascii: "|"))
        key += (header.stream ?? "").utf8
        return key
    }
}

extension StreamLine {
    /// Whether line `index` of a file may be of the same stream: asked before it is taken apart.
    func mayShareStream(_ index: Int, of batch: RecordBatch) -> Bool {
        guard let tag else { return true }
        let range = batch.ranges[index]
        let start = range.lowerBound + tag.offset
        guard start + tag.bytes.count <= range.upperBound else { return false }
        for at in 0..<tag.bytes.count where batch.bytes[start + at] != tag.bytes[at] { return false }
        return true
    }

    /// The line as one of a record's others.
    var lineText: TraceText { TraceText(message[...]) }

    /// Bytes that it takes.
    var size: Int { raw.count + message.count + (entry?.size ?? 0) }
}
