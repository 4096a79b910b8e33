// Text of an HTML page: tags away, blocks as lines, character references resolved, mailto: links kept. No scripts, no
// entities of its own, nothing fetched.

enum HTMLText {
    static func extract(_ bytes: [UInt8]) -> ExtractedText {
        var walk = Walk(scalars: Array(CharsetGuess.decode(bytes).unicodeScalars))
        walk.run()
        var result = ExtractedText(kind: .html, text: String(walk.out))
        result.links = walk.links
        return result
    }

    private static let blocks: Set<String> = [
        "p", "div", "br", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "section", "header",
        "footer",
        "address", "article", "dt", "dd", "dl", "hr", "title", "body",
    ]

    private struct Walk {
        let scalars: [Unicode.Scalar]
        var at = 0
        var out = String.UnicodeScalarView()
        var links: [String] = []

        init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

        mutating func run() {
            while at < scalars.count {
                switch scalars[at] {
                case "<": tag()
                case "&": reference()
                case let scalar where scalar.properties.isWhitespace:
                    if let last = out.last, last != " ", last != "\n" { out.append(" ") }
                    at += 1
                default:
                    out.append(scalars[at])
                    at += 1
                }
            }
        }

        private func text(_ range: Range<Int>) -> String {
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars[range])
            return String(view)
        }

        private func matches(_ word: String, at start: Int) -> Bool {
            var index = start
            for scalar in word.unicodeScalars {
                guard index < scalars.count, scalars[index].properties.lowercaseMapping.unicodeScalars.first == scalar
                else { return false }
                index += 1
            }
            return true
        }

        private mutating func tag() {
            if matches("<!--", at: at) {
                at += 4
                while at < scalars.count, !matches("-->", at: at) { at += 1 }
                at = min(scalars.count, at + 3)
                return
            }
            guard at + 1 < scalars.count,
                scalars[at + 1].properties.isAlphabetic || "/!?".unicodeScalars.contains(scalars[at + 1])
            else {
                out.append("<")
                at += 1
                return
            }
            var end = at + 1
            var quote: Unicode.Scalar?
            while end < scalars.count {
                let scalar = scalars[end]
                if let open = quote {
                    if scalar == open { quote = nil }
                } else if scalar == ">" {
                    break
                } else if scalar == "\"" || scalar == "'", end > 0, scalars[end - 1] == "=" {
                    quote = scalar
                }
                end += 1
            }
            let inner = text((at + 1)..<min(end, at + 4096))
            at = min(scalars.count, end + 1)
            let name = inner.drop { $0 == "/" }.prefix { $0.isLetter || $0.isNumber }.lowercased()
            if HTMLText.blocks.contains(name), out.last != "\n" { out.append("\n") }
            if name == "td" || name == "th" { out.append(contentsOf: "  ".unicodeScalars) }
            if name == "script" || name == "style", !inner.hasPrefix("/") { skip(until: "</" + name) }
            if name == "a" { link(inner) }
        }

        private mutating func skip(until word: String) {
            while at < scalars.count, !matches(word, at: at) { at += 1 }
        }

        /// The address behind `mailto:` in an <a>, with the references that addresses are hidden with.
        private mutating func link(_ tag: String) {
            let folded = Array(tag.utf8).map { (0x41...0x5a).contains($0) ? $0 + 32 : $0 }
            let mark = Array("mailto:".utf8)
            guard links.count < 200, folded.count > mark.count else { return }
            guard
                let start = (0...(folded.count - mark.count)).first(where: {
                    folded[$0..<($0 + mark.count)].elementsEqual(mark)
                })
            else { return }
            let rest = tag.utf8.dropFirst(start).prefix { !"\"'> \t\n".utf8.contains($0) }
            guard rest.count <= 400 else { return }
            var inner = Walk(scalars: Array(String(decoding: Array(rest), as: UTF8.self).unicodeScalars))
            inner.run()
            links.append(String(inner.out))
        }

        private static let named: [String: String] = [
            "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "auml": "ä", "ouml": "ö",
            "uuml": "ü",
            "Auml": "Ä", "Ouml": "Ö", "Uuml": "Ü", "szlig": "ß", "eacute": "é", "egrave": "è", "agrave": "à",
            "ccedil": "ç",
            "ntilde": "ñ", "aacute": "á", "iacute": "í", "oacute": "ó", "uacute": "ú", "ecirc": "ê", "ndash": "–",
            "mdash": "—",
            "bull": "•", "middot": "·", "commat": "@", "period": ".", "rsquo": "’", "lsquo": "‘", "hellip": "…",
            "copy": "©",
        ]

        private mutating func reference() {
            let limit = min(scalars.count, at + 12)
            guard let end = scalars[at..<limit].firstIndex(of: ";"), end > at + 1 else {
                out.append("&")
                at += 1
                return
            }
            let name = text((at + 1)..<end)
            var replacement = Self.named[name]
            if name.hasPrefix("#") {
                let digits = name.dropFirst()
                let value =
                    digits.first == "x" || digits.first == "X"
                    ? UInt32(String(digits.dropFirst()), radix: 16) : UInt32(String(digits))
                replacement = value.flatMap { Unicode.Scalar($0) }.map { String($0) }
            }
            guard let replacement else {
                out.append("&")
                at += 1
                return
            }
            out.append(contentsOf: replacement.unicodeScalars)
            at = end + 1
        }
    }
}
