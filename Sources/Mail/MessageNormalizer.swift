// Mail that people and programs submit, made fit for delivery when it is taken in: whatever line ends it has become CRLF,
// what is not 7-bit or too long for a line is encoded, what RFC 5322 asks for is added, Bcc goes. After this its octets
// never change. What needs no change keeps its octets (but for line ends), so that signatures hold.

import Formats

/// A submitted message, ready for delivery.
package struct SubmittedMessage: Sendable {
    /// CRLF, 7-bit (but for people whose addresses are not ASCII), lines of at most 998 octets, without Bcc.
    package var message: [UInt8]
    /// Who it says it is from; the one given when it does not.
    package var from: [Mailbox]
    /// Of To, Cc and Bcc, or of their Resent- forms when there are any; each once, in order. For `-t`.
    package var recipients: [EmailAddress]
    package var subject: String
    package var messageID: String
    /// What stands in To, Cc or Bcc (or their Resent- forms) where somebody should, and holds no address; the first such.
    package var brokenRecipient: (field: String, text: String)?
    /// The first header field that has a NUL.
    package var fieldWithNUL: String?
}

/// Makes submitted mail fit for delivery.
package struct MessageNormalizer: Sendable {
    /// For a message without a Date, or with one that is none.
    package var date: Timestamp
    package var utcOffset: Int
    /// For a message without a Message-ID, or with one that is none; with its angle brackets.
    package var messageID: String
    /// For a message without a From.
    package var from: Mailbox
    /// For a message without a Reply-To.
    package var replyTo: Mailbox?

    package init(date: Timestamp, utcOffset: Int, messageID: String, from: Mailbox, replyTo: Mailbox? = nil) {
        self.date = date
        self.utcOffset = utcOffset
        self.messageID = messageID
        self.from = from
        self.replyTo = replyTo
    }

    /// `bytes` is a message or only its text. Throws for more parts than are read, since none may be lost.
    package func normalize(_ bytes: [UInt8]) throws(MailError) -> SubmittedMessage {
        let bytes = ParsedMessage.withLineFeeds(bytes)
        var reader = PartReader()
        // Unlike a message that was received, one that begins with an empty line has no header: all is text.
        let root = reader.message(bytes, 0..<bytes.count)
        let headers = root.headers
        // Of the first field alone: it is the one that is kept.
        let ownID = headers.raw("Message-ID").first.flatMap { MessageIdentifiers.parse($0).first }
            .flatMap { HeaderLine.isMessageID($0) ? $0 : nil }
        let hasDate = headers.raw("Date").first.flatMap { MailDate.parse($0) } != nil
        let people = headers.raw("From").first.map { AddressList.parse($0) } ?? []

        var out: [UInt8] = []
        if !hasDate { out += HeaderLine.folded("Date", date.rfc5322(utcOffset: utcOffset)) }
        if people.isEmpty { out += HeaderLine.folded("From", from.header) }
        if let replyTo, !headers.has("Reply-To") { out += HeaderLine.folded("Reply-To", replyTo.header) }
        if ownID == nil { out += HeaderLine.folded("Message-ID", messageID) }
        if !headers.has("MIME-Version") { out += HeaderLine.folded("MIME-Version", "1.0") }
        var dropped: Set<String> = ["bcc", "resent-bcc", "return-path"]
        if people.isEmpty { dropped.insert("from") }
        if ownID == nil { dropped.insert("message-id") }
        if !hasDate { dropped.insert("date") }
        out += try PartWriter(dropping: dropped).entity(root).endingInCRLF

        return SubmittedMessage(
            message: out, from: people.isEmpty ? [from] : people, recipients: Self.recipients(headers),
            subject: headers.first("Subject") ?? "", messageID: ownID ?? messageID,
            brokenRecipient: Self.brokenRecipient(headers),
            fieldWithNUL: headers.fields.first { $0.raw.contains(0) }.map { Printable.text($0.name, limit: 80) })
    }

    private static func recipients(_ headers: HeaderFields) -> [EmailAddress] {
        var seen: Set<EmailAddress> = []
        return recipientFields(headers).flatMap(headers.mailboxes).map(\.address).filter { seen.insert($0).inserted }
    }

    private static func recipientFields(_ headers: HeaderFields) -> [String] {
        let resent = ["Resent-To", "Resent-Cc", "Resent-Bcc"]
        return resent.contains(where: headers.has) ? resent : ["To", "Cc", "Bcc"]
    }

    private static func brokenRecipient(_ headers: HeaderFields) -> (field: String, text: String)? {
        for name in recipientFields(headers) {
            for raw in headers.raw(name) {
                if let text = AddressList.leftOut(of: raw) { return (name, text) }
            }
        }
        return nil
    }
}

