import Database
import Formats
import TestSupport
import Testing

@testable import Mailing

@Suite struct QueueSchemaTests {
    @Test("a queue of the second version keeps what its letters have waited without an account")
    func fromSecond() throws {
        let folder = try TemporaryFolder()
        let start = Timestamp(seconds: 1_800_000_000)
        let since = start + .seconds(86400)
        try {
            let old = Schema(Array(QueueSchema.schema.steps.prefix(2)))
            let database = try old.open(folder("queue.db")).database
            try database.script(
                """
                INSERT INTO letters(id, sha256, priority, taken_in) VALUES('a', x'00', 1, \(start.microseconds));
                INSERT INTO messages VALUES('a', x'00');
                INSERT INTO deliveries(letter, recipient, state, alias, rank, next_attempt, changed, stalled, stalled_since)
                    VALUES('a', 'a@example.org', 1, 'jobs', 2, 0, 0, 3600000000, \(since.microseconds));
                """)
        }()
        let queue = try Queue.open(folder: folder.path).queue
        let now = since + .seconds(30 * 86400)
        // A month and an hour of it without an account: a day less an hour has counted.
        let retry = Retry(giveUpAfter: .seconds(86400 - 3600 + 1))
        #expect(try !queue.isExhausted(queue.row(of: 1), at: now, retry))
        try queue.stall(alias: "jobs", usable: true, at: now)
        #expect(try !queue.isExhausted(queue.row(of: 1), at: now, retry))
        #expect(try queue.isExhausted(queue.row(of: 1), at: now + .seconds(1), retry))
        #expect(try queue.turns(at: now) == [1])
    }

    @Test("what is to be forgotten is found without a look at the ids that are remembered")
    func forgotten() throws {
        let queue = try Queue.open(folder: try TemporaryFolder().path).queue
        let plan = try queue.rows(
            "EXPLAIN QUERY PLAN " + Queue.forgettable, [.integer(0)]
        ).compactMap { $0.last?.string }
        #expect(plan.contains { $0.contains("letters USING INDEX letters_kept") }, "\(plan)")
    }
}
