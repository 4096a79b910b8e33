// The form of a pattern, read without compiling it: the names of its groups, the constructs that are refused and what to
// write instead, and the tree from which RuleMatching makes the relaxed pattern of the block scan.
// PCRE2 remains the judge of what is valid: what is not understood here passes as it stands, and PCRE2 names the fault.
// The reading is of pcre2pattern(3) without UTF mode: a character is a byte.

/// A node of a pattern.
package indirect enum PatternNode: Hashable, Sendable {
    /// Exactly this byte.
    case byte(UInt8)
    /// A class, an escape or the dot, as written: matches one byte.
    case set([UInt8])
    /// `^ $ \A \z \Z`.
    case anchor
    /// `\b`, `\B`.
    case boundary([UInt8])
    case lookaround
    case reference
    /// `(?i)`, `(?s-i)`: from here to the end of the group. Only the letters that change what a byte matches.
    case options([UInt8])
    /// Any group with alternatives; `options` of `(?i:…)`.
    case group(options: [UInt8], alternatives: [[PatternNode]])
    case repeated(PatternNode, minimum: Int, maximum: Int?)
}

/// A construct that is refused: where in the pattern, and the alternative.
package struct PatternFault: Error, Hashable, Sendable {
    /// Bytes before it.
    package var offset: Int
    package var message: String
}

/// A pattern taken apart.
package struct PatternSyntax: Sendable {
    package private(set) var alternatives: [[PatternNode]] = []
    /// The names of its groups, in order.
    package private(set) var groupNames: [String] = []

    /// - Throws: `PatternFault` for a construct that Vectorscan cannot search for.
    package init(_ pattern: String) throws(PatternFault) {
        var parser = PatternParser(bytes: Array(pattern.utf8))
        alternatives = try parser.pattern()
        groupNames = parser.names
    }
}

private struct PatternParser {
    let bytes: [UInt8]
    var at = 0
    var depth = 0
    var names: [String] = []
    /// PCRE2's own limit is 250 (pcre2_set_parens_nest_limit(3)).
    static let maximumDepth = 100
    /// Vectorscan's limit for a repeat.
    static let maximumRepeat = 32767

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func pattern() throws(PatternFault) -> [[PatternNode]] {
        var all: [[PatternNode]] = []
        while true {
            let part = try alternatives()
            all = all.isEmpty ? part : all + part
            if at >= bytes.count { return all }
            // A `)` too many, which PCRE2 will name.
            at += 1
        }
    }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private func sees(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard at + count <= bytes.count else { return false }
        return (0..<count).allSatisfy { bytes[at + $0] == text.utf8Start[$0] }
    }

    private func fault(_ offset: Int, _ message: String) -> PatternFault {
        PatternFault(offset: offset, message: message)
    }

    /// Up to a closing bracket or the end, which is left unread.
    private mutating func alternatives() throws(PatternFault) -> [[PatternNode]] {
        var all: [[PatternNode]] = [[]]
        while let byte = next, byte != UInt8(ascii: ")") {
            if byte == UInt8(ascii: "|") {
                at += 1
                all.append([])
                continue
            }
            let nodes = try item()
            guard var last = nodes.last else { continue }
            all[all.count - 1] += nodes.dropLast()
            while let (minimum, maximum) = try quantifier() {
                last = .repeated(last, minimum: minimum, maximum: maximum)
            }
            all[all.count - 1].append(last)
        }
        return all
    }

    /// One element, or the bytes of `\Q…\E`; nothing for a comment.
    private mutating func item() throws(PatternFault) -> [PatternNode] {
        switch bytes[at] {
        case UInt8(ascii: "("): return try group().map { [$0] } ?? []
        case UInt8(ascii: "["):
            if sees("[[:<:]]") || sees("[[:>:]]") { throw fault(at, "'[[:<:]]' is refused; write \\b") }
            return [.set(bracketed())]
        case UInt8(ascii: "\\"): return try escape()
        case UInt8(ascii: "^"), UInt8(ascii: "$"):
            at += 1
            return [.anchor]
        case UInt8(ascii: "."):
            at += 1
            return [.set([UInt8(ascii: ".")])]
        case let byte:
            at += 1
            return [.byte(byte)]
        }
    }

    private mutating func quantifier() throws(PatternFault) -> (Int, Int?)? {
        let start = at
        var bounds: (Int, Int?)
        switch next {
        case UInt8(ascii: "*"): bounds = (0, nil)
        case UInt8(ascii: "+"): bounds = (1, nil)
        case UInt8(ascii: "?"): bounds = (0, 1)
        case UInt8(ascii: "{"):
            guard let counted = counted() else {
                at = start
                return nil
            }
            bounds = counted
            at -= 1
        default: return nil
        }
        at += 1
        if max(bounds.0, bounds.1 ?? 0) > Self.maximumRepeat {
            throw fault(
                start,
                "a repeat of more than \(Self.maximumRepeat) is refused; write {\(min(bounds.0, 1)),} or a smaller one")
        }
        if next == UInt8(ascii: "?") || next == UInt8(ascii: "+") { at += 1 }
        return bounds
    }

