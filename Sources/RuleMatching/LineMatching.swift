// Lines of a file as they stand in a block, decided without a record for each: `herald scan`.
// The same candidates and the same decision as for batches; only what a line without a hit costs differs.

import CPlatform
import Formats
import Glibc
import Records
import Rules

/// A line of a block that the scan named.
package struct NamedLine {
    /// Of the line in the block, without its newline.
    package var range: Range<Int>
    /// Sorted, none twice.
    var searches: [Int]
}

extension Matcher {
    /// The lines of a block of whole lines that may be hit, in order.
    package func namedLines(in block: UnsafeRawBufferPointer, _ body: (NamedLine) -> Void) {
        guard let base = block.baseAddress else { return }
        // A copy: deciding a line of JSON scans again.
        var found = Array(database.scan(block))
        if zip(found, found.dropFirst()).contains(where: { $0.end > $1.end }) { found.sort { $0.end < $1.end } }
        var at = 0
        while at < found.count {
            let last = Int(found[at].end) - 1
            let start = herald_memrchr(base, 0x0a, last).map { $0 + 1 - base } ?? 0
            let end = memchr(base + last, 0x0a, block.count - last).map { UnsafeRawPointer($0) - base } ?? block.count
            var searches = [Int(found[at].pattern)]
            at += 1
            // A match may end with the newline itself.
            while at < found.count, Int(found[at].end) - 1 <= end {
                searches.append(Int(found[at].pattern))
                at += 1
            }
            if searches.count > 1 { searches = Set(searches).sorted() }
            // A line of JSON in which nothing was found: it is parsed only where its message may be other than its bytes.
            if searches == [self.searches.count],
                LineHeader.isLiteral(UnsafeRawBufferPointer(rebasing: block[start..<end]))
            {
                continue
            }
            body(NamedLine(range: start..<end, searches: searches))
        }
    }

    /// The records of a batch of lines that may be hit, in order, each with its number in the batch.
    func namedRecords(in batch: RecordBatch, _ body: (Int, NamedLine) -> Void) {
        batch.bytes.withUnsafeBytes { bytes in
            // A copy: deciding a line of JSON scans again.
            var found = Array(database.scan(bytes))
            if zip(found, found.dropFirst()).contains(where: { $0.end > $1.end }) { found.sort { $0.end < $1.end } }
            var at = 0
            while at < found.count {
                guard let index = batch.index(ofByte: Int(found[at].end) - 1) else {
                    at += 1
                    continue
                }
                let range = batch.ranges[index]
                var searches: [Int] = []
                // A match may end with the newline itself.
                while at < found.count, Int(found[at].end) - 1 <= range.upperBound {
                    searches.append(Int(found[at].pattern))
                    at += 1
                }
                if searches.count > 1 { searches = Set(searches).sorted() }
                if searches == [self.searches.count],
                    LineHeader.isLiteral(UnsafeRawBufferPointer(rebasing: bytes[range]))
                {
                    continue
                }
                body(index, NamedLine(range: range, searches: searches))
            }
        }
    }

    /// All that the rules say of a line.
    package func matches(
        of line: NamedLine, in block: UnsafeRawBufferPointer, source: Source, context: LineContext
    ) -> Matches {
        let bytes = Array(UnsafeRawBufferPointer(rebasing: block[line.range]))
        return matches(
            of: LineHeader.record(of: bytes, source: source, context: context).withTraceLanguage, named: line.searches)
    }

    /// Whether any rule hits the line; `notices` gets what could not be decided.
    func isHit(
        _ line: NamedLine, in block: UnsafeRawBufferPointer, source: Source, context: LineContext,
        notices: inout [MatchNotice]
    ) -> Bool {
        let bytes = Array(UnsafeRawBufferPointer(rebasing: block[line.range]))
        let header = LineHeader.parse(bytes, context: context)
        if header.decoded == nil, let quick = isHitByPattern(bytes, from: header.messageStart, line.searches) {
            return quick
        }
        let found = matches(of: line, in: block, source: source, context: context)
        notices += found.notices
        return !found.hits.isEmpty
    }

    /// The quick answer, where patterns alone decide; nil where fields are asked or a match ran into its limit.
    private func isHitByPattern(_ line: [UInt8], from start: Int, _ named: [Int]) -> Bool? {
        var end = line.count
        while end > start, line[end - 1] == 0x0d { end -= 1 }
        var isCertain = true
        for number in named where number < searches.count && searches[number].role == .match {
            guard compiled[searches[number].rule].isDecidedByPatternInFiles else {
                isCertain = false
                continue
            }
            let outcome = line.withUnsafeBufferPointer { all in
                searches[number].pattern.match(UnsafeBufferPointer(rebasing: all[start..<max(start, end)]), workspace)
            }
            switch outcome {
            case .matched: return true
            case .missed: continue
            case .undecided: isCertain = false
            }
        }
        return isCertain ? false : nil
    }
}
