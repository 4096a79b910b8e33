// The wall clock beside the one that never goes back: their difference tells when the wall clock was set.
//
// Must stay true: both are read together, and nowhere but at the top of a round. What lies between two readings, be it a
// disk that hangs for a minute, would look like a clock that was set.

import Formats
import Platform

/// One instant, by both clocks.
struct Moment: Equatable, Sendable {
    var wall: Timestamp
    var monotonic: Duration

    static func now() -> Moment { Moment(wall: SystemClock.now(), monotonic: SystemClock.monotonic()) }
}

/// What the clocks said at the last round that was committed. Pure but for its start.
struct MailerClock: Equatable, Sendable {
    private(set) var last: Moment
    /// When it was last written down that the mailer is at work; monotonic.
    private var seen: Duration

    /// How often that is written down: by so much may a crash make letters wait longer.
    private static let seenEvery = Duration.seconds(600)
    /// The clocks may differ by so much without one having been set.
    private static let tolerance = Duration.seconds(60)

    init(_ start: Moment = .now()) { (last, seen) = (start, start.monotonic) }

    /// Goes on to `now`.
    /// - Returns: by how much the wall clock was set meanwhile, nil where it was not; and whether it is to be written down
    ///   that the mailer is at work.
    mutating func move(to now: Moment) -> (step: Duration?, isSeenDue: Bool) {
        let step = (now.wall - last.wall) - (now.monotonic - last.monotonic)
        last = now
        let isSet = step > Self.tolerance || step < .zero - Self.tolerance
        let isSeenDue = isSet || now.monotonic - seen >= Self.seenEvery
        if isSeenDue { seen = now.monotonic }
        return (isSet ? step : nil, isSeenDue)
    }
}
