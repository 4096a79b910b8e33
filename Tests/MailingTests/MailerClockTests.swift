import Formats
import Mail
import Platform
import TestSupport
import Testing

@testable import Mailing

@Suite struct MailerClockTests {
    private let site: Site

    init() throws { site = try Site() }

    /// A mailer that starts where another one stopped whose queue says what `sql` makes it say.
    private func mailer(after sql: String) throws -> Mailer {
        let settings = try site.settings(accounts: account("a", 1))
        let before = SystemClock.now() - .seconds(60)
        try {
            let mailer = try site.mailer(settings, Mailer.Options())
            _ = try mailer.queue.takeIn(.sample(), at: before)
            try mailer.queue.database.script(sql)
        }()
        return try site.mailer(settings, Mailer.Options())
    }

    @Test("the wall clock was set where it went otherwise than the one that never goes back, and not where both waited")
    func steps() throws {
        let start = Moment(wall: Timestamp(seconds: 1_800_000_000), monotonic: .seconds(5000))
        func moved(_ wall: Int64, _ monotonic: Int64) -> (step: Duration?, isSeenDue: Bool) {
            var clock = MailerClock(start)
            return clock.move(
                to: Moment(wall: start.wall + .seconds(wall), monotonic: start.monotonic + .seconds(monotonic)))
        }
        for (wall, monotonic, step) in [(70, 70, nil), (5, 70, -65), (70, 5, 65), (-3600, 10, -3610), (60, 0, nil)] {
            #expect(moved(Int64(wall), Int64(monotonic)).step == step.map { .seconds($0) }, "\(wall) \(monotonic)")
        }
        #expect(!moved(599, 599).isSeenDue && moved(600, 600).isSeenDue && moved(70, 5).isSeenDue)
    }

    @Test("a round that takes long to be written is no clock that was set")
    func slowRound() throws {
        let mailer = try site.mailer(try site.settings(accounts: account("a", 1)), Mailer.Options())
        let letter = Letter.sample(notBefore: SystemClock.now() + .seconds(7200))
        _ = try mailer.queue.takeIn(letter, at: SystemClock.now())
        let due = try mailer.queue.list().first?.nextAttempt
        // The round began 100 s ago, and its disk hangs since.
        let now = Moment.now()
        mailer.clock = MailerClock(
            Moment(wall: now.wall - .seconds(110), monotonic: now.monotonic - .seconds(110)))
        let begun = Moment(wall: now.wall - .seconds(100), monotonic: now.monotonic - .seconds(100))
        _ = mailer.roundApart([], at: begun)
        #expect(mailer.clock.last == begun)
        #expect(try mailer.queue.list().first?.nextAttempt == due)
    }

    private let year = "\(365 * 86400 * 1_000_000)"

    @Test("row 96: a clock that was a year ahead when the mailer stopped makes nothing wait for a year")
    func ahead() throws {
        let mailer = try mailer(
            after: "UPDATE deliveries SET next_attempt = next_attempt + \(year), changed = changed;"
                + "INSERT INTO stalls(alias, since) SELECT '', changed + \(year) FROM deliveries")
        let next = try #require(try mailer.queue.list().first?.nextAttempt)
        #expect(next <= SystemClock.now() + mailer.retry.longest)
        #expect(mailer.queue.stalls.clocks[""]?.since.map { $0 <= SystemClock.now() } == true)
    }

    @Test("where the clock went back while the mailer was down, all times went with it")
    func back() throws {
        let mailer = try mailer(
            after: "UPDATE clock SET seen = seen + \(year); UPDATE letters SET taken_in = taken_in + \(year)")
        let age = SystemClock.now() - (try mailer.queue.row(of: 1).began)
        #expect(age >= .seconds(50) && age < .seconds(3600))
    }

    @Test("a year in which the mailer did not run gives no letter up at its first \"later\"")
    func down() throws {
        let mailer = try mailer(after: "UPDATE letters SET taken_in = taken_in - \(year)")
        let now = SystemClock.now()
        let retry = Retry()
        #expect(retry.isExhausted(age: now - (try mailer.queue.row(of: 1).began), stalled: .zero))
        let seen = now - .seconds(365 * 86400)
        try mailer.queue.seen(at: seen)
        try mailer.queue.resume(at: now)
        _ = try mailer.queue.claimNext(account: "a", at: now)
        #expect(try !mailer.queue.putOff(1, words: "451 later", at: now, retry: retry, jitter: 0).isGivenUp)
    }

    @Test("a step of the clock that could not be committed is noticed again")
    func clockStep() throws {
        let mailer = try site.mailer(try site.settings(accounts: account("a", 1)), Mailer.Options())
        let due = SystemClock.now() + .seconds(7200)
        let letter = Letter.sample(notBefore: due)
        _ = try mailer.queue.takeIn(letter, at: SystemClock.now())
        let last = mailer.clock.last
        mailer.clock = MailerClock(Moment(wall: last.wall - .seconds(3600), monotonic: last.monotonic))
        try mailer.queue.execute("ALTER TABLE accounts RENAME TO away")
        mailer.book["a"]?.nextMessage = SystemClock.now()  // moves with the clock, and so has to be saved
        _ = mailer.round()
        #expect(mailer.troubles.database != nil)
        try mailer.queue.execute("ALTER TABLE away RENAME TO accounts")
        _ = mailer.round()
        #expect(mailer.troubles.database == nil)
        let next = try #require(try mailer.queue.list().first?.nextAttempt)
        #expect(next - due > .seconds(3590))
    }
}
