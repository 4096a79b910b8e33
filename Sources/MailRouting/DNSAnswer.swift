// What a name server answered (RFC 1035, 2308, 6840, 6891). The message is a stranger's: whatever its octets are, reading it
// ends, traps nowhere, and what cannot be understood is a failure, never "there is none": an empty answer switches the
// checks of DANE off.

/// The answer to one question.
package struct DNSAnswer: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        /// At least one, in the order of the message.
        case records([DNSRecord])
        /// NXDOMAIN: the name is not there.
        case noName
        /// The name is there, or may be, and has no record of this type.
        case noData
        /// Nothing is known; why, safe to show.
        case failed(String)
    }

    package var content: Content
    /// The name server says that it has checked the signatures, and there are some (AD). Worth as much as the way to it.
    package var isAuthentic: Bool
    /// The name that the records have: the question's, or the one that its aliases lead to.
    package var canonical: DNSName
    /// Whether the question's name is an alias (CNAME).
    package var isAlias: Bool

    package init(
        _ content: Content, isAuthentic: Bool = false, canonical: DNSName = .root, isAlias: Bool = false
    ) {
        self.content = content
        self.isAuthentic = isAuthentic
        self.canonical = canonical
        self.isAlias = isAlias
    }

    package var records: [DNSRecord] { if case .records(let records) = content { records } else { [] } }
    /// Why nothing is known; nil where something is.
    package var failure: String? { if case .failed(let words) = content { words } else { nil } }

    /// Reads `message`, which is to be the answer to `question` that was asked with `id`.
    package init(parsing message: [UInt8], for question: DNSQuestion, id: UInt16) {
        do throws(DNSFault) {
            self = try Self.read(message, question, id)
        } catch {
            self.init(.failed("the name server's answer cannot be read: \(error.words)"))
        }
    }

    /// Whether a datagram is what a server sent to answer this, and not somebody else's or an older question's. What it
    /// says may still be unreadable. A server that does not understand a question may leave it out (FORMERR, NOTIMP).
    package static func isAnswer(_ message: [UInt8], to question: DNSQuestion, id: UInt16) -> Bool {
        var reader = DNSReader(message)
        return (try? readHead(&reader, question, id)) != nil
    }

    /// Whether there is more than a datagram holds (TC): the question is to be asked by TCP.
    package static func isCutOff(_ message: [UInt8]) -> Bool { message.count >= 12 && message[2] & 0x02 != 0 }

    /// The response code in the head of a message: 1 is FORMERR. Nil where there is no head.
    package static func responseCode(of message: [UInt8]) -> UInt8? { message.count >= 12 ? message[3] & 0x0f : nil }
}

extension DNSAnswer {
    /// More aliases than this in a row are a mistake or malice; servers follow no more than about a dozen either.
    private static let maximumAliases = 16

    private struct Entry {
        var owner: DNSName
        var type: UInt16
        /// Where its data begins and ends.
        var start: Int
        var end: Int
    }

    private static func read(_ message: [UInt8], _ question: DNSQuestion, _ id: UInt16) throws(DNSFault) -> DNSAnswer {
        var reader = DNSReader(message)
        let (flags, counts) = try readHead(&reader, question, id)
        var entries: [Entry] = []
        var code = flags & 0x0f
        for section in 1...3 {
            for _ in 0..<counts[section] {
                guard let (entry, extended) = try entry(&reader) else { continue }
                if section == 1 { entries.append(entry) }
                if section == 3, entry.type == 41 { code |= extended << 4 }
            }
        }
        if code != 0, code != 3 { return DNSAnswer(.failed(words(of: code))) }
        guard flags & 0x0200 == 0 else { throw DNSFault(words: "it is cut off") }
        return try answer(message, entries, question, isAuthentic: flags & 0x20 != 0, isNoName: code == 3)
    }

    /// The flags, and how many records each section has; `reader` then stands before the first.
    private static func readHead(
        _ reader: inout DNSReader, _ question: DNSQuestion, _ id: UInt16
    ) throws(DNSFault) -> (flags: UInt16, counts: [UInt16]) {
        guard try reader.number16() == id else { throw DNSFault(words: "it belongs to another question") }
        let flags = try reader.number16()
        guard flags & 0xf800 == 0x8000 else { throw DNSFault(words: "it is no answer to a query") }
        var counts: [UInt16] = []
        for _ in 0..<4 { counts.append(try reader.number16()) }
        if counts[0] != 0 || flags & 0x0f == 0 || flags & 0x0f == 3 {
            guard counts[0] == 1, try reader.name() == question.name, try reader.number16() == question.type.rawValue,
                try reader.number16() == 1
            else { throw DNSFault(words: "it belongs to another question") }
        }
        return (flags, counts)
    }

    /// The next record, and the upper bits of the response code if it is OPT; nil for one of another class.
    private static func entry(_ reader: inout DNSReader) throws(DNSFault) -> (Entry, extended: UInt16)? {
        let owner = try reader.name()
        let type = try reader.number16()
        let kind = try reader.number16()
        let lifetime = try reader.number32()
        let length = Int(try reader.number16())
        let start = reader.at
        _ = try reader.octets(length)
        // The class of OPT is a size.
        guard kind == 1 || type == 41 else { return nil }
        let entry = Entry(owner: owner, type: type, start: start, end: reader.at)
        return (entry, extended: UInt16(truncatingIfNeeded: lifetime >> 24))
    }

    /// Follows the aliases from the question's name and gathers what the last one has.
    private static func answer(
        _ message: [UInt8], _ entries: [Entry], _ question: DNSQuestion, isAuthentic: Bool, isNoName: Bool
    ) throws(DNSFault) -> DNSAnswer {
        var name = question.name
        var found: [DNSRecord] = []
        for step in 0...maximumAliases {
            var alias: DNSName?
            for entry in entries where entry.owner == name {
                if entry.type == question.type.rawValue {
                    found.append(try DNSRecord(question.type, DNSReader(message, at: entry.start), end: entry.end))
                } else if entry.type == DNSType.cname.rawValue,
                    case .alias(let target) = try DNSRecord(
                        .cname, DNSReader(message, at: entry.start), end: entry.end)
                {
                    alias = target
                }
            }
            let content: Content? =
                !found.isEmpty ? .records(found) : alias == nil ? (isNoName ? .noName : .noData) : nil
            if let content {
                return DNSAnswer(content, isAuthentic: isAuthentic, canonical: name, isAlias: step > 0)
            }
            name = alias ?? name
        }
        throw DNSFault(words: "its aliases do not end")
    }

    private static func words(of code: UInt16) -> String {
        switch code {
        case 1: "the name server does not understand the question (FORMERR)"
        case 2: "the name server fails (SERVFAIL): it reaches nobody who knows, or the signatures are wrong"
        case 4: "the name server does not answer such questions (NOTIMP)"
        case 5: "the name server refuses to answer (REFUSED)"
        default: "the name server answers with the code \(code)"
        }
    }
}
