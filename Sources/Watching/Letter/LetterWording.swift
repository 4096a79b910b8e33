// The words of a letter: the sentence that says what happened, and the names of things.

import Formats
import Incidents
import Rules

/// Makes the content of a letter from a report.
struct LetterWording {
    let report: Report
    let budget: LetterBudget
    let utcOffset: Int
    /// For the last line: what made this letter, and where.
    let signature: String
    /// How `herald` is called where this letter is read.
    let command: HeraldCommand

    func content() -> LetterContent {
        LetterContent(
            sentence: sentence, when: when, explanation: wholeExplanation, label: label, tone: tone, overview: overview,
            sections: sections, rest: rest, notes: notes,
            silences: silences,
            footer: footer, attachment: isCut ? AttachedLog.name(report) : nil)
    }

    /// An advice and a command that were given already are not given again.
    private var sections: [LetterContent.Section] {
        var given: Set<String> = []
        return shownEntries.map { entry in
            var section = section(entry)
            if let advice = section.advice, !given.insert(advice).inserted { section.advice = nil }
            section.commands.removeAll { !given.insert($0.line).inserted }
            return section
        }
    }

    /// When it happened, and where it was read: what a glance wants beside the sentence.
    private var when: String {
        let start = report.entries.map(\.incident.firstSeen).min() ?? report.time
        let end = report.entries.map(\.incident.lastSeen).max() ?? report.time
        let time = start == end ? stamp(start) : "\(stamp(start)) to \(clock(end, near: start))"
        guard report.entries.count == 1, let incident = report.entries.first?.incident else { return "\(time) \(zone)" }
        let place = [
            Self.hasPlace(incident) ? incident.origin.place : nil,
            Self.saysHost(incident) ? nil : "on \(incident.origin.host)",
        ].compactMap { $0 }
        return "\(time) \(zone)" + (place.isEmpty ? "" : ", ") + place.joined(separator: " ")
    }

    private var silences: [String] {
        let shown = report.silences.prefix(budget.named / 4)
        let left = report.silences.count - shown.count
        return shown.map { $0.sentence(utcOffset: utcOffset) }
            + (left > 0 ? ["and \(left) more: \(command.line("silence list"))"] : [])
    }

    // MARK: The sentence

    var subjectTitle: String {
        guard report.isDigest, report.entries.count > 1 else { return report.entries.first?.incident.title ?? "" }
        return "\(Self.count(report.entries.count, "incident")), \(Self.count(report.newHits, "new hit"))"
    }

    var hosts: [String] {
        var seen: [String] = []
        for entry in report.entries where !seen.contains(entry.incident.origin.host) {
            seen.append(entry.incident.origin.host)
        }
        return seen
    }

    var hostPhrase: String {
        let hosts = hosts
        return hosts.count <= 2 ? hosts.joined(separator: " and ") : "\(hosts.count) hosts"
    }

    private var sentence: String {
        guard let entry = report.entries.first, report.entries.count == 1 || !report.isDigest else {
            return digestSentence
        }
        let incident = entry.incident
        let title = Self.ended(Self.cut(incident.title, budget.title))
        let what = Self.takesHost(incident) ? "\(title) on \(incident.origin.host)" : title
        switch entry.kind {
        case .returned: return "Back: \(what), \(Self.times(incident.hits)) so far."
        case .further:
            return "\(what), \(Self.times(entry.newHits)) more, \(Self.times(incident.hits)) so far."
        case .reminder:
            return "Still open after \(duration(incident)): \(what)."
        case .recovered: return "Over after \(duration(incident)): \(what)."
        case .quiet:
            return "Quiet since \(clock(incident.lastSeen, near: report.time)): \(what)."
        default:
            if entry.newHits <= 1 { return "\(what)." }
            return "\(what), \(Self.times(entry.newHits)) in \(duration(incident))."
        }
    }

