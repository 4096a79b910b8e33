// Structured fields: a value, and parameters after semicolons (RFC 2045 section 5.1, RFC 2231, RFC 3834 section 5).

import Formats

/// A structured field's value and parameters, without comments: `auto-replied; owner-email=…`, `no (comment)`.
package struct StructuredValue: Sendable {
    package struct Parameter: Hashable, Sendable {
        /// In lower case.
        package var name: String
        /// Decoded: quotes undone, RFC 2231 and the encoded words that some senders use instead.
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// In lower case. Of what was read the first 255 octets: that is as long as a media type may be (RFC 6838 section
    /// 4.2), and comparing texts costs the square of a run of combining marks.
    package var value: String
    /// At most 200.
    package var parameters: [Parameter]

    package init(value: String = "", parameters: [Parameter] = []) {
        self.value = value
        self.parameters = parameters
    }

    /// The first parameter of this name (in lower case).
    package subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// Never fails: what is no parameter is left out.
    package init(parsing raw: [UInt8]) {
        var reader = StructuredReader(bytes: raw)
        value = reader.value()
        parameters = ParameterPieces(reader.parameters()).joined
    }
}

extension StructuredValue: Hashable {}

/// A walk over a structured value.
private struct StructuredReader {
    let bytes: [UInt8]
    var at = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Up to the first semicolon, words joined by one space.
    mutating func value() -> String {
        var out: [UInt8] = []
        while at < bytes.count, bytes[at] != 0x3b {
            if skipComment() || bytes[at].isSpace {
                if at < bytes.count, bytes[at].isSpace { at += 1 }
                if let last = out.last, last != 0x20 { out.append(0x20) }
            } else if bytes[at] == 0x22 {
                out += quoted()
            } else {
                out.append(bytes[at])
                at += 1
            }
        }
        return HeaderLine.cleaned(Charset.guess(out.trimmed.prefix(255).map(\.lowered)))
    }

    mutating func parameters() -> [(name: String, value: [UInt8])] {
        var found: [(name: String, value: [UInt8])] = []
        while at < bytes.count, found.count < 200 {
            if skipComment() { continue }
            if bytes[at] == 0x3b || bytes[at].isSpace {
                at += 1
                continue
            }
            var name: [UInt8] = []
            while at < bytes.count, bytes[at] != 0x3d, bytes[at] != 0x3b {
                if skipComment() { continue }
                if !bytes[at].isSpace { name.append(bytes[at]) }
                at += 1
            }
            guard at < bytes.count, bytes[at] == 0x3d else { continue }
            at += 1
            let value = parameterValue(isFileName: name.isName("name") || name.isName("filename"))
            if !name.isEmpty, name.count <= 100 { found.append((name.lowercasedText, value)) }
        }
        return found
    }

    private mutating func parameterValue(isFileName: Bool) -> [UInt8] {
        while at < bytes.count, bytes[at].isSpace || skipComment() {
            if at < bytes.count, bytes[at].isSpace { at += 1 }
        }
        if at < bytes.count, bytes[at] == 0x22 {
            let value = quoted()
            return value
        }
        // Unquoted names with spaces and brackets are common: `filename=My resume (1).pdf`.
        let start = at
        while at < bytes.count, bytes[at] != 0x3b, isFileName || !(bytes[at].isSpace || bytes[at] == 0x28) { at += 1 }
        return [UInt8](bytes[start..<at]).trimmed
    }

    /// The content of the quoted string that begins here; one that does not end goes to the end.
    private mutating func quoted() -> [UInt8] {
        at += 1
        var out: [UInt8] = []
        while at < bytes.count, bytes[at] != 0x22 {
            // RFC 5322 says that any octet may be quoted; but a backslash before a letter is a path of Windows.
            if bytes[at] == 0x5c, at + 1 < bytes.count, bytes[at + 1] == 0x22 || bytes[at + 1] == 0x5c { at += 1 }
            out.append(bytes[at])
            at += 1
        }
        at = min(at + 1, bytes.count)
        return out
    }

    /// Skips the comment that begins here, if one does: nested ones too.
    private mutating func skipComment() -> Bool {
        guard at < bytes.count, bytes[at] == 0x28 else { return false }
        at = AddressList.endOfComment(bytes, at)
        return true
    }
}

/// The pieces of RFC 2231 parameters put together.
private struct ParameterPieces {
    private struct Piece {
        var number: Int
        var isExtended: Bool
        var bytes: [UInt8]
    }
    private var order: [String] = []
    private var plain: [String: [UInt8]] = [:]
    private var pieces: [String: [Piece]] = [:]

    init(_ parameters: [(name: String, value: [UInt8])]) {
        for (name, value) in parameters {
            let parts = name.split(separator: "*", omittingEmptySubsequences: false)
            let base = String(parts.first ?? "")
            if plain[base] == nil, pieces[base] == nil { order.append(base) }
            if parts.count == 1 {
                if plain[base] == nil { plain[base] = value }
                continue
            }
            let number = parts.count > 1 && !parts[1].isEmpty ? Int(parts[1]) : 0
            guard let number, number >= 0, number < 1000 else { continue }
            let piece = Piece(number: number, isExtended: parts.last == "", bytes: value)
            pieces[base, default: []].append(piece)
        }
    }

    /// The extended form wins over the plain one, which is for readers that do not know it (RFC 6266 section 4.3).
    var joined: [StructuredValue.Parameter] {
        order.compactMap { name in
            guard let value = pieces[name].flatMap(Self.join) ?? plain[name].map(EncodedWord.decode) else { return nil }
            return StructuredValue.Parameter(name: name, value: value)
        }
    }

    private static func join(_ pieces: [Piece]) -> String? {
        let sorted = pieces.enumerated().sorted { ($0.element.number, $0.offset) < ($1.element.number, $1.offset) }
        var charset: String?
        var bytes: [UInt8] = []
        var last = -1
        for (_, piece) in sorted where piece.number != last {
            var octets = piece.bytes
            if piece.isExtended {
                if last < 0, let quote = octets.firstIndex(of: 0x27),
                    let second = octets[(quote + 1)...].firstIndex(of: 0x27)
                {
                    charset = [UInt8](octets[..<quote]).lowercasedText
                    octets = [UInt8](octets[(second + 1)...])
                }
                octets = Hex.percentDecoded(octets)
            }
            last = piece.number
            bytes += octets
        }
        guard let charset else { return EncodedWord.decode(bytes) }
        return HeaderLine.cleaned(Charset.decode(bytes, label: charset))
    }
}
