// When a delivery is tried again, and when no more. Pure: time and chance come as parameters.

import Formats

/// The rhythm of attempts.
package struct Retry: Equatable, Sendable {
    /// The wait after the first attempt.
    package var first: Duration
    /// The longest wait.
    package var maximum: Duration
    /// Time with a usable account after which a delivery has failed.
    package var giveUpAfter: Duration
    /// What a greylisting server wants to see before it believes in the sender.
    package var greylisting: Duration

    package init(
        first: Duration = .seconds(60), maximum: Duration = .seconds(4 * 3600),
        giveUpAfter: Duration = .seconds(5 * 86400), greylisting: Duration = .seconds(300)
    ) {
        self.first = first
        self.maximum = maximum
        self.giveUpAfter = giveUpAfter
        self.greylisting = greylisting
    }

    /// The first floor of the delay between letters to a server that is asked too much of.
    package var slower: Duration { min(.seconds(30), .microseconds(first.microseconds / 2)) }

    /// The wait after attempt number `attempts` (1, 2, …): doubling from `first` up to `maximum`, ±10 %.
    /// - Parameter jitter: -1 to 1, at random, so that letters that failed together do not come back together.
    package func delay(afterAttempts attempts: Int, jitter: Double) -> Duration {
        let year: Int64 = 365 * 86400 * 1_000_000
        let ceiling = min(max(first.microseconds, maximum.microseconds, 1000), year)
        var wait = min(max(first.microseconds, 1000), ceiling)
        var doublings = attempts - 1
        while doublings > 0, wait < ceiling {
            wait = min(ceiling, wait * 2)
            doublings -= 1
        }
        let share = max(-1, min(1, jitter.isFinite ? jitter : 0))
        return .microseconds(wait + Int64(Double(wait / 10) * share))
    }

    /// No wait is longer.
    package var longest: Duration {
        max(delay(afterAttempts: .max, jitter: 1), greylisting)
    }

    /// The wait after a server's "later" (a reply of 4xx): 450 is how greylisting says it (RFC 6647 section 2.1), and
    /// asking again sooner than it wants is of no use.
    package func delay(afterAttempts attempts: Int, words: String, jitter: Double) -> Duration {
        let usual = delay(afterAttempts: attempts, jitter: jitter)
        return words.hasPrefix("450") ? max(usual, greylisting) : usual
    }

    /// Whether a delivery has waited long enough. `stalled` is the part of `age` without a usable account.
    package func isExhausted(age: Duration, stalled: Duration) -> Bool { age - stalled >= giveUpAfter }
}
