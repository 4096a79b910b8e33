// Stage 1 of an item: from its bytes to the facts of a decision. Messages are parsed here, documents in herald-extract.

import Formats
import Intake
import Mail
import Platform
import Replies

/// An item as it was read.
struct ReadItem: Sendable {
    var facts: ItemFacts
    /// What identifies the item among others: the documents' hashes, or the item's own.
    var contents: [String]
    /// The item cannot be dealt with: damaged, or a limit was hit.
    var failure: String?
}

/// Reads items.
struct ItemReader: Sendable {
    /// More documents in one message are no application.
    static let maximumDocuments = 12

    let extraction: ExtractionProcess

    /// Throws when a program is missing: the item stays in hand, and is tried again.
    func read(_ copy: ItemCopy, name: [UInt8], isMaildir: Bool, position: String?) throws(IntakeOutage) -> ReadItem {
        let own = Hex.encode(copy.sha256)
        guard let bytes = copy.bytes else {
            return failed("larger than \(ItemCopy.limit >> 20) MiB", own, position)
        }
        if bytes.isEmpty { return failed("the file is empty", own, position) }
        let kind = ItemKind(bytes, name: name, isMaildir: isMaildir)
        let shown = Printable.text(name, limit: 120)
        guard kind == .message else {
            let document = try document(bytes, kind, shown)
            let item = ReadItem(facts: ItemFacts(documents: [document.document], position: position), contents: [own])
            return document.failed ? failed(document.document.unread ?? "", own, position) : item
        }
        return try message(ParsedMessage(bytes), own, position)
    }

    private func failed(_ reason: String, _ content: String, _ position: String?) -> ReadItem {
        ReadItem(facts: ItemFacts(documents: [], position: position), contents: [content], failure: reason)
    }

    private func message(_ message: ParsedMessage, _ own: String, _ position: String?) throws(IntakeOutage) -> ReadItem
    {
        let attachments = Self.documents(message)
        var documents: [ResumeDocument] = []
        var failures: [String] = []
        for attachment in attachments {
            let kind = Self.kind(attachment)
            let name = Printable.text(attachment.name.isEmpty ? attachment.type : attachment.name, limit: 120)
            let (document, failed) = try document(attachment.bytes, kind, name)
            if failed { failures.append("\(name): \(document.unread ?? "")") }
            documents.append(document)
        }
        let item = ItemFacts(message: MessageFacts(message), documents: documents, position: position)
        let hashes = zip(attachments, item.recognitions).filter(\.1.isResume).map {
            Hex.encode(SHA256.digest($0.0.bytes))
        }
        var read = ReadItem(facts: item, contents: hashes.isEmpty ? [own] : hashes)
        // A damaged certificate beside a good resume fails nothing.
        if hashes.isEmpty, let failure = failures.first { read.failure = failure }
        return read
    }

    /// Pictures beside documents are logos and photographs; signatures and calendars are no documents.
    private static func documents(_ message: ParsedMessage) -> [Attachment] {
        let all = message.attachments.filter { attachment in
            ![
                "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature",
                "text/vcard", "text/x-vcard",
                "text/calendar", "message/delivery-status", "message/disposition-notification", "text/rfc822-headers",
            ].contains(attachment.type)
        }
        let others = all.filter { !$0.type.hasPrefix("image/") }
        return Array((others.isEmpty ? all : others).prefix(maximumDocuments))
    }

    private static func kind(_ attachment: Attachment) -> ItemKind {
        if attachment.type == "message/rfc822" { return .other("a forwarded message") }
        let kind = ItemKind(attachment.bytes, name: Array(attachment.name.utf8))
        if kind == .message { return attachment.type.hasPrefix("text/") ? .text : .other("a forwarded message") }
        return kind == .text && attachment.type == "text/html" ? .html : kind
    }

    private func document(
        _ bytes: [UInt8], _ kind: ItemKind, _ name: String
    ) throws(IntakeOutage) -> (document: ResumeDocument, failed: Bool) {
        guard let word = kind.extraction else {
            let words = if case .other(let words) = kind { words } else { "a message" }
            return (ResumeDocument(name: name, kind: "other", unread: words), false)
        }
        switch extraction.read(bytes, kind: word, name: name) {
        case .text(let document): return (document, false)
        case .failed(let reason): return (ResumeDocument(name: name, kind: word, unread: reason), true)
        case .unavailable(let reason): throw IntakeOutage("documents cannot be read: \(reason)")
        }
    }
}
