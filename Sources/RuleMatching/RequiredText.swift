// Texts of which one stands in everything that a pattern matches: what the block scan searches for wherever there are
// any that are long enough. A search for plain texts costs a fraction of one by automata, to compile and to run, and
// none of Vectorscan's faults with automata (StopBytes) touches it.
//
// Must stay true: whatever the pattern matches holds one of the texts, whole. In doubt there are none.

import Rules

struct RequiredText: Hashable {
    private(set) var bytes: [UInt8] = []
    /// Letters stand for both cases.
    let isCaseless: Bool

    /// Shorter ones are in too many lines.
    private static let enough = 7
    /// Longer ones say no more.
    private static let most = 32
    private static let mostAlternatives = 24

    /// The texts of a pattern without anchors and lookaround, or nil where it has none that say enough.
    /// - Parameter shared: texts that tell nothing apart, since many patterns have them: none of these.
    static func of(_ alternatives: [[PatternNode]], without shared: Set<RequiredText> = []) -> [RequiredText]? {
        choices(alternatives).first { length($0) >= enough && shared.isDisjoint(with: $0) }
    }

    /// From the best on.
    private static func choices(_ alternatives: [[PatternNode]]) -> [[RequiredText]] {
        guard alternatives.count == 1, let nodes = alternatives.first else {
            return best(alternatives, false).map { [$0] } ?? []
        }
        var walk = Walk(false)
        nodes.forEach { walk.pass($0) }
        walk.end()
        return walk.found.filter { $0.count <= mostAlternatives }.sorted { isWorse($1, $0) }
    }

    /// In Vectorscan's syntax.
    func written(_ byte: (UInt8) -> [UInt8]) -> [UInt8] {
        let text = bytes.flatMap(byte)
        return isCaseless ? Array("(?i:".utf8) + text + Array(")".utf8) : text
    }

    private init(isCaseless: Bool) { self.isCaseless = isCaseless }

    private static func length(_ texts: [RequiredText]) -> Int { texts.map(\.bytes.count).min() ?? 0 }

    /// Those that are in the fewest lines, as far as their lengths tell. Nil where an alternative has none.
    private static func best(_ alternatives: [[PatternNode]], _ isCaseless: Bool) -> [RequiredText]? {
        var all: [RequiredText] = []
        for nodes in alternatives {
            var walk = Walk(isCaseless)
            nodes.forEach { walk.pass($0) }
            walk.end()
            guard let best = walk.found.max(by: { isWorse($0, $1) }) else { return nil }
            all += best
        }
        return all.isEmpty || all.count > mostAlternatives ? nil : all
    }

    private static func isWorse(_ one: [RequiredText], _ other: [RequiredText]) -> Bool {
        let (first, second) = (length(one), length(other))
        // Beyond some length fewer texts count for more than longer ones.
        let key = { (texts: [RequiredText], length: Int) in min(length, 14) * 2 - texts.count }
        return (key(one, first), first) < (key(other, second), second)
    }

    /// What a group's letters make of the case.
    static func isCaseless(_ options: [UInt8], within outer: Bool) -> Bool {
        var isOn = outer
        var isRemoved = false
        for letter in options {
            switch letter {
            case UInt8(ascii: "-"): isRemoved = true
            case UInt8(ascii: "^"): isOn = false
            case UInt8(ascii: "i"): isOn = !isRemoved
            default: break
            }
        }
        return isOn
    }

    /// A walk along a sequence of nodes.
    private struct Walk {
        /// Each covers all that the sequence matches.
        private(set) var found: [[RequiredText]] = []
        private let isCaseless: Bool
        /// The texts that can stand up to here without a gap.
        private var open: [RequiredText]

        init(_ isCaseless: Bool) {
            self.isCaseless = isCaseless
            open = [RequiredText(isCaseless: isCaseless)]
        }

        /// A gap, or the end.
        mutating func end() {
            if length(open) > 0 {
                // In their order, none twice: the compiled form is known by what it was compiled from.
                found.append(open.enumerated().filter { !open[..<$0.offset].contains($0.element) }.map(\.element))
            }
            open = [RequiredText(isCaseless: isCaseless)]
        }

        mutating func pass(_ node: PatternNode) {
            switch node {
            case .boundary: break
            case .byte(0x0a), .anchor, .lookaround, .reference, .options: end()
            case .byte(let byte): append([[byte]])
            case .set(let text):
                guard let byte = literal(text) else { return end() }
                append([[byte]])
            case .group(let options, let alternatives): pass(alternatives, options)
            case .repeated(let inner, let minimum, _):
                guard minimum > 0 else { return end() }
                pass(inner)
                end()
            }
        }

        private mutating func pass(_ alternatives: [[PatternNode]], _ options: [UInt8]) {
            let inside = RequiredText.isCaseless(options, within: isCaseless)
            if inside == isCaseless {
                let whole = alternatives.map { wholeText($0) }
                if whole.allSatisfy({ $0 != nil }), whole.count * open.count <= 16 {
                    return append(whole.compactMap { $0 })
                }
                // What it may begin with still belongs to what stands before it.
                if alternatives.count * open.count <= 16 { append(alternatives.map { beginning($0) }) }
            }
            end()
            if let inner = RequiredText.best(alternatives, inside) { found.append(inner) }
        }

        private mutating func append(_ texts: [[UInt8]]) {
            if length(open) + (texts.map(\.count).min() ?? 0) > most { end() }
            open = open.flatMap { start in
                texts.map { text in
                    var longer = start
                    longer.bytes += text
                    return longer
                }
            }
        }

        private func wholeText(_ nodes: [PatternNode]) -> [UInt8]? {
            let text = beginning(nodes)
            return text.count == nodes.count ? text : nil
        }

        private func beginning(_ nodes: [PatternNode]) -> [UInt8] {
            var text: [UInt8] = []
            for node in nodes {
                switch node {
                case .byte(let byte) where byte != 0x0a: text.append(byte)
                case .set(let set):
                    guard let byte = literal(set) else { return text }
                    text.append(byte)
                default: return text
                }
            }
            return text
        }

        /// `\.` and its like: the byte that they mean.
        private func literal(_ text: [UInt8]) -> UInt8? {
            guard text.count == 2, text[0] == UInt8(ascii: "\\"), (0x21...0x7e).contains(text[1]) else { return nil }
            let isLetter = (0x61...0x7a).contains(text[1] | 0x20)
            return isLetter || (0x30...0x39).contains(text[1]) || text[1] == 0x5f ? nil : text[1]
        }
    }
}
