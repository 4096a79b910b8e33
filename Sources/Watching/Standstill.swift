// While the state cannot be written nothing more is read, and what was read waits in memory: what `herald status` says of it.

import Formats
import Incidents

/// The state cannot be written.
struct Standstill {
    var since: Timestamp
    /// What was read and is not stored.
    var waiting: Counts

    struct Counts {
        var records = 0
        var hits = 0

        init() {}
        init(_ tally: Tally) { (records, hits) = (tally.records, tally.hits) }
    }

    func shown(reason: String, letters: Int) -> JSON {
        [
            "since": .string(since.rfc3339(fraction: 3)), "reason": .string(reason), "records": JSON(waiting.records),
            "hits": JSON(waiting.hits), "letters": JSON(letters),
        ]
    }
}

extension Standstill.Counts {
    static func - (all: Self, stored: Self) -> Self {
        var rest = all
        (rest.records, rest.hits) = (all.records - stored.records, all.hits - stored.hits)
        return rest
    }
}
