// A rule written out as it may stand in a file: for `herald rules show`, from where it can be copied and changed.

import Formats

extension Rule {
    /// The rule as an item of the list `rules`, indented by two. Reading it gives the same rule.
    package var yaml: String {
        var text = "  - id: \(YAMLText.scalar(id))\n"
        func put(_ key: String, _ value: String) { text += "    \(key): \(value)\n" }
        put("title", YAMLText.scalar(title.source))
        put("severity", severity.name)
        if !`where`.isEmpty {
            put("where", "{\(`where`.map { "\($0.field): \(YAMLText.list($0.values))" }.joined(separator: ", "))}")
        }
        if !messageIDs.isEmpty { put("message_id", YAMLText.list(messageIDs)) }
        if isFloor { put("floor", "true") }
        text += YAMLText.block("match", match.map(\.text))
        let names = NamedException.allCases.filter(spared.contains).map(\.rawValue)
        text += YAMLText.block("unless", unless.map { NamedException(text: $0.text)?.rawValue ?? $0.text } + names)
        if neverGroup { put("group", "never") }
        if let groupBy { put("group_by", "[\(groupBy.map(YAMLText.scalar).joined(separator: ", "))]") }
        if let threshold { put("threshold", "{count: \(threshold.count), within: \(threshold.within.text)}") }
        text += YAMLText.block("recovered_by", recoveredBy.map(\.text))
        if let expectEvery { put("expect", "{every: \(expectEvery.text)}") }
        if !inhibits.isEmpty { put("inhibits", YAMLText.list(inhibits)) }
        if let advice { put("advice", YAMLText.scalar(advice.source)) }
        if let url { put("url", YAMLText.scalar(url)) }
        if !examples.isEmpty || !counterexamples.isEmpty { text += "    examples:\n" }
        text += YAMLText.block("match", examples.map(\.yaml), indent: 6, areScalars: false)
        text += YAMLText.block("no_match", counterexamples.map(\.yaml), indent: 6, areScalars: false)
        return text
    }
}

extension Example {
    fileprivate var yaml: String {
        guard isMessage else { return YAMLText.scalar(text) }
        let named = fields.map { "\($0.name): \(YAMLText.scalar($0.value))" } + ["message: \(YAMLText.scalar(text))"]
        return "{\(named.joined(separator: ", "))}"
    }
}

private enum YAMLText {
    /// Plain where it can only be read as a text, else in quotes; on one line in any case.
    static func scalar(_ text: String) -> String {
        let isPlain = text.utf8.first.map { (65...90).contains($0) || (97...122).contains($0) } ?? false
        let isWord = text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || "-_.@/".utf8.contains(byte)
        }
        if isPlain, isWord, !["true", "false", "null"].contains(text) { return text }
        guard text.unicodeScalars.contains(where: \.isUnsafeToShow) else {
            return "'\(text.replacing("'", with: "''"))'"
        }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where scalar.isUnsafeToShow:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// One value by itself, more in brackets.
    static func list(_ values: [String]) -> String {
        values.count == 1 ? scalar(values[0]) : "[\(values.map(scalar).joined(separator: ", "))]"
    }

    /// A key with one value behind it or with a list below it; nothing without values.
    static func block(_ key: String, _ values: [String], indent: Int = 4, areScalars: Bool = true) -> String {
        let space = String(repeating: " ", count: indent)
        let shown = areScalars ? values.map(scalar) : values
        if shown.isEmpty { return "" }
        if shown.count == 1, areScalars { return "\(space)\(key): \(shown[0])\n" }
        return "\(space)\(key):\n" + shown.map { "\(space)  - \($0)\n" }.joined()
    }
}
