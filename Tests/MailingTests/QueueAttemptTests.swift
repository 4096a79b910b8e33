import Formats
import Mail
import Platform
import TestSupport
import Testing

@testable import Mailing

@Suite struct QueueAttemptTests {
    private let folder: TemporaryFolder
    private let queue: Queue
    private let start = Timestamp(seconds: 1_800_000_000)
    private let retry = Retry()

    init() throws {
        folder = try TemporaryFolder()
        queue = try Queue.open(folder: folder.path).queue
    }

    private func claimFirst(at now: Timestamp) throws {
        #expect(try queue.claimNext(at: now) != nil)
    }

    private var facts: [Int64?] {
        get throws { try queue.rows("SELECT attempts, rank FROM deliveries WHERE number = 1")[0].map(\.int) }
    }

    @Test("attempts that an account's outage ended do not count: the first delay is the first one still")
    func outage() throws {
        _ = try queue.takeIn(.sample(), at: start)
        let before = try facts
        for hour in 0..<10 {
            let now = start + .seconds(Int64(hour) * 3600)
            try claimFirst(at: now)
            try queue.giveBack(1, words: "connection refused", at: now)
            #expect(try facts == before)
        }
        let now = start + .seconds(36_000)
        try claimFirst(at: now)
        #expect(try !queue.putOff(1, words: "451 later", at: now, retry: retry, jitter: 0).isGivenUp)
        #expect(try queue.list().first?.nextAttempt == now + retry.first)
        #expect(try queue.list().first?.attempts == 1)

        // What was put off once stays behind what was never tried.
        let once = try facts
        try claimFirst(at: now + retry.first)
        try queue.giveBack(1, words: "connection refused", at: now + retry.first)
        #expect(try facts == once)
        #expect(once[1] == (before[1] ?? 0) + 1)
    }
}
