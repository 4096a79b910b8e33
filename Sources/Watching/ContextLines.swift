// The lines around a hit: of the same file, or of the same unit in the journal. Only hits pay for them; of all other
// lines only the last few of each source are kept, because the next batch may begin with a hit. Lines are kept as they
// were read: what no letter shows is never masked.

import Incidents
import Records

/// Finds the lines before and after a hit, across batches.
struct ContextLines {
    /// Lines on each side.
    let count: Int
    private var tails: [Source: [Line]] = [:]
    private var uses: [Source: Int] = [:]
    private var clock = 0
    private var waiting: [Source: [Waiting]] = [:]
    /// Whose the entries of the journal's batch are that is looked at now, as far as it was asked.
    private var keys: [ArraySlice<UInt8>?] = []

    /// How far from a hit lines of its unit are looked for.
    private static let reach = 100
    /// Sources whose last lines are kept.
    private static let sources = 300
    /// Samples of a source that wait for lines.
    private static let waitingLimit = 50

    /// A line, and whose it is.
    struct Line {
        var key: ArraySlice<UInt8>
        var text: [UInt8]
    }

    /// The lines around a hit, as they were read.
    struct Around {
        /// Whose they all are.
        var key: ArraySlice<UInt8> = []
        var before: [[UInt8]] = []
        var after: [[UInt8]] = []

        var shownBefore: [String] { before.map(ContextLines.shown) }
        var shownAfter: [String] { after.map(ContextLines.shown) }
    }

    /// A sample that lacks lines after it.
    private struct Waiting {
        var incident: Int64
        var sample: Sample
        var key: ArraySlice<UInt8>
        var missing: Int
    }

    init(count: Int) { self.count = max(0, count) }

    /// A line as a letter shows it.
    static func shown(_ line: [UInt8]) -> String { Sample.line(line, limit: Sample.contextLimit) }

    /// The lines around the record `index` of `batch`; `after` may come short at the batch's end. A batch of the journal is
    /// the one that is looked at now.
    /// - Parameter earlier: the lines before the batch.
    mutating func around(_ index: Int, in batch: RecordBatch, after earlier: [Line]) -> Around {
        guard count > 0 else { return Around() }
        let key = key(index, of: batch)
        var around = Around(key: Self.own(key))
        var at = index - 1
        while around.before.count < count, at >= 0, index - at <= Self.reach {
            if self.key(at, of: batch) == key { around.before.append(Self.text(at, of: batch)) }
            at -= 1
        }
        if at < 0 {
            for line in earlier.reversed() where around.before.count < count && line.key == key {
                around.before.append(line.text)
            }
        }
        around.before.reverse()
        at = index + 1
        while around.after.count < count, at < batch.count, at - index <= Self.reach {
            if self.key(at, of: batch) == key { around.after.append(Self.text(at, of: batch)) }
            at += 1
        }
        return around
    }

    /// The last lines of a source.
    func tail(of source: Source) -> [Line] { tails[source] ?? [] }

    /// Remembers that a sample lacks lines after it, which the next batch may bring.
    mutating func await(_ sample: Sample, of incident: Int64, in source: Source, key: ArraySlice<UInt8>) {
        let missing = count - sample.after.count
        guard missing > 0, waiting[source, default: []].count < Self.waitingLimit else { return }
        waiting[source, default: []].append(
            Waiting(incident: incident, sample: sample, key: key, missing: missing))
    }

    /// At the beginning of a batch: the lines that samples of the batches before still lacked.
    mutating func continuations(in batch: RecordBatch) -> [(incident: Int64, sample: Sample, lines: [String])] {
        guard batch.count > 0, var mine = waiting.removeValue(forKey: batch.source) else { return [] }
        var found: [(incident: Int64, sample: Sample, lines: [String])] = []
        for index in mine.indices {
            var lines: [String] = []
            for at in 0..<min(batch.count, Self.reach) where key(at, of: batch) == mine[index].key {
                lines.append(Self.shown(Self.text(at, of: batch)))
                if lines.count == mine[index].missing { break }
            }
            guard !lines.isEmpty else { continue }
            found.append((mine[index].incident, mine[index].sample, lines))
            mine[index].missing -= lines.count
        }
        // A file's lines follow each other; a unit's may come later.
        if batch.source.isJournal { waiting[batch.source] = mine.filter { $0.missing > 0 } }
        return found
    }

    /// At the end of a batch: keeps its last lines.
    mutating func keepTail(of batch: RecordBatch) {
        defer { keys.removeAll(keepingCapacity: true) }
        guard count > 0, batch.count > 0 else { return }
        // In the journal the lines of units are mixed: a few more are needed to have some of each.
        let wanted = batch.source.isJournal ? count * 8 : count
        let lines = (max(0, batch.count - wanted)..<batch.count).map { index in
            Line(key: Self.own(key(index, of: batch)), text: Self.text(index, of: batch))
        }
        tails[batch.source] = lines.count == wanted ? lines : Array((tail(of: batch.source) + lines).suffix(wanted))
        clock += 1
        uses[batch.source] = clock
        guard tails.count > Self.sources, let oldest = uses.min(by: { $0.value < $1.value })?.key else { return }
        tails[oldest] = nil
        uses[oldest] = nil
        waiting[oldest] = nil
    }

    /// As much of a record as a letter shows of a line of context.
    private static func text(_ index: Int, of batch: RecordBatch) -> [UInt8] {
        Array(batch.text(at: index).prefix(Sample.contextLimit * 4))
    }

    /// A copy that does not keep the whole batch.
    private static func own(_ key: ArraySlice<UInt8>) -> ArraySlice<UInt8> { key.isEmpty ? [] : Array(key)[...] }

    /// Of an entry the unit, else the program, else the way it came by; a file's lines are all of one.
    private mutating func key(_ index: Int, of batch: RecordBatch) -> ArraySlice<UInt8> {
        guard case .journal(let entries) = batch.origin else { return [] }
        if keys.count != batch.count { keys = Array(repeating: nil, count: batch.count) }
        if let key = keys[index] { return key }
        let key =
            entries.unit(at: index) ?? entries.value(of: "SYSLOG_IDENTIFIER", at: index)
            ?? entries.value(of: "_COMM", at: index) ?? entries.value(of: "_TRANSPORT", at: index) ?? []
        keys[index] = key
        return key
    }
}
