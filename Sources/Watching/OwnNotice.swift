// What Herald itself noticed becomes an incident too: what was not seen is reported (ARCHITECTURE.md, promise 5).

import Formats
import Incidents
import Records
import RuleMatching
import Rules

/// Makes occurrences of notices. Their rules have ids as others do, and can be switched off and silenced like them.
enum OwnNotice {
    /// Nil for what is only said in the log and shown in the status.
    static func occurrence(of notice: SourceNotice, localHost: String, at now: Timestamp) -> Occurrence? {
        guard notice.isLoss else { return nil }
        let id = "herald-\(notice.source.isJournal ? "journal" : "file")-\(notice.kind.rawValue)"
        var origin = Origin(host: localHost, source: Printable.text(notice.source.name, limit: 300))
        origin.isJournal = notice.source.isJournal
        return occurrence(
            id, group: notice.source.name, title: "\(title(notice.kind)) \(origin.source)", text: notice.text,
            advice: advice(notice.kind), origin: origin, at: now)
    }

    static func occurrence(of notice: MatchNotice, localHost: String, at now: Timestamp) -> Occurrence {
        occurrence(
            "herald-pattern-limit", group: notice.rule.id,
            title: "A pattern of the rule \(notice.rule.id) ran into its limit", text: notice.text,
            advice: "The pattern could not be decided on this line, so a hit may be missing. Make it simpler "
                + "(\(Printable.text(notice.pattern.file, limit: 200)):\(notice.pattern.line)); "
                + "`herald rules test` tries the rules.",
            origin: Origin(notice.record, localHost: localHost), at: now)
    }

    /// The database could not be used and was set aside.
    static func setAside(_ text: String, localHost: String, at now: Timestamp) -> Occurrence {
        occurrence(
            "herald-state-set-aside", group: text, title: "Herald began with a new state: the old one cannot be used",
            text: text,
            advice: "Incidents that were open are told anew, and log lines written while Herald stood still may have "
                + "been missed. The old file is kept for a look at it.",
            origin: Origin(host: localHost, source: "herald-watcher"), at: now)
    }

    private static func occurrence(
        _ id: String, group: String, title: String, text: String, advice: String, origin: Origin, at now: Timestamp
    ) -> Occurrence {
        // Critical, since it may hide what is critical.
        Occurrence(
            rule: RuleFacts(id: id, severity: .critical, ending: .silent),
            groups: [GroupValue("subject", group)], title: Printable.text(title, limit: 300), advice: advice, time: now,
            origin: origin,
            sample: Sample(time: now, origin: origin, text: Printable.text(text, limit: Sample.limit)))
    }

    private static func title(_ kind: SourceNotice.Kind) -> String {
        switch kind {
        case .gap: "Log lines were lost unread in"
        case .skipped: "Part of a line was too long to be looked at in"
        case .suppressed: "The source itself dropped lines:"
        case .unreadable, .readable: "Reading changed:"
        }
    }

    private static func advice(_ kind: SourceNotice.Kind) -> String {
        switch kind {
        case .gap:
            "What was written there was gone before Herald could read it. If Herald was stopped for long, look at that "
                + "time by other means; if not, let the log be kept longer before it is rotated or vacuumed."
        case .skipped:
            "The beginning of the line was matched, the rest was not. A line this long is often a program's fault."
        case .suppressed:
            "A service writes faster than journald takes: `journalctl -u` it, and see RateLimitBurst= in journald.conf(5)."
        case .unreadable, .readable: ""
        }
    }
}
