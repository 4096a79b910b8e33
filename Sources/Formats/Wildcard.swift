// Names with `*` and `?`, as people write them in silences, recipients and lists of rules.

/// Patterns of names: `*` stands for any characters or none, `?` for one; everything else for itself.
package enum Wildcard {
    /// Whether `pattern` names `text`. In time proportional to the product of their lengths at most.
    package static func matches(_ text: String, _ pattern: String) -> Bool {
        let text = Array(text.unicodeScalars)
        let pattern = Array(pattern.unicodeScalars)
        var (at, of) = (0, 0)
        /// Where the last star stood, and how much of the text it has taken.
        var star: (pattern: Int, text: Int)?
        while at < text.count {
            if of < pattern.count, pattern[of] == "*" {
                star = (of, at)
                of += 1
            } else if of < pattern.count, pattern[of] == "?" || pattern[of] == text[at] {
                at += 1
                of += 1
            } else if let last = star {
                star = (last.pattern, last.text + 1)
                (at, of) = (last.text + 1, last.pattern + 1)
            } else {
                return false
            }
        }
        return pattern[of...].allSatisfy { $0 == "*" }
    }
}
