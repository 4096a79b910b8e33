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
    package var description: String {
        let place = line == 0 ? file : "\(file):\(line):\(column)"
        return "\(place): \(severity == .warning ? "warning: " : "")\(message)"
    }
}
