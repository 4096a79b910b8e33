// Patterns of which the scan says more than that they may match: the relaxed expression matches just where the pattern
// does, so a line needs no PCRE2 to be counted. Half of the shipped rules' patterns are such.
//
// Must stay true: where `isFound` says yes, PCRE2 finds the pattern in the message. In doubt it says no. It is so because
// - no byte of the line is the one that the scan takes in place of others (StopBytes);
// - the pattern has one alternative of bytes, classes, groups and repeats, and `\b` outside of groups; nothing was dropped
//   from it or widened but what may be absent at its ends;
// - no part of it matches a newline, so a match that ends in the line begins there;
// - the match begins with one of few texts, and none of them begins in the header: it begins in the message;
// - what stands around the message, a line's end or a byte that is no letter, is to `\b` what the message's ends are.
// PCRE2 may give up on a line that is counted so: its limits are the only difference.

import Glibc
import Rules

struct ExactPattern {
    /// Each match begins with one of these: up to eight bytes in a number, the first in its lowest byte.
    private var openings: SIMD4<UInt64>
    /// What of such a number counts; where there are less than four openings, nothing does, and nothing is equal to them.
    private var masks: SIMD4<UInt64>

    /// Nil when a match in the line may be none in the message.
    init?(_ pattern: String, _ syntax: PatternSyntax) {
        guard syntax.alternatives.count == 1, let nodes = syntax.alternatives.first, !Self.hasSilentMeaning(pattern),
            nodes.allSatisfy({ Self.isBoundary($0) || Self.isOfBytes($0) })
        else { return nil }
        let kept = RelaxedPattern.trimmed(nodes)
        guard kept.allSatisfy(Self.isAsWritten), let texts = Self.openings(kept), texts.count <= 4 else { return nil }
        openings = SIMD4(repeating: 1)
        masks = .zero
        for (lane, text) in texts.enumerated() {
            openings[lane] = text.reversed().reduce(0) { $0 << 8 | UInt64($1) }
            masks[lane] = text.reduce(0) { mask, _ in mask << 8 | 0xff }
        }
    }

    /// Whether the pattern is found in the message, which stands from `start` to `end` of `line`, when the scan found a
    /// match that ends at `matchEnd` of it.
    func isFound(in line: UnsafeRawBufferPointer, _ start: Int, _ end: Int, matchEnd: Int) -> Bool {
        guard matchEnd <= end, let base = line.baseAddress, memchr(base, Int32(StopBytes.spare), line.count) == nil
        else {
            return false
        }
        if start == 0 { return true }
        guard !Self.isWordByte(line[start - 1]) else { return false }
        return !(0..<start).contains { opens(line, $0) }
    }

    private func opens(_ line: UnsafeRawBufferPointer, _ at: Int) -> Bool {
        let text: UInt64
        if line.count - at >= 8 {
            text = UInt64(littleEndian: line.loadUnaligned(fromByteOffset: at, as: UInt64.self))
        } else {
            text = line[at...].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        return any((SIMD4(repeating: text) & masks) .== openings)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        byte &- 48 < 10 || (byte | 0x20) &- 97 < 26 || byte == 0x5f
    }

    // MARK: Of what it is made

    /// What the tree does not show: possessive repeats and atomic groups, and a repeat that only a newer PCRE2 knows.
    private static func hasSilentMeaning(_ pattern: String) -> Bool {
        let text = Array(pattern.utf8)
        return ["++", "*+", "?+", "}+", "(?>", "{,"].contains { mark in
            let mark = Array(mark.utf8)
            return text.indices.contains { text[$0...].starts(with: mark) }
        }
    }

    private static func isBoundary(_ node: PatternNode) -> Bool {
        if case .boundary(let text) = node { text == Array("\\b".utf8) } else { false }
    }

    /// Without anything that looks around or changes what follows.
    private static func isOfBytes(_ node: PatternNode) -> Bool {
        switch node {
        case .byte, .set: true
        case .anchor, .lookaround, .reference, .options, .boundary: false
        case .group(let options, let alternatives):
            options.isEmpty && alternatives.allSatisfy { $0.allSatisfy(isOfBytes) }
        case .repeated(let inner, _, _): isOfBytes(inner)
        }
    }

    /// Whether it is searched for just so, and matches no newline.
    private static func isAsWritten(_ node: PatternNode) -> Bool {
        switch node {
        case .byte(let byte): byte != 0x0a
        case .set(let text): isPlainSet(text)
        case .boundary: true
        case .anchor, .lookaround, .reference, .options: false
        case .group(_, let alternatives): alternatives.allSatisfy { $0.allSatisfy(isAsWritten) }
        case .repeated(let inner, let minimum, let maximum):
            isAsWritten(inner) && !RelaxedPattern.isWidened(minimum, maximum) && maximum != 0
        }
    }

    /// A class whose meaning is beyond doubt, without a newline in it.
    private static func isPlainSet(_ text: [UInt8]) -> Bool {
        if text == [UInt8(ascii: ".")] || literal(text) != nil { return true }
        if text.count == 2, text[0] == UInt8(ascii: "\\") {
            return [UInt8(ascii: "d"), UInt8(ascii: "w"), UInt8(ascii: "S")].contains(text[1])
        }
        guard text.count > 2, text[0] == UInt8(ascii: "["), text.last == UInt8(ascii: "]"),
            text.allSatisfy({ (0x20...0x7e).contains($0) })
        else { return false }
        return isPlainClass(text.dropFirst().dropLast())
    }

    private static func isPlainClass(_ members: ArraySlice<UInt8>) -> Bool {
        let isNegated = members.first == UInt8(ascii: "^")
        var excludesNewline = false
        var at = members.startIndex + (isNegated ? 1 : 0)
        while at < members.endIndex {
            let byte = members[at]
            at += 1
            if byte == UInt8(ascii: "[") { return false }
            guard byte == UInt8(ascii: "\\") else { continue }
            guard at < members.endIndex else { return false }
            let letter = members[at]
            at += 1
            switch letter {
            case UInt8(ascii: "n") where isNegated, UInt8(ascii: "s") where isNegated: excludesNewline = true
            case UInt8(ascii: "d"), UInt8(ascii: "w"): break
            default: if literal([byte, letter]) == nil { return false }
            }
            // Whether a class can begin a range is a question that libraries answer differently.
            if at < members.endIndex - 1, members[at] == UInt8(ascii: "-") { return false }
        }
        return !isNegated || excludesNewline
    }

    /// `\.` and its like: the byte that they mean.
    private static func literal(_ text: [UInt8]) -> UInt8? {
        guard text.count == 2, text[0] == UInt8(ascii: "\\"), (0x21...0x7e).contains(text[1]),
            text[1] == 0x5f || !isWordByte(text[1])
        else { return nil }
        return text[1]
    }

    // MARK: How it begins

    /// Nil when there is a way to begin that is no text.
    private static func openings(_ nodes: [PatternNode]) -> [[UInt8]]? {
        var text: [UInt8] = []
        scan: for node in nodes {
            switch node {
            case .byte(let byte): text.append(byte)
            case .boundary where text.isEmpty: continue
            case .group(_, let alternatives) where text.isEmpty:
                let each = alternatives.map { openings($0) }
                return each.contains(nil) ? nil : each.compactMap { $0 }.flatMap { $0 }
            case .set(let set):
                guard let byte = literal(set) else { break scan }
                text.append(byte)
            default: break scan
            }
        }
        return text.isEmpty ? nil : [Array(text.prefix(8))]
    }
}
