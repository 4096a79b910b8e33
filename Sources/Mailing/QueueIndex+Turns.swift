// Whose turn it is: the first of each line, and of those the first.

import Formats

extension QueueIndex {
    /// What is due at `now` stands in its line from now on. Returns what is held no longer than until then, for the table
    /// to say so.
    mutating func advance(to time: Timestamp) -> [Int64] {
        now = time.microseconds
        var held: [Int64] = []
        while let first = times.first, first.next <= now {
            _ = times.removeFirst()
            guard isCurrent(first), var entry = entries[first.number] else { continue }
            if entry.state == DeliveryState.held.code {
                // It may stand there twice, one behind the other.
                if held.last != first.number { held.append(first.number) }
                poppedHolds.append(first.number)
                continue
            }
            account(for: entry, -1)
            entry.isDue = true
            entries[first.number] = entry
            account(for: entry, 1)
            stand(first.number, entry)
        }
        return held
    }

    /// The next time at which something becomes due.
    mutating func nextTime() -> Timestamp? {
        while let first = times.first, !isCurrent(first) { _ = times.removeFirst() }
        return times.first.map { Timestamp(microseconds: $0.next) }
    }

    /// Those for whom something waits, due or not.
    var carriers: [(number: Int, carrier: Carrier, waiting: Int, due: Int)] {
        groups.enumerated().filter { $0.element.waiting > 0 }.map {
            ($0.offset, $0.element.carrier, $0.element.waiting, $0.element.due)
        }
    }

    /// How many deliveries are due that this carrier is to carry.
    func due(_ group: Int) -> Int { groups[group].due }

    /// The first of a carrier's deliveries that may go, for all the index knows.
    mutating func first(_ group: Int) -> Place? {
        while let first = groups[group].ready.first {
            if lines[first.line].key.group == group, standing(first.line) == first.place { return first.place }
            _ = groups[group].ready.removeFirst()
            // What stood there is gone or has changed; another may be the line's first now.
            if lines[first.line].key.group == group { offer(first.line) }
        }
        return nil
    }

    /// Takes the first of a carrier's line out of the competition: until it is claimed and `release`d, or woken. Nil where
    /// it has to wait for its chain (the next one may be asked for), unless `joins` says that it follows on its chain's
    /// other one.
    mutating func take(_ group: Int, joins: (Chain) -> Bool = { _ in false }) -> Pick? {
        guard let place = first(group), let ready = groups[group].ready.removeFirst() else { return nil }
        let key = lines[ready.line].key
        if let chain = key.chain, isUnderWay(chain), !joins(chain) {
            chains[chain]?.waiting.append(ready.line)
            return nil
        }
        return Pick(number: place.number, destination: key.destination, chain: key.chain, line: ready.line)
    }

    /// After a pick was claimed: its line's next one competes.
    mutating func release(_ pick: Pick) { offer(pick.line) }

    /// The next one of the same line, for the connection that has the pick: it is taken as that is.
    mutating func another(after pick: Pick) -> Pick? {
        guard let place = standing(pick.line), place.number != pick.number else { return nil }
        var other = pick
        other.number = place.number
        return other
    }

    /// How many deliveries are due in the pick's line.
    func due(_ pick: Pick) -> Int { lines[pick.line].due }

    /// It is not to be tried as long as the index stands.
    mutating func passOver(_ pick: Pick) {
        guard var entry = entries[pick.number] else { return }
        account(for: entry, -1)
        entry.isDue = false
        entries[pick.number] = entry
        account(for: entry, 1)
        offer(pick.line)
    }

    /// Whether it went before, and what became of that is not known.
    func repeats(_ pick: Pick) -> Bool {
        if case .account = groups[lines[pick.line].key.group].carrier { true } else { false }
    }

    func isUnderWay(_ chain: Chain) -> Bool { (chains[chain]?.underWay ?? 0) > 0 }

    /// Whether a further recipient of a letter that is picked may go with it: it is due, for the same carrier and
    /// destination, and nothing that was to come before it is left behind.
    mutating func mayJoin(_ number: Int64, _ pick: Pick, joins: (Chain) -> Bool = { _ in false }) -> Bool {
        guard let entry = entries[number], entry.isDue else { return false }
        let (key, other) = (lines[Int(entry.line)].key, lines[pick.line].key)
        guard key.group == other.group, key.destination == other.destination else { return false }
        guard let chain = key.chain else { return true }
        return (!isUnderWay(chain) || joins(chain)) && standing(Int(entry.line))?.number == number
    }

    /// Its place among those of its carrier, as `Place` has it.
    func order(of number: Int64) -> UInt8 { entries[number]?.order ?? .max }

    func chain(of number: Int64) -> Chain? { entries[number].flatMap { lines[Int($0.line)].key.chain } }

    /// What was taken for this destination, and not claimed, competes again.
    mutating func wake(_ destination: String) {
        for line in destinations[destination] ?? [] { offer(line) }
    }

    mutating func wakeAll() {
        for line in lines.indices { offer(line) }
    }

    /// The deliveries that wait for this destination, the oldest first. Costs what waits.
    func waiting(for destination: String) -> [Int64] {
        let lines = Set((destinations[destination] ?? []).map { Int32($0) })
        var found: [Int64] = []
        for (number, entry) in entries where entry.isWaiting && lines.contains(entry.line) { found.append(number) }
        return found.sorted()
    }

    mutating func stand(_ number: Int64, _ entry: Entry) {
        let line = Int(entry.line)
        let place = entry.place(number)
        lines[line].places.insert(place)
        if lines[line].places.count > 2 * lines[line].due + 64 {
            let entries = entries
            lines[line].places.keep { entries[$0.number].map { $0.isDue && Int($0.line) == line } ?? false }
        }
        if lines[line].places.first == place { offer(line) }
    }

    /// The line's first, if it has one, competes with its carrier's others.
    mutating func offer(_ line: Int) {
        guard let place = standing(line) else { return }
        let group = lines[line].key.group
        groups[group].ready.insert(Ready(place: place, line: line))
        guard groups[group].ready.count > 4 * groups[group].lines + 64 else { return }
        var seen: Set<Int> = []
        let lines = lines
        groups[group].ready.keep { ready in
            lines[ready.line].places.first == ready.place && seen.insert(ready.line).inserted
        }
    }

    mutating func standing(_ line: Int) -> Place? {
        while let first = lines[line].places.first {
            if let entry = entries[first.number], entry.isDue, Int(entry.line) == line,
                entry.place(first.number) == first
            {
                return first
            }
            _ = lines[line].places.removeFirst()
        }
        return nil
    }

    func isCurrent(_ time: Time) -> Bool {
        guard let entry = entries[time.number] else { return false }
        return !entry.isDue && !entry.isUnderWay && entry.next == time.next
    }

    mutating func sweepTimes() {
        guard times.count > 2 * entries.count + 64 else { return }
        let entries = entries
        times.keep { time in
            entries[time.number].map { !$0.isDue && !$0.isUnderWay && $0.next == time.next } ?? false
        }
    }
}
