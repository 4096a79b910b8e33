// A JSON object that a program wrote over several lines: one record, so that its level, time and message are read.
//
// Must stay true: only lines that can be lines of JSON wait, and only behind one that opens an object and does not close
// it; whatever else comes ends the waiting, and the lines that waited are handed on each by itself.

/// An object of which the end is to come.
struct OpenObject: Sendable {
    var lines: [StreamLine]
    var nesting: JSONNesting
    var size: Int
    var last: Duration
}

/// How deep in arrays and objects a text of JSON is, line by line.
struct JSONNesting: Equatable, Sendable {
    private(set) var depth = 0
    private static let deepest = 100

    /// Goes over one more line. False when it is none of JSON, or what was open is closed before the line ends.
    mutating func take(_ line: some BidirectionalCollection<UInt8>) -> Bool {
        var at = line.startIndex
        var isAtEnd = false
        while at < line.endIndex {
            let byte = line[at]
            line.formIndex(after: &at)
            if [0x20, 0x09, 0x0d].contains(byte) { continue }
            if isAtEnd { return false }
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                if depth > Self.deepest { return false }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                isAtEnd = depth == 0
            case UInt8(ascii: "\""):
                guard let end = Self.endOfString(line, at) else { return false }
                at = end
            case UInt8(ascii: ","), UInt8(ascii: ":"): continue
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "a")...UInt8(ascii: "z"):
                let start = line.index(before: at)
                at = line[at...].firstIndex { !Self.isOfWord($0) } ?? line.endIndex
                guard Self.isValue(line[start..<at]) else { return false }
            default: return false
            }
        }
        return true
    }

    private static func isOfWord(_ byte: UInt8) -> Bool {
        byte &- 48 < 10 || (97...122).contains(byte | 0x20) || [0x2b, 0x2d, 0x2e].contains(byte)
    }

    private static func isValue(_ word: some Collection<UInt8>) -> Bool {
        ["true", "false", "null"].contains { word.elementsEqual($0.utf8) }
            || word.allSatisfy { $0 &- 48 < 10 || [0x2b, 0x2d, 0x2e, 0x45, 0x65].contains($0) }
    }

    /// Behind the closing quote; nil when the line ends before.
    private static func endOfString<Line: BidirectionalCollection<UInt8>>(_ line: Line, _ start: Line.Index)
        -> Line.Index?
    {
        var at = start
        while at < line.endIndex {
            let byte = line[at]
            line.formIndex(after: &at)
            if byte == 0x22 { return at }
            if byte == 0x5c {
                guard at < line.endIndex else { return nil }
                line.formIndex(after: &at)
            }
        }
        return nil
    }
}

extension RecordJoiner {
    /// Whether the line is of an object over several lines, and held or handed on with it.
    mutating func takeObject(_ line: StreamLine, index: Int?, mayBegin: Bool, _ work: inout JoiningBatch) -> Bool {
        if var object {
            var nesting = object.nesting
            if nesting.take(line.raw), object.lines.count < limits.lines, object.size + line.size <= limits.bytes {
                object.lines.append(work.holding(line, index))
                (object.nesting, object.size, object.last) = (nesting, object.size + line.size, work.now)
                self.object = object
                if nesting.depth == 0 { closeObject(&work) }
                return true
            }
            breakObject(&work)
        }
        guard mayBegin, multiline != .none, !source.isJournal, line.raw.first == UInt8(ascii: "{") else { return false }
        var nesting = JSONNesting()
        guard nesting.take(line.raw), nesting.depth > 0 else { return false }
        object = OpenObject(
            lines: [work.holding(line, index)], nesting: nesting, size: line.size, last: work.now)
        return true
    }

    /// It is whole: one record, whose text is that of all its lines.
    private mutating func closeObject(_ work: inout JoiningBatch) {
        guard let object, let first = object.lines.first, let context else { return }
        self.object = nil
        let raw = Array(object.lines.map(\.raw).joined(separator: [0x0a]))
        work.put([StreamLine(raw: raw, order: first.order, context: context)])
    }

    /// Its end did not come: each of its lines is a record.
    mutating func breakObject(_ work: inout JoiningBatch) {
        for line in object?.lines ?? [] { work.put([line]) }
        object = nil
    }
}
