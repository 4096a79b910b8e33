// A message as the world sends it, read without ever failing: what cannot be understood is kept as it is.

import Formats

/// A message as the world sends it.
package struct ParsedMessage: Sendable {
    /// The message as a part: its headers, and its body or children.
    package let root: MessagePart

    /// Never fails, takes time linear in the size, and bounds the number and depth of parts.
    package init(_ bytes: [UInt8]) {
        let bytes = Self.withLineFeeds(bytes)
        var reader = PartReader()
        root = reader.message(bytes, Self.start(bytes)..<bytes.count)
    }

    /// A message of old Macintoshes, whose lines end in CR alone, gets LF.
    static func withLineFeeds(_ bytes: [UInt8]) -> [UInt8] {
        if bytes.index(of: 0x0a, in: 0..<bytes.count) != nil || bytes.index(of: 0x0d, in: 0..<bytes.count) == nil {
            return bytes
        }
        return bytes.map { $0 == 0x0d ? 0x0a : $0 }
    }

    /// After a byte order mark and empty lines, if a header follows them.
    private static func start(_ bytes: [UInt8]) -> Int {
        var at = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
        while at < bytes.count, bytes[at] == 0x0d || bytes[at] == 0x0a { at += 1 }
        return at
    }

    package var headers: HeaderFields { root.headers }

    /// The first field of this name, decoded.
    package func header(_ name: String) -> String? { headers.first(name) }

    /// All fields of this name, decoded, in order.
    package func all(_ name: String) -> [String] { headers.all(name) }

    package var from: [Mailbox] { headers.mailboxes("From") }
    package var to: [Mailbox] { headers.mailboxes("To") }
    package var cc: [Mailbox] { headers.mailboxes("Cc") }
    package var replyTo: [Mailbox] { headers.mailboxes("Reply-To") }
    package var sender: [Mailbox] { headers.mailboxes("Sender") }
    package var subject: String { header("Subject") ?? "" }

    /// With its angle brackets.
    package var messageID: String? { headers.identifiers("Message-ID").first }
    package var inReplyTo: [String] { headers.identifiers("In-Reply-To") }
    package var references: [String] { headers.identifiers("References") }
    package var date: Timestamp? { headers.raw("Date").lazy.compactMap(MailDate.parse).first }

    /// What the first Return-Path field says; nil when there is none.
    package var returnPath: ReturnPath? {
        guard let raw = headers.raw("Return-Path").first else { return nil }
        if let mailbox = AddressList.parse(raw).first { return .address(mailbox.address) }
        let text = HeaderLine.cleaned(Charset.guess(raw))
        return text.utf8.filter({ $0 != 0x20 }).elementsEqual("<>".utf8) ? .null : .other(text)
    }
}

/// What the Return-Path field says.
package enum ReturnPath: Hashable, Sendable {
    /// `<>`: nobody is to be told of a failure, and nobody answered.
    case null
    case address(EmailAddress)
    /// Something that is no address.
    case other(String)
}

extension ParsedMessage {
    /// The best readable text: text/plain where there is one, else the text of the HTML. LF for line ends.
    package var text: String {
        let inline = Self.readable(root, namedToo: false)
        return inline.isEmpty ? Self.readable(root, namedToo: true) : inline
    }

    /// The first HTML part that is no attachment, as it is.
    package var html: String? { Self.firstHTML(root)?.text }

    /// Files: what is no text to be read, in order; a nested message is one (`message/rfc822`), and what is in it is not.
    package var attachments: [Attachment] {
        var found: [Attachment] = []
        Self.collect(root, into: &found)
        return found
    }

    private static func isBody(_ part: MessagePart, namedToo: Bool) -> Bool {
        part.disposition.value != "attachment" && (namedToo || part.fileName == nil)
    }

    private static func readable(_ part: MessagePart, namedToo: Bool) -> String {
        switch part.type.value {
        case "text/html" where isBody(part, namedToo: namedToo): return HTMLText(part.text).text
        case let type where type.hasPrefix("text/"): return isBody(part, namedToo: namedToo) ? part.text : ""
        case "multipart/alternative":
            let plain = part.children.filter { $0.type.value == "text/plain" && isBody($0, namedToo: namedToo) }
            for child in plain + part.children.reversed() {
                let text = readable(child, namedToo: namedToo)
                if text.contains(where: { !$0.isWhitespace }) { return text }
            }
            return ""
        case let type where type.hasPrefix("multipart/"):
            if !part.isMultipart { return part.text }  // it says so, and is not
            let texts = part.children.map { readable($0, namedToo: namedToo) }
            return texts.filter { !$0.isEmpty }.joined(separator: "\n")
        default: return ""
        }
    }

    private static func firstHTML(_ part: MessagePart) -> MessagePart? {
        if part.type.value == "text/html" { return isBody(part, namedToo: true) ? part : nil }
        guard part.isMultipart else { return nil }
        for child in part.children {
            if let found = firstHTML(child) { return found }
        }
        return nil
    }

    private static func collect(_ part: MessagePart, into found: inout [Attachment]) {
        if part.isMultipart {
            for child in part.children { collect(child, into: &found) }
            return
        }
        if part.type.value.hasPrefix("multipart/") { return }
        if part.type.value.hasPrefix("text/"), isBody(part, namedToo: false) { return }
        found.append(Attachment(name: part.fileName ?? "", type: part.type.value, bytes: part.bytes))
    }
}
