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
