// The last step of a submission: the letter itself.

import Formats
import Mail
import Settings

extension Submission {
    /// What the mailer knows and a message may lack.
    package struct Circumstances: Sendable {
        package var id: String
        /// For the Message-ID's right side.
        package var host: String
        package var now: Timestamp
        package var utcOffset: Int

        package init(id: String, host: String, now: Timestamp, utcOffset: Int) {
            (self.id, self.host, self.now, self.utcOffset) = (id, host, now, utcOffset)
        }
    }

    /// The letter that this message becomes under the alias that `user` may and wants to use.
    package func letter(
        from user: LocalUser, _ settings: Settings, _ circumstances: Circumstances
    ) throws(SubmissionError) -> Letter {
        let alias = try alias(for: user, settings)
        let normalizer = MessageNormalizer(
            date: circumstances.now, utcOffset: circumstances.utcOffset,
            messageID: "<\(circumstances.id)@\(circumstances.host)>", from: alias.mailbox,
            replyTo: alias.replyTo.map { Mailbox(nil, $0) })
        let submitted: SubmittedMessage
        do throws(MailError) {
            submitted = try normalizer.normalize(body)
        } catch {
            throw SubmissionError("\(error)")
        }
        // Row 90: no server takes it, and a header that is changed is not what was meant.
        if let field = submitted.fieldWithNUL { throw SubmissionError("the field '\(field)' has a NUL in it") }
        if fromHeaders, let broken = submitted.brokenRecipient {
            throw SubmissionError("'\(Printable.text(broken.text, limit: 100))' in \(broken.field) is no address")
        }
        // Whoever has an alias of their own writes in that name and no other.
        if !user.isPrivileged, let other = submitted.from.first(where: { $0.address != alias.address }) {
            throw SubmissionError("From is \(other.address.text); yours is \(alias.address.text)", .denied)
        }
        let recipients = try addresses(submitted)
        let message = Self.addressed(submitted, recipients: fromHeaders ? [] : recipients)
        return Letter(
            id: circumstances.id, origin: "command", alias: alias.description,
            envelope: Envelope(sender: alias.address, recipients: recipients), priority: .report,
            created: circumstances.now,
            notBefore: settings.smtp.hold > .zero ? circumstances.now + settings.smtp.hold : nil,
            subject: submitted.subject, messageID: submitted.messageID, message: message)
    }

    /// A message that names nobody, such as bare text, says whom it is for; not where there are many, who need not know
    /// of each other.
    private static func addressed(_ submitted: SubmittedMessage, recipients: [EmailAddress]) -> [UInt8] {
        guard submitted.recipients.isEmpty, (1...10).contains(recipients.count) else { return submitted.message }
        // A header that is not ASCII needs SMTPUTF8, which is not asked for the sake of those whose address does without.
        let plain = recipients.count { $0.headerText.utf8.allSatisfy { $0 < 0x80 } }
        guard plain == 0 || plain == recipients.count else { return submitted.message }
        return Array("To: \(recipients.map(\.headerText).joined(separator: ",\r\n "))\r\n".utf8) + submitted.message
    }
}
