// One open log file: what of it was handed over, and the next piece of it. It keeps nothing of the file's text in
// memory: an unterminated line is read again when there is more. Must stay true: the offset moves only over bytes that
// were handed over (or skipped, and said), and only after the file's identity was checked behind the read.

import CPlatform
import Formats
import Glibc
import Platform
import Records

final class TailedFile {
    let key: FileKey
    let descriptor: Descriptor
    let pattern: FilePattern
    /// The path that the pattern matched; kept after rotation, so that one log is one source.
    let path: String
    /// Where the file stands now, for people.
    var placedAt: String
    var checkpoint: FileCheckpoint
    private(set) var format: LineFormat?
    /// The beginning, as far as `checkpoint.headChecksum` goes or further, when it was read last.
    private(set) var head: [UInt8] = []
    /// Checkpoints of the last reads: they tell a copy that was made some reads ago.
    private(set) var marks: [FileCheckpoint] = []

    /// Still the file at its path.
    var isCurrent: Bool {
        get { !checkpoint.isRotated }
        set { checkpoint.isRotated = !newValue }
    }
    /// When it was found at its path the time before last: a generation that came since is younger.
    var seenBefore: Timestamp
    /// When it was found to have left its path.
    var leftAt: Duration?
    /// The generation that must be read to its end before this one.
    var predecessor: FileKey?
    /// Everything was handed over when it was read last, but perhaps an unterminated line.
    var isDrained = false
    var isQueued = false
    var watch: Int32?
    /// The last line has no newline and had this end when first seen, and then.
    private(set) var unterminated: (end: Int64, since: Duration)?
    /// Nothing changed since, if stat(2) says this; nil when that cannot be trusted.
    private var settled: (size: Int64, modified: Timestamp)?
    private(set) var knownSize: Int64 = 0
    /// Names that the file had when it was read last.
    private(set) var links: UInt64 = 1
    /// Lines cut since they were last told.
    var cutLines = 0
    var lastGrowth: Duration

    init(
        descriptor: Descriptor, status: FileStatus, path: String, placedAt: String, pattern: FilePattern,
        checkpoint: FileCheckpoint?, seen: Timestamp, time: SourceTime
    ) {
        key = FileKey(status)
        self.descriptor = descriptor
        self.pattern = pattern
        self.path = path
        self.placedAt = placedAt
        self.checkpoint = checkpoint ?? FileCheckpoint(path: path, device: status.device, inode: status.inode)
        (self.checkpoint.path, self.checkpoint.device, self.checkpoint.inode) = (path, status.device, status.inode)
        seenBefore = checkpoint?.seen ?? seen
        (self.checkpoint.seen, self.checkpoint.isRotated) = (seen, false)
        lastGrowth = time.monotonic
        knownSize = status.size
    }

    /// The next piece of the file.
    enum Piece {
        /// Whole lines, each ended by a newline (one that was cut has one put there).
        case lines([UInt8])
        /// The offset moved without lines (the rest of a cut line, a hole).
        case moved
        /// The end; perhaps an unterminated line waits.
        case end
        /// The file does not hold any more what was read: truncated, or its inode used again.
        case replaced
    }

    /// Reads up to `limit` bytes from the offset. `takingUnterminated`: the last line is taken as it is.
    func next(limit: Int, lineLimit: Int, time: SourceTime, lastLineTimeout: Duration) throws(SystemError) -> Piece {
        let before = try descriptor.status()
        links = before.links
        if let settled, settled.size == before.size, settled.modified == before.modified {
            return takesUnterminated(time, lastLineTimeout)
                ? try take(limit: limit, lineLimit: lineLimit, time: time, whole: true) : .end
        }
        if before.size != knownSize { lastGrowth = time.monotonic }
        let due = takesUnterminated(time, lastLineTimeout) && unterminated?.end == before.size
        let piece = try take(limit: limit, lineLimit: lineLimit, time: time, whole: due)
        if case .end = piece {
            // A later write within the clock's tick would leave size and time as they are (the kernel's file times are
            // those of its last tick): not trusted until the time is past.
            let old = before.modified + .milliseconds(50) < time.wall
            settled = old ? (before.size, before.modified) : nil
        } else {
            settled = nil
        }
        return piece
    }

