// What a letter says of one incident: facts, advice, chart, samples, and the commands that silence it.

import Formats
import Incidents
import Rules

extension LetterWording {
    func section(_ entry: Report.Entry) -> LetterContent.Section {
        let incident = entry.incident
        let several = report.entries.count > 1
        let shown = incident.samples.isEmpty ? toldSamples(entry) : incident.samples
        let samples = SampleBlock.blocks(
            shown.prefix(several ? 1 : budget.samples), context: several ? 0 : budget.contextLines
        ).map { content(of: $0, of: incident, short: several) }
        let others = samples.dropFirst().reduce(0) { $0 + $1.hits }
        let left = max(0, entry.newHits - (samples.first?.hits ?? 1))
        let commands = incident.isOver ? [] : commands(entry, short: several)
        let endsSomething = !several && incident.rule.ending != .event
        return LetterContent.Section(
            title: several ? Self.cut(incident.title, budget.title) : nil,
            tone: several ? .severity(incident.severity) : tone,
            facts: (several ? shortFacts(entry) : facts(entry))
                .map { LetterContent.Fact(label: $0.label, value: Self.cut($0.value, budget.field)) },
            chart: several || incident.rule.ending == .absence ? nil : chart(incident.timeline),
            advice: advice(incident, several), url: several || report.kind == .recovered ? nil : incident.rule.url,
            catalog: several ? nil : incident.explanation.map { Self.cut($0, budget.advice) },
            captures: several
                ? []
                : incident.captures.prefix(budget.fields).map {
                    CapturedValue(name: $0.name, value: Self.cut($0.value, budget.field))
                },
            // What stayed away has none.
            capturesTitle: incident.rule.ending == .absence ? "Fields of the last line" : "Fields",
            lead: samples.first,
            leadTitle: leadTitle(entry, several, samples.first?.hits ?? 1),
            samples: Array(samples.dropFirst()),
            samplesTitle: others < left ? "\(others) of \(left) more lines" : "The other lines",
            commands: commands, commandsTitle: endsSomething ? "To end or silence it" : "To silence it")
    }

    /// What an earlier letter showed and this one wants again. What is over: the earliest line that is kept says what it
    /// was. What Herald itself tells in a sentence, as long as it lasts: the newest.
    private func toldSamples(_ entry: Report.Entry) -> [Sample] {
        let told = entry.incident.shownSamples
        if isRecovery { return told.min { $0.time < $1.time }.map { [$0] } ?? [] }
        guard entry.kind == .reminder, !entry.incident.rule.ending.passesWithTime else { return [] }
        return told.max { $0.time < $1.time }.map { [$0] } ?? []
    }

    private var isRecovery: Bool { report.kind == .recovered && report.entries.count == 1 }

    private func leadTitle(_ entry: Report.Entry, _ several: Bool, _ hits: Int) -> String {
        if isRecovery, entry.newHits == 0 { return "What it was" }
        if entry.incident.rule.ending == .absence { return "What is missing" }
        if entry.incident.rule.ending == .watched { return "What is wrong" }
        if entry.newHits <= 1 { return "The line" }
        if several { return "1 of \(entry.newHits) new lines" }
        if hits >= entry.newHits { return "The lines" }
        return hits == 1 ? "The first line" : "The first \(hits) lines"
    }

