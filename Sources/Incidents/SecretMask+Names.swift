// Secrets that are called so: `password=…`, `"api_key": "…"`, `DB_PASSWORD: …`, `--password …`, `<password>…<`,
// `user[password]=…`, `%22token%22%3A%22…%22`. And what stands behind such a name and is none.

extension SecretMask {
    /// Anywhere in a name: `DB_PASSWORD`, `clientSecret`.
    static let names = [
        "password", "passwd", "passphrase", "passwort", "pwd", "secret", "token", "api_key", "apikey", "api-key",
        "access_key", "accesskey", "access-key", "accountkey", "private_key", "privatekey", "encryption_key",
        "credential", "session_id", "sessionid", "sessid", "set-cookie", "cookie", "authorization", "identified by",
    ].map { Array($0.utf8) }
    /// Whole words only, and only before an equals sign or what else leaves no doubt.
    static let exactNames = ["pass", "pw", "psk", "sig", "signature", "sid"].map { Array($0.utf8) }
    private static let namesByFirst = byFirst(names)
    private static let exactByFirst = byFirst(exactNames)

    /// What a name goes on with when its value says something about the secret, and not what it is.
    private static let harmlessEnds = [
        "file", "files", "path", "dir", "url", "uri", "endpoint", "type", "name", "names", "policy", "policies",
        "length", "count", "limit", "expiry", "expires", "expired", "age", "ttl", "provider", "store", "manager",
        "service", "version", "usage", "less", "ize", "izer", "ized", "ary",
    ].map { Array($0.utf8) }
    /// What fault messages say behind a name and a colon.
    private static let plainWords: Set<[UInt8]> = Set(
        [
            "a", "access", "already", "an", "auth", "authentication", "bad", "cannot", "can", "chauthtok",
            "connection", "context", "could", "denied", "does", "eof", "error", "expired", "failed", "failure", "for",
            "forbidden", "has", "incorrect", "invalid", "is", "malformed", "mismatch", "missing", "must", "needed",
            "no",
            "not", "of", "permission", "refused", "rejected", "required", "revoked", "rpc", "the", "this", "timed",
            "timeout", "too", "unable", "unauthorized", "unexpected", "unknown", "unsupported", "user", "using", "was",
            "wrong", "x509", "yes",
        ].map { Array($0.utf8) }
    ).union(noValues)
    /// What says, whatever the sign before it, that there is no secret.
    private static let noValues: Set<[UInt8]> = Set(
        ["", "null", "(null)", "nil", "<nil>", "none", "undefined", "true", "false", "yes", "no", "empty", "off", "on"]
            .map { Array($0.utf8) })

    /// Masks the value of the name that stands here.
    mutating func maskNamedValue() -> Bool {
        guard let name = nameHere(), let value = value(of: name), isSecret(value, of: name) else { return false }
        replace(value.start, value.end)
        return true
    }

    /// A name's value, without its quotes.
    private struct Value {
        var start: Int
        var end: Int
        /// It stands behind a colon: so does a fault's text.
        var isProse: Bool
    }

    private struct Name {
        var text: [UInt8]
        /// Behind the name and what it goes on with: `_hash`.
        var end: Int
        var isExact: Bool
        /// It is called, or its word ends, as such headers are: `Authorization`, `Set-Cookie`, `token_authorization`.
        var isWholeLine: Bool
        var isPassword: Bool { text.starts(with: "pass".utf8) || text.elementsEqual("identified by".utf8) }
    }

