// What a pattern and a line have in common, before anything is compiled: which patterns are worth the question how near
// they came (PatternReach). Must stay true: what is passed over here has nothing to say about the line.

import Glibc
import Records
import Rules

/// A line and its message, upper and lower case alike, as patterns' plain texts are looked for in them.
struct ReachedText {
    let bytes: [UInt8]

    init(_ record: Record) {
        bytes = Self.lowered(record.raw) + [0x0a] + Self.lowered(record.message)
    }

    /// Whether these bytes, in small letters, stand there.
    func contains(_ part: [UInt8]) -> Bool {
        guard let first = part.first else { return true }
        return bytes.withUnsafeBytes { whole in
            part.withUnsafeBytes { part in
                guard let start = whole.baseAddress, let sought = part.baseAddress else { return false }
                var at = 0
                while at + part.count <= whole.count,
                    let found = memchr(start + at, Int32(first), whole.count - at - part.count + 1)
                {
                    if memcmp(found, sought, part.count) == 0 { return true }
                    at = UnsafeRawPointer(found) - start + 1
                }
                return false
            }
        }
    }

    static func lowered(_ bytes: [UInt8]) -> [UInt8] { bytes.map(lowered) }
    static func lowered(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte | 0x20 : byte }
}

/// Patterns taken apart, and an index of the plain texts in them.
struct PatternTexts {
    /// Of each pattern; nil for one that cannot be read.
    let syntax: [PatternSyntax?]
    /// By a piece of plain text, the patterns that have it.
    private var patterns: [Piece: [Int]] = [:]

    /// Up to four bytes, small letters.
    private struct Piece: Hashable {
        var bytes: UInt32 = 0
        var count = 0

        mutating func append(_ byte: UInt8) {
            bytes = bytes << 8 | UInt32(byte)
            count += 1
        }
    }

    /// Bytes of text that a pattern must share with a line to be spoken of, where it has as many in a row.
    static let leastLength = 4

    init(_ patterns: [Pattern]) {
        syntax = patterns.map { try? PatternSyntax($0.text) }
        for (number, syntax) in syntax.enumerated() {
            guard let syntax else { continue }
            var runs: [[UInt8]] = []
            for alternative in syntax.alternatives { Self.collect(alternative, &runs) }
            let length = min(Self.leastLength, runs.map(\.count).max() ?? 0)
            for piece in Set(runs.flatMap { Self.pieces(of: $0, length) }) {
                self.patterns[piece, default: []].append(number)
            }
        }
    }

    /// The patterns of which any text stands in the line: as many bytes in a row as their longest plain text has, or four.
    func common(with text: ReachedText) -> Set<Int> {
        var found: Set<Int> = []
        for length in 1...Self.leastLength {
            for piece in Set(Self.pieces(of: text.bytes, length)) { found.formUnion(patterns[piece] ?? []) }
        }
        return found
    }

    private static func pieces(of bytes: [UInt8], _ length: Int) -> [Piece] {
        guard length > 0, bytes.count >= length else { return [] }
        return (0...(bytes.count - length)).map { start in
            var piece = Piece()
            for byte in bytes[start..<start + length] { piece.append(ReachedText.lowered(byte)) }
            return piece
        }
    }

    /// The longest runs of plain bytes.
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
}
