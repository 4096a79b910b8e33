// What Herald itself noticed becomes an incident too: what was not seen is reported (ARCHITECTURE.md, promise 5).

import Formats
import Incidents
import Records
import RuleMatching
import Rules

/// Makes occurrences of notices. Their rules have ids as others do, and can be switched off and silenced like them.
package enum OwnNotice {
    /// The ids of all of them.
    package static let rules: Set<String> = {
        let losses = SourceNotice.Kind.allCases.filter { SourceNotice(.journal(""), $0, "").isLoss }
        let ofSources = [true, false].flatMap { isJournal in
            losses.map { rule(of: $0, isJournal: isJournal) } + [outageRule(isJournal: isJournal)]
        }
        return Set(ofSources + [patternLimit, expectLimit, stateSetAside, stateUnreadable])
    }()
    static let patternLimit = "herald-pattern-limit"
    static let expectLimit = "herald-expect-limit"
    private static let stateSetAside = "herald-state-set-aside"
    private static let stateUnreadable = "herald-state-unreadable"

    private static func rule(of kind: SourceNotice.Kind, isJournal: Bool) -> String {
        "herald-\(isJournal ? "journal" : "file")-\(kind.rawValue)"
    }

    /// Nil for what is only said in the log and shown in the status.
    static func occurrence(of notice: SourceNotice, localHost: String, at now: Timestamp) -> Occurrence? {
        guard notice.isLoss else { return nil }
        let id = rule(of: notice.kind, isJournal: notice.source.isJournal)
        var origin = Origin(host: localHost, source: Printable.text(notice.source.name, limit: 300))
        origin.isJournal = notice.source.isJournal
        return occurrence(
            id, group: notice.source.name, title: "\(title(notice.kind)) \(origin.source)", text: notice.text,
            advice: advice(notice.kind), origin: origin,
            // What was lost may have been critical; of a line that is too long most is seen, and it is often so by habit.
            severity: notice.kind == .skipped ? .warning : .critical, at: now)
    }

    static func occurrence(of notice: MatchNotice, localHost: String, at now: Timestamp) -> Occurrence {
        let origin = Origin(notice.record, localHost: localHost)
        let time = Occurrence.plausible(notice.record.time, now)
        // As severe as what may be missing, and with the line, so that a person can decide.
        return Occurrence(
            rule: RuleFacts(id: patternLimit, severity: notice.rule.severity, ending: .silent),
            groups: [GroupValue("subject", notice.rule.id)],
            title: "Whether the rule \(notice.rule.id) hits this line cannot be told",
            advice: "\(notice.text) Until then such lines are not told as hits: read this one. The pattern stands in "
                + "\(Printable.text(notice.pattern.file, limit: 200)):\(notice.pattern.line); `herald rules test` tries it.",
            time: time, origin: origin,
            sample: Sample(
                time: time, origin: origin, text: Sample.line(notice.record.shownText)))
    }

    /// A line that a rule waits for, of a group more than are waited for.
    static func notExpected(_ sign: SignOfLife, of rule: Rule, at now: Timestamp) -> Occurrence {
        Occurrence(
            rule: RuleFacts(id: expectLimit, severity: rule.severity, ending: .silent),
            groups: [GroupValue("subject", rule.id)], title: "Not every group of the rule \(rule.id) is waited for",
            advice: "Herald waits for \(IncidentBook.expectationsPerRule) groups of a rule, and for "
                + "\(IncidentBook.expectationsInAll) of all rules. Group by what has fewer values, or make several rules of it.",
            time: now, origin: sign.origin, sample: Sample(time: sign.time, origin: sign.origin, text: sign.text))
    }

    /// The database could not be used and was set aside.
    static func setAside(_ text: String, localHost: String, at now: Timestamp) -> Occurrence {
        occurrence(
            stateSetAside, group: text, title: "Herald began with a new state: the old one cannot be used",
            text: text,
            advice: "Incidents that were open are told anew, and log lines written while Herald stood still may have "
                + "been missed. The old file is kept for a look at it.",
            origin: .own(host: localHost), at: now)
    }

    /// Incidents of the last run that cannot be read.
    static func unreadable(incidents ids: [Int64], localHost: String, at now: Timestamp) -> Occurrence {
        let shown = ids.prefix(20).map { String($0) }.joined(separator: ", ")
        return occurrence(
            stateUnreadable, group: shown,
            title: "\(LetterWording.count(ids.count, "incident")) of Herald's stored state cannot be read",
            text: "\(ids.count == 1 ? "Incident" : "Incidents") \(shown)\(ids.count > 20 ? " and more" : ""): what the "
                + "database holds of them is damaged.",
            advice: "What they had gathered and no letter had told of is lost. Their rows stay in the database for 30 "
                + "days. Is the file system or the disk at fault?",
            origin: .own(host: localHost), at: now)
    }

    /// Lines that were read and held when the last run stopped, and that cannot be taken up.
    static func unreadableHeld(_ source: Source) -> SourceNotice {
        SourceNotice(
            source, .gap,
            "Lines of \(Printable.text(source.name, limit: 300)) that were held when Herald stopped, because their record "
                + "might go on, cannot be read any more.")
    }

    private static func occurrence(
        _ id: String, group: String, title: String, text: String, advice: String, origin: Origin,
        ending: RuleFacts.Ending = .silent, severity: Severity = .critical, at now: Timestamp
    ) -> Occurrence {
        // Critical for the most part, since it may hide what is critical.
        Occurrence(
            rule: RuleFacts(id: id, severity: severity, ending: ending),
            groups: [GroupValue("subject", group)], title: Printable.text(title, limit: 300), advice: advice, time: now,
            origin: origin,
            sample: Sample(
                time: now, origin: origin, text: Printable.text(text, keepingLines: true, limit: Sample.limit)))
    }

    private static func title(_ kind: SourceNotice.Kind) -> String {
        switch kind {
        case .gap: "Log lines were lost unread in"
        case .skipped: "Part of a line was too long to be looked at in"
        case .suppressed: "The source itself dropped lines:"
        case .unreadable, .readable, .remark: "Herald cannot read"
        }
    }

    private static func advice(_ kind: SourceNotice.Kind) -> String {
        switch kind {
        case .gap:
            "What was written there was gone before Herald could read it. If Herald was stopped for long, look at that "
                + "time by other means; if not, let the log be kept longer before it is rotated or vacuumed."
        case .skipped:
            "The beginning of the line was matched, the rest was not. A line this long is often a program's fault; "
                + "of a file that has such lines by habit, `max_line` in `watch.files` takes more."
        case .suppressed:
            "A service writes faster than journald takes: `journalctl -u` it, and see RateLimitBurst= in journald.conf(5)."
        case .unreadable, .readable, .remark:
            "Nothing that is written there is looked at until it can be read again; it is read then, unless it is rotated "
                + "away first. What is gone for good is to be taken out of `watch` in the settings."
        }
    }
}

