// What stands behind a backslash, and classes in brackets.

extension PatternParser {
    mutating func escape() throws(PatternFault) -> [PatternNode] {
        let start = at
        guard at + 1 < bytes.count else {
            at += 1
            return [.byte(UInt8(ascii: "\\"))]
        }
        let letter = bytes[at + 1]
        at += 2
        switch letter {
        case UInt8(ascii: "A"), UInt8(ascii: "Z"), UInt8(ascii: "z"): return [.anchor]
        case UInt8(ascii: "b"), UInt8(ascii: "B"): return [.boundary([UInt8(ascii: "\\"), letter])]
        case UInt8(ascii: "Q"): return quoted()
        case UInt8(ascii: "E"): return []
        case UInt8(ascii: "k"): return reference()
        case UInt8(ascii: "g"):
            if sees("<") || sees("'") { throw fault(start, "recursion is refused; write the inner pattern out") }
            return reference()
        case 0x31...0x39:
            if let byte = next, (0x30...0x39).contains(byte) {
                throw fault(
                    start, "'\\' with two digits has two meanings; write \\g{…} for a group or \\x.. for a byte")
            }
            return [.reference]
        case UInt8(ascii: "x"): try hexadecimal(start)
        case UInt8(ascii: "c"): at = min(at + 1, bytes.count)
        case UInt8(ascii: "0"): skipDigits(2)
        case UInt8(ascii: "o"): if sees("{") { skip(past: UInt8(ascii: "}")) }
        default: try refuseEscape(letter, start)
        }
        return [.set(Array(bytes[start..<at]))]
    }

    private func refuseEscape(_ letter: UInt8, _ start: Int) throws(PatternFault) {
        let alternative: String
        switch letter {
        case UInt8(ascii: "K"): alternative = "capture what follows in a named group instead"
        case UInt8(ascii: "G"): alternative = "write ^"
        case UInt8(ascii: "R"): alternative = "write \\r?\\n"
        case UInt8(ascii: "X"), UInt8(ascii: "C"): alternative = "patterns see bytes: write (?s:.)"
        case UInt8(ascii: "p"), UInt8(ascii: "P"):
            alternative = "patterns see bytes, not Unicode: write a class such as [A-Za-z\\x80-\\xff]"
        case UInt8(ascii: "N") where sees("{"): alternative = "write the character's bytes"
        default: return
        }
        throw fault(start, "'\\\(String(decoding: [letter], as: UTF8.self))' is refused; \(alternative)")
    }

    private mutating func hexadecimal(_ start: Int) throws(PatternFault) {
        guard sees("{") else { return skipDigits(2, hexadecimal: true) }
        let open = at
        skip(past: UInt8(ascii: "}"))
        let digits = String(decoding: bytes[open..<at].dropFirst().dropLast(), as: UTF8.self)
        if let value = Int(digits, radix: 16), value > 0xff {
            throw fault(start, "'\\x{\(digits)}' is more than a byte; write the character's bytes, each as \\x..")
        }
    }

    private mutating func skipDigits(_ limit: Int, hexadecimal: Bool = false) {
        var left = limit
        while left > 0, let byte = next {
            let digit = (0x30...0x37).contains(byte)
            let more = (0x38...0x39).contains(byte) || (0x41...0x46).contains(byte & 0xdf)
            guard digit || (hexadecimal && more) else { return }
            at += 1
            left -= 1
        }
    }

    mutating func skip(past close: UInt8) {
        at = bytes[at...].firstIndex(of: close).map { $0 + 1 } ?? bytes.count
    }

    /// What follows `\k` or `\g`.
    private mutating func reference() -> [PatternNode] {
        switch next {
        case UInt8(ascii: "{"): skip(past: UInt8(ascii: "}"))
        case UInt8(ascii: "<"): skip(past: UInt8(ascii: ">"))
        case UInt8(ascii: "'"): skip(past: UInt8(ascii: "'"))
        default: while let byte = next, (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-") { at += 1 }
        }
        return [.reference]
    }

    private mutating func quoted() -> [PatternNode] {
        var nodes: [PatternNode] = []
        while at < bytes.count {
            if sees("\\E") {
                at += 2
                break
            }
            nodes.append(.byte(bytes[at]))
            at += 1
        }
        return nodes
    }

    /// A class from its bracket to the end, as written.
    mutating func bracketed() -> [UInt8] {
        let start = at
        at += 1
        if sees("^") { at += 1 }
        if sees("]") { at += 1 }
        while at < bytes.count, bytes[at] != UInt8(ascii: "]") {
            if sees("\\Q") {
                while at < bytes.count, !sees("\\E") { at += 1 }
            } else if sees("\\") {
                at += 2
            } else if sees("[:"), let end = posixEnd() {
                at = end
            } else {
                at += 1
            }
        }
        at = min(at + 1, bytes.count)
        return Array(bytes[start..<at])
    }

    /// Behind `[:alpha:]`, if such a thing begins here.
    private func posixEnd() -> Int? {
        var end = at + 2
        while end < bytes.count, bytes[end] == UInt8(ascii: "^") || (0x61...0x7a).contains(bytes[end]) { end += 1 }
        guard end + 1 < bytes.count, bytes[end] == UInt8(ascii: ":"), bytes[end + 1] == UInt8(ascii: "]") else {
            return nil
        }
        return end + 2
    }
}
