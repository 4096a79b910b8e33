// What a client says. A command renders itself, and refuses to be more than one line. None holds a secret.

import Formats
import Mail

/// Why a command cannot be sent. Both are faults of what it is made from, and permanent.
package enum CommandError: Error, Hashable, Sendable, CustomStringConvertible {
    case tooLong(Int)
    /// CR, LF, NUL or another control, or what ends a path.
    case character(UInt8)

    package var description: String {
        switch self {
        case .tooLong(let length): "a command of \(length) octets; SMTP allows \(Command.limit)"
        case .character(let byte): "a command with the octet \(Printable.text([byte])) in it"
        }
    }
}

/// A command of RFC 5321 and its extensions.
package enum Command: Hashable, Sendable {
    case ehlo(String)
    case helo(String)
    case startTLS
    /// Without an initial response: that one is a secret (`Conversation.send(_:as:)`).
    case auth(AuthMechanism)
    /// Nil: the null reverse-path.
    case mail(EmailAddress?, parameters: [String])
    case rcpt(EmailAddress, parameters: [String])
    case data
    case rset
    case quit

    /// Octets of a line with its CRLF (RFC 5321 section 4.5.3.1.4).
    package static let limit = 512

    /// The line with its CRLF.
    package func rendered() throws(CommandError) -> [UInt8] {
        let line = Array(text.utf8)
        for byte in line where byte < 0x20 || byte == 0x7f { throw .character(byte) }
        guard line.count + 2 <= Self.limit else { throw .tooLong(line.count + 2) }
        return line + [0x0d, 0x0a]
    }

    /// For a transcript.
    package var shown: String { Printable.text(text) }

    private var text: String {
        switch self {
        case .ehlo(let name): "EHLO \(name)"
        case .helo(let name): "HELO \(name)"
        case .startTLS: "STARTTLS"
        case .auth(let mechanism): "AUTH \(mechanism.rawValue)"
        case .mail(let sender, let parameters): "MAIL FROM:<\(sender?.text ?? "")>" + Self.joined(parameters)
        case .rcpt(let recipient, let parameters): "RCPT TO:<\(recipient.text)>" + Self.joined(parameters)
        case .data: "DATA"
        case .rset: "RSET"
        case .quit: "QUIT"
        }
    }

    private static func joined(_ parameters: [String]) -> String { parameters.map { " " + $0 }.joined() }

    /// xtext of RFC 3461 section 4: printable ASCII but `+` and `=` as it is, all else as `+` and two digits.
    package static func xtext(_ text: some Sequence<UInt8>) -> String {
        var out = ""
        for byte in text {
            if (33...126).contains(byte), byte != UInt8(ascii: "+"), byte != UInt8(ascii: "=") {
                out.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                out += "+" + Hex.encode([byte]).uppercased()
            }
        }
        return out
    }
}
