// One open log file: what of its text was handed over, and the next piece of it. It keeps nothing of the text in memory
// but its beginning and the bytes before the offset: an unterminated line is read again when there is more. Must stay
// true: the offset moves only over bytes that were handed over (or skipped, and said), and only after the file was seen,
// behind the read, to hold the text still.

import CPlatform
import Formats
import Glibc
import Platform
import Records

final class TailedFile {
    /// What the bytes come from.
    enum Content {
        case file(Descriptor)
        case archive(ArchiveStream)

        /// Of an archive whoever opened it knows.
        var born: Int64? { if case .file(let descriptor) = self { descriptor.born } else { nil } }
    }

    let key: FileKey
    let content: Content
    let pattern: FilePattern
    /// The path that the pattern matched; kept after rotation, so that one log is one source.
    let path: String
    /// Where the file stands now, for people.
    var placedAt: String
    var checkpoint: FileCheckpoint
    var format: LineFormat?
    /// The first bytes of the text as far as they are known, up to `TextMark.headLength`.
    var head: [UInt8] = []
    /// The bytes before the offset, up to 64.
    var tail: [UInt8] = []
    /// What these say of the text's encoding, and what was read last does.
    var headEncoding: WideEncoding?
    var goesOnWide = false

    /// Still the file at its path.
    var isCurrent: Bool {
        get { !checkpoint.isRotated }
        set { checkpoint.isRotated = !newValue }
    }
    /// It is known what was written to its log before it. Nothing of it is read until then.
    var isAccounted = false
    /// Its text was not accounted for yet, or nothing of it was read: generations may have come before it that nobody saw.
    var isNew = true
    /// So little of its text is known that another may well begin equally (the date, a name).
    var isHardlyKnown: Bool { head.count < 64 }
    /// What was stored of it, where that is so little that it may hold another text by now.
    var doubtful: FileCheckpoint?
    /// It is no copy of another log's text, though it may hold the same.
    var isItsOwn = false
    /// One of which little is known was accounted for behind the last look at it.
    var isAssured = false
    /// Its row was handed over, though nothing is known of its text yet.
    var isStored = false
    /// It was seen among its log's generations since it left its path: rotation removes the oldest of these.
    var isGeneration = false
    /// When it was found to have left its path.
    var leftAt: Duration?
    /// The generation that must be read to its end before this one.
    var predecessor: FileKey?
    /// Everything was handed over when it was read last, but perhaps an unterminated line.
    var isDrained = false
    /// It was read to its end before: what is in it now was written while it was followed.
    var isFollowed = false
    /// When it was written to last, as its file system says.
    private(set) var modified: Timestamp
    var watch: Int32?
    /// The last line has no newline and had this end when first seen, and then.
    var unterminated: (end: Int64, since: Duration)?
    /// Nothing changed since, if stat(2) says this; nil when that cannot be trusted.
    var settled: (size: Int64, modified: Timestamp)?
    var knownSize: Int64
    /// Names that the file had when it was read last.
    private(set) var links: UInt64 = 1
    /// Lines cut since they were last told.
    var cutLines = 0
    var lastGrowth: Duration
    /// An archive was read up to the offset, and is of the text of the checkpoint.
    var isPlaced = false

    /// `checkpoint`: what was read of its text, which the file was seen to hold; nil for one that is read from its
    /// beginning, and was `seen` now.
    init(
        _ content: Content, status: FileStatus, path: String, placedAt: String, pattern: FilePattern,
        checkpoint: FileCheckpoint?, seen: Timestamp, time: SourceTime
    ) {
        key = FileKey(status)
        self.content = content
        self.pattern = pattern
        self.path = path
        self.placedAt = placedAt
        self.checkpoint = checkpoint ?? FileCheckpoint(path: path, device: status.device, inode: status.inode)
        (self.checkpoint.path, self.checkpoint.device, self.checkpoint.inode) = (path, status.device, status.inode)
        (self.checkpoint.isPassedOver, self.checkpoint.passesOlder, self.checkpoint.archive) = (false, false, nil)
        self.checkpoint.isCopy = false
        self.checkpoint.born = content.born
        if checkpoint == nil { self.checkpoint.seen = seen }
        lastGrowth = time.monotonic
        (knownSize, modified) = (status.size, status.modified)
        if case .archive = content { knownSize = self.checkpoint.offset }
    }

    var lineLimit: Int { pattern.lineLimit }
    var descriptor: Descriptor? { if case .file(let descriptor) = content { descriptor } else { nil } }
    var archive: ArchiveStream? { if case .archive(let stream) = content { stream } else { nil } }

