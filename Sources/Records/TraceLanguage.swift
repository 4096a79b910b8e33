// Whose traces are known. The names stand in the settings (`multiline:`), in records (`TRACE_LANGUAGE`) and in letters.

/// What writes traces of many lines.
package enum TraceLanguage: String, Hashable, Sendable, CaseIterable {
    case java, python, go, ruby, php, javascript, dotnet, rust, perl, cpp, dart, kernel
}

/// How the lines of a source are put together to records.
package enum Multiline: Hashable, Sendable {
    /// Traces of all languages, each recognised by its own first lines.
    case auto
    /// Each line is a record.
    case none
    /// Traces of one language; there any line may begin one.
    case language(TraceLanguage)

    /// By its name in the settings; nil where there is none of that name.
    package init?(name: String) {
        switch name {
        case "auto": self = .auto
        case "none": self = .none
        default:
            guard let language = TraceLanguage(rawValue: name) else { return nil }
            self = .language(language)
        }
    }

    /// The names of all.
    package static let names = ["auto", "none"] + TraceLanguage.allCases.map(\.rawValue)
}
