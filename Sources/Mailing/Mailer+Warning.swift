// smtp.retry.warn_after: a report that has waited long is told to the report's other recipients, by one letter for all that
// wait at that time. What must stay true: each report is told of once, and a warning never.

import Formats
import Mail
import Platform
import Settings

extension Mailer {
    /// How many reports one letter names.
    private static let namedReports = 50

    /// A letter about what has waited since `warn_after`, taken into the queue, where there is somebody to tell.
    func warn(at now: Timestamp, _ effects: inout Effects) throws(QueueError) {
        guard let limit = settings.smtp.retry.warnAfter, !stop.isBegun, SystemClock.monotonic() >= agenda.warning else {
            return
        }
        agenda.warning = SystemClock.monotonic() + max(.seconds(1), min(.seconds(300), limit / 10))
        let late = try queue.lateReports(waitingFor: limit, at: now)
        guard !late.isEmpty else { return }
        for id in Set(late.map(\.letter)) { try queue.noteWarned(id) }
        let unreachable = Set(late.map(\.recipient))
        let others = settings.report.recipients.filter { $0.enabled && !unreachable.contains($0.email.text) }
        let words =
            "\(counted(late.count, "report")) \(late.count == 1 ? "waits" : "wait") for longer than \(limit.phrase)"
        guard !others.isEmpty, let letter = warning(late, to: others.map(\.email), words, at: now) else {
            return effects.says.append((.warning, "\(words), and no other recipient can be told"))
        }
        guard try queue.takeIn(letter, at: now) == .taken else { return }
        effects.says.append((.warning, "\(words): the other recipients are told by letter \(letter.id)"))
    }

    private func warning(
        _ late: [DeliverySummary], to recipients: [EmailAddress], _ words: String, at now: Timestamp
    ) -> Letter? {
        let alias = settings.reportAlias
        let (host, mailName, id) = (HostNames.host(), HostNames.mail(), Randomness.identifier())
        let offset = SystemClock.utcOffset(at: now)
        var lines = ["Herald on \(host) cannot deliver all of its reports: \(words).", ""]
        for one in late.prefix(Self.namedReports) {
            lines += [
                "To \(Printable.text(one.recipient, limit: 320)), since \(one.created.plain(utcOffset: offset)), "
                    + (one.refusedBy.isEmpty
                        ? "tried \(counted(one.attempts, "time"))"
                        : "refused by \(one.refusedBy.map { "'\($0)'" }.joined(separator: ", "))"),
                "  \(Printable.text(one.subject, limit: 200))",
                "  \(settings.command.line("queue show \(one.letter)"))",
                "  \(Printable.text(one.lastReply ?? "", limit: 500))",
                "",
            ]
        }
        if late.count > Self.namedReports { lines += ["And \(late.count - Self.namedReports) more.", ""] }
        lines += [
            "They are tried again until they are given up, \(settings.smtp.retry.giveUpAfter.phrase) after they were made.",
            "More: " + ["status", "queue list --state queued"].map(settings.command.line).joined(separator: ", "),
        ]
        let subject = "[warning] \(host): \(words)"
        let messageID = "<\(id)@\(mailName)>"
        let draft = Draft(
            from: alias.mailbox, to: recipients.map { Mailbox(nil, $0) },
            replyTo: alias.replyTo.map { Mailbox(nil, $0) }, subject: subject, messageID: messageID, date: now,
            utcOffset: offset, mailer: settings.report.mailerName,
            headers: [("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "OOF, AutoReply")],
            text: lines.joined(separator: "\n") + "\n", boundarySeed: id)
        guard let message = try? draft.rendered() else { return nil }
        return Letter(
            id: id, origin: "mailer", alias: alias.description,
            envelope: Envelope(sender: alias.address, recipients: recipients), priority: .report, created: now,
            subject: subject, messageID: messageID, message: message)
    }
}
