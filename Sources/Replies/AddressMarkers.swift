// "name (at) example [dot] com", in the words of several languages: an address that its owner hid from harvesters.

enum AddressMarkers {
    private static let atWords: Set<String> = [
        "at", "@", "arroba", "at sign", "aet", "a t", "malpa", "chiocciola", "kukac", "zavinac",
    ]
    private static let dotWords: Set<String> = [
        "dot", ".", "punkt", "punto", "point", "ponto", "punt", "kropka", "tecka", "d o t",
    ]
    private static let labels = ["mail", "contact", "kontakt", "correo", "courriel", "e-post", "reach me"]

    /// Whether `rewrite` could find anything: cheap, for every line.
    static func mayHold(_ line: String) -> Bool {
        var open = false
        for byte in line.utf8 {
            if "([{<".utf8.contains(byte) { open = true }
            if open, ")]}>".utf8.contains(byte) { return true }
        }
        let words = line.split(separator: " ")
        return words.contains { $0 == "at" || $0 == "AT" || $0 == "(at)" }
            && words.contains { $0 == "dot" || $0 == "DOT" }
    }

    /// The line with its markers as `@` and `.`; nil when it has none.
    static func rewrite(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar]? {
        let (bracketed, hasAt) = rewriteBrackets(scalars)
        if hasAt { return rewriteDots(bracketed) }
        return rewriteWords(scalars)
    }

    /// `(at)`, `[dot]`, with the spaces around them.
    private static func rewriteBrackets(_ scalars: [Unicode.Scalar]) -> ([Unicode.Scalar], hasAt: Bool) {
        var out: [Unicode.Scalar] = []
        var hasAt = false
        var index = 0
        while index < scalars.count {
            if let (mark, end) = marker(scalars, index) {
                while out.last == " " { out.removeLast() }
                out.append(mark)
                hasAt = hasAt || mark == "@"
                index = end
                while index < scalars.count, scalars[index] == " " { index += 1 }
            } else {
                out.append(scalars[index])
                index += 1
            }
        }
        return (out, hasAt)
    }

    private static func marker(_ scalars: [Unicode.Scalar], _ index: Int) -> (Unicode.Scalar, Int)? {
        let pairs: [Unicode.Scalar: Unicode.Scalar] = ["(": ")", "[": "]", "{": "}", "<": ">"]
        guard let close = pairs[scalars[index]] else { return nil }
        let limit = min(scalars.count, index + 14)
        guard let end = scalars[(index + 1)..<limit].firstIndex(of: close) else { return nil }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[(index + 1)..<end])
        let word = TextFolding.fold(String(view))
        if atWords.contains(word) { return ("@", end + 1) }
        if dotWords.contains(word) { return (".", end + 1) }
        return nil
    }

    /// After an @ that stood in brackets, ` dot ` is a dot too.
    private static func rewriteDots(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        let words = split(scalars)
        guard words.contains(where: { isWord($0, in: ["dot", "punkt", "punto", "point"]) }) else { return scalars }
        var out: [Unicode.Scalar] = []
        var joining = false
        for (number, word) in words.enumerated() {
            let follows = number > 0 && words[number - 1].contains("@") || joining
            if follows, isWord(word, in: ["dot", "punkt", "punto", "point"]) {
                out.append(".")
                joining = true
            } else {
                if number > 0, out.last != "." || !joining { out.append(" ") }
                if joining, out.last != "." { joining = false }
                out.append(contentsOf: word)
            }
        }
        return out
    }

    /// `name AT example DOT com`; in lower case only behind a label or with a local part that is no word of a sentence.
    private static func rewriteWords(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar]? {
        let words = split(scalars).filter { !$0.isEmpty }
        guard words.count >= 5 else { return nil }
        for at in 1..<(words.count - 3) where isWord(words[at], in: ["at"]) {
            guard isWord(words[at + 2], in: ["dot"]) else { continue }
            let line = TextFolding.fold(string(scalars[...]))
            let upper = words[at] == ["A", "T"]
            let labelled = labels.contains { line.contains($0) }
            let unlikeAWord = words[at - 1].contains { $0 == "." || $0 == "_" || ("0"..."9").contains($0) }
            guard upper || labelled || unlikeAWord else { continue }
            var domain = words[at + 1]
            var next = at + 2
            while next + 1 < words.count, isWord(words[next], in: ["dot"]) {
                domain += ["."] + words[next + 1]
                next += 2
            }
            return words[at - 1] + ["@"] + domain
        }
        return nil
    }

    private static func split(_ scalars: [Unicode.Scalar]) -> [[Unicode.Scalar]] {
        scalars.split(separator: " ", omittingEmptySubsequences: false).map(Array.init)
    }

    private static func isWord(_ word: [Unicode.Scalar], in words: [String]) -> Bool {
        word.count <= 6 && words.contains(TextFolding.fold(string(word[...])))
    }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}