// Sources that cannot be read, which are told only when that lasts.
extension OwnNotice {
    static func outage(of source: Source, _ fault: String, localHost: String, at now: Timestamp) -> Occurrence {
        var origin = Origin(host: localHost, source: Printable.text(source.name, limit: 300))
        origin.isJournal = source.isJournal
        return occurrence(
            outageRule(isJournal: source.isJournal), group: source.key,
            title: "\(title(.unreadable)) \(origin.source)", text: fault, advice: advice(.unreadable), origin: origin,
            ending: .watched, at: now)
    }

    /// Of the sources beyond those that have an incident of their own.
    static func furtherOutages(
        _ faults: [String], localHost: String, at now: Timestamp
    ) -> Occurrence {
        let some = faults.prefix(10).map { Printable.text($0, limit: 300) }.joined(separator: "\n")
        return occurrence(
            outageRule(isJournal: false), group: furtherGroup, title: "Herald cannot read many of its sources",
            text: "\(LetterWording.count(faults.count, "more source")) cannot be read:\n\(some)",
            advice: advice(.unreadable), origin: .own(host: localHost), ending: .watched,
            at: now)
    }

    static func outageRule(isJournal: Bool) -> String {
        isJournal ? "herald-journal-unreadable" : "herald-file-unreadable"
    }

    static let furtherFingerprint = Fingerprint(
        rule: outageRule(isJournal: false), uid: nil, groups: [GroupValue("subject", furtherGroup)])
    /// No source's key.
    private static let furtherGroup = "more"
}
