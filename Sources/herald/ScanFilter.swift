// Which hits `herald scan` tells.

import Formats
import Records
import Rules

struct ScanFilter {
    var ids: Set<String> = []
    var minimum: Severity?
    var since: Timestamp?
    var until: Timestamp?

    var takesAll: Bool { ids.isEmpty && minimum == nil && takesAllTimes }
    private var takesAllTimes: Bool { since == nil && until == nil }

    func takes(_ hit: Hit) -> Bool { takes(hit.rule) && takes(hit.record.time) }

    /// Whether the rule's hits are told, whenever they were.
    private func takes(_ rule: Rule) -> Bool {
        (ids.isEmpty || ids.contains(rule.id)) && (minimum.map { rule.severity.isAtLeast($0) } ?? true)
    }

    /// A line that bears no time may be of any.
    private func takes(_ time: Timestamp?) -> Bool {
        guard let time else { return true }
        return (since.map { time >= $0 } ?? true) && (until.map { time < $0 } ?? true)
    }
}
