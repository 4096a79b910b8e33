import Formats
import SMTPTransport
import Testing

@testable import Mailing

@Suite struct HostBookTests {
    private let now = Timestamp(seconds: 1_800_000_000)

    private func options(_ host: String) -> SessionOptions {
        SessionOptions(server: ServerAddress(host: host, port: 25), security: .opportunistic)
    }

    /// What a session with this host is told.
    private func told(_ book: HostBook, _ host: String, at now: Timestamp) -> (isPlain: Bool, isOneByOne: Bool) {
        var options = options(host)
        book.inform(&options, at: now)
        return (options.leavesOutTLS, !options.pipelining)
    }

    @Test("a host where TLS failed is asked for it again after an hour, one that cannot take groups after a day")
    func times() {
        let book = HostBook()
        book.learn("a.example:25", isPlain: true, isOneByOne: true, at: now)
        #expect(told(book, "a.example", at: now + .seconds(3599)) == (true, true))
        #expect(told(book, "a.example", at: now + .seconds(3600)) == (false, true))
        #expect(told(book, "a.example", at: now + .seconds(86400)) == (false, false))
        #expect(told(book, "b.example", at: now) == (false, false))
        // Written under a clock that was wrong.
        #expect(told(book, "a.example", at: now - .seconds(86401)) == (false, false))
        #expect(book.takeChanges().map(\.host) == ["a.example:25"])
        #expect(book.takeChanges().isEmpty)
    }

    @Test("at the limit what is over is forgotten, here and in the database, and else what is over next")
    func limit() throws {
        let book = HostBook()
        for number in 0..<HostBook.limit {
            book.learn("\(number):25", isPlain: true, isOneByOne: false, at: now + .milliseconds(Int64(number)))
        }
        _ = book.takeChanges()
        let soon = now + .seconds(60)
        book.learn("new:25", isPlain: true, isOneByOne: false, at: soon)
        #expect(told(book, "new", at: soon).isPlain && !told(book, "0", at: soon).isPlain)
        #expect(told(book, "\(HostBook.limit - 1)", at: soon).isPlain)
        let changes = book.takeChanges()
        #expect(changes.count { $0.facts == HostBook.Facts() } == HostBook.limit / 10)
        let site = try Site()
        let queue = try site.queue()
        var learned = LearnedFacts()
        learned.hosts = [("0:25", HostBook.Facts(plainUntil: soon)), ("1:25", HostBook.Facts(plainUntil: soon))]
        try queue.save(learned)
        learned.hosts = changes
        try queue.save(learned)
        #expect(try queue.rows("SELECT name FROM hosts") == [[.text("new:25")]])
        // All are over.
        for number in 0..<HostBook.limit {
            book.learn("later \(number):25", isPlain: true, isOneByOne: false, at: soon + .seconds(7200))
        }
        #expect(!told(book, "new", at: soon).isPlain)
    }
}
