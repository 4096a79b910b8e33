// The letter at a fixed time that all is well, so that silence means something. What was due while the watcher was away
// goes once; it does not count against the cap.

import Formats
import Incidents
import LogSources
import Mail
import Platform
import Rules
import Settings

extension Watcher {
    /// When the next one is due; nil when there is none.
    func planHeartbeat(at now: Timestamp) {
        if book.tally.since == .distantPast { book.beginTally(at: now) }
        guard settings.report.enabled, let times = settings.report.heartbeat else { return heartbeatDue = nil }
        heartbeatDue = times.next(after: book.tally.since) { SystemClock.utcOffset(at: $0) }
    }

    /// The letter, if its time has come.
    func beat(at now: Timestamp) {
        guard let due = heartbeatDue, due <= now else { return }
        defer {
            book.beginTally(at: now)
            planHeartbeat(at: now)
        }
        let alias = settings.reportAlias
        let all = settings.report.recipients.filter(\.enabled)
        let everything = all.filter(\.rules.isEmpty)
        let offset = SystemClock.utcOffset(at: now)
        var trouble: String?
        for recipients in (everything.isEmpty ? all : everything).inChunks(of: 1000) {
            let beat = HeartbeatLetter(watcher: self, now: now, utcOffset: offset)
            do throws(MailError) {
                let letter = try beat.letter(from: alias, to: recipients, id: Randomness.identifier())
                if let fault = Self.fault(in: letter) {
                    trouble = "it cannot be handed over: \(fault)"
                } else {
                    pending.letters.append(letter)
                }
            } catch {
                trouble = "it cannot be made a letter of: \(error)"
            }
        }
        heartbeatFault = trouble.map { "the heartbeat of \(now.plain(utcOffset: offset)) was not sent: \($0)" }
        if let heartbeatFault { log.critical("\(heartbeatFault)") }
    }
}

/// Makes the letter.
struct HeartbeatLetter {
    let watcher: Watcher
    let now: Timestamp
    let utcOffset: Int

