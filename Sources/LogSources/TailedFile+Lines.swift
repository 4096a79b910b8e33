// What is no whole line: the rest of one that was cut, a hole of NULs, lines over the limit.

import Formats
import Glibc
import Platform
import Records

extension TailedFile {
    /// Passes over the rest of a line that was cut.
    func skip(_ block: [UInt8], from start: Int) -> Piece {
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
    func skipHole(_ block: [UInt8], from start: Int) -> Piece? {
        let shortest = 512
        guard block.count - start >= shortest, block[start] == 0, block[start + shortest - 1] == 0 else { return nil }
        let end = block[start...].firstIndex { $0 != 0 } ?? block.count
        guard end - start >= shortest else { return nil }
        advance(over: block, to: end)
        if end == block.count, let descriptor {
            // All of the block: on to where the file has data again.
            let data = Int64(lseek(descriptor.number, off_t(checkpoint.offset), 3 /* SEEK_DATA */))
            let length = Self.tailLimit
            if data > checkpoint.offset, let before = try? descriptor.read(at: data - Int64(length), upTo: length),
                before.count == length
            {
                move(to: data, behind: before[...])
            }
        }
        return .moved
    }

    /// `lines` with those over the limit cut, and without the empty rest of a line that was taken before its newline.
    func bounded(_ lines: [UInt8], block: [UInt8], tail: Int) -> [UInt8] {
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
}
