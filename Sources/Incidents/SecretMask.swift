// What looks like a secret is masked before a line is kept or sent: a report leaves the host, and the database of
// incidents is read by more people than the log. Masking too much is the smaller fault.

/// Replaces what looks like a password, token or private key by `***`.
package struct SecretMask {
    private let bytes: [UInt8]
    private let lower: [UInt8]
    private var out: [UInt8] = []
    private var at = 0
    /// The last run of a word's characters whose end was looked for.
    private var lastRun = 0..<0

    /// `text` with its secrets masked. Linear, but for the lookup of the end of a private key.
    package static func masked(_ text: [UInt8]) -> [UInt8] {
        var mask = SecretMask(text)
        mask.run()
        return mask.out
    }

    /// Whether a field of this name holds a secret.
    package static func isSecretName(_ name: String) -> Bool {
        let lower = Array(name.lowercased().utf8)
        return names.contains { name in
            lower.count >= name.count && (0...(lower.count - name.count)).contains { lower[$0...].starts(with: name) }
        }
    }

    private init(_ text: [UInt8]) {
        bytes = text
        lower = text.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
        out.reserveCapacity(text.count)
    }

    private mutating func run() {
        while at < bytes.count {
            if maskPrivateKey() || maskURLPassword() || maskScheme() || maskNamedValue() || maskKnownToken() {
                continue
            }
            out.append(bytes[at])
            at += 1
        }
    }

    private static let mask = Array("***".utf8)
    private static let names = [
        "password", "passwd", "passphrase", "pwd", "secret", "token", "api_key", "apikey", "api-key", "access_key",
        "accesskey", "private_key", "credential", "session_id", "sessionid", "set-cookie", "cookie", "authorization",
    ].map { Array($0.utf8) }
    private static let schemes = ["bearer ", "basic ", "digest ", "negotiate "].map { Array($0.utf8) }
    /// Tokens that say by their beginning what they are.
    private static let prefixes = [
        "AKIA", "ASIA", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "xoxa-", "sk-", "sk_live_",
        "rk_live_", "AIza", "ya29.", "eyJhbGciOi", "hvs.", "npm_",
    ].map { Array($0.utf8) }

    /// The bytes with which a secret's sign can begin: most of a line is passed over by this table.
    private static let mayBegin: [Bool] = {
        var table = [Bool](repeating: false, count: 256)
        for byte in (names + schemes + prefixes).compactMap(\.first) {
            table[Int(byte)] = true
            if byte &- 0x61 < 26 { table[Int(byte ^ 0x20)] = true }
        }
        for byte in "-:".utf8 { table[Int(byte)] = true }
        return table
    }()
    private static let namesByFirst = byFirst(names)
    private static let schemesByFirst = byFirst(schemes)
    private static let prefixesByFirst = byFirst(prefixes)

    private static func byFirst(_ words: [[UInt8]]) -> [[[UInt8]]] {
        var table = [[[UInt8]]](repeating: [], count: 256)
        for word in words { if let first = word.first { table[Int(first)].append(word) } }
        return table
    }

    private var startsWord: Bool { at == 0 || !Self.isWord(bytes[at - 1]) }

    /// From `-----BEGIN … PRIVATE KEY-----` to its end line, or to the end of the text.
    private mutating func maskPrivateKey() -> Bool {
        guard bytes[at] == UInt8(ascii: "-"), bytes[at...].starts(with: "-----BEGIN ".utf8) else { return false }
        let head = bytes[at...].prefix(64)
        guard let key = Self.find("PRIVATE KEY-----", in: head) else { return false }
        out += bytes[at..<key]
        out += Self.mask
        let end = Self.find("-----END ", in: bytes[key...])
        at = end.flatMap { Self.find("KEY-----", in: bytes[($0 + 9)...].prefix(64)) } ?? bytes.count
        return true
    }

    /// `scheme://user:password@host`.
    private mutating func maskURLPassword() -> Bool {
        guard bytes[at] == UInt8(ascii: ":"), bytes[at...].starts(with: "://".utf8) else { return false }
        out += "://".utf8
        at += 3
        let authority = bytes[at...].prefix(512).prefix { $0 > 0x20 && !"/?#\"'<>".utf8.contains($0) }
        guard let sign = authority.lastIndex(of: UInt8(ascii: "@")),
            let colon = authority[..<sign].firstIndex(of: UInt8(ascii: ":"))
        else { return true }
        out += bytes[at...colon]
        out += Self.mask
        at = sign
        return true
    }

    /// `Bearer …`, `Basic …`: a scheme of HTTP's Authorization with a credential of eight characters at least.
    private mutating func maskScheme() -> Bool {
        guard startsWord,
            let scheme = Self.schemesByFirst[Int(lower[at])].first(where: { lower[at...].starts(with: $0) })
        else {
            return false
        }
        let start = at + scheme.count
        let value = bytes[start...].prefix { Self.isWord($0) || "-._~+/=".utf8.contains($0) }
        guard value.count >= 8, value.contains(where: { $0 &- 0x30 < 10 || $0 &- 0x41 < 26 || $0 == 0x3d })
        else { return false }
        out += bytes[at..<start]
        out += Self.mask
        at = value.endIndex
        return true
    }

    /// `password=…`, `"api_key": "…"`, `DB_PASSWORD: …`, `--password …`.
    private mutating func maskNamedValue() -> Bool {
        guard let name = Self.namesByFirst[Int(lower[at])].first(where: { lower[at...].starts(with: $0) }) else {
            return false
        }
        var index = at + name.count
        index = runEnd(from: index)  // password_hash
        let option = at >= 2 && bytes[at - 1] == 0x2d && bytes[at - 2] == 0x2d
        if index < bytes.count, bytes[index] == 0x22 || bytes[index] == 0x27 { index += 1 }
        let gap = index
        while index < bytes.count, bytes[index] == 0x20 { index += 1 }
        let separated = index < bytes.count && (bytes[index] == 0x3d || bytes[index] == 0x3a)
        guard separated || (option && index > gap) else { return false }
        if separated { index += 1 }
        if index < bytes.count, bytes[index] == 0x3e || bytes[index] == 0x3d { index += 1 }  // => and ==
        while index < bytes.count, bytes[index] == 0x20 { index += 1 }
        let end = valueEnd(
            from: index, wholeLine: name.elementsEqual("authorization".utf8) || name.ends(with: "cookie"))
        guard end > index else { return false }
        let quote = bytes[index] == 0x22 || bytes[index] == 0x27
        out += bytes[at..<(quote ? index + 1 : index)]
        out += Self.mask
        at = quote && end - 1 > index && bytes[end - 1] == bytes[index] ? end - 1 : end
        return true
    }

    /// Where the word's characters and underscores end that begin at `start`. The end of a run is looked for once, however
    /// many names stand in it.
    private mutating func runEnd(from start: Int) -> Int {
        var index = start
        while index < bytes.count, Self.isWord(bytes[index]) || bytes[index] == 0x5f {
            index = lastRun.contains(index) ? lastRun.upperBound : index + 1
        }
        lastRun = start..<index
        return index
    }

    private func valueEnd(from start: Int, wholeLine: Bool) -> Int {
        guard start < bytes.count else { return start }
        let quote = bytes[start]
        if quote == 0x22 || quote == 0x27 {
            var index = start + 1
            while index < bytes.count, bytes[index] != 0x0a {
                if bytes[index] == quote { return index + 1 }
                index += bytes[index] == 0x5c ? 2 : 1
            }
            return min(index, bytes.count)
        }
        return bytes[start...].firstIndex { wholeLine ? $0 == 0x0a : $0 <= 0x20 || ",;&)}]\"'".utf8.contains($0) }
            ?? bytes.count
    }

    private mutating func maskKnownToken() -> Bool {
        guard startsWord,
            let prefix = Self.prefixesByFirst[Int(bytes[at])].first(where: { bytes[at...].starts(with: $0) })
        else {
            return false
        }
        let value = bytes[(at + prefix.count)...].prefix { Self.isWord($0) || "-_.".utf8.contains($0) }
        guard value.count >= 12 else { return false }
        out += prefix
        out += Self.mask
        at = value.endIndex
        return true
    }

    private static func isWord(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 }

    private static func find(_ text: String, in slice: ArraySlice<UInt8>) -> Int? {
        let wanted = Array(text.utf8)
        guard slice.count >= wanted.count else { return nil }
        return (slice.startIndex...(slice.endIndex - wanted.count)).first { slice[$0...].starts(with: wanted) }
    }
}

extension [UInt8] {
    fileprivate func ends(with text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}
