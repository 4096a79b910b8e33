// Damage to journal files, where it hurts: found by walking the objects (systemd.io/JOURNAL_FILE_FORMAT).

import Glibc
import Platform

/// The bytes of a journal file.
package struct JournalObjects {
    private let path: String
    private var bytes: [UInt8]

    package init(_ path: String) throws {
        self.path = path
        bytes = try Files.read(path)
    }

    private func number(_ at: Int) -> Int {
        (0..<8).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
    }

    /// Where each field's object begins and ends, and where its text does.
    private var fields: [(at: Int, text: Range<Int>)] {
        let head = bytes[12] & 0b10000 != 0 ? 72 : 64
        var found: [(at: Int, text: Range<Int>)] = []
        var at = number(88)
        while at + 16 <= bytes.count, bytes[at] != 0, number(at + 8) >= 16, at + number(at + 8) <= bytes.count {
            let end = at + number(at + 8)
            if bytes[at] == 1 { found.append((at, at + head..<end)) }
            at = (end + 7) & ~7
        }
        return found
    }

    /// Makes the field of this text none. Returns whether it was there.
    package mutating func destroy(_ field: String) throws -> Bool {
        guard let found = fields.first(where: { bytes[$0.text].elementsEqual(field.utf8) }) else { return false }
        bytes[found.at] = 0xee
        try Files.write(bytes, to: path)
        return true
    }

    /// Makes what is compressed unreadable. Returns how many fields are.
    package mutating func destroyCompressed() throws -> Int {
        let compressed = fields.filter { bytes[$0.at + 1] & 0b111 != 0 }
        for field in compressed { for at in field.text { bytes[at] = 0xff } }
        try Files.write(bytes, to: path)
        return compressed.count
    }
}
