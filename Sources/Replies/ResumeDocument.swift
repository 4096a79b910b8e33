// A document that came with an item, as herald-extract read it. What it says is foreign text throughout.

import Formats

/// The text of one document, and what its format says apart from the text.
package struct ResumeDocument: Hashable, Sendable {
    /// The file's name, safe to show; for evidence only, never for a name or an address.
    package var name: String
    /// `pdf`, `txt`, `json`, `html`, `message` …
    package var kind: String
    /// Lines end in LF, pages in FF.
    package var text: String
    /// Structured data (JSON Resume `basics`, FRESH `contact`), when the format has them.
    package var structured: Structured?
    /// Addresses behind links (`mailto:`), visible or not.
    package var links: [String]
    package var pages: Int?
    /// Pages without text: a picture of a document.
    package var isScan: Bool
    /// Why there is no text, when the document's kind is not read.
    package var unread: String?

    package struct Structured: Hashable, Sendable {
        package var format: String
        package var email: String?
        package var personName: String?

        package init(format: String, email: String? = nil, personName: String? = nil) {
            self.format = format
            self.email = email
            self.personName = personName
        }
    }

    package init(
        name: String, kind: String, text: String = "", structured: Structured? = nil, links: [String] = [],
        pages: Int? = nil, isScan: Bool = false, unread: String? = nil
    ) {
        self.name = name
        self.kind = kind
        self.text = text
        self.structured = structured
        self.links = links
        self.pages = pages
        self.isScan = isScan
        self.unread = unread
    }
}
