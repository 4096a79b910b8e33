// A finished letter with its envelope: what the daemons hand over and the mailer delivers. Its bytes never change again,
// so that a letter whose delivery is uncertain can be sent once more as it was.

import Formats

/// Who a letter is from and for, as SMTP is told.
package struct Envelope: Hashable, Sendable {
    /// Which delivery status notifications the recipients' servers are asked for (RFC 3461).
    package enum Notify: String, Sendable {
        /// Nothing is asked: servers tell of failures.
        case `default`
        /// `NOTIFY=NEVER`: an answer to a stranger must not come back to anyone.
        case never
    }

    /// Nil is the null reverse-path, `<>`.
    package var sender: EmailAddress?
    package var recipients: [EmailAddress]
    package var notify: Notify
    /// ENVID of RFC 3461, printable ASCII.
    package var envelopeID: String?

    package init(
        sender: EmailAddress?, recipients: [EmailAddress], notify: Notify = .default, envelopeID: String? = nil
    ) {
        self.sender = sender
        self.recipients = recipients
        self.notify = notify
        self.envelopeID = envelopeID
    }
}

/// What goes first when much is waiting.
package enum LetterPriority: Int, Comparable, CaseIterable, Sendable {
    case critical = 0
    case report = 1
    case reply = 2
    case bulk = 3

    package static func < (a: LetterPriority, b: LetterPriority) -> Bool { a.rawValue < b.rawValue }
}

/// A finished message with its envelope.
package struct Letter: Hashable, Sendable {
    /// 32 hexadecimal digits in lower case: 128 random bits, the letter's identity everywhere.
    package var id: String
    /// `watcher`, `responder` or `command`.
    package var origin: String
    /// The description of the alias under which it is sent; nil leaves the choice to the mailer.
    package var alias: String?
    package var envelope: Envelope
    package var priority: LetterPriority
    package var created: Timestamp
    /// It is not sent before this.
    package var notBefore: Timestamp?
    /// Decoded, for lists.
    package var subject: String
    /// With its angle brackets.
    package var messageID: String
    /// RFC 5322, CRLF, lines within limits, not dot-stuffed.
    package var message: [UInt8]

    package init(
        id: String, origin: String, alias: String? = nil, envelope: Envelope, priority: LetterPriority,
        created: Timestamp, notBefore: Timestamp? = nil, subject: String, messageID: String, message: [UInt8]
    ) {
        self.id = id
        self.origin = origin
        self.alias = alias
        self.envelope = envelope
        self.priority = priority
        self.created = created
        self.notBefore = notBefore
        self.subject = subject
        self.messageID = messageID
        self.message = message
    }
}

extension Letter {
    /// Whether this has a letter's id's form: 32 hexadecimal digits in lower case. An id is part of file names.
    package static func isID(_ text: some StringProtocol) -> Bool {
        text.utf8.count == 32 && text.utf8.allSatisfy { $0.isDigit || ($0 >= 0x61 && $0 <= 0x66) }
    }
}
