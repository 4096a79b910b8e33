import Formats
import Testing

@testable import Mailing

/// So that an expectation may ask what changes it.
@dynamicMemberLookup private final class Book {
    private var book = LaneBook()

    subscript<T>(dynamicMember path: KeyPath<LaneBook, T>) -> T { book[keyPath: path] }
    subscript(lane: Lane) -> LaneState { book[lane] }
    func admits(_ lane: Lane, most: Int, at now: Timestamp) -> Bool { book.admits(lane, most: most, at: now) }
    func began(_ lane: Lane, at now: Timestamp) { book.began(lane, at: now) }
    func ended(_ lane: Lane) -> Set<Lane> { book.ended(lane) }
    func failed(_ lane: Lane, at now: Timestamp, jitter: Double = 0) -> Bool {
        book.failed(lane, words: "refused", trouble: nil, at: now, jitter: jitter)
    }
    func reached(_ lane: Lane, at now: Timestamp) -> Bool { book.reached(lane, trouble: nil, at: now) }
    func settle() { book.settle() }
    func revert() { book.revert() }
    func took(_ lane: Lane, most: Int, at now: Timestamp) { book.took(lane, most: most, at: now) }
    func due(at now: Timestamp) -> [Lane] { book.due(at: now) }
    func restore(_ lane: Lane, failures: Int, openUntil: Timestamp, at now: Timestamp) {
        book.restore(lane, failures: failures, openUntil: openUntil, words: "refused", at: now)
    }
}

@Suite struct LaneBookTests {
    private let now = Timestamp(seconds: 1_800_000_000)
    private let lane = Lane(account: "direct", destination: "example.org")

    @Test("a destination that is not reached is left alone for 1, 2, 4 … 30 min, and then gets one letter at a time")
    func breaker() {
        let book = Book()
        var time = now
        for minutes in [1, 2, 4, 8, 16, 30, 30] {
            #expect(book.admits(lane, most: 5, at: time))
            book.began(lane, at: time)
            // The one that is on its way is the only one.
            #expect(!book.admits(lane, most: 5, at: time))
            #expect(book.ended(lane) == [lane])
            #expect(book.failed(lane, at: time) == (minutes == 1))
            let open = time + .seconds(Int64(minutes) * 60)
            #expect(!book.admits(lane, most: 5, at: open - .seconds(1)))
            #expect(book.nextDue == open)
            #expect(book.due(at: open - .seconds(1)).isEmpty)
            #expect(book.due(at: open) == [lane])
            time = open
        }
        #expect(book.admits(lane, most: 5, at: time))
        #expect(book.reached(lane, at: time))
        #expect(book.lanes.isEmpty)
        #expect(!book.reached(lane, at: time))
    }

    @Test(
        "the pause is a tenth longer or shorter, so that destinations do not come back together", arguments: [-1.0, 1])
    func jitter(_ jitter: Double) {
        let book = Book()
        _ = book.failed(lane, at: now, jitter: jitter)
        #expect(book[lane].openUntil == now + .seconds(60) + .seconds(jitter < 0 ? -6 : 6))
    }

    @Test("a destination has one connection, and one more after each letter that it takes, up to the account's number")
    func concurrency() {
        let book = Book()
        for count in [1, 2, 3, 3] {
            var given = 0
            while book.admits(lane, most: 3, at: now) {
                book.began(lane, at: now)
                given += 1
            }
            #expect(given == count)
            for _ in 0..<given { _ = book.ended(lane) }
            book.took(lane, most: 3, at: now)
        }
    }

    @Test("of many that fail, some are tried at one time; the others have their turn when one of these has ended")
    func crowd() {
        let book = Book()
        let lanes = (0..<30).map { Lane(account: "direct", destination: "\($0).example") }
        for lane in lanes { _ = book.failed(lane, at: now) }
        let later = now + .seconds(61)
        let admitted = lanes.filter { lane in
            let isAdmitted = book.admits(lane, most: 2, at: later)
            if isAdmitted { book.began(lane, at: later) }
            return isAdmitted
        }
        #expect(admitted.count == LaneBook.doubtfulConnections)
        // One that has never failed is not held up by them.
        #expect(book.admits(lane, most: 2, at: later))
        #expect(book.ended(lanes[0]) == Set(lanes.dropFirst(LaneBook.doubtfulConnections) + [lanes[0]]))
    }

