// Rules that hit more lines than any fault would: their letters are capped, but the rule itself needs a person.

import Formats
import Incidents

/// How many hits each rule's open incidents have gained, against the lines that were read.
struct BusyRules {
    private struct Mark {
        var time: Duration
        var records: Int
        var hits: [String: Int]
    }

    private static let window = Duration.seconds(600)
    /// Fewer hits within the window are no concern, whatever their share.
    private static let least = 1000

    private var mark: Mark?
    private var last: [(rule: String, hits: Int, records: Int)] = []

    /// Called from time to time; keeps the verdict of the last whole window.
    mutating func look(at book: IncidentBook, _ monotonic: Duration) {
        guard let mark else { return self.mark = Self.mark(book, monotonic) }
        guard monotonic - mark.time >= Self.window else { return }
        last = verdict(book)
        self.mark = Self.mark(book, monotonic)
    }

    /// A sentence for each rule that hit a fifth of all lines or more.
    func problems(_ book: IncidentBook, _ command: HeraldCommand) -> [String] {
        var worst: [String: (hits: Int, records: Int)] = [:]
        for (rule, hits, records) in last + verdict(book) { worst[rule] = (hits, records) }
        return worst.sorted { $0.key < $1.key }.map { rule, count in
            "the rule \(rule) hit \(count.hits) of \(count.records) lines within ten minutes: narrow it ("
                + "\(command.line("rules show \(rule)"))), or switch it off (watch.disabled_rules)"
        }
    }

    private func verdict(_ book: IncidentBook) -> [(rule: String, hits: Int, records: Int)] {
        guard let mark else { return [] }
        let records = book.run.records - mark.records
        return Self.hits(book).compactMap { rule, hits in
            let gained = hits - (mark.hits[rule] ?? 0)
            return gained >= Self.least && gained * 5 >= records ? (rule, gained, max(records, gained)) : nil
        }
    }

    private static func mark(_ book: IncidentBook, _ time: Duration) -> Mark {
        Mark(time: time, records: book.run.records, hits: hits(book))
    }

    private static func hits(_ book: IncidentBook) -> [String: Int] {
        book.openIncidents.reduce(into: [:]) { $0[$1.rule.id, default: 0] += $1.hits }
    }
}
