// What a message says of itself: its header fields, whom it is from, what it is made of. Nothing of it is believed
// beyond what RESPONDING.md's table asks.

import Mail

/// The header of a message, and the shape of its body.
package struct MessageFacts: Sendable {
    package struct Field: Hashable, Sendable {
        /// In lower case.
        package var name: String
        /// Decoded and unfolded.
        package var value: String
        package init(_ name: String, _ value: String) {
            self.name = name.lowercased()
            self.value = value
        }
    }

    /// Every field, in order.
    package var fields: [Field]
    package var from: [Mailbox]
    package var sender: [Mailbox]
    package var returnPath: ReturnPath?
    package var subject: String
    /// With its angle brackets.
    package var messageID: String?
    package var inReplyTo: [String]
    package var references: [String]
    /// The media types of all parts, in lower case, the message's own first.
    package var types: [String]

    package init(_ message: ParsedMessage) {
        fields = message.headers.fields.map { Field($0.name, $0.decoded) }
        from = message.from
        sender = message.sender
        returnPath = message.returnPath
        subject = message.subject
        messageID = message.messageID
        inReplyTo = message.inReplyTo
        references = message.references
        var types: [String] = []
        Self.collect(message.root, into: &types)
        self.types = types
    }

    package func all(_ name: String) -> [String] {
        let name = name.lowercased()
        return fields.filter { $0.name == name }.map(\.value)
    }

    package func has(_ name: String) -> Bool {
        let name = name.lowercased()
        return fields.contains { $0.name == name }
    }

    /// The parser bounds the number and depth of parts.
    private static func collect(_ part: MessagePart, into types: inout [String]) {
        types.append(part.type.value)
        for child in part.children { collect(child, into: &types) }
    }
}
