// The exceptions of all rules made ready to match. Many rules take back the same (what quotes strangers), so each is
// compiled once.

import Rules
import YAML

struct ExceptionCompiler {
    /// By their texts.
    private var known: [String: [Exception]] = [:]
    /// What is searched for, in the order of the numbers.
    private(set) var expressions: [PatternDatabase.Expression] = []

    /// A text that is shorter is in too many messages.
    private static let least = 3

    /// What a pattern of `unless` was made into, if it was met before.
    func exceptions(of pattern: Pattern) -> [Exception]? { known[pattern.text] }

    /// Makes a pattern of `unless` into exceptions. Of its alternatives those in which a plain text must be are searched for;
    /// the others, and those that can match at the beginning of a message alone, which is seen at once, are always asked.
    mutating func add(_ pattern: Pattern, _ code: CompiledPattern, _ syntax: PatternSyntax) -> [Exception] {
        var made: [Exception] = []
        if let parts = Self.parts(of: pattern, syntax), !parts.searched.isEmpty, !parts.others.isEmpty,
            let searched = Self.compiled(parts.searched, of: pattern),
            let others = Self.compiled(parts.others, of: pattern)
        {
            made = [search(searched, written: pattern), Exception(others, written: pattern, search: nil)]
        } else {
            made = [search(code, written: pattern)]
        }
        known[pattern.text] = made
        return made
    }

    private mutating func search(_ code: CompiledPattern, written: Pattern) -> Exception {
        guard let text = Self.text(of: code.pattern) else { return Exception(code, written: written, search: nil) }
        expressions.append(PatternDatabase.Expression(text: text))
        return Exception(code, written: written, search: Int32(truncatingIfNeeded: expressions.count - 1))
    }

    /// What is searched for in place of a pattern; nil: nothing, it is always asked.
    private static func text(of pattern: Pattern) -> String? {
        guard let syntax = try? PatternSyntax(pattern.text), !syntax.alternatives.allSatisfy({ isAnchored($0) }) else {
            return nil
        }
        return PlainPattern(syntax).flatMap { RequiredText.chosen($0.choices, atLeast: least) }.map {
            RelaxedPattern($0).text
        }
    }

    private static func isAnchored(_ nodes: [PatternNode]) -> Bool { nodes.first == .anchor }

    /// The alternatives that can be searched for, and the others. Nil: they cannot be told apart.
    private static func parts(
        of pattern: Pattern, _ syntax: PatternSyntax
    ) -> (searched: [[UInt8]], others: [[UInt8]])? {
        if syntax.alternatives.joined().contains(where: { tiesAlternatives($0) }) { return nil }
        let bytes = Array(pattern.text.utf8)
        var parts: (searched: [[UInt8]], others: [[UInt8]]) = ([], [])
        for elements in syntax.elements {
            guard let first = elements.first, let last = elements.last else { return nil }
            let written = Array(bytes[first.range.lowerBound..<last.range.upperBound])
            var alternative = pattern
            alternative.text = String(decoding: written, as: UTF8.self)
            if text(of: alternative) == nil { parts.others.append(written) } else { parts.searched.append(written) }
        }
        return parts
    }

    /// An option holds in the alternatives behind it too, and a reference may count the groups before its own.
    private static func tiesAlternatives(_ node: PatternNode, inGroup: Bool = false) -> Bool {
        switch node {
        case .options: !inGroup
        case .reference: true
        case .group(_, let alternatives): alternatives.joined().contains { tiesAlternatives($0, inGroup: true) }
        case .repeated(let inner, _, _): tiesAlternatives(inner, inGroup: inGroup)
        case .byte, .set, .anchor, .boundary, .lookaround: false
        }
    }

    private static func compiled(_ alternatives: [[UInt8]], of pattern: Pattern) -> CompiledPattern? {
        var part = pattern
        part.text = String(decoding: Array(alternatives.joined(separator: [UInt8(ascii: "|")])), as: UTF8.self)
        return try? CompiledPattern(part, of: "unless")
    }
}
