// Foreign bytes made safe to show: in a terminal, a log, a letter. Log lines, replies of servers and file names are
// hostile: escape sequences move cursors, bidirectional characters make a text read as another.

extension Unicode.Scalar {
    /// Whether this must not reach a terminal or a letter as it is: controls (C0, C1, DEL), bidirectional embeddings,
    /// overrides, isolates and marks, line and paragraph separators, zero-width and other invisible characters,
    /// tag characters, noncharacters.
    package var isUnsafeToShow: Bool {
        switch value {
        case 0..<0x20, 0x7f..<0xa0: true
        case 0xad, 0x61c, 0x180e, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff, 0xfff9...0xfffb: true
        case 0xe0000...0xe0fff: true
        default: value & 0xfffe == 0xfffe || (0xfdd0...0xfdef).contains(value)
        }
    }
}

extension Unicode.Scalar {
    /// Whether it is drawn over what stands before it.
    fileprivate var isCombining: Bool {
        guard value >= 0x300 else { return false }
        let category = properties.generalCategory
        return category == .nonspacingMark || category == .enclosingMark
    }
}

package enum Printable {
    /// Marks on one letter; no script needs more, and a thousand paint over the lines above.
    private static let markLimit = 8

    /// `bytes` as text on one line: invalid UTF-8 as `\xNN`, unsafe characters as `\n`, `\t`, `\u{NNNN}`. With
    /// `keepingLines`, newlines and tabs stay. Longer texts are cut at `limit` characters, and end in `…`.
    package static func text(
        _ bytes: some Sequence<UInt8>, keepingLines: Bool = false, limit: Int = .max
    ) -> String {
        let bytes = Array(bytes)
        // Most texts are printable ASCII, and stay as they are.
        if bytes.count <= limit, bytes.allSatisfy({ $0 &- 0x20 < 0x5f }) {
            return String(decoding: bytes, as: UTF8.self)
        }
        var out = ""
        var count = 0
        var marks = 0
        var decoder = UTF8Pieces(bytes: bytes)
        while let piece = decoder.next() {
            guard count < limit else {
                out += "…"
                break
            }
            count += 1
            switch piece {
            case .invalid(let byte): out += "\\x" + Hex.encode([byte])
            case .scalar("\n") where keepingLines: out += "\n"
            case .scalar("\t") where keepingLines: out += "\t"
            case .scalar("\n"): out += "\\n"
            case .scalar("\r"): out += "\\r"
            case .scalar("\t"): out += "\\t"
            case .scalar(let scalar):
                marks = scalar.isCombining ? marks + 1 : 0
                if scalar.isUnsafeToShow || marks > markLimit {
                    out += "\\u{" + String(scalar.value, radix: 16) + "}"
                } else {
                    out.unicodeScalars.append(scalar)
                }
            }
        }
        return out
    }

    package static func text(_ string: String, keepingLines: Bool = false, limit: Int = .max) -> String {
        text(string.utf8, keepingLines: keepingLines, limit: limit)
    }
}

/// A walk over bytes that are mostly UTF-8: each step a scalar, or a byte that is none.
package struct UTF8Pieces: IteratorProtocol, Sequence, Sendable {
    package enum Piece: Equatable, Sendable {
        case scalar(Unicode.Scalar)
        case invalid(UInt8)
    }

    private let bytes: [UInt8]
    private var at = 0

    package init(bytes: [UInt8]) { self.bytes = bytes }

    package mutating func next() -> Piece? {
        guard at < bytes.count else { return nil }
        let first = bytes[at]
        let length: Int
        var value: UInt32
        switch first {
        case 0..<0x80: (length, value) = (1, UInt32(first))
        case 0xc2..<0xe0: (length, value) = (2, UInt32(first & 0x1f))
        case 0xe0..<0xf0: (length, value) = (3, UInt32(first & 0x0f))
        case 0xf0..<0xf5: (length, value) = (4, UInt32(first & 0x07))
        default: return invalid(first)
        }
        guard at + length <= bytes.count else { return invalid(first) }
        for byte in bytes[at + 1..<at + length] {
            guard byte & 0xc0 == 0x80 else { return invalid(first) }
            value = value << 6 | UInt32(byte & 0x3f)
        }
        let minimum: [UInt32] = [0, 0, 0x80, 0x800, 0x10000]
        guard value >= minimum[length], let scalar = Unicode.Scalar(value) else { return invalid(first) }
        at += length
        return .scalar(scalar)
    }

    private mutating func invalid(_ byte: UInt8) -> Piece {
        at += 1
        return .invalid(byte)
    }
}
