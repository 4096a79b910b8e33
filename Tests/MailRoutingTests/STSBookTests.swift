import Formats
import MailRouting
import Testing

@Suite struct STSBookTests {
    private static let start = Timestamp(seconds: 1_800_000_000)
    private let domain: DomainName
    private let policy = STSPolicy(mode: .enforce, patterns: ["mx.example.org"], maximumAge: 10 * 86400)

    init() throws { domain = try DomainName("example.org") }

    private func later(_ seconds: Int64) -> Timestamp { Self.start + .seconds(seconds) }

    private func book() -> STSBook {
        STSBook([STSEntry(domain: domain, id: "1", policy: policy, fetched: Self.start)])
    }

    @Test("a policy that is announced and not known is fetched, and then holds") func first() {
        var book = STSBook()
        #expect(book.step(domain, .nothing, now: Self.start) == .use(nil))
        #expect(book.step(domain, .policy(id: "1"), now: Self.start) == .fetch(id: "1"))
        let entry = book.fetched(domain, id: "1", policy, now: Self.start)
        #expect(entry == STSEntry(domain: domain, id: "1", policy: policy, fetched: Self.start))
        #expect(book.step(domain, .policy(id: "1"), now: later(60)) == .use(policy))
    }

    @Test("what is kept over a restart holds on, announced or not, until it is too old") func kept() {
        #expect(book().step(domain, .policy(id: "1"), now: later(60)) == .use(policy))
        #expect(book().step(domain, .nothing, now: later(9 * 86400)) == .use(policy))
        #expect(book().step(domain, .nothing, now: later(10 * 86400)) == .use(nil))
        #expect(book().step(domain, .policy(id: "1"), now: later(10 * 86400)) == .fetch(id: "1"))
    }

    @Test("another id is fetched at once; the same one once a day, long before the end") func refresh() {
        #expect(book().step(domain, .policy(id: "2"), now: later(1)) == .fetch(id: "2"))
        #expect(book().step(domain, .policy(id: "1"), now: later(86400)) == .use(policy))
        #expect(book().step(domain, .policy(id: "1"), now: later(86401)) == .fetch(id: "1"))
        let short = STSPolicy(mode: .enforce, patterns: ["a.b"], maximumAge: 600)
        let book = STSBook([STSEntry(domain: domain, id: "1", policy: short, fetched: Self.start)])
        #expect(book.step(domain, .policy(id: "1"), now: later(300)) == .use(short))
        #expect(book.step(domain, .policy(id: "1"), now: later(301)) == .fetch(id: "1"))
    }

    @Test("row 48: a fetch that fails keeps what is known, and is not tried again for five minutes") func failing() {
        var book = book()
        #expect(book.failed(domain, now: later(100)) == policy)
        #expect(book.step(domain, .policy(id: "2"), now: later(101)) == .use(policy))
        #expect(book.step(domain, .policy(id: "2"), now: later(399)) == .use(policy))
        #expect(book.step(domain, .policy(id: "2"), now: later(400)) == .fetch(id: "2"))
        #expect(book.failed(domain, now: later(10 * 86400)) == nil)

        var empty = STSBook()
        #expect(empty.failed(domain, now: Self.start) == nil)
        #expect(empty.step(domain, .policy(id: "1"), now: later(10)) == .use(nil))
        #expect(empty.step(domain, .policy(id: "1"), now: later(300)) == .fetch(id: "1"))
        _ = empty.fetched(domain, id: "1", policy, now: later(300))
        #expect(empty.step(domain, .policy(id: "1"), now: later(301)) == .use(policy))
    }

    @Test("a policy that ends the policy is kept like any other") func ended() {
        var book = book()
        let none = STSPolicy(mode: .none, patterns: [], maximumAge: 86400)
        _ = book.fetched(domain, id: "2", none, now: later(50))
        #expect(book.step(domain, .policy(id: "2"), now: later(60)) == .use(none))
    }

    @Test("row 96: a clock that went back neither ends a policy nor makes it last for ever") func clock() {
        let year: Int64 = 366 * 86400
        #expect(book().step(domain, .nothing, now: later(-year)) == .use(policy))
        #expect(book().step(domain, .policy(id: "1"), now: later(-year)) == .fetch(id: "1"))
        var book = book()
        _ = book.failed(domain, now: later(year))
        #expect(book.step(domain, .policy(id: "2"), now: later(1)) == .fetch(id: "2"))
    }

    @Test("so many domains and no more: the one that was fetched first goes") func bounded() throws {
        var book = STSBook()
        for number in 0..<10_003 {
            _ = book.fetched(
                try DomainName("d\(number).example"), id: "1", policy, now: Self.start + .milliseconds(number))
        }
        #expect(book.count == 10_000)
        #expect(book.step(try DomainName("d2.example"), .nothing, now: later(60)) == .use(nil))
        #expect(book.step(try DomainName("d3.example"), .nothing, now: later(60)) == .use(policy))
    }
}
