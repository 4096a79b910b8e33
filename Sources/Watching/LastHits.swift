// The last hit of an incident is shown in its letter, however many there were. In a storm there is a next one in a
// millisecond, so a last hit is only made a sample when somebody wants to see the incident: before a letter and before a
// commit. Until then it is known by its place, and the few batches that such hits are in are kept; of older batches, and
// of the journal's, whose memory serves for the next, it is cut out with the lines around it.

import Formats
import Incidents
import Records

/// Last hits of incidents, of which no sample was made yet.
struct LastHits {
    /// A hit cut out of its batch, nothing of it masked yet.
    struct Cut {
        /// Without its fields and its text.
        let record: Record
        fileprivate let text: Text
        let around: ContextLines.Around
        /// When it was read.
        let time: Timestamp
        fileprivate let batchesBefore: Int

        /// As a letter shows it.
        var shownText: String {
            switch text {
            case .raw(let bytes): Sample.line(bytes)
            case .shown(let text): text
            }
        }
    }

    /// A long trace is made what a letter shows of it at once, because a hit for each incident is kept.
    fileprivate enum Text {
        case raw([UInt8])
        case shown(String)

        init(_ bytes: [UInt8]) {
            self = bytes.count > Sample.limit * 4 ? .shown(Sample.line(bytes)) : .raw(bytes)
        }
    }

    /// A batch with hits that are the last of their incidents.
    private struct Held {
        let number: Int
        let batch: RecordBatch
        /// The lines that came before it.
        let earlier: [ContextLines.Line]
        let time: Timestamp
        let batchesBefore: Int

        func cut(_ index: Int, _ context: inout ContextLines) -> Cut {
            var record = batch.record(at: index)
            let text = Text(record.shownText)
            (record.message, record.raw, record.fields) = ([], [], [])
            return Cut(
                record: record, text: text, around: context.around(index, in: batch, after: earlier), time: time,
                batchesBefore: batchesBefore)
        }
    }

    private var places: [Int64: (batch: Int, index: Int)] = [:]
    private var held: [Held] = []
    private var cuts: [Int64: Cut] = [:]
    private var number = 0
    /// How many batches of a source began while hits of it were kept here.
    private var batches: [Source: Int] = [:]
    /// Batches are a quarter of a megabyte each.
    private static let most = 4

    /// At the end of a batch: its last hits take the place of those before.
    mutating func note(_ last: [Int64: Int], in batch: RecordBatch, _ context: inout ContextLines, at now: Timestamp) {
        guard !last.isEmpty else { return }
        number += 1
        for (id, index) in last {
            places[id] = (number, index)
            cuts[id] = nil
        }
        held.append(
            Held(
                number: number, batch: batch, earlier: context.tail(of: batch.source), time: now,
                batchesBefore: batches[batch.source, default: 0]))
        if batch.source.isJournal {
            cut(held.count, &context)
        } else if held.count > Self.most {
            cut(1, &context)
        }
    }

    /// The next batch of a source begins.
    mutating func readOn(_ source: Source) { if !places.isEmpty || !cuts.isEmpty { batches[source, default: 0] += 1 } }

    /// More of its source was read since: the lines that follow it have passed.
    func isReadOn(_ cut: Cut) -> Bool { cut.batchesBefore != batches[cut.record.source, default: 0] }

    /// This incident's newest hit has its sample.
    mutating func forget(_ incident: Int64) {
        places[incident] = nil
        cuts[incident] = nil
    }

    /// All of them, in the order of the incidents.
    mutating func take(_ context: inout ContextLines) -> [(incident: Int64, cut: Cut, isReadOn: Bool)] {
        cut(held.count, &context)
        defer { (cuts, batches) = ([:], [:]) }
        return cuts.sorted { $0.key < $1.key }.map { ($0.key, $0.value, isReadOn($0.value)) }
    }

    /// Cuts the hits out of the oldest batches, and lets these go.
    private mutating func cut(_ count: Int, _ context: inout ContextLines) {
        guard count > 0 else { return }
        let numbers = Dictionary(uniqueKeysWithValues: held[..<count].map { ($0.number, $0) })
        for (id, place) in places {
            guard let batch = numbers[place.batch] else { continue }
            cuts[id] = batch.cut(place.index, &context)
            places[id] = nil
        }
        held.removeFirst(count)
    }
}
