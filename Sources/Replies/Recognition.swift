// Row 15: what is a resume is recognised by its content (sections, a contact block, dates), never by its name. In doubt
// it is none, and a human looks.

import Formats

/// What speaks for a document being a resume, and what against.
package struct Recognition: Hashable, Sendable {
    package var isResume: Bool
    /// What was seen, in words.
    package var evidence: [String]

    package init(_ document: ResumeDocument) {
        if let structured = document.structured {
            self.init(
                isResume: structured.email != nil || structured.personName != nil, evidence: [structured.format])
        } else {
            self.init(ResumeLayout(document.text), links: document.links)
        }
    }

    private init(isResume: Bool, evidence: [String]) {
        self.isResume = isResume
        self.evidence = evidence
    }

    init(_ layout: ResumeLayout, links: [String] = []) {
        let substance: Set<SectionHeading> = [
            .experience, .education, .skills, .languages, .projects, .certificates, .interests,
        ]
        let sections = Set(layout.headings.map(\.section))
        let telling = sections.intersection(substance)
        let titled = sections.contains(.title)
        let hasContact = !links.isEmpty || Self.hasContactData(layout)
        let dates = Self.yearLines(layout)
        var evidence: [String] = []
        if !telling.isEmpty {
            evidence.append("sections: " + telling.map(\.rawValue).sorted().joined(separator: ", "))
        }
        if titled { evidence.append("titled as a resume") }
        if hasContact { evidence.append("contact data") }
        if dates > 0 { evidence.append("\(dates) lines with years") }
        let against = layout.isTooLong ? ["too long for a resume"] : Self.against(layout)
        let pillars: Set<SectionHeading> = [.experience, .education, .skills]
        let strong = telling.count >= 2 && !telling.isDisjoint(with: pillars) && (dates >= 1 || telling.count >= 3)
        let titledEnough = titled && !telling.isEmpty && dates >= 1
        isResume = (strong || titledEnough) && hasContact && against.isEmpty
        self.evidence = evidence + against
    }

    private static func hasContactData(_ layout: ResumeLayout) -> Bool {
        if !AddressScanner.scan(layout.lines).isEmpty { return true }
        return layout.lines.prefix(400).contains { isPhone($0) }
    }

    /// A telephone number: eight digits or more, set in few characters, beginning with + or 0 or (.
    private static func isPhone(_ line: String) -> Bool {
        var digits = 0
        var started = false
        for byte in line.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if !started, digits == 0, byte != UInt8(ascii: "0") { continue }
                started = true
                digits += 1
                if digits >= 9 { return true }
            case UInt8(ascii: "+"), UInt8(ascii: "("): (started, digits) = (true, 0)
            case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: ")"): break
            default: (started, digits) = (false, 0)
            }
        }
        return false
    }

    /// Lines that hold a year from 1950 to 2049.
    private static func yearLines(_ layout: ResumeLayout) -> Int {
        var count = 0
        for line in layout.lines where holdsYear(line) { count += 1 }
        return count
    }

    private static func holdsYear(_ line: String) -> Bool {
        var run: [UInt8] = []
        for byte in Array(line.utf8) + [0x20] {
            if (0x30...0x39).contains(byte) {
                run.append(byte)
                continue
            }
            if run.count == 4, let year = Int(String(decoding: run, as: UTF8.self)), (1950...2049).contains(year) {
                return true
            }
            run.removeAll(keepingCapacity: true)
        }
        return false
    }

    /// Marks of other papers that share a resume's words: job advertisements, invoices, forms that nobody filled in.
    private static func against(_ layout: ResumeLayout) -> [String] {
        let head = TextFolding.fold(layout.lines.joined(separator: "\n"))
        var reasons: [String] = []
        let advertising = [
            "we are looking for", "we are seeking", "we're looking for", "we are hiring", "job description",
            "about the role",
            "what we offer", "we offer", "your profile", "equal opportunity employer", "equal opportunities",
            "how to apply",
            "apply now", "salary range", "about us", "the successful candidate", "the ideal candidate", "job summary",
            "position summary", "reports to:", "wir suchen", "wir bieten", "ihr profil", "ihre aufgaben", "dein profil",
            "deine aufgaben", "stellenanzeige", "stellenausschreibung", "(m/w/d)", "nous recherchons", "nous offrons",
            "profil recherche", "buscamos", "ofrecemos", "wij bieden", "wij zoeken", "poszukujemy", "oferujemy",
            "cerchiamo",
            "responsibilities:", "requirements:", "minimum qualifications", "preferred qualifications",
        ]
        let seen = advertising.filter { head.contains($0) }
        if seen.count >= 2 {
            reasons.append("reads like a job advertisement (\(seen.prefix(3).joined(separator: ", ")))")
        }
        let invoices = [
            "invoice no", "invoice number", "rechnungsnummer", "amount due", "purchase order", "vat number",
        ]
        if invoices.filter({ head.contains($0) }).count >= 2 { reasons.append("reads like an invoice") }
        let blanks = [
            "lorem ipsum", "[your name]", "your name here", "[name]", "firstname lastname", "max mustermann", "[email]",
        ]
        if let blank = blanks.first(where: { head.contains($0) }) {
            reasons.append("a form that nobody filled in (\(blank))")
        }
        return reasons
    }
}

/// Row 15 of the table.
enum RecognitionRow {
    static func reasons(_ facts: ItemFacts, machine: Bool) -> [Reason] {
        if facts.recognitions.contains(where: \.isResume) { return [] }
        let action: Reason.Action = machine || facts.message.map(hasWeakSign) == true ? .refuse : .hold
        if facts.documents.isEmpty {
            return [Reason(15, action, "no document is attached; the message may be the application itself")]
        }
        return zip(facts.documents, facts.recognitions).prefix(5).map { document, recognition in
            Reason(15, action, "\(document.name): \(words(document, recognition.evidence))")
        }
    }

    private static func words(_ document: ResumeDocument, _ evidence: [String]) -> String {
        if let unread = document.unread { return "not read: \(unread)" }
        if document.isScan { return "a scan: pages without text" }
        return "no resume recognised" + (evidence.isEmpty ? "" : " (\(evidence.joined(separator: "; ")))")
    }

    /// Signs of a machine or list that no row names: enough not to bother a human with a message without a resume.
    private static func hasWeakSign(_ message: MessageFacts) -> Bool {
        for name in [
            "errors-to", "x-mailman-version", "x-campaign", "x-campaign-id", "x-mailing-list", "list-unsubscribe-post",
            "x-cron-env",
        ]
        where message.has(name) { return true }
        if message.from.isEmpty { return true }
        return message.from.contains { $0.address.local.lowercased() == "postmaster" }
    }
}
