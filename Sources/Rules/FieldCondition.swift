// What a rule's `where` asks of one field of the record.

/// What a rule asks of one field of the record. A field that the source cannot have is not asked.
package struct FieldCondition: Hashable, Sendable {
    /// One of `RuleField.names`, or a journal field's name.
    package var field: String
    /// As written: any of them will do, but none that begins with `!`. `*` and `?` stand for any text and any byte.
    package var values: [String]

    package init(_ field: String, _ values: [String]) {
        self.field = field
        self.values = values
    }

    /// For people: `unit is nginx* or apache2.service, and not nginx-test.service`.
    package var text: String {
        let wanted = values.filter { !$0.hasPrefix("!") }
        let excluded = values.filter { $0.hasPrefix("!") }.map { String($0.dropFirst()) }
        let isThese = wanted.isEmpty ? nil : "is \(wanted.joined(separator: " or "))"
        let isNotThese = excluded.isEmpty ? nil : "is not \(excluded.joined(separator: " or "))"
        return "\(field) \([isThese, isNotThese].compactMap { $0 }.joined(separator: " and "))"
    }
}

/// A value as a rule asks for it: `*` stands for any text, `?` for any one byte, `\*` and `\?` for themselves.
package struct ValuePattern: Hashable, Sendable {
    private enum Piece: Hashable, Sendable {
        case byte(UInt8)
        case anyByte
        case anyText
    }

    private let pieces: [Piece]
    /// Set where nothing stands for anything else: most values are compared as they are.
    private let exact: [UInt8]?

    package init(_ text: String) {
        var pieces: [Piece] = []
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "*"): if pieces.last != .anyText { pieces.append(.anyText) }
            case UInt8(ascii: "?"): pieces.append(.anyByte)
            // Escaped unit names hold backslashes (`dev-disk-by\x2dlabel.device`): only these two are escapes here.
            case UInt8(ascii: "\\") where bytes.first == UInt8(ascii: "*") || bytes.first == UInt8(ascii: "?"):
                pieces.append(.byte(bytes.removeFirst()))
            default: pieces.append(.byte(byte))
            }
        }
        self.pieces = pieces
        let plain = pieces.compactMap { if case .byte(let byte) = $0 { byte } else { nil } }
        exact = plain.count == pieces.count ? plain : nil
    }

    /// Whether all of `value` is as asked for. Time grows with the product of both lengths at worst.
    package func matches(_ value: [UInt8]) -> Bool {
        if let exact { return exact == value }
        var (piece, at) = (0, 0)
        // Where to go on when what stands behind the last `*` did not fit.
        var retry: (piece: Int, at: Int)?
        while at < value.count {
            if piece < pieces.count {
                switch pieces[piece] {
                case .anyText:
                    retry = (piece + 1, at)
                    piece += 1
                    continue
                case .anyByte:
                    (piece, at) = (piece + 1, at + 1)
                    continue
                case .byte(let byte) where byte == value[at]:
                    (piece, at) = (piece + 1, at + 1)
                    continue
                case .byte: break
                }
            }
            guard let last = retry else { return false }
            (piece, at) = (last.piece, last.at + 1)
            retry = (piece, at)
        }
        return pieces[piece...].allSatisfy { $0 == .anyText }
    }
}
