// Last stage: letters that are committed go to incoming/, as finished files, under their ids.

import Database
import Formats
import Logging
import Platform
import Spool

/// Hands letters over to the mailer.
struct Outbox {
    private let folder: HandoverFolder
    /// Why the last try failed, for the status; said once in the log.
    private(set) var fault: String?
    /// When to try again, on the monotonic clock; nil while nothing waits.
    private(set) var retryAt: Duration?
    private var wait = Duration.seconds(1)

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
            while true {
                let letters = try store.waitingLetters()
                if letters.isEmpty { break }
                for letter in letters { try folder.deposit(letter) }
                try store.markHandedOver(letters.map(\.id), at: time.wall)
                done += letters.count
            }
            if fault != nil { log.notice("letters are handed over again") }
            (fault, retryAt, wait) = (nil, nil, .seconds(1))
        } catch {
            if fault == nil { log.error("letters wait, they cannot be handed over: \(error)") }
            fault = "letters cannot be handed over: \(error)"
            retryAt = time.monotonic + wait
            wait = min(wait * 2, .seconds(60))
        }
        return done
    }
}
