// The queue's list, a page at a time: a queue of a hundred thousand deliveries is neither held in memory as a whole nor
// does it hold the mailer up. Must stay true: a page costs what it shows, and no delivery that stays where it is in the
// order is left out.

import Database
import Formats

/// Where in the list a page ends: the unfinished deliveries come first, the oldest first, then the finished ones, the
/// newest first.
package struct QueueCursor: Equatable, Sendable {
    package var isFinished: Bool
    package var number: Int64

    package init(isFinished: Bool, number: Int64) { (self.isFinished, self.number) = (isFinished, number) }

    /// As a request carries it; nil for what is no cursor.
    package init?(_ json: JSON?) {
        guard let finished = json?["finished"]?.bool, let number = json?["number"]?.int else { return nil }
        self.init(isFinished: finished, number: number)
    }

    package var json: JSON { ["finished": .bool(isFinished), "number": .int(number)] }
}

/// Some rows of the list.
package struct QueuePage: Equatable, Sendable {
    package var rows: [DeliverySummary] = []
    /// After which the next page begins; nil when nothing follows.
    package var next: QueueCursor?

    /// How many rows a page has at most.
    package static let rowsPerPage = 1000
    /// A page ends after this many bytes of JSON, however few rows they are.
    private static let bytesPerPage = 4 << 20

    /// The rows as objects, as many as have room in so many bytes (one at least): `next` says where the others begin.
    mutating func shown(bytes limit: Int, _ obstacle: (DeliverySummary) -> String? = { _ in nil }) -> [JSON] {
        var room = limit
        var shown: [JSON] = []
        for row in rows {
            let json = row.json(waitsFor: obstacle(row))
            room -= json.text.utf8.count
            if room < 0, !shown.isEmpty {
                rows.removeLast(rows.count - shown.count)
                next = rows.last?.cursor
                break
            }
            shown.append(json)
        }
        return shown
    }

    /// One JSON object a line. `obstacle`: what a delivery waits for whose time has come. A page whose text grows too long ends earlier, and `next` says where.
    package mutating func lines(_ obstacle: (DeliverySummary) -> String? = { _ in nil }) -> [UInt8] {
        var bytes: [UInt8] = []
        for (index, row) in rows.enumerated() {
            bytes += Array(row.json(waitsFor: obstacle(row)).text.utf8) + [0x0a]
            if bytes.count >= Self.bytesPerPage, index + 1 < rows.count {
                rows.removeLast(rows.count - index - 1)
                next = row.cursor
                break
            }
        }
        return bytes
    }
}

extension DeliverySummary {
    var cursor: QueueCursor { QueueCursor(isFinished: state.isFinal, number: number) }
}

extension Queue {
    /// The deliveries in `states` (empty: all) that follow `cursor` in the list, at most `limit` of them.
    package func page(
        after cursor: QueueCursor? = nil, states: [DeliveryState] = [], limit: Int = QueuePage.rowsPerPage
    ) throws(QueueError) -> QueuePage {
        let states = states.isEmpty ? DeliveryState.allCases : states
        var page = QueuePage()
        if cursor?.isFinished != true {
            page.rows = try rows(
                states.filter { !$0.isFinal }, "number > ? ORDER BY number", cursor?.number ?? .min, limit + 1)
        }
        if page.rows.count <= limit {
            let number = cursor?.isFinished == true ? cursor?.number : nil
            page.rows += try rows(
                states.filter(\.isFinal), "number < ? ORDER BY number DESC", number ?? .max,
                limit + 1 - page.rows.count)
        }
        if page.rows.count > limit {
            page.rows.removeLast(page.rows.count - limit)
            page.next = page.rows.last?.cursor
        }
        return page
    }

    /// The deliveries of one letter that follow `cursor`, in the order of their numbers.
    package func page(
        letter id: String, after cursor: QueueCursor? = nil, limit: Int = QueuePage.rowsPerPage
    ) throws(QueueError) -> QueuePage {
        var page = QueuePage()
        page.rows = try rows(
            "\(Self.summary) WHERE letter = ? AND number > ? ORDER BY number LIMIT ?",
            [SQLValue(id), SQLValue(cursor?.number ?? .min), SQLValue(limit + 1)]
        ).compactMap(Self.summary)
        if page.rows.isEmpty, cursor == nil { throw .unknown(id) }
        if page.rows.count > limit {
            page.rows.removeLast(page.rows.count - limit)
            page.next = page.rows.last?.cursor
        }
        return page
    }

    private func rows(
        _ states: [DeliveryState], _ order: String, _ number: Int64, _ limit: Int
    ) throws(QueueError) -> [DeliverySummary] {
        if states.isEmpty { return [] }
        let list = states.map { String($0.rawValue) }.joined(separator: ",")
        // The unary plus: by number, whatever the planner thinks of the index on states.
        return try rows(
            "\(Self.summary) WHERE +state IN (\(list)) AND \(order) LIMIT ?", [SQLValue(number), SQLValue(limit)]
        ).compactMap(Self.summary)
    }
}

extension DeliveryState {
    /// The states that lists show under this name; nil for a word that is no state's.
    package static func named(_ name: String) -> [DeliveryState]? {
        let states = allCases.filter { $0.name == name }
        return states.isEmpty ? nil : states
    }
}
