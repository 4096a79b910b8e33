// Last stage: letters that are committed go to incoming/, as finished files, under their ids.

import Database
import Formats
import Logging
import Platform
import Spool

/// Hands letters over to the mailer.
struct Outbox {
    private let folder: HandoverFolder
    /// Why the last try failed; said once in the log.
    private var failure: String?
    /// Letters that cannot be read and so cannot go: how many, and the first of them.
    private var unreadable: String?
    /// When to try again, on the monotonic clock; nil while nothing waits.
    private(set) var retryAt: Duration?
    private var wait = Duration.seconds(1)

    /// What keeps letters from going, for the status.
    var fault: String? {
        let faults = [failure, unreadable].compactMap { $0 }
        return faults.isEmpty ? nil : faults.joined(separator: "; ")
    }

    init(path: String) { folder = HandoverFolder(path: path) }

    /// Called when letters were committed: they are handed over at the next call.
    mutating func wake(at monotonic: Duration) { retryAt = monotonic }

    /// Deposits what waits and marks it. A crash between the two does both again, with the same file.
    /// - Returns: how many letters were handed over.
    mutating func handOver(_ store: WatcherStore, at time: (monotonic: Duration, wall: Timestamp), _ log: Logger) -> Int
    {
        guard let due = retryAt, due <= time.monotonic else { return 0 }
        var done = 0
        do {
            var place = OutboxPlace()
            var stuck: [(id: String, error: LetterFileError)] = []
            while let waiting = try store.waitingLetters(after: place) {
                for letter in waiting.letters { try folder.deposit(letter) }
                try store.markHandedOver(waiting.letters.map(\.id), at: time.wall)
                done += waiting.letters.count
                stuck += waiting.unreadable
                place = waiting.end
            }
            if failure != nil { log.notice("letters are handed over again") }
            (failure, retryAt, wait) = (nil, nil, .seconds(1))
            note(stuck, log)
        } catch {
            if failure == nil { log.error("letters wait, they cannot be handed over: \(error)") }
            failure = "letters cannot be handed over: \(error)"
            retryAt = time.monotonic + wait
            wait = min(wait * 2, .seconds(60))
        }
        return done
    }

    /// They are passed over, so that they keep no other letter back, and said.
    private mutating func note(_ stuck: [(id: String, error: LetterFileError)], _ log: Logger) {
        let words = stuck.first.map { first in
            "\(stuck.count) letters of the watcher's state cannot be read and are not sent, the first is \(first.id): "
                + first.error.description
        }
        if let words, words != unreadable { log.error("\(words)") }
        unreadable = words
    }
}
