// The header fields of a message or part as they were sent: every field kept, in order, with its octets.

import Formats

/// The header fields of a message or part.
package struct HeaderFields: Sendable {
    package struct Field: Hashable, Sendable {
        /// As written.
        package var name: String
        /// Unfolded, without spaces around it, not decoded.
        package var raw: [UInt8]
        /// Where the field's lines stand in the message that was read.
        var place: Range<Int> = 0..<0

        package init(name: String, raw: [UInt8]) {
            self.name = name
            self.raw = raw
        }

        /// As free text.
        package var decoded: String { EncodedWord.decode(raw) }
    }

    /// In order; at most 5000, of at most 256 KiB each.
    package var fields: [Field] = []
    /// Whether there were more.
    package internal(set) var isTruncated = false

    static let fieldLimit = 5000
    static let valueLimit = 1 << 18

    package init() {}

    /// The first field of this name, in whatever case, decoded as free text.
    package func first(_ name: String) -> String? { named(name).first?.decoded }

    /// All fields of this name, decoded as free text.
    package func all(_ name: String) -> [String] { named(name).map(\.decoded) }

    /// All fields of this name as they were sent.
    package func raw(_ name: String) -> [[UInt8]] { named(name).map(\.raw) }

    /// Each field of this name as a value with parameters, comments removed: `auto-replied; owner-email=…`.
    package func structured(_ name: String) -> [StructuredValue] {
        named(name).map { StructuredValue(parsing: $0.raw) }
    }

    /// The people of all fields of this name.
    package func mailboxes(_ name: String) -> [Mailbox] { named(name).flatMap { AddressList.parse($0.raw) } }

    /// The Message-IDs of all fields of this name, with their angle brackets.
    package func identifiers(_ name: String) -> [String] { named(name).flatMap { MessageIdentifiers.parse($0.raw) } }

    /// Whether there is such a field.
    package func has(_ name: String) -> Bool { !named(name).isEmpty }

    private func named(_ name: String) -> [Field] {
        let wanted = Array(name.utf8)
        return fields.filter { field in
            field.name.utf8.count == wanted.count
                && field.name.utf8.elementsEqual(wanted) { $0.lowered == $1.lowered }
        }
    }
}

extension HeaderFields {
    /// Reads fields from the start of `range`. Returns them, and where the body begins.
    static func read(_ bytes: [UInt8], _ range: Range<Int>) -> (HeaderFields, body: Int) {
        var reader = HeaderReader(bytes: bytes, range: range)
        let body = reader.run()
        return (reader.headers, body)
    }
}

/// A walk over lines that should be a header.
private struct HeaderReader {
    let bytes: [UInt8]
    let range: Range<Int>
    var headers = HeaderFields()
    /// The field whose lines are being read.
    private var name = ""
    private var raw: [UInt8] = []
    private var started: Int?

    init(bytes: [UInt8], range: Range<Int>) {
        self.bytes = bytes
        self.range = range
    }

    /// The place of the body.
    mutating func run() -> Int {
        var at = range.lowerBound
        while at < range.upperBound {
            let end = lineEnd(at)
            let text = at..<contentEnd(at, end)
            if text.isEmpty {
                finish(at)
                return end
            }
            if bytes[at].isBlank {
                // RFC 5322 section 4.2: a line of blanks alone continues too. Before the first field it says nothing.
                if started != nil { continueField(bytes[text]) }
            } else if let colon = colon(in: text) {
                finish(at)
                begin(at, text, colon)
            } else if isMailboxMark(text) {
                finish(at)
            } else if started != nil, end < range.upperBound, isKnownField(end) {
                continueField([0x20] + bytes[text])  // a continuation whose blank was lost
            } else {
                finish(at)
                return at  // the empty line is missing: this is the body
            }
            at = end
        }
        finish(at)
        return range.upperBound
    }

    private mutating func begin(_ at: Int, _ text: Range<Int>, _ colon: Int) {
        name = String(decoding: [UInt8](bytes[at..<colon]).trimmed, as: UTF8.self)
        raw = [UInt8](bytes[min(colon + 1, text.upperBound)..<text.upperBound].prefix(HeaderFields.valueLimit))
        started = at
    }

    private mutating func continueField(_ line: ArraySlice<UInt8>) {
        raw += line.prefix(max(0, HeaderFields.valueLimit - raw.count))
    }

    private mutating func finish(_ end: Int) {
        defer { started = nil }
        guard let start = started else { return }
        guard headers.fields.count < HeaderFields.fieldLimit else {
            headers.isTruncated = true
            return
        }
        var field = HeaderFields.Field(name: name, raw: raw.trimmed)
        field.place = start..<end
        headers.fields.append(field)
    }

    /// After the LF, or the end.
    private func lineEnd(_ at: Int) -> Int {
        bytes.index(of: 0x0a, in: at..<range.upperBound).map { $0 + 1 } ?? range.upperBound
    }

    /// Before the line's LF and the CRs before it.
    private func contentEnd(_ start: Int, _ end: Int) -> Int {
        var at = end
        if at > start, bytes[at - 1] == 0x0a { at -= 1 }
        while at > start, bytes[at - 1] == 0x0d { at -= 1 }
        return at
    }

    /// The colon after a field's name; blanks before it are forgiven (RFC 5322 section 4.5).
    private func colon(in text: Range<Int>) -> Int? {
        var at = text.lowerBound
        while at < text.upperBound, bytes[at].isFieldName || bytes[at] >= 0x80, at - text.lowerBound < 256 { at += 1 }
        if at == text.lowerBound { return nil }
        while at < text.upperBound, bytes[at].isBlank { at += 1 }
        return at < text.upperBound && bytes[at] == 0x3a ? at : nil
    }

    /// `From someone date` of a mailbox file, which may be quoted.
    private func isMailboxMark(_ text: Range<Int>) -> Bool {
        let line = bytes[text]
        return line.starts(with: "From ".utf8) || line.starts(with: ">From ".utf8)
    }

    /// Whether a well-known field begins at `at`.
    private func isKnownField(_ at: Int) -> Bool {
        let text = at..<contentEnd(at, lineEnd(at))
        guard let colon = colon(in: text) else { return false }
        return Self.known.contains([UInt8](bytes[at..<colon]).trimmed.lowercasedText)
    }

    private static let known: Set<String> = [
        "from", "to", "cc", "subject", "date", "message-id", "reply-to", "sender", "in-reply-to", "references",
        "mime-version", "content-type", "content-transfer-encoding", "content-disposition", "received", "return-path",
        "x-mailer", "auto-submitted", "precedence", "list-id", "delivered-to", "dkim-signature",
    ]
}

/// Message-IDs in the fields that hold them.
enum MessageIdentifiers {
    /// What stands in angle brackets, without spaces; where there are none, a lone word. At most 1000.
    static func parse(_ raw: [UInt8]) -> [String] {
        var ids: [String] = []
        var current: [UInt8]?
        for byte in raw {
            switch byte {
            case 0x3c: current = []
            case 0x3e:
                if let id = current, !id.isEmpty, id.count <= 998, ids.count < 1000 {
                    ids.append("<" + HeaderLine.cleaned(Charset.guess(id)) + ">")
                }
                current = nil
            default:
                if !byte.isSpace { current?.append(byte) }
            }
        }
        let lone = raw.trimmed
        if ids.isEmpty, (1...998).contains(lone.count),
            !lone.contains(where: { $0.isSpace || $0 == 0x3c || $0 == 0x3e })
        {
            return ["<" + HeaderLine.cleaned(Charset.guess(lone)) + ">"]
        }
        return ids
    }
}
