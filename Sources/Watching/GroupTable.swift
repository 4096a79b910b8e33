// The groups of hits that were met before, by the bytes that distinguish them. Nothing is allocated for a group: its bytes
// lie behind those of the others, and in a storm of different messages each line brings a new one.

import Glibc
import Incidents

/// A table of groups, emptied when it is full.
struct GroupTable {
    struct Group {
        let fingerprint: Fingerprint
        /// The place of its incident among what is counted, as long as `round` is the counter's.
        var place = 0
        var round = -1
        fileprivate let hash: Int
        fileprivate let key: Range<Int>
    }

    private var groups: [Group] = []
    private var keys: [UInt8] = []
    /// The numbers of groups, more by one, each at the first free slot from that of its hash on; 0: none.
    private var slots = [Int32](repeating: 0, count: slotCount)

    /// Groups, and bytes of all keys.
    private static let limit = 4096
    private static let keyLimit = 384 << 10
    /// A power of two; never half of them are taken.
    private static let slotCount = 1 << 14

    subscript(_ number: Int) -> Group {
        get { groups[number] }
        _modify { yield &groups[number] }
    }

    /// The number of the group with that key, until the next one is added.
    func number(of key: [UInt8]) -> Int? {
        let hash = Self.hash(key)
        var slot = hash & (Self.slotCount - 1)
        while slots[slot] != 0 {
            let number = Int(slots[slot]) - 1
            if groups[number].hash == hash, isKey(key, at: groups[number].key) { return number }
            slot = (slot + 1) & (Self.slotCount - 1)
        }
        return nil
    }

    /// Adds a group that is not there; its number.
    mutating func add(_ key: [UInt8], _ fingerprint: Fingerprint) -> Int {
        if groups.count == Self.limit || keys.count + key.count > Self.keyLimit { removeAll() }
        let start = keys.count
        keys.append(contentsOf: key)
        let hash = Self.hash(key)
        groups.append(Group(fingerprint: fingerprint, hash: hash, key: start..<keys.count))
        var slot = hash & (Self.slotCount - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (Self.slotCount - 1) }
        slots[slot] = Int32(truncatingIfNeeded: groups.count)
        return groups.count - 1
    }

    mutating func removeAll() {
        slots.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
        groups.removeAll(keepingCapacity: true)
        keys.removeAll(keepingCapacity: true)
    }

    private func isKey(_ key: [UInt8], at range: Range<Int>) -> Bool {
        guard range.count == key.count else { return false }
        return keys.withUnsafeBytes { all in
            all.baseAddress.map { memcmp($0 + range.lowerBound, key, key.count) == 0 } ?? key.isEmpty
        }
    }

    /// Seeded anew by each process: nobody can choose messages that fall on one slot.
    private static func hash(_ key: [UInt8]) -> Int {
        var hasher = Hasher()
        key.withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}
