// Foreign texts compared by their octets. Swift's `==`, hashing, `hasPrefix` and `hasSuffix` go by canonical equivalence:
// é of one scalar is é of two, U+212A is K, and a run of combining marks costs the square of its length, seconds for
// 32 KB. A file, a header's name or a program's is none of that; what strangers write is compared and hashed here.
// What must stay true: everything here costs time in proportion to the octets, whatever they are.

/// A text as a key: equal to the same octets, and no others.
package struct Octets: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    package let text: String

    package init(_ text: String) { self.text = text }
    package init(stringLiteral value: String) { text = value }
    package var description: String { text }

    package static func == (one: Octets, other: Octets) -> Bool { one.text.isExactly(other.text) }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        // No octet of UTF-8: where two texts follow each other, it counts where the first one ends.
        hasher.combine(UInt8(0xff))
    }
}

extension Octets: Comparable {
    /// By octets, which is the order of the scalars.
    package static func < (one: Octets, other: Octets) -> Bool {
        one.text.utf8.lexicographicallyPrecedes(other.text.utf8)
    }
}

extension StringProtocol {
    /// Whether this has the octets of `text`, and no others.
    package func isExactly(_ text: some StringProtocol) -> Bool {
        utf8.count == text.utf8.count && utf8.elementsEqual(text.utf8)
    }

    /// Whether the octets of `text` stand first, whatever follows them: a combining mark does not hide them.
    package func begins(_ text: some StringProtocol) -> Bool { utf8.starts(with: text.utf8) }

    /// Whether the octets of `text` stand last.
    package func ends(_ text: some StringProtocol) -> Bool {
        utf8.count >= text.utf8.count && utf8.suffix(text.utf8.count).elementsEqual(text.utf8)
    }

    /// What stands between the octets `separator`, an ASCII character's, decoded each by itself; empty pieces too.
    package func pieces(at separator: Unicode.Scalar) -> [SubSequence] {
        let separator = UInt8(ascii: separator)
        var pieces: [SubSequence] = []
        var start = startIndex
        while let end = utf8[start...].firstIndex(of: separator) {
            pieces.append(self[start..<end])
            start = utf8.index(after: end)
        }
        pieces.append(self[start...])
        return pieces
    }
}

extension String {
    /// As of every text; quick for names, which are compared with many others for each line of a log.
    @inlinable package func isExactly(_ text: String) -> Bool {
        let (ours, theirs) = (utf8, text.utf8)
        guard ours.count == theirs.count else { return false }
        let isEqual = ours.withContiguousStorageIfAvailable { one in
            theirs.withContiguousStorageIfAvailable { other in one.elementsEqual(other) }
        }
        return (isEqual ?? nil) ?? ours.elementsEqual(theirs)
    }
}
