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

    /// Shorter ones are in too many lines, where there is a choice.
    private static let enough = 7
    /// Shorter ones are in more lines than a search by an automaton would find.
    private static let least = 5
    /// Longer ones say no more.
    private static let most = 32
    private static let mostAlternatives = 64

    /// The choices for a pattern without anchors and lookaround, from the best on: of each, one text stands in everything
    /// that the pattern matches.
    static func choices(_ alternatives: [[PatternNode]]) -> [[RequiredText]] {
        guard alternatives.count == 1, let nodes = alternatives.first else {
            return best(alternatives, false).map { [$0] } ?? []
        }
        var walk = Walk(false)
        nodes.forEach { walk.pass($0) }
        walk.end()
        return walk.found.filter { $0.count <= mostAlternatives }.sorted { isWorse($1, $0) }
    }

    /// Of these choices the one to search for; nil where none says anything.
    /// - Parameters:
    ///   - least: bytes of the shortest text that says anything.
    ///   - shared: texts that tell little apart, since many patterns have them: others are taken where there are.
    static func chosen(
        _ choices: [[RequiredText]], atLeast least: Int = least, without shared: Set<RequiredText> = []
    ) -> [RequiredText]? {
        choices.first { length($0) >= enough && shared.isDisjoint(with: $0) }
            ?? choices.first { length($0) >= least }
    }

    /// In Vectorscan's syntax.
    func written(_ byte: (UInt8) -> [UInt8]) -> [UInt8] {
        let text = bytes.flatMap(byte)
        return isCaseless ? Array("(?i:".utf8) + text + Array(")".utf8) : text
    }

    private init(isCaseless: Bool) { self.isCaseless = isCaseless }

    private static func length(_ texts: [RequiredText]) -> Int {
        texts.reduce(texts.isEmpty ? 0 : .max) { min($0, $1.bytes.count) }
    }

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
        if (first < least) != (second < least) { return first < least }
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
                let bytes = literals(text)
                if bytes.isEmpty || bytes.count * open.count > 16 { return end() }
                append(bytes.map { [$0] })
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
                if let whole = wholeTexts(alternatives), whole.count * open.count <= 16 { return append(whole) }
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

        /// All texts that the alternatives can match, of few; nil where they match others.
        private func wholeTexts(_ alternatives: [[PatternNode]]) -> [[UInt8]]? {
            var all: [[UInt8]] = []
            for nodes in alternatives {
                guard let texts = wholeTexts(nodes), all.count + texts.count <= 16 else { return nil }
                all += texts
            }
            return all
        }

        private func wholeTexts(_ nodes: [PatternNode]) -> [[UInt8]]? {
            var texts: [[UInt8]] = [[]]
            for node in nodes {
                let next: [[UInt8]]
                switch node {
                case .byte(let byte) where byte != 0x0a: next = [[byte]]
                case .set(let set): next = literals(set).map { [$0] }
                case .group(let options, let inner)
                where RequiredText.isCaseless(options, within: isCaseless) == isCaseless:
                    guard let inner = wholeTexts(inner) else { return nil }
                    next = inner
                default: return nil
                }
                if next.isEmpty || texts.count * next.count > 16 { return nil }
                texts = texts.flatMap { start in next.map { start + $0 } }
            }
            return texts
        }

        private func beginning(_ nodes: [PatternNode]) -> [UInt8] {
            var text: [UInt8] = []
            for node in nodes {
                switch node {
                case .byte(let byte) where byte != 0x0a: text.append(byte)
                case .set(let set):
                    let bytes = literals(set)
                    guard bytes.count == 1 else { return text }
                    text += bytes
                default: return text
                }
            }
            return text
        }

        /// The bytes that a set means: of `\.` and its like one, of `[Ff]` two; none where they are not written out.
        private func literals(_ text: [UInt8]) -> [UInt8] {
            if let byte = RequiredText.literal(text) { return [byte] }
            guard (3...6).contains(text.count), text.first == UInt8(ascii: "["), text.last == UInt8(ascii: "]") else {
                return []
            }
            let inner = text.dropFirst().dropLast()
            let isPlain = inner.allSatisfy { byte in
                (0x20...0x7e).contains(byte) && ![0x2d, 0x5b, 0x5c, 0x5d, 0x5e].contains(byte)
            }
            return isPlain ? Array(inner) : []
        }
    }

    /// Of a set as written, the byte that it means, where it is a backslash and a mark (`\.`).
    static func literal(_ text: [UInt8]) -> UInt8? {
        guard text.count == 2, text[0] == UInt8(ascii: "\\"), (0x21...0x7e).contains(text[1]) else { return nil }
        let isLetter = (0x61...0x7a).contains(text[1] | 0x20)
        return isLetter || (0x30...0x39).contains(text[1]) || text[1] == 0x5f ? nil : text[1]
    }
}
