// The clocks as a parameter, so that tests turn them.

import Formats
import Platform
import Records

/// What the clocks say when a source is asked to read.
package struct SourceTime: Sendable {
    /// Never goes back; for deadlines.
    package var monotonic: Duration
    package var wall: Timestamp
    /// Seconds that this host's clocks are ahead of UTC.
    package var utcOffset: Int

    package init(monotonic: Duration, wall: Timestamp, utcOffset: Int = 0) {
        self.monotonic = monotonic
        self.wall = wall
        self.utcOffset = utcOffset
    }

    package static func now() -> SourceTime {
        let wall = SystemClock.now()
        return SourceTime(
            monotonic: SystemClock.monotonic(), wall: wall, utcOffset: SystemClock.utcOffset(at: wall))
    }
}

extension Duration {
    /// The next multiple of an interval. Looks that are timed so fall together, and the process wakes once for all.
    func next(multipleOf interval: Duration) -> Duration {
        let step = interval.wholeMilliseconds
        return step > 0 ? .milliseconds((wholeMilliseconds / step + 1) * step) : self
    }

    private var wholeMilliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}

/// A source as `herald status` shows it.
package struct SourceStatus: Sendable, Equatable {
    package var source: Source
    /// Nil when all is well, else what is wrong, as the notice said it.
    package var fault: String?
    /// Bytes that are there and not yet read; nil where that is not known (a journal).
    package var behind: Int64?
    /// The same of a folder of journal files, in entries; nil of anything else.
    package var entriesBehind: Int64?
    /// Whether all that is there was read.
    package var isAtEnd: Bool
    /// False of a path or glob of the settings that names nothing now.
    package var isThere = true
    /// The log of which it holds only what stands there too: nothing of it is read, for it may be a copy.
    package var copyOf: String?
    /// Files that a glob matches too, and that are taken for rotated ones of this log by their names: what was there at the
    /// first look is not read. In the order of their names.
    package var rotated: [String] = []

    package init(source: Source, fault: String? = nil, behind: Int64? = nil) {
        self.source = source
        self.fault = fault
        self.behind = behind
        isAtEnd = behind ?? 0 <= 0
    }
}
