// How a setting is declared: once, with its type, its default and one sentence. The reader, the checker and the manual's
// table all come from these declarations.

/// What a key holds.
package enum SettingKind: Sendable {
    case text
    case bool
    case integer(ClosedRange<Int>)
    /// How long it may be.
    case duration(ClosedRange<Duration>)
    /// In bytes.
    case size(ClosedRange<Int>)
    case choice([String])
    case address
    case texts
    /// A map with keys of its own.
    case map(SettingSection)
    /// A list of maps.
    case list(SettingSection)
    /// Several forms, which the sentence names: read by code of its own.
    case custom(String)

    /// For the manual.
    package var phrase: String {
        switch self {
        case .text: "text"
        case .bool: "true or false"
        case .integer(let range): "number \(range.lowerBound) to \(range.upperBound)"
        case .duration(let range): "duration, \(range.lowerBound.text) to \(range.upperBound.text)"
        case .size(let range): "size, \(Self.size(range.lowerBound)) to \(Self.size(range.upperBound))"
        case .choice(let names): names.map { "`\($0)`" }.joined(separator: ", ")
        case .address: "e-mail address"
        case .texts: "list of texts"
        case .map: "map"
        case .list: "list of maps"
        case .custom(let phrase): phrase
        }
    }

    /// A number of bytes as a setting has it.
    static func size(_ bytes: Int) -> String { "\(bytes >> 10) KiB" }
}

extension Duration {
    static func hours(_ count: Int) -> Duration { .seconds(count * 3600) }
}

/// One key: its name, what it holds, what stands in its place when it is absent, what it means.
package struct SettingKey: Sendable {
    package var name: String
    package var kind: SettingKind
    /// As it would be written in the file; nil when there is none.
    package var fallback: String?
    package var sentence: String

    package init(_ name: String, _ kind: SettingKind, _ fallback: String? = nil, _ sentence: String) {
        self.name = name
        self.kind = kind
        self.fallback = fallback
        self.sentence = sentence
    }
}

/// The keys of one map.
package struct SettingSection: Sendable {
    package var path: String
    package var keys: [SettingKey]

    package init(_ path: String, _ keys: [SettingKey]) {
        self.path = path
        self.keys = keys
    }

    package subscript(name: String) -> SettingKey? { keys.first { $0.name == name } }
}
