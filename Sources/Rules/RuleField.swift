// The names by which rules speak of a record's fields.

import Records

package enum RuleField {
    /// The names that are the same for every source.
    package static let names = [
        "transport", "unit", "identifier", "host", "uid", "pid", "priority", "message_id", "file", "executable",
        "message",
    ]

    /// Those that `where` can ask for; the message is what `match` is for.
    package static let conditions = names.filter { $0 != "message" }

    package static func isCondition(_ name: String) -> Bool { conditions.contains(name) || isJournalField(name) }

    /// Whether this can be a field's name: one of ours, or a journal field (systemd.journal-fields(7): upper case).
    package static func isKnown(_ name: String) -> Bool { names.contains(name) || isJournalField(name) }

    /// Whether its values may be any text that the writer of a line chose, rather than numbers.
    package static func isForeign(_ name: String) -> Bool {
        isKnown(name) && !["uid", "pid", "priority", "message_id"].contains(name)
    }

    /// The values that a record has for one of these names.
    package static func values(_ name: String, of record: Record) -> [[UInt8]] {
        switch name {
        case "message": [record.message]
        case "executable": record.executable.map { [Array($0.utf8)] } ?? []
        default: record.values(of: name)
        }
    }

    /// A value of that field as records have it, from what a person wrote; nil where the field cannot have it.
    package static func value(_ text: String, of name: String) -> String? {
        switch name {
        case "priority": priority(text).map { String($0) }
        case "uid": UInt32(text).map { String($0) }
        case "pid": Int32(text).map { String($0) }
        case "message_id": messageID(text)
        default: text
        }
    }

    /// What the values of that field look like, for messages.
    package static func form(of name: String) -> String {
        switch name {
        case "priority": "a digit from 0 (emergency) to 7 (debug), its name, or a range such as 0..3"
        case "message_id": "32 hexadecimal digits"
        default: "a number"
        }
    }

    /// syslog's digit, or its name as journalctl(1) and rules write it.
    package static func priority(_ text: String) -> UInt8? {
        if let digit = UInt8(text), digit < 8, text.utf8.count == 1 { return digit }
        return priorityNames.firstIndex { $0.contains(text) }.map { UInt8($0) }
    }

    private static let priorityNames = [
        ["emerg", "emergency"], ["alert"], ["crit", "critical"], ["err", "error"], ["warning"], ["notice"], ["info"],
        ["debug"],
    ]

    /// With or without the dashes of a UUID; journald writes it without.
    package static func messageID(_ text: String) -> String? {
        let digits = text.lowercased().filter { $0 != "-" }
        let isHexadecimal = digits.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        return digits.utf8.count == 32 && isHexadecimal ? digits : nil
    }

    /// Upper-case letters, digits and underscores, not beginning with a digit, at most 64 (sd_journal_sendv(3)).
    package static func isJournalField(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= 64, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || $0 == 0x5f }
            && name.utf8.contains { $0 != 0x5f }
    }
}