    private func takesUnterminated(_ time: SourceTime, _ timeout: Duration) -> Bool {
        unterminated.map { time.monotonic >= $0.since + timeout } ?? false
    }

    private func take(limit: Int, lineLimit: Int, time: SourceTime, whole: Bool) throws(SystemError) -> Piece {
        let tail = checkpoint.tailLength
        let block = try descriptor.read(at: checkpoint.offset - Int64(tail), upTo: tail + limit)
        // The identity is looked at behind the read: what was read is of the file that is remembered.
        guard let size = try identityHolds(block, tail: tail) else { return .replaced }
        knownSize = size
        if format == nil { format = try recogniseFormat() }
        let atEnd = block.count < tail + limit
        if checkpoint.skipsLine { return skip(block, from: tail, atEnd: atEnd) }
        if let hole = skipHole(block, from: tail) { return hole }
        let newline = lastNewline(block, from: tail)
        if let newline {
            unterminated = nil
            let lines = bounded(Array(block[tail...newline]), lineLimit: lineLimit, block: block, tail: tail)
            advance(over: block, to: newline + 1)
            return lines.isEmpty ? .moved : .lines(lines)
        }
        let rest = block.count - tail
        if rest > lineLimit {
            let lines = Array(block[tail..<tail + lineLimit]) + [0x0a]
            advance(over: block, to: tail + lineLimit)
            checkpoint.skipsLine = true
            cutLines += 1
            unterminated = nil
            return .lines(lines)
        }
        if rest > 0, whole {
            let lines = Array(block[tail...]) + [0x0a]
            advance(over: block, to: block.count)
            unterminated = nil
            return .lines(lines)
        }
        noteUnterminated(rest: rest, time)
        return .end
    }

    private func noteUnterminated(rest: Int, _ time: SourceTime) {
        let end = checkpoint.offset + Int64(rest)
        if rest == 0 {
            unterminated = nil
        } else if unterminated?.end != end {
            unterminated = (end, time.monotonic)
        }
    }

    /// The size when beginning and read bytes are those remembered, else nil. A beginning that was shorter than the
    /// checksummed length grows with the file.
    private func identityHolds(_ block: [UInt8], tail: Int) throws(SystemError) -> Int64? {
        guard block.count >= tail else { return nil }
        if tail > 0, FileIdentity.checksum(block[..<tail]) != checkpoint.tailChecksum { return nil }
        let known = checkpoint.headLength
        let head: [UInt8]
        if checkpoint.offset - Int64(tail) == 0, block.count >= FileIdentity.headLength {
            // What becomes the beginning is what was read, not what may stand there a moment later.
            head = Array(block[..<FileIdentity.headLength])
            if known > 0 {
                let now = try descriptor.read(at: 0, upTo: known)
                guard now.elementsEqual(head.prefix(known)) else { return nil }
            }
        } else {
            head = try descriptor.read(at: 0, upTo: FileIdentity.headLength)
        }
        guard head.count >= known, known == 0 || FileIdentity.checksum(head[..<known]) == checkpoint.headChecksum else {
            return nil
        }
        let size = try descriptor.status().size
        guard size >= checkpoint.offset else { return nil }
        self.head = head
        if head.count > known {
            checkpoint.headLength = head.count
            checkpoint.headChecksum = FileIdentity.checksum(head)
        }
        return size
    }

    private func recogniseFormat() throws(SystemError) -> LineFormat? {
        if pattern.format != .auto { return pattern.format }
        let head = try descriptor.read(at: 0, upTo: 512)
        return head.isEmpty ? nil : LineFormat.recognised(in: head)
    }

    private func lastNewline(_ block: [UInt8], from start: Int) -> Int? {
        block.withUnsafeBytes { raw in
            guard let base = raw.baseAddress, raw.count > start,
                let found = herald_memrchr(base + start, 0x0a, raw.count - start)
            else { return nil }
            return found - base
        }
    }

    /// Moves the offset to `end` within `block`, which began `tailLength` bytes before it.
    private func advance(over block: [UInt8], to end: Int) {
        checkpoint.offset += Int64(end - checkpoint.tailLength)
        let length = min(FileIdentity.tailLength, end)
        checkpoint.tailLength = length
        checkpoint.tailChecksum = FileIdentity.checksum(block[end - length..<end])
        if marks.count == 8 { marks.removeFirst() }
        marks.append(checkpoint)
    }
}

