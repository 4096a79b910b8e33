// The names by which rules speak of a record's fields.

package enum RuleField {
    /// The names that are the same for every source.
    package static let names = [
        "transport", "unit", "identifier", "host", "uid", "pid", "priority", "message_id", "file", "executable",
        "message",
    ]

    /// Whether this can be a field's name: one of ours, or a journal field (systemd.journal-fields(7): upper case).
    package static func isKnown(_ name: String) -> Bool { names.contains(name) || isJournalField(name) }

    /// Upper-case letters, digits and underscores, not beginning with a digit, at most 64 (sd_journal_sendv(3)).
    package static func isJournalField(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= 64, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || $0 == 0x5f }
            && name.utf8.contains { $0 != 0x5f }
    }
}
