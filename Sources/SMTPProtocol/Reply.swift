// A server's reply (RFC 5321 section 4.2), as it stands after ReplyParser has read it: hostile text made safe to show.

import Formats

/// One whole reply.
package struct Reply: Hashable, Sendable {
    package var code: Int
    /// Of the first line that has one. Its class is the code's: where they contradict each other, the code's first digit
    /// wins and this is `X.0.0`.
    package var enhanced: EnhancedCode?
    /// The text of each line without the code, escaped for show.
    package var lines: [String]
    /// Whether a line ended with LF alone (RFC 5321 section 2.3.8 forbids it; many do it).
    package var hasBareLineFeed: Bool

    package init(code: Int, enhanced: EnhancedCode? = nil, lines: [String], hasBareLineFeed: Bool = false) {
        self.code = code
        self.enhanced = enhanced
        self.lines = lines
        self.hasBareLineFeed = hasBareLineFeed
    }

    /// The first digit.
    package var series: Int { code / 100 }
    package var isPositive: Bool { series == 2 }
    package var isTransient: Bool { series == 4 }
    package var isPermanent: Bool { series == 5 }

    /// For people: `550 5.1.1 no such user / try another`, cut at 500 characters.
    package var text: String {
        let joined = lines.filter { !$0.isEmpty }.joined(separator: " / ")
        return Printable.text(joined.isEmpty ? "\(code)" : "\(code) \(joined)", limit: 500)
    }

    /// The reply code that some words begin with.
    package static func code(leading words: String) -> Int? {
        let digits = words.utf8.prefix(4)
        guard digits.count == 3 || digits.last == UInt8(ascii: " ") else { return nil }
        guard digits.prefix(3).allSatisfy({ (48...57).contains($0) }), let code = Int(words.prefix(3)) else {
            return nil
        }
        return (200...599).contains(code) ? code : nil
    }

    /// The enhanced code that follows it; as in `enhanced`, the reply code's first digit wins.
    package static func enhanced(leading words: String) -> EnhancedCode? {
        guard let code = code(leading: words), let found = EnhancedCode(leading: words.utf8.dropFirst(4)) else {
            return nil
        }
        return found.series == code / 100 ? found : EnhancedCode(code / 100, 0, 0)
    }
}
