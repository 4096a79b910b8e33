// A small reader of the HTML part: it takes what Herald's letters are made of, and nothing else.

@testable import Watching

/// What is wrong with a letter's HTML; empty when nothing is.
struct LetterMarkup {
    private(set) var faults: [String] = []
    /// Element names in the order in which they open.
    private(set) var tags: [String] = []
    /// Texts between tags, entities undone.
    private(set) var text = ""

    private static let tags: [String: Set<String>] = [
        "html": ["lang"], "head": [], "meta": ["charset", "name", "content"], "title": [], "style": [],
        "body": ["class", "bgcolor", "style"],
        "table": ["role", "class", "width", "cellpadding", "cellspacing", "style", "bgcolor"], "tr": [],
        "td": ["class", "style", "width", "height", "align", "valign", "bgcolor"], "div": ["class", "style"],
        "h1": ["class", "style"], "h2": ["class", "style"], "p": ["class", "style"], "span": ["class", "style"],
        "code": ["class", "style"], "a": ["class", "style", "href"],
    ]
    private static let entities = ["&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": "\"", "&#39;": "'", "&nbsp;": " "]
    /// What may stand in which.
    private static let parents: [String: Set<String>] = [
        "head": ["html"], "body": ["html"], "meta": ["head"], "title": ["head"], "style": ["head"], "tr": ["table"],
        "td": ["tr"],
    ]

    init(_ html: String) {
        var rest = html.replacing(LetterStyle.outlookOpen, with: "").replacing(LetterStyle.outlookClose, with: "")[...]
        guard rest.hasPrefix("<!DOCTYPE html>") else {
            faults = ["no document type"]
            return
        }
        rest.removeFirst("<!DOCTYPE html>".count)
        var open: [String] = []
        while let sign = rest.firstIndex(of: "<") {
            take(String(rest[..<sign]), in: open)
            rest = rest[rest.index(after: sign)...]
            guard let end = rest.firstIndex(of: ">") else {
                faults.append("a tag does not end")
                return
            }
            tag(String(rest[..<end]), &open)
            rest = rest[rest.index(after: end)...]
        }
        if !open.isEmpty { faults.append("not closed: \(open)") }
        take(String(rest), in: open)
    }

    private mutating func take(_ raw: String, in open: [String]) {
        if open.last == "style" {
            if raw.contains("url(") || raw.contains("@import") { faults.append("the style sheet loads something") }
            return
        }
        var plain = raw
        for (entity, character) in Self.entities where entity != "&amp;" {
            plain = plain.replacing(entity, with: character)
        }
        let left = raw.split(separator: "&", omittingEmptySubsequences: false).dropFirst()
        for piece in left where !Self.entities.keys.contains(where: { "&\(piece)".hasPrefix($0) }) {
            faults.append("a bare &: \(piece.prefix(20))")
        }
        if raw.contains("\"") || raw.contains("'") || raw.contains(">") {
            faults.append("not escaped: \(raw.prefix(60))")
        }
        text += plain.replacing("&amp;", with: "&") + " "
    }

    private mutating func tag(_ inner: String, _ open: inout [String]) {
        if inner.hasPrefix("/") {
            if open.popLast() != String(inner.dropFirst()) { faults.append("<\(inner)> closes what is not open") }
            return
        }
        let name = String(inner.prefix { $0 != " " })
        tags.append(name)
        guard let allowed = Self.tags[name] else {
            faults.append("<\(name)> is not allowed")
            return
        }
        if let parents = Self.parents[name], !parents.contains(open.last ?? "") {
            faults.append("<\(name)> stands in <\(open.last ?? "")>")
        }
        attributes(inner.dropFirst(name.count), of: name, allowed)
        if name == "table", !inner.contains("role=\"presentation\"") { faults.append("a table without its role") }
        if name != "meta" { open.append(name) }
    }

    private mutating func attributes(_ text: Substring, of name: String, _ allowed: Set<String>) {
        var rest = text
        var seen: Set<String> = []
        while let match = rest.prefixMatch(of: /[ ]([a-z]+)="([^"<>]*)"/) {
            let (attribute, value) = (String(match.1), match.2)
            if !allowed.contains(attribute) { faults.append("<\(name) \(attribute)> is not allowed") }
            if !seen.insert(attribute).inserted { faults.append("<\(name) \(attribute)> twice") }
            if attribute == "href", !value.hasPrefix("https://"), !value.hasPrefix("http://") {
                faults.append("a link to \(value.prefix(40))")
            }
            if attribute == "style", value.contains("url(") || value.contains("expression") {
                faults.append("a style: \(value)")
            }
            rest = rest[match.range.upperBound...]
        }
        if !rest.isEmpty { faults.append("<\(name)\(rest.prefix(60))>") }
    }
}
