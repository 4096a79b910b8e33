// What makes two hits the same incident. The identity is stored and survives upgrades: when what goes into it changes,
// the version changes with it, and what is open gets its new identity from the group values that it keeps.

import Formats

/// A named value that a rule's hits are grouped by, as it was before anything in it was masked.
package struct GroupValue: Hashable, Sendable {
    /// Beyond this many bytes a value does not count; it is what an incident keeps of it, too.
    package static let limit = MessageMask.limit

    package let name: String
    package let value: [UInt8]

    package init(_ name: String, _ value: [UInt8]) {
        self.name = name
        self.value = value.count > Self.limit ? Array(value.prefix(Self.limit)) : value
    }

    package init(_ name: String, _ value: String) { self.init(name, Array(value.utf8)) }

    /// What counts of it: of a message what does not vary.
    var essence: [UInt8] { name == "message" ? MessageMask.masked(value) : value }

    /// As it is kept: the database of incidents is read by more people than the log.
    var withoutSecrets: GroupValue {
        GroupValue(name, SecretMask.isSecretName(name) ? Array("***".utf8) : SecretMask.masked(value))
    }
}

/// The identity of an incident: a version byte and 128 bits of SHA-256.
package struct Fingerprint: Hashable, Sendable {
    /// Of the way in which fingerprints are made (fields, masks, order). Raise it with any change there.
    package static let version: UInt8 = 2

    /// The version, then 16 bytes.
    package let bytes: [UInt8]

    /// Of a rule, the user that wrote the record, and the named values that group the rule's hits.
    package init(rule: String, uid: UInt32?, groups: [GroupValue]) {
        var pieces: [UInt8] = []
        Self.add(rule.utf8, to: &pieces)
        Self.add((uid.map { String($0) } ?? "").utf8, to: &pieces)
        for group in groups {
            Self.add(group.name.utf8, to: &pieces)
            Self.add(group.essence, to: &pieces)
        }
        bytes = [Self.version] + SHA256.digest(pieces).prefix(16)
    }

    /// Reads the stored form; nil when it is none.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 17 else { return nil }
        self.bytes = bytes
    }

    /// 34 hexadecimal digits.
    package var text: String { Hex.encode(bytes) }
    package var isCurrent: Bool { bytes.first == Self.version }

    /// Each piece with its length, so that "ab" + "c" is not "a" + "bc".
    private static func add(_ piece: some Collection<UInt8>, to pieces: inout [UInt8]) {
        withUnsafeBytes(of: UInt32(clamping: piece.count).bigEndian) { pieces.append(contentsOf: $0) }
        pieces.append(contentsOf: piece)
    }
}
