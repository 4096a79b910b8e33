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

    func content() -> LetterContent {
        var content = LetterContent(
            sentence: sentence, explanation: wholeExplanation, label: label, tone: tone,
            sections: report.entries.prefix(budget.sections).map { section($0) },
            rest: rest, silences: report.silences.map { silence($0) }, footer: footer)
        content.isCut = isCut
        return content
    }

    /// What has no section: named and counted all the same.
    private var rest: [String] {
        let left = report.entries.dropFirst(budget.sections)
        var lines = left.prefix(LetterBudget.restLines).map { entry in
            "\(entry.incident.severity.name), \(entry.newHits) new: \(Self.cut(entry.incident.title, 120))"
        }
        let unnamed = left.dropFirst(LetterBudget.restLines)
        if !unnamed.isEmpty {
            let hits = unnamed.reduce(0) { $0 + $1.newHits }
            lines.append("and \(Self.count(unnamed.count, "more incident")) with \(Self.count(hits, "new hit"))")
        }
        return lines
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
        let what = Self.ended(incident.title)
        let host = incident.origin.host
        switch entry.kind {
        case .further:
            return "\(what) on \(host), \(Self.times(entry.newHits)) more, \(Self.times(incident.hits)) so far."
        case .reminder:
            return "Still open after \(duration(incident)): \(what) on \(host)."
        case .recovered: return "Over after \(duration(incident)): \(what) on \(host)."
        case .quiet:
            return "Quiet since \(clock(incident.lastSeen, near: report.time)): \(what) on \(host)."
        default:
            if entry.newHits <= 1 { return "\(what) on \(host)." }
            return "\(what) on \(host), \(Self.times(entry.newHits)) in \(duration(incident))."
        }
    }

    private var digestSentence: String {
        let incidents = Self.count(report.entries.count, "incident")
        let hits = Self.count(report.newHits, "new hit")
        let start = report.entries.map(\.incident.firstSeen).min() ?? report.time
        let since = "since \(clock(start, near: report.time))"
        return "\(incidents) on \(hostPhrase) with \(hits) \(since)."
    }

    /// With what it keeps quiet, and what it kept quiet and is over: the latter stands in no other letter.
    private var wholeExplanation: String? {
        var parts = [explanation].compactMap { $0 }
        if report.keptQuietCount > 0 {
            let more = report.keptQuietCount > report.keptQuiet.count ? " and others" : ""
            parts.append(
                "While it is open, \(Self.count(report.keptQuietCount, "incident")) that it explains "
                    + "\(report.keptQuietCount == 1 ? "is" : "are") kept quiet: "
                    + report.keptQuiet.map { Self.cut($0, 120) }.joined(separator: "; ") + more + ".")
        }
        if !report.quieted.isEmpty {
            let hits = report.quieted.reduce(0) { $0 + $1.newHits }
            let titles = report.quieted.prefix(10).map {
                "\(Self.cut($0.incident.title, 120)), \(Self.times($0.newHits))"
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
            return
                "More happened than letters may be sent in an hour, so these are told together, the most severe first. "
                + "Nothing was left out of the counts."
        case .late:
            return "These lines were more than ten minutes old when Herald read them: it was not running, or could not "
                + "read them earlier. They are told once, together."
        case .silenced:
            return "These were silenced until now. They are told once, together."
        case .quiet:
            return "No further hit came for an hour. If it comes back, you will be told as of a new incident."
        case .recovered:
            guard let line = report.entries.first?.incident.endedBy else { return nil }
            return "The log says: \(Printable.text(line, limit: 300))"
        case .first where report.entries.first?.incident.rule.ending == .absence:
            return "A line that should have come did not. When it comes, you are told that this is over."
        case .first where report.entries.first?.incident.state == .recovered:
            return "It is over already."
        case .further where (report.entries.first?.incident.returns ?? 0) > 0:
            let times = Self.times(report.entries.first?.incident.returns ?? 0)
            return
                "It was over and has come back, \(times) so far. While it goes on so, you hear of it less and less often."
        default: return nil
        }
    }

    private var label: String {
        switch report.kind {
        case .first: "new"
        case .further: "goes on"
        case .reminder: "reminder"
        case .recovered: "recovered"
        case .quiet: "quiet"
        case .digest: "digest"
        case .late: "catch-up"
        case .silenced: "was silenced"
        }
    }

    private var tone: LetterTone {
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
        default: report.severity.name
        }
    }

    // MARK: One incident

    private func section(_ entry: Report.Entry) -> LetterContent.Section {
        let incident = entry.incident
        let several = report.entries.count > 1
        let shown = several ? 1 : budget.samples
        return LetterContent.Section(
            title: several ? incident.title : nil, tone: several ? .severity(incident.severity) : tone,
            facts: several ? shortFacts(entry) : facts(entry), chart: several ? nil : chart(incident.timeline),
            advice: incident.advice, url: incident.rule.url, captures: several ? [] : incident.captures,
            samples: incident.samples.prefix(shown).map { sample($0, of: incident, short: several) },
            samplesTitle: samplesTitle(entry, shown: min(shown, incident.samples.count)),
            commands: several || incident.isOver ? [] : commands(incident))
    }

    private func facts(_ entry: Report.Entry) -> [LetterContent.Fact] {
        let incident = entry.incident
        let origin = incident.origin
        var facts = [
            LetterContent.Fact(label: "Host", value: origin.host),
            LetterContent.Fact(label: "Severity", value: incident.severity.name),
            LetterContent.Fact(label: "Rule", value: incident.rule.id),
            LetterContent.Fact(label: "First seen", value: stamp(incident.firstSeen)),
            LetterContent.Fact(label: "Last seen", value: stamp(incident.lastSeen)),
            LetterContent.Fact(
                label: "Hits", value: "\(entry.newHits) new in this letter, \(incident.hits) so far"),
        ]
        facts.append(LetterContent.Fact(label: origin.isJournal ? "Source" : "File", value: origin.source))
        if let unit = origin.unit { facts.append(LetterContent.Fact(label: "Unit", value: unit)) }
        if let user = user(origin) { facts.append(LetterContent.Fact(label: "Written by", value: user)) }
        if let boot = origin.bootID { facts.append(LetterContent.Fact(label: "Boot", value: boot)) }
        return facts
    }

    /// In a digest: what tells one incident from the next.
    private func shortFacts(_ entry: Report.Entry) -> [LetterContent.Fact] {
        let incident = entry.incident
        let origin = incident.origin
        let seen =
            incident.firstSeen == incident.lastSeen
            ? stamp(incident.firstSeen)
            : "\(stamp(incident.firstSeen)) to \(clock(incident.lastSeen, near: incident.firstSeen))"
        var facts = [
            LetterContent.Fact(label: "Hits", value: "\(entry.newHits) new, \(incident.hits) so far"),
            LetterContent.Fact(label: "Seen", value: seen),
            LetterContent.Fact(label: "Rule", value: incident.rule.id),
            LetterContent.Fact(label: "From", value: origin.place),
        ]
        if hosts.count > 1 { facts.append(LetterContent.Fact(label: "Host", value: origin.host)) }
        switch entry.kind {
        case .recovered, .quiet: facts.append(LetterContent.Fact(label: "State", value: "over, " + entry.kind.rawValue))
        case .reminder: facts.append(LetterContent.Fact(label: "State", value: "still open"))
        default: break
        }
        return facts
    }

    /// Who wrote the line: any local user can write any text, so the letter says whose it is.
    private func user(_ origin: Origin) -> String? {
        if origin.transport == "kernel" { return "the kernel" }
        var words: [String] = []
        if let program = origin.executable ?? origin.identifier { words.append(program) }
        if let pid = origin.pid { words.append("pid \(pid)") }
        if let uid = origin.uid { words.append("uid \(uid)") }
        return words.isEmpty ? nil : words.joined(separator: ", ")
    }

    private func chart(_ timeline: Timeline) -> LetterContent.Chart? {
        guard timeline.counts.count > 1 else { return nil }
        let width = timeline.width < 120 ? "\(timeline.width) s" : Duration.seconds(timeline.width).phrase
        return LetterContent.Chart(
            counts: timeline.counts, from: clock(timeline.startTime, near: report.time),
            to: clock(timeline.endTime, near: report.time), scale: "each bar \(width)")
    }

    private func commands(_ incident: Incident) -> [LetterContent.Command] {
        [
            LetterContent.Command(
                purpose: "Not to hear of this incident for four hours:",
                line: "herald silence add --incident \(incident.id) --for 4h"),
            LetterContent.Command(
                purpose: "Nor of anything this rule finds:",
                line: "herald silence add --rule \(incident.rule.id) --for 4h"),
        ]
    }

    private func samplesTitle(_ entry: Report.Entry, shown: Int) -> String {
        if entry.incident.rule.ending == .absence { return "What is missing" }
        if entry.newHits <= 1 { return "The line" }
        return shown < entry.newHits ? "\(shown) of \(entry.newHits) new lines" : "The lines"
    }

    private func sample(_ sample: Sample, of incident: Incident, short: Bool) -> LetterContent.SampleContent {
        let mine = sample.origin
        var caption = [stamp(sample.time)]
        if mine.host != incident.origin.host { caption.append(mine.host) }
        if let program = mine.identifier { caption.append(mine.pid.map { "\(program)[\($0)]" } ?? program) }
        if mine.place != incident.origin.place { caption.append(mine.place) }
        return LetterContent.SampleContent(
            caption: caption.joined(separator: " · "),
            before: sample.before.map { Self.cut($0.oneLine, budget.context) },
            lines: Self.cut(sample.text, short ? min(500, budget.line) : budget.line).split(
                separator: "\n", omittingEmptySubsequences: false
            )
            .prefix(short ? 8 : 60).map { String($0).replacingTabs },
            after: sample.after.map { Self.cut($0.oneLine, budget.context) })
    }

    /// Whether the letter shows less than the report holds.
    private var isCut: Bool {
        let several = report.entries.count > 1
        let (limit, line, lines) = several ? (1, min(500, budget.line), 8) : (budget.samples, budget.line, 60)
        return report.entries.contains { entry in
            entry.incident.samples.count > limit
                || entry.incident.samples.contains { sample in
                    sample.text.unicodeScalars.count > line || sample.text.count(where: \.isNewline) >= lines
                        || (sample.before + sample.after).contains { $0.unicodeScalars.count > budget.context }
                }
        }
    }
}
