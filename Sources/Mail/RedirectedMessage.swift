// A message that goes to others than its own recipients, and says so: the field X-Herald-Redirected-From, and one text part
// before the message's own content, whose octets stay as they are. Pure: the same message and recipients give the same bytes.

import Formats

/// A message made ready for other recipients than its own.
package struct RedirectedMessage: Sendable {
    /// The field that names the recipients that it would have gone to.
    package static let field = "X-Herald-Redirected-From"

    /// CRLF, the header first.
    package let bytes: [UInt8]

    /// - Parameters:
    ///   - message: with CRLF, header first, as the queue has it.
    ///   - recipients: whom it would have gone to.
    ///   - host: on which it is redirected, for the text.
    package init(_ message: [UInt8], recipients: [EmailAddress], host: String) {
        let parts = Self.split(message)
        let boundary = Self.boundary(message)
        let list = recipients.map(\.headerText).joined(separator: ", ")
        var out = HeaderLine.unstructured(Self.field, list)
        out += parts.header
        if !parts.hasVersion { out += HeaderLine.folded("MIME-Version", "1.0") }
        out += HeaderLine.folded("Content-Type", "multipart/mixed; boundary=\"\(boundary)\"")
        out += [0x0d, 0x0a]
        let note = EncodedBody.text(Array(Self.note(recipients, host).utf8))
        out += "--\(boundary)\r\n".utf8
        out += HeaderLine.folded("Content-Type", "text/plain; charset=utf-8")
        out += HeaderLine.folded("Content-Transfer-Encoding", note.encoding)
        out += [0x0d, 0x0a] + note.bytes
        out += "\r\n--\(boundary)\r\n".utf8
        out += parts.content + [0x0d, 0x0a] + parts.body
        bytes = out + "\r\n--\(boundary)--\r\n".utf8
    }

    private static func note(_ recipients: [EmailAddress], _ host: String) -> String {
        let list = recipients.map { "    \(Printable.text($0.text, limit: 320))\r\n" }.joined()
        return "This letter was redirected (smtp.redirect on \(Printable.text(host, limit: 100))). It was for:\r\n\r\n"
            + list + "\r\nWhat follows is the letter itself.\r\n"
    }

    /// One that does not stand in the message.
    private static func boundary(_ message: [UInt8]) -> String {
        "=_redirected-" + Hex.encode(SHA256.digest(message).prefix(16))
    }

    /// The fields that say what the content is go with the content.
    private struct Parts {
        var header: [UInt8] = []
        var content: [UInt8] = []
        var body: [UInt8] = []
        var hasVersion = false
    }

    private static func split(_ message: [UInt8]) -> Parts {
        var parts = Parts()
        var start = 0
        var isContent = false
        while start < message.count {
            let end = message[start...].firstIndex(of: 0x0a).map { $0 + 1 } ?? message.count
            let line = message[start..<end]
            if line.first == 0x0d || line.first == 0x0a {
                parts.body = Array(message[end...])
                return parts
            }
            let isContinued = line.first == 0x20 || line.first == 0x09
            if !isContinued {
                let name = Array(line.prefix { $0 != 0x3a }).lowercasedText
                isContent = name.hasPrefix("content-")
                if name == "mime-version" { parts.hasVersion = true }
            }
            if isContent { parts.content += line } else { parts.header += line }
            start = end
        }
        return parts
    }
}
