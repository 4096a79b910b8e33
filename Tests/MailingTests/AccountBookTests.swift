import Formats
import Settings
import Testing

@testable import Mailing

@Suite struct AccountBookTests {
    private let now = Timestamp(seconds: 1_800_000_000)
    private let retry = Retry()

    private func settings() throws -> Settings {
        try Sample.settings(
            """
            smtp:
              accounts:
                - {name: off, server: a.example.org, enabled: false}
                - {name: one, server: b.example.org}
                - {name: two, server: c.example.org}
            """)
    }

    @Test("the first enabled account serves; the next one takes over while it is paused")
    func failover() throws {
        let settings = try settings()
        var book = AccountBook(settings.smtp.accounts)
        let alias = settings.defaultAlias
        #expect(book.serving(alias)?.settings.name == "one")
        let isNews = book.failed("one", words: "refused", needsPerson: false, at: now, retry: retry)
        #expect(isNews)
        #expect(book.serving(alias)?.settings.name == "two")
        #expect(book.probesDue(at: now).isEmpty)
        #expect(book.nextChange(after: now) == now + .seconds(60))
        #expect(book.probesDue(at: now + .seconds(60)) == ["one"])
        let wasPaused = book.succeeded("one", reply: nil, session: nil, at: now)
        #expect(wasPaused)
        #expect(book.serving(alias)?.settings.name == "one")
    }

    @Test("letters never leave through an account that is not their alias's")
    func bounds() throws {
        let settings = try settings()
        var book = AccountBook(settings.smtp.accounts)
        var alias = settings.defaultAlias
        alias.accounts = ["two", "off"]
        #expect(book.allowed(alias).map(\.settings.name) == ["two"])
        _ = book.failed("two", words: "535", needsPerson: true, at: now, retry: retry)
        #expect(book.serving(alias) == nil)
        #expect(book.serving(nil) == nil)
    }

    @Test("an account is probed ever more seldom, and a fault is news once")
    func rhythm() throws {
        var book = AccountBook(try settings().smtp.accounts)
        var waits: [Int64] = []
        for attempt in 0..<5 {
            let isNews = book.failed(
                "one", words: "refused", needsPerson: false, isProbe: attempt > 0, at: now, retry: retry)
            #expect(isNews == (attempt == 0))
            waits.append(((book["one"]?.probeAt ?? now) - now).milliseconds / 1000)
            book["one"]?.isProbing = true
        }
        #expect(waits == [60, 120, 240, 300, 300])
    }

    @Test("letters that fail with the account do not make its pause longer")
    func together() throws {
        var book = AccountBook(try settings().smtp.accounts)
        _ = book.failed("one", words: "refused", needsPerson: false, at: now, retry: retry)
        let isNews = book.failed("one", words: "refused too", needsPerson: false, at: now, retry: retry)
        #expect(!isNews)
        #expect(book["one"]?.failures == 1)
    }

    @Test("who was logged in before a login was refused does not make the account well; who logs in since does")
    func loginsSince() throws {
        var book = AccountBook(try settings().smtp.accounts)
        func works(_ session: Duration?) -> Bool { book.succeeded("one", reply: "250 ok", session: session, at: now) }
        _ = book.failed("one", words: "535", needsPerson: true, at: now, .seconds(100), retry: retry)
        #expect(!works(.seconds(90)) && !works(nil))
        book["one"]?.isProbing = true
        #expect(!works(.seconds(90)))
        #expect(book["one"]?.fault == "535" && book["one"]?.isProbing == true)
        // A letter that says the same while the probe is under way is not the probe.
        _ = book.failed("one", words: "535 too", needsPerson: true, at: now, .seconds(105), retry: retry)
        #expect(book["one"]?.failures == 1 && book["one"]?.isProbing == true)
        #expect(works(.seconds(101)))
        #expect(book["one"]?.isPaused == false)
        // What mends itself: any session shows it.
        _ = book.failed("one", words: "refused", needsPerson: false, at: now, .seconds(200), retry: retry)
        #expect(works(.seconds(90)))
    }

