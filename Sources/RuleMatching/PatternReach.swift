// How near a pattern came that does not match: the words of `herald rules explain`. It is asked of one line at a time, by
// a person, and tries variants of the pattern: none of this is on the way of a log line.

import Formats
import Records
import Rules

/// How near a pattern came to a record that it does not match, and what stops it.
struct PatternReach: Equatable {
    /// 0 to 90; what is nearer is more.
    var nearness: Int
    /// What to say of it, as the end of a sentence that begins with the pattern.
    var text: String
}

extension PatternReach {
    /// Nil where so little of the pattern is there that it is not worth a word.
    /// - Parameters:
    ///   - syntax: the pattern's.
    ///   - text: the record's.
    init?(
        _ pattern: Pattern, _ syntax: PatternSyntax, _ text: ReachedText, _ record: Record,
        _ workspace: PatternWorkspace
    ) {
        let trial = PatternTrial(
            pattern: Array(pattern.text.utf8), syntax: syntax, text: text, record: record, workspace: workspace)
        let whole = trial.mayMatchOtherwise ? trial.onWhole() ?? trial.withoutAssertions() : nil
        guard let found = whole ?? trial.ofParts() else { return nil }
        self = found
    }
}

/// Variants of one pattern, tried on one record.
private struct PatternTrial {
    let pattern: [UInt8]
    let syntax: PatternSyntax
    let text: ReachedText
    let record: Record
    let workspace: PatternWorkspace

    private func matches(_ text: [UInt8], on subject: [UInt8]) -> Range<Int>? {
        let variant = Pattern(String(decoding: text, as: UTF8.self))
        guard let code = try? CompiledPattern(variant, of: "", once: true),
            code.match(subject, workspace) == .matched
        else { return nil }
        return CompiledPattern.range(workspace, of: subject.count)
    }

    private static let caseless = Array("(?i)".utf8)

    // MARK: The whole pattern, otherwise

    func onWhole() -> PatternReach? {
        if matches(Self.caseless + pattern, on: record.message) != nil {
            return PatternReach(
                nearness: 90, text: "matches when upper and lower case are the same: write (?i) in front of it")
        }
        guard record.raw != record.message, matches(pattern, on: record.raw) != nil else { return nil }
        return PatternReach(
            nearness: 88,
            text: "matches the whole line, but patterns see the message alone, which begins with "
                + Self.shown(record.message[...]))
    }

    /// Without an anchor, a boundary or lookaround that stands outside of all groups: one of them, or all.
    func withoutAssertions() -> PatternReach? {
        let asserting = syntax.elements.joined().filter { $0.isAssertion }
        for left in asserting.map({ [$0] }) + (asserting.count > 1 ? [asserting] : []) {
            var text = pattern
            for element in left.reversed() { text.removeSubrange(element.range) }
            guard !text.isEmpty, let found = matches(text, on: record.message) else { continue }
            let names = left.map { "`\(Self.text(pattern[$0.range]))`" }.joined(separator: " and ")
            let place =
                found.lowerBound == 0
                ? ""
                : "; what it would match stands behind \(Self.shown(record.message[..<found.lowerBound], end: true))"
            return PatternReach(nearness: 85, text: "would match without its \(names)\(place)")
        }
        return nil
    }

    // MARK: Parts of it

    /// How much of an alternative stands in the message.
    private struct Part {
        var elements: ArraySlice<PatternElement> = []
        var weight = 0
        var place = 0..<0
    }

    /// The longest beginning and the longest end of an alternative that match.
    func ofParts() -> PatternReach? {
        var best: PatternReach?
        for (number, elements) in syntax.elements.enumerated() {
            let total = Self.weight(elements[...])
            guard total >= Self.leastWeight else { continue }
            let bounds = (head: present(elements), tail: present(elements, fromEnd: true))
            let most = Self.weight(elements.prefix(bounds.head)) + Self.weight(elements.suffix(bounds.tail))
            guard Self.isWorthAWord(min(total, most), of: total) else { continue }
            for options in [[], Self.caseless] {
                let before = options + inheritedOptions(upTo: number)
                let head = longest(elements, upTo: bounds.head, before) { $0.prefix($1) }
                let tail = longest(elements, upTo: bounds.tail, before) { $0.suffix($1) }
                let covered = min(total, head.weight + tail.weight)
                guard Self.isWorthAWord(covered, of: total) else { continue }
                let nearness = 10 + 65 * covered / total - (options.isEmpty ? 0 : 5)
                guard nearness > best?.nearness ?? 0 else { continue }
                best = PatternReach(
                    nearness: nearness,
                    text: words(elements, head, tail) + (options.isEmpty ? "" : ", case apart"))
            }
        }
        return best
    }