    func letter(
        from alias: Settings.Alias, to recipients: [Settings.Recipient], id: String
    ) throws(MailError) -> Letter {
        let report = watcher.settings.report
        let renderer = ReportLetter(
            from: alias.mailbox, replyTo: alias.replyTo.map { Mailbox(nil, $0) }, subject: Template(report.subject),
            mailerName: report.mailerName, mailName: HostNames.mail(), host: watcher.host, utcOffset: utcOffset)
        let problems = watcher.problems
        let content = content(problems)
        let draft = Draft(
            from: alias.mailbox, to: recipients.map(\.mailbox), replyTo: renderer.replyTo,
            subject: Printable.text("[heartbeat] \(watcher.host): \(state(problems))", limit: 250),
            messageID: renderer.messageID(of: id), date: now, utcOffset: utcOffset, mailer: report.mailerName,
            inReplyTo: [], references: [],
            headers: [
                ("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "OOF, AutoReply"),
                ("Importance", problems.isEmpty ? "normal" : "high"),
                ("X-Herald-Report", "heartbeat"), ("X-Herald-New-Hits", "0"),
            ],
            text: LetterText.render(content), html: LetterHTML.render(content), attachments: [], boundarySeed: id)
        return Letter(
            id: id, origin: "watcher", alias: alias.description,
            envelope: Envelope(sender: alias.address, recipients: recipients.map(\.email)), priority: .report,
            created: now, notBefore: report.hold > .zero ? now + report.hold : nil, subject: draft.subject,
            messageID: draft.messageID, message: try draft.rendered())
    }

    /// In the subject: often all that is read of it.
    private func state(_ problems: [String]) -> String {
        let open = watcher.book.severeIncidents
        let incidents = open.isEmpty ? "" : ", \(LetterWording.count(open.count, "incident")) open"
        if !problems.isEmpty { return "Not all is well" + incidents }
        return open.isEmpty ? "All is well" : "Herald is well" + incidents
    }

    private func sentence(_ problems: [String]) -> String {
        guard problems.isEmpty else {
            return "Not all is well with Herald on \(watcher.host): \(LetterWording.count(problems.count, "thing")) "
                + "\(problems.count == 1 ? "needs" : "need") a person."
        }
        let open = watcher.book.severeIncidents
        guard let worst = open.map(\.severity).max() else { return "All is well with Herald on \(watcher.host)." }
        return "Herald on \(watcher.host) is well, and \(LetterWording.count(open.count, "incident")) "
            + "\(open.count == 1 ? "is" : "are") open, the most severe of them \(worst.name)."
    }

    private func content(_ problems: [String]) -> LetterContent {
        let tally = watcher.book.tally
        let severeIncidents = watcher.book.severeIncidents
        var sections: [LetterContent.Section] = []
        if !problems.isEmpty {
            sections.append(
                section("Needs a person", problems.enumerated().map { ("\($0.offset + 1)", $0.element) }))
        }
        sections.append(
            section(
                "Since \(tally.since.plain(utcOffset: utcOffset))",
                [
                    ("Log entries read", "\(tally.records)"), ("Hits", "\(tally.hits)"),
                    ("New incidents", "\(tally.incidents)"), ("Reports", "\(tally.reports)"),
                    ("Rules in force", "\(watcher.matcher.rules.rules.count)"),
                ]))
        if !tally.notes.notes.isEmpty {
            sections.append(
                section(
                    "Noticed besides", tally.notes.notes.map { (LetterWording.times($0.count), $0.text) }))
        }
        let status = watcher.sources.status
        let shown = status.prefix(50).map { source in
            // The path, which may be long, where there is room for it.
            (Self.state(source), Printable.text(source.source.name, limit: 200) + Self.fault(source))
        }
        let rest = status.count > 50 ? [("and more", "\(status.count - 50) sources")] : []
        sections.append(section("What is watched", shown + rest))
        let open = watcher.book.openIncidents.sorted { ($0.severity, $0.lastSeen) > ($1.severity, $1.lastSeen) }
        let minor = open.count - severeIncidents.count
        if !open.isEmpty {
            sections.append(
                section(
                    // The subject's number, and what it leaves out.
                    "Open incidents: \(severeIncidents.count)"
                        + (minor > 0 ? ", and \(minor) less severe than is told" : ""),
                    open.prefix(20).map {
                        ("\($0.id), \($0.severity.name)", "\($0.title), \(LetterWording.times($0.hits))")
                    }))
        }
        return LetterContent(
            sentence: sentence(problems), when: now.plain(utcOffset: utcOffset), explanation: nil, label: "heartbeat",
            tone: problems.isEmpty && severeIncidents.isEmpty ? .recovered : .severity(.error), overview: [],
            sections: sections, rest: [],
            silences: watcher.book.silences.map { $0.sentence(utcOffset: utcOffset) },
            footer: ["Herald \(Product.version) on \(watcher.host)"])
    }

    static func state(_ source: SourceStatus) -> String {
        if source.fault != nil { return "Fault" }
        if source.copyOf != nil { return "Held back" }
        if !source.isThere { return "Not there" }
        return source.isAtEnd ? "Read to its end" : "Not yet read"
    }

    static func fault(_ source: SourceStatus) -> String {
        if let fault = source.fault { return ": " + Printable.text(fault, limit: 300) }
        if let log = source.copyOf { return ": " + Printable.text("it holds only what \(log) does", limit: 300) }
        if source.isAtEnd { return "" }
        if let entries = source.entriesBehind { return ", \(entries) entries" }
        return source.behind.map { ", \($0) bytes" } ?? ""
    }

    private func section(_ title: String, _ facts: [(String, String)]) -> LetterContent.Section {
        LetterContent.Section(
            title: title, tone: .quiet, facts: facts.map { LetterContent.Fact(label: $0.0, value: $0.1) }, chart: nil,
            advice: nil, url: nil, catalog: nil, captures: [], lead: nil, leadTitle: "", samples: [], samplesTitle: "",
            commands: [])
    }
}
