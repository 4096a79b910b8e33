// Secrets that say by their form what they are: private keys, passwords in URLs, credentials of HTTP and SASL, web
// tokens, and the keys of services that gave them a beginning of their own.

extension SecretMask {
    /// A key's beginning, and whether words begin so too: then what follows must have a digit.
    struct Prefix {
        var text: [UInt8]
        var isCommon: Bool
    }

    static let schemes = [
        "bearer ", "basic ", "digest ", "negotiate ", "auth plain ", "auth login ", "auth xoauth2 ",
        "auth oauthbearer ",
    ].map { Array($0.utf8) }
    static let prefixes: [Prefix] = [
        "AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "gldt-", "glrt-", "xoxb-",
        "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xapp-", "sk-", "sk_live_", "sk_test_", "rk_live_", "whsec_", "AIza",
        "ya29.", "GOCSPX-", "SG.", "hvs.", "hvb.", "npm_", "pypi-", "dop_v1_", "shpat_", "hf_", "AGE-SECRET-KEY-",
    ].map { Prefix(text: Array($0.utf8), isCommon: ["sk-", "SG.", "hf_", "npm_", "pypi-"].contains($0)) }
    /// Addresses that are secrets from here on.
    static let paths = [
        "hooks.slack.com/services/", "discord.com/api/webhooks/", "discordapp.com/api/webhooks/",
        "api.telegram.org/bot",
    ].map { Array($0.utf8) }

    private static let schemesByFirst = byFirst(schemes)
    private static let pathsByFirst = byFirst(paths)
    private static let prefixesByFirst: [[Prefix]] = {
        var table = [[Prefix]](repeating: [], count: 256)
        for prefix in prefixes { if let first = prefix.text.first { table[Int(first)].append(prefix) } }
        return table
    }()

    /// From `-----BEGIN … PRIVATE KEY-----` to its end line, or to the end of the text.
    mutating func maskPrivateKey() -> Bool {
        guard isAt(at, "-"), bytes[at...].starts(with: "-----BEGIN ".utf8) else { return false }
        let head = bytes[(at + 11)...].prefix(64)
        guard let key = Self.find("PRIVATE KEY", in: head),
            let dashes = Self.find("-----", in: bytes[key...].prefix(24))
        else { return false }
        replace(dashes + 5, Self.find("-----END ", in: bytes[(dashes + 5)...]) ?? bytes.count)
        return true
    }

    /// `scheme://user:password@host`.
    mutating func maskURLPassword() -> Bool {
        guard isAt(at, ":"), bytes[at...].starts(with: "://".utf8) else { return false }
        let start = at + 3
        let authority = bytes[start...].prefix(512).prefix { $0 > 0x20 && !"/?#\"'<>".utf8.contains($0) }
        guard let sign = authority.lastIndex(of: UInt8(ascii: "@")),
            let colon = authority[..<sign].firstIndex(of: UInt8(ascii: ":"))
        else { return false }
        replace(colon + 1, sign)
        return true
    }

    /// `user:password@tcp(host)`, as Go's database drivers write it.
    mutating func maskSourcePassword() -> Bool {
        guard isAt(at, "@"),
            ["tcp(", "tcp6(", "unix("].contains(where: { bytes[(at + 1)...].starts(with: $0.utf8) }),
            let colon = out.suffix(128).lastIndex(where: { $0 <= 0x20 || $0 == UInt8(ascii: ":") }),
            out[colon] == UInt8(ascii: ":")
        else { return false }
        out.removeSubrange((colon + 1)...)
        out += Self.mask + [bytes[at]]
        at += 1
        return true
    }

    /// `Bearer …`, `AUTH PLAIN …`: a scheme with a credential of eight characters at least.
    mutating func maskScheme() -> Bool {
        guard startsWord,
            let scheme = Self.schemesByFirst[Int(lower[at])].first(where: { lower[at...].starts(with: $0) })
        else { return false }
        let start = at + scheme.count
        let value = bytes[start...].prefix { Self.isWord($0) || "-._~+/=".utf8.contains($0) }
        guard value.count >= 8, value.contains(where: { Self.isDigit($0) || $0 &- 0x41 < 26 || $0 == 0x3d })
        else { return false }
        replace(start, value.endIndex)
        return true
    }

    /// The rest of an address that is the key to itself.
    mutating func maskPath() -> Bool {
        guard startsWord,
            let path = Self.pathsByFirst[Int(lower[at])].first(where: { lower[at...].starts(with: $0) })
        else { return false }
        let start = at + path.count
        let end = bytes[start...].firstIndex { $0 <= 0x20 || "\"'<>)".utf8.contains($0) } ?? bytes.count
        guard end > start else { return false }
        replace(start, end)
        return true
    }

    /// A JSON web token: two parts in base64url at least, the first of which begins with `{"`.
    mutating func maskWebToken() -> Bool {
        guard at >= noWebTokenBefore, startsWord, isAt(at, "e"), bytes[at...].starts(with: "eyJ".utf8) else {
            return false
        }
        func part(_ start: Int) -> Int {
            bytes[min(start, bytes.count)...].firstIndex { !Self.isWord($0) && $0 != 0x2d && $0 != 0x5f } ?? bytes.count
        }
        let first = part(at)
        guard first - at >= 12, isAt(first, "."), part(first + 1) - first >= 5 else {
            noWebTokenBefore = first
            return false
        }
        var end = part(first + 1)
        while isAt(end, "."), part(end + 1) > end + 1 { end = part(end + 1) }
        replace(at + 3, end)
        return true
    }

    mutating func maskKnownToken() -> Bool {
        guard at >= noTokenBefore, startsWord,
            let prefix = Self.prefixesByFirst[Int(bytes[at])].first(where: { bytes[at...].starts(with: $0.text) })
        else { return false }
        let start = at + prefix.text.count
        let value = bytes[start...].prefix { Self.isWord($0) || "-_.".utf8.contains($0) }
        guard value.count >= 12, !prefix.isCommon || value.contains(where: Self.isDigit) else {
            noTokenBefore = value.endIndex
            return false
        }
        replace(start, value.endIndex)
        return true
    }
}
