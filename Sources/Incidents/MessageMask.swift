// A message without what varies from one occurrence to the next, so that a thousand lines about a thousand requests are
// one incident. Linear in its input, bounded, and stable: a change here is a new `Fingerprint.version`.

/// Masks the variable parts of a message: numbers, hexadecimal words, addresses, UUIDs, times, quoted strings, and the
/// components of paths that hold digits.
package struct MessageMask {
    /// What is looked at of a message; the rest does not count.
    package static let limit = 1024

    private let bytes: [UInt8]
    private var at = 0
    private var out: [UInt8] = []

    /// The masked form of `message`; each variable part is a `#`, a quoted string `"#"`.
    package static func masked(_ message: some Collection<UInt8>) -> [UInt8] {
        var mask = MessageMask(bytes: Array(message.prefix(limit)))
        mask.run()
        return mask.out
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
        out.reserveCapacity(bytes.count)
    }

    private mutating func run() {
        while at < bytes.count {
            let byte = bytes[at]
            if let end = quoteEnd(byte) {
                out += [UInt8(ascii: "\""), hash, UInt8(ascii: "\"")]
                at = end
            } else if byte == UInt8(ascii: "/"), !precededByWord {
                path()
            } else if Self.isWord(byte) {
                word()
            } else {
                // Runs of blanks are one: columns are padded by what stands in them.
                if byte != space || out.last != space { out.append(byte) }
                at += 1
            }
        }
    }

    private let hash = UInt8(ascii: "#")
    private let space = UInt8(ascii: " ")

    private var precededByWord: Bool { at > 0 && Self.isWord(bytes[at - 1]) }

    /// Where the quoted string that begins here ends. An apostrophe within a word (don't) begins none.
    private func quoteEnd(_ byte: UInt8) -> Int? {
        guard byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") || byte == UInt8(ascii: "`"), !precededByWord
        else { return nil }
        var index = at + 1
        while index < bytes.count, bytes[index] != 0x0a {
            if bytes[index] == UInt8(ascii: "\\") {
                index += 2
                continue
            }
            // `so' is how old programs quote.
            if bytes[index] == byte || (byte == UInt8(ascii: "`") && bytes[index] == UInt8(ascii: "'")) {
                return index + 1
            }
            index += 1
        }
        return nil
    }

    /// A path: components with digits or of great length are masked whole, and so is what lies in a temporary folder.
    private mutating func path() {
        var temporary = false
        while at < bytes.count, bytes[at] == UInt8(ascii: "/") {
            out.append(bytes[at])
            at += 1
            let start = at
            while at < bytes.count, Self.isPathByte(bytes[at]) { at += 1 }
            var end = at
            while end > start, Self.isSentenceEnd(bytes[end - 1]) { end -= 1 }
            let component = bytes[start..<end]
            if component.contains(where: Self.isDigit) || component.count > 40 || (temporary && !component.isEmpty) {
                out.append(hash)
            } else {
                out += component
            }
            out += bytes[end..<at]
            temporary = temporary || component.elementsEqual("tmp".utf8)
        }
    }

    /// A word with what may join it to others: an address or a UUID whole, else its pieces.
    private mutating func word() {
        if let end = addressEnd() ?? uuidEnd() {
            out.append(hash)
            at = end
            return
        }
        let start = at
        while at < bytes.count, Self.isWord(bytes[at]) { at += 1 }
        let piece = bytes[start..<at]
        if Self.isVariable(piece) || isMonth(piece) {
            out.append(hash)
            return
        }
        for byte in piece {
            if !Self.isDigit(byte) {
                out.append(byte)
            } else if out.last != hash {
                out.append(hash)
            }
        }
    }

    /// IPv6, MAC addresses and times of day: hexadecimal digits with two colons at least.
    private func addressEnd() -> Int? {
        var index = at
        var colons = 0
        while index < bytes.count, Self.isHex(bytes[index]) || bytes[index] == 0x3a || bytes[index] == 0x2e {
            if bytes[index] == 0x3a { colons += 1 }
            index += 1
        }
        while index > at, bytes[index - 1] == 0x3a || bytes[index - 1] == 0x2e {
            if bytes[index - 1] == 0x3a { colons -= 1 }
            index -= 1
        }
        guard colons >= 2, index == bytes.count || !Self.isWord(bytes[index]) else { return nil }
        return index
    }

    /// 8-4-4-4-12 hexadecimal digits.
    private func uuidEnd() -> Int? {
        guard at + 36 <= bytes.count, at + 36 == bytes.count || !Self.isWord(bytes[at + 36]) else { return nil }
        for offset in 0..<36 {
            let byte = bytes[at + offset]
            let dash = offset == 8 || offset == 13 || offset == 18 || offset == 23
            guard dash ? byte == UInt8(ascii: "-") : Self.isHex(byte) else { return nil }
        }
        return at + 36
    }

    /// `Nov` before a day of the month.
    private func isMonth(_ piece: ArraySlice<UInt8>) -> Bool {
        guard piece.count == 3, Self.months.contains(where: { piece.elementsEqual($0) }) else { return false }
        var index = at
        while index < bytes.count, bytes[index] == space { index += 1 }
        return index > at && index < bytes.count && Self.isDigit(bytes[index])
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ].map { Array($0.utf8) }

    /// Hexadecimal words (0x…, or six digits and more of which one is decimal, or sixteen), and words in which letters
    /// and digits alternate as no name does: identifiers of requests, sessions, containers.
    private static func isVariable(_ piece: ArraySlice<UInt8>) -> Bool {
        let digits = piece.count(where: isDigit)
        if digits > 0, piece.starts(with: "0x".utf8) { return true }
        if piece.allSatisfy(isHex), (digits > 0 && piece.count >= 6) || piece.count >= 16 { return true }
        guard piece.count >= 8, digits > 0 else { return false }
        var changes = 0
        for (before, after) in zip(piece, piece.dropFirst()) where isDigit(before) != isDigit(after) { changes += 1 }
        return changes >= 3
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
    private static func isHex(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20) &- 0x61 < 6 }
    /// Letters, digits, and every byte beyond ASCII.
    private static func isWord(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20) &- 0x61 < 26 || byte >= 0x80 }
    private static func isSentenceEnd(_ byte: UInt8) -> Bool { byte == 0x2e || byte == 0x2c || byte == 0x3a }
    private static func isPathByte(_ byte: UInt8) -> Bool {
        isWord(byte) || "._-+@~%=,:#".utf8.contains(byte)
    }
}
