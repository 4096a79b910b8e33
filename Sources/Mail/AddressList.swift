// Address lists as the world writes them (RFC 5322 sections 3.4 and 4.4): groups, comments, routes, quoted names with
// anything in them, encoded words. Tolerant: what holds no valid address is left out. One pass, linear.

import Formats

package enum AddressList {
    /// The people of a field, in order; groups are dissolved. At most 5000.
    package static func parse(_ raw: [UInt8]) -> [Mailbox] {
        var reader = AddressListReader(bytes: raw)
        return reader.run()
    }

    /// What in a field stands where somebody should, and holds no valid address: the first such, as it was written; nil
    /// where there is none. `parse` leaves it out.
    package static func leftOut(of raw: [UInt8]) -> String? {
        var reader = AddressListReader(bytes: raw)
        _ = reader.run()
        return reader.leftOut.map { String(decoding: $0.prefix(200), as: UTF8.self) }
    }

    package static func parse(_ text: String) -> [Mailbox] { parse(Array(text.utf8)) }

    /// After the comment that begins at `start`, comments within it too; one that does not end goes to the end.
    static func endOfComment(_ bytes: [UInt8], _ start: Int) -> Int {
        var depth = 0
        var at = start
        while at < bytes.count {
            switch bytes[at] {
            case 0x5c: at += 1
            case 0x28: depth += 1
            case 0x29: depth -= 1
            default: break
            }
            at += 1
            if depth == 0 { break }
        }
        return min(at, bytes.count)
    }
}

private struct AddressListReader {
    let bytes: [UInt8]
    var at = 0
    var found: [Mailbox] = []
    /// Of the mailbox being read: words outside brackets, as a name and as an address; what stands in brackets; the
    /// last comment.
    var phrase: [UInt8] = []
    var bare: [UInt8] = []  // with `gap` for spaces
    var angle: [UInt8]?
    /// The first stretch between commas that was something, and no address.
    var leftOut: [UInt8]?
    private var began = 0
    var nameEnd = 0  // of `phrase` where the brackets began
    var comment: [UInt8] = []
    /// Where the last quote stands: an opening one there has no partner and is a character like another.
    let lastQuote: Int

    init(bytes: [UInt8]) {
        self.bytes = bytes
        lastQuote = bytes.lastIndex(of: 0x22) ?? -1
    }

    mutating func run() -> [Mailbox] {
        while at < bytes.count, found.count < 5000 {
            switch bytes[at] {
            case 0x2c, 0x3b:  // , ;
                finish()
                at += 1
            case 0x3a:  // the name of a group ends
                reset()
                at += 1
            case 0x28:
                let end = AddressList.endOfComment(bytes, at)
                comment = [UInt8](bytes[(at + 1)..<max(at + 1, end - 1)])
                phrase.append(0x20)
                bare.append(Self.gap)
                at = end
            case 0x22 where at < lastQuote: quotedString()
            case 0x3c: angleAddress()
            case 0x5b: literal()
            default: word()
            }
        }
        finish()
        return found
    }

    private mutating func reset() {
        (phrase, bare, angle, comment) = ([], [], nil, [])
        // Behind the comma, semicolon or colon that is about to be passed.
        began = min(at + 1, bytes.count)
    }

    private mutating func word() {
        if let end = endOfEncodedWords() {
            let words = bytes[at..<end]
            phrase += words
            // A name that is an address, beside the address itself, is not a second one.
            let isName = words.contains(0x40) && (end == bytes.count || Self.endsWord(bytes[end]))
            if isName { bare.append(Self.gap) } else { bare += words }
            at = end
            return
        }
        let byte = bytes[at]
        at += 1
        if byte == 0x3e { return }  // one too many
        phrase.append(byte)
        bare.append(byte.isSpace ? Self.gap : byte)
    }

    /// After the encoded words that begin here, one behind the other. Where an atom goes on behind them they are a part of it
    /// (RFC 2047 section 5, rule 3): an address may have such a local part.
    private func endOfEncodedWords() -> Int? {
        var end = at
        while let word = EncodedWord.read(bytes, at: end, inPhrase: true) { end = word.end }
        return end == at ? nil : end
    }

    private static func endsWord(_ byte: UInt8) -> Bool { byte.isSpace || "<(\",;:".utf8.contains(byte) }

    private mutating func quotedString() {
        let start = at
        at += 1
        while at < bytes.count, bytes[at] != 0x22 {
            if bytes[at] == 0x5c, at + 1 < bytes.count { at += 1 }
            phrase.append(bytes[at])
            at += 1
        }
        at = min(at + 1, bytes.count)
        bare += bytes[start..<at]
    }

