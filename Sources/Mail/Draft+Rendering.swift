// A draft becomes bytes.

import Formats

extension Draft {
    /// The message: CRLF, 7-bit clean (but for people whose addresses are not ASCII), no line longer than 998 octets,
    /// headers folded at 78. CR, LF and NUL in values become spaces; there is never a Bcc.
    package func rendered() throws(MailError) -> [UInt8] {
        var out = try renderedHeaders()
        let body = try composedBody()
        out += HeaderLine.folded("MIME-Version", "1.0")
        out += body.headers
        out += [0x0d, 0x0a]
        out += body.bytes
        return out
    }

    /// The fields that the draft has places for, and the message's structure; none of them may be a further field.
    private static let reserved: Set<String> = [
        "date", "from", "reply-to", "to", "subject", "message-id", "in-reply-to", "references", "x-mailer",
        "mime-version", "bcc", "resent-bcc", "return-path",
    ]

    /// Who stands in To. One whose address is not ASCII is left out where others are there: that header would keep the
    /// letter from everybody where a server lacks SMTPUTF8 (RFC 6531 section 3.4), while the envelope keeps it from one.
    private var named: [Mailbox] {
        let plain = to.filter { $0.address.headerText.utf8.allSatisfy { $0 < 0x80 } }
        return plain.isEmpty ? to : plain
    }

    private func renderedHeaders() throws(MailError) -> [UInt8] {
        guard HeaderLine.isMessageID(messageID) else { throw MailError.messageID(messageID) }
        var out = HeaderLine.folded("Date", date.rfc5322(utcOffset: utcOffset))
        out += HeaderLine.folded("From", from.header)
        if let replyTo { out += HeaderLine.folded("Reply-To", replyTo.header) }
        if !to.isEmpty { out += HeaderLine.folded("To", named.map(\.header).joined(separator: ", ")) }
        out += HeaderLine.unstructured("Subject", subject)
        out += HeaderLine.folded("Message-ID", messageID)
        out += Self.identifiers("In-Reply-To", inReplyTo)
        out += Self.identifiers("References", references)
        for (name, value) in headers {
            let key = Array(name.utf8).lowercasedText
            guard HeaderLine.isName(name), !Self.reserved.contains(key), !key.hasPrefix("content-") else {
                throw MailError.headerName(name)
            }
            out += HeaderLine.unstructured(name, value)
        }
        if let mailer, !mailer.isEmpty { out += HeaderLine.unstructured("X-Mailer", mailer) }
        return out
    }

    /// The first, where a thread began, and the last 19: senders of long threads would grow the field without end.
    /// What is no Message-ID is left out, since it came from another's message.
    private static func identifiers(_ name: String, _ ids: [String]) -> [UInt8] {
        let valid = ids.filter(HeaderLine.isMessageID)
        let kept = valid.count > 20 ? valid.prefix(1) + valid.suffix(19) : valid[...]
        return kept.isEmpty ? [] : HeaderLine.folded(name, kept.joined(separator: " "))
    }
}

/// A part composed: its Content- fields, each ended by CRLF, and its body.
private struct ComposedPart {
    var headers: [UInt8]
    var bytes: [UInt8]

    init(type: String, body: EncodedBody, disposition: String? = nil) {
        headers = HeaderLine.folded("Content-Type", type)
        headers += HeaderLine.folded("Content-Transfer-Encoding", body.encoding)
        if let disposition { headers += HeaderLine.folded("Content-Disposition", disposition) }
        bytes = body.bytes
    }

    /// A multipart of `parts`, with a boundary that none of them contains.
    init(_ subtype: String, _ parts: [ComposedPart], seed: String) {
        let boundary = Self.boundary(seed + "/" + subtype, parts)
        headers = HeaderLine.folded("Content-Type", "multipart/\(subtype); boundary=\"\(boundary)\"")
        bytes = []
        for part in parts {
            bytes += Array("--\(boundary)\r\n".utf8) + part.headers + [0x0d, 0x0a] + part.bytes
            // The line end before a boundary belongs to it, so a body's own stays.
            bytes += [0x0d, 0x0a]
        }
        bytes += Array("--\(boundary)--\r\n".utf8)
    }

    /// `=_` can stand in no quoted-printable or base64; plain text is looked through.
    private static func boundary(_ seed: String, _ parts: [ComposedPart]) -> String {
        var attempt = 0
        while true {
            let boundary = "=_" + Hex.encode(SHA256.digest("\(seed)/\(attempt)".utf8).prefix(16))
            let needle = Array("--\(boundary)".utf8)
            if !parts.contains(where: { $0.bytes.contains(needle) }) { return boundary }
            attempt += 1
        }
    }
}

extension Draft {
    private func composedBody() throws(MailError) -> ComposedPart {
        var body = ComposedPart(type: "text/plain; charset=utf-8", body: .text(Array(text.utf8).withCRLF.endingInCRLF))
        if let html {
            let rich = ComposedPart(
                type: "text/html; charset=utf-8", body: .text(Array(html.utf8).withCRLF.endingInCRLF))
            body = ComposedPart("alternative", [body, rich], seed: boundarySeed)
        }
        if attachments.isEmpty { return body }
        var parts = [body]
        for attachment in attachments { parts.append(try Self.part(attachment)) }
        return ComposedPart("mixed", parts, seed: boundarySeed)
    }

    private static func part(_ attachment: Attachment) throws(MailError) -> ComposedPart {
        let sides = attachment.type.utf8.split(separator: 0x2f, omittingEmptySubsequences: false)
        guard sides.count == 2, attachment.type.utf8.count <= 127,
            sides.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isToken) })
        else { throw MailError.mediaType(attachment.type) }
        var type = Array(attachment.type.utf8).lowercasedText
        var body = EncodedBody.binary(attachment.bytes)
        if type.hasPrefix("multipart/") || type.hasPrefix("message/") {
            // RFC 2046 section 5.2.1: a message must not be in base64, so one that is not plain is a file.
            let lines = attachment.bytes.withCRLF.endingInCRLF
            if type.hasPrefix("message/"), EncodedBody.isPlain(lines) {
                body = EncodedBody(encoding: "7bit", bytes: lines)
            } else {
                type = "application/octet-stream"
            }
        }
        let name = HeaderLine.trimmed(HeaderLine.cleaned(attachment.name))
        let disposition = "attachment" + (name.isEmpty ? "" : HeaderParameter.text("filename", name))
        if type.hasPrefix("text/"), UTF8Pieces(bytes: attachment.bytes).allSatisfy(\.isScalar) {
            type += "; charset=utf-8"  // without it the reader has to guess, and RFC 2046 says ASCII
        }
        return ComposedPart(type: type, body: body, disposition: disposition)
    }
}

extension UTF8Pieces.Piece {
    fileprivate var isScalar: Bool { if case .scalar = self { true } else { false } }
}
