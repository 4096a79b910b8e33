// The lines that container engines wrap around a program's own: CRI (containerd, CRI-O) and Docker's json-file.

import Formats

extension LineHeader {
    /// CRI, behind the time: ` stderr F message`. The tag is `F` for a full line, `P` for a part of a longer one.
    static func cri(_ scanner: inout LineScanner, _ context: LineContext, _ time: Timestamp) -> LineHeader? {
        let start = scanner.at
        guard scanner.take(" stderr ") || scanner.take(" stdout "), let tag = scanner.word(limit: 16),
            tag.first == UInt8(ascii: "F") || tag.first == UInt8(ascii: "P"), scanner.take(" ") || scanner.isAtEnd
        else {
            scanner.at = start
            return nil
        }
        let stream: StaticString = scanner.bytes[start + 4] == UInt8(ascii: "e") ? "stderr" : "stdout"
        let content = scanner.rest
        var header = parse(content, context: inner(context), depth: 1)
        header.fields.append(Field("stream", stream.description))
        (header.stream, header.isOfContainer) = (stream.description, true)
        header.isPartial = tag.first == UInt8(ascii: "P")
        header.isInnerDated = header.time != nil
        header.time = header.time ?? time
        if header.decoded == nil {
            if context.format == .cri {
                header.decoded = content
            } else {
                header.messageStart += scanner.at
            }
        }
        return header
    }

    /// Docker: `log` holds the program's line.
    static func docker(_ members: [JSON.Member], context: LineContext, depth: Int) -> LineHeader? {
        guard depth == 0, members.contains(where: { $0.name.isExactly("stream") }),
            let log = members.first(where: { $0.name.isExactly("log") })?.value.string,
            let stamp = members.first(where: { $0.name.isExactly("time") })?.value.string
        else { return nil }
        var content = Array(log.utf8)
        let isPartial = content.last != 0x0a
        if !isPartial { content.removeLast() }
        var header = parse(content, context: inner(context), depth: 1)
        (header.isPartial, header.isOfContainer) = (isPartial, true)
        header.isInnerDated = header.time != nil
        var scanner = LineScanner(Array(stamp.utf8))
        header.time = header.time ?? scanner.isoTime(localOffset: 0)?.time
        if let stream = members.first(where: { $0.name.isExactly("stream") })?.value.string {
            header.fields.append(Field("stream", stream))
            // The engine writes `stdout` or `stderr`. It tells streams apart, in tables: what is longer is not the engine's.
            header.stream = stream.utf8.count <= 64 ? stream : nil
        }
        header.decoded = header.decoded ?? content
        return header
    }

    /// One line of the parts that a container engine cut it into, as the engine would have written it whole.
    static func whole(_ parts: [[UInt8]]) -> [UInt8] {
        guard let first = parts.first, parts.count > 1 else { return parts.first ?? [] }
        if first.first == UInt8(ascii: "{") { return wholeDocker(parts) ?? first }
        var line = first
        guard let start = contentOfCRI(first) else { return first }
        // The tag may go on behind its first letter (`P:x`).
        if let tag = first[..<max(0, start - 1)].lastIndex(of: 0x20) { line[tag + 1] = UInt8(ascii: "F") }
        for part in parts.dropFirst() { line += part[(contentOfCRI(part) ?? 0)...] }
        return line
    }

    /// Behind the time, the stream and the tag.
    private static func contentOfCRI(_ line: [UInt8]) -> Int? {
        var at = 0
        for _ in 0..<3 {
            guard let space = line[at...].firstIndex(of: 0x20) else { return nil }
            at = space + 1
        }
        return at
    }

    private static func wholeDocker(_ parts: [[UInt8]]) -> [UInt8]? {
        let objects = parts.compactMap { try? JSON.parse($0).members }
        guard objects.count == parts.count, let first = objects.first else { return nil }
        let log = objects.map { $0.first { $0.name.isExactly("log") }?.value.string ?? "" }.joined()
        let members = first.map { $0.name.isExactly("log") ? JSON.Member("log", .string(log)) : $0 }
        return Array(JSON.object(members).text.utf8)
    }

    private static func inner(_ context: LineContext) -> LineContext {
        var context = context
        context.format = .auto
        return context
    }

    /// The quick way for the bulk of Docker's lines: what stands between `{"log":"` and the next quote, unescaped.
    /// Nil, with nothing appended, when the line is not of that form or holds JSON itself; else whether it goes on in the
    /// next one of its stream: Docker cuts lines at 16 KiB, and only the last part ends in a newline.
    static func appendDockerText(of line: ArraySlice<UInt8>, to out: inout [UInt8]) -> Bool? {
        let prefix = Array(#"{"log":""#.utf8)
        guard line.starts(with: prefix), line.suffix(3).elementsEqual(#"Z"}"#.utf8) else { return nil }
        let start = out.count
        var at = line.startIndex + prefix.count
        if at < line.endIndex, line[at] == UInt8(ascii: "{") { return nil }
        while at < line.endIndex {
            let byte = line[at]
            at += 1
            if byte == 0x22 {
                guard line[at...].starts(with: #","stream":""#.utf8) else { break }
                let isWhole = out.count > start && out.last == 0x0a
                if isWhole { out.removeLast() }
                return !isWhole
            }
            guard byte == 0x5c else {
                out.append(byte)
                continue
            }
            guard at < line.endIndex, let plain = simpleEscape(line[at]) else { break }
            out.append(plain)
            at += 1
        }
        out.removeSubrange(start...)
        return nil
    }

    /// `\uNNNN` is none of them: such lines take the long way.
    private static func simpleEscape(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "n"): 0x0a
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "r"): 0x0d
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0c
        case 0x22, 0x5c, 0x2f: byte
        default: nil
        }
    }
}
