// The one place where text becomes HTML: whatever is shown goes through `text`, which escapes.

/// HTML as it is written.
struct HTMLBuffer {
    private(set) var html = ""

    /// Markup of ours; never of anything foreign.
    mutating func markup(_ markup: String) { html += markup }

    /// Any text, escaped.
    mutating func text(_ text: String) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": html += "&amp;"
            case "<": html += "&lt;"
            case ">": html += "&gt;"
            case "\"": html += "&quot;"
            case "'": html += "&#39;"
            default: html.unicodeScalars.append(scalar)
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
