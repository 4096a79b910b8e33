// The lines around a hit: of the same file, or of the same unit in the journal. Only hits pay for them; of all other
// lines only the last few of each source are kept, because the next batch may begin with a hit.

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

    /// How far from a hit lines of its unit are looked for.
    private static let reach = 100
    /// Sources whose last lines are kept.
    private static let sources = 300

    /// A line, and whose it is.
    struct Line {
        var key: String
        var text: String
    }

    /// A sample that lacks lines after it.
    private struct Waiting {
        var incident: Int64
        var sample: Sample
        var key: String
        var missing: Int
    }

    init(count: Int) { self.count = max(0, count) }

    /// The lines around the record `index` of `batch`; `after` may come short at the batch's end.
    /// - Parameter earlier: the lines before the batch, if it is not the one that is looked at now.
    func around(
        _ index: Int, of record: Record, in batch: RecordBatch, after earlier: [Line]? = nil
    ) -> (before: [String], after: [String]) {
        guard count > 0 else { return ([], []) }
        let key = Self.key(of: record)
        var before: [String] = []
        var at = index - 1
        while before.count < count, at >= 0, index - at <= Self.reach {
            if let line = Self.line(at, of: batch), line.key == key { before.insert(line.text, at: 0) }
            at -= 1
        }
        if at < 0, before.count < count {
            let earlier = (earlier ?? tail(of: batch.source)).filter { $0.key == key }.suffix(count - before.count)
            before.insert(contentsOf: earlier.map(\.text), at: 0)
        }
        var after: [String] = []
        at = index + 1
        while after.count < count, at < batch.count, at - index <= Self.reach {
            if let line = Self.line(at, of: batch), line.key == key { after.append(line.text) }
            at += 1
        }
        return (before, after)
    }

    /// The last lines of a source.
    func tail(of source: Source) -> [Line] { tails[source] ?? [] }

    /// Remembers that a sample lacks lines after it, which the next batch may bring.
    mutating func await(_ sample: Sample, of incident: Int64, record: Record) {
        let missing = count - sample.after.count
        guard missing > 0, waiting[record.source, default: []].count < 50 else { return }
        waiting[record.source, default: []].append(
            Waiting(incident: incident, sample: sample, key: Self.key(of: record), missing: missing))
    }

    /// At the beginning of a batch: the lines that samples of the batches before still lacked.
    mutating func continuations(in batch: RecordBatch) -> [(incident: Int64, sample: Sample, lines: [String])] {
        guard var mine = waiting.removeValue(forKey: batch.source), batch.count > 0 else { return [] }
        var found: [(incident: Int64, sample: Sample, lines: [String])] = []
        let lines = (0..<min(batch.count, Self.reach)).compactMap { Self.line($0, of: batch) }
        for index in mine.indices {
            let texts = lines.lazy.filter { $0.key == mine[index].key }.prefix(mine[index].missing).map(\.text)
            guard !texts.isEmpty else { continue }
            found.append((mine[index].incident, mine[index].sample, Array(texts)))
            mine[index].missing -= texts.count
        }
        // A file's lines follow each other; a unit's may come later.
        if batch.source.isJournal { waiting[batch.source] = mine.filter { $0.missing > 0 } }
        return found
    }

    /// At the end of a batch: keeps its last lines.
    mutating func keepTail(of batch: RecordBatch) {
        guard count > 0, batch.count > 0 else { return }
        // In the journal the lines of units are mixed: a few more are needed to have some of each.
        let wanted = batch.source.isJournal ? count * 8 : count
        let lines = (max(0, batch.count - wanted)..<batch.count).compactMap { Self.line($0, of: batch) }
        tails[batch.source] = Array(((tails[batch.source] ?? []) + lines).suffix(wanted))
        clock += 1
        uses[batch.source] = clock
        guard tails.count > Self.sources, let oldest = uses.min(by: { $0.value < $1.value })?.key else { return }
        tails[oldest] = nil
        uses[oldest] = nil
        waiting[oldest] = nil
    }

    private static func line(_ index: Int, of batch: RecordBatch) -> Line? {
        guard batch.source.isJournal else {
            return Line(key: "", text: Sample.line(batch.text(at: index), limit: Sample.contextLimit))
        }
        let record = batch.record(at: index)
        return Line(key: key(of: record), text: Sample.line(record.message, limit: Sample.contextLimit))
    }

    private static func key(of record: Record) -> String {
        record.source.isJournal ? record.unit ?? record.identifier ?? record.transport ?? "" : ""
    }
}
