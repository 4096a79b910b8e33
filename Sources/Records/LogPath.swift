// Paths of log files as text. A file's name is bytes, and need not be UTF-8; a path here is a String that stands for
// exactly one sequence of bytes, so that such a file is watched like any other.
// Must stay true: two such texts are equal, and hash alike, only where their bytes are the same, though Swift compares
// texts by what they look like (é of one scalar is é of two); and no character of one is more than one scalar, so that
// a path may be divided at its slashes and asked for its ending.

import Formats

/// The text form of a path: its UTF-8, in which each byte that is not UTF-8 is one of the last 128 scalars of the last
/// private plane (U+10FF80 to U+10FFFF). A scalar that is such a one itself, that looks like others, or that joins the one
/// before or behind it has its bytes written that way too, so the form is one to one.
package enum LogPath {
    private static let escapes: ClosedRange<UInt32> = 0x10ff80...0x10ffff

    package static func text(_ bytes: [UInt8]) -> String {
        // F4 8F BE 80 to F4 8F BF BF are the UTF-8 of the escapes.
        if bytes.allSatisfy({ $0 < 0x80 }) { return String(decoding: bytes, as: UTF8.self) }
        var text = String.UnicodeScalarView()
        for piece in UTF8Pieces(bytes: bytes) {
            switch piece {
            case .invalid(let byte): append(byte, to: &text)
            case .scalar(let scalar) where !standsAlone(scalar):
                for byte in String(Character(scalar)).utf8 { append(byte, to: &text) }
            case .scalar(let scalar): text.append(scalar)
            }
        }
        return String(text)
    }

    /// The form of a path that is written as text, in the settings or in a checkpoint.
    package static func text(ofPath path: String) -> String {
        path.utf8.allSatisfy { $0 < 0x80 } ? path : text(bytes(path))
    }

    /// Whether a scalar is itself alone, in normal form whatever stands beside it (UAX #15, quick check of NFC), and no
    /// part of a larger character (UAX #29).
    private static func standsAlone(_ scalar: Unicode.Scalar) -> Bool {
        // What has a larger value may be a mark, or another's twin.
        if scalar.value < 0x300 { return true }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .format, .privateUse: return false
        default: break
        }
        // Vowels and finals of Hangul join the syllable before them.
        if (0x1100...0x11ff).contains(scalar.value) || scalar.properties.isFullCompositionExclusion { return false }
        return "/\(Character(scalar))/".count == 3
    }

    private static func append(_ byte: UInt8, to text: inout String.UnicodeScalarView) {
        if let scalar = Unicode.Scalar(0x10ff00 + UInt32(byte)) { text.append(scalar) }
    }

    /// The bytes that `path` stands for.
    package static func bytes(_ path: String) -> [UInt8] {
        let plain = Array(path.utf8)
        guard plain.contains(0xf4) else { return plain }
        return path.unicodeScalars.flatMap { scalar -> [UInt8] in
            escapes.contains(scalar.value)
                ? [UInt8(truncatingIfNeeded: scalar.value)] : Array(String(Character(scalar)).utf8)
        }
    }

    /// For people: on one line, foreign bytes as `\xNN`.
    package static func shown(_ path: String) -> String { Printable.text(bytes(path)) }
}
