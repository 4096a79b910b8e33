// A fault in a file that a person wrote: where it is, what was expected, what may have been meant.

import Formats

/// One fault, with its place. Several are collected and shown at once.
package struct Diagnostic: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Severity: Sendable { case error, warning }

    package var file: String
    /// From 1; 0 when the fault is the whole file's.
    package var line: Int
    package var column: Int
    package var message: String
    package var severity = Severity.error

    package init(file: String, line: Int = 0, column: Int = 0, message: String, severity: Severity = .error) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
        self.severity = severity
    }

    /// `herald.yaml:14:5: unknown key 'prot' in account 'office'; did you mean 'port'?`
    package var description: String { "\(place): \(severity == .warning ? "warning: " : "")\(message)" }

    /// The same without its level, for a log, which shows that itself.
    package var unlevelled: String { "\(place): \(message)" }

    private var place: String { line == 0 ? file : "\(file):\(line):\(column)" }

    /// In the order of a person who goes through the files: those of one file from its beginning.
    package static func inOrder(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
        var files: [String: Int] = [:]
        for diagnostic in diagnostics where files[diagnostic.file] == nil { files[diagnostic.file] = files.count }
        return diagnostics.enumerated().sorted { a, b in
            (files[a.element.file] ?? 0, a.element.line, a.element.column, a.offset)
                < (files[b.element.file] ?? 0, b.element.line, b.element.column, b.offset)
        }.map(\.element)
    }
}
