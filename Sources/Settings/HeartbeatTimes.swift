// When the letter goes that says that all is well: `daily 07:00`, `weekly mon 07:00`, by the host's own clock.

import Formats

/// A time of day, every day or on one day of the week, in local time.
package struct HeartbeatTimes: Hashable, Sendable {
    /// 0 is Sunday; nil: every day.
    package var weekday: Int?
    package var hour: Int
    package var minute: Int

    package init(weekday: Int? = nil, hour: Int, minute: Int) {
        (self.weekday, self.hour, self.minute) = (weekday, hour, minute)
    }

    /// Reads `daily 07:00` and `weekly mon 07:00`; nil when it is neither.
    package init?(text: String) {
        var words = text.split(separator: " ").map { $0.lowercased() }
        switch words.first {
        case "daily" where words.count == 2: weekday = nil
        case "weekly" where words.count == 3:
            guard let day = CivilTime.dayNames.firstIndex(where: { $0.lowercased() == words[1].prefix(3) }) else {
                return nil
            }
            weekday = day
        default: return nil
        }
        let clock = words.removeLast().split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 2, clock.allSatisfy({ $0.count == 2 && $0.allSatisfy { ("0"..."9").contains($0) } }),
            let hour = Int(clock[0]), let minute = Int(clock[1]), hour < 24, minute < 60
        else { return nil }
        (self.hour, self.minute) = (hour, minute)
    }

    /// The first such time after `time`. A time of day that the clocks skip in spring is the hour that they have instead;
    /// one that comes twice in autumn is the first of the two, and no second letter goes.
    /// - Parameter utcOffset: seconds that local clocks are ahead of UTC at a time.
    package func next(after time: Timestamp, utcOffset: (Timestamp) -> Int) -> Timestamp {
        let today = CivilTime(time, utcOffset: utcOffset(time)).daysSinceEpoch
        for day in (today - 1)...(today + 8) {
            let midnight = CivilTime(Timestamp(seconds: day &* 86400))
            if let weekday, weekday != midnight.weekday { continue }
            var civil = midnight
            (civil.hour, civil.minute) = (hour, minute)
            // The offsets on either side of a change; the later instant first exists, the earlier may.
            let guess = civil.timestamp()
            let offsets = Set([utcOffset(guess - .seconds(86400)), utcOffset(guess + .seconds(86400))])
            let candidates = offsets.map { civil.timestamp(utcOffset: $0) }.sorted()
            let exact = candidates.first { CivilTime($0, utcOffset: utcOffset($0)) == CivilTime(guess) }
            let instant = exact ?? candidates.last ?? guess
            if instant > time { return instant }
        }
        return time + .seconds(8 * 86400)
    }
}
