// What comes out of a document, and the form in which it leaves the process: one JSON object on standard output.
//
//   {"herald-extract":1,"kind":"pdf","text":"…","pages":2,"scan":false,"links":["mailto:…"],
//    "structured":{"format":"JSON Resume","email":"…","name":"…"}}
//   {"herald-extract":1,"error":"…"}

import Formats

/// The text of a document, and what its format says apart from the text.
package struct ExtractedText: Equatable, Sendable {
    package var kind: DocumentKind
    package var text: String
    package var pages: Int?
    package var isScan = false
    package var links: [String] = []
    package var format: String?
    package var email: String?
    package var personName: String?

    package init(kind: DocumentKind, text: String) {
        self.kind = kind
        self.text = text
    }

    package var json: JSON {
        var members: [JSON.Member] = [
            .init("herald-extract", 1), .init("kind", .string(kind.rawValue)), .init("text", .string(text)),
            .init("scan", .bool(isScan)), .init("links", .array(links.map { .string($0) })),
        ]
        if let pages { members.append(.init("pages", .int(Int64(pages)))) }
        if let format {
            members.append(
                .init("structured", ["format": .string(format), "email": JSON(email), "name": JSON(personName)]))
        }
        return .object(members)
    }
}

/// Why there is no text. The raw values are exit codes of herald-extract (sysexits.h where it has one).
package struct ExtractionFault: Error, Equatable, Sendable {
    package enum Kind: Int32, Sendable {
        /// The words on the command line are wrong.
        case usage = 2
        /// The document is damaged, encrypted, or not of this kind.
        case document = 65
        /// A program that reads this kind is not installed.
        case missing = 69
        /// The sandbox could not be made; nothing was read.
        case sandbox = 70
        /// The document hit a limit.
        case limit = 75
    }

    package var kind: Kind
    package var text: String

    package init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }
}
