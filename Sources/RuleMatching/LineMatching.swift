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

    init(_ range: Range<Int>, _ found: some RandomAccessCollection<Candidate>) {
        self.range = range
        searches = found.count == 1 ? found.map { Int($0.pattern) } : Set(found.map { Int($0.pattern) }).sorted()
    }
}

extension Matcher {
    /// The lines of a block of whole lines that may be hit, in order.
    package func namedLines(in block: UnsafeRawBufferPointer, _ body: (NamedLine) -> Void) {
        // Gathered first: deciding a line of JSON scans again.
        var lines: [NamedLine] = []
        forEachLine(in: block) { line, found in
            if !isUnnamed(UnsafeRawBufferPointer(rebasing: block[line]), found) { lines.append(NamedLine(line, found)) }
        }
        lines.forEach(body)
    }

    /// The lines of a block that any rule hits. `notices` gets what could not be decided.
    func countHits(
        in block: UnsafeRawBufferPointer, source: Source, context: LineContext, notices: inout [MatchNotice]
    ) -> Int {
        var count = 0
        var lines: [NamedLine] = []
        forEachLine(in: block) { line, found in
            switch isHitAtSight(UnsafeRawBufferPointer(rebasing: block[line]), found, context.format) {
            case true?: count += 1
            case false?: break
            case nil: lines.append(NamedLine(line, found))
            }
        }
        for line in lines where isHit(line, in: block, source: source, context: context, notices: &notices) {
            count += 1
        }
        return count
    }

    /// Each line that the scan names, without its newline, with what was found in it; the scan must not be used in `body`.
    private func forEachLine(
        in block: UnsafeRawBufferPointer, _ body: (Range<Int>, UnsafeBufferPointer<Candidate>) -> Void
    ) {
        guard let base = block.baseAddress else { return }
        let found = database.scan(block)
        var at = 0
        while at < found.count {
            let first = at
            let start = herald_memrchr(base, 0x0a, Int(found[at].end) - 1).map { $0 + 1 - base } ?? 0
            let end = Int(found[at].lineEnd)
            at += 1
            // A match may end with the newline itself.
            while at < found.count, Int(found[at].end) - 1 <= end { at += 1 }
            body(start..<end, UnsafeBufferPointer(rebasing: found[first..<at]))
        }
    }

    /// The records of a batch of lines that may be hit, in order, each with its number in the batch.
    func namedRecords(in batch: RecordBatch, _ body: (Int, NamedLine) -> Void) {
        batch.bytes.withUnsafeBytes { bytes in
            // A copy: deciding a line of JSON scans again.
            let found = Array(database.scan(bytes))
            var at = 0
            while at < found.count {
                guard let index = batch.index(ofByte: Int(found[at].end) - 1) else {
                    at += 1
                    continue
                }
                let range = batch.ranges[index]
                let first = at
                // A match may end with the newline itself.
                while at < found.count, Int(found[at].end) - 1 <= range.upperBound { at += 1 }
                if isUnnamed(UnsafeRawBufferPointer(rebasing: bytes[range]), found[first..<at]) { continue }
                body(index, NamedLine(range, found[first..<at]))
            }
        }
    }

    /// A line of JSON in which nothing was found: it is parsed only where its message may be other than its bytes.
    private func isUnnamed(_ line: UnsafeRawBufferPointer, _ found: some Sequence<Candidate>) -> Bool {
        found.allSatisfy { Int($0.pattern) == decodedNumber } && LineHeader.isLiteral(line)
    }

    /// All that the rules say of a line.
    package func matches(
        of line: NamedLine, in block: UnsafeRawBufferPointer, source: Source, context: LineContext
    ) -> Matches {
        let bytes = Array(UnsafeRawBufferPointer(rebasing: block[line.range]))
        return matches(
            of: LineHeader.record(of: bytes, source: source, context: context).withTraceLanguage, named: line.searches)
    }

    /// Whether any rule hits the line, where it can be told of the line as it stands: of all but some forms of header.
    private func isHitAtSight(
        _ line: UnsafeRawBufferPointer, _ found: UnsafeBufferPointer<Candidate>, _ format: LineFormat
    ) -> Bool? {
        if isUnnamed(line, found) { return false }
        if found.contains(where: { $0.pattern == decodedNumber }) { return nil }
        guard let start = LineHeader.messageStart(of: line, format: format) else { return nil }
        return isHitByPattern(line, from: start, found.lazy.map { Int($0.pattern) })
    }

    /// Whether any rule hits the line; `notices` gets what could not be decided.
    private func isHit(
        _ line: NamedLine, in block: UnsafeRawBufferPointer, source: Source, context: LineContext,
        notices: inout [MatchNotice]
    ) -> Bool {
        let whole = UnsafeRawBufferPointer(rebasing: block[line.range])
        let header = LineHeader.parse(Array(whole), context: context)
        if header.decoded == nil, let quick = isHitByPattern(whole, from: header.messageStart, line.searches) {
            return quick
        }
        let found = matches(of: line, in: block, source: source, context: context)
        notices += found.notices
        return !found.hits.isEmpty
    }

    /// The quick answer, where patterns alone decide; nil where fields are asked or a match ran into its limit.
    private func isHitByPattern(_ line: UnsafeRawBufferPointer, from start: Int, _ named: some Sequence<Int>) -> Bool? {
        var end = line.count
        while end > start, line[end - 1] == 0x0d { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: line[start..<end]).withMemoryRebound(to: UInt8.self) { message in
            var isCertain = true
            for number in named {
                guard searches.indices.contains(number) else {
                    // The header's level may be what a rule asks for.
                    isCertain = isCertain && number != levelNumber
                    continue
                }
                guard searchRows[number].role == .match else { continue }
                guard searches[number].isDecisiveInFiles else {
                    isCertain = false
                    continue
                }
                switch searchRows[number].code.match(message, workspace) {
                // What a client chose is looked at more closely.
                case .matched: return mayBeTakenBack(number, line, start, message) ? nil : true
                case .missed: continue
                case .undecided: isCertain = false
                }
            }
            return isCertain ? false : nil
        }
    }

    /// Whether what a pattern matched has to be looked at more closely: an exception was found, or strangers' words may be.
    private func mayBeTakenBack(
        _ number: Int, _ line: UnsafeRawBufferPointer, _ start: Int, _ message: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        let row = ruleRows[searches[number].rule]
        if row.sparesRoutine, LineHeader.isRoutine(line) { return true }
        exceptions.begin()
        if row.hasExceptions, compiled[searches[number].rule].unless.contains(where: { mayMatch($0, message) }) {
            return true
        }
        return row.sparesStrangers
            && (StrangersWords.mayStand(in: UnsafeRawBufferPointer(rebasing: line[start...]))
                || StrangersWords.mayBeRepeater(UnsafeRawBufferPointer(rebasing: line[..<start])))
    }

    private func mayMatch(_ exception: Exception, _ message: UnsafeBufferPointer<UInt8>) -> Bool {
        if let search = exception.search { return exceptions.finds(search, in: message) }
        return exception.pattern.code.match(message, workspace) != .missed
    }
}
