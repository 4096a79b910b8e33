// A message as the world sends it, read without ever failing: what cannot be understood is kept as it is.

import Formats

/// A message as the world sends it.
package struct ParsedMessage: Sendable {
    /// The message as a part: its headers, and its body or children.
    package let root: MessagePart

    /// Never fails, takes time linear in the size, and bounds the number and depth of parts.
    package init(_ bytes: [UInt8]) { root = MessagePart() }

    package var headers: HeaderFields { root.headers }
    /// The first field of this name, decoded.
    package func header(_ name: String) -> String? { headers.first(name) }
    /// All fields of this name, decoded, in order.
    package func all(_ name: String) -> [String] { headers.all(name) }

    /// The best readable text: text/plain where there is one, else the text of the HTML.
    package var text: String { "" }
    /// The first HTML part as it is.
    package var html: String? { nil }
    /// Files, nested messages included (`message/rfc822`).
    package var attachments: [Attachment] { [] }

    package var from: [Mailbox] { [] }
    package var to: [Mailbox] { [] }
    package var cc: [Mailbox] { [] }
    package var replyTo: [Mailbox] { [] }
    package var sender: [Mailbox] { [] }
    package var subject: String { header("Subject") ?? "" }
    /// With its angle brackets.
    package var messageID: String? { nil }
    package var inReplyTo: [String] { [] }
    package var references: [String] { [] }
    package var date: Timestamp? { nil }
    package var returnPath: ReturnPath? { nil }
}

/// What the Return-Path field says.
package enum ReturnPath: Hashable, Sendable {
    /// `<>`
    case null
    case address(EmailAddress)
    /// Something that is no address.
    case other(String)
}

/// The header fields of a message or part.
package struct HeaderFields: Sendable {
    package struct Field: Hashable, Sendable {
        /// As written.
        package var name: String
        /// Unfolded, without space around it, not decoded.
        package var raw: [UInt8]

        package init(name: String, raw: [UInt8]) {
            self.name = name
            self.raw = raw
        }
    }
    package var fields: [Field] = []

    package init() {}

    package func first(_ name: String) -> String? { nil }
    package func all(_ name: String) -> [String] { [] }
    package func raw(_ name: String) -> [[UInt8]] { [] }
    /// Each field of this name as a value with parameters, comments removed.
    package func structured(_ name: String) -> [StructuredValue] { [] }
}

/// A structured field's value and parameters, without comments: `auto-replied; owner-email=…`, `no (comment)`.
package struct StructuredValue: Hashable, Sendable {
    /// In lower case.
    package var value: String
    /// Names in lower case; values decoded (RFC 2231).
    package var parameters: [(name: String, value: String)]

    package init(value: String = "", parameters: [(name: String, value: String)] = []) {
        self.value = value
        self.parameters = parameters
    }

    /// The first parameter of this name (in lower case).
    package subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

    package static func == (a: StructuredValue, b: StructuredValue) -> Bool {
        a.value == b.value && a.parameters.elementsEqual(b.parameters) { $0 == $1 }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(value)
        for parameter in parameters { hasher.combine(parameter.name) }
    }
}

/// A message or a part of one.
package struct MessagePart: Sendable {
    package var headers = HeaderFields()
    /// `text/plain` where the part does not say.
    package var type = StructuredValue(value: "text/plain")
    /// `inline`, `attachment` or empty.
    package var disposition = StructuredValue()
    /// Of a multipart, or the message in a message/rfc822.
    package var children: [MessagePart] = []

    package init() {}

    /// The file name of the disposition or the type, decoded.
    package var fileName: String? { disposition["filename"] ?? type["name"] }
    /// The body with its transfer encoding undone.
    package var bytes: [UInt8] { [] }
    /// The body with its charset undone.
    package var text: String { "" }
}
