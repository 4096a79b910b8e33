// What an item is, by its first bytes; the name's ending only decides what plain text is. And whether it is whole, as
// far as its format can tell.

import Formats

/// What an item is.
package enum ItemKind: Hashable, Sendable {
    case message
    case pdf
    case json
    case html
    case text
    /// Recognised, and not read yet; in words.
    case other(String)

    /// The word that herald-extract knows; nil for what it does not read.
    package var extraction: String? {
        switch self {
        case .pdf: "pdf"
        case .json: "json"
        case .html: "html"
        case .text: "txt"
        case .message, .other: nil
        }
    }

    /// By content, then by the name's ending. `type` is a media type that came with it, if one did.
    package init(_ bytes: [UInt8], name: [UInt8], isMaildir: Bool = false) {
        if isMaildir {
            self = .message
            return
        }
        let head = bytes.prefix(1024)
        if Self.holds(Array("%PDF-".utf8), in: head) {
            self = .pdf
        } else if let words = Self.magic(head) {
            self = .other(words)
        } else {
            self = Self.text(bytes, ending: Self.ending(of: name))
        }
    }

    private static func text(_ bytes: [UInt8], ending: String) -> ItemKind {
        let start = bytes.drop { [0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf].contains($0) }.prefix(64)
        let lower = String(decoding: start, as: UTF8.self).lowercased()
        if ending == "eml" || ending == "mbox" { return .message }
        if lower.hasPrefix("{") || ending == "json" { return .json }
        if lower.hasPrefix("<!doctype html") || lower.hasPrefix("<html") || ending == "html" || ending == "htm" {
            return .html
        }
        if ending != "txt", ending != "md", looksLikeMessage(bytes) { return .message }
        if bytes.prefix(4096).contains(0), !bytes.starts(with: [0xff, 0xfe]), !bytes.starts(with: [0xfe, 0xff]) {
            return .other("binary data")
        }
        return .text
    }

    /// Formats that are recognised so that the reason can name them.
    private static func magic(_ head: ArraySlice<UInt8>) -> String? {
        let table: [(String, [UInt8])] = [
            ("an OpenDocument or Office document, or another ZIP file", [0x50, 0x4b, 0x03, 0x04]),
            ("RTF", Array("{\\rtf".utf8)),
            ("an old Office document", [0xd0, 0xcf, 0x11, 0xe0]), ("a PNG picture", [0x89, 0x50, 0x4e, 0x47]),
            ("a JPEG picture", [0xff, 0xd8, 0xff]), ("a GIF picture", Array("GIF8".utf8)),
            ("a TIFF picture", [0x49, 0x49, 0x2a, 0]),
            ("a TIFF picture", [0x4d, 0x4d, 0, 0x2a]), ("a RAR archive", Array("Rar!".utf8)),
            ("a gzip file", [0x1f, 0x8b]),
            ("a 7-Zip archive", [0x37, 0x7a, 0xbc, 0xaf]), ("a program", [0x7f, 0x45, 0x4c, 0x46]),
            ("a program", Array("MZ".utf8)),
        ]
        return table.first { head.starts(with: $0.1) }?.0
    }

    /// The first line is a header field of those that messages begin with.
    private static func looksLikeMessage(_ bytes: [UInt8]) -> Bool {
        let names = [
            "return-path:", "received:", "from:", "date:", "message-id:", "mime-version:", "delivered-to:",
            "x-original-to:",
            "subject:", "to:", "dkim-signature:", "from ",
        ]
        let line = String(decoding: bytes.prefix(80), as: UTF8.self).lowercased()
        let second = bytes.prefix(4096).split(separator: 0x0a, maxSplits: 3).dropFirst().prefix(2).contains {
            $0.contains(0x3a)
        }
        return second && names.contains { line.hasPrefix($0) }
    }

    /// The ending in lower case, without the dot; empty when there is none.
    static func ending(of name: [UInt8]) -> String {
        guard let dot = name.lastIndex(of: 0x2e), dot > 0, name.count - dot <= 8 else { return "" }
        return String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased()
    }

    /// Whether the format's own end is there. Text has no end of its own; an empty file is as whole as it gets.
    package func isComplete(_ bytes: [UInt8]) -> Bool {
        if bytes.isEmpty { return true }
        switch self {
        case .pdf: return Self.holds(Array("%%EOF".utf8), in: bytes.suffix(2048))
        case .json: return (try? JSON.parse(bytes)) != nil
        case .message:
            return Self.holds([0x0a, 0x0a], in: bytes.prefix(1 << 20))
                || Self.holds([0x0a, 0x0d, 0x0a], in: bytes.prefix(1 << 20))
                || Self.holds([0x0d, 0x0d], in: bytes.prefix(1 << 20))
        case .other: return Self.zipEnd(bytes)
        case .html, .text: return true
        }
    }

    /// A ZIP's central directory ends within the last 64 KiB (APPNOTE 4.3.16).
    private static func zipEnd(_ bytes: [UInt8]) -> Bool {
        guard bytes.starts(with: [0x50, 0x4b, 0x03, 0x04]) else { return true }
        return holds([0x50, 0x4b, 0x05, 0x06], in: bytes.suffix(66_000))
    }

    private static func holds(_ needle: [UInt8], in bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = needle.first, bytes.count >= needle.count else { return false }
        var at = bytes.startIndex
        let last = bytes.endIndex - needle.count
        while at <= last, let found = bytes[at...last].firstIndex(of: first) {
            if bytes[found..<(found + needle.count)].elementsEqual(needle) { return true }
            at = found + 1
        }
        return false
    }
}
