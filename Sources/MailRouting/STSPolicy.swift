// A domain's MTA-STS policy: which hosts take its mail, and that they can do TLS (RFC 8461 section 3.2).

import Formats

/// A policy. What must stay true: in `enforce` and `testing` there is at least one pattern.
package struct STSPolicy: Hashable, Sendable {
    package enum Mode: String, Sendable, CaseIterable {
        /// Deliver to hosts that the policy names, over TLS with a certificate that is theirs, or not at all.
        case enforce
        /// As if there were none, but tell what would have failed.
        case testing
        /// There is no policy any more.
        case none
    }

    package var mode: Mode
    /// In lower case; the first label may be `*`.
    package var patterns: [String]
    /// In seconds; at most a year of 366 days (31,557,600).
    package var maximumAge: Int64

    package init(mode: Mode, patterns: [String], maximumAge: Int64) {
        self.mode = mode
        self.patterns = patterns
        self.maximumAge = min(max(0, maximumAge), Self.longestAge)
    }

    static let longestAge: Int64 = 31_557_600
    /// A policy with more of them is none: nobody has so many.
    private static let maximumPatterns = 1000

    /// Reads a policy file: lines `key: value`, ended by LF or CRLF. Keys that are not known are passed over, and of those
    /// that are there twice the first counts (section 3.2).
    package init(parsing file: some BidirectionalCollection<UInt8>) throws(STSPolicyError) {
        var values: [Octets: String] = [:]
        var patterns: [String] = []
        for line in file.split(whereSeparator: { $0 == 0x0a }) where !Self.trimmed(line).isEmpty {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
                throw STSPolicyError("a line without a colon")
            }
            let key = Octets(String(decoding: Self.trimmed(line[..<colon]), as: UTF8.self))
            let value = String(decoding: Self.trimmed(line[line.index(after: colon)...]), as: UTF8.self)
            if key == "mx" {
                patterns.append(try Self.pattern(value))
            } else if values[key] == nil {
                values[key] = value
            }
            guard patterns.count <= Self.maximumPatterns else { throw STSPolicyError("too many hosts") }
        }
        guard values["version"]?.isExactly("STSv1") == true else { throw STSPolicyError("no version STSv1") }
        guard let mode = values["mode"].flatMap({ mode in Mode.allCases.first { mode.isExactly($0.rawValue) } }) else {
            throw STSPolicyError("no mode, or none that is known")
        }
        guard let age = values["max_age"], (1...10).contains(age.utf8.count),
            age.utf8.allSatisfy({ (48...57).contains($0) }), let seconds = Int64(age)
        else { throw STSPolicyError("no max_age in seconds") }
        guard mode == .none || !patterns.isEmpty else { throw STSPolicyError("no host (mx)") }
        self.init(mode: mode, patterns: patterns, maximumAge: seconds)
    }

    /// Whether mail may go to this host (section 4.1): a pattern's `*` stands for exactly one label, the first.
    package func covers(_ host: DomainName) -> Bool {
        let rest = host.ascii.utf8.firstIndex(of: UInt8(ascii: ".")).map { host.ascii[$0...] }
        return patterns.contains { pattern in
            pattern.hasPrefix("*.") ? rest.map { $0 == pattern.dropFirst() } ?? false : pattern == host.ascii
        }
    }

    private static func pattern(_ text: String) throws(STSPolicyError) -> String {
        let isWild = text.hasPrefix("*.")
        guard let name = try? DomainName(isWild ? String(text.dropFirst(2)) : text) else {
            throw STSPolicyError("a host (mx) that is none")
        }
        return (isWild ? "*." : "") + name.ascii
    }

    /// Without blanks, tabs and the CR at the ends.
    static func trimmed<Bytes: BidirectionalCollection<UInt8>>(_ bytes: Bytes) -> Bytes.SubSequence {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
        let front = bytes.drop(while: isBlank)
        return front.lastIndex { !isBlank($0) }.map { front[...$0] } ?? front
    }
}

/// Why a file is no policy.
package struct STSPolicyError: Error, Hashable, Sendable, CustomStringConvertible {
    package var words: String
    package var description: String { words }

    init(_ words: String) { self.words = words }
}
