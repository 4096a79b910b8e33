// The index against the table, through everything that can happen to a queue.

import Formats
import Mail
import Platform
import TestSupport
import Testing

@testable import Mailing

/// A queue to which things happen by chance, always the same ones for a seed.
private final class RandomQueue {
    private(set) var queue: Queue
    private(set) var now = Timestamp(seconds: 1_800_000_000)
    private let folder: TemporaryFolder
    private var chance: SplitMix
    private let tellsDestinations: Bool
    private let retry = Retry()
    private var letters: [String] = []
    /// Where the clock was set in this transaction: before that.
    private var nowBefore: Timestamp?

    init(seed: UInt64) throws {
        folder = try TemporaryFolder()
        chance = SplitMix(seed: seed)
        tellsDestinations = seed % 2 == 0
        queue = try Queue.open(folder: folder.path).queue
        try load()
    }

    private func load() throws {
        _ = try queue.rows("PRAGMA synchronous=OFF")
        try queue.loadIndex(at: now, tellsDestinations: { [tellsDestinations] _ in tellsDestinations })
    }

    private func one<T>(of choices: [T]) -> T? { choices.randomElement(using: &chance) }

    private func delivery(_ states: DeliveryState...) throws -> Int64? {
        let list = states.map { String($0.rawValue) }.joined(separator: ",")
        let found = try queue.rows("SELECT number FROM deliveries WHERE state IN (\(list)) ORDER BY number")
        return one(of: found.compactMap(\.first?.int))
    }

    /// Some steps in a transaction, which one time in five is not committed; or a restart.
    func step() throws {
        if Int.random(in: 0..<40, using: &chance) == 0 { return try restart() }
        let isAbandoned = Int.random(in: 0..<5, using: &chance) == 0
        let count = Int.random(in: 1...4, using: &chance)
        nowBefore = nil
        do throws(QueueError) {
            try queue.transaction { () throws(QueueError) in
                try happen(times: count)
                if isAbandoned { throw .unknown("abandoned") }
            }
        } catch {
            guard error == .unknown("abandoned") else { throw error }
            now = nowBefore ?? now
        }
    }

    private func happen(times count: Int) throws(QueueError) {
        for _ in 0..<count {
            let result = Result { try happen() }
            if case .failure(let error) = result { throw .unknown("\(error)") }
        }
    }

    private func restart() throws {
        // The old one is closed first, for it holds the lock.
        queue = try Queue.open(folder: folder("other")).queue
        queue = try Queue.open(folder: folder.path).queue
        _ = try queue.recover(at: now, hold: Bool.random(using: &chance))
        try load()
    }

    private func happen() throws {
        switch Int.random(in: 0..<16, using: &chance) {
        case 0...2: try takeIn()
        case 3...5: try claim()
        case 6, 7: if let number = try delivery(.sending) { try queue.dotPending([number], at: now) }
        case 8: if let number = try delivery(.dotPending) { try queue.sent(number, words: "250 ok", at: now) }
        case 9: if let number = try delivery(.sending, .dotPending) { try queue.failed(number, words: "550", at: now) }
        case 10:
            if let number = try delivery(.sending, .dotPending) {
                _ = try queue.putOff(number, words: "451", at: now, retry: retry, jitter: 0)
            }
        case 11:
            if let number = try delivery(.sending) {
                if Bool.random(using: &chance), try queue.row(of: number).uncertain == 0 {
                    _ = try queue.handOn(number, words: "550", refusedBy: [one(of: ["a", "b"]) ?? "a"], at: now)
                } else {
                    try queue.giveBack(number, words: nil, at: now)
                }
            }
        case 12:
            if let number = try delivery(.dotPending) {
                _ = try queue.uncertain(
                    number, words: "lost", at: now, hold: false, retry: retry, jitter: 0)
            }
        case 13:
            if let id = one(of: letters), let change = one(of: QueueChange.allCases) {
                // A letter of a round that was abandoned, or is forgotten, is not there.
                if try !queue.rows("SELECT 1 FROM deliveries WHERE letter = ?", [.text(id)]).isEmpty {
                    _ = try queue.change(id, change, at: now)
                }
            }
        case 14:
            now = now + .seconds(one(of: [0, 1, 61, 700, 20_000]) ?? 0)
            try queue.advance(to: now)
        default:
            if Int.random(in: 0..<4, using: &chance) == 0 {
                let step = Duration.seconds(one(of: [-90_000, 90_000]) ?? 0)
                nowBefore = nowBefore ?? now
                now = now + step
                try queue.clockWasSet(by: step)
                try queue.bound(at: now, retry)
                try queue.loadIndex(at: now)
            } else {
                _ = try queue.forget(before: now - .seconds(one(of: [0, 3000, 100_000]) ?? 0))
            }
        }
    }

