// Whether a file still holds the text that was read of it, and how a text is begun.

import Formats
import Glibc
import Platform
import Records

extension TailedFile {
    /// The size when the file holds, behind the read of `block`, the text that was read; else nil. A beginning that was
    /// shorter than what is compared grows with the file.
    func textHolds(_ descriptor: Descriptor, _ block: [UInt8]) throws(SystemError) -> Int64? {
        guard block.count >= tail.count, block.starts(with: tail) else { return nil }
        let now: [UInt8]
        if checkpoint.offset == Int64(tail.count), block.count >= TextMark.headLength {
            // What becomes the beginning is what was read, not what may stand there a moment later.
            now = Array(block[..<TextMark.headLength])
            guard try descriptor.read(at: 0, upTo: head.count) == head else { return nil }
        } else {
            now = try descriptor.read(at: 0, upTo: TextMark.headLength)
        }
        guard now.starts(with: head) else { return nil }
        let size = try descriptor.status().size
        guard size >= checkpoint.offset else { return nil }
        if now.count > head.count { learn(now) }
        return size
    }

    private func learn(_ head: [UInt8]) {
        self.head = head
        headEncoding = WideEncoding(head: head)
        checkpoint.marks.noteHead(head)
    }

    /// Whether the file still holds what is known of its text; an archive does not change.
    var stillHolds: Bool {
        guard let descriptor else { return true }
        guard let size = try? descriptor.status().size, size >= checkpoint.offset, size >= Int64(head.count),
            let now = try? descriptor.read(at: 0, upTo: head.count), now == head,
            let before = try? descriptor.read(at: checkpoint.offset - Int64(tail.count), upTo: tail.count)
        else { return false }
        return before == tail
    }

    /// Reads the beginning and the bytes before the offset; false when they are not those of the checkpoint.
    func load() throws(SystemError) -> Bool {
        guard let descriptor else { return true }
        let head = try descriptor.read(at: 0, upTo: TextMark.headLength)
        let length = Int(min(Int64(Self.tailLimit), checkpoint.offset))
        let tail = try descriptor.read(at: checkpoint.offset - Int64(length), upTo: length)
        guard tail.count == length, descriptor.holds(checkpoint) else { return false }
        self.tail = tail
        learn(head)
        noteEncoding()
        return true
    }

    /// Learns the beginning of a file of which nothing is known; false while it is empty.
    func meet() throws(SystemError) -> Bool {
        if head.isEmpty, let descriptor {
            let head = try descriptor.read(at: 0, upTo: TextMark.headLength)
            if !head.isEmpty { learn(head) }
        }
        return !head.isEmpty
    }

    /// The encoding of its text, where no pattern finds anything in that.
    var wideEncoding: WideEncoding? { isCurrent ? headEncoding ?? (goesOnWide ? .mixed : nil) : nil }

    /// Whether what was read last is in UTF-16: a program that appends writes no mark.
    func noteEncoding() {
        // A NUL is seldom in a log, and few bytes tell whether to look at more.
        guard tail.contains(0) || goesOnWide else { return }
        goesOnWide = false
        guard headEncoding == nil, let descriptor else { return }
        let length = min(checkpoint.offset, Int64(WideEncoding.stretch))
        let last = (try? descriptor.read(at: checkpoint.offset - length, upTo: Int(length))) ?? []
        goesOnWide = last.count == Int(length) && WideEncoding.fills(last)
    }

    /// Begins again at the start: the file was truncated.
    func restart(at seen: Timestamp) {
        var fresh = FileCheckpoint(path: path, device: key.device, inode: key.inode)
        (fresh.seen, fresh.isRotated) = (seen, checkpoint.isRotated)
        (fresh.target, fresh.born) = (checkpoint.target, checkpoint.born)
        checkpoint = fresh
        (head, tail) = ([], [])
        (headEncoding, goesOnWide) = (nil, false)
        format = nil
        settled = nil
        unterminated = nil
        (isDrained, isAccounted, isNew, isStored) = (false, false, true, false)
        // It was read as a log.
        isItsOwn = true
        knownSize = 0
    }

    /// Begins at the end, or where the last line begins if that has no newline yet: a start in mid-line would tear it.
    func startAtEnd() throws(SystemError) {
        guard let descriptor, try meet() else { return }
        let size = try descriptor.status().size
        let from = max(0, size - Int64(lineLimit))
        let block = try descriptor.read(at: from, upTo: Int(size - from))
        let lineStart = lastNewline(block, from: 0).map { $0 + 1 } ?? 0
        let isInLine = lineStart == 0 && from > 0
        let offset = from + Int64(isInLine ? block.count : lineStart)
        if offset > 0 {
            let length = min(Int64(Self.tailLimit), offset)
            let before = try descriptor.read(at: offset - length, upTo: Int(length))
            move(to: offset, behind: before[...])
        }
        checkpoint.skipsLine = isInLine
    }
}
