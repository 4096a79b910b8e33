// The page of all diagnoses, made from their declaration: `docs/diagnoses.md`.

import SMTPProtocol

enum DiagnosesPage {
    static var markdown: String {
        var page = """
            # Diagnoses

            What `herald test-connection`, `herald status`, the mailer's log and `report.fallback_command` say of an account
            that does not work: the step that failed, the server's own words, and one of these. A detail may stand with it:
            a certificate's names or its end, the mechanisms that a server offers. This page is made from the declaration in
            the program (`make docs`).

            A session has the steps name, connect, greeting, capabilities (EHLO), STARTTLS, TLS, login; a letter has sender,
            recipient, data, message, final reply. Under `security: tls`, TLS comes before the greeting.

            Where a server refuses a letter's sender or recipient for good and the diagnosis is `relaying-denied`,
            `sender-not-allowed`, `tls-first`, `smtp-auth-off` or `host-refused`, the account is at fault, not the letter: it goes by the
            next account that its alias allows, and has failed where none that works is left.

            """
        for part in Diagnosis.Part.allCases {
            page += "\n## \(part.rawValue)\n\n| diagnosis | likely cause | what to do |\n|---|---|---|\n"
            for diagnosis in Diagnosis.allCases where diagnosis.part == part {
                let words = diagnosis.words()
                page += "| `\(diagnosis.rawValue)` | \(cell(words.cause)) | \(cell(words.remedy)) |\n"
            }
        }
        page += "\n## What to do at some providers\n\n| provider | diagnosis | what to do |\n|---|---|---|\n"
        for provider in MailProvider.allCases {
            for diagnosis in Diagnosis.allCases {
                guard let remedy = provider.remedy(for: diagnosis) else { continue }
                page += "| \(provider.name) | `\(diagnosis.rawValue)` | \(cell(remedy)) |\n"
            }
        }
        page += "\n## Where Herald delivers itself (`server: direct`)\n\n"
        page += "Of the hosts of a recipient's domain, in place of the remedies above:\n\n"
        page += "| diagnosis | what to do |\n|---|---|\n"
        for diagnosis in Diagnosis.allCases {
            guard let remedy = diagnosis.remedyForHost else { continue }
            page += "| `\(diagnosis.rawValue)` | \(cell(remedy)) |\n"
        }
        return page
    }

    /// In a table's cell no `|` stands for a column's end.
    private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }
}
