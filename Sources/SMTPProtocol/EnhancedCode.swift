// Enhanced status codes, RFC 3463.

/// An enhanced status code: `5.1.1`.
package struct EnhancedCode: Hashable, Sendable, CustomStringConvertible {
    package var series: Int
    package var subject: Int
    package var detail: Int

    package init(_ series: Int, _ subject: Int, _ detail: Int) {
        self.series = series
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

    package var description: String { "\(series).\(subject).\(detail)" }
}
