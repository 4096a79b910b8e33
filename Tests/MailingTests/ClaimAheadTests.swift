// Letters that a connection is given before it has begun them: what becomes of them when it does not come to them.

import Formats
import Glibc
import Logging
import Mail
import Platform
import Settings
import TestSupport
import Testing

@testable import Control
@testable import Mailing

@Suite struct ClaimAheadTests {
    private let site: Site
    private let begun: WakeUp

    init() throws { (site, begun) = (try Site(), try WakeUp()) }

    /// A peer that takes the beginning of a letter, and no more.
    private func stalling() throws -> ScriptedPeer {
        try ScriptedPeer(hello + [.expect("MAIL"), .run { [begun] in begun.signal() }, .stall])
    }

    /// A mailer with so many letters, whose one connection is at the first of them.
    private func mailer(_ peer: ScriptedPeer, letters: Int = 12) throws -> Mailer {
        let mailer = try site.mailer(
            try site.settings(accounts: account("a", peer.port, ", max_connections: 4")), Mailer.Options())
        try fill(mailer, (0..<letters).map { _ in Letter.sample(priority: .bulk) })
        _ = mailer.round()
        #expect(try Poller.wait([(begun.descriptor.number, .readable)], timeout: .seconds(20)) == [0])
        #expect(underWay(mailer) == [1, 3])
        return mailer
    }

    /// How many are being sent, and of how many the dot is committed: of those behind the first it is when they are claimed.
    private func underWay(_ mailer: Mailer) -> [Int] {
        [mailer.queue.index.count(.sending), mailer.queue.index.count(.dotPending)]
    }

    private func fill(_ mailer: Mailer, _ letters: [Letter]) throws {
        let now = SystemClock.now()
        try mailer.queue.transaction { () throws(QueueError) in
            for letter in letters { _ = try mailer.queue.takeIn(letter, at: now) }
        }
    }

    private func end(_ mailer: Mailer, _ peer: ScriptedPeer) {
        peer.stop()
        mailer.beginStop()
        _ = mailer.run()
    }

    /// What the connections are given that are free, letter by letter, after so long a time.
    private func schedule(_ mailer: Mailer, after time: Duration = .zero) throws -> [[Int64]] {
        let now = Moment.now()
        mailer.clock = MailerClock(Moment(wall: now.wall, monotonic: now.monotonic + time))
        var effects = Effects()
        try mailer.queue.transaction { () throws(QueueError) in try mailer.schedule(at: now.wall, &effects) }
        return effects.orders.compactMap { order, _ in
            guard case .deliver(let batch) = order else { return nil }
            return batch.withdraw()
        }
    }

    @Test("letters behind one that takes longer than a second go back, for another connection", arguments: [0, 2])
    func heldUp(seconds: Int) throws {
        let peer = try stalling()
        let mailer = try mailer(peer)
        defer { end(mailer, peer) }
        mailer.book["a"]?.pace.concurrency = 2
        let given = try schedule(mailer, after: .seconds(seconds))
        #expect(given == (seconds == 0 ? [[5, 6, 7, 8]] : [[2, 3, 4, 5]]))
        #expect(mailer.unwritten.takenBack == (seconds == 0 ? [] : [2, 3, 4]))
    }

    @Test("while a thread is at a letter with others behind it, the mailer wakes to take them back, and not more often")
    func wakes() throws {
        let peer = try stalling()
        let mailer = try mailer(peer)
        defer { end(mailer, peer) }
        mailer.heed()
        _ = mailer.round()
        #expect(mailer.timeout() > .milliseconds(100) && mailer.timeout() <= .seconds(1))
        _ = try schedule(mailer, after: .seconds(2))
        #expect(mailer.nextHoldUp == nil && mailer.timeout() > .seconds(1))
    }

