// From a report to a letter for some recipients: subject, headers, both parts, and what did not fit as an attached log.

import Formats
import Incidents
import Mail
import Platform
import Rules

/// Renders reports. Pure: the clock, the letter's identity and the host's name come in.
package struct ReportLetter: Sendable {
    package var from: Mailbox
    package var replyTo: Mailbox?
    /// `{severity}`, `{host}`, `{title}`, `{rule}`, `{count}` are replaced.
    package var subject: Template
    package var mailerName: String
    /// The host's mail name: Message-IDs stand on it.
    package var mailName: String
    /// Of this machine, for the last line.
    package var host: String
    package var utcOffset: Int
    /// How `herald` is called on that machine.
    package var command: HeraldCommand

    /// Text and HTML as they go over the wire, together; what is above it goes into the attached log.
    package static let sizeLimit = 100 << 10
    /// Of a subject, in characters: what lists show of one is less.
    private static let subjectLimit = 200

    package init(
        from: Mailbox, replyTo: Mailbox? = nil, subject: Template, mailerName: String, mailName: String, host: String,
        utcOffset: Int, command: HeraldCommand = HeraldCommand()
    ) {
        self.from = from
        self.replyTo = replyTo
        self.subject = subject
        self.mailerName = mailerName
        self.mailName = mailName
        self.host = host
        self.utcOffset = utcOffset
        self.command = command
    }

    /// `<ID@host>` on a name of the host's, whatever characters that has.
    package func messageID(of letterID: String) -> String {
        let allowed = mailName.unicodeScalars.filter {
            ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0) || $0 == "-" || $0 == "."
        }
        let name = String(String.UnicodeScalarView(allowed)).trimmingDots
        return "<herald.\(letterID)@\(name.isEmpty ? "localhost" : name)>"
    }

    /// The letter of `report` to `recipients`, made so small that without the attached log it has at most `sizeLimit`.
    package func draft(_ report: Report, to recipients: [Mailbox], id: String) throws(MailError) -> Draft {
        var budget = LetterBudget.full
        var (draft, isWhole) = draft(report, to: recipients, id: id, budget: budget)
        for _ in 0..<12 {
            guard try draft.rendered().count > Self.sizeLimit else { break }
            budget = budget.smaller
            (draft, isWhole) = self.draft(report, to: recipients, id: id, budget: budget)
        }
        if !isWhole { draft.attachments = [AttachedLog.attachment(report, utcOffset: utcOffset)] }
        return draft
    }

    /// Without the attached log, and whether it does without.
    private func draft(
        _ report: Report, to recipients: [Mailbox], id: String, budget: LetterBudget
    ) -> (Draft, isWhole: Bool) {
        let wording = LetterWording(
            report: report, budget: budget, utcOffset: utcOffset,
            signature: "Herald \(Product.version) on \(Printable.text(host, limit: 100))", command: command)
        let content = wording.content()
        let references = threading(report)
        let draft = Draft(
            from: from, to: recipients, replyTo: replyTo, subject: subject(report, wording),
            messageID: messageID(of: id), date: report.time, utcOffset: utcOffset, mailer: mailerName,
            inReplyTo: references.last.map { [$0] } ?? [], references: references, headers: headers(report),
            text: LetterText.render(content), html: LetterHTML.render(content), boundarySeed: id)
        return (draft, content.attachment == nil)
    }

    private func subject(_ report: Report, _ wording: LetterWording) -> String {
        let first = report.entries.first?.incident
        let text = subject.rendered { name in
            switch name {
            case "severity": wording.subjectSeverity
            case "host": wording.hostPhrase
            case "title": wording.subjectTitle
            case "rule": report.isDigest && report.entries.count > 1 ? report.kind.rawValue : first?.rule.id
            case "count": String(report.newHits)
            default: nil
            }
        }
        return Printable.text(text, limit: Self.subjectLimit)
    }

    /// The first letters of the incident, and the last ones, so that a mail program shows one thread. A digest stands alone:
    /// it would tie the threads of its incidents into one.
    private func threading(_ report: Report) -> [String] {
        guard report.entries.count == 1, let incident = report.entries.first?.incident else { return [] }
        let first = incident.firstMessageIDs
        return first + incident.lastMessageIDs.filter { !first.contains($0) }
    }

    /// For programs: what a filter sorts by and a test adds up. `Auto-Submitted` (RFC 3834) and, for Exchange, which
    /// asks for it, `X-Auto-Response-Suppress` keep absence notices away; bounces are wanted. No `Precedence`, which RFC 3834
    /// leaves to lists and some servers take for a reason to wait; no `List-Id`: this is no list.
    private func headers(_ report: Report) -> [(name: String, value: String)] {
        func list(_ values: [String]) -> String {
            var seen: [String] = []
            for value in values where !seen.contains(value) && seen.count < 50 { seen.append(value) }
            return seen.joined(separator: ", ")
        }
        return [
            ("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "OOF, AutoReply"),
            ("Importance", report.severity.isAtLeast(.critical) && !report.isOver ? "high" : "normal"),
            ("X-Herald-Report", report.kind.rawValue),
            ("X-Herald-Incident", list(report.entries.map { String($0.incident.id) })),
            ("X-Herald-New-Hits", String(report.newHits)),
            ("X-Herald-Rule", list(report.entries.map { Printable.text($0.incident.rule.id, limit: 100) })),
            ("X-Herald-Severity", report.severity.name),
            ("X-Herald-Host", list(report.entries.map { Printable.text($0.incident.origin.host, limit: 200) })),
        ]
    }
}

