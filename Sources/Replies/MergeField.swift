// The merge fields of a letter's template: `{candidate.first_name|applicant}`. Every field is known before the first
// letter is made; an unknown one is a fault of the template with its place.

import Formats
import YAML

/// What a template may be filled with.
package enum MergeField: String, CaseIterable, Sendable {
    case candidateName = "candidate.name"
    case candidateFirstName = "candidate.first_name"
    case position
    case subject
    case received
    case reference
    case company
    case contact
}

/// A text with merge fields, checked.
package struct MergeText: Hashable, Sendable {
    enum Piece: Hashable, Sendable {
        case literal(String)
        case field(MergeField, fallback: String?)
    }

    let pieces: [Piece]

    /// The text with its fields filled in. A field without a value gives its fallback, else nothing.
    func filled(_ values: [MergeField: String], escaping: (String) -> String = { $0 }) -> String {
        pieces.map { piece in
            switch piece {
            case .literal(let text): text
            case .field(let field, let fallback): escaping(values[field] ?? fallback ?? "")
            }
        }.joined()
    }
}

/// Reads a template's text: `{field}`, `{field|fallback}`; `{{` and `}}` for braces.
struct MergeTextReader {
    /// The file's own lines, so that a fault inside a block of text can name its line and column.
    let source: [String]
    let collector: FaultCollector

    func read(_ node: YAMLNode) -> MergeText? {
        guard let text = node.string else {
            collector.add(node.fault("expected a text, not \(node.kind)"))
            return nil
        }
        var pieces: [MergeText.Piece] = []
        var literal = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            if character == "{" || character == "}", rest.first == character {
                rest.removeFirst()
                literal.append(character)
            } else if character == "{" {
                guard let end = rest.firstIndex(where: { $0 == "}" || $0 == "{" || $0 == "\n" }), rest[end] == "}"
                else {
                    fault(
                        node, "{" + rest.prefix { $0 != "\n" }.prefix(20),
                        "a '{' without its '}'; write '{{' for a brace")
                    return nil
                }
                if !literal.isEmpty { pieces.append(.literal(literal)) }
                literal = ""
                if let piece = field(rest[..<end], node) { pieces.append(piece) }
                rest = rest[rest.index(after: end)...]
            } else {
                literal.append(character)
            }
        }
        if !literal.isEmpty { pieces.append(.literal(literal)) }
        return MergeText(pieces: pieces)
    }

    private func field(_ inner: Substring, _ node: YAMLNode) -> MergeText.Piece? {
        let parts = inner.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
        let name = MachineRows.trim(parts.first ?? "")
        if let field = MergeField(rawValue: name) {
            return .field(field, fallback: parts.count > 1 ? String(parts[1]) : nil)
        }
        let known = MergeField.allCases.map(\.rawValue)
        let hint =
            NearestName.to(name, in: known).map { "did you mean '\($0)'?" }
            ?? "known are \(known.joined(separator: ", "))"
        fault(node, "{" + inner, "unknown field '{\(Printable.text(name, limit: 40))}'; \(hint)")
        return nil
    }

    /// The place of `token` in the file, from the node's own on: the node's place is where its text begins.
    private func fault(_ node: YAMLNode, _ token: some StringProtocol, _ message: String) {
        var place = (line: node.line, column: node.column)
        for number in max(1, node.line)...max(1, node.line, source.count) where number <= source.count {
            let line = Array(source[number - 1])
            let from = number == node.line ? max(0, node.column - 1) : 0
            if let column = Self.find(Array(token), in: line, from: from) {
                place = (number, column + 1)
                break
            }
        }
        collector.add(Diagnostic(file: node.file, line: place.line, column: place.column, message: message))
    }

    private static func find(_ token: [Character], in line: [Character], from: Int) -> Int? {
        guard !token.isEmpty, line.count >= token.count, from <= line.count - token.count else { return nil }
        return (from...(line.count - token.count)).first { line[$0..<($0 + token.count)].elementsEqual(token) }
    }
}
