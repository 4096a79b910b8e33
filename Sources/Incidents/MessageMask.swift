// A message without what varies from one occurrence to the next, so that a thousand lines about a thousand requests are
// one incident. Linear in its input, bounded, and stable: a change here is a new `Fingerprint.version`.

import Formats

/// Masks the variable parts of a message: numbers with their units, hexadecimal words, addresses, UUIDs, times, quoted
/// strings, and the variable parts of paths. What names the fault (words, devices, hosts) stays.
package struct MessageMask {
    /// What is looked at of a message; the rest does not count.
    package static let limit = 1024

    private let bytes: [UInt8]
    private let hasSign: Bool
    private var at = 0
    private var out: [UInt8]
    /// Where the masked form begins in `out`.
    private let start: Int

    /// The masked form of `message`; each variable part is a `#`, a quoted string `"#"`.
    package static func masked(_ message: some Collection<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        append(message, to: &out)
        return out
    }

    /// Appends the masked form of `message`.
    package static func append(_ message: some Collection<UInt8>, to out: inout [UInt8]) {
        var mask = MessageMask(Array(message.prefix(limit)), behind: out)
        // Only one may own the buffer, or it is copied.
        out = []
        mask.run()
        out = mask.out
    }

    private init(_ bytes: [UInt8], behind out: [UInt8]) {
        self.bytes = bytes
        hasSign = bytes.contains(UInt8(ascii: "@"))
        self.out = out
        start = out.count
    }

    /// The last byte of the masked form so far.
    private var last: UInt8? { out.count > start ? out[out.count - 1] : nil }

    private mutating func run() {
        while at < bytes.count {
            let byte = bytes[at]
            if let end = quoteEnd(byte) {
                if bytes.withUnsafeBufferPointer({ DeviceName.pathEnd($0, at + 1) }) == end - 1 {
                    out += bytes[at..<end]
                    at = end
                    continue
                }
                out += [UInt8(ascii: "\""), hash, UInt8(ascii: "\"")]
                at = end
            } else if byte == UInt8(ascii: "/"), !precededByWord {
                if let end = bytes.withUnsafeBufferPointer({ DeviceName.pathEnd($0, at) }) {
                    out += bytes[at..<end]
                    at = end
                } else {
                    path()
                }
            } else if VariableToken.isWord(byte) || byte == UInt8(ascii: ":") {
                word()
            } else {
                // Runs of blanks are one: columns are padded by what stands in them.
                if byte != space || last != space { out.append(byte) }
                at += 1
            }
        }
    }

    private let hash = UInt8(ascii: "#")
    private let space = UInt8(ascii: " ")

    private var precededByWord: Bool { at > 0 && VariableToken.isWord(bytes[at - 1]) }

    private mutating func mask(to end: Int) {
        // What varies in how many pieces it has is still one.
        if last != hash { out.append(hash) }
        at = end
    }

    /// Where the quoted string that begins here ends. An apostrophe within a word (don't) begins none.
    private func quoteEnd(_ byte: UInt8) -> Int? {
        if byte >= 0xc2, let end = typographicQuoteEnd() { return end }
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

    /// ‘so’ and “so” and «so»: what coreutils and others write in a UTF-8 locale.
    private func typographicQuoteEnd() -> Int? {
        guard let pair = Self.quotes.first(where: { bytes[at...].starts(with: $0.open) }) else { return nil }
        var index = at + pair.open.count
        while index < bytes.count, bytes[index] != 0x0a {
            if bytes[index] == pair.close[0], bytes[index...].starts(with: pair.close) {
                return index + pair.close.count
            }
            index += 1
        }
        return nil
    }

    private static let quotes = [("‘", "’"), ("“", "”"), ("«", "»")].map {
        (open: Array($0.0.utf8), close: Array($0.1.utf8))
    }

    /// A path: components that are identifiers, or of great length, are masked whole; in others the numbers are. What lies
    /// in a temporary folder is masked.
    private mutating func path() {
        var temporary = false
        while at < bytes.count, bytes[at] == UInt8(ascii: "/") {
            out.append(bytes[at])
            at += 1
            let start = at
            while at < bytes.count, VariableToken.isPathByte(bytes[at]) { at += 1 }
            var end = at
            while end > start, VariableToken.isSentenceEnd(bytes[end - 1]) { end -= 1 }
            let component = bytes[start..<end]
            if component.count > 40 || (temporary && !component.isEmpty) || VariableToken.uuidEnd(bytes, start) == end {
                out.append(hash)
            } else {
                maskNumbers(of: component)
            }
            out += bytes[end..<at]
            temporary = temporary || component.elementsEqual("tmp".utf8)
        }
    }

    /// A component's words, each by itself.
    private mutating func maskNumbers(of component: ArraySlice<UInt8>) {
        var index = component.startIndex
        while index < component.endIndex {
            let start = index
            while index < component.endIndex, VariableToken.isWord(bytes[index]) { index += 1 }
            if index > start {
                keep(bytes[start..<index])
            } else {
                out.append(bytes[index])
                index += 1
            }
        }
    }

    /// A word with what may join it to others: an address, a date or a UUID whole, else its pieces.
    private mutating func word() {
        if VariableToken.isDigit(bytes[at]), let end = bytes.withUnsafeBufferPointer({ DeviceName.mapperEnd($0, at) }) {
            out += bytes[at..<end]
            at = end
            return
        }
        if !precededByWord, let end = VariableToken.end(in: bytes, from: at, hasSign: hasSign) { return mask(to: end) }
        guard VariableToken.isWord(bytes[at]) else {  // a colon that begins no address
            out.append(bytes[at])
            at += 1
            return
        }
        let start = at
        let isWhole = !precededByWord
        while at < bytes.count, VariableToken.isWord(bytes[at]) { at += 1 }
        keep(bytes[start..<at], isWhole: isWhole)
    }

    /// A run of letters and digits. `isWhole`: nothing of its word was taken for something else.
    private mutating func keep(_ piece: ArraySlice<UInt8>, isWhole: Bool = true) {
        if isWhole, DeviceName.isName(piece) {
            out += piece
            return
        }
        // The last part of a generated name: nginx-7d8b49557c-x8z2l.
        let follows = out.count - start >= 2 && last == UInt8(ascii: "-") && out[out.count - 2] == hash
        if VariableToken.isIdentifier(piece) || (follows && VariableToken.isGeneratedSuffix(piece)) {
            if last != hash { out.append(hash) }
            return
        }
        for byte in piece {
            if !VariableToken.isDigit(byte) {
                out.append(byte)
            } else if last != hash {
                out.append(hash)
            }
        }
    }
}