    /// What is over needs nothing done.
    private func advice(_ incident: Incident, _ several: Bool) -> String? {
        guard report.kind != .recovered else { return nil }
        return incident.advice.map {
            Self.cut($0, several ? min(LetterBudget.digestAdvice, budget.advice) : budget.advice)
        }
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
        ]
        if isRecovery {
            facts.append(LetterContent.Fact(label: "Over since", value: stamp(end(of: incident))))
            facts.append(LetterContent.Fact(label: "It lasted", value: duration(incident)))
        }
        facts.append(
            LetterContent.Fact(
                label: "Hits", value: "\(entry.newHits) new in this letter, \(incident.hits) so far"))
        if Self.hasPlace(incident) {
            let isFile = !origin.isJournal && !origin.isOwn
            facts.append(LetterContent.Fact(label: isFile ? "File" : "Source", value: origin.source))
        }
        if let unit = origin.unit { facts.append(LetterContent.Fact(label: "Unit", value: unit)) }
        // Nobody wrote what was not written.
        if incident.rule.ending == .absence { return facts }
        if let user = user(origin) { facts.append(LetterContent.Fact(label: "Written by", value: user)) }
        if let boot = origin.bootID { facts.append(LetterContent.Fact(label: "Boot", value: boot)) }
        if let language = origin.traceLanguage {
            facts.append(LetterContent.Fact(label: "Trace", value: Self.language(language)))
        }
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
            LetterContent.Fact(
                label: "Hits",
                value: "\(entry.newHits) new, \(incident.hits) so far" + (Self.state(entry).map { ", \($0)" } ?? "")),
            LetterContent.Fact(label: "Seen", value: seen),
        ]
        let from = [
            Self.hasPlace(incident) ? origin.place : nil, hosts.count > 1 ? "on \(origin.host)" : nil,
        ].compactMap { $0 }
        if !from.isEmpty { facts.append(LetterContent.Fact(label: "From", value: from.joined(separator: " "))) }
        facts.append(LetterContent.Fact(label: "Rule", value: incident.rule.id))
        if incident.isOver { return facts }
        facts.append(LetterContent.Fact(label: "Incident", value: String(incident.id)))
        return facts
    }

    static func state(_ entry: Report.Entry) -> String? {
        switch entry.kind {
        case .recovered: "over, recovered"
        case .quiet: "over, quiet"
        case .reminder: "still open"
        case .returned: "back"
        default: nil
        }
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
        let width = timeline.width < 120 ? "\(timeline.width) s" : Self.round(.seconds(timeline.width))
        return LetterContent.Chart(
            counts: timeline.counts, from: clock(timeline.startTime, near: report.time),
            to: clock(timeline.endTime, near: report.time),
            scale: "each bar \(width), the highest \(Self.count(timeline.counts.max() ?? 0, "hit"))")
    }

    private func commands(_ entry: Report.Entry, short: Bool) -> [LetterContent.Command] {
        let incident = entry.incident
        let one = LetterContent.Command(
            purpose: "Not to hear of this incident for four hours:",
            line: command.line(Silence.command("--incident \(incident.id)")))
        let isOneOfMany =
            short
            && report.entries.contains {
                $0.incident.rule.id == incident.rule.id && $0.incident.id != incident.id
            }
        if short, !isOneOfMany { return [one] }
        let rule = LetterContent.Command(
            purpose: isOneOfMany ? "Not to hear of anything this rule finds:" : "Nor of anything this rule finds:",
            line: command.line(Silence.command("--rule \(ShellWord.quoted(incident.rule.id))")))
        if short { return [one, rule] }
        // An event is over with its letter.
        if incident.rule.ending == .event { return [one, rule] }
        let end = LetterContent.Command(
            purpose: Self.purposeOfEnd(incident), line: command.line("incidents resolve \(incident.id)"))
        return [end, one, rule]
    }

    /// Of what is waited for, closing it ends the waiting too.
    private static func purposeOfEnd(_ incident: Incident) -> String {
        guard incident.rule.ending == .absence else {
            return "When it is mended; should it come back, it is told as new:"
        }
        return incident.groups.isEmpty
            ? "To begin to wait anew from now on:"
            : "If it is gone for good: nothing is told of it until its next line:"
    }

    /// Whether it is known where it happened: a line that never came has no file.
    static func hasPlace(_ incident: Incident) -> Bool {
        incident.rule.ending != .absence || !incident.origin.isOwn
    }

    // MARK: Samples

    private func content(of block: SampleBlock, of incident: Incident, short: Bool) -> LetterContent.SampleContent {
        guard let first = block.samples.first, let last = block.samples.last else {
            return LetterContent.SampleContent(caption: [], parts: [])
        }
        let mine = first.origin
        let (start, end) = (stamp(first.time), clock(last.time, near: first.time))
        var caption = [start.hasSuffix(end) ? start : "\(start) to \(end)"]
        if mine.host != incident.origin.host { caption.append(mine.host) }
        if let program = mine.identifier, incident.rule.ending != .absence {
            caption.append(mine.pid.map { "\(program)[\($0)]" } ?? program)
        }
        if mine.place != incident.origin.place { caption.append(mine.place) }
        return LetterContent.SampleContent(
            caption: caption.map { Self.cut($0, budget.field) }, parts: parts(of: block, short: short))
    }

    private func parts(of block: SampleBlock, short: Bool) -> [LetterContent.SampleContent.Part] {
        var parts: [LetterContent.SampleContent.Part] = []
        for line in block.lines {
            if line.isHit {
                let shown = lines(of: line.text, short: short).map(\.replacingTabs)
                parts.append(LetterContent.SampleContent.Part(isHit: true, lines: shown))
                continue
            }
            let shown = Self.cut(line.text.oneLine, budget.context)
            if let last = parts.indices.last, !parts[last].isHit {
                parts[last].lines.append(shown)
            } else {
                parts.append(LetterContent.SampleContent.Part(isHit: false, lines: [shown]))
            }
        }
        return parts
    }

    /// The record's lines. Of a trace that is too long the middle is left out: what was thrown stands at its beginning,
    /// what caused it at its end.
    private func lines(of text: String, short: Bool) -> [String] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count > 1 else { return [Self.cut(text, short ? min(500, budget.line) : budget.line)] }
        let most = short ? min(8, budget.traceLines) : budget.traceLines
        let width = max(40, (short ? min(1000, budget.trace) : budget.trace) / min(most, lines.count))
        guard lines.count > most else { return lines.map { Self.cut($0, width) } }
        let head = most * 2 / 3
        let left = "… \(lines.count - most) more lines …"
        return (lines.prefix(head) + [left] + lines.suffix(most - head)).map { Self.cut($0, width) }
    }

    /// Whether the letter shows less than the report holds.
    var isCut: Bool {
        let several = report.entries.count > 1
        let shown = shownEntries.count
        return budget.isReduced
            || report.entries.count > shown && report.entries.contains { !$0.incident.samples.isEmpty }
            || report.entries.contains { entry in
                entry.incident.samples.count > (several ? 1 : budget.samples)
                    || entry.incident.samples.contains { sample in
                        lines(of: sample.text, short: several).joined(separator: "\n") != sample.text
                            || (sample.before + sample.after).contains {
                                several || $0.unicodeScalars.count > budget.context
                            }
                    }
            }
    }
}
