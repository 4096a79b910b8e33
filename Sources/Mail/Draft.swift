// A letter before it is bytes. Composed 7-bit clean, so that it passes any server as it is.

import Formats

/// A letter before it is bytes.
package struct Draft: Sendable {
    package var from: Mailbox
    package var to: [Mailbox]
    package var replyTo: Mailbox?
    package var subject: String
    /// With its angle brackets, unique, on a name of the host's.
    package var messageID: String
    package var date: Timestamp
    /// Seconds that the Date's clock is ahead of UTC.
    package var utcOffset: Int
    /// X-Mailer.
    package var mailer: String?
    /// Message-IDs with their angle brackets.
    package var inReplyTo: [String]
    /// Message-IDs with their angle brackets, oldest first; the first and the last 19 are kept.
    package var references: [String]
    /// Further header fields, in order.
    package var headers: [(name: String, value: String)]
    /// Lines end in LF or CRLF.
    package var text: String
    package var html: String?
    package var attachments: [Attachment]
    /// Boundaries are made from this: the same draft gives the same bytes.
    package var boundarySeed: String

    package init(
        from: Mailbox, to: [Mailbox], replyTo: Mailbox? = nil, subject: String, messageID: String, date: Timestamp,
        utcOffset: Int = 0, mailer: String? = nil, inReplyTo: [String] = [], references: [String] = [],
        headers: [(name: String, value: String)] = [], text: String, html: String? = nil,
        attachments: [Attachment] = [], boundarySeed: String
    ) {
        self.from = from
        self.to = to
        self.replyTo = replyTo
        self.subject = subject
        self.messageID = messageID
        self.date = date
        self.utcOffset = utcOffset
        self.mailer = mailer
        self.inReplyTo = inReplyTo
        self.references = references
        self.headers = headers
        self.text = text
        self.html = html
        self.attachments = attachments
        self.boundarySeed = boundarySeed
    }
}

/// Why a message cannot be composed.
package enum MailError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Not printable ASCII without a colon, or a field that the draft has a place for.
    case headerName(String)
    /// Not `<left@right>` in printable ASCII.
    case messageID(String)
    /// Not `type/subtype`.
    case mediaType(String)
    /// A submitted message has more parts, or deeper ones, than are read.
    case tooManyParts

    package var description: String {
        switch self {
        case .headerName(let name): "'\(Printable.text(name, limit: 80))' cannot be a further header field"
        case .messageID(let id): "'\(Printable.text(id, limit: 80))' is no Message-ID"
        case .mediaType(let type): "'\(Printable.text(type, limit: 80))' is no media type"
        case .tooManyParts:
            "the message has more than \(PartReader.partLimit) parts, parts nested deeper than \(PartReader.depthLimit), "
                + "or more than \(HeaderFields.fieldLimit) header fields"
        }
    }
}