    /// `{2}`, `{2,}`, `{2,5}`; anything else is text.
    private mutating func counted() -> (Int, Int?)? {
        at += 1
        guard let minimum = number() else { return nil }
        var maximum: Int? = minimum
        if next == UInt8(ascii: ",") {
            at += 1
            maximum = next == UInt8(ascii: "}") ? nil : number()
        }
        guard next == UInt8(ascii: "}") else { return nil }
        at += 1
        return (minimum, maximum)
    }

    /// Decimal digits; more than six are too many in any case.
    private mutating func number() -> Int? {
        var value: Int?
        while let byte = next, (0x30...0x39).contains(byte) {
            value = min((value ?? 0) * 10 + Int(byte - 0x30), 1_000_000)
            at += 1
        }
        return value
    }
}

// MARK: Groups

extension PatternParser {
    private mutating func group() throws(PatternFault) -> PatternNode? {
        let start = at
        guard depth < Self.maximumDepth else { throw fault(at, "groups nested deeper than \(Self.maximumDepth)") }
        depth += 1
        defer { depth -= 1 }
        if sees("(*") {
            throw fault(start, "a verb such as (*SKIP) or (*UTF) is refused; say it with an 'unless' pattern, or (?i)")
        }
        at += 1
        guard sees("?") else { return .group(options: [], alternatives: try body()) }
        at += 1
        if sees("#") {
            skip(past: UInt8(ascii: ")"))
            return nil
        }
        for look in ["=", "!", "<=", "<!"] as [StaticString] where sees(look) {
            at += look.utf8CodeUnitCount
            _ = try body()
            return .lookaround
        }
        try refuse(start)
        if sees(":") || sees(">") {
            at += 1
            return .group(options: [], alternatives: try body())
        }
        if sees("P=") {
            _ = name(endingWith: UInt8(ascii: ")"))
            return .reference
        }
        if sees("<") || sees("P<") || sees("'") {
            let close: UInt8 = sees("'") ? UInt8(ascii: "'") : UInt8(ascii: ">")
            at += sees("P<") ? 2 : 1
            if let name = name(endingWith: close) { names.append(name) }
            return .group(options: [], alternatives: try body())
        }
        return try optionGroup(start)
    }

    private mutating func body() throws(PatternFault) -> [[PatternNode]] {
        let inner = try alternatives()
        // A missing bracket is PCRE2's to name.
        if next != nil { at += 1 }
        return inner
    }

    private mutating func name(endingWith close: UInt8) -> String? {
        guard let end = bytes[at...].firstIndex(of: close) else { return nil }
        defer { at = end + 1 }
        return String(decoding: bytes[at..<end], as: UTF8.self)
    }

    /// What Vectorscan cannot search for.
    private func refuse(_ start: Int) throws(PatternFault) {
        if sees("|") {
            throw fault(start, "'(?|' is refused; give each alternative a group of its own name, or use two patterns")
        }
        if sees("(") { throw fault(start, "a conditional group '(?(' is refused; use two patterns") }
        if sees("C") { throw fault(start, "a callout '(?C' is refused; leave it out") }
        if sees("*") || sees("<*") { throw fault(start, "a non-atomic lookaround is refused; write (?=…) or (?<=…)") }
        let digit = at + 1 < bytes.count && (0x30...0x39).contains(bytes[at + 1])
        let recursion =
            sees("R") || sees("&") || sees("P>") || ((sees("+") || sees("-")) && digit)
            || (next.map { (0x30...0x39).contains($0) } ?? false)
        if recursion { throw fault(start, "recursion is refused; write the inner pattern out as often as it may nest") }
    }

    /// `(?i)`, `(?i-s:…)`.
    private mutating func optionGroup(_ start: Int) throws(PatternFault) -> PatternNode? {
        var letters: [UInt8] = []
        while let byte = next, byte != UInt8(ascii: ")"), byte != UInt8(ascii: ":") {
            switch byte {
            case UInt8(ascii: "i"), UInt8(ascii: "s"), UInt8(ascii: "-"): letters.append(byte)
            case UInt8(ascii: "m"), UInt8(ascii: "U"): break
            case UInt8(ascii: "x"), UInt8(ascii: "n"), UInt8(ascii: "J"), UInt8(ascii: "^"):
                let shown = String(decoding: [byte], as: UTF8.self)
                throw fault(start, "the option '\(shown)' is refused; of the inline options, i, s and m can be used")
            default: return .set(Array(bytes[start...]))
            }
            at += 1
        }
        if letters == [UInt8(ascii: "-")] { letters = [] }
        if letters.last == UInt8(ascii: "-") { letters.removeLast() }
        guard next == UInt8(ascii: ":") else {
            at = min(at + 1, bytes.count)
            return .options(letters)
        }
        at += 1
        return .group(options: letters, alternatives: try body())
    }
}

// MARK: Escapes and classes

extension PatternParser {
    private mutating func escape() throws(PatternFault) -> [PatternNode] {
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

    private mutating func skip(past close: UInt8) {
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
    private mutating func bracketed() -> [UInt8] {
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
