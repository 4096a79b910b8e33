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
    init?(_ pattern: Pattern, _ record: Record, _ workspace: PatternWorkspace) {
        guard let syntax = try? PatternSyntax(pattern.text) else { return nil }
        let trial = PatternTrial(
            pattern: Array(pattern.text.utf8), syntax: syntax, record: record, workspace: workspace)
        guard trial.hasCommonText, let found = trial.onWhole() ?? trial.withoutAssertions() ?? trial.ofParts() else {
            return nil
        }
        self = found
    }
}

/// Variants of one pattern, tried on one record.
private struct PatternTrial {
    let pattern: [UInt8]
    let syntax: PatternSyntax
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
            let total = elements.reduce(0) { $0 + $1.weight }
            guard total >= Self.leastWeight else { continue }
            for options in [[], Self.caseless] {
                let before = options + inheritedOptions(upTo: number)
                let head = longest(elements, before) { $0.prefix($1) }
                let tail = longest(elements, before) { $0.suffix($1) }
                let covered = min(total, head.weight + tail.weight)
                guard covered >= Self.leastWeight, covered * 2 >= total else { continue }
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
    private static let leastWeight = 4
    /// Of that, what its beginning or its end must have to count.
    private static let leastPart = 3

    /// A pattern whose beginning does not match cannot match whole, so the longest is found by halving.
    private func longest(
        _ elements: [PatternElement], _ options: [UInt8],
        _ part: ([PatternElement], Int) -> ArraySlice<PatternElement>
    ) -> Part {
        var (low, high) = (0, elements.count)
        var found = Part()
        while low < high {
            let middle = (low + high + 1) / 2
            let tried = part(elements, middle)
            if let place = matches(options + tried.flatMap { pattern[$0.range] }, on: record.message) {
                low = middle
                found = Part(elements: tried, weight: tried.reduce(0) { $0 + $1.weight }, place: place)
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

    // MARK: A quick look

    /// Whether any text of the pattern stands in the line at all: the longest runs of plain bytes, case apart.
    var hasCommonText: Bool {
        var runs: [[UInt8]] = []
        for alternative in syntax.alternatives { Self.collect(alternative, &runs) }
        let length = min(Self.leastWeight, runs.map(\.count).max() ?? 0)
        let line = Self.lowered(record.raw) + [0x0a] + Self.lowered(record.message)
        return length > 0 && runs.contains { $0.count >= length && Self.contains(line, Self.lowered($0)) }
    }

    private static func collect(_ nodes: [PatternNode], _ runs: inout [[UInt8]]) {
        var run: [UInt8] = []
        for node in nodes {
            if case .byte(let byte) = node {
                run.append(byte)
                continue
            }
            if !run.isEmpty { runs.append(run) }
            run = []
            switch node {
            case .group(_, let inner): for alternative in inner { collect(alternative, &runs) }
            case .repeated(let inner, _, _): collect([inner], &runs)
            default: break
            }
        }
        if !run.isEmpty { runs.append(run) }
    }

    private static func lowered(_ bytes: [UInt8]) -> [UInt8] { bytes.map { (65...90).contains($0) ? $0 | 0x20 : $0 } }

    /// Whether any four bytes of `part` in a row stand in `whole`.
    private static func contains(_ whole: [UInt8], _ part: [UInt8]) -> Bool {
        let length = min(leastWeight, part.count)
        guard length > 0, whole.count >= length else { return false }
        var windows: Set<ArraySlice<UInt8>> = []
        for at in 0...(part.count - length) { windows.insert(part[at..<at + length]) }
        return (0...(whole.count - length)).contains { windows.contains(whole[$0..<$0 + length]) }
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