/// Writes a part again, changed where it must be.
private struct PartWriter {
    /// Fields that are left out, in lower case.
    let dropped: Set<String>

    init(dropping dropped: Set<String>) { self.dropped = dropped }

    /// Of these only the first is kept: RFC 5322 section 3.6 allows one, and servers refuse more.
    private static let single: Set<String> = [
        "from", "sender", "date", "message-id", "subject", "mime-version", "content-type", "content-transfer-encoding",
    ]

    /// Header, empty line, body.
    func entity(_ part: MessagePart) throws(MailError) -> [UInt8] {
        if part.headers.isTruncated { throw MailError.tooManyParts }
        let written = try body(part)
        var out: [UInt8] = []
        var seen: Set<String> = []
        for field in part.headers.fields {
            let name = Array(field.name.utf8).lowercasedText
            let isRepeated = (Self.single.contains(name) || Self.joined.contains(name)) && seen.contains(name)
            seen.insert(name)
            guard !isRepeated, !dropped.contains(name), HeaderLine.isName(field.name) else { continue }
            if Self.joined.contains(name), part.headers.raw(name).count > 1 {
                out += Self.joined(part.headers, field, name, part.storage)
            } else if name == "content-type", let type = written.type {
                out += HeaderLine.folded("Content-Type", type)
            } else if name == "content-transfer-encoding", let encoding = written.encoding {
                out += HeaderLine.folded("Content-Transfer-Encoding", encoding)
            } else {
                out += Self.field(field, name, part.storage)
            }
        }
        if let type = written.type, !seen.contains("content-type") { out += HeaderLine.folded("Content-Type", type) }
        if let encoding = written.encoding, !seen.contains("content-transfer-encoding") {
            out += HeaderLine.folded("Content-Transfer-Encoding", encoding)
        }
        return out + [0x0d, 0x0a] + written.bytes
    }

    /// Of these there may be one too, and people write several: what all of them say stands in the first.
    private static let joined: Set<String> = ["to", "cc", "reply-to"]

    private static func joined(
        _ headers: HeaderFields, _ field: HeaderFields.Field, _ name: String, _ storage: [UInt8]
    ) -> [UInt8] {
        var seen: Set<EmailAddress> = []
        let people = headers.mailboxes(name).filter { seen.insert($0.address).inserted }
        if people.isEmpty { return Self.field(field, name, storage) }
        return HeaderLine.folded(field.name, people.map(\.header).joined(separator: ", "))
    }

    /// As it was when it is fit, else composed again.
    private static func field(_ field: HeaderFields.Field, _ name: String, _ storage: [UInt8]) -> [UInt8] {
        let lines = [UInt8](storage[field.place])
        if isFit(lines) { return lines.withCRLF.endingInCRLF }
        switch name {
        case "from", "sender", "reply-to", "to", "cc", "resent-from", "resent-sender", "resent-to", "resent-cc":
            let people = AddressList.parse(field.raw)
            if people.isEmpty { break }
            return HeaderLine.folded(field.name, people.map(\.header).joined(separator: ", "))
        case "message-id", "in-reply-to", "references":
            let ids = MessageIdentifiers.parse(field.raw).filter(HeaderLine.isMessageID)
            return ids.isEmpty ? [] : HeaderLine.folded(field.name, ids.joined(separator: " "))
        case "content-type", "content-disposition":
            return HeaderLine.folded(field.name, text(StructuredValue(parsing: field.raw)))
        case "date":
            guard let date = MailDate.parse(field.raw) else { return [] }
            return HeaderLine.folded(field.name, date.rfc5322(utcOffset: 0))
        default: break
        }
        return HeaderLine.unstructured(field.name, field.decoded)
    }

    /// Printable ASCII and tabs in lines of at most 998 octets, each but the first continuing and none only blank: a CR
    /// in a field must not become a line end that begins another field.
    private static func isFit(_ lines: [UInt8]) -> Bool {
        var start = 0
        var hasWord = false
        for (at, byte) in lines.enumerated() {
            switch byte {
            case 0x0a:
                if !hasWord { return false }
                (start, hasWord) = (at + 1, false)
            case 0x0d:
                if at + 1 < lines.count, lines[at + 1] != 0x0a { return false }
            case 0x09, 0x20: break
            case 0x21...0x7e:
                if at == start, start > 0 { return false }
                hasWord = true
            default: return false
            }
            if at - start > 998 { return false }
        }
        return true
    }

