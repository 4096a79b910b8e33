// Letters that are put behind those of a connection that is at work, with their dots committed beforehand.

import Formats
import Mail
import Platform
import Settings
import TestSupport
import Testing

@testable import Mailing

@Suite struct FurtherLettersTests {
    private let site: Site

    init() throws { site = try Site() }

    private func mailer(
        _ port: Int, letters: Int = 16, priority: LetterPriority = .bulk, more: String = ""
    ) throws -> Mailer {
        let settings = try site.settings(accounts: account("a", port, ", max_connections: 1"), more: more)
        let mailer = try site.mailer(settings, Mailer.Options())
        let now = SystemClock.now()
        try mailer.queue.transaction { () throws(QueueError) in
            for _ in 0..<letters { _ = try mailer.queue.takeIn(.sample(priority: priority), at: now) }
        }
        return mailer
    }

    private func letters(_ names: String...) throws -> [Batch.Letter] {
        let address = try EmailAddress("admin@example.org")
        return names.enumerated().map { index, name in
            let assignment = Assignment(
                letter: name, account: "a", sender: nil, notify: .default, envelopeID: nil,
                recipients: [.init(delivery: Int64(index), address: address)], message: [])
            return Batch.Letter(assignment: assignment, order: 0)
        }
    }

    @Test("a thread that has little left is given more before it asks")
    func further() throws {
        let isAtThird = try WakeUp()
        let taken = envelope + [.say("250 ok")]
        let peer = try ScriptedPeer(hello + taken + taken + [.expect("MAIL"), .run { isAtThird.signal() }, .stall])
        let mailer = try mailer(peer.port)
        defer {
            peer.stop()
            mailer.beginStop()
            _ = mailer.run()
        }
        let end = SystemClock.monotonic() + .seconds(20)
        while mailer.queue.index.count(.dotPending) < 5, SystemClock.monotonic() < end {
            _ = mailer.round()
            mailer.wait(.milliseconds(20))
        }
        // Four were given, two of them are sent: the third is on its way, with the fourth and three more behind it.
        #expect(try Poller.wait([(isAtThird.descriptor.number, .readable)], timeout: .seconds(20)) == [0])
        #expect(mailer.queue.index.count(.sent) == 2)
        #expect(mailer.queue.index.count(.dotPending) == 5)
        #expect(mailer.pool.batch(of: 1, accounts: mailer.settings.smtp.accounts)?.underWay == [3, 4, 5, 6, 7])
    }

    @Test("where a person decides of what is uncertain, no dot is committed before its letter is begun")
    func hold() throws {
        let mailer = try mailer(1, more: "  uncertain: hold\n")
        #expect(try announced(mailer) == [false, false, false, false])
    }

    @Test("nor of a report, which another account may have to carry after a crash", arguments: LetterPriority.allCases)
    func reports(priority: LetterPriority) throws {
        let isAnnounced = priority == .reply || priority == .bulk
        #expect(try announced(try mailer(1, priority: priority)) == [false, isAnnounced, isAnnounced, isAnnounced])
    }

    @Test("nor of a letter that goes once more: a second doubt leaves it to a person")
    func repeated() throws {
        let mailer = try mailer(1)
        let now = SystemClock.now()
        #expect(try announced(mailer) == [false, true, true, true])
        try mailer.queue.transaction { () throws(QueueError) in
            _ = try mailer.queue.recover(at: now, hold: false)
            try mailer.queue.execute("UPDATE deliveries SET uncertain = 1, state = 4, next_attempt = 0, account = 'a'")
            try mailer.queue.loadIndex(at: now)
        }
        #expect(try announced(mailer) == [false, false, false, false])
    }

    /// Of the letters that the account's connection is given now.
    private func announced(_ mailer: Mailer) throws -> [Bool] {
        var effects = Effects()
        try mailer.queue.transaction { () throws(QueueError) in
            try mailer.schedule(at: SystemClock.now(), &effects)
        }
        for case (.deliver(let batch), _) in effects.orders {
            return (0..<batch.left).compactMap { _ in batch.next()?.isAnnounced }
        }
        return []
    }

    @Test("what comes when the thread has just ended goes back, and has lost no attempt")
    func tooLate() throws {
        let mailer = try mailer(1, letters: 1)
        let over = Batch([], account: "a")
        #expect(over.next() == nil)
        var effects = Effects()
        try mailer.queue.transaction { () throws(QueueError) in
            try mailer.schedule(at: SystemClock.now(), &effects)
        }
        let orders = effects.orders
        effects = Effects()
        for case (.deliver(let batch), _) in orders {
            effects.further = [(over, [Batch.Letter(assignment: try #require(batch.next()), order: 0)])]
        }
        #expect(mailer.queue.index.count(.sending) == 1)
        mailer.settle(effects)
        mailer.beginStop()
        #expect(mailer.run() == 0)
        #expect(try mailer.queue.rows("SELECT state, attempts FROM deliveries") == [[.integer(1), .integer(0)]])
    }

    @Test("a batch: one after the other, more behind them, back what is not begun, and an end")
    func batch() throws {
        let batch = Batch(try letters("a", "b", "c"), account: "a")
        #expect(batch.next()?.letter == "a")
        #expect(batch.left == 2 && batch.underWay == [0, 1, 2])
        #expect(batch.withdraw { $0.assignment.letter == "b" } == [1])
        #expect(batch.append(try letters("d")))
        #expect(batch.next()?.letter == "c")
        #expect(batch.end() == [0])
        #expect(!batch.append(try letters("e")) && batch.left == 0)
    }

    @Test("a batch without letters is over, and takes none")
    func over() throws {
        let batch = Batch(try letters("a"), account: "a")
        #expect(batch.next() != nil && batch.next() == nil)
        #expect(batch.underWay.isEmpty)
        #expect(!batch.append(try letters("b")))
    }
}
