// The clocks of the machine. Pure modules take times as parameters; only this file asks for them.

import Formats
import Glibc

package enum SystemClock {
    /// The wall clock.
    package static func now() -> Timestamp {
        var t = timespec()
        clock_gettime(CLOCK_REALTIME, &t)
        return Timestamp(microseconds: Int64(t.tv_sec) * 1_000_000 + Int64(t.tv_nsec) / 1000)
    }

    /// Time since boot, suspended time included; never goes back. For waits and deadlines.
    package static func monotonic() -> Duration {
        var t = timespec()
        clock_gettime(CLOCK_BOOTTIME, &t)
        return .seconds(Int64(t.tv_sec)) + .nanoseconds(Int64(t.tv_nsec))
    }

    /// Seconds that local clocks are ahead of UTC at that time.
    package static func utcOffset(at time: Timestamp) -> Int {
        var seconds = time_t(time.seconds)
        var local = tm()
        localtime_r(&seconds, &local)
        return Int(local.tm_gmtoff)
    }
}
