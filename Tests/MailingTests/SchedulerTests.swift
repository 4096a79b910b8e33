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

    /// What goes now, letter by letter, each with its recipients.
    private func schedule(_ queue: Queue, free: Int) throws -> (assignments: [Assignment], isWaiting: Bool) {
        let settings = try Sample.settings(accounts: ["one"])
        try queue.bring(to: now)
        var scheduler = Scheduler(
            queue.index, settings, AccountBook(settings.smtp.accounts), free: ["one": free])
        var assignments: [Assignment] = []
        while let turn = scheduler.next(&queue.index) {
            let claim = try queue.claim(turn.pick, account: "one", at: now, retry: Retry(), jitter: 0)
            queue.index.release(turn.pick)
            assignments.append(try #require(claim.assignment))
        }
        return (assignments, scheduler.isWaiting(&queue.index))
    }

    private func recipients(_ assignments: [Assignment]) -> [[String]] {
        assignments.map { $0.recipients.map(\.address.text).sorted() }
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
            let assignments = try schedule(queue, free: 4).assignments
            #expect(recipients(assignments) == expected)
            // While they are on their way the others wait.
            #expect(try schedule(queue, free: 4).assignments.isEmpty)
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
        let first = try schedule(queue, free: 2)
        #expect(recipients(first.assignments).count == 2)
        #expect(first.isWaiting)
        let second = try schedule(queue, free: 2)
        #expect(recipients(second.assignments).count == 1)
        #expect(!second.isWaiting)
    }
}