    private mutating func nameHere() -> Name? {
        let first = Int(lower[at])
        if let text = Self.namesByFirst[first].first(where: { lower[at...].starts(with: $0) }) {
            let end = runEnd(from: at + text.count)
            var rest = lower[(at + text.count)..<end].suffix(40)
            while rest.first == UInt8(ascii: "_") { rest.removeFirst() }
            if Self.harmlessEnds.contains(where: { rest.suffix($0.count).elementsEqual($0) }) { return nil }
            let isWholeLine = ["authorization", "cookie"].contains {
                text.suffix($0.utf8.count).elementsEqual($0.utf8)
                    || lower[at..<end].suffix($0.utf8.count).elementsEqual($0.utf8)
            }
            return Name(text: text, end: end, isExact: false, isWholeLine: isWholeLine)
        }
        guard startsWord else { return nil }
        let word = lower[at..<runEnd(from: at)]
        let text = Self.exactByFirst[first].first { $0.elementsEqual(word) }
        return text.map { Name(text: $0, end: word.endIndex, isExact: true, isWholeLine: false) }
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

    // MARK: Where the value stands

    private func value(of name: Name) -> Value? {
        var index = name.end
        if isAt(index, "]") { index += 1 }
        index += quote(at: index).count
        let gap = index
        index = skippingBlanks(index)
        if isAt(index, ">"), index == gap { return element(from: index + 1) }
        let isCall = isAt(index, "(") && !quote(at: index + 1).isEmpty
        let separator = isCall ? 1 : separator(at: index)
        guard separator > 0 else { return unseparated(name, gap: gap, index: index) }
        let isColon = isAt(index, ":")
        // A path, a URL's scheme, a C++ or Rust name.
        if isColon, isAt(at - 1, "/") || isAt(index + 1, ":") || (isAt(index + 1, "/") && isAt(index + 2, "/")) {
            return nil
        }
        // `pass: 3, fail: 0` is a count; `-passin pass:…` and `smtp_pass: …` are none.
        if name.isExact, isColon, quote(at: name.end).isEmpty {
            guard name.text.elementsEqual("pass".utf8), index + 1 == skippingBlanks(index + 1) || isAt(at - 1, "_")
            else { return nil }
        }
        index += separator
        if isAt(index, ">") || isAt(index, "=") { index += 1 }  // => and ==
        return value(from: skippingBlanks(index), name, isProse: isColon)
    }

    /// `--password x`, `PASSWORD 'x'`.
    private func unseparated(_ name: Name, gap: Int, index: Int) -> Value? {
        guard index > gap, index < bytes.count else { return nil }
        if isAt(at - 1, "-"), isAt(at - 2, "-"), !isAt(index, "-") { return value(from: index, name, isProse: false) }
        return name.isPassword && !name.isExact && !quote(at: index).isEmpty
            ? value(from: index, name, isProse: true) : nil
    }

    private func separator(at index: Int) -> Int {
        if isAt(index, "=") || isAt(index, ":") { return 1 }
        let code = lower[min(index, lower.count)...].prefix(3)
        return code.elementsEqual("%3d".utf8) || code.elementsEqual("%3a".utf8) ? 3 : 0
    }

    private func value(from start: Int, _ name: Name, isProse: Bool) -> Value? {
        guard start < bytes.count else { return nil }
        // The shell's working directory, as sudo tells it: `PWD=/root`.
        if lower[at...].starts(with: "pwd".utf8), isAt(start, "/"), bytes[at] == lower[at] || isAt(at + 2, "D") {
            return nil
        }
        let quote = quote(at: start)
        if !quote.isEmpty {
            let inner = start + quote.count
            return Value(start: inner, end: closing(quote, from: inner), isProse: false)
        }
        let outer = at > 0 ? bytes[at - 1] : 0
        let end =
            name.isWholeLine
            ? bytes[start...].firstIndex { $0 == 0x0a || ($0 == outer && (outer == 0x22 || outer == 0x27)) }
            : bytes[start...].indices.first { endsValue($0) }
        // `PASSWORD('…')`: what is called has its turn.
        if let end, end > start, isAt(end - 1, "("), isAt(end, "'") || isAt(end, "\"") { return nil }
        return Value(start: start, end: end ?? bytes.count, isProse: isProse)
    }

    /// `<password>…</password>`.
    private func element(from start: Int) -> Value? {
        guard let end = bytes[start...].prefix(1000).firstIndex(of: UInt8(ascii: "<")) else { return nil }
        return Value(start: start, end: end, isProse: false)
    }

    /// The quote that stands here, as often escaped as it is: `"`, `\"`, `%22`, `&quot;`. Empty when none does.
    private func quote(at start: Int) -> ArraySlice<UInt8> {
        var index = start
        while isAt(index, "\\"), index - start < 8 { index += 1 }
        if isAt(index, "\"") || isAt(index, "'") { return bytes[start...index] }
        let rest = lower[min(start, lower.count)...]
        for code in ["%22", "%27", "&quot;", "&#34;", "&#39;"] where rest.starts(with: code.utf8) {
            return bytes[start..<(start + code.utf8.count)]
        }
        return []
    }

    /// Where the value ends that a quote opened; at the line's end when nothing closes it.
    private func closing(_ quote: ArraySlice<UInt8>, from start: Int) -> Int {
        var index = start
        let isPlain = quote.count == 1
        while index < bytes.count, bytes[index] != 0x0a {
            if isPlain, bytes[index] == 0x5c {
                index += 2
                continue
            }
            // As often escaped as the first one: `\\\"` within `\"` is the value's own.
            if bytes[index...].starts(with: quote), isPlain || bytes[index - 1] != 0x5c { return index }
            index += 1
        }
        return min(index, bytes.count)
    }

    /// Whether a value without quotes ends before this byte. Passwords may hold commas and brackets; so these end one
    /// only where what follows looks like the rest of a list.
    private func endsValue(_ index: Int) -> Bool {
        let byte = bytes[index]
        switch byte {
        case 0...0x20, 0x22, 0x27: return true
        case UInt8(ascii: "\\"): return !quote(at: index).isEmpty
        case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "&"):
            guard index + 1 < bytes.count, bytes[index + 1] > 0x20, bytes[index + 1] != 0x22 else { return true }
            let rest = bytes[(index + 1)...].prefix(40)
            guard let sign = rest.firstIndex(where: { !Self.isWord($0) && !"_-. []".utf8.contains($0) }) else {
                return false
            }
            return bytes[sign] == UInt8(ascii: "=") || bytes[sign] == UInt8(ascii: ":") || bytes[sign] == 0x22
        case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
            return index + 1 == bytes.count || !Self.isWord(bytes[index + 1])
        default: return false
        }
    }

    // MARK: What is none

    private func isSecret(_ value: Value, of name: Name) -> Bool {
        guard value.end > value.start else { return false }
        let text = lower[value.start..<value.end]
        var word = text.prefix(40).prefix { $0 > 0x20 }
        while let last = word.last, ".!?,:;)".utf8.contains(last) { word.removeLast() }
        if (value.isProse ? Self.plainWords : Self.noValues).contains(Array(word)) { return false }
        if value.isProse {
            // `unexpected token: }`; `passwd: pam_unix(passwd:chauthtok): …`
            guard text.contains(where: { Self.isWord($0) || $0 >= 0x80 }) else { return false }
            if text.starts(with: "pam_".utf8) { return false }
        }
        // A count of tokens; the number of a session; the security identifier of a Windows account.
        if name.text.elementsEqual("token".utf8), text.count < 12, text.allSatisfy(Self.isDigit) { return false }
        let isIdentifier = name.text.first == UInt8(ascii: "s") && name.isExact
        return !isIdentifier || (text.count >= 16 && !text.starts(with: "s-1-".utf8))
    }
}