    private static func text(_ value: StructuredValue) -> String {
        let named = value.parameters.filter { $0.name.utf8.allSatisfy(\.isToken) }
        // What is no token is no type either, and spaces in it would be folded.
        let kind = value.value.utf8.filter { $0.isToken || $0 == UInt8(ascii: "/") }
        return named.reduce(String(decoding: kind, as: UTF8.self)) {
            $0 + HeaderParameter.text($1.name, $1.value)
        }
    }
}

extension PartWriter {
    /// A body written again, and the fields that it needs where they differ from the part's.
    private struct WrittenBody {
        var bytes: [UInt8]
        var type: String?
        var encoding: String?
    }

    private func body(_ part: MessagePart) throws(MailError) -> WrittenBody {
        let lines = part.rawBytes.withCRLF
        if EncodedBody.isSevenBit(lines) { return WrittenBody(bytes: lines) }
        if part.isTruncated { throw MailError.tooManyParts }
        if part.isMultipart { return try multipart(part) }
        let declared = part.headers.has("Content-Transfer-Encoding") ? "7bit" : nil
        if let nested = part.children.first {
            let inner = try PartWriter(dropping: []).entity(nested)
            return WrittenBody(bytes: inner, encoding: declared)
        }
        return leaf(part)
    }

    /// Without what stands before the first boundary and after the last: nobody sees that.
    private func multipart(_ part: MessagePart) throws(MailError) -> WrittenBody {
        var boundary = part.boundary ?? []
        var type: String?
        // One that was guessed, or that only this parser takes, is replaced.
        if boundary.count > 70 || !boundary.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) || part.type["boundary"] == nil {
            boundary = Array(("=_" + Hex.encode(SHA256.digest(part.rawBytes).prefix(16))).utf8)
            var value = part.type
            value.parameters.removeAll { $0.name == "boundary" }
            value.parameters.append(.init(name: "boundary", value: String(decoding: boundary, as: UTF8.self)))
            type = Self.text(value)
        }
        var out: [UInt8] = []
        for child in part.children {
            out += [0x2d, 0x2d] + boundary + [0x0d, 0x0a]
            out += try PartWriter(dropping: []).entity(child)
            out += [0x0d, 0x0a]
        }
        out += [0x2d, 0x2d] + boundary + [0x2d, 0x2d, 0x0d, 0x0a]
        let declared = part.headers.has("Content-Transfer-Encoding") ? "7bit" : nil
        return WrittenBody(bytes: out, type: type, encoding: declared)
    }

    private func leaf(_ part: MessagePart) -> WrittenBody {
        let bytes = part.bytes
        let isText = part.type.value.hasPrefix("text/") || part.type.value.hasPrefix("multipart/")
        guard isText, !bytes.contains(0) else {
            let body = EncodedBody.binary(bytes)
            let type = isText ? Self.textType(part, bytes) : nil
            return WrittenBody(bytes: body.bytes, type: type, encoding: body.encoding)
        }
        let body = EncodedBody.text(bytes.withCRLF)
        return WrittenBody(bytes: body.bytes, type: Self.textType(part, bytes), encoding: body.encoding)
    }

    /// The Content-Type with a charset, where the part has 8-bit text and names none that could be it.
    private static func textType(_ part: MessagePart, _ bytes: [UInt8]) -> String? {
        let label = Array((part.type["charset"] ?? "").utf8)
        var type = part.type
        if !type.value.hasPrefix("text/") {
            type = StructuredValue(value: "text/plain")  // a multipart without any boundary
        } else {
            let isUnnamed = label.isEmpty || label.isName("us-ascii") || label.isName("ascii")
            guard isUnnamed, bytes.contains(where: { $0 >= 0x80 }) else { return nil }
            if type.value == "text/html", label.isEmpty, HTMLText.charset(bytes) != nil { return nil }
        }
        type.parameters.removeAll { $0.name == "charset" }
        let isUTF8 = String(validating: bytes, as: UTF8.self) != nil
        type.parameters.insert(.init(name: "charset", value: isUTF8 ? "utf-8" : "windows-1252"), at: 0)
        return text(type)
    }
}
