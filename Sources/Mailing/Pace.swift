// How many connections another side is given at one time, and how quickly letters follow on each other. Pure.

import Formats

/// Grows with every letter that is taken; halved when the other side says that it is too much (row 88 of the fault table).
package struct Pace: Equatable, Sendable {
    /// Connections at one time.
    package var concurrency = 1
    /// Between two letters, where even one connection was too much; zero: nothing.
    package var floor = Duration.zero
    /// With a floor: when the next letter may go.
    package var nextLetter: Timestamp?
    /// Until then there are no more connections than now.
    package var ceilingUntil: Timestamp?

    package static let longestFloor = Duration.seconds(300)
    static let ceiling = Duration.seconds(600)

    /// A letter was taken.
    mutating func succeeded(most: Int, at now: Timestamp) {
        floor = floor <= Self.leastFloor ? .zero : .microseconds(floor.microseconds / 2)
        if floor == .zero { nextLetter = nil }
        if let until = ceilingUntil {
            // A ceiling of the future is one of a clock that was wrong.
            if now < until, until - now <= Self.ceiling { return }
            ceilingUntil = nil
        }
        concurrency = min(concurrency + 1, max(1, most))
    }

    private static let leastFloor = Duration.seconds(15)

    /// The other side has said 421, 432 or 451. A floor of the delay follows where one connection is too much already; not
    /// on 451, which may be about one letter alone.
    /// - Parameter first: the first floor; it doubles.
    mutating func slowedDown(_ code: Int?, first: Duration, at now: Timestamp) {
        if code != 451, concurrency <= 1 {
            let next = floor == .zero ? first : .microseconds(floor.microseconds * 2)
            floor = min(max(next, first), Self.longestFloor)
            nextLetter = now + floor
        }
        concurrency = max(1, concurrency / 2)
        ceilingUntil = now + Self.ceiling
    }

    /// A letter is given out.
    mutating func began(at now: Timestamp) {
        if floor > .zero { nextLetter = now + floor }
    }

    /// When the next letter may go, if that is later than now.
    func waits(at now: Timestamp) -> Timestamp? {
        guard floor > .zero, let nextLetter, nextLetter > now else { return nil }
        return min(nextLetter, now + floor)
    }

    mutating func clockWasSet(by step: Duration) {
        nextLetter = nextLetter.map { $0 + step }
        ceilingUntil = ceilingUntil.map { $0 + step }
    }
}
