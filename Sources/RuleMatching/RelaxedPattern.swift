// What the block scan searches for in place of a pattern: something that ends inside every record that the pattern
// matches (a superset), and as cheap as possible.
//
// Must stay true: if PCRE2 finds the pattern in a message, the relaxed one matches within that message's bytes. So
// anchors and lookaround are dropped (in a block of many lines they would look at the neighbours), and both ends are
// trimmed to what must be there (PlainPattern): `^\S+ n: (?<why>.*)$` becomes `\S n: `. Trimming matters: Vectorscan
// reports every end of a match, and a tail of `.*` would be one report for each byte of the line.
// Where a plain text must be there, nothing else is searched for (RequiredText); where not, the part that says most
// (DensestPart), widened so that Vectorscan loses no match (StopBytes).
// `\b` stays: it is right at the ends of a message as long as no header ends, and no line break begins, in a word byte.

import Rules

struct RelaxedPattern: Equatable {
    /// In Vectorscan's syntax.
    let text: String

    /// `classes` keeps what it learns for the next pattern; a text of `shared` is searched for where there is no other.
    init(_ plain: PlainPattern, _ classes: ClassBytes = ClassBytes(), without shared: Set<RequiredText> = []) {
        let expression: [UInt8]
        if let texts = RequiredText.chosen(plain.choices, without: shared) {
            expression = Self.written(texts)
        } else {
            let widened = StopBytes(classes)
            let part = DensestPart(widened.bytes).of(plain.alternatives).map { PlainPattern.trimmed($0) }
            expression = Self.written(widened.doubled(part))
        }
        text = String(decoding: expression, as: UTF8.self)
    }

    /// Any of these texts.
    init(_ texts: [RequiredText]) { text = String(decoding: Self.written(texts), as: UTF8.self) }

    /// Texts that more patterns would be searched for by than it is cheap to try on a line.
    static func sharedTexts(_ all: [PlainPattern]) -> Set<RequiredText> {
        var counts: [RequiredText: Int] = [:]
        for texts in all.compactMap({ RequiredText.chosen($0.choices) }) {
            for text in Set(texts) { counts[text, default: 0] += 1 }
        }
        return Set(counts.filter { $0.value > 4 }.keys)
    }

    // MARK: Writing

    private static func written(_ alternatives: [[PatternNode]]) -> [UInt8] {
        var out: [UInt8] = []
        for (index, nodes) in alternatives.enumerated() {
            if index > 0 { out.append(UInt8(ascii: "|")) }
            for node in nodes { out += written(node) }
        }
        return out
    }

    private static func written(_ texts: [RequiredText]) -> [UInt8] {
        Array(texts.map { $0.written(Self.written) }.joined(separator: [UInt8(ascii: "|")]))
    }

    private static func written(_ node: PatternNode) -> [UInt8] {
        switch node {
        case .byte(let byte): return written(byte)
        // A NUL would end the C string.
        case .set(let text): return escape(text) ?? text.flatMap { $0 == 0 ? Array("\\x00".utf8) : [$0] }
        case .boundary(let text): return text
        case .anchor, .lookaround, .reference, .options: return []
        case .group(let options, let alternatives):
            return Array("(?".utf8) + options + Array(":".utf8) + written(alternatives) + Array(")".utf8)
        case .repeated(let inner, let minimum, let maximum):
            let text: String
            switch (minimum, maximum) {
            case (0, nil): text = "*"
            case (1, nil): text = "+"
            case (0, 1): text = "?"
            case (let least, nil): text = "{\(least),}"
            case (let least, let most?): text = least == most ? "{\(least)}" : "{\(least),\(most)}"
            }
            return unit(inner) + Array(text.utf8)
        }
    }

    /// What a quantifier can follow. A repeat of a repeat must not be read as lazy or possessive.
    private static func unit(_ node: PatternNode) -> [UInt8] {
        if case .repeated = node { return Array("(?:".utf8) + written(node) + Array(")".utf8) }
        return written(node)
    }

    private static func written(_ byte: UInt8) -> [UInt8] {
        let isWord = (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        if isWord || byte == 0x20 || byte == 0x5f || byte == 0x3a { return [byte] }
        let digits = Array("0123456789abcdef".utf8)
        return Array("\\x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    /// Escapes of which the two libraries might think differently, as classes.
    private static func escape(_ text: [UInt8]) -> [UInt8]? {
        guard text.count == 2, text[0] == UInt8(ascii: "\\") else { return nil }
        switch text[1] {
        case UInt8(ascii: "h"): return Array("[\\t\\x20\\xa0]".utf8)
        case UInt8(ascii: "H"): return Array("[^\\t\\x20\\xa0]".utf8)
        case UInt8(ascii: "v"): return Array("[\\n-\\r\\x85]".utf8)
        case UInt8(ascii: "V"): return Array("[^\\n-\\r\\x85]".utf8)
        case UInt8(ascii: "N"): return Array("[^\\n]".utf8)
        case UInt8(ascii: "s"): return Array("[\\t-\\r\\x20]".utf8)
        case UInt8(ascii: "e"): return Array("\\x1b".utf8)
        case UInt8(ascii: "a"): return Array("\\x07".utf8)
        default: return nil
        }
    }
}
