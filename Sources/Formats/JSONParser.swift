// The JSON reader: strict (RFC 8259), bounded in depth, tolerant of a byte order mark; invalid UTF-8 becomes U+FFFD.

extension JSON {
    /// Reads one value that fills all of `bytes`.
    package static func parse(_ bytes: some Collection<UInt8>, maximumDepth: Int = 64) throws(JSONError) -> JSON {
        var parser = JSONParser(bytes: Array(bytes), maximumDepth: maximumDepth)
        return try parser.document()
    }

    package static func parse(_ text: String) throws(JSONError) -> JSON { try parse(Array(text.utf8)) }
}

private struct JSONParser {
    let bytes: [UInt8]
    let maximumDepth: Int
    var at = 0
    var depth = 0

    init(bytes: [UInt8], maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { at = 3 }
    }

    mutating func document() throws(JSONError) -> JSON {
        let value = try value()
        skipSpace()
        if at < bytes.count { throw fail("something follows the value") }
        return value
    }

    private func fail(_ message: String) -> JSONError { JSONError(message: message, offset: at) }

    private mutating func skipSpace() {
        while at < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[at]) { at += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard at < bytes.count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    private mutating func value() throws(JSONError) -> JSON {
        skipSpace()
        guard at < bytes.count else { throw fail("the text ends where a value is expected") }
        switch bytes[at] {
        case UInt8(ascii: "{"): return try nested { p throws(JSONError) in try p.object() }
        case UInt8(ascii: "["): return try nested { p throws(JSONError) in try p.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(JSONError) -> JSON
    ) throws(JSONError) -> JSON {
        depth += 1
        guard depth <= maximumDepth else { throw fail("nested deeper than \(maximumDepth)") }
        at += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func word(_ text: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        let expected = Array(text.description.utf8)
        guard bytes[at...].starts(with: expected) else { throw fail("expected \(text)") }
        at += expected.count
        return value
    }

    private mutating func object() throws(JSONError) -> JSON {
        var members: [JSON.Member] = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipSpace()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw fail("expected a name in quotes") }
            let name = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw fail("expected ':'") }
            members.append(JSON.Member(name, try value()))
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw fail("expected ',' or '}'") }
        }
    }

    private mutating func array() throws(JSONError) -> JSON {
        var values: [JSON] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(values) }
        while true {
            values.append(try value())
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(values) }
            guard take(UInt8(ascii: ",")) else { throw fail("expected ',' or ']'") }
        }
    }

    private mutating func number() throws(JSONError) -> JSON {
        let start = at
        _ = take(UInt8(ascii: "-"))
        let firstDigit = at
        while at < bytes.count, isDigit(bytes[at]) { at += 1 }
        guard at > firstDigit else {
            at = start
            throw fail("expected a value")
        }
        if at - firstDigit > 1, bytes[firstDigit] == UInt8(ascii: "0") { throw fail("a number with a leading zero") }
        var integral = true
        if take(UInt8(ascii: ".")) {
            integral = false
            let fraction = at
            while at < bytes.count, isDigit(bytes[at]) { at += 1 }
            guard at > fraction else { throw fail("expected a digit after '.'") }
        }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            integral = false
            at += 1
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            let exponent = at
            while at < bytes.count, isDigit(bytes[at]) { at += 1 }
            guard at > exponent else { throw fail("expected a digit in the exponent") }
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if integral, let int = Int64(text) { return .int(int) }
        return .double(Double(text) ?? 0)
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }

    private mutating func string() throws(JSONError) -> String {
        at += 1
        var out: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: out, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(&out)
            case 0..<0x20: throw fail("a control character in a string must be escaped")
            default: out.append(byte)
            }
        }
        throw fail("the string does not end")
    }

    private mutating func escape(_ out: inout [UInt8]) throws(JSONError) {
        guard at < bytes.count else { throw fail("the string does not end") }
        let byte = bytes[at]
        at += 1
        switch byte {
        case UInt8(ascii: "n"): out.append(0x0a)
        case UInt8(ascii: "t"): out.append(0x09)
        case UInt8(ascii: "r"): out.append(0x0d)
        case UInt8(ascii: "b"): out.append(0x08)
        case UInt8(ascii: "f"): out.append(0x0c)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
        case UInt8(ascii: "u"):
            let unit = try hexUnit()
            var scalar = Unicode.Scalar(unit)
            if (0xd800..<0xdc00).contains(unit), at + 1 < bytes.count, bytes[at] == 0x5c, bytes[at + 1] == 0x75 {
                let before = at
                at += 2
                let low = try hexUnit()
                if (0xdc00..<0xe000).contains(low) {
                    scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xd800) << 10 + UInt32(low) - 0xdc00)
                } else {
                    at = before
                }
            }
            out.append(contentsOf: Array(String(scalar ?? "\u{fffd}").utf8))
        default: throw fail("unknown escape")
        }
    }

    private mutating func hexUnit() throws(JSONError) -> UInt16 {
        guard at + 4 <= bytes.count else { throw fail("expected four hexadecimal digits") }
        var unit: UInt16 = 0
        for byte in bytes[at..<at + 4] {
            guard let digit = Hex.value(of: byte) else { throw fail("expected four hexadecimal digits") }
            unit = unit << 4 | UInt16(digit)
        }
        at += 4
        return unit
    }
}
