// Which letters go together, and which wait for another.

import Formats
import Mail
import Platform
import TestSupport
import Testing

@testable import Mailing

@Suite struct SchedulerTests {
    private let folder = try? TemporaryFolder()
    private let now = Timestamp(seconds: 1_800_000_000)

    private func schedule(_ queue: Queue, free: Int) throws -> Schedule {
        let settings = try Sample.settings(accounts: ["one"])
        var scheduler = Scheduler(
            settings: settings, book: AccountBook(settings.smtp.accounts), free: ["one": free])
        return try scheduler.schedule(queue, at: now)
    }

    private func recipients(_ schedule: Schedule) -> [[String]] {
        schedule.groups.map { $0.deliveries.map(\.recipient).sorted() }
    }

    @Test(
        "a report does not overtake another one to the same recipient", arguments: [LetterPriority.critical, .report])
    func inOrder(priority: LetterPriority) throws {
        let queue = try Queue.open(folder: try #require(folder).path).queue
        let (a, b) = ("admin@example.org", "second@example.org")
        let letters = [[a], [a, b], [b], [a]].map { Letter.sample(to: $0, priority: priority) }
        for letter in letters { #expect(try queue.takeIn(letter, at: now) == .taken) }
        var served: [String] = []
        for expected in [[[a], [b]], [[a], [b]], [[a]]] as [[[String]]] {
            let first = try schedule(queue, free: 4)
            #expect(recipients(first) == expected)
            #expect(first.isWaiting == (served.count < 4))
            let assignments = try first.groups.map {
                try #require(
                    try queue.claim($0.deliveries, account: "one", at: now, retry: Retry(), jitter: 0))
            }
            // While they are on their way the others wait.
            #expect(try schedule(queue, free: 4).groups.isEmpty)
            for assignment in assignments {
                served.append(assignment.letter)
                for recipient in assignment.recipients {
                    _ = try queue.dotPending([recipient.delivery], at: now)
                    try queue.sent(recipient.delivery, words: "250 ok", at: now)
                }
            }
        }
        #expect(served == [letters[0], letters[1], letters[1], letters[2], letters[3]].map(\.id))
    }

    @Test("answers and other letters go side by side", arguments: [LetterPriority.reply, .bulk])
    func sideBySide(priority: LetterPriority) throws {
        let queue = try Queue.open(folder: try #require(folder).path).queue
        for _ in 0..<3 { _ = try queue.takeIn(.sample(priority: priority), at: now) }
        #expect(recipients(try schedule(queue, free: 2)).count == 2)
    }
}
