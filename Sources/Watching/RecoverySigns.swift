// What recovers, built. Where something flaps, the same few lines come again and again: of a batch's lines that differ in
// their time alone, one is built.

import Formats
import Incidents
import RuleMatching

/// The recoveries of one batch.
struct RecoverySigns {
    /// A rule, and a line of it from behind its time on.
    private struct Key: Hashable {
        let rule: Int
        let line: ArraySlice<UInt8>
    }

    private var built: [Key: RecoverySign] = [:]
    /// Lines beyond are built each.
    private static let limit = 64

    mutating func sign(of mark: Marks.Mark, _ view: BatchView, localHost: String, at now: Timestamp) -> RecoverySign {
        let key = view.behindTime(of: mark).map { Key(rule: mark.rule, line: $0) }
        if let key, var sign = built[key] {
            sign.time = Occurrence.plausible(view.time(of: mark), now)
            return sign
        }
        let recovery = view.recovery(mark)
        let sign = RecoverySign(
            ruleID: recovery.rule.id, record: recovery.record, captures: recovery.captures, localHost: localHost,
            at: now)
        if let key, built.count < Self.limit { built[key] = sign }
        return sign
    }
}
