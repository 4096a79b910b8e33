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
