// What a server says it can do, in its reply to EHLO (RFC 5321 section 4.1.1.1).

import Formats

/// The extensions of a server that a client makes use of.
package struct Capabilities: Hashable, Sendable {
    /// SIZE (RFC 1870); nil is without limit: not offered, 0, or no number that makes sense.
    package var maxSize: Int?
    package var offersSize = false
    package var pipelining = false
    package var eightBitMIME = false
    package var smtpUTF8 = false
    package var startTLS = false
    package var dsn = false
    package var enhancedStatusCodes = false
    /// SASL mechanisms in upper case, each once, in the server's order.
    package var mechanisms: [String] = []

    /// A server of which nothing is known: after HELO.
    package init() {}

    /// From the reply to EHLO. Its first line names the server and is no capability.
    package init(_ reply: Reply) {
        for line in reply.lines.dropFirst() {
            // `AUTH=PLAIN LOGIN`, of servers from before RFC 2554, says the same as `AUTH PLAIN LOGIN`.
            let words = line.uppercased().split { $0 == " " || $0 == "\t" }.map(String.init)
            guard var keyword = words.first else { continue }
            var parameters = words.dropFirst()
            if keyword.hasPrefix("AUTH=") {
                parameters.insert(String(keyword.dropFirst(5)), at: parameters.startIndex)
                keyword = "AUTH"
            }
            add(keyword, Array(parameters))
        }
    }

    /// For people: `SIZE 35 MB, PIPELINING, STARTTLS, AUTH PLAIN LOGIN`.
    package var summary: String {
        let flags = [
            (pipelining, "PIPELINING"), (eightBitMIME, "8BITMIME"), (smtpUTF8, "SMTPUTF8"), (startTLS, "STARTTLS"),
            (dsn, "DSN"), (enhancedStatusCodes, "ENHANCEDSTATUSCODES"),
        ]
        var words = flags.filter(\.0).map(\.1)
        if let maxSize { words.insert("SIZE \(Self.text(ofSize: maxSize))", at: 0) }
        if !mechanisms.isEmpty {
            words.append("AUTH " + mechanisms.map { Printable.text($0, limit: 40) }.joined(separator: " "))
        }
        return words.isEmpty ? "none" : words.joined(separator: ", ")
    }

    /// As people write it: `35 MB`, `500 kB`.
    private static func text(ofSize bytes: Int) -> String {
        switch bytes {
        case 10_000_000...: "\(bytes / 1_000_000) MB"
        case 10_000...: "\(bytes / 1000) kB"
        default: "\(bytes) bytes"
        }
    }

    private mutating func add(_ keyword: String, _ parameters: [String]) {
        switch keyword {
        case "SIZE":
            offersSize = true
            let digits = parameters.first ?? ""
            let number = digits.utf8.allSatisfy { (48...57).contains($0) } ? Int(digits) : nil
            maxSize = number == 0 ? nil : number
        case "AUTH":
            for name in parameters where !name.isEmpty && !mechanisms.contains(name) && mechanisms.count < 64 {
                mechanisms.append(name)
            }
        case "PIPELINING": pipelining = true
        case "8BITMIME": eightBitMIME = true
        case "SMTPUTF8": smtpUTF8 = true
        case "STARTTLS": startTLS = true
        case "DSN": dsn = true
        case "ENHANCEDSTATUSCODES": enhancedStatusCodes = true
        default: break
        }
    }
}
