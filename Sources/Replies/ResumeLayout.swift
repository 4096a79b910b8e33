// The parts of a resume's text that decide whose an address in it is: the contact block, the sections, and what stands
// under references. pdftotext -layout sets columns side by side, so a line is looked at in pieces.

/// A document's text by lines, with the section headings found in it.
struct ResumeLayout {
    struct Heading: Hashable, Sendable {
        var line: Int
        var section: SectionHeading
    }

    /// Bounds for hostile text. A document beyond them is no resume (`isTooLong`).
    static let maximumBytes = 1 << 20
    static let maximumLines = 20_000
    static let maximumLineLength = 8192

    let lines: [String]
    let headings: [Heading]
    let isTooLong: Bool
    /// The first line that stands under references, from 0; `lines.count` when there are none.
    let referencesLine: Int
    /// The lines before the first section that is not about the person, at most the first 25 with text.
    let topBlock: Range<Int>

    init(_ text: String) {
        let isLarge = text.utf8.count > Self.maximumBytes
        // Cut before it is split: 25 MB of line feeds would be 25 million pieces of 16 bytes and more.
        let bounded = isLarge ? String(decoding: text.utf8.prefix(Self.maximumBytes), as: UTF8.self) : text
        var all = bounded.split(maxSplits: Self.maximumLines, omittingEmptySubsequences: false) {
            $0 == "\n" || $0 == "\u{c}" || $0 == "\r\n" || $0 == "\r"
        }
        .map(String.init)
        let tooLong =
            isLarge || all.count > Self.maximumLines || all.contains { $0.utf8.count > Self.maximumLineLength }
        if tooLong { all = all.prefix(2000).filter { $0.utf8.count <= Self.maximumLineLength } }
        isTooLong = tooLong
        lines = all
        var headings: [Heading] = []
        for (number, line) in all.enumerated() { Self.headings(of: line, number, &headings) }
        self.headings = headings
        referencesLine = headings.first { $0.section == .references }?.line ?? all.count
        topBlock = 0..<Self.topBlockEnd(all, headings)
    }

    /// Pieces of a line that are set apart: columns, cells, inline separators.
    static func pieces(_ line: String) -> [String] {
        var pieces: [String] = [""]
        var spaces = 0
        for character in line {
            switch character {
            case " ", "\u{a0}": spaces += 1
            case "\t": spaces += 4
            case "|", "•", "·", "\u{2502}", "¦":
                pieces.append("")
                spaces = 0
            default:
                if spaces >= 2 {
                    pieces.append("")
                } else if spaces == 1, pieces[pieces.count - 1] != "" {
                    pieces[pieces.count - 1] += " "
                }
                spaces = 0
                pieces[pieces.count - 1].append(character)
            }
        }
        return pieces.filter { !$0.isEmpty }
    }

    private static func headings(of line: String, _ number: Int, _ headings: inout [Heading]) {
        let spaced = LetterSpacing.collapse(MachineRows.trim(line))
        if spaced.utf8.count != MachineRows.trim(line).utf8.count, let section = SectionHeading.of(spaced) {
            headings.append(Heading(line: number, section: section))
            return
        }
        for piece in pieces(line) {
            if let section = SectionHeading.of(piece) ?? SectionHeading.label(of: piece) {
                headings.append(Heading(line: number, section: section))
            }
        }
    }

    private static func topBlockEnd(_ lines: [String], _ headings: [Heading]) -> Int {
        let personal: Set<SectionHeading> = [.title, .profile, .contact]
        let end = headings.first { !personal.contains($0.section) }?.line ?? lines.count
        var filled = 0
        for (number, line) in lines.enumerated() {
            if number >= end { return end }
            if line.contains(where: { !$0.isWhitespace }) { filled += 1 }
            if filled > 25 { return number }
        }
        return min(end, lines.count)
    }

    /// Whether a line is where people put their own contact data: the top, under a contact heading, a page's edge.
    func isContact(_ line: Int) -> Bool {
        guard lines.indices.contains(line) else { return false }
        if topBlock.contains(line) { return true }
        if let heading = headings.last(where: { $0.line <= line }), heading.section == .contact,
            line - heading.line <= 12
        {
            return true
        }
        guard line < referencesLine else { return false }
        return isLabelled(line)
    }

    /// Whether a line belongs to somebody else: under references, or beside the words for superiors and referees.
    func isThirdPerson(_ line: Int) -> Bool {
        if line >= referencesLine { return true }
        guard lines.indices.contains(line), !topBlock.contains(line) else { return mentionsThirdPerson(line) }
        return (max(0, line - 2)...line).contains { mentionsThirdPerson($0) }
    }

    private static let thirdPersons = [
        "supervisor", "reference", "referee", "referenz", "vorgesetzt", "ansprechpartner", "line manager", "reports to",
        "reported to", "reporting to", "contact person", "advisor", "adviser", "betreuer", "superviseur", "tuteur",
        "maitre de stage", "responsable :", "jefe", "superior", "leidinggevende", "przelozony", "supervisore",
        "referent",
        "emergency contact", "notfallkontakt", "recommended by", "referred by", "empfohlen von", "spouse",
        "next of kin",
        "recruiter", "represented by", "on behalf of", "agent:", "consultant:", "account manager", "vermittelt durch",
        "推荐人", "证明人",
    ]

    private func mentionsThirdPerson(_ line: Int) -> Bool {
        guard lines.indices.contains(line) else { return false }
        let folded = TextFolding.fold(lines[line])
        return Self.thirdPersons.contains { folded.contains($0) }
    }

    private static let emailLabels = [
        "e-mail", "email", "mail:", "mail :", "correo", "courriel", "e-post", "eposta", "e-posta", "почта", "邮箱", "邮件",
        "電子郵件",
        "メール", "이메일", "mailadresse", "sahkoposti",
    ]

    private func isLabelled(_ line: Int) -> Bool {
        let folded = TextFolding.fold(lines[line])
        return Self.emailLabels.contains { folded.contains($0) }
    }
}
