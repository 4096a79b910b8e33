// The one place where text becomes HTML: whatever is shown goes through `text`, which escapes.

import Formats

/// HTML as it is written.
struct HTMLBuffer {
    private var bytes: [UInt8] = []

    /// All that was written.
    var html: String { String(decoding: bytes, as: UTF8.self) }

    /// Markup of ours; never of anything foreign.
    mutating func markup(_ markup: String) { bytes += markup.utf8 }

    /// Any text, escaped.
    mutating func text(_ text: String) { HTMLEscaping.append(text, to: &bytes) }

    /// An element around a text.
    mutating func element(_ open: String, _ text: String, _ close: String) {
        markup(open)
        self.text(text)
        markup(close)
    }
}
