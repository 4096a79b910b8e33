// What of a pattern must be there: without anchors, lookaround and back-references, and without what may be missing at its
// ends. Must stay true: where PCRE2 finds the pattern in a text, this stands in it too.

import Rules

/// A pattern as it can be searched for among the neighbours of its line.
struct PlainPattern {
    /// One of these; none can be empty.
    let alternatives: [[PatternNode]]
    /// What can be searched for in its place.
    let choices: [[RequiredText]]

    /// Nil when nothing is left that must be there: the pattern could match an empty text, or is all anchors.
    init?(_ syntax: PatternSyntax) {
        alternatives = Self.scoped(syntax.alternatives).map { Self.trimmed($0) }
        if Self.canBeEmpty(alternatives) { return nil }
        choices = RequiredText.choices(alternatives)
    }

    /// Without anchors, lookaround and back-references, inline options as groups. An option set in one alternative
    /// holds for the following ones too (pcre2pattern(3), "Internal option setting").
    private static func scoped(_ alternatives: [[PatternNode]]) -> [[PatternNode]] {
        var inherited: [[UInt8]] = []
        var result: [[PatternNode]] = []
        for alternative in alternatives {
            var levels: [[PatternNode]] = Array(repeating: [], count: inherited.count + 1)
            for node in alternative {
                if case .options(let letters) = node {
                    inherited.append(letters)
                    levels.append([])
                } else if let kept = kept(node) {
                    levels[levels.count - 1].append(kept)
                }
            }
            // The innermost level last: wrap from the right.
            var nodes = levels.removeLast()
            var depth = inherited.count
            while let outer = levels.popLast() {
                depth -= 1
                nodes = outer + (nodes.isEmpty ? [] : [.group(options: inherited[depth], alternatives: [nodes])])
            }
            result.append(nodes)
        }
        return result
    }

    private static func kept(_ node: PatternNode) -> PatternNode? {
        switch node {
        case .byte, .set, .boundary, .options: return node
        case .anchor, .lookaround: return nil
        case .reference: return .repeated(.set(Array("[\\x00-\\xff]".utf8)), minimum: 0, maximum: nil)
        case .group(let options, let alternatives):
            let inner = scoped(alternatives)
            return inner.allSatisfy(\.isEmpty) ? nil : .group(options: options, alternatives: inner)
        case .repeated(let inner, let minimum, let maximum):
            guard let inner = kept(inner), maximum != 0 else { return nil }
            if case .boundary = inner { return minimum > 0 ? inner : nil }
            // A long counted repeat costs the automaton a state for each count; without an upper bound it is one.
            let open = maximum.map { $0 - minimum > 3 } ?? true
            return .repeated(inner, minimum: minimum, maximum: open ? nil : maximum)
        }
    }

    // MARK: Trimming

    static func trimmed(_ nodes: [PatternNode]) -> [PatternNode] {
        var nodes = nodes
        while let last = nodes.popLast() {
            if let edge = edge(last, trim: { trimmedEnd($0) }) {
                nodes.append(edge)
                break
            }
        }
        nodes.reverse()
        while let first = nodes.popLast() {
            if let edge = edge(first, trim: { trimmedStart($0) }) {
                nodes.append(edge)
                break
            }
        }
        nodes.reverse()
        return nodes
    }

    private static func trimmedEnd(_ nodes: [PatternNode]) -> [PatternNode] {
        var nodes = nodes
        while let last = nodes.popLast() {
            if let edge = edge(last, trim: { trimmedEnd($0) }) { return nodes + [edge] }
        }
        return nodes
    }

    private static func trimmedStart(_ nodes: [PatternNode]) -> [PatternNode] {
        var rest = nodes[...]
        while let first = rest.popFirst() {
            if let edge = edge(first, trim: { trimmedStart($0) }) { return [edge] + rest }
        }
        return []
    }

    /// What of a node at the edge must be there; nil if nothing.
    private static func edge(_ node: PatternNode, trim: ([PatternNode]) -> [PatternNode]) -> PatternNode? {
        switch node {
        case .byte, .set, .boundary: return node
        case .anchor, .lookaround, .reference, .options: return nil
        case .repeated(let inner, let minimum, _):
            if minimum == 0 { return nil }
            return minimum == 1 ? edge(inner, trim: trim) : .repeated(inner, minimum: minimum, maximum: minimum)
        case .group(let options, let alternatives):
            let inner = alternatives.map(trim)
            return canBeEmpty(inner) ? nil : .group(options: options, alternatives: inner)
        }
    }

    private static func canBeEmpty(_ alternatives: [[PatternNode]]) -> Bool {
        alternatives.contains { $0.allSatisfy(canBeEmpty) }
    }

    private static func canBeEmpty(_ node: PatternNode) -> Bool {
        switch node {
        case .byte, .set: false
        case .anchor, .lookaround, .reference, .options, .boundary: true
        case .repeated(let inner, let minimum, _): minimum == 0 || canBeEmpty(inner)
        case .group(_, let alternatives): canBeEmpty(alternatives)
        }
    }
}
