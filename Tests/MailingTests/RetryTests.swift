import Formats
import Testing

@testable import Mailing

@Suite struct RetryTests {
    private let retry = Retry()

    @Test(
        "waits double from the first to the longest",
        arguments: [
            (1, 60), (2, 120), (3, 240), (4, 480), (7, 3840), (8, 7680), (9, 14400), (10, 14400), (10_000, 14400),
        ])
    func doubling(attempts: Int, seconds: Int) {
        #expect(retry.delay(afterAttempts: attempts, jitter: 0) == .seconds(seconds))
    }

    @Test(
        "jitter moves a wait by a tenth at most",
        arguments: [(-1.0, 54_000), (1.0, 66_000), (-9, 54_000), (.nan, 60_000)])
    func jitter(chance: Double, milliseconds: Int) {
        #expect(retry.delay(afterAttempts: 1, jitter: chance) == .milliseconds(milliseconds))
    }

    @Test("no settings make it wait not at all or overflow")
    func extremes() {
        let none = Retry(first: .zero, maximum: .zero, giveUpAfter: .zero)
        #expect(none.delay(afterAttempts: 1, jitter: 0) > .zero)
        let endless = Retry(first: .seconds(1 << 40), maximum: .seconds(Int64.max), giveUpAfter: .seconds(1))
        #expect(endless.delay(afterAttempts: 64, jitter: 1) > .zero)
        #expect(retry.delay(afterAttempts: 0, jitter: 0) == .seconds(60))
        #expect(retry.delay(afterAttempts: -5, jitter: 0) == .seconds(60))
    }

    @Test(
        "a greylisting server is asked again after five minutes, and later in the usual rhythm",
        arguments: [
            (1, "450 4.2.0 greylisted", 300), (4, "450 4.2.0 greylisted", 480), (1, "451 4.3.0 later", 60),
            (1, "no answer", 60),
        ])
    func greylisting(attempts: Int, words: String, seconds: Int) {
        #expect(retry.delay(afterAttempts: attempts, words: words, jitter: 0) == .seconds(seconds))
    }

    @Test("it gives up after five days in which an account was usable")
    func giveUp() {
        let day = Duration.seconds(86400)
        #expect(!retry.isExhausted(age: day * 5 - .seconds(1), stalled: .zero))
        #expect(retry.isExhausted(age: day * 5, stalled: .zero))
        #expect(!retry.isExhausted(age: day * 30, stalled: day * 26))
        #expect(retry.isExhausted(age: day * 30, stalled: day * 25))
    }
}