    /// Bytes of text that a part must share with the line to be spoken of.
    private static let leastWeight = PatternTexts.leastLength
    /// Of that, what its beginning or its end must have to count.
    private static let leastPart = 3

    private static func isWorthAWord(_ covered: Int, of total: Int) -> Bool {
        covered >= leastWeight && covered * 2 >= total
    }

    private static func weight(_ elements: ArraySlice<PatternElement>) -> Int {
        elements.reduce(0) { $0 + $1.weight }
    }

    /// A pattern whose beginning does not match cannot match whole, so the longest is found by halving.
    private func longest(
        _ elements: [PatternElement], upTo bound: Int, _ options: [UInt8],
        _ part: ([PatternElement], Int) -> ArraySlice<PatternElement>
    ) -> Part {
        var (low, high) = (0, bound)
        var found = Part()
        while low < high {
            let middle = (low + high + 1) / 2
            let tried = part(elements, middle)
            if let place = matches(options + tried.flatMap { pattern[$0.range] }, on: record.message) {
                low = middle
                found = Part(elements: tried, weight: Self.weight(tried), place: place)
            } else {
                high = middle - 1
            }
        }
        // A letter or two are in every line.
        return found.weight < Self.leastPart ? Part() : found
    }

    /// `(?i)` in one alternative holds for the following ones too.
    private func inheritedOptions(upTo alternative: Int) -> [UInt8] {
        syntax.elements[..<alternative].joined().flatMap { element -> [UInt8] in
            guard case .options = element.nodes.first else { return [] }
            return Array(pattern[element.range])
        }
    }

    private func words(_ elements: [PatternElement], _ head: Part, _ tail: Part) -> String {
        guard let first = elements.first?.range.lowerBound, let last = elements.last?.range.upperBound else {
            return ""
        }
        let headEnd = head.elements.last?.range.upperBound ?? first
        let tailStart = max(headEnd, tail.elements.first?.range.lowerBound ?? last)
        if head.weight > 0, tail.weight > 0, tailStart > headEnd || head.place.upperBound > tail.place.lowerBound {
            let middle = tailStart > headEnd ? "; between them it wants \(quoted(headEnd..<tailStart))" : ""
            return "has its beginning \(quoted(first..<headEnd)) and its end \(quoted(tailStart..<last)) there, "
                + "but not together\(middle)"
        }
        if head.weight >= tail.weight {
            let rest = record.message[min(head.place.upperBound, record.message.count)...]
            let here = rest.isEmpty ? "the message ends" : "the message goes on with \(Self.shown(rest))"
            return "matches as far as \(quoted(first..<headEnd)); then it wants \(quoted(headEnd..<last)), and \(here)"
        }
        let before = record.message[..<min(tail.place.lowerBound, record.message.count)]
        let here = before.isEmpty ? "nothing stands there" : "there stands \(Self.shown(before, end: true))"
        return "matches from \(quoted(tailStart..<last)) on; before it wants \(quoted(first..<tailStart)), and \(here)"
    }

    // MARK: A quick look, which spares most compilations

    /// Whether an alternative has all of its plain texts in the line, case apart.
    var mayMatchOtherwise: Bool { syntax.elements.contains { present($0) == $0.count } }

    /// How many elements, from the beginning or from the end on, may match together: up to the first whose plain text,
    /// with that next to it, does not stand in the line, case apart.
    private func present(_ elements: [PatternElement], fromEnd: Bool = false) -> Int {
        var run: [UInt8] = []
        for (count, element) in (fromEnd ? elements.reversed() : elements).enumerated() {
            let plain = element.nodes.compactMap { node -> UInt8? in
                guard case .byte(let byte) = node else { return nil }
                return ReachedText.lowered(byte)
            }
            guard plain.count == element.nodes.count else {
                run = []
                continue
            }
            run = fromEnd ? plain + run : run + plain
            if !text.contains(run) { return count }
        }
        return elements.count
    }

    // MARK: Words

    private func quoted(_ range: Range<Int>) -> String { "`\(Self.text(pattern[range]))`" }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { Printable.text(bytes, limit: 60) }

    /// Some of the message: its first characters, or its last.
    private static func shown(_ bytes: ArraySlice<UInt8>, end: Bool = false) -> String {
        if end, bytes.count > 40 { return "'…\(Printable.text(bytes.suffix(40)))'" }
        return "'\(Printable.text(bytes, limit: 40))'"
    }
}
