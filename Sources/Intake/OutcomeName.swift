// File names beside a foreign name: bytes throughout, never longer than a directory allows, cut between characters.

import Formats

package enum OutcomeName {
    /// NAME_MAX of Linux's file systems.
    static let longest = 255

    /// `NAME.herald.json`; of a long name its beginning and a hash of the whole.
    package static func sidecar(_ name: [UInt8]) -> [UInt8] { suffixed(name, ".herald.json") }

    /// `stem~2.ending`.
    static func numbered(_ name: [UInt8], _ number: Int) -> [UInt8] {
        let mark = Array("~\(number)".utf8)
        guard let dot = name.lastIndex(of: 0x2e), dot > 0, name.count - dot <= 16 else {
            return cut(name, to: longest - mark.count) + mark
        }
        return cut(Array(name[..<dot]), to: longest - mark.count - (name.count - dot)) + mark + name[dot...]
    }

    /// A name that nobody else chooses, out of 32 random hexadecimal digits.
    package static func unique(_ name: [UInt8], _ random: String) -> [UInt8] { suffixed(name, "~\(random)") }

    static func suffixed(_ name: [UInt8], _ suffix: String) -> [UInt8] {
        if name.count + suffix.utf8.count <= longest { return name + Array(suffix.utf8) }
        let hash = "~" + Hex.encode(SHA256.digest(name).prefix(4))
        return cut(name, to: longest - suffix.utf8.count - hash.utf8.count) + Array((hash + suffix).utf8)
    }

    /// At most `count` bytes, not ending within a UTF-8 character.
    private static func cut(_ name: [UInt8], to count: Int) -> [UInt8] {
        guard name.count > count else { return name }
        var end = max(0, count)
        while end > 0, name[end] & 0xc0 == 0x80 { end -= 1 }
        return Array(name[..<end])
    }
}
