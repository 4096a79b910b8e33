// Encodings in which a log cannot be matched: patterns are of bytes, in ASCII and what has ASCII in it.

import Formats

/// How a text is encoded in which no pattern finds anything.
package enum WideEncoding: Sendable {
    /// UTF-16 with a byte order mark.
    case marked
    /// UTF-16 without one, the lower byte of each unit first.
    case littleEndian
    /// Likewise, the higher byte first.
    case bigEndian
    /// A part of it is UTF-16, behind bytes of another encoding.
    case mixed

    /// Of a text that begins with these bytes: by its byte order mark, or by the NULs of the ASCII in it. Nil where neither
    /// tells: text of another encoding, and UTF-16 without a mark that has hardly any ASCII in it.
    package init?(head: [UInt8]) {
        if head.starts(with: [0xff, 0xfe]) || head.starts(with: [0xfe, 0xff]) {
            self = .marked
            return
        }
        guard let place = Self.placeOfNULs(head) else { return nil }
        let isASCII = head.prefix(2).allSatisfy { $0 >= 0x20 && $0 < 0x7f || (0x09...0x0d).contains($0) }
        self = isASCII ? .mixed : place == 1 ? .littleEndian : .bigEndian
    }

    /// Whether most of such a stretch of a text is in UTF-16; it may begin within a character.
    package static func fills(_ bytes: [UInt8]) -> Bool { placeOfNULs(bytes) != nil }

    /// So much of the end of a text tells in what it goes on: a single line in UTF-16, as a record of some program may hold
    /// one, is no other encoding.
    package static let stretch = 4096

    /// In which byte of each pair the NULs stand, if they stand in more than half of the pairs, and hardly anywhere else. A
    /// hole of NULs has them in both.
    private static func placeOfNULs(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 16 else { return nil }
        var counts = (first: 0, second: 0)
        for (index, byte) in bytes.enumerated() where byte == 0 {
            if index & 1 == 0 { counts.first += 1 } else { counts.second += 1 }
        }
        let (most, least) = (max(counts.first, counts.second), min(counts.first, counts.second))
        guard most * 4 > bytes.count, least * 10 <= most else { return nil }
        return counts.second > counts.first ? 1 : 0
    }

    /// Behind the name of a file: what it is, and what a person can do with it.
    /// - Parameters:
    ///   - path: as the shell takes it; nil for standard input.
    ///   - unpack: the command that writes the text of an archive; nil of what is none.
    ///   - scan: how a person calls `herald scan -`.
    package func words(path: String?, unpack: String? = nil, scan: String) -> String {
        let text =
            switch self {
            case .marked: "iconv -f UTF-16 -t UTF-8"
            case .littleEndian: "iconv -f UTF-16LE -t UTF-8"
            case .bigEndian: "iconv -f UTF-16BE -t UTF-8"
            // Wherever it begins; of what is no ASCII in it nothing is left that can be read.
            case .mixed: "tr -d '\\000'"
            }
        let what = self == .mixed ? "is UTF-16 in part" : "is UTF-16"
        let command = unpack.map { "\($0) | \(text)" } ?? path.map { "\(text) < \($0)" } ?? text
        return "\(what): `\(command) | \(scan)`"
    }
}
