// The name at the head of a resume. Never from the file's name or the subject; what is unsure stays out of the letter.

/// A name found in a document, and whether the document itself says that it is the name.
struct FoundName: Hashable, Sendable {
    var name: PersonName
    /// It stood behind a label, or in structured data.
    var isLabelled: Bool
}

enum NameFinder {
    private static let labels: Set<String> = [
        "name", "full name", "vor- und nachname", "vorname und name", "vor- und zuname", "nom", "nom et prenom",
        "prenom et nom", "nombre",
        "nombre completo", "nombre y apellidos", "naam", "imie i nazwisko", "nome", "nome e cognome", "nome completo",
        "ad soyad", "adi soyadi", "jmeno", "jmeno a prijmeni", "navn", "namn", "nimi", "имя", "фио", "姓名", "氏名", "성명",
        "이름",
    ]

    /// The names that the head of the document may be of, the likeliest first.
    static func find(_ layout: ResumeLayout) -> [FoundName] {
        var found: [FoundName] = []
        var filled = 0
        for line in layout.lines.prefix(60) {
            let pieces = ResumeLayout.pieces(line)
            guard !pieces.isEmpty else { continue }
            filled += 1
            if filled > 12 { break }
            for (index, piece) in pieces.enumerated() {
                if let name = labelled(piece, next: index + 1 < pieces.count ? pieces[index + 1] : nil) {
                    found.insert(FoundName(name: name, isLabelled: true), at: 0)
                } else if filled <= 6, let name = heading(piece) {
                    found.append(FoundName(name: name, isLabelled: false))
                }
            }
        }
        return Array(found.prefix(6))
    }

    private static func labelled(_ piece: String, next: String?) -> PersonName? {
        if let colon = piece.firstIndex(where: { $0 == ":" || $0 == "：" }) {
            guard labels.contains(TextFolding.fold(piece[..<colon])) else { return nil }
            let rest = MachineRows.trim(piece[piece.index(after: colon)...])
            return PersonName(rest.isEmpty ? next ?? "" : rest)
        }
        guard labels.contains(TextFolding.fold(piece)), let next else { return nil }
        return PersonName(next)
    }

    /// A line that is nothing but a name; behind the document's title too ("Lebenslauf Anna Schmidt").
    private static func heading(_ piece: String) -> PersonName? {
        let text = MachineRows.trim(
            LetterSpacing.collapse(piece.drop { "#* ".contains($0) }).filter { $0 != "*" && $0 != "#" })
        guard SectionHeading.of(text) == nil else { return nil }
        let words = text.split(separator: " ")
        if words.count == 1 {
            // One word is a name at the head only in scripts that write names without a space.
            guard text.unicodeScalars.allSatisfy({ $0.value >= 0x2e80 }), (2...6).contains(text.count) else {
                return nil
            }
            return PersonName(text)
        }
        for count in 1...2 where words.count > count + 1 {
            let title = words.prefix(count).joined(separator: " ")
            if SectionHeading.of(title) == .title {
                var rest = words.dropFirst(count)
                while let first = rest.first, ["of", "von", "de", "-", "–", ":"].contains(first) {
                    rest = rest.dropFirst()
                }
                return PersonName(rest.joined(separator: " "))
            }
        }
        return PersonName(text)
    }
}
