// Blocks of a file decided record by record: `herald scan`. The lines of a trace are joined first, as the watcher joins
// them; all that the rules' scan does not name costs no more than that.

import CPlatform
import Formats
import Glibc
import Records
import Rules

/// The records of a stream of lines that the rules hit. Used on one thread at a time.
package final class RecordScan {
    private let matcher: Matcher
    private let finder: TraceFinder
    private let context: LineContext
    private var joiner: RecordJoiner
    private let lineLimit: Int
    /// Lines that were longer than the limit, whose rest was passed over.
    package private(set) var cutLines = 0

    /// - Parameters:
    ///   - joiner: of the stream's source, as it is at the beginning.
    ///   - lineLimit: in bytes; of a longer line the beginning is looked at.
    package init(
        _ matcher: Matcher, _ finder: TraceFinder, joiner: RecordJoiner, context: LineContext,
        lineLimit: Int = BlockReader.lineLimit
    ) {
        self.lineLimit = max(1, lineLimit)
        self.matcher = matcher
        self.finder = finder
        self.context = context
        self.joiner = joiner
    }

    /// Lines taken so far.
    package var lines: Int { joiner.order }

    /// Every record of whole lines that is hit, with the number of its first line, from 1, and what the rules say.
    package func take(_ block: UnsafeRawBufferPointer, _ body: (_ line: Int, Matches) -> Void) {
        let first = joiner.order
        tell(joined(block), first, body)
    }

    /// The end: what was waiting for a next line.
    package func finish(_ body: (_ line: Int, Matches) -> Void) {
        let first = joiner.order
        if let batch = joiner.flush() { tell(batch, first, body) }
    }

    private func joined(_ block: UnsafeRawBufferPointer) -> RecordBatch {
        let batch = RecordBatch(lines: bounded(block), source: joiner.source, context: context)
        return finder.join(batch, by: &joiner, at: .zero)
    }

    /// The lines, those over the limit without what is beyond it.
    private func bounded(_ block: UnsafeRawBufferPointer) -> [UInt8] {
        guard let base = block.baseAddress, hasLongLine(block, base) else { return Array(block) }
        var out: [UInt8] = []
        out.reserveCapacity(block.count)
        var at = 0
        while at < block.count {
            let found = memchr(base + at, 0x0a, block.count - at).map { UnsafeRawPointer($0) - base }
            let end = found ?? block.count
            out += block[at..<min(end, at + lineLimit)]
            if end - at > lineLimit { cutLines += 1 }
            if found != nil { out.append(0x0a) }
            at = end + 1
        }
        return out
    }

    /// Looks at few places of the block: where the last line ends that begins within the limit.
    private func hasLongLine(_ block: UnsafeRawBufferPointer, _ base: UnsafeRawPointer) -> Bool {
        var at = 0
        while block.count - at > lineLimit {
            guard let newline = herald_memrchr(base + at, 0x0a, lineLimit + 1) else { return true }
            at = newline + 1 - base
        }
        return false
    }

    private func tell(_ batch: RecordBatch, _ first: Int, _ body: (_ line: Int, Matches) -> Void) {
        guard case .lines = batch.origin else { return tellDecoded(batch, first, body) }
        batch.bytes.withUnsafeBytes { bytes in
            matcher.namedRecords(in: batch) { index, named in
                let matches = matcher.matches(of: named, in: bytes, source: batch.source, context: context)
                body((batch.firstLines?[index] ?? first + index) + 1, matches)
            }
        }
    }

    /// Of texts that are not the lines as they stand.
    private func tellDecoded(_ batch: RecordBatch, _ first: Int, _ body: (_ line: Int, Matches) -> Void) {
        let matches = matcher.matches(in: batch)
        var ofRecord: [Int: Matches] = [:]
        for found in matches.hits { ofRecord[found.index, default: Matches()].hits.append(found) }
        for notice in matches.notices { ofRecord[notice.index, default: Matches()].notices.append(notice) }
        for (index, found) in ofRecord.sorted(by: { $0.key < $1.key }) {
            body((batch.firstLines?[index] ?? first + index) + 1, found)
        }
    }
}
