// A server's reply (RFC 5321 section 4.2), as it stands after ReplyParser has read it: hostile text made safe to show.

import Formats

/// An enhanced status code (RFC 3463).
package struct EnhancedCode: Hashable, Sendable, CustomStringConvertible {
    package var class_: Int
    package var subject: Int
    package var detail: Int

    package init(_ class_: Int, _ subject: Int, _ detail: Int) {
        self.class_ = class_
        self.subject = subject
        self.detail = detail
    }

    /// The code at the front of a reply line's text: `class.subject.detail` of 1, 1 to 3 and 1 to 3 digits, then a space
    /// or the end. Nil where there is none, as with a version number or an address.
    package init?(leading text: some Sequence<UInt8>) {
        var numbers = [0]
        var digits = 0
        scan: for byte in text {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits += 1
                guard digits <= (numbers.count == 1 ? 1 : 3) else { return nil }
                numbers[numbers.count - 1] = numbers[numbers.count - 1] * 10 + Int(byte - 48)
            case UInt8(ascii: "."):
                guard digits > 0, numbers.count < 3 else { return nil }
                numbers.append(0)
                digits = 0
            case UInt8(ascii: " "): break scan
            default: return nil
            }
        }
        guard numbers.count == 3, digits > 0, [2, 4, 5].contains(numbers[0]) else { return nil }
        self.init(numbers[0], numbers[1], numbers[2])
    }

    package var description: String { "\(class_).\(subject).\(detail)" }
}

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
}
