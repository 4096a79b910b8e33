import Formats
import Glibc
import Mail
import Platform
import TestSupport
import Testing

@testable import Mailing

@Suite struct QueueTests {
    private let folder = try? TemporaryFolder()
    private let start = Timestamp(seconds: 1_800_000_000)
    private let retry = Retry()

    private func open() throws -> Queue { try Queue.open(folder: try #require(folder).path).queue }

    private func claim(_ queue: Queue, at now: Timestamp? = nil) throws -> Assignment? {
        try queue.claimNext(at: now ?? start, retry: retry)
    }

    private func states(_ queue: Queue, _ letter: Letter) throws -> [DeliveryState] {
        try queue.list(letter: letter.id).map(\.state)
    }

    @Test("a letter is taken once; the same bytes again are known, others are a conflict")
    func takenOnce() throws {
        let letter = Letter.sample(to: ["a@example.org", "b@example.org", "a@example.org"])
        do {
            let queue = try open()
            #expect(try queue.takeIn(letter, at: start) == .taken)
            #expect(try queue.takeIn(letter, at: start) == .known)
        }
        let queue = try open()
        #expect(try queue.takeIn(letter, at: start) == .known)
        var other = letter
        other.message.append(0x20)
        #expect(try queue.takeIn(other, at: start) == .conflict)
        other = letter
        other.envelope.recipients.removeLast()
        #expect(try queue.takeIn(other, at: start) == .conflict)
        #expect(try queue.list(letter: letter.id).map(\.recipient) == ["a@example.org", "b@example.org"])
        #expect(try states(queue, letter) == [.queued, .queued])
    }

    @Test("an address that cannot be read fails its own delivery, with words, and no other")
    func unreadableRecipient() throws {
        let queue = try open()
        let letter = Letter.sample(to: ["a@example.org", "b@example.org"])
        _ = try queue.takeIn(letter, at: start)
        try queue.execute("UPDATE deliveries SET recipient = 'no address' WHERE recipient = 'a@example.org'")
        #expect(try claim(queue)?.recipients.map(\.address.text) == ["b@example.org"])
        let rows = try queue.list(letter: letter.id)
        #expect(rows.map(\.state) == [.failed, .sending])
        #expect(rows[0].lastReply?.contains("cannot be read") == true)
    }

    @Test(
        "a letter that cannot be read fails, and is never sent from nobody",
        arguments: [
            "UPDATE letters SET sender = 'no address'", "DELETE FROM messages", "UPDATE deliveries SET recipient = 'x'",
        ])
    func unreadableLetter(damage: String) throws {
        let queue = try open()
        let letter = Letter.sample()
        _ = try queue.takeIn(letter, at: start)
        try queue.execute(damage)
        #expect(try claim(queue) == nil)
        let row = try #require(try queue.list(letter: letter.id).first)
        #expect(row.state == .failed)
        #expect(row.lastReply?.contains("cannot be read") == true)
    }

    @Test("a second owner is refused")
    func oneOwner() throws {
        let queue = try open()
        #expect { try open() } throws: { error in
            if case .system(let cause) = error as? QueueError { cause.errno == EWOULDBLOCK } else { false }
        }
        _ = queue
    }

    @Test("a transaction that throws leaves nothing of a letter")
    func rollback() throws {
        let queue = try open()
        let letter = Letter.sample()
        #expect(throws: QueueError.self) {
            try queue.transaction { () throws(QueueError) in
                _ = try queue.takeIn(letter, at: start)
                throw .unknown("crash")
            }
        }
        #expect(try queue.list().isEmpty)
        #expect(try queue.takeIn(letter, at: start) == .taken)
    }

