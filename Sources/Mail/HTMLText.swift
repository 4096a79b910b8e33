// The text of HTML, for reading: tags gone, blocks on lines of their own, entities undone. Tolerant, one pass, linear.

/// The text and the links of an HTML document.
package struct HTMLText: Sendable {
    /// Words as they read, blocks on lines of their own, LF.
    package private(set) var text: String
    /// The targets of its links as they stand there, entities undone: `mailto:jane@example.com`. At most 1000.
    package private(set) var links: [String]

    package init(_ html: String) {
        var reader = HTMLReader(bytes: Array(html.utf8))
        reader.run()
        text = reader.text
        links = reader.links
    }

    /// The charset that a `meta` among the first 2048 octets names.
    static func charset(_ bytes: [UInt8]) -> String? {
        let head = [UInt8](bytes.prefix(2048)).map(\.lowered)
        let needle = Array("charset=".utf8)
        for at in head.indices where head[at] == 0x63 && head[at...].starts(with: needle) {
            let value = head[(at + needle.count)...].drop { $0 == 0x22 || $0 == 0x27 || $0 == 0x20 }
            let name = value.prefix { $0.isToken }
            return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
        }
        return nil
    }
}

private struct HTMLReader {
    let bytes: [UInt8]
    var at = 0
    var out: [UInt8] = []
    var links: [String] = []
    /// Within `pre` spaces and lines stay.
    var preformatted = false
    /// A space is due before the next word.
    var space = false

    init(bytes: [UInt8]) { self.bytes = bytes }

    var text: String { String(decoding: out.trimmed, as: UTF8.self) }

    mutating func run() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x3c where startsMarkup: markup()
            case 0x26: entity()
            case let byte:
                at += 1
                if byte.isSpace, !preformatted { space = true } else if byte != 0x0d { put([byte]) }
            }
        }
    }

    private mutating func put(_ octets: [UInt8]) {
        if space, let last = out.last, last != 0x0a { out.append(0x20) }
        space = false
        out += octets
    }

    /// At most one empty line between blocks.
    private mutating func breakLine(_ lines: Int) {
        space = false
        if out.isEmpty { return }
        let ends = out.reversed().prefix(2).prefix { $0 == 0x0a }.count
        for _ in ends..<max(ends, lines) { out.append(0x0a) }
    }

    private var startsMarkup: Bool {
        guard at + 1 < bytes.count else { return false }
        let next = bytes[at + 1]
        return next.isLetter || next == 0x2f || next == 0x21 || next == 0x3f
    }

    private mutating func markup() {
        if bytes[at...].starts(with: "<!--".utf8) {
            skip(past: Array("-->".utf8), from: at + 4)
            return
        }
        let (name, isEnd, attributes) = tag()
        switch name {
        case "script", "style", "title", "noscript", "template", "svg":
            if !isEnd { skipElement(name) }
        case "br": breakAlways()
        case "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "hr": breakLine(2)
        case "div", "tr", "li", "dt", "dd", "section", "article", "header", "footer", "address", "center", "form",
            "body", "html", "option":
            breakLine(1)
        case "td", "th": space = true
        case "pre":
            breakLine(1)
            preformatted = !isEnd
        case "a", "area":
            if !isEnd, links.count < 1000, let target = attribute("href", attributes) { links.append(target) }
        default: break
        }
    }

    private mutating func breakAlways() {
        space = false
        out.append(0x0a)
    }

    /// Reads a tag to its `>`, which a quoted attribute may contain; without one, to the end.
    private mutating func tag() -> (name: String, isEnd: Bool, attributes: Range<Int>) {
        at += 1
        let isEnd = at < bytes.count && bytes[at] == 0x2f
        if isEnd { at += 1 }
        let start = at
        while at < bytes.count, bytes[at].isLetter || bytes[at].isDigit, at - start < 20 { at += 1 }
        let name = [UInt8](bytes[start..<at]).lowercasedText
        let attributes = at
        var quote: UInt8?
        while at < bytes.count {
            let byte = bytes[at]
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == 0x3e {
                break
            } else if byte == 0x22 || byte == 0x27, bytes[at - 1] == 0x3d || bytes[at - 1].isSpace {
                quote = byte
            }
            at += 1
        }
        let end = at
        at = min(at + 1, bytes.count)
        return (name, isEnd, attributes..<end)
    }

    /// The value of an attribute in that place, entities undone.
    private func attribute(_ name: StaticString, _ range: Range<Int>) -> String? {
        let length = name.utf8CodeUnitCount
        var here = range.lowerBound
        while here + length < range.upperBound {
            defer { here += 1 }
            guard bytes[here].isSpace, [UInt8](bytes[here + 1..<here + 1 + length]).isName(name) else { continue }
            var value = bytes[here + 1 + length..<range.upperBound].drop(while: \.isSpace)
            guard value.first == 0x3d else { continue }
            value = value.dropFirst().drop(while: \.isSpace)
            if let quote = value.first, quote == 0x22 || quote == 0x27 {
                value = value.dropFirst().prefix { $0 != quote }
            } else {
                value = value.prefix { !$0.isSpace }
            }
            return HTMLEntity.decodeAll([UInt8](value))
        }
        return nil
    }

    private mutating func entity() {
        guard let (scalars, end) = HTMLEntity.decode(bytes, at: at) else {
            put([0x26])
            at += 1
            return
        }
        at = end
        if scalars == "\u{a0}" { space = true } else { put(Array(scalars.utf8)) }
    }

    private mutating func skip(past end: [UInt8], from: Int) {
        var here = from
        while let found = bytes.index(of: end[0], in: here..<max(here, bytes.count)) {
            if bytes[found...].starts(with: end) {
                at = found + end.count
                return
            }
            here = found + 1
        }
        at = bytes.count
    }

    /// To the end tag of an element whose content is not text for people.
    private mutating func skipElement(_ name: String) {
        while let found = bytes.index(of: 0x3c, in: at..<bytes.count) {
            at = found
            let after = bytes[found...].dropFirst(2).prefix(name.utf8.count)
            let isEnd = found + 1 < bytes.count && bytes[found + 1] == 0x2f
            if isEnd, after.elementsEqual(name.utf8, by: { $0.lowered == $1 }) {
                _ = tag()
                return
            }
            at = found + 1
        }
        at = bytes.count
    }
}
