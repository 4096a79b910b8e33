// Resumes and messages of our own, small enough to be read.

import Formats
import Mail

@testable import Replies

enum Samples {
    static let own = OwnIdentity(
        addresses: [address("jobs@example.org"), address("herald@example.org")].compactMap { $0 },
        messageIDDomains: ["herald-reply.example.org"])

    static func address(_ text: String) -> EmailAddress? { try? EmailAddress(text) }

    /// A resume whose head is `head`; `tail` follows its sections.
    static func resume(_ head: String, tail: String = "", name: String = "resume.pdf") -> ResumeDocument {
        ResumeDocument(
            name: name, kind: "pdf",
            text: """
                \(head)

                Work experience
                2019 - 2026  System administrator, Example Hosting
                2015 - 2019  Operator, Example University

                Education
                2011 - 2015  BSc Computer Science

                Skills
                systemd, PostgreSQL, nginx

                \(tail)
                """)
    }

    /// A message's facts from its header fields.
    static func message(_ header: String) -> MessageFacts {
        let text = header.split(separator: "\n").joined(separator: "\r\n") + "\r\n\r\nHello\r\n"
        return MessageFacts(ParsedMessage(Array(text.utf8)))
    }

    static func person(_ more: String = "", from: String = "José García <jose@applicants.example>") -> MessageFacts {
        message(
            "From: \(from)\nTo: jobs@example.org\nSubject: Application\nMessage-ID: <1@applicants.example>"
                + (more.isEmpty ? "" : "\n" + more))
    }

    static func find(_ documents: [ResumeDocument], from: String? = nil) -> CandidateFinding {
        CandidateFinder(own: own).find(ItemFacts(message: from.map { person(from: $0) }, documents: documents))
    }

    static func decide(
        _ message: MessageFacts?, _ documents: [ResumeDocument]? = nil, history: ItemHistory = ItemHistory()
    ) -> Decision {
        let facts = ItemFacts(
            message: message, documents: documents ?? [resume("José García\njose@applicants.example")])
        return Decision(facts, CandidateFinder(own: own).find(facts), own: own, history: history)
    }
}
