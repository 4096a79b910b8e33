// The last hit of an incident is shown in its letter, however many there were. In a storm there is a next one in a
// millisecond, so a last hit is only made a sample when somebody wants to see the incident: before a letter and before a
// commit. Until then it is known by its place, and the few batches that such hits are in are kept.

import Formats
import Records

/// Where the last hits of incidents are, of which no sample was made yet.
struct LastHits {
    /// A batch with hits that are the last of their incidents.
    struct Held {
        let number: Int
        let batch: RecordBatch
        /// The lines that came before it.
        let earlier: [ContextLines.Line]
        /// When it was read.
        let time: Timestamp
        /// More of its source was read since: the lines that follow it have passed.
        var isReadOn = false
    }

    private var places: [Int64: (batch: Int, index: Int)] = [:]
    private var held: [Held] = []
    private var number = 0
    /// Batches are a quarter of a megabyte each.
    private static let most = 4

    var isEmpty: Bool { places.isEmpty }

    /// At the end of a batch: its last hits take the place of those before.
    mutating func note(
        _ last: [Int64: Int], in batch: RecordBatch, after earlier: [ContextLines.Line], at now: Timestamp
    ) {
        guard !last.isEmpty else { return }
        number += 1
        for (id, index) in last { places[id] = (number, index) }
        held.append(Held(number: number, batch: batch, earlier: earlier, time: now))
    }

    /// The next batch of a source begins.
    mutating func readOn(_ source: Source) {
        for index in held.indices where held[index].batch.source == source { held[index].isReadOn = true }
    }

    /// This incident's newest hit has its sample.
    mutating func forget(_ incident: Int64) { places[incident] = nil }

    /// Those to be made samples now: of all batches, or (`tooMany`) of the oldest, of which there are too many.
    /// - Returns: in the order of the incidents.
    mutating func take(all: Bool) -> [(incident: Int64, held: Held, index: Int)] {
        let from = all ? held.count : max(0, held.count - Self.most)
        guard from > 0 else { return [] }
        let numbers = Dictionary(uniqueKeysWithValues: held[..<from].map { ($0.number, $0) })
        var taken: [(incident: Int64, held: Held, index: Int)] = []
        for (id, place) in places {
            guard let batch = numbers[place.batch] else { continue }
            taken.append((id, batch, place.index))
        }
        for one in taken { places[one.incident] = nil }
        held.removeFirst(from)
        return taken.sorted { $0.incident < $1.incident }
    }
}
