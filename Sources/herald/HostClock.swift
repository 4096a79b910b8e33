// Times as every list and screen of the command shows them: by this host's own clock, as people type them, with its offset
// from UTC. Programs (`--json`) get UTC.

import Formats
import Platform

enum HostClock {
    /// `2026-11-21 13:41:14+01:00`.
    static func text(_ time: Timestamp) -> String {
        time.rfc3339(utcOffset: SystemClock.utcOffset(at: time)).replacing("T", with: " ")
    }

    /// A time of an answer, which is in UTC; what is none stays as it is, made safe to show.
    static func text(_ value: JSON?, limit: Int = 200) -> String {
        guard let value, !value.isNull else { return "" }
        guard let text = value.string else { return Printable.text(value.text, limit: limit) }
        return Timestamp(rfc3339: text).map { self.text($0) } ?? Printable.text(text, limit: limit)
    }

    /// The time of day alone, for what happens soon: `13:41`.
    static func hour(_ value: JSON?) -> String {
        guard let time = value?.string.flatMap({ Timestamp(rfc3339: $0) }) else { return "" }
        return String(text(time).dropFirst(11).prefix(5))
    }
}
