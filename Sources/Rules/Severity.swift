// How bad a hit is. The names are syslog's, as the journal's priorities 0 to 4 (RFC 5424 section 6.2.1).

/// How bad. `emergency` is the worst; the raw value is syslog's priority, so the smaller number is the more severe.
package enum Severity: Int, Comparable, CaseIterable, Hashable, Sendable {
    case emergency = 0
    case alert
    case critical
    case error
    case warning

    /// As written in rules, settings and letters.
    package var name: String { String(describing: self) }

    package init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    /// All names, the most severe first.
    package static let names = allCases.map(\.name)

    /// The greater is the more severe: `.emergency > .warning`.
    package static func < (a: Severity, b: Severity) -> Bool { a.rawValue > b.rawValue }

    /// Whether this is as severe as `floor`, or more.
    package func isAtLeast(_ floor: Severity) -> Bool { rawValue <= floor.rawValue }
}
