// Whose an address is, by its looks: a person's, a role's, an agency's, one that takes no answers.

import Formats
import Mail

enum AddressKind {
    /// Local parts that belong to a desk, in the languages of the letters. Whole words, before any + or digits.
    private static let roles: Set<String> = [
        "abuse", "accounts", "accounting", "admin", "administration", "administrator", "all", "anfrage", "application",
        "applications", "apply", "bewerbung", "bewerbungen", "bewerber", "billing", "booking", "bookings", "biuro",
        "buchhaltung", "buero", "candidatos", "candidature", "candidatures", "career", "careers", "contact", "contacto",
        "contactus", "customerservice", "enquiries", "enquiry", "feedback", "finance", "general", "hallo", "hello",
        "help",
        "helpdesk", "hiring", "hostmaster", "hr", "hrd", "humanresources", "info", "information", "infos", "inquiries",
        "inquiry", "invoice", "invoices", "it", "job", "jobs", "karriere", "kontakt", "kontor", "legal", "mail",
        "marketing",
        "media", "membership", "news", "newsletter", "office", "orders", "personal", "personalabteilung", "personnel",
        "postmaster", "praca", "press", "presse", "privacy", "reception", "recepcion", "recruit", "recruiting",
        "recruiter", "recruiters", "recruitment", "reklama", "rekrutacja", "rh", "rrhh", "sales", "secretaria",
        "secretariat",
        "sekretariat", "security", "service", "services", "sollicitatie", "sollicitaties", "staff", "staffing",
        "support",
        "talent", "team", "tech", "vacatures", "verwaltung", "web", "webmaster", "welcome", "work", "zentrale",
        "admissions",
        "registrar", "alumni", "committee", "department", "dept", "editor", "subscribe", "unsubscribe", "root",
        "daemon",
        "mailer-daemon", "noreply", "no-reply", "notifications", "alerts", "postmaster", "system", "www", "ftp",
    ]

    /// A desk's address, or a machine's.
    static func isRole(_ address: EmailAddress) -> Bool {
        if isUnanswered(address) { return true }
        let local = letters(of: address).prefix { $0 != "+" }
        if roles.contains(String(local)) { return true }
        let pieces = pieces(of: local, at: "._-").map { $0.filter { $0.properties.numericType == nil } }
            .map { String(String.UnicodeScalarView($0)) }.filter { !$0.isEmpty }
        // hr.berlin, jobs-de, info2, team_hr: one piece that is a role's is enough unless the others look like a name.
        guard let first = pieces.first, let last = pieces.last else { return true }
        if pieces.count == 1 { return roles.contains(first) }
        let strong: Set<String> = [
            "info", "jobs", "job", "hr", "career", "careers", "recruiting", "recruitment", "bewerbung", "support",
            "sales",
            "office", "contact", "kontakt", "admin", "rh", "rrhh", "apply", "hiring", "team", "service", "webmaster",
        ]
        return strong.contains(first) || strong.contains(last)
    }

    /// noreply, donotreply and bounce addresses (row 9).
    static func isUnanswered(_ address: EmailAddress) -> Bool {
        let local = letters(of: address)
        let compact = String(local.filter { $0.properties.isAlphabetic || $0.properties.numericType != nil })
        for mark in ["noreply", "donotreply", "dontreply", "nepasrepondre", "nichtantworten"]
        where compact.contains(mark) {
            return true
        }
        let pieces = pieces(of: local[...], at: "+-=._").map(String.init)
        guard let first = pieces.first, let last = pieces.last else { return false }
        return ["bounce", "bounces", "return", "returns"].contains(first) || last == "bounces" || last == "bounce"
    }

    /// The local part in lower case, without marks: by scalars, so that a mark behind a sign does not hide the sign, nor
    /// one on a letter the word.
    private static func letters(of address: EmailAddress) -> String.UnicodeScalarView {
        address.local.lowercased().unicodeScalars.filter { !$0.isMark && !$0.properties.isDefaultIgnorableCodePoint }
    }

    private static func pieces(
        of local: Substring.UnicodeScalarView, at signs: String
    ) -> [Substring.UnicodeScalarView] {
        local.split { signs.unicodeScalars.contains($0) }
    }

    /// The domain of a staffing agency or a job board, by its name.
    static func isAgency(_ address: EmailAddress) -> Bool {
        let marks = [
            "recruit", "staffing", "headhunt", "talent", "personalvermittlung", "personalberatung", "zeitarbeit",
            "jobboard", "manpower", "randstad", "adecco", "executivesearch", "interim", "rekrut", "jobagent",
        ]
        return marks.contains { address.domain.contains($0) }
    }
}

enum AutomaticSubject {
    private static let prefixes = [
        "automatic reply", "auto reply", "auto-reply", "autoreply", "auto:", "auto response", "auto-response",
        "automatische antwort", "abwesenheitsnotiz", "abwesend:", "abwesenheit", "out of office", "out-of-office",
        "ooo:",
        "reponse automatique", "absence du bureau", "respuesta automatica", "fuera de la oficina",
        "risposta automatica",
        "automatisch antwoord", "automatische reactie", "afwezig", "odpowiedz automatyczna", "autosvar", "fravaer",
        "undeliverable", "undelivered mail", "delivery status notification", "delivery failure", "mail delivery failed",
        "mail delivery subsystem", "returned mail", "failure notice", "unzustellbar", "nicht zustellbar",
        "delivery notification", "read:", "gelesen:", "not read:", "[auto]", "vacation", "resposta automatica",
        "mail system error", "warning: could not send", "message delivery", "nondeliverable", "non remis",
    ]

    /// The prefix of `subject` that only programs write; nil when there is none.
    static func prefix(of subject: String) -> String? {
        let folded = TextFolding.fold(subject)
        return prefixes.first { folded.begins($0) }
    }
}
