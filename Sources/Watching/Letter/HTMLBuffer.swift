// The one place where text becomes HTML: whatever is shown goes through `text`, which escapes.

/// HTML as it is written.
struct HTMLBuffer {
    private var bytes: [UInt8] = []

    /// All that was written.
    var html: String { String(decoding: bytes, as: UTF8.self) }

    /// Markup of ours; never of anything foreign.
    mutating func markup(_ markup: String) { bytes += markup.utf8 }

    /// Any text, escaped.
    mutating func text(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): bytes += "&amp;".utf8
            case UInt8(ascii: "<"): bytes += "&lt;".utf8
            case UInt8(ascii: ">"): bytes += "&gt;".utf8
            case UInt8(ascii: "\""): bytes += "&quot;".utf8
            case UInt8(ascii: "'"): bytes += "&#39;".utf8
            default: bytes.append(byte)
            }
        }
    }

    /// An element around a text.
    mutating func element(_ open: String, _ text: String, _ close: String) {
        markup(open)
        self.text(text)
        markup(close)
    }
}