    @Test("every step that the table does not have is refused, and changes nothing")
    func legality() throws {
        let queue = try open()
        let letter = Letter.sample()
        _ = try queue.takeIn(letter, at: start)
        for from in DeliveryState.allCases {
            for to in DeliveryState.allCases {
                try queue.execute("UPDATE deliveries SET state = \(from.rawValue)")
                if from.successors.contains(to) {
                    try queue.move(Step(to), 1, at: start)
                    #expect(try states(queue, letter) == [to])
                } else {
                    #expect(throws: QueueError.illegal(delivery: 1, from: from, to: to)) {
                        try queue.move(Step(to), 1, at: start)
                    }
                    #expect(try states(queue, letter) == [from])
                }
            }
        }
    }

    @Test("a crash before the dot repeats nothing: the delivery waits for the time that was committed with the attempt")
    func crashWhileSending() throws {
        let letter = Letter.sample()
        do {
            let queue = try open()
            _ = try queue.takeIn(letter, at: start)
            #expect(try claim(queue) != nil)
        }
        let queue = try open()
        let recovered = try queue.recover(at: start, hold: false)
        #expect(recovered.sending == 1)
        #expect(recovered.uncertain == 0)
        let row = try #require(try queue.list(letter: letter.id).first)
        #expect(row.state == .queued)
        #expect(row.attempts == 1)
        #expect(row.nextAttempt == start + .seconds(60))
        #expect(try claim(queue) == nil)
        #expect(try claim(queue, at: start + .seconds(61)) != nil)
    }

    @Test("a crash with the dot pending makes it uncertain; it is sent once more as it was; then it is held")
    func crashWithDotPending() throws {
        let letter = Letter.sample()
        var now = start
        do {
            let queue = try open()
            _ = try queue.takeIn(letter, at: now)
            _ = try claim(queue)
            try queue.dotPending([1], at: now)
        }
        do {
            let queue = try open()
            #expect(try queue.recover(at: now, hold: false).uncertain == 1)
            #expect(try states(queue, letter) == [.uncertain])
            now = now + .seconds(61)
            let again = try #require(try claim(queue, at: now))
            #expect(again.account == "office")
            #expect(again.message == letter.message)
            let carrier = try queue.rows("SELECT \(Queue.indexed) FROM deliveries").compactMap {
                QueueIndex.Row($0)?.carrier
            }
            #expect(carrier == [.account("office")])
            try queue.dotPending([1], at: now)
        }
        let queue = try open()
        _ = try queue.recover(at: now, hold: false)
        #expect(try states(queue, letter) == [.held])
        try queue.loadIndex(at: now)
        #expect(!queue.index.hasWork)
        #expect(queue.index.heldForPerson == 1)
    }

    @Test("a crash during the one repetition, before its dot, leaves the repetition owed")
    func crashWhileRepeating() throws {
        let queue = try open()
        let letter = Letter.sample()
        _ = try queue.takeIn(letter, at: start)
        _ = try claim(queue)
        try queue.dotPending([1], at: start)
        #expect(try !queue.uncertain(1, words: "lost", at: start, hold: false, retry: retry, jitter: 0).isHeld)
        _ = try claim(queue, at: start + .seconds(61))
        _ = try queue.recover(at: start, hold: false)
        #expect(try states(queue, letter) == [.uncertain])
    }

    @Test("with `hold`, what is uncertain waits for a person, who may release it")
    func holdUncertain() throws {
        let queue = try open()
        let letter = Letter.sample()
        _ = try queue.takeIn(letter, at: start)
        _ = try claim(queue)
        try queue.dotPending([1], at: start)
        #expect(try queue.uncertain(1, words: "lost", at: start, hold: true, retry: retry, jitter: 0).isHeld)
        #expect(try states(queue, letter) == [.held])
        #expect(try queue.change(letter.id, .release, at: start) == 1)
        #expect(try claim(queue)?.recipients.count == 1)
    }

    @Test("recipients are decided one by one")
    func mixed() throws {
        let queue = try open()
        let letter = Letter.sample(to: ["a@example.org", "b@example.org", "c@example.org"])
        _ = try queue.takeIn(letter, at: start)
        #expect(try claim(queue)?.recipients.count == 3)
        try queue.dotPending([1], at: start)
        try queue.sent(1, words: "250 ok", at: start)
        try queue.failed(2, words: "550 5.1.1 no such user", at: start)
        #expect(try !queue.putOff(3, words: "450 4.2.0 greylisted", at: start, retry: retry, jitter: 0).isGivenUp)
        let rows = try queue.list(letter: letter.id)
        #expect(rows.map(\.state) == [.sent, .failed, .queued])
        #expect(rows.map(\.lastReply) == ["250 ok", "550 5.1.1 no such user", "450 4.2.0 greylisted"])
        #expect(rows[2].nextAttempt == start + .seconds(300))
    }

    @Test("time without a usable account does not count towards giving up")
    func stalling() throws {
        let queue = try open()
        let letter = Letter.sample()
        _ = try queue.takeIn(letter, at: start)
        try queue.stall(alias: nil, usable: false, at: start)
        let later = start + .seconds(10 * 86400)
        try queue.stall(alias: nil, usable: true, at: later)
        _ = try claim(queue, at: later)
        #expect(try !queue.putOff(1, words: "451", at: later, retry: retry, jitter: 0).isGivenUp)
        let end = later + .seconds(5 * 86400)
        _ = try claim(queue, at: end)
        #expect(try queue.putOff(1, words: "451 busy", at: end, retry: retry, jitter: 0).isGivenUp)
        #expect(try queue.list(letter: letter.id).first?.lastReply == "given up after 5 d 0 h; last: 451 busy")
    }

    @Test("critical goes before report before reply, and what was never tried before what was")
    func order() throws {
        let queue = try open()
        let letters = [LetterPriority.reply, .report, .critical, .critical].map { Letter.sample(priority: $0) }
        for letter in letters { _ = try queue.takeIn(letter, at: start) }
        try queue.execute("UPDATE deliveries SET rank = 1 WHERE letter = ?", [.text(letters[2].id)])
        let seen = try queue.letters(queue.turns(at: start))
        #expect(seen == [letters[3], letters[2], letters[1], letters[0]].map(\.id))
    }

    @Test("a letter with a time is held until then, and can be taken back")
    func heldUntil() throws {
        let queue = try open()
        let later = start + .seconds(600)
        let (kept, taken) = (Letter.sample(notBefore: later), Letter.sample(notBefore: later))
        for letter in [kept, taken] { _ = try queue.takeIn(letter, at: start) }
        try queue.bring(to: start)
        #expect(queue.index.hasWork)
        #expect(try queue.change(taken.id, .retract, at: start) == 1)
        #expect(queue.index.nextTime() == later)
        #expect(try queue.turns(at: later - .microseconds(1)).isEmpty)
        #expect(try claim(queue, at: later)?.letter == kept.id)
        #expect(try states(queue, taken) == [.retracted])
    }

    @Test("what is long done keeps its id and SHA-256 and nothing else")
    func forgetting() throws {
        let queue = try open()
        let (done, open) = (Letter.sample(), Letter.sample())
        for letter in [done, open] { _ = try queue.takeIn(letter, at: start) }
        try queue.execute("UPDATE deliveries SET state = 5 WHERE letter = ?", [.text(done.id)])
        #expect(try queue.forget(before: start) == 0)
        #expect(try queue.forget(before: start + .seconds(1)) == 1)
        #expect(try queue.takeIn(done, at: start) == .known)
        #expect(try queue.message(of: done.id) == nil)
        let left = try queue.rows("SELECT count(*) FROM letters WHERE subject IS NOT NULL OR sender IS NOT NULL")
        #expect(left == [[.integer(1)]])
        #expect(try queue.list().map(\.letter) == [open.id])
    }

    @Test("a clock that was set moves what waits with it", arguments: [365 * 86400, -365 * 86400])
    func clock(seconds: Int) throws {
        let queue = try open()
        let letter = Letter.sample()
        _ = try queue.takeIn(letter, at: start)
        _ = try claim(queue)
        _ = try queue.putOff(1, words: "451", at: start, retry: retry, jitter: 0)
        try queue.clockWasSet(by: .seconds(seconds))
        let now = start + .seconds(seconds)
        try queue.loadIndex(at: now)
        #expect(queue.index.nextTime() == now + .seconds(60))
        _ = try claim(queue, at: now + .seconds(60))
        #expect(try !queue.putOff(1, words: "451", at: now + .seconds(60), retry: retry, jitter: 0).isGivenUp)
    }

    @Test("what is known of accounts outlives a restart")
    func accounts() throws {
        let queue = try open()
        let settings = try Sample.settings(accounts: ["one", "two"]).smtp.accounts
        var book = AccountBook(settings)
        let before = book
        book["one"]?.stamp = "s"
        book["two"]?.pace.concurrency = 2
        _ = book.failed("one", words: "535", needsPerson: true, at: start, retry: retry)
        book["two"]?.nextMessage = start + .seconds(3600)
        try queue.save(book, before: before)
        var read = AccountBook(settings)
        try queue.restore(&read, at: start)
        #expect(read["one"]?.fault == "535")
        #expect(read["one"]?.needsPerson == true)
        #expect(read["one"]?.faultStamp == "s")
        #expect(read["two"]?.pace.concurrency == 2)
        #expect(read["one"]?.probeAt == start + .seconds(60))
        #expect(read["two"]?.nextMessage == start)
    }
}
