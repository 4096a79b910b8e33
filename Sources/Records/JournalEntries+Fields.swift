// The few fields that rules name, looked for where they stand: as the record has them, without the record.

import Formats

extension JournalEntries {
    /// As `Record.values(of:)`.
    func values(of name: String, at index: Int) -> [[UInt8]] {
        switch name {
        case "transport": return first("_TRANSPORT", at: index)
        case "identifier":
            let own = first("SYSLOG_IDENTIFIER", at: index)
            return own.isEmpty ? first("_COMM", at: index) : own
        case "host": return first("_HOSTNAME", at: index)
        case "uid": return number("_UID", at: index, UInt32.self)
        case "pid": return number("_PID", at: index, Int32.self)
        case "priority": return priority(at: index).map { [[UInt8(ascii: "0") + $0]] } ?? []
        case "message_id": return first("MESSAGE_ID", at: index)
        case "unit": return units(at: index)
        case "file": return []
        default: return all(name, at: index)
        }
    }

    /// The user that wrote the entry.
    package func uid(at index: Int) -> UInt32? {
        first("_UID", at: index).first.flatMap { UInt32(String(decoding: $0, as: UTF8.self)) }
    }

    /// Whether journald itself says with this entry that it dropped a service's messages (its rate limit). Nobody else can
    /// write an entry with the transport `driver` (systemd.journal-fields(7)).
    package func tellsSuppression(at index: Int) -> Bool {
        guard hasMessageID(at: index), let id = value(of: "MESSAGE_ID", at: index),
            id.elementsEqual("a596d6fe7bfa4994828e72309e95d61e".utf8),
            let transport = value(of: "_TRANSPORT", at: index)
        else { return false }
        return transport.elementsEqual("driver".utf8)
    }

    /// What tells one stream of lines from another: host, transport, unit, program, process and its connection to journald.
    func streamKey(at index: Int) -> [UInt8] {
        var key: [UInt8] = []
        let program = value(of: "SYSLOG_IDENTIFIER", at: index) ?? value(of: "_COMM", at: index)
        let parts = [
            value(of: "_HOSTNAME", at: index), value(of: "_TRANSPORT", at: index), unit(at: index), program,
            value(of: "_PID", at: index), value(of: "_STREAM_ID", at: index),
        ]
        for part in parts {
            if let part { key += part }
            key.append(UInt8(ascii: "|"))
        }
        return key
    }

    private func first(_ name: StaticString, at index: Int) -> [[UInt8]] {
        // As a string and back: what is no UTF-8 in it is the same here as in the record.
        value(of: name, at: index).map { [Array(String(decoding: $0, as: UTF8.self).utf8)] } ?? []
    }

    private func number<N: FixedWidthInteger>(_ name: StaticString, at index: Int, _: N.Type) -> [[UInt8]] {
        let text = value(of: name, at: index).map { String(decoding: $0, as: UTF8.self) }
        return text.flatMap { N($0) }.map { [Array(String($0).utf8)] } ?? []
    }

    /// As `Record.unit`.
    package func unit(at index: Int) -> ArraySlice<UInt8>? {
        if isServiceManager(index), let unit = value(of: "UNIT", at: index) { return unit }
        return value(of: "_SYSTEMD_UNIT", at: index)
    }

    private func units(at index: Int) -> [[UInt8]] {
        let own = unit(at: index).map { [Array(String(decoding: $0, as: UTF8.self).utf8)] } ?? []
        return own + all("_SYSTEMD_UNIT", at: index).filter { $0 != own.first }
    }

    /// What the service manager says of a unit is about that unit: journalctl -u does the same (systemd.unit(5)).
    private func isServiceManager(_ index: Int) -> Bool {
        // Nearly always it is not: what cannot be 1 is not made a number.
        guard value(of: "_PID", at: index)?.last == UInt8(ascii: "1") else { return false }
        return number("_PID", at: index, Int32.self) == [[UInt8(ascii: "1")]]
            && number("_UID", at: index, UInt32.self) == [[UInt8(ascii: "0")]]
    }
}
