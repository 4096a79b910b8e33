// A fault of Vectorscan, and how the block scan avoids it.
//
// Where an automaton waits in a state that only one byte (or one letter in both cases) leaves, Vectorscan searches for
// that byte by vector instructions, and does not look at all of the last bytes of what it was given to search. In
// 5.4.9, Debian 12's, where the processor has AVX-512 (not in its AVX2 or SSE4.2 code), `\([^)]+\)` loses up to 2 % of
// its matches: those that lie near the end of the block, or near the next literal of some pattern, up to which the
// automaton is run. So do `(?s)a.+b`, `"[^"]*"`, and `\(\w+a`, whose first state waits for the one byte that a match
// can begin with. Of 75,900 matches of generated patterns 431 were lost. States that more bytes leave are searched for
// in other ways.
//
// Must stay true: no state that waits is left by a single byte. A second one is added where it is missing, to what
// must come next: `\(\w+a` becomes `(?:\(|\xff)\w+a`. This finds more, never less, and PCRE2 decides; the byte is one
// that no text in UTF-8 holds. The scan is as fast as before (804 MB/s against 805, on generated lines). After `\b`
// nothing is added. It is not needed there, and another fault is near: `\b(?:(?:I|\xff)/O|(?:c|\xff)ritical)`, with
// four alternatives more like these, lost 86 % (with every processor).
//
// The search for two literals that stand alone in a database has a fault as well: `failed error` and `timeout` lost 15
// % of what lay at the end of a block; beside some more literals, nothing. So every database gets some.
//
// What is left: of 31,900 matches of such patterns, written by hand with a second byte before every word, 1 was lost,
// of `[^,]*?[a\xff]b`, which two bytes in a row leave.

import Rules

/// A walk over a pattern, in the order in which it matches.
struct StopBytes {
    /// For each state that may be waiting here, the bytes that it does not wait on: few. What comes next adds to them.
    /// Before the pattern all bytes are waited on.
    private typealias Waiting = Set<ByteSet>

    private static let spare: UInt8 = 0xff
    private static let nothing: Waiting = [ByteSet()]

    /// Expressions that are searched for in vain, so that no database has a few literals only: of bytes that text does
    /// not hold, different ones in each place.
    static let fillers = [
        #"\x01\x02\x03\x04"#, #"\x03\x05\x06\x07"#, #"\x05\x08\x0b\x02"#, #"\x0e\x0f\x10\x11"#,
        #"\xfe\xfd\xfc\xfb"#, #"\xf8\xf9\xfa\x12"#,
    ]

    /// Inline options that hold here, as PCRE2 reads them.
    private var options: [[UInt8]] = []
    private let classes: ClassBytes

    init(_ classes: ClassBytes) { self.classes = classes }

    /// The same alternatives, with a second stop byte wherever there was one.
    func doubled(_ alternatives: [[PatternNode]]) -> [[PatternNode]] {
        var waiting = Self.nothing
        return doubled(alternatives, &waiting)
    }

    private func doubled(_ alternatives: [[PatternNode]], _ waiting: inout Waiting) -> [[PatternNode]] {
        let before = waiting
        waiting = []
        return alternatives.map { nodes in
            var after = before
            let result = nodes.map { doubled($0, &after) }
            waiting.formUnion(after)
            return result
        }
    }

    private func doubled(_ node: PatternNode, _ waiting: inout Waiting) -> PatternNode {
        switch node {
        case .anchor, .lookaround, .reference, .options: return node
        case .boundary:
            // Whether a word byte came last is part of the state, and nearly every byte changes it.
            waiting = []
            return node
        case .byte, .set:
            let bytes = bytes(of: node)
            let isAlone = waiting.contains { Self.isOne(bytes.union($0)) }
            // What takes nearly every byte is waited in as well, together with what waited before it.
            if !Self.isOne(bytes.complement) { waiting = [] }
            return isAlone ? .group(options: [], alternatives: [[node], [.byte(Self.spare)]]) : node
        case .group(let letters, let alternatives):
            var inner = self
            if !letters.isEmpty { inner.options.append(letters) }
            return .group(options: letters, alternatives: inner.doubled(alternatives, &waiting))
        case .repeated(let inner, let minimum, let maximum):
            var inside = waiting
            var result = doubled(inner, &inside)
            if maximum != 1 {
                // Here it also follows itself.
                let own = stops(of: inner)
                inside.formUnion(waiting.union(own))
                result = doubled(inner, &inside)
                inside.formUnion(own)
            }
            waiting = minimum == 0 ? waiting.union(inside) : inside
            return .repeated(result, minimum: minimum, maximum: maximum)
        }
    }

    /// What a repeat does not wait on, if that is little enough to matter.
    private func stops(of repeated: PatternNode) -> Waiting {
        let others = bytes(of: repeated).complement
        return Self.isOne(others) ? [others] : []
    }

    /// Every byte that a node's parts take.
    func bytes(of node: PatternNode) -> ByteSet {
        switch node {
        case .anchor, .lookaround, .reference, .options, .boundary: return ByteSet()
        case .byte(let byte):
            return ByteSet(Self.isLetter(byte) && isCaseless ? [byte | 0x20, byte & 0xdf] : [byte])
        case .set(let text): return classes.bytes(text, options.flatMap { Array("(?".utf8) + $0 + Array(")".utf8) })
        case .repeated(let inner, _, _): return bytes(of: inner)
        case .group(let letters, let alternatives):
            var inner = self
            if !letters.isEmpty { inner.options.append(letters) }
            return alternatives.joined().reduce(into: ByteSet()) { $0.formUnion(inner.bytes(of: $1)) }
        }
    }

    private var isCaseless: Bool { options.reduce(false) { RequiredText.isCaseless($1, within: $0) } }

    /// Whether Vectorscan would search for them as for one byte.
    private static func isOne(_ bytes: ByteSet) -> Bool {
        if bytes.count < 2 { return true }
        guard bytes.count == 2 else { return false }
        let pair = bytes.bytes
        return isLetter(pair[0]) && pair[0] | 0x20 == pair[1] | 0x20
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte | 0x20) }
}
