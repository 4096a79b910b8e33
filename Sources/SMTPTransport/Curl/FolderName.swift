// Names of IMAP folders: modified UTF-7 (RFC 3501 section 5.1.3) on the wire, percent-encoded in curl's URLs; and what LIST
// says of them. Pure.

import Formats

package enum FolderName {
    /// `Gesendet & Mehr` → `Gesendet &- Mehr`; `Entwürfe` → `Entw&APw-rfe`.
    package static func encoded(_ name: String) -> [UInt8] {
        var out: [UInt8] = []
        var held: [UInt16] = []
        func flush() {
            guard !held.isEmpty else { return }
            let base64 = Base64.encode(held.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] })
            out.append(UInt8(ascii: "&"))
            out += base64.utf8.filter { $0 != UInt8(ascii: "=") }.map {
                $0 == UInt8(ascii: "/") ? UInt8(ascii: ",") : $0
            }
            out.append(UInt8(ascii: "-"))
            held = []
        }
        for unit in name.utf16 {
            if (0x20...0x7e).contains(unit) {
                flush()
                out.append(UInt8(truncatingIfNeeded: unit))
                if unit == 0x26 { out.append(UInt8(ascii: "-")) }
            } else {
                held.append(unit)
            }
        }
        flush()
        return out
    }

    /// The folder that LIST says is for what was sent (RFC 6154), as it stands on the wire; nil where none is. A name that is
    /// sent as a literal is not found: curl does not print it whole.
    package static func sent(in answer: [UInt8]) -> [UInt8]? {
        for line in answer.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d }) where line.starts(with: "* LIST (".utf8)
        {
            let rest = line.dropFirst(8)
            guard let end = rest.firstIndex(of: UInt8(ascii: ")")) else { continue }
            let flags = rest[..<end].split(separator: 0x20).map {
                Octets(String(decoding: $0, as: UTF8.self).lowercased())
            }
            guard flags.contains("\\sent"), !flags.contains("\\noselect") else { continue }
            // A space, the delimiter, a space, the name.
            var words = Words(rest: rest[(end + 1)...])
            guard words.next() != nil, !words.isAtLiteral, let name = words.next(), !name.isEmpty else { continue }
            return name
        }
        return nil
    }

    /// Atoms and quoted strings (RFC 3501 section 4).
    private struct Words {
        var rest: ArraySlice<UInt8>

        /// `{5}`; a quoted name may begin so, too.
        var isAtLiteral: Bool { rest.first { $0 != 0x20 } == UInt8(ascii: "{") }

        mutating func next() -> [UInt8]? {
            rest = rest.drop { $0 == 0x20 }
            guard let first = rest.first else { return nil }
            guard first == UInt8(ascii: "\"") else {
                let word = rest.prefix { $0 != 0x20 }
                rest = rest[word.endIndex...]
                return Array(word)
            }
            var out: [UInt8] = []
            var at = rest.index(after: rest.startIndex)
            while at < rest.endIndex {
                var byte = rest[at]
                at += 1
                if byte == UInt8(ascii: "\"") {
                    rest = rest[at...]
                    return out
                }
                if byte == UInt8(ascii: "\\"), at < rest.endIndex {
                    byte = rest[at]
                    at += 1
                }
                out.append(byte)
            }
            return nil
        }
    }
}
