// The next piece of a compressed generation: as of any file, once its beginning and the bytes before the offset were seen to
// be those of the text that was read.

import Formats
import Platform
import Records

extension TailedFile {
    func next(of stream: ArchiveStream, limit: Int, _ time: SourceTime) -> Piece {
        if !isPlaced, let before = place(in: stream, time) { return before }
        let wanted = tailLength + limit
        let block = stream.read(at: checkpoint.offset - Int64(tailLength), upTo: wanted, now: time.monotonic)
        knownSize = checkpoint.offset + Int64(block.count - tailLength)
        if block.count < wanted, stream.state == .running { return .pending }
        let isLast = block.count < wanted
        if isLast, block.count == tailLength {
            if case .failed(let why) = stream.state { return .damaged(why) }
            return .end
        }
        return piece(of: block, isLast: isLast, time)
    }

    /// The beginning, then on to the offset: nothing is handed over of another text. Nil when it stands there.
    private func place(in stream: ArchiveStream, _ time: SourceTime) -> Piece? {
        if head.isEmpty {
            let head = stream.read(at: 0, upTo: TextMark.headLength, now: time.monotonic)
            if head.count < TextMark.headLength, stream.state == .running { return .pending }
            self.head = head
        }
        let length = min(Int64(Self.tailLimit), checkpoint.offset)
        let before = stream.read(at: checkpoint.offset - length, upTo: Int(length), now: time.monotonic)
        if before.count < length {
            switch stream.state {
            case .running: return .pending
            // A copy that ends before what was read of its original: all of it was read. Copies are made of the file at
            // the path, not of one that was at rest already.
            case .ended:
                let isCopy = !checkpoint.isFinished && isOfText(nil) && checkpoint.marks.distinguish(Int64(head.count))
                return isCopy ? .end : .replaced
            case .failed(let why): return .damaged(why)
            }
        }
        guard isOfText(before) else { return .replaced }
        (tail, isPlaced) = (before, true)
        checkpoint.marks.noteHead(head)
        return nil
    }

    /// Whether the beginning, and the bytes before the offset, are those of the checkpoint.
    private func isOfText(_ before: [UInt8]?) -> Bool {
        for mark in checkpoint.marks.within(before == nil ? Int64(head.count) : checkpoint.offset) {
            let window = TextMark.window(at: mark.offset)
            if mark.offset <= Int64(TextMark.headLength) {
                guard head.count >= mark.offset, TextMark.checksum(head.prefix(window.count)) == mark.checksum else {
                    return false
                }
            } else if mark.offset == checkpoint.offset, let before, TextMark.checksum(before) != mark.checksum {
                return false
            }
        }
        return true
    }
}
