// A person's name as a document or a mailbox gives it: foreign text that will stand in a letter, so what is no name is
// dropped rather than repaired.

/// A name that is fit to stand in a letter.
package struct PersonName: Hashable, Sendable {
    /// `José García López`, `李小龙`, `Mary O'Brien-Smith`.
    package let full: String
    /// The name to call the person by, when it is certain which part that is.
    package let first: String?

    /// Nil for what does not look like one person's name: addresses, URLs, digits, headings, job titles, sentences.
    package init?(_ text: String) {
        guard text.utf8.count <= 400, let words = Self.words(text), !words.isEmpty else { return nil }
        let shown = words.map(Self.inNormalCase)
        full = shown.joined(separator: " ")
        guard full.unicodeScalars.count <= 80 else { return nil }
        first = Self.first(words)
    }

    /// Folded words, particles and initials included, hyphenated names in their parts.
    var tokens: [String] {
        TextFolding.fold(full).split { !$0.isLetter && $0 != "'" }.map { $0.filter { $0 != "'" } }.filter {
            !$0.isEmpty
        }
    }

    /// Whether both can be the same person: every word of the shorter one is in the longer one (an initial stands for a
    /// word), and at least one whole word of two letters or more is shared.
    func agrees(with other: PersonName) -> Bool {
        let mine = tokens.map(Self.canonical)
        let theirs = other.tokens.map(Self.canonical)
        let (short, long) = mine.count <= theirs.count ? (mine, theirs) : (theirs, mine)
        guard !short.isEmpty else { return false }
        if mine.joined() == theirs.joined() { return true }
        var shared = 0
        for word in short {
            if long.contains(word) {
                if word.unicodeScalars.count >= 2 || !word.utf8.allSatisfy({ $0 < 0x80 }) { shared += 1 }
            } else if !Self.hasInitial(word, among: long) {
                return false
            }
        }
        let initials = (short + long).contains { $0.count == 1 }
        return shared >= min(2, short.count) || (shared >= 1 && initials)
    }

    private static func hasInitial(_ word: String, among words: [String]) -> Bool {
        words.contains { ($0.count == 1 && word.hasPrefix($0)) || (word.count == 1 && $0.hasPrefix(word)) }
    }

    /// Whether a local part is made of this name: it holds a word of three letters or more, or is made of the words.
    func agrees(withLocalPart local: String) -> Bool {
        let letters = Self.canonical(TextFolding.letters(local.prefix { $0 != "+" }))
        guard letters.count >= 2 else { return false }
        let words = tokens.filter { !Self.particles.contains($0) }.map(Self.canonical)
        for word in words {
            if word.count >= 3 || !word.utf8.allSatisfy({ $0 < 0x80 }), letters.contains(word) { return true }
            if word.count == 2, letters == word || (letters.hasPrefix(word) && words.count == 2) { return true }
        }
        return letters.count >= 5 && words.joined().hasPrefix(letters)
    }

    private static let particles: Set<String> = [
        "de", "la", "le", "da", "di", "do", "dos", "das", "van", "von", "der", "den", "del", "el", "al", "bin", "ter",
        "zu",
        "mc", "st",
    ]

    /// ue as u, oe as o, ae as a: a German name is spelled both ways.
    private static func canonical(_ word: String) -> String {
        var out = ""
        var before: Character?
        for character in word {
            if character != "e" || !(before == "a" || before == "o" || before == "u") { out.append(character) }
            before = character
        }
        return out
    }
}

extension PersonName {
    private static let titles: Set<String> = [
        "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "doktor", "herr", "frau", "ing", "dipl", "dipl-ing",
        "mag", "med", "phil", "rer", "nat", "sir", "m", "mme", "mlle", "sr", "sra", "srta", "don", "dna", "pan", "pani",
        "dhr",
        "mevr", "sig", "eng", "drs", "ir", "habil", "dott", "dottssa", "h.c",
    ]
    private static let suffixes: Set<String> = [
        "phd", "md", "mba", "msc", "bsc", "ma", "ba", "bs", "ms", "mphil", "jr", "sr", "ii", "iii", "iv", "pmp", "cpa",
        "cfa",
        "esq", "rn", "pe", "llm", "bcom", "beng", "meng", "mtech", "btech", "jd", "dds", "do", "acca", "ca", "cissp",
        "shrm-cp",
    ]
    private static let notNames: Set<String> = [
        "curriculum", "vitae", "resume", "lebenslauf", "engineer", "developer", "manager", "consultant", "designer",
        "analyst",
        "student", "assistant", "specialist", "director", "administrator", "architect", "accountant", "teacher",
        "nurse",
        "software", "senior", "junior", "street", "address", "phone", "email", "mobile", "page", "profile", "summary",
        "the",
        "with", "for", "from", "confidential", "university", "university", "gmbh", "inc", "ltd", "llc", "ag", "corp",
        "company",
        "team", "department", "office", "recruiting", "bewerbung", "application", "applicant", "candidate",
        "entwickler",
        "ingenieur", "berater", "leiter", "kaufmann", "kauffrau", "mitarbeiter", "strasse", "straße", "seite",
        "telefon",
        "your", "name", "surname", "unknown", "anonymous", "technician", "mechanic", "driver", "sales", "marketing",
        "services",
        "ingenieur", "ingeniero", "developpeur", "chef", "responsable", "programmer", "scientist", "intern", "officer",
        "coordinator", "representative", "executive", "supervisor", "lead", "head", "expert", "freelance", "freelancer",
        "contact", "kontakt", "personal", "details", "information", "data", "daten", "web", "full", "stack", "project",
        "product", "business", "human", "resources", "cover", "letter", "anschreiben", "motivation", "dear",
        "references",
        "subject", "date", "hello", "hi", "jobs", "job", "via", "dba", "newsletter", "info", "support", "customer",
        "service",
        "noreply", "no-reply", "admin", "system", "notification", "notifications", "linkedin", "indeed", "stepstone",
        "xing",
    ]