    @Test(
        "a report that finds no connection free has the next one, before letters that were claimed ahead",
        arguments: [LetterPriority.critical, .report, .reply, .bulk])
    func report(priority: LetterPriority) throws {
        let peer = try stalling()
        let mailer = try mailer(peer)
        defer { end(mailer, peer) }
        try fill(mailer, [.sample(priority: priority)])
        #expect(try schedule(mailer).isEmpty)
        let isReport = priority == .critical || priority == .report
        #expect(underWay(mailer) == (isReport ? [1, 0] : [1, 3]))
        mailer.pool.finished(1, accounts: mailer.settings.smtp.accounts)
        let expected: [Int64] = isReport ? [13, 2, 3, 4] : priority == .reply ? [13, 5, 6, 7] : [5, 6, 7, 8]
        #expect(try schedule(mailer) == [expected])
    }

    @Test("what was taken back in a round that is not committed goes back with the next one")
    func notCommitted() throws {
        let peer = try stalling()
        let mailer = try mailer(peer)
        defer { end(mailer, peer) }
        #expect(throws: QueueError.self) {
            _ = try mailer.commit { (_) throws(QueueError) in
                try mailer.takeBack(mailer.pool.withdraw(), at: SystemClock.now())
                throw .unknown("crash")
            }
        }
        #expect(underWay(mailer) == [1, 3])
        _ = mailer.round()
        #expect(underWay(mailer) == [1, 0])
        #expect(try mailer.queue.rows("SELECT max(attempts) FROM deliveries WHERE number > 1") == [[.integer(0)]])
    }

    /// So many letters of so many bytes, for a mailer without a connection.
    private func given(_ sizes: [Int], connections: Int = 1) throws -> [[Int64]] {
        let mailer = try site.mailer(
            try site.settings(accounts: account("a", 1, ", max_connections: 50")), Mailer.Options())
        try fill(mailer, sizes.map { _ in Letter.sample(priority: .bulk) })
        for (index, size) in sizes.enumerated() {
            try mailer.queue.execute(
                "UPDATE messages SET bytes = zeroblob(?) WHERE letter = (SELECT letter FROM deliveries WHERE number = ?)",
                [.integer(Int64(size)), .integer(Int64(index + 1))])
        }
        mailer.book["a"]?.pace.concurrency = connections
        return try schedule(mailer)
    }

    @Test("a connection is given as many letters at one time as have room in a megabyte, and one that is larger alone")
    func bytes() throws {
        let few = [400_000, 400_000, 400_000] + [Int](repeating: 1000, count: 9)
        #expect(try given(few) == [[1, 2]])
    }

    @Test("a large letter goes by itself")
    func large() throws {
        #expect(try given([9_000_000] + [Int](repeating: 1000, count: 11)) == [[1]])
    }

    @Test("all that is claimed ahead has room in eight megabytes")
    func allBytes() throws {
        let loads = try given([Int](repeating: 300_000, count: 120), connections: 30)
        #expect(loads.count == 30)
        #expect(loads.reduce(0) { $0 + $1.count - 1 } == (8 << 20) / 300_000)
    }

    @Test("a letter that was claimed ahead can be held and taken back; the one that is on its way cannot")
    func changes() throws {
        let peer = try stalling()
        let mailer = try mailer(peer)
        defer { end(mailer, peer) }
        let ids = try mailer.queue.letters([1, 2, 3])
        func ask(_ command: String, _ id: String) throws -> ControlResponse {
            let request = ControlRequest(
                command: command, arguments: ["id": .string(id)],
                peer: ControlPeer(pid: 1, uid: geteuid(), gid: getegid()))
            let call = try ControlCall(request: request, user: LocalUser(request.peer), answer: Answer())
            mailer.inbox.events.post(.request(call))
            _ = mailer.round()
            return try #require(call.answer.wait(.zero))
        }
        #expect(try ask("queue-retract", ids[0]).error != nil)
        #expect(try ask("queue-hold", ids[0]).error != nil)
        #expect(try ask("queue-retract", ids[1]).error == nil)
        #expect(try ask("queue-hold", ids[2]).error == nil)
        let states = try mailer.queue.list().sorted { $0.number < $1.number }.prefix(5).map(\.state)
        #expect(states == [.sending, .retracted, .held, .dotPending, .queued])
    }

    private static let taken = envelope + [.say("250 ok")]

    @Test("new settings in the middle of a batch: what is not begun goes by them, in its order, and once")
    func reload() throws {
        let first =
            hello + [.expect("MAIL"), .run { [begun] in begun.signal() }, .pause, .say("250 ok")]
            + envelope.dropFirst(2) + [.say("250 ok")] + bye
        let second =
            [.say("220 peer"), .expect("EHLO new.example.org"), .say("250 peer")]
            + (2...8).flatMap { _ in Self.taken } + bye
        let peer = try ScriptedPeer(first, second)
        defer { peer.stop() }
        let old = try site.settings(accounts: account("a", peer.port, ", max_connections: 1"))
        var new = old
        new.smtp.accounts[0].heloName = "new.example.org"
        let changed = new
        let mailer = try Mailer.start(
            old, options: Mailer.Options(untilIdle: true), inbox: try MailerInbox(), signals: nil, log: Site.log,
            reload: { (changed, []) })
        let letters = (0..<8).map { Letter.sample(priority: .bulk, body: "number \($0)") }
        try fill(mailer, letters)
        _ = mailer.round()
        #expect(try Poller.wait([(begun.descriptor.number, .readable)], timeout: .seconds(20)) == [0])
        mailer.reloadSettings()
        peer.resume()
        #expect(mailer.run() == 0)
        #expect(peer.problems.isEmpty)
        #expect(peer.messages == letters.map(\.message))
        #expect(try mailer.queue.list().allSatisfy { $0.state == .sent && $0.attempts == 1 })
    }

    @Test("a server that goes in the middle of a batch: what was not begun goes back, and has lost no attempt")
    func gone() throws {
        let peer = try ScriptedPeer(
            hello + Self.taken + [.expect("MAIL"), .say("421 4.3.2 closing"), .close],
            hello + (2...8).flatMap { _ in Self.taken } + bye)
        defer { peer.stop() }
        let letters = (0..<8).map { Letter.sample(priority: .bulk, body: "number \($0)") }
        let mailer = try site.mailer(
            try site.settings(accounts: account("a", peer.port, ", max_connections: 1")),
            Mailer.Options(untilIdle: true))
        try fill(mailer, letters)
        #expect(mailer.run() == 0)
        #expect(Set(peer.messages) == Set(letters.map(\.message)) && peer.messages.count == 8)
        let attempts = try mailer.queue.list().sorted { $0.number < $1.number }.map(\.attempts)
        #expect(attempts.first == 1 && attempts.dropFirst(2).allSatisfy { $0 == 1 }, "\(attempts)")
    }

    @Test("threads that come together have one commit; one that comes alone is not waited for long")
    func commitGroup() throws {
        let mailer = try site.mailer(
            try site.settings(accounts: account("a", 1), account("b", 2)), Mailer.Options())
        for account in mailer.settings.smtp.accounts {
            try mailer.pool.assign(.deliver(Batch([], account: account.name)), to: account)
        }
        defer {
            mailer.beginStop()
            _ = mailer.run()
        }
        // Threads that have nothing to do say so at once: both of them are there, and none is taken for free yet.
        _ = mailer.inbox.events.gather(2, for: .seconds(20))
        #expect(mailer.pool.busy == 2)
        mailer.gather(commitTook: .milliseconds(6))
        #expect(mailer.group.size == 2)
        _ = mailer.receive()
        #expect(mailer.pool.busy == 0)
        mailer.inbox.events.post(.takenBack([]))
        mailer.gather(commitTook: .milliseconds(6))
        #expect(mailer.group.size == 2, "with nobody at work nothing is waited for")
    }
}