    private mutating func literal() {
        let end = bytes.index(of: 0x5d, in: at..<min(bytes.count, at + 256)).map { $0 + 1 } ?? at + 1
        phrase += bytes[at..<end]
        bare += bytes[at..<end]
        at = end
    }

    /// `<addr>`, `<@route,@route:addr>`. One without an end stops at a comma.
    private mutating func angleAddress() {
        at += 1
        if angle?.isEmpty == false {  // the comma between two people is missing
            let next = [UInt8](phrase.dropFirst(nameEnd))
            phrase.removeSubrange(min(nameEnd, phrase.count)...)
            finish()
            phrase = next
        }
        nameEnd = phrase.count
        var inner: [UInt8] = []
        var inQuotes = false
        while at < bytes.count, inQuotes || bytes[at] != 0x3e {
            let byte = bytes[at]
            if !inQuotes, byte == 0x2c, inner.first != 0x40 { break }
            if !inQuotes, byte == 0x3c { break }
            if !inQuotes, byte == 0x28 {
                at = AddressList.endOfComment(bytes, at)
                continue
            }
            if inQuotes, byte == 0x5c, at + 1 < bytes.count {
                inner += [byte, bytes[at + 1]]
                at += 2
                continue
            }
            if byte == 0x22, inQuotes || at < lastQuote { inQuotes.toggle() }
            inner.append(!inQuotes && byte.isSpace ? Self.gap : byte)
            at += 1
        }
        if at < bytes.count, bytes[at] == 0x3e { at += 1 }
        // RFC 5322 section 4.4: a route is read and ignored.
        inner = Self.withoutGaps(inner)
        if inner.first == 0x40, let colon = inner.firstIndex(of: 0x3a) { inner.removeFirst(colon + 1) }
        angle = inner
    }

    private mutating func finish() {
        defer { reset() }
        let count = found.count
        defer {
            let isNothing = angle == nil && bare.allSatisfy { $0 == Self.gap }
            if found.count == count, !isNothing, leftOut == nil {
                leftOut = [UInt8](bytes[min(began, at)..<at]).trimmed
            }
        }
        if let angle {
            guard let address = Self.address(angle) else { return }
            found.append(Mailbox(Self.name(phrase), address))
        } else if let address = Self.address(Self.withoutGaps(bare)) {
            found.append(Mailbox(Self.name(comment), address))
        } else {
            finishWithoutBrackets()
        }
    }

    /// `Jane Doe jane@example.com`: the one word that is an address, when there is one.
    private mutating func finishWithoutBrackets() {
        let words = bare.split(separator: Self.gap)
        let addresses = words.filter { $0.contains(0x40) }
        guard addresses.count == 1, let address = Self.address([UInt8](addresses[0])) else { return }
        let others = words.filter { !$0.contains(0x40) }.joined(separator: [0x20])
        found.append(Mailbox(Self.name([UInt8](others)), address))
    }

    /// A space outside quotes; no address has a NUL.
    private static let gap: UInt8 = 0

    /// Spaces gone at the ends and around dots and the @, where RFC 5322 section 4.4 allows them.
    private static func withoutGaps(_ raw: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var gapped = false
        for byte in raw {
            if byte == gap {
                gapped = true
                continue
            }
            let joins = byte == 0x2e || byte == 0x40 || out.isEmpty || out.last == 0x2e || out.last == 0x40
            if gapped, !joins { out.append(gap) }
            gapped = false
            out.append(byte)
        }
        return out
    }

    private static func name(_ raw: [UInt8]) -> String? {
        let words = EncodedWord.decode(raw).utf8.split(separator: 0x20).map { String(Substring($0)) }
        return words.isEmpty ? nil : words.joined(separator: " ")
    }

    private static func address(_ raw: [UInt8]) -> EmailAddress? {
        guard raw.count <= 1000, raw.contains(0x40), let text = String(validating: raw, as: UTF8.self) else {
            return nil
        }
        let plain = text.lowercased().hasPrefix("mailto:") ? String(text.dropFirst(7)) : text
        do {
            return try EmailAddress(plain)
        } catch {
            // Some providers gave out local parts with dots at the end or together; quoted they are valid.
            guard error.reason == .dots, !plain.hasPrefix("\""), let sign = plain.lastIndex(of: "@") else { return nil }
            return try? EmailAddress("\"" + plain[..<sign] + "\"" + plain[sign...])
        }
    }
}