/// What did not fit into a letter.
enum AttachedLog {
    /// Of the file. What a storm of different incidents has beyond it stays in `herald incidents`.
    private static let limit = 4 << 20

    static func name(_ report: Report) -> String {
        guard report.entries.count == 1, let incident = report.entries.first?.incident else {
            return "herald-digest.log"
        }
        return "herald-incident-\(incident.id).log"
    }

    /// All that is known of the report's incidents, whole, as one text file.
    static func attachment(_ report: Report, utcOffset: Int) -> Attachment {
        var text = ""
        var left = 0
        // Where it is cut, no rule hides another.
        for entry in report.goingRound() {
            guard text.utf8.count < limit else {
                left += entry.incident.samples.count
                continue
            }
            let incident = entry.incident
            text += "# incident \(incident.id): \(incident.title)\n"
            text +=
                "# \(incident.severity.name), rule \(incident.rule.id), \(entry.newHits) new, \(incident.hits) so far\n"
            for capture in incident.captures { text += "# \(capture.name): \(capture.value)\n" }
            for line in (incident.advice ?? "").split(separator: "\n") { text += "# \(line)\n" }
            for sample in incident.samples {
                text += "# \(sample.time.rfc3339(utcOffset: utcOffset)) \(sample.origin.host) \(sample.origin.place)\n"
                for line in sample.before { text += "  \(line)\n" }
                for line in sample.text.split(separator: "\n", omittingEmptySubsequences: false) {
                    text += "> \(line)\n"
                }
                for line in sample.after { text += "  \(line)\n" }
            }
        }
        if left > 0 { text += "# \(left) more samples are not here, see herald incidents\n" }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + text.utf8.count / 16)
        for byte in text.utf8 {
            if byte == 0x0a { bytes.append(0x0d) }
            bytes.append(byte)
        }
        return Attachment(name: name(report), type: "text/plain", bytes: bytes)
    }
}

extension Report {
    fileprivate var isOver: Bool { kind == .recovered || kind == .quiet }
}

extension String {
    fileprivate var trimmingDots: String {
        var text = Substring(self)
        while text.first == "." || text.first == "-" { text.removeFirst() }
        while text.last == "." || text.last == "-" { text.removeLast() }
        return String(text)
    }
}