    /// With what it keeps quiet, and what it kept quiet and is over: the latter stands in no other letter.
    private var wholeExplanation: String? {
        var parts = [explanation].compactMap { $0 }
        if report.keptQuietCount > 0 {
            let more = report.keptQuietCount > report.keptQuiet.count ? " and others" : ""
            parts.append(
                "While it is open, \(Self.count(report.keptQuietCount, "incident")) that it explains "
                    + "\(report.keptQuietCount == 1 ? "is" : "are") kept quiet: "
                    + report.keptQuiet.map { Self.cut($0, min(120, budget.title)) }.joined(separator: "; ") + more + "."
            )
        }
        if !report.quieted.isEmpty {
            let hits = report.quieted.reduce(0) { $0 + $1.newHits }
            let titles = report.quieted.prefix(10).map {
                "\(Self.cut($0.incident.title, min(120, budget.title))), \(Self.times($0.newHits))"
            }
            parts.append(
                "It kept quiet what is over as well, \(Self.count(report.quieted.count, "incident")) with "
                    + "\(Self.count(hits, "hit")): \(titles.joined(separator: "; "))"
                    + (report.quieted.count > titles.count ? "; and others." : "."))
        }
        return parts.isEmpty ? nil : parts.joined(separator: " ")
    }

    private var explanation: String? {
        switch report.kind {
        case .digest where report.entries.count > 1:
            if Set(report.entries.map(\.incident.rule.id)).count == 1 {
                return
                    "The rule \(report.entries[0].incident.rule.id) found more than is told one by one, so this is told "
                    + "together. Nothing was left out of the counts."
            }
            return
                "More happened than letters may be sent in an hour, so these are told together, by rule, the most severe first. "
                + "Nothing was left out of the counts."
        case .late:
            return "By their own clock these lines were more than ten minutes old when Herald read them: it was not "
                + "running, or could not read them earlier, or that clock is slow. They are told once, together."
        case .silenced:
            return "These were silenced until now. They are told once, together."
        case .quiet:
            guard let incident = report.entries.first?.incident else { return nil }
            let silent = Self.round(report.time - incident.lastHit)
            guard incident.endsBySign else {
                return "No further hit came for \(silent). If it comes back, you will be told as of a new incident."
            }
            return
                "Nothing was heard of it for \(silent), and no line said that it is over. Herald waits no longer; have "
                + "a look whether it is."
        case .recovered:
            guard let incident = report.entries.first?.incident, let line = incident.endedBy else { return nil }
            let end = end(of: incident)
            let span = "It was so from \(stamp(incident.firstSeen)) to \(clock(end, near: incident.firstSeen)). "
            // What Herald itself watches is said in a sentence of its own.
            return span + (incident.rule.ending == .watched ? "" : "The log says: ") + Printable.text(line, limit: 300)
        case .first where report.entries.first?.incident.rule.ending == .absence:
            return "A line that should have come did not. When it comes, you are told that this is over."
        case .first where report.entries.first?.incident.state == .recovered:
            return "It is over already."
        case .returned, .further:
            guard let incident = report.entries.first?.incident, incident.returns > 0 else { return nil }
            return "It was over and has come back, \(Self.times(incident.returns)) so far. "
                + "That it is over again is told when that has lasted for a time, longer each time."
        default: return nil
        }
    }

    private var label: String {
        switch report.kind {
        case .first: "new"
        case .further: "goes on"
        case .returned: "back"
        case .reminder: "reminder"
        case .recovered: "recovered"
        case .quiet: "quiet"
        case .digest: "digest"
        case .late: "catch-up"
        case .silenced: "was silenced"
        }
    }

    var tone: LetterTone {
        switch report.kind {
        case .recovered: .recovered
        case .quiet: .quiet
        default: .severity(report.severity)
        }
    }

    /// Whether the letter says that something is over: nobody has to do anything.
    private var isGood: Bool { report.kind == .recovered || report.kind == .quiet }

    /// What stands for the severity in the subject.
    var subjectSeverity: String {
        switch report.kind {
        case .recovered: "recovered"
        case .quiet: "quiet"
        case .returned: "\(report.severity.name), back"
        default: report.severity.name
        }
    }
}