    @Test("a refused login counts, though the account was paused for less")
    func worse() throws {
        var book = AccountBook(try settings().smtp.accounts)
        _ = book.failed("one", words: "refused", needsPerson: false, at: now, .seconds(1), retry: retry)
        let isNews = book.failed("one", words: "535", needsPerson: true, at: now, .seconds(2), retry: retry)
        #expect(isNews)
        #expect(book["one"]?.needsPerson == true && book["one"]?.fault == "535")
    }

    @Test("connections grow with what a server takes, and are halved when it is too much")
    func concurrency() throws {
        var accounts = try settings().smtp.accounts
        accounts[1].maxConnections = 4
        var book = AccountBook(accounts)
        for _ in 0..<9 { _ = book.succeeded("one", reply: "250 ok", session: nil, at: now) }
        #expect(book["one"]?.pace.concurrency == 4)
        book.slowedDown("one", 421, floor: .seconds(30), at: now)
        #expect(book["one"]?.pace.concurrency == 2)
        for _ in 0..<5 { book.slowedDown("one", 421, floor: .seconds(30), at: now) }
        #expect(book["one"]?.pace.concurrency == 1)
    }

    @Test("a probe that never ended does not keep an account from being probed when a person asks for it")
    func lostProbe() throws {
        var book = AccountBook(try settings().smtp.accounts)
        _ = book.failed("one", words: "refused", needsPerson: false, at: now, retry: retry)
        book["one"]?.isProbing = true
        book.probeAll(at: now)
        #expect(book.probesDue(at: now) == ["one"])
    }

    @Test("a reload probes at once what was changed and what mends itself, and no refused login")
    func reloadUnchanged() throws {
        let accounts = try settings().smtp.accounts
        var book = AccountBook(accounts)
        book.probeWhatChanged(["one": "1", "two": "1"], at: now)
        _ = book.failed("one", words: "535", needsPerson: true, at: now, retry: retry)
        _ = book.failed("two", words: "refused", needsPerson: false, at: now, retry: retry)
        let soon = now + .seconds(1)
        book.reload(accounts, stamps: ["one": "1", "two": "1"], at: soon)
        #expect(book.probesDue(at: soon) == ["two"])
        book.reload(accounts, stamps: ["one": "2", "two": "1"], at: soon)
        #expect(Set(book.probesDue(at: soon)) == ["one", "two"])
    }

    @Test("an account that delivers directly has no faults, also none of the relay that it was")
    func relayBecomesDirect() throws {
        var accounts = try settings().smtp.accounts
        var book = AccountBook(accounts)
        _ = book.failed("one", words: "535", needsPerson: true, at: now, retry: retry)
        accounts[1].isDirect = true
        book.reload(accounts, stamps: [:], at: now)
        #expect(book["one"]?.isPaused == false && book["one"]?.needsPerson == false)
        let isNews = book.failed("one", words: "535", needsPerson: true, at: now, retry: retry)
        #expect(!isNews && book["one"]?.isPaused == false)
        book.probeAll(at: now)
        #expect(book.probesDue(at: now).isEmpty)
        // And back.
        accounts[1].isDirect = false
        book.reload(accounts, stamps: [:], at: now)
        let isNewsThen = book.failed("one", words: "535", needsPerson: true, at: now, retry: retry)
        #expect(isNewsThen && book.probesDue(at: now + .seconds(3600)) == ["one"])
    }

    @Test("new settings let paused accounts be tried at once, and keep what is known of the others")
    func reload() throws {
        var accounts = try settings().smtp.accounts
        var book = AccountBook(accounts)
        _ = book.failed("one", words: "535", needsPerson: true, at: now, retry: retry)
        accounts[1].server = "new.example.org"
        accounts.removeFirst()
        book.reload(accounts, stamps: [:], at: now)
        #expect(book.accounts.map(\.settings.name) == ["one", "two"])
        #expect(book.probesDue(at: now) == ["one"])
        #expect(book["one"]?.settings.server == "new.example.org")
    }
}
