// The charset of a text that does not say: byte order mark, else UTF-8 if it is valid, else Windows-1252.

import Mail

package enum CharsetGuess {
    /// Never fails. Line ends become LF; NUL becomes a space.
    package static func decode(_ bytes: [UInt8]) -> String {
        if bytes.starts(with: [0xff, 0xfe]) { return lines(utf16(bytes.dropFirst(2), littleEndian: true)) }
        if bytes.starts(with: [0xfe, 0xff]) { return lines(utf16(bytes.dropFirst(2), littleEndian: false)) }
        return lines(Charset.guess(bytes))
    }

    private static func utf16(_ bytes: ArraySlice<UInt8>, littleEndian: Bool) -> String {
        var units: [UInt16] = []
        units.reserveCapacity(bytes.count / 2)
        var pending: UInt8?
        for byte in bytes {
            if let first = pending {
                units.append(littleEndian ? UInt16(byte) << 8 | UInt16(first) : UInt16(first) << 8 | UInt16(byte))
                pending = nil
            } else {
                pending = byte
            }
        }
        return String(decoding: units, as: UTF16.self)
    }

    private static func lines(_ text: String) -> String {
        var out = String.UnicodeScalarView()
        var afterReturn = false
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\r": out.append("\n")
            case "\n" where afterReturn: break
            case "\0": out.append(" ")
            default: out.append(scalar)
            }
            afterReturn = scalar == "\r"
        }
        return String(out)
    }
}
