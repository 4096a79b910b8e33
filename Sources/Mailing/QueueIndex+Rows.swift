// The index follows the table: a row that is written, a transaction that is committed or not.

import Formats

extension QueueIndex {
    /// A row that was not there before.
    mutating func insert(_ row: Row) {
        journal.append((row.number, nil, nil, row.state))
        stateCounts[row.state.rawValue] += 1
        replace(row.number, with: entry(row))
    }

    /// A row that was there before; one that the index does not know can only have failed, for nothing follows on the
    /// other final states.
    mutating func update(_ row: Row) {
        let before = entries[row.number]
        let from = before.flatMap { DeliveryState(rawValue: Int($0.state)) } ?? .failed
        journal.append((row.number, before, from, row.state))
        stateCounts[from.rawValue] -= 1
        stateCounts[row.state.rawValue] += 1
        replace(row.number, with: entry(row))
    }

    mutating func remove(_ number: Int64, from state: DeliveryState) {
        journal.append((number, entries[number], state, nil))
        stateCounts[state.rawValue] -= 1
        replace(number, with: nil)
    }

    /// So many rows are to come: what grows step by step leaves its old places behind.
    mutating func reserve(_ count: Int) {
        entries.reserveCapacity(count)
        times.reserve(count)
    }

    /// Rows that are final, at a start.
    mutating func count(_ state: DeliveryState, _ count: Int) { stateCounts[state.rawValue] += count }

    mutating func commit() {
        journal.removeAll(keepingCapacity: true)
        poppedHolds.removeAll()
        for line in emptied { free(line) }
        emptied.removeAll(keepingCapacity: true)
    }

    mutating func rollBack() {
        for change in journal.reversed() {
            if let from = change.from { stateCounts[from.rawValue] += 1 }
            if let to = change.to { stateCounts[to.rawValue] -= 1 }
            replace(change.number, with: change.before)
        }
        for number in poppedHolds {
            if let entry = entries[number], entry.state == DeliveryState.held.code, entry.next < .max {
                times.insert(Time(next: entry.next, number: number))
            }
        }
        wakeAll()
        commit()
    }

    /// Nil for a final state: nothing waits.
    mutating func entry(_ row: Row) -> Entry? {
        if row.state.isFinal { return nil }
        let order = max(0, min(row.rank, 100)) * 2 + (row.state == .uncertain ? 0 : 1)
        var entry = Entry(
            next: row.next ?? .max, line: Int32(line(of: row)), order: UInt8(order), state: row.state.code)
        entry.isDue = row.state.isWaiting && entry.next <= now
        return entry
    }

    mutating func line(of row: Row) -> Int {
        let priority = row.rank / 2
        let chain =
            Chain.priorities.contains(priority) ? Chain(recipient: row.recipient, priority: priority) : nil
        let destination = tellsDestinations(row.carrier) ? Self.destination(of: row.recipient) : ""
        let key = LineKey(group: group(of: row.carrier), destination: destination, chain: chain)
        if let number = lineNumbers[key] { return number }
        let number: Int
        if let free = freeLines.popLast() {
            lines[free] = Line(key: key)
            number = free
        } else {
            lines.append(Line(key: key))
            number = lines.count - 1
        }
        lineNumbers[key] = number
        groups[key.group].lines += 1
        if !destination.isEmpty { destinations[destination, default: []].append(number) }
        return number
    }

    mutating func group(of carrier: Carrier) -> Int {
        if let number = groupNumbers[carrier] { return number }
        groups.append(Group(carrier: carrier))
        groupNumbers[carrier] = groups.count - 1
        return groups.count - 1
    }

    /// Lower case, for that is how domains are compared. By octets: a mark behind the sign is one Character with it.
    static func destination(of recipient: String) -> String {
        let octets = recipient.utf8
        return octets.lastIndex(of: 0x40).map { recipient[octets.index(after: $0)...].lowercased() } ?? ""
    }

    mutating func replace(_ number: Int64, with new: Entry?) {
        let old = entries[number]
        // Whoever waits for the chain is not to be woken by its next step.
        if let old, let new, old.isUnderWay, new.isUnderWay, old.line == new.line {
            entries[number] = new
            return
        }
        if let old { account(for: old, -1) }
        guard let new else {
            entries[number] = nil
            return
        }
        entries[number] = new
        account(for: new, 1)
        if new.isDue {
            stand(number, new)
        } else if new.next < .max, !new.isUnderWay {
            times.insert(Time(next: new.next, number: number))
            sweepTimes()
        }
    }

    mutating func account(for entry: Entry, _ sign: Int) {
        let number = Int(entry.line)
        lines[number].entries += sign
        let group = lines[number].key.group
        if entry.isDue {
            lines[number].due += sign
            groups[group].due += sign
        }
        if entry.isWaiting { groups[group].waiting += sign }
        if entry.isWaiting, lines[number].key.chain != nil { waitingReports += sign }
        if entry.state == DeliveryState.held.code, entry.next == .max { heldForPerson += sign }
        if entry.isUnderWay, let chain = lines[number].key.chain { use(chain, sign) }
        if lines[number].entries == 0 { emptied.append(number) }
    }

    mutating func use(_ chain: Chain, _ sign: Int) {
        chains[chain, default: ChainState()].underWay += sign
        guard let state = chains[chain], state.underWay <= 0 else { return }
        chains[chain] = nil
        for line in state.waiting { offer(line) }
    }

    mutating func free(_ number: Int) {
        let key = lines[number].key
        guard lines[number].entries == 0, lineNumbers[key] == number else { return }
        lineNumbers[key] = nil
        groups[key.group].lines -= 1
        if !key.destination.isEmpty {
            destinations[key.destination]?.removeAll { $0 == number }
            if destinations[key.destination]?.isEmpty == true { destinations[key.destination] = nil }
        }
        lines[number].places = Heap()
        freeLines.append(number)
    }
}
