// Parts out of octets: header, then body by its type. Depth and number are bounded. The lines that could be boundaries are
// found once for all levels, so that deep nesting costs no more than its size.

/// Reads the tree of parts of one message.
struct PartReader {
    /// A tree deeper than this stays closed at its end: real mail has less than ten.
    static let depthLimit = 40
    /// Parts of the whole message.
    static let partLimit = 2000

    private var parts = 0
    /// How many octets nested messages may still be decoded to: each level keeps its own, and forty levels of one
    /// large message would be forty of it.
    private var decodable = 0
    /// Where lines that begin with `--` begin in the octets that are being read, in order.
    private var dashes: [Int] = []

    init() {}

    /// The message that fills `range` of `bytes`.
    mutating func message(_ bytes: [UInt8], _ range: Range<Int>, depth: Int = 0) -> MessagePart {
        if depth == 0 { decodable = max(2 * bytes.count, 1 << 16) }
        let outer = dashes
        if depth == 0 || range == 0..<bytes.count { dashes = Self.dashes(bytes) }
        defer { dashes = outer }
        return part(bytes, range, depth: depth, defaultType: "text/plain")
    }

    private static func dashes(_ bytes: [UInt8]) -> [Int] {
        var found: [Int] = []
        for at in bytes.indices.dropLast() where bytes[at] == 0x2d && bytes[at + 1] == 0x2d {
            if at == 0 || bytes[at - 1] == 0x0a { found.append(at) }
        }
        return found
    }

    private mutating func part(_ bytes: [UInt8], _ range: Range<Int>, depth: Int, defaultType: String) -> MessagePart {
        parts += 1
        var part = MessagePart()
        let (headers, body) = HeaderFields.read(bytes, range)
        part.headers = headers
        part.storage = bytes
        part.body = body..<range.upperBound
        part.type = Self.type(headers, default: defaultType)
        part.disposition = headers.structured("Content-Disposition").first ?? StructuredValue()
        if part.type.value.hasPrefix("multipart/") {
            readMultipart(&part, depth: depth)
        } else if part.type.value == "message/rfc822" || part.type.value == "message/global" {
            readNested(&part, depth: depth)
        }
        return part
    }

    private static func type(_ headers: HeaderFields, default fallback: String) -> StructuredValue {
        guard var type = headers.structured("Content-Type").first else { return StructuredValue(value: fallback) }
        type.value.removeAll { $0 == " " }
        let sides = type.value.split(separator: "/", omittingEmptySubsequences: false)
        // RFC 2045 section 5.2: what cannot be read is plain text.
        if sides.count != 2 || sides.contains("") { type.value = "text/plain" }
        return type
    }

    private mutating func readNested(_ part: inout MessagePart, depth: Int) {
        guard depth < Self.depthLimit, parts < Self.partLimit else {
            part.isTruncated = true
            return
        }
        // Forbidden by RFC 2046 section 5.2.1, and sent all the same.
        if part.encoding == "base64" || part.encoding == "quoted-printable" {
            // Neither encoding's octets are fewer than what they stand for.
            guard part.body.count <= decodable else {
                part.isTruncated = true
                return
            }
            let inner = part.bytes
            decodable -= inner.count
            part.children = [message(inner, 0..<inner.count, depth: depth + 1)]
        } else {
            part.children = [message(part.storage, part.body, depth: depth + 1)]
        }
    }

    private mutating func readMultipart(_ part: inout MessagePart, depth: Int) {
        let named = part.type["boundary"].map { Array($0.utf8) }.map(Self.withoutTrailingBlanks) ?? []
        guard let boundary = named.isEmpty ? Self.guessedBoundary(part) : named, boundary.count <= 1000 else { return }
        guard depth < Self.depthLimit else {
            part.isTruncated = true
            return
        }
        let fallback = part.type.value == "multipart/digest" ? "message/rfc822" : "text/plain"
        var start: Int?
        var marks = BoundaryMarks(bytes: part.storage, range: part.body, boundary: boundary, dashes: dashes)
        while let mark = marks.next() {
            part.boundary = boundary
            if let start {
                if parts >= Self.partLimit {
                    part.isTruncated = true
                    return
                }
                let range = start..<max(start, mark.before)
                part.children.append(self.part(part.storage, range, depth: depth + 1, defaultType: fallback))
            }
            start = mark.isLast ? nil : mark.after
            if mark.isLast { break }
        }
        // The closing boundary is missing: the last part goes to the end.
        if let start {
            if parts >= Self.partLimit {
                part.isTruncated = true
                return
            }
            let range = start..<part.body.upperBound
            part.children.append(self.part(part.storage, range, depth: depth + 1, defaultType: fallback))
        }
    }

    private static func withoutTrailingBlanks(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        while bytes.last?.isBlank == true { bytes.removeLast() }
        return bytes
    }

    /// Of a multipart without a boundary parameter: the first line of its body, when it looks like one.
    private static func guessedBoundary(_ part: MessagePart) -> [UInt8]? {
        var at = part.body.lowerBound
        while at < part.body.upperBound, part.storage[at].isSpace { at += 1 }
        let line = part.storage[at..<part.body.upperBound].prefix(100).prefix { !$0.isSpace }
        return line.count > 6 && line.starts(with: [0x2d, 0x2d]) ? [UInt8](line.dropFirst(2)) : nil
    }
}

/// The boundary lines in a body (RFC 2046 section 5.1.1).
private struct BoundaryMarks {
    struct Mark {
        /// Where the part before it ends: the line end before a boundary belongs to the boundary.
        var before: Int
        /// After the boundary's line.
        var after: Int
        var isLast: Bool
    }

    let bytes: [UInt8]
    let range: Range<Int>
    let boundary: [UInt8]
    let dashes: [Int]
    /// Of the next of `dashes` to look at.
    private var index: Int

    init(bytes: [UInt8], range: Range<Int>, boundary: [UInt8], dashes: [Int]) {
        self.bytes = bytes
        self.range = range
        self.boundary = [0x2d, 0x2d] + boundary
        self.dashes = dashes
        var (low, high) = (0, dashes.count)
        while low < high {
            let middle = (low + high) / 2
            if dashes[middle] < range.lowerBound { low = middle + 1 } else { high = middle }
        }
        index = low
    }

    mutating func next() -> Mark? {
        while index < dashes.count, dashes[index] < range.upperBound {
            let start = dashes[index]
            index += 1
            let end = bytes.index(of: 0x0a, in: start..<range.upperBound).map { $0 + 1 } ?? range.upperBound
            guard end - start >= boundary.count,
                bytes[start..<start + boundary.count].elementsEqual(boundary)
            else { continue }
            var rest = bytes[start + boundary.count..<end]
            let isLast = rest.starts(with: [0x2d, 0x2d])
            if isLast { rest = rest.dropFirst(2) }
            guard rest.allSatisfy(\.isSpace) else { continue }
            return Mark(before: lineEndBefore(start), after: end, isLast: isLast)
        }
        return nil
    }

    private func lineEndBefore(_ start: Int) -> Int {
        var before = start
        if before > range.lowerBound, bytes[before - 1] == 0x0a { before -= 1 }
        if before < start, before > range.lowerBound, bytes[before - 1] == 0x0d { before -= 1 }
        return before
    }
}
