// The reply as a letter: the template filled in, and the headers that keep two machines from writing to each other
// (RFC 3834 sections 3.1.1 to 3.1.8; the table "The letter" of the plan).

import Formats
import Mail

/// All that a reply is made of. Pure: the same values give the same letter, byte for byte.
package struct ReplyLetter: Sendable {
    package var template: ReplyTemplate
    package var candidate: Candidate
    /// Nil for a bare file.
    package var message: MessageFacts?
    /// The alias that answers.
    package var from: Mailbox
    package var replyTo: EmailAddress?
    package var position: String?
    package var mailerName: String
    package var language: String?
    /// 32 hexadecimal digits: the letter's id.
    package var id: String
    package var received: Timestamp
    package var now: Timestamp
    package var utcOffset: Int

    package init(
        template: ReplyTemplate, candidate: Candidate, message: MessageFacts?, from: Mailbox,
        replyTo: EmailAddress? = nil,
        position: String?, mailerName: String, language: String?, id: String, received: Timestamp, now: Timestamp,
        utcOffset: Int
    ) {
        self.template = template
        self.candidate = candidate
        self.message = message
        self.from = from
        self.replyTo = replyTo
        self.position = position
        self.mailerName = mailerName
        self.language = language
        self.id = id
        self.received = received
        self.now = now
        self.utcOffset = utcOffset
    }

    /// The right side of our Message-IDs: of our own making, so that row 10 knows them and no person's are like them.
    package static func messageIDDomain(_ alias: EmailAddress) -> String {
        let domain = alias.isLiteral || !alias.isASCII ? "localhost" : alias.domain
        return "herald-reply." + domain
    }

    package var messageID: String { "<\(id)@\(Self.messageIDDomain(from.address))>" }

    package var envelope: Envelope {
        Envelope(sender: from.address, recipients: [candidate.address], notify: .never)
    }

    package var draft: Draft {
        let versions = template.versions(for: language)
        let answered = message?.messageID.map { [$0] } ?? []
        return Draft(
            from: from, to: [Mailbox(candidate.name?.full, candidate.address)],
            replyTo: replyTo.map { Mailbox(nil, $0) }, subject: subject, messageID: messageID, date: now,
            utcOffset: utcOffset, mailer: mailerName, inReplyTo: answered,
            references: answered.isEmpty ? [] : (message?.references ?? []).filter { $0 != answered[0] } + answered,
            headers: [
                ("Auto-Submitted", message == nil ? "auto-generated" : "auto-replied"), ("Precedence", "bulk"),
                ("X-Auto-Response-Suppress", "All"), ("X-Loop", from.address.text),
            ],
            text: versions.map { $0.text.filled(values(in: $0.language)) }.joined(separator: Self.divider),
            html: html(versions), boundarySeed: id)
    }

    package var subject: String {
        let versions = template.versions(for: language)
        for version in versions {
            if let text = version.subject?.filled(values(in: version.language)) {
                return Self.oneLine(text, limit: 200)
            }
        }
        if let subject = shownSubject { return "Auto: " + subject }
        let words = versions.count == 1 && versions.first?.language == "de" ? "Ihre Bewerbung" : "Your application"
        return shownPosition.map { "\(words): \($0)" } ?? words
    }

    private static let divider = "\n" + String(repeating: "-", count: 60) + "\n\n"

    /// HTML goes out when every version that is sent has it.
    private func html(_ versions: [ReplyTemplate.Version]) -> String? {
        let parts = versions.compactMap { version in
            version.html?.filled(values(in: version.language), escaping: Self.escaped)
        }
        return parts.count == versions.count ? parts.joined(separator: "\n<hr>\n") : nil
    }

    private func values(in language: String) -> [MergeField: String] {
        var values: [MergeField: String] = [
            .received: Self.day(received, utcOffset, language), .reference: String(id.prefix(8)).uppercased(),
            .company: from.name ?? from.address.text, .contact: (replyTo ?? from.address).text,
        ]
        values[.candidateName] = candidate.name?.full
        values[.candidateFirstName] = candidate.name?.first
        values[.position] = shownPosition
        values[.subject] = shownSubject
        return values
    }

    private var shownPosition: String? {
        position.map { Self.oneLine($0, limit: 120) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The sender's own words: cut, without controls, and not at all when they hold a link (a reply must not carry a
    /// stranger's advertisement to another stranger).
    private var shownSubject: String? {
        guard let subject = message.map({ Self.oneLine($0.subject, limit: 120) }), !subject.isEmpty else { return nil }
        let folded = subject.lowercased()
        for mark in ["://", "www.", "http", "<", ">"] where folded.contains(mark) { return nil }
        return subject
    }

    /// One line without controls and invisible characters, cut at `limit` characters.
    static func oneLine(_ text: String, limit: Int) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(limit * 4) {
            if scalar.properties.isWhitespace || scalar.value < 0x20 {
                if out.last != " ", !out.isEmpty { out.append(" ") }
            } else if !scalar.isUnsafeInNames {
                out.append(scalar)
            }
        }
        return MachineRows.trim(String(out).prefix(limit))
    }

    static func escaped(_ text: String) -> String {
        var out: [UInt8] = []
        HTMLEscaping.append(text, to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    private static let months: [String: [String]] = [
        "en": [
            "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
            "November",
            "December",
        ],
        "de": [
            "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
            "Dezember",
        ],
    ]

    private static func day(_ time: Timestamp, _ utcOffset: Int, _ language: String) -> String {
        let civil = CivilTime(time, utcOffset: utcOffset)
        guard let names = months[language] else { return String(time.plain(utcOffset: utcOffset).prefix(10)) }
        return "\(civil.day)\(language == "de" ? "." : "") \(names[civil.month - 1]) \(civil.year)"
    }
}
