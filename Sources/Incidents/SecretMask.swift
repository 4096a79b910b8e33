// What looks like a secret is masked before a line is kept or sent: a report leaves the host, and the database of
// incidents is read by more people than the log. Masking too much is the smaller fault, but a letter whose error message
// is masked helps nobody: so the words that fault messages put behind "password:" and "token:" are known.
//
// Must stay true: one walk over the text, every look ahead bounded or made once, so that no line takes longer than its
// length allows.

/// Replaces what looks like a password, token or private key by `***`.
package struct SecretMask {
    let bytes: [UInt8]
    /// `bytes` with A to Z as a to z.
    let lower: [UInt8]
    var out: [UInt8] = []
    var at = 0
    /// The last run of a word's characters whose end was looked for.
    var lastRun = 0..<0
    /// Up to here no web token, and no other one, can begin: a run was seen that holds none.
    var noWebTokenBefore = 0
    var noTokenBefore = 0
    /// The program whose arguments are read.
    var program: Program?

    /// `text` with its secrets masked; in linear time. A second time it has no effect, but where the first brought together
    /// what stood too far apart to be looked at.
    package static func masked(_ text: [UInt8]) -> [UInt8] {
        var mask = SecretMask(text)
        mask.run()
        return mask.out
    }

    static func masked(_ text: String) -> String { String(decoding: masked(Array(text.utf8)), as: UTF8.self) }

    /// Whether a field of this name holds a secret.
    package static func isSecretName(_ name: String) -> Bool {
        let lower = Array(name.lowercased().utf8)
        return names.contains { name in
            lower.count >= name.count && (0...(lower.count - name.count)).contains { lower[$0...].starts(with: name) }
        }
    }

    private init(_ text: [UInt8]) {
        bytes = text
        lower = text.map { Self.lowered($0) }
        out.reserveCapacity(text.count)
    }

    private mutating func run() {
        let signs = Self.signs
        while at < bytes.count {
            // What cannot begin a secret is copied as a run.
            var end = at
            while end < bytes.count, !signs.mayBegin(lower[end], end + 1 < lower.count ? lower[end + 1] : 0) {
                if Self.endsCommand(bytes[end]) { program = nil }
                end += 1
            }
            out += bytes[at..<end]
            at = end
            guard at < bytes.count else { return }
            if Self.endsCommand(bytes[at]) { program = nil }
            if maskHere() { continue }
            out.append(bytes[at])
            at += 1
        }
    }

    private static func endsCommand(_ byte: UInt8) -> Bool {
        byte == 0x0a || byte == UInt8(ascii: ";") || byte == UInt8(ascii: "|")
    }

    /// Masks the secret that begins here, or whose sign does, and goes behind it.
    private mutating func maskHere() -> Bool {
        noteProgram()
        return maskPrivateKey() || maskURLPassword() || maskSourcePassword() || maskArgument() || maskScheme()
            || maskPath() || maskWebToken() || maskKnownToken() || maskNamedValue()
    }

    /// The two bytes with which a secret's sign can begin: nearly all of a line is passed over by this table.
    private struct Signs {
        /// For each first byte the second ones, as bits.
        private var bits = [UInt64](repeating: 0, count: 256 * 4)

        init() {
            let words = names + exactNames + schemes + prefixes.map(\.text) + paths + Program.all.map(\.name)
            // Behind a dash, a letter is an option.
            for second in UInt8.min...UInt8.max { add(UInt8(ascii: "-"), second) }
            for word in words + ["://", "@tcp", "@unix", "eyj"].map({ Array($0.utf8) }) where word.count > 1 {
                add(lowered(word[0]), lowered(word[1]))
            }
        }

        private mutating func add(_ first: UInt8, _ second: UInt8) {
            bits[Int(first) * 4 + Int(second >> 6)] |= 1 << UInt64(second & 63)
        }

        /// Both in lower case.
        @inline(__always)
        func mayBegin(_ first: UInt8, _ second: UInt8) -> Bool {
            bits[Int(first) * 4 + Int(second >> 6)] & (1 << UInt64(second & 63)) != 0
        }
    }

    private static let signs = Signs()

    private static func lowered(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    // MARK: Pieces of the walk

    static let mask = Array("***".utf8)

    /// Masks up to `end`, after what stands before `start` as it is.
    mutating func replace(_ start: Int, _ end: Int) {
        out += bytes[at..<start]
        out += Self.mask
        at = end
    }

    /// Whether a word begins here: no letter or digit before it.
    var startsWord: Bool { at == 0 || !Self.isWord(bytes[at - 1]) }

    func isAt(_ index: Int, _ byte: Character) -> Bool {
        index >= 0 && index < bytes.count && byte.asciiValue == bytes[index]
    }

    func skippingBlanks(_ start: Int) -> Int {
        var index = start
        while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
        return index
    }

    static func isWord(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 }
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    static func find(_ text: String, in slice: ArraySlice<UInt8>) -> Int? {
        let wanted = Array(text.utf8)
        guard slice.count >= wanted.count else { return nil }
        return (slice.startIndex...(slice.endIndex - wanted.count)).first { slice[$0...].starts(with: wanted) }
    }

    static func byFirst(_ words: [[UInt8]]) -> [[[UInt8]]] {
        var table = [[[UInt8]]](repeating: [], count: 256)
        for word in words { if let first = word.first { table[Int(first)].append(word) } }
        return table
    }
}
