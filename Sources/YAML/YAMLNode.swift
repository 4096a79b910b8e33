// What a YAML file holds, each node with its place, so that every fault found later can name it.

/// A node of a YAML document. Anchors and aliases are resolved; the size of the result is bounded.
package struct YAMLNode: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        /// `plain` tells an unquoted scalar: only those can be numbers, booleans or null.
        case scalar(String, plain: Bool)
        case sequence([YAMLNode])
        /// In the file's order; keys are scalars.
        case mapping([Entry])
    }
    package struct Entry: Hashable, Sendable {
        package var key: YAMLNode
        package var value: YAMLNode
        package init(key: YAMLNode, value: YAMLNode) {
            self.key = key
            self.value = value
        }
    }

    package var content: Content
    package var file: String
    package var line: Int
    package var column: Int

    package init(_ content: Content, file: String = "", line: Int = 0, column: Int = 0) {
        self.content = content
        self.file = file
        self.line = line
        self.column = column
    }

    /// The text of a scalar; nil for others and for null.
    package var string: String? {
        guard case .scalar(let text, let plain) = content, !(plain && Self.nulls.contains(text)) else { return nil }
        return text
    }
    package var isNull: Bool {
        if case .scalar(let text, plain: true) = content { return Self.nulls.contains(text) }
        return false
    }
    /// A plain `true` or `false`, nothing else (`yes` and `on` are text).
    package var bool: Bool? {
        guard case .scalar(let text, plain: true) = content else { return nil }
        return text == "true" ? true : text == "false" ? false : nil
    }
    package var int: Int? {
        guard case .scalar(let text, plain: true) = content else { return nil }
        return Int(text)
    }
    package var sequence: [YAMLNode]? { if case .sequence(let nodes) = content { nodes } else { nil } }
    package var mapping: [Entry]? { if case .mapping(let entries) = content { entries } else { nil } }
    /// The value of a key of a mapping.
    package subscript(key: String) -> YAMLNode? { mapping?.first { $0.key.string == key }?.value }

    /// A fault at this node.
    package func fault(_ message: String, severity: Diagnostic.Severity = .error) -> Diagnostic {
        Diagnostic(file: file, line: line, column: column, message: message, severity: severity)
    }

    /// What this is, for messages: `a list`.
    package var kind: String {
        switch content {
        case .scalar: isNull ? "nothing" : "a single value"
        case .sequence: "a list"
        case .mapping: "a map"
        }
    }

    private static let nulls: Set<String> = ["", "~", "null"]
}
