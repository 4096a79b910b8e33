// What a joiner holds, in the form in which it is kept over a restart: the lines as they came, in their order. Joined
// again, they make the same state.

import Formats

/// Lines that were read and are not yet in a record that was handed on.
package struct HeldLines: Equatable, Sendable {
    package struct Line: Equatable, Sendable {
        /// The line, or the entry's message.
        package var text: [UInt8]
        /// Journal: when it was written, and its fields as `NAME=value`.
        package var time = Timestamp(seconds: 0)
        package var fields: [[UInt8]] = []
    }

    package var lines: [Line] = []
    /// Of files.
    package var format = LineFormat.auto
    package var readAt = Timestamp(seconds: 0)
    package var utcOffset = 0

    package init() {}

    /// As one batch of the source, ready to be joined.
    package func batch(of source: Source) -> RecordBatch {
        guard source.isJournal else {
            let context = LineContext(format: format, readAt: readAt, utcOffset: utcOffset)
            return RecordBatch(lines: lines.flatMap { $0.text + [0x0a] }, source: source, context: context)
        }
        var (bytes, ranges, entries) = ([UInt8](), [Range<Int>](), JournalEntries())
        for line in lines {
            ranges.append(bytes.count..<bytes.count + line.text.count)
            bytes += line.text + [0x0a]
            entries.beginEntry(time: line.time)
            for field in line.fields { field.withUnsafeBytes { entries.append($0) } }
        }
        return RecordBatch(source: source, bytes: bytes, ranges: ranges, origin: .journal(entries))
    }

    /// The stored form: a line of JSON, then every text behind its length.
    package var bytes: [UInt8] {
        let head: JSON = [
            "version": 1, "format": .string(format.rawValue), "read_at": .int(readAt.microseconds),
            "utc_offset": JSON(utcOffset), "lines": JSON(lines.count),
        ]
        var out = Array(head.text.utf8) + [0x0a]
        func put(_ number: Int64) { out += "\(number) ".utf8 }
        for line in lines {
            put(line.time.microseconds)
            put(Int64(line.fields.count))
            for text in [line.text] + line.fields {
                put(Int64(text.count))
                out += text
            }
        }
        return out
    }

    /// Reads `bytes` back; nil when it is none.
    package init?(bytes: [UInt8]) {
        guard let newline = bytes.firstIndex(of: 0x0a), let head = try? JSON.parse(bytes[..<newline]),
            head["version"]?.int == 1, let format = head["format"]?.string.flatMap({ LineFormat(rawValue: $0) }),
            let readAt = head["read_at"]?.int, let offset = head["utc_offset"]?.int.flatMap({ Int(exactly: $0) }),
            let count = head["lines"]?.int
        else { return nil }
        (self.format, self.readAt, utcOffset) = (format, Timestamp(microseconds: readAt), offset)
        var at = newline + 1
        // An entry's time may be any number of 64 bits: journals of strangers say what they like.
        func number() -> Int64? {
            guard let end = bytes[at...].prefix(21).firstIndex(of: UInt8(ascii: " ")) else { return nil }
            defer { at = end + 1 }
            return Int64(String(decoding: bytes[at..<end], as: UTF8.self))
        }
        func text() -> [UInt8]? {
            guard let length = number(), length >= 0, length <= bytes.count - at else { return nil }
            defer { at += Int(length) }
            return Array(bytes[at..<at + Int(length)])
        }
        while Int64(lines.count) < count {
            guard let time = number(), let fields = number(), fields >= 0, let first = text() else { return nil }
            var line = Line(text: first, time: Timestamp(microseconds: time))
            for _ in 0..<fields {
                guard let field = text() else { return nil }
                line.fields.append(field)
            }
            lines.append(line)
        }
    }
}

extension RecordJoiner {
    /// Bytes that are held, about.
    package var size: Int {
        open.reduce(0) { $0 + $1.size } + parts.values.reduce(0) { $0 + $1.size } + (object?.size ?? 0)
    }

    /// All that is held now.
    package var held: HeldLines {
        var held = HeldLines()
        if let context {
            (held.format, held.readAt, held.utcOffset) = (context.format, context.readAt, context.utcOffset)
        }
        let all = open.flatMap { $0.lines + $0.doubtful } + parts.values.flatMap(\.lines) + (object?.lines ?? [])
        held.lines = all.sorted { $0.order < $1.order }.map { line in
            guard let entry = line.entry else { return HeldLines.Line(text: line.raw) }
            return HeldLines.Line(text: line.raw, time: entry.time(at: 0), fields: entry.allFields(at: 0))
        }
        return held
    }

    /// Takes up what was held, at the start.
    /// - Returns: records that are whole now; they were not handed on before.
    package mutating func restore(_ held: HeldLines, at now: Duration) -> RecordBatch {
        let batch = held.batch(of: source)
        return join(batch, candidates: Array(0..<batch.count), at: now)
    }
}