    /// The next piece of the file.
    enum Piece {
        /// Whole lines, each ended by a newline (one that was cut has one put there).
        case lines([UInt8])
        /// The offset moved without lines (the rest of a cut line, a hole), or more is to come at once.
        case moved
        /// An archive's program has not written more yet.
        case pending
        /// The end; perhaps an unterminated line waits.
        case end
        /// The file does not hold the text that was read: truncated, or its inode used again, or an archive of another.
        case replaced
        /// An archive that is damaged, and how: all before the damage was handed over.
        case damaged(String)
    }

    /// Reads up to `limit` bytes from the offset.
    func next(limit: Int, time: SourceTime, lastLineTimeout: Duration) throws(SystemError) -> Piece {
        switch content {
        case .archive(let stream): return next(of: stream, limit: limit, time)
        case .file(let descriptor):
            let before = try descriptor.status()
            (links, modified) = (before.links, before.modified)
            let isDue = unterminated.map { time.monotonic >= $0.since + lastLineTimeout } ?? false
            if let settled, settled.size == before.size, settled.modified == before.modified, !isDue { return .end }
            if before.size != knownSize { lastGrowth = time.monotonic }
            let takesRest = isDue && unterminated?.end == before.size
            let piece = try take(descriptor, limit: limit, time, whole: takesRest)
            // A later write within the clock's tick would leave size and time as they are (the kernel's file times are
            // those of its last tick): not trusted until the time is past.
            let isOld = before.modified + .milliseconds(50) < time.wall
            if case .end = piece, isOld { settled = (before.size, before.modified) } else { settled = nil }
            return piece
        }
    }

    private func take(
        _ descriptor: Descriptor, limit: Int, _ time: SourceTime, whole: Bool
    ) throws(SystemError) -> Piece {
        let wanted = tailLength + limit
        let block = try descriptor.read(at: checkpoint.offset - Int64(tailLength), upTo: wanted)
        guard let size = try textHolds(descriptor, block) else { return .replaced }
        knownSize = size
        return piece(of: block, isLast: whole, time)
    }

    /// How many bytes before the offset are compared at each read.
    var tailLength: Int { tail.count }

    /// What stands in a block that begins `tail` before the offset. `isLast`: no more will come.
    func piece(of block: [UInt8], isLast: Bool, _ time: SourceTime) -> Piece {
        let start = tailLength
        if format == nil { format = recogniseFormat() }
        if checkpoint.skipsLine { return skip(block, from: start) }
        if let hole = skipHole(block, from: start) { return hole }
        if let newline = lastNewline(block, from: start) {
            unterminated = nil
            let lines = bounded(Array(block[start...newline]), block: block, tail: start)
            advance(over: block, to: newline + 1)
            return lines.isEmpty ? .moved : .lines(lines)
        }
        let rest = block.count - start
        if rest > lineLimit {
            let lines = Array(block[start..<start + lineLimit]) + [0x0a]
            advance(over: block, to: start + lineLimit)
            checkpoint.skipsLine = true
            cutLines += 1
            unterminated = nil
            return .lines(lines)
        }
        if rest > 0, isLast {
            let lines = Array(block[start...]) + [0x0a]
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

    private func recogniseFormat() -> LineFormat? {
        if pattern.format != .auto { return pattern.format }
        return head.isEmpty ? nil : LineFormat.recognised(in: head)
    }

    func lastNewline(_ block: [UInt8], from start: Int) -> Int? {
        block.withUnsafeBytes { raw in
            guard let base = raw.baseAddress, raw.count > start,
                let found = herald_memrchr(base + start, 0x0a, raw.count - start)
            else { return nil }
            return found - base
        }
    }

    /// Moves the offset to `end` within `block`, which began `tail` before it.
    func advance(over block: [UInt8], to end: Int) {
        move(to: checkpoint.offset + Int64(end - tailLength), behind: block[..<end])
    }

    /// Moves the offset; `before` ends there.
    func move(to offset: Int64, behind before: ArraySlice<UInt8>) {
        checkpoint.offset = offset
        isNew = false
        (checkpoint.isFinished, checkpoint.mayHaveGrown) = (false, false)
        tail = Array(before.suffix(Self.tailLimit))
        noteEncoding()
        let window = TextMark.window(at: offset)
        let marked = offset <= Int64(TextMark.headLength) ? head.prefix(Int(offset)) : tail.suffix(window.count)
        guard marked.count == window.count else { return }
        checkpoint.marks.noteRead(TextMark(offset: offset, checksum: TextMark.checksum(marked)))
    }

    static let tailLimit = 64

    /// Since when it is known, if it was empty then and nothing was read of it.
    var emptySince: Duration? { knownSize == 0 ? lastGrowth : nil }

    /// Bytes that are there and not handed over, as far as known.
    var behind: Int64 { max(0, knownSize - checkpoint.offset) }

    /// The same, as the file is now.
    var behindNow: Int64 {
        (try? descriptor?.status().size).map { max(0, $0 - checkpoint.offset) } ?? behind
    }
}
