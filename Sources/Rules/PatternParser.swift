// The walk over a pattern's elements, repeats and groups. What it makes of them is told in PatternSyntax.
// Must stay true: it ends on any bytes, and never reads outside them.

struct PatternParser {
    let bytes: [UInt8]
    var at = 0
    var depth = 0
    var names: [String] = []
    /// Outside of all groups, for each alternative.
    var elements: [[PatternElement]] = []
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

    var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    func sees(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard at + count <= bytes.count else { return false }
        return (0..<count).allSatisfy { bytes[at + $0] == text.utf8Start[$0] }
    }

    func fault(_ offset: Int, _ message: String) -> PatternFault {
        PatternFault(offset: offset, message: message)
    }

    /// Up to a closing bracket or the end, which is left unread.
    private mutating func alternatives() throws(PatternFault) -> [[PatternNode]] {
        var all: [[PatternNode]] = [[]]
        if depth == 0 { elements.append([]) }
        while let byte = next, byte != UInt8(ascii: ")") {
            if byte == UInt8(ascii: "|") {
                at += 1
                all.append([])
                if depth == 0 { elements.append([]) }
                continue
            }
            let start = at
            let nodes = try item()
            guard var last = nodes.last else { continue }
            all[all.count - 1] += nodes.dropLast()
            while let (minimum, maximum) = try quantifier() {
                last = .repeated(last, minimum: minimum, maximum: maximum)
            }
            all[all.count - 1].append(last)
            if depth == 0 {
                elements[elements.count - 1].append(
                    PatternElement(range: start..<at, nodes: nodes.dropLast() + [last]))
            }
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
