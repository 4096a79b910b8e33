// From a block of whole lines to a batch.

import Formats
import Glibc

extension RecordBatch {
    /// A batch of the lines in `bytes`, of which the last may lack its newline. For `decoded` formats the texts are
    /// decoded here; blank lines are records too (a pattern that wants one finds it).
    package init(lines bytes: [UInt8], source: Source, context: LineContext) {
        var bytes = bytes
        if let last = bytes.last, last != 0x0a { bytes.append(0x0a) }
        let ranges = Self.split(bytes)
        guard context.format.isDecoded else {
            self.init(source: source, bytes: bytes, ranges: ranges, origin: .lines(context))
            return
        }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var decodedRanges: [Range<Int>] = []
        decodedRanges.reserveCapacity(ranges.count)
        var partials: [Int] = []
        for (index, range) in ranges.enumerated() {
            let start = decoded.count
            if LineHeader.appendText(of: bytes[range], context: context, to: &decoded) { partials.append(index) }
            decodedRanges.append(start..<decoded.count)
            decoded.append(0x0a)
        }
        self.init(
            source: source, bytes: decoded, ranges: decodedRanges,
            origin: .decoded(context, lines: bytes, ranges: ranges))
        self.partials = partials
    }

    /// The ranges of the lines of `bytes`, each without its newline; what follows the last newline is no line.
    package static func split(_ bytes: [UInt8]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        bytes.withUnsafeBytes { raw in
            guard let base = raw.baseAddress else { return }
            // Log lines are about a hundred bytes: one allocation for most blocks.
            ranges.reserveCapacity(raw.count / 64 + 1)
            var at = 0
            while at < raw.count, let found = memchr(base + at, 0x0a, raw.count - at) {
                let end = UnsafeRawPointer(found) - base
                ranges.append(at..<end)
                at = end + 1
            }
        }
        return ranges
    }
}
