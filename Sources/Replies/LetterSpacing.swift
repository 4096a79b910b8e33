// "j o h n @ e x a m p l e . o r g": letters set apart for looks, which text extraction gives back as written.

enum LetterSpacing {
    /// Letter-spaced addresses of a line.
    static func addresses(in scalars: [Unicode.Scalar]) -> [(text: String, doubtful: Bool)] {
        var found: [(String, Bool)] = []
        for at in scalars.indices where scalars[at] == "@" {
            guard at >= 2, at + 2 < scalars.count, isSpaced(scalars, at - 1), isSpaced(scalars, at + 1) else {
                continue
            }
            var left: [Unicode.Scalar] = []
            var index = at - 2
            while index >= 0, isPart(scalars[index]), left.count < 64 {
                left.append(scalars[index])
                // The next letter to the left stands behind exactly one space.
                guard index >= 2, scalars[index - 1] == " " else {
                    index -= 1
                    break
                }
                index -= 2
            }
            let leftEnd = index
            var right: [Unicode.Scalar] = []
            index = at + 2
            while index < scalars.count, isPart(scalars[index]), right.count < 255 {
                right.append(scalars[index])
                guard index + 2 < scalars.count, scalars[index + 1] == " " else { break }
                index += 2
            }
            guard left.count >= 2, right.count >= 4, right.contains(".") else { continue }
            while right.last == "." || right.last == "-" { right.removeLast() }
            var view = String.UnicodeScalarView()
            view.append(contentsOf: left.reversed())
            view.append("@")
            view.append(contentsOf: right)
            // A letter that touches the leftmost one belongs to a word that may be part of it.
            let touches = leftEnd >= 0 && isPart(scalars[leftEnd])
            found.append((String(view), touches))
        }
        return found
    }

    /// `E X P E R I E N C E` as EXPERIENCE; other text as it is. Two spaces part words.
    static func collapse(_ text: some StringProtocol) -> String {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count >= 5, words.allSatisfy({ $0.unicodeScalars.count <= 1 }) else { return String(text) }
        return words.map { $0.isEmpty ? " " : String($0) }.joined()
    }

    private static func isSpaced(_ scalars: [Unicode.Scalar], _ index: Int) -> Bool { scalars[index] == " " }

    private static func isPart(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-", "+": true
        default: scalar.value >= 0x80 && scalar.properties.isAlphabetic
        }
    }
}