    /// The words of the name without titles and degrees, family name last; nil for no name.
    private static func words(_ text: String) -> [String]? {
        var text = text
        for scalar in text.unicodeScalars where scalar.isUnsafeInNames && scalar != "\u{200c}" && scalar != "\u{200d}" {
            return nil
        }
        if text.contains("@") || text.contains("/") || text.contains("www.") || text.contains("\\") { return nil }
        text = normalized(text)
        let parts = text.split(separator: ",").map { $0.split(separator: " ").map(String.init) }.filter { !$0.isEmpty }
        guard let head = parts.first, parts.count <= 4 else { return nil }
        var words = head
        for part in parts.dropFirst()
        where !part.allSatisfy({ suffixes.contains(plain($0)) || titles.contains(plain($0)) }) {
            // "García López, José": once, and not "Berlin, Germany, Europe".
            guard words.count == head.count, words == head else { return nil }
            words = part + head
        }
        while let first = words.first, words.count > 1, titles.contains(plain(first)),
            plain(first).count > 1 || first.hasSuffix(".") && first.count == 2 && plain(first) == "m" && words.count > 2
        {
            words.removeFirst()
        }
        while let last = words.last, words.count > 2, suffixes.contains(plain(last)) { words.removeLast() }
        guard (1...6).contains(words.count), words.allSatisfy(isWord) else { return nil }
        if words.contains(where: { notNames.contains(TextFolding.fold($0)) }) { return nil }
        if SectionHeading.of(words.joined(separator: " ")) != nil { return nil }
        return words
    }

    /// One word of a name: letters of one script, apostrophes, hyphens, a full stop at the end; capital first where the
    /// script has capitals, particles excepted.
    private static func isWord(_ word: String) -> Bool {
        let scalars = Array(word.unicodeScalars)
        guard let first = scalars.first, first.properties.isAlphabetic, scalars.count <= 30 else { return false }
        for scalar in scalars where !scalar.properties.isAlphabetic && !scalar.isCombining {
            guard "'-.·・".unicodeScalars.contains(scalar) else { return false }
        }
        if word.dropLast().contains("."), word.count > 5 { return false }
        if first.properties.isLowercase, !particles.contains(TextFolding.fold(word)), !word.hasPrefix("d'"),
            !word.hasPrefix("o'")
        {
            return false
        }
        return true
    }

    private static func first(_ words: [String]) -> String? {
        guard words.count >= 2 else { return nil }
        // Scripts without case put the family name first, or leave no way to tell.
        guard words.allSatisfy({ $0.unicodeScalars.allSatisfy { $0.value < 0x590 || $0.isCombining } }) else {
            return nil
        }
        // "GARCÍA José": the part in capitals is the family name.
        let capitals = words.map { word in
            word.filter(\.isLetter).count > 1 && word == word.uppercased() && word != word.lowercased()
        }
        var candidate = words[0]
        if capitals[0], let other = capitals.firstIndex(of: false) { candidate = words[other] }
        let letters = candidate.filter(\.isLetter)
        guard letters.count >= 2, !candidate.hasSuffix("."), !particles.contains(TextFolding.fold(candidate)) else {
            return nil
        }
        return inNormalCase(candidate)
    }

    /// `GARCÍA` as García, `O'BRIEN-SMITH` as O'Brien-Smith; other words as they are.
    private static func inNormalCase(_ word: String) -> String {
        guard word.count > 2, word == word.uppercased(), word != word.lowercased() else { return word }
        var out = ""
        var begins = true
        for character in word {
            out += begins ? String(character) : character.lowercased()
            begins = "-'’.".contains(character)
        }
        return out
    }

    private static func plain(_ word: String) -> String {
        TextFolding.fold(word).filter { $0 != "." && $0 != "'" }
    }

    /// Typographic apostrophes and dashes as ASCII, quotation marks and extra spaces gone.
    private static func normalized(_ text: String) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x2018, 0x2019, 0x2bc: out.append("'")
            case 0x2010...0x2013: out.append("-")
            case 0x22, 0x201c...0x201e: break
            default: out.append(scalar.properties.isWhitespace ? " " : scalar)
            }
        }
        return String(out)
    }
}

extension Unicode.Scalar {
    fileprivate var isCombining: Bool {
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark: true
        default: value == 0x200c || value == 0x200d
        }
    }
}
