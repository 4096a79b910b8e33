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

/// A part of a pattern that stands outside of all groups, with what repeats it.
package struct PatternElement: Hashable, Sendable {
    /// Of the pattern's bytes.
    package var range: Range<Int>
    package var nodes: [PatternNode]

    /// The bytes that must stand in every match of it: a measure of how much it says.
    package var weight: Int { nodes.reduce(0) { $0 + Self.weight($1) } }

    private static func weight(_ node: PatternNode) -> Int {
        switch node {
        case .byte: 1
        case .set, .anchor, .boundary, .lookaround, .reference, .options: 0
        case .group(_, let alternatives):
            alternatives.map { $0.reduce(0) { $0 + weight($1) } }.min() ?? 0
        case .repeated(let inner, let minimum, _): minimum > 0 ? weight(inner) : 0
        }
    }

    /// Matches no bytes, and only looks where it stands: an anchor, a word boundary, lookaround.
    package var isAssertion: Bool {
        nodes.allSatisfy { node in
            switch node {
            case .anchor, .boundary, .lookaround: true
            default: false
            }
        }
    }
}

/// A pattern taken apart.
package struct PatternSyntax: Sendable {
    package private(set) var alternatives: [[PatternNode]] = []
    /// The names of its groups, in order.
    package private(set) var groupNames: [String] = []
    /// For each alternative outside of all groups its elements, in order.
    package private(set) var elements: [[PatternElement]] = []

    /// - Throws: `PatternFault` for a construct that Vectorscan cannot search for.
    package init(_ pattern: String) throws(PatternFault) {
        var parser = PatternParser(bytes: Array(pattern.utf8))
        alternatives = try parser.pattern()
        groupNames = parser.names
        elements = parser.elements
    }
}
