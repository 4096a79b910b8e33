// When the heartbeat goes, over changes of the clocks too. The zone is Berlin's of 2026: summer time from 29 March 01:00
// UTC to 25 October 01:00 UTC.

import Formats
import Testing

@testable import Settings

@Suite struct HeartbeatTimesTests {
    private static func berlin(_ time: Timestamp) -> Int {
        let summer = CivilTime(year: 2026, month: 3, day: 29, hour: 1).timestamp()
        let winter = CivilTime(year: 2026, month: 10, day: 25, hour: 1).timestamp()
        return time >= summer && time < winter ? 7200 : 3600
    }

    @Test(arguments: [
        ("daily 07:00", HeartbeatTimes(hour: 7, minute: 0)),
        ("weekly mon 07:30", HeartbeatTimes(weekday: 1, hour: 7, minute: 30)),
        ("weekly Sunday 23:59", HeartbeatTimes(weekday: 0, hour: 23, minute: 59)), ("daily 7:00", nil),
        ("daily 24:00", nil),
        ("daily", nil), ("weekly 07:00", nil), ("weekly xyz 07:00", nil), ("hourly", nil), ("daily 07:60", nil),
        ("", nil),
    ])
    func `Times are read as they are written`(text: String, times: HeartbeatTimes?) {
        #expect(HeartbeatTimes(text: text) == times)
    }

    @Test(arguments: [
        ("daily 07:00", "2026-11-21 06:00", "2026-11-21 07:00"),
        ("daily 07:00", "2026-11-21 07:00", "2026-11-22 07:00"),
        ("daily 00:00", "2026-12-31 23:59", "2027-01-01 00:00"),
        ("weekly mon 07:00", "2026-11-21 12:00", "2026-11-23 07:00"),
        ("weekly sat 07:00", "2026-11-21 07:00", "2026-11-28 07:00"),
    ])
    func `The next one is the first after now`(text: String, now: String, next: String) throws {
        let times = try #require(HeartbeatTimes(text: text))
        let found = times.next(after: Self.time(now), utcOffset: Self.berlin)
        #expect(found.plain(utcOffset: Self.berlin(found)).prefix(16) == next)
    }

    @Test(arguments: ["daily 02:30", "daily 07:00", "daily 01:59", "daily 03:00", "daily 00:00", "daily 23:59"])
    func `Over a year there is one on each day, when the clocks change too`(text: String) throws {
        let times = try #require(HeartbeatTimes(text: text))
        var now = Self.time("2026-01-01 12:00")
        var days: [String] = []
        while days.count < 364 {
            let next = times.next(after: now, utcOffset: Self.berlin)
            #expect(next > now)
            days.append(String(next.plain(utcOffset: Self.berlin(next)).prefix(10)))
            now = next
        }
        #expect(Set(days).count == days.count)
        #expect(days.last?.hasPrefix("2026-12-3") == true)
    }

    private static func time(_ text: String) -> Timestamp {
        let digits = text.split { !$0.isNumber }.compactMap { Int($0) }
        let civil = CivilTime(year: digits[0], month: digits[1], day: digits[2], hour: digits[3], minute: digits[4])
        return civil.timestamp(utcOffset: berlin(civil.timestamp()))
    }
}
