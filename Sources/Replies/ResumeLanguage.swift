// The language of a resume, by the small words that every text of a language holds. Unsure is nil: then the letter goes
// out in all its languages.

package enum ResumeLanguage {
    private static let words: [(language: String, words: Set<String>)] = [
        (
            "en",
            [
                "the", "and", "of", "in", "with", "for", "to", "at", "from", "experience", "education", "skills",
                "references", "languages",
            ]
        ),
        (
            "de",
            [
                "und", "der", "die", "das", "mit", "fur", "von", "bei", "im", "zur", "als", "berufserfahrung",
                "ausbildung", "kenntnisse", "lebenslauf", "sprachen", "seit",
            ]
        ),
        (
            "fr",
            [
                "et", "le", "la", "les", "des", "du", "en", "pour", "avec", "chez", "experience", "formation",
                "competences", "langues", "depuis",
            ]
        ),
        (
            "es",
            [
                "y", "el", "la", "los", "de", "en", "con", "para", "experiencia", "educacion", "habilidades", "idiomas",
                "desde", "formacion",
            ]
        ),
        (
            "nl",
            [
                "en", "de", "het", "van", "met", "voor", "bij", "werkervaring", "opleiding", "vaardigheden", "talen",
                "een",
            ]
        ),
        ("pl", ["i", "w", "z", "na", "do", "oraz", "doswiadczenie", "wyksztalcenie", "umiejetnosci", "jezyki"]),
        ("it", ["e", "il", "di", "con", "per", "presso", "esperienza", "istruzione", "competenze", "lingue", "dal"]),
    ]

    /// The language's code, if one is clearly ahead.
    package static func guess(_ text: String) -> String? {
        var counts: [String: Int] = [:]
        // In octets: a Character may be as long as the text.
        let head = String(decoding: text.utf8.prefix(40_000), as: UTF8.self)
        for word in TextFolding.fold(head).split(whereSeparator: { !$0.isLetter }).prefix(6000) {
            let word = String(word)
            guard word.utf8.count <= 64 else { continue }
            for entry in words where entry.words.contains(word) {
                counts[entry.language, default: 0] += word.count >= 5 ? 2 : 1
            }
        }
        let order = counts.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
        guard let first = order.first, first.value >= 4 else { return nil }
        let second = order.dropFirst().first?.value ?? 0
        return first.value * 2 >= second * 3 ? first.key : nil
    }
}
