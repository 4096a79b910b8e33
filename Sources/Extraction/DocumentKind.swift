// What a document is, by its bytes; its name only decides between kinds of plain text.

/// The kinds that are read.
package enum DocumentKind: String, CaseIterable, Sendable {
    case pdf, txt, json, html
}
