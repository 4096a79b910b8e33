// The part of a pattern that the block scan searches for where no plain text is long enough. An automaton that waits in
// `[^\n]*` for what comes next costs more than all the rest of the scan, so a pattern is cut wherever it may run over much,
// and of the pieces the one that says most is taken: of `/\S+: \w+ FOUND` ` FOUND`, of a trace of many lines what
// stands in one of them.
//
// Must stay true: whatever the pattern matches holds a match of the part.

import Rules

struct DensestPart {
    /// A piece that says less than this many bytes would be found in too many lines: then nothing is cut.
    private static let enough = 4.0

    private let bytes: (PatternNode) -> ByteSet

    /// `bytes` tells all that a node's parts take.
    init(_ bytes: @escaping (PatternNode) -> ByteSet) { self.bytes = bytes }

    /// Each alternative's part, or the alternative.
    func of(_ alternatives: [[PatternNode]]) -> [[PatternNode]] {
        alternatives.map { nodes in
            let pieces = nodes.split { isGap($0) }.map { Array($0) }
            guard let best = pieces.max(by: { weight($0) < weight($1) }), weight(best) >= Self.enough else {
                return nodes
            }
            return best
        }
    }

    /// Whether it may run over much.
    private func isGap(_ node: PatternNode) -> Bool {
        switch node {
        case .byte(let byte): byte == 0x0a
        case .set, .anchor, .boundary, .lookaround, .reference, .options: false
        case .group(_, let alternatives): alternatives.joined().contains { isGap($0) }
        case .repeated(let inner, _, let maximum): isGap(inner) || maximum == nil && bytes(inner).count >= 100
        }
    }

    /// About how many bytes it says.
    private func weight(_ nodes: [PatternNode]) -> Double { nodes.reduce(0) { $0 + weight($1) } }

    private func weight(_ node: PatternNode) -> Double {
        switch node {
        case .byte: 1
        case .boundary: 0.2
        case .set:
            switch bytes(node).count {
            case ...2: 1
            case ...12: 0.7
            case ...70: 0.3
            default: 0
            }
        case .anchor, .lookaround, .reference, .options: 0
        case .group(_, let alternatives): alternatives.map { weight($0) }.min() ?? 0
        case .repeated(let inner, let minimum, _): weight(inner) * Double(min(minimum, 3))
        }
    }
}
