// One batch while its lines are joined: which of them are taken, which records were made.

import Formats

struct JoiningBatch {
    let batch: RecordBatch
    /// Of a journal.
    let entries: JournalEntries?
    let firstOrder: Int
    let now: Duration
    /// Nothing is looked at again: all that is held goes out.
    var isFlushing = false
    private var taken: [Bool] = []
    private var made: [[StreamLine]] = []

    init(batch: RecordBatch, firstOrder: Int, now: Duration) {
        self.batch = batch
        if case .journal(let entries) = batch.origin { self.entries = entries } else { entries = nil }
        self.firstOrder = firstOrder
        self.now = now
    }

    var isUntouched: Bool { taken.isEmpty && made.isEmpty }

    func line(_ index: Int) -> StreamLine { StreamLine(index, of: batch, order: firstOrder + index) }

    /// The same, by the outline of its header where it has one.
    func line(_ index: Int, _ outlines: inout OutlineReader?) -> StreamLine {
        let outline = batch.bytes.withUnsafeBytes { outlines?.outline(of: batch.ranges[index], in: $0) }
        return StreamLine(index, of: batch, order: firstOrder + index, outline)
    }

    func isTaken(_ index: Int) -> Bool { !taken.isEmpty && taken[index] }

    /// The line is held from now on; `index`: of it in this batch.
    mutating func holding(_ line: StreamLine, _ index: Int?) -> StreamLine {
        guard let index else { return line }
        if taken.isEmpty { taken = [Bool](repeating: false, count: batch.count) }
        taken[index] = true
        guard let entries else { return line }
        var line = line
        var own = JournalEntries()
        own.append(index, of: entries)
        line.entry = own
        return line
    }

    /// A record of these lines.
    mutating func put(_ lines: [StreamLine]) { if !lines.isEmpty { made.append(lines) } }

    /// Whether two of its lines may be of one stream.
    func mayShareStream(_ first: Int, _ second: Int) -> Bool {
        guard let entries else { return true }
        let (one, other) = (entries.process(at: first), entries.process(at: second))
        return one == other || one == .unclear || other == .unclear
    }

    /// The lines that were not taken and the records that were made, in the order of their first lines.
    func assembled(_ source: Source, _ isDecoded: Bool) -> RecordBatch {
        let made = made.sorted { ($0.first?.order ?? 0) < ($1.first?.order ?? 0) }
        let orders = made.map { $0.first?.order ?? 0 }
        var assembly = Assembly(batch)
        var next = 0
        var start = 0
        for index in 0..<batch.count {
            let isDue = next < made.count && orders[next] <= firstOrder + index
            let isTaken = isTaken(index)
            guard isDue || isTaken else { continue }
            assembly.add(start..<index, of: batch, entries, firstOrder)
            while next < made.count, orders[next] <= firstOrder + index {
                assembly.add(made[next])
                next += 1
            }
            start = isTaken ? index + 1 : index
        }
        assembly.add(start..<batch.count, of: batch, entries, firstOrder)
        for lines in made[next...] { assembly.add(lines) }
        return assembly.finished(source)
    }
}

/// A batch in the making.
private struct Assembly {
    private var bytes: [UInt8] = []
    private var ranges: [Range<Int>] = []
    private var lines: [UInt8] = []
    private var lineRanges: [Range<Int>] = []
    private var entries = JournalEntries()
    private var orders: [Int] = []
    private let origin: RecordBatch.Origin

    init(_ batch: RecordBatch) {
        origin = batch.origin
        if case .journal(let store) = batch.origin { entries = store.emptied() }
        bytes.reserveCapacity(batch.bytes.count)
        ranges.reserveCapacity(batch.count)
        orders.reserveCapacity(batch.count)
    }

    /// Lines that follow each other, as they stand.
    mutating func add(_ run: Range<Int>, of batch: RecordBatch, _ store: JournalEntries?, _ firstOrder: Int) {
        guard let first = run.first, let last = run.last else { return }
        orders.append(contentsOf: firstOrder + first...firstOrder + last)
        let from = batch.ranges[first].lowerBound
        let shift = bytes.count - from
        bytes += batch.bytes[from..<batch.ranges[last].upperBound]
        bytes.append(0x0a)
        for range in batch.ranges[run] { ranges.append(range.lowerBound + shift..<range.upperBound + shift) }
        if let store { entries.append(own: run, of: store) }
        if case .decoded(_, let all, let places) = batch.origin {
            for index in run { appendLine(all[places[index]]) }
        }
    }

    mutating func add(_ record: [StreamLine]) {
        guard let first = record.first else { return }
        orders.append(first.order)
        let start = bytes.count
        // A line of a file stands as it was: its header is read when the record is built. Decoded it would have none.
        if case .lines = origin { bytes += first.raw } else { bytes += first.text }
        for line in record.dropFirst() {
            if bytes.last == 0x0d { bytes.removeLast() }
            bytes.append(0x0a)
            bytes += line.message
        }
        ranges.append(start..<bytes.count)
        bytes.append(0x0a)
        switch origin {
        case .lines: break
        case .decoded: appendLine(first.raw[...])
        case .journal: if let entry = first.entry { entries.append(0, of: entry) }
        }
    }

    private mutating func appendLine(_ line: ArraySlice<UInt8>) {
        let start = lines.count
        lines += line
        lineRanges.append(start..<lines.count)
        lines.append(0x0a)
    }

    func finished(_ source: Source) -> RecordBatch {
        let origin: RecordBatch.Origin =
            switch origin {
            case .lines(let context): .lines(context)
            case .decoded(let context, _, _): .decoded(context, lines: lines, ranges: lineRanges)
            case .journal: .journal(entries)
            }
        var batch = RecordBatch(source: source, bytes: bytes, ranges: ranges, origin: origin)
        batch.firstLines = orders
        return batch
    }
}
