// Fourth stage: from reports to letters. Who wants which report, and under which identity it goes.

import Formats
import Incidents
import Mail
import Platform
import Rules
import Settings
import Spool

/// Makes the letters of a report.
struct Mailroom {
    let settings: Settings
    let host: String
    let mailName: String

    /// A letter and the incidents that stand in it.
    struct Mailing {
        var letter: Letter
        var report: Report
    }

    /// One letter for all recipients who want the same of it; none where reports are off or nobody wants it.
    /// - Parameter identifier: 128 random bits in hexadecimal digits, new at each call.
    func mailings(
        of report: Report, at now: Timestamp, utcOffset: Int, identifier: () -> String
    ) throws(MailError) -> [Mailing] {
        guard settings.report.enabled else { return [] }
        let alias = settings.reportAlias
        let renderer = ReportLetter(
            from: alias.mailbox, replyTo: alias.replyTo.map { Mailbox(nil, $0) },
            subject: Template(settings.report.subject), mailerName: settings.report.mailerName, mailName: mailName,
            host: host, utcOffset: utcOffset, command: settings.command)
        var mailings: [Mailing] = []
        for (part, all) in parts(of: report) {
            // Of more than a letter can have, each gets one all the same.
            for recipients in all.inChunks(of: LetterFile.recipientLimit) {
                let id = identifier()
                let draft = try renderer.draft(part, to: recipients.map(\.mailbox), id: id)
                let letter = Letter(
                    id: id, origin: "watcher", alias: alias.description,
                    envelope: Envelope(sender: alias.address, recipients: recipients.map(\.email)),
                    priority: part.severity.isAtLeast(.critical) && part.newHits > 0 ? .critical : .report,
                    created: now,
                    notBefore: settings.report.hold > .zero ? now + settings.report.hold : nil, subject: draft.subject,
                    messageID: draft.messageID, message: try draft.rendered())
                mailings.append(Mailing(letter: letter, report: part))
            }
        }
        return mailings
    }

    /// The recipients, gathered by what of the report they want.
    private func parts(of report: Report) -> [(Report, [Settings.Recipient])] {
        var parts: [(report: Report, ids: [Int64], recipients: [Settings.Recipient])] = []
        for recipient in settings.report.recipients {
            let part = report.filtered { recipient.wants(rule: $0.rule.id, severity: $0.severity) }
            guard let part else { continue }
            let ids = part.entries.map(\.incident.id)
            if let index = parts.firstIndex(where: { $0.ids == ids }) {
                parts[index].recipients.append(recipient)
            } else {
                parts.append((part, ids, [recipient]))
            }
        }
        return parts.map { ($0.report, $0.recipients) }
    }
}

extension Array {
    /// Pieces of `count` elements, the last of what is left.
    func inChunks(of count: Int) -> [[Element]] {
        stride(from: 0, to: self.count, by: count).map { Array(self[$0..<Swift.min($0 + count, self.count)]) }
    }
}