extension TailedFile {
    /// Passes over the rest of a line that was cut.
    private func skip(_ block: [UInt8], from start: Int, atEnd: Bool) -> Piece {
        guard let newline = block[start...].firstIndex(of: 0x0a) else {
            if block.count == start { return .end }
            advance(over: block, to: block.count)
            return .moved
        }
        advance(over: block, to: newline + 1)
        checkpoint.skipsLine = false
        return .moved
    }

    /// A writer that does not append leaves a hole of NULs where a file was truncated: no line. Short runs are data.
    private func skipHole(_ block: [UInt8], from start: Int) -> Piece? {
        let shortest = 512
        guard block.count - start >= shortest, block[start] == 0, block[start + shortest - 1] == 0 else { return nil }
        let end = block[start...].firstIndex { $0 != 0 } ?? block.count
        guard end - start >= shortest else { return nil }
        advance(over: block, to: end)
        if end == block.count {
            // All of the block: on to where the file has data again.
            let data = lseek(descriptor.number, off_t(checkpoint.offset), 3 /* SEEK_DATA */)
            let from = data - FileIdentity.tailLength
            if data > checkpoint.offset,
                let tail = try? descriptor.read(at: Int64(from), upTo: FileIdentity.tailLength),
                tail.count == FileIdentity.tailLength
            {
                checkpoint.offset = Int64(data)
                checkpoint.tailLength = tail.count
                checkpoint.tailChecksum = FileIdentity.checksum(tail)
            }
        }
        return .moved
    }

    /// `lines` with those over the limit cut, and without the empty rest of a line that was taken before its newline.
    private func bounded(_ lines: [UInt8], lineLimit: Int, block: [UInt8], tail: Int) -> [UInt8] {
        var first = 0
        if tail > 0, block[tail - 1] != 0x0a {
            if lines.starts(with: [0x0a]) { first = 1 } else if lines.starts(with: [0x0d, 0x0a]) { first = 2 }
        }
        let ranges = lines.count > lineLimit ? RecordBatch.split(lines) : []
        guard ranges.contains(where: { $0.count > lineLimit }) else {
            return first == 0 ? lines : Array(lines[first...])
        }
        var out: [UInt8] = []
        out.reserveCapacity(lines.count)
        for range in ranges where range.upperBound >= first {
            if range.count > lineLimit { cutLines += 1 }
            out.append(contentsOf: lines[max(first, range.lowerBound)..<range.upperBound].prefix(lineLimit))
            out.append(0x0a)
        }
        return out
    }

    /// Begins again at the start: the file was truncated.
    func restart() {
        var fresh = FileCheckpoint(path: path, device: key.device, inode: key.inode)
        (fresh.seen, fresh.isRotated) = (checkpoint.seen, checkpoint.isRotated)
        checkpoint = fresh
        (head, marks) = ([], [])
        format = nil
        settled = nil
        unterminated = nil
        isDrained = false
    }

    /// Begins at the end, or where the last line begins if that has no newline yet: a start in mid-line would tear it.
    func startAtEnd(lineLimit: Int) throws(SystemError) {
        let size = try descriptor.status().size
        let from = max(0, size - Int64(lineLimit))
        let block = try descriptor.read(at: from, upTo: Int(size - from))
        let lineStart = lastNewline(block, from: 0).map { $0 + 1 } ?? 0
        checkpoint.offset = from + Int64(lineStart)
        if lineStart == 0, from > 0 {
            (checkpoint.offset, checkpoint.skipsLine) = (from + Int64(block.count), true)
        }
        let length = Int(min(Int64(FileIdentity.tailLength), checkpoint.offset))
        checkpoint.tailLength = length
        checkpoint.tailChecksum = FileIdentity.checksum(
            try descriptor.read(at: checkpoint.offset - Int64(length), upTo: length))
        let head = try descriptor.read(at: 0, upTo: FileIdentity.headLength)
        checkpoint.headLength = head.count
        checkpoint.headChecksum = FileIdentity.checksum(head)
    }

    /// When the unterminated line is taken.
    func unterminatedDeadline(_ timeout: Duration) -> Duration? { unterminated.map { $0.since + timeout } }

    /// Bytes that are there and not handed over, as far as known.
    var behind: Int64 { max(0, knownSize - checkpoint.offset) }
}
