// A sentence with places for what a hit holds: `Out of memory: {process} was killed`.

/// A text with `{name}` places. A brace that opens no name is text.
package struct Template: Hashable, Sendable {
    package enum Piece: Hashable, Sendable {
        case text(String)
        case field(String)
    }

    package let pieces: [Piece]

    /// Never fails: what is no `{name}` stays text.
    package init(_ text: String) {
        var pieces: [Piece] = []
        var plain = ""
        var rest = Substring(text)
        while let open = rest.firstIndex(of: "{") {
            plain += rest[..<open]
            let inner = rest[rest.index(after: open)...]
            if let close = inner.firstIndex(of: "}"), Self.isName(inner[..<close]) {
                if !plain.isEmpty { pieces.append(.text(plain)) }
                plain = ""
                pieces.append(.field(String(inner[..<close])))
                rest = inner[inner.index(after: close)...]
            } else {
                plain += "{"
                rest = inner
            }
        }
        plain += rest
        if !plain.isEmpty { pieces.append(.text(plain)) }
        self.pieces = pieces
    }

    /// The names that stand in braces, in order.
    package var fields: [String] { pieces.compactMap { if case .field(let name) = $0 { name } else { nil } } }

    /// Those of them that stand within back-quotes, as commands do.
    package var quotedFields: [String] {
        var isQuoted = false
        return pieces.compactMap { piece in
            switch piece {
            case .text(let text):
                if text.utf8.count(where: { $0 == UInt8(ascii: "`") }) % 2 == 1 { isQuoted.toggle() }
                return nil
            case .field(let name): return isQuoted ? name : nil
            }
        }
    }

    /// The text as it was written.
    package var source: String {
        pieces.map {
            switch $0 {
            case .text(let text): text
            case .field(let name): "{\(name)}"
            }
        }.joined()
    }

    /// With every place filled; what has no value becomes `?`.
    package func rendered(_ value: (String) -> String?) -> String {
        pieces.map {
            switch $0 {
            case .text(let text): text
            case .field(let name): value(name) ?? "?"
            }
        }.joined()
    }

    private static func isName(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, first != UInt8(ascii: "-"), !(0x30...0x39).contains(first) else {
            return false
        }
        return text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x5f
        }
    }
}
