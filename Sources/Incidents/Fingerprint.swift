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

    /// As it is kept: the database of incidents is read by more people than the log.
    var withoutSecrets: GroupValue {
        GroupValue(name, SecretMask.isSecretName(name) ? Array("***".utf8) : SecretMask.masked(value))
    }
}

/// The identity of an incident: a version byte and 128 bits of SHA-256.
package struct Fingerprint: Hashable, Sendable {
    /// Of the way in which fingerprints are made (fields, masks, order). Raise it with any change there.
    package static let version: UInt8 = 3

    private let ownVersion: UInt8
    /// Of the 16 bytes the first eight and the others, the first byte the highest.
    private let high: UInt64
    private let low: UInt64

    /// Of a rule, the user that wrote the record, and the named values that group the rule's hits.
    package init(rule: String, uid: UInt32?, groups: [GroupValue]) {
        var pieces = FingerprintPieces()
        pieces.begin(rule: rule, uid: uid)
        for group in groups { pieces.add(group.name, group.value[...]) }
        self = pieces.fingerprint
    }

    fileprivate init(of pieces: [UInt8]) {
        ownVersion = Self.version
        (high, low) = pieces.withUnsafeBytes { SHA256.half(of: $0) }
    }

    /// Reads the stored form; nil when it is none.
    package init?(bytes: [UInt8]) {
        guard let version = bytes.first, bytes.count == 17 else { return nil }
        func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        (ownVersion, high, low) = (version, number(bytes[1..<9]), number(bytes[9...]))
    }

    /// The version, then 16 bytes.
    package var bytes: [UInt8] {
        [ownVersion]
            + [high, low].flatMap { half in
                stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: half >> $0) }
            }
    }

    /// 34 hexadecimal digits.
    package var text: String { Hex.encode(bytes) }
    package var isCurrent: Bool { ownVersion == Self.version }

    /// A half of a digest spreads as well as all of it.
    package func hash(into hasher: inout Hasher) { hasher.combine(high) }
}

/// What a fingerprint is made of, gathered in one buffer that serves for the next one too.
package struct FingerprintPieces: Sendable {
    private var bytes: [UInt8] = []

    package init() {}

    /// Begins the fingerprint of a hit of this rule.
    package mutating func begin(rule: String, uid: UInt32?) {
        bytes.removeAll(keepingCapacity: true)
        add { $0.append(contentsOf: rule.utf8) }
        add { bytes in if let uid { bytes.append(contentsOf: String(uid).utf8) } }
    }

    /// Adds a named value, as it was before anything in it was masked: of a message counts what does not vary.
    package mutating func add(_ name: String, _ value: ArraySlice<UInt8>) {
        add { $0.append(contentsOf: name.utf8) }
        let value = value.prefix(GroupValue.limit)
        add { if name == "message" { MessageMask.append(value, to: &$0) } else { $0.append(contentsOf: value) } }
    }

    package var fingerprint: Fingerprint { Fingerprint(of: bytes) }

    /// Each piece behind its length, so that "ab" + "c" is not "a" + "bc".
    private mutating func add(_ piece: (inout [UInt8]) -> Void) {
        let start = bytes.count
        for _ in 0..<4 { bytes.append(0) }
        piece(&bytes)
        var length = UInt32(clamping: bytes.count - start - 4)
        for index in (start..<start + 4).reversed() {
            bytes[index] = UInt8(truncatingIfNeeded: length)
            length >>= 8
        }
    }
}