    @Test(
        "at the limit what is well and idle is forgotten for what is new, and every host that is dead has its breaker")
    func limit() {
        let book = Book()
        func lane(_ number: Int) -> Lane { Lane(account: "direct", destination: "\(number).example") }
        book.began(lane(0), at: now)
        for number in 0..<LaneBook.limit { book.took(lane(number), most: 5, at: now) }
        book.settle()
        _ = book.failed(self.lane, at: now)
        #expect(!book.admits(self.lane, most: 5, at: now))
        #expect(book.lanes.count <= LaneBook.limit && book.lanes[lane(0)] != nil)
        // What a commit costs goes by what was changed.
        book.settle()
        book.took(lane(0), most: 5, at: now)
        #expect(book.changed.count == 1)
        // Of dead ones alone, those go whose time has come, or comes first.
        for number in 0..<(LaneBook.limit + 1) {
            _ = book.failed(lane(LaneBook.limit + number), at: now + .milliseconds(Int64(number)))
        }
        #expect(book.lanes.count <= LaneBook.limit)
        let last = lane(2 * LaneBook.limit)
        #expect(!book.admits(last, most: 5, at: now + .seconds(60)) && book[lane(LaneBook.limit)] == LaneState())
    }

    @Test("a round that is not committed changes nothing, and costs what it would have changed")
    func revert() {
        let book = Book()
        _ = book.failed(lane, at: now)
        book.settle()
        let other = Lane(account: "direct", destination: "other.example")
        book.began(lane, at: now)
        _ = book.reached(lane, at: now)
        book.took(other, most: 5, at: now)
        #expect(Set(book.changed.keys) == [lane, other])
        book.revert()
        #expect(book[lane].failures == 1 && book[other] == LaneState())
        #expect(book.underWay.isEmpty && book.changed.isEmpty)
    }

    @Test("a breaker outlives a restart, until its destination is reached")
    func kept() throws {
        let queue = try Site().queue()
        let other = Lane(account: "direct", destination: "other.example")
        var book = LaneBook()
        _ = book.failed(lane, words: "refused", trouble: nil, at: now, jitter: 0)
        book.took(other, most: 5, at: now)
        try queue.save(book)
        book.settle()
        var next = LaneBook()
        try queue.restore(&next, at: now + .seconds(1))
        next.settle()
        let isAdmitted = next.admits(lane, most: 5, at: now + .seconds(59))
        #expect(!isAdmitted && next[lane].words == "refused" && next.lanes.count == 1)
        let isNews = next.failed(lane, words: "refused", trouble: nil, at: now + .seconds(60), jitter: 0)
        #expect(!isNews && next[lane].openUntil == now + .seconds(180))
        _ = next.reached(lane, trouble: nil, at: now + .seconds(180))
        try queue.save(next)
        #expect(try queue.rows("SELECT * FROM lanes").isEmpty)
    }

    @Test("a destination of a clock that was wrong waits no longer than the longest pause")
    func bounded() {
        let book = Book()
        book.restore(lane, failures: 3, openUntil: now + .seconds(365 * 86400), at: now)
        #expect(book[lane].openUntil == now + LaneBook.longestPause)
    }

    @Test("row 88: what asks for less gets half, then a delay that doubles; letters that are taken bring it back")
    func pace() {
        var pace = Pace()
        for _ in 0..<9 { pace.succeeded(most: 5, at: now) }
        #expect(pace.concurrency == 5)
        for (code, concurrency, floor) in [(421, 2, 0), (432, 1, 0), (451, 1, 0), (432, 1, 30), (421, 1, 60)] {
            pace.slowedDown(code, first: .seconds(30), at: now)
            #expect(pace.concurrency == concurrency)
            #expect(pace.floor == .seconds(floor))
        }
        #expect(pace.waits(at: now + .seconds(59)) == now + .seconds(60))
        #expect(pace.waits(at: now + .seconds(60)) == nil)
        pace.began(at: now + .seconds(60))
        #expect(pace.waits(at: now + .seconds(61)) == now + .seconds(120))
        for _ in 0..<9 { pace.slowedDown(432, first: .seconds(30), at: now) }
        #expect(pace.floor == .seconds(300))
        for _ in 0..<9 { pace.succeeded(most: 5, at: now + .seconds(599)) }
        #expect(pace.floor == .zero)
        // What it could not bear is remembered for ten minutes.
        #expect(pace.concurrency == 1)
        pace.succeeded(most: 5, at: now + .seconds(600))
        #expect(pace.concurrency == 2)
    }
}
