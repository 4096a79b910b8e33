// The queue's index and clocks: kept with every row that is written, made anew where many were.

import Database
import Formats

extension Queue {
    func note(inserted row: [SQLValue]) { note(row) { $0.insert($1) } }
    func note(updated row: [SQLValue]) { note(row) { $0.update($1) } }

    func note(removed delivery: Int64, from state: DeliveryState) {
        guard hasIndex else { return }
        index.remove(delivery, from: state)
        if before == nil { index.commit() }
    }

    private func note(_ row: [SQLValue], _ change: (inout QueueIndex, QueueIndex.Row) -> Void) {
        guard hasIndex, let row = QueueIndex.Row(row) else { return }
        change(&index, row)
        if before == nil { index.commit() }
    }

    /// Makes the index of what the tables say: at the start, after new settings, and where many rows were changed.
    /// - Parameter tellsDestinations: whether what this carrier is to carry may go to each domain by itself.
    func loadIndex(
        at now: Timestamp, tellsDestinations: ((Carrier) -> Bool)? = nil
    ) throws(QueueError) {
        var fresh = QueueIndex(at: now, tellsDestinations: tellsDestinations ?? index.tellsDestinations)
        var open = 0
        for row in try rows("SELECT state, count(*) FROM deliveries GROUP BY state") {
            guard let state = row[0].int.flatMap({ DeliveryState(rawValue: Int($0)) }) else { continue }
            let count = Int(row[1].int ?? 0)
            if state.isFinal { fresh.count(state, count) } else { open += count }
        }
        fresh.reserve(open)
        let final = DeliveryState.allCases.filter(\.isFinal).map { String($0.rawValue) }.joined(separator: ",")
        do throws(DatabaseError) {
            try database.each("SELECT \(Self.indexed) FROM deliveries WHERE state NOT IN (\(final))") { row in
                if let row = QueueIndex.Row(row) { fresh.insert(row) }
                fresh.commit()
                return true
            }
        } catch {
            throw .database(error)
        }
        lastSent = try rows(
            "SELECT number FROM deliveries WHERE state = ? ORDER BY changed DESC LIMIT 1",
            [SQLValue(DeliveryState.sent.rawValue)]
        ).first?[0].int
        if before != nil, hasIndex, indexBefore == nil { indexBefore = index }
        index = fresh
        hasIndex = true
    }

    func loadStalls() throws(QueueError) {
        stalls = Stalls()
        for row in try rows("SELECT alias, total, since FROM stalls") {
            stalls.clocks[row[0].string ?? ""] = Stalls.Clock(
                total: .microseconds(row[1].int ?? 0), since: row[2].int.map { Timestamp(microseconds: $0) })
        }
        stalls.down = .microseconds(try rows("SELECT down FROM clock").first?.first?.int ?? 0)
    }

    /// Changes the clocks, and their tables with them.
    func change(_ change: (inout Stalls) -> Void) throws(QueueError) {
        let old = stalls
        change(&stalls)
        for (key, clock) in stalls.clocks where old.clocks[key] != clock {
            try execute(
                "INSERT OR REPLACE INTO stalls(alias, total, since) VALUES(?,?,?)",
                [SQLValue(key), SQLValue(clock.total.microseconds), SQLValue(clock.since?.microseconds)])
        }
        if old.down != stalls.down {
            try execute("UPDATE clock SET down = ?", [SQLValue(stalls.down.microseconds)])
        }
    }
}

extension QueueIndex.Row {
    /// Of `Queue.indexed`; nil for a state that is none.
    init?(_ row: [SQLValue]) {
        guard let number = row[0].int, let state = row[1].int.flatMap({ DeliveryState(rawValue: Int($0)) }) else {
            return nil
        }
        let isBound = (row[6].int ?? 0) > 0
        let refusedBy = row[9].isNull ? [] : Queue.names(row[9].string)
        let carrier =
            isBound
            ? Carrier.account(row[5].string ?? "")
            : refusedBy.isEmpty ? .alias(row[4].string) : .handedOn(alias: row[4].string, refusedBy: refusedBy)
        self.init(
            number: number, state: state, rank: Int(clamping: row[2].int ?? 0), next: row[3].int, carrier: carrier,
            recipient: row[7].string ?? "")
    }
}
