// What the journal's message catalog says of an entry (journalctl -x; systemd.io/CATALOG): the program's own words on what
// the message means. Must stay true: what comes out is bounded and fit to show, whatever the entry's fields hold.

import CSystemd
import Formats
import Glibc
import Records

/// The message catalog of this host. The texts are the English ones, as the letters are: a daemon without a locale of its
/// own (setlocale(3)) is given these.
package enum JournalCatalog {
    /// Characters of an explanation.
    package static let limit = 1000

    /// What the catalog says of the entry, its subject first, a line for each paragraph; nil where the entry has no
    /// MESSAGE_ID, where the catalog does not know it, and where there is no catalog (`journalctl --update-catalog` has
    /// never run). Opens the catalog at each call: for the first hit of an incident, not for every entry.
    package static func explanation(of record: Record) -> String? {
        guard record.source.isJournal, let id = record.messageID, let text = text(of: id) else { return nil }
        return explanation(text, of: record)
    }

    /// The catalog's text as it stands there, with headers and `@FIELD@`.
    private static func text(of messageID: String) -> [UInt8]? {
        var id = sd_id128_t()
        guard sd_id128_from_string(messageID, &id) >= 0 else { return nil }
        var text: UnsafeMutablePointer<CChar>?
        guard sd_journal_get_catalog_for_message_id(id, &text) >= 0, let text else { return nil }
        defer { free(text) }
        return Array(UnsafeRawBufferPointer(start: text, count: strnlen(text, 64 << 10)))
    }

    /// - Parameter text: as `sd_journal_get_catalog_for_message_id` gives it.
    static func explanation(_ text: [UInt8], of record: Record) -> String? {
        var paragraphs: [String] = []
        var isHeader = true
        var continues = false
        for line in text.split(separator: 0x0a, omittingEmptySubsequences: false) {
            let words = String(decoding: line, as: UTF8.self).split(whereSeparator: { $0 == " " || $0 == "\t" })
            if isHeader {
                if words.isEmpty { isHeader = false }
                if words.first == "Subject:" { paragraphs.append(words.dropFirst().joined(separator: " ")) }
            } else if words.isEmpty {
                continues = false
            } else if continues {
                paragraphs[paragraphs.count - 1] += " " + words.joined(separator: " ")
            } else {
                paragraphs.append(words.joined(separator: " "))
                continues = true
            }
        }
        let shown = paragraphs.filter { !$0.isEmpty }.map { filled($0, of: record) }.joined(separator: "\n")
        return shown.isEmpty ? nil : Printable.text(shown, keepingLines: true, limit: limit)
    }

    /// With the entry's fields in place of `@FIELD@`, each on one line; what the entry lacks is a question mark.
    private static func filled(_ paragraph: String, of record: Record) -> String {
        var out = ""
        var rest = paragraph[...]
        while let at = rest.firstIndex(of: "@") {
            out += rest[..<at]
            rest = rest[rest.index(after: at)...]
            let name = rest.prefix { $0.isASCII && ($0.isUppercase || $0.isNumber || $0 == "_") }
            guard !name.isEmpty, rest.dropFirst(name.count).first == "@" else {
                out += "@"
                continue
            }
            let value = record.values(of: String(name)).first
            out += value.map { Printable.text($0, limit: 200) } ?? "?"
            rest = rest.dropFirst(name.count + 1)
        }
        return out + rest
    }
}
