// What a person reads. Whatever comes from elsewhere is made safe by Formats.Printable before it gets here.

import Formats
import Glibc
import Rules
import Synchronization

enum Terminal {
    /// A line on standard output.
    static func say(_ line: String) { put(line + "\n", 1) }
    /// Lines on standard output, at once.
    static func say(_ lines: [String]) {
        if !lines.isEmpty { put(lines.joined(separator: "\n") + "\n", 1) }
    }
    /// A line on standard error.
    static func complain(_ line: String) { put(line + "\n", 2) }

    private static func put(_ text: String, _ descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) }
            if count < 0, errno == EPIPE, !cleansUp.load(ordering: .relaxed) {
                exit(0)  // `herald queue list | head` ends quietly
            }
            if count <= 0, errno != EINTR { return }
        }
    }

    /// Set by a command that must go on to its end though nobody reads it any more, since it has things to take away.
    static let cleansUp = Atomic(false)

    /// Whether standard output is a terminal that shows colours.
    static let coloured = isatty(1) == 1 && getenv("NO_COLOR") == nil

    static func bold(_ text: String) -> String { coloured ? "\u{1b}[1m\(text)\u{1b}[0m" : text }
    static func dim(_ text: String) -> String { coloured ? "\u{1b}[2m\(text)\u{1b}[0m" : text }

    /// The name of a severity, the bad ones in red.
    static func severity(_ severity: Severity) -> String {
        guard coloured else { return severity.name }
        return "\u{1b}[\(severity.isAtLeast(.critical) ? "1;31" : "33")m\(severity.name)\u{1b}[0m"
    }

    /// Columns, each as wide as its widest cell; the last one is not padded.
    static func table(_ rows: [[String]]) { for line in aligned(rows) { say(line) } }

    static func aligned(_ rows: [[String]]) -> [String] {
        var widths: [Int] = []
        for row in rows {
            for (index, cell) in row.enumerated() {
                if index == widths.count { widths.append(0) }
                widths[index] = max(widths[index], cell.count)
            }
        }
        return rows.map { row in
            var line = ""
            for (index, cell) in row.enumerated() {
                let space = index == row.count - 1 ? 0 : widths[index] - cell.count + 2
                line += cell + String(repeating: " ", count: space)
            }
            return line
        }
    }
}
