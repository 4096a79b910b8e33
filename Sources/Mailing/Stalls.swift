// Time that does not count towards giving up: when no account of an alias was usable, and when the mailer did not run. A
// clock for each alias instead of one for each delivery: that an account fails costs one row, whatever waits. Pure.

import Formats

struct Stalls: Equatable {
    struct Clock: Equatable {
        /// What has passed before `since`.
        var total = Duration.zero
        /// Since when it runs; nil: it stands.
        var since: Timestamp?
    }

    /// By `key`.
    var clocks: [String: Clock] = [:]
    /// When the mailer did not run, in all.
    var down = Duration.zero

    /// The alias's name in the table; that of the default alias, which has none, is empty.
    static func key(_ alias: String?) -> String { alias.map { "=" + $0 } ?? "" }

    /// What the alias's clock shows. Two readings tell how much of the time between them does not count.
    func reading(_ alias: String?, at now: Timestamp) -> Duration {
        let clock = clocks[Self.key(alias)] ?? Clock()
        return down + clock.total + (clock.since.map { max(.zero, now - $0) } ?? .zero)
    }

    /// Lets the alias's clock run while it has no usable account. Returns it where that changed.
    mutating func set(_ alias: String?, usable: Bool, at now: Timestamp) -> Clock? {
        var clock = clocks[Self.key(alias)] ?? Clock()
        guard usable == (clock.since != nil) else { return nil }
        if let since = clock.since {
            clock.total += max(.zero, now - since)
            clock.since = nil
        } else {
            clock.since = now
        }
        clocks[Self.key(alias)] = clock
        return clock
    }

    /// The mailer was down from `seen` to `now`.
    mutating func resume(from seen: Timestamp, to now: Timestamp) {
        down += max(.zero, now - seen)
        for (key, clock) in clocks {
            guard let since = clock.since else { continue }
            clocks[key] = Clock(total: clock.total + max(.zero, seen - since), since: now)
        }
    }

    /// The wall clock was set.
    mutating func clockWasSet(by step: Duration) { moveStarts { $0 + step } }

    /// None runs from later than now.
    mutating func bound(at now: Timestamp) { moveStarts { min($0, now) } }

    private mutating func moveStarts(_ move: (Timestamp) -> Timestamp) {
        clocks = clocks.mapValues { Clock(total: $0.total, since: $0.since.map(move)) }
    }
}