    private func takeIn() throws {
        let addresses = ["admin@example.org", "second@example.org", "Anna@example.net", "bob@Example.net"]
        var letter = Letter.sample(
            to: Array(addresses.shuffled(using: &chance).prefix(Int.random(in: 1...3, using: &chance))),
            alias: one(of: [nil, "jobs", "gone"]) ?? nil, priority: one(of: LetterPriority.allCases) ?? .bulk,
            notBefore: one(of: [nil, nil, nil, now + .seconds(500)]) ?? nil)
        // Not of chance: the same for a seed.
        let id = String(format(chance.next()) + format(chance.next()))
        letter.id = id
        letters.append(id)
        #expect(try queue.takeIn(letter, at: now) == .taken)
    }

    private func format(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private func claim() throws {
        let groups = queue.index.carriers.map(\.number)
        guard let group = one(of: groups), let pick = queue.index.take(group) else { return }
        _ = try queue.claim(
            pick, account: one(of: ["one", "two"]) ?? "", at: now, retry: retry, jitter: 0)
        queue.index.release(pick)
    }

    /// What the table says is due and may go, in the order of service.
    func expectedTurns() throws -> [Int64] {
        let rows = try queue.rows(
            "SELECT number, recipient, rank, state FROM deliveries WHERE state IN (1, 4) AND next_attempt <= ?"
                + " ORDER BY rank, state = 1, next_attempt, number", [.integer(now.microseconds)])
        let underWay = try queue.rows("SELECT recipient, rank / 2 FROM deliveries WHERE state IN (2, 3)")
        let busy = Set(underWay.map { Chain(recipient: $0[0].string ?? "", priority: Int($0[1].int ?? 0)) })
        return rows.filter { row in
            let priority = Int(row[2].int ?? 0) / 2
            return !Chain.priorities.contains(priority)
                || !busy.contains(Chain(recipient: row[1].string ?? "", priority: priority))
        }.compactMap { $0[0].int }
    }
}

@Suite struct QueueIndexTests {
    @Test(
        "a destination is what stands behind the last @, octet for octet",
        arguments: [
            ("a@Example.ORG", "example.org"), ("\"a@b\"@c", "c"), ("a@\u{301}gmail.com", "\u{301}gmail.com"),
            ("a@\u{200d}gmail.com", "\u{200d}gmail.com"), ("nobody", ""), ("a@", ""),
        ])
    func destination(recipient: String, expected: String) {
        #expect(QueueIndex.destination(of: recipient).utf8.elementsEqual(expected.utf8))
    }

    @Test(
        "whatever happens, abandoned rounds and restarts among it, the index says what the table says",
        arguments: (1...20).map { UInt64($0) })
    func model(seed: UInt64) throws {
        let random = try RandomQueue(seed: seed)
        for step in 1...300 {
            try random.step()
            let queue = random.queue
            let turns = try queue.turns(at: random.now)
            let facts = queue.index.facts
            try #require(try turns == random.expectedTurns(), "seed \(seed), step \(step)")
            // It goes on with the index that it has, not with the fresh one.
            let index = queue.index
            try queue.loadIndex(at: random.now)
            try #require(facts == queue.index.facts, "seed \(seed), step \(step)")
            try #require(try queue.turns(at: random.now) == turns, "seed \(seed), step \(step)")
            queue.index = index
        }
    }
}
