// The bytes of a mapped journal file, by the format that systemd publishes and keeps (systemd.io/JOURNAL_FILE_FORMAT): what
// stands at a place of it. Must stay true: no number in the file is believed; each place is checked against the map's
// length and each object against its kind before anything of it is read.

import Glibc

/// A journal file in memory. Valid as long as the map.
struct JournalBytes {
    /// Kinds of objects.
    enum Kind: UInt8 {
        case data = 1
        case entry = 3
        case array = 6
    }

    /// An entry, and the list of its fields.
    struct Entry {
        var sequence: UInt64
        /// Microseconds since 1970.
        var time: UInt64
        fileprivate var list: Int
        var count: Int
    }

    private let map: UnsafeRawBufferPointer
    private let isCompact: Bool
    private let headerSize: UInt64
    /// Where the first array of entries stands; 0 where there is none.
    let firstArray: UInt64

    /// Nil where it is no journal file, or one of a format to come.
    init?(_ map: UnsafeRawBufferPointer) {
        guard map.count >= JournalFileHeader.size, map.starts(with: "LPKSHHRH".utf8) else { return nil }
        let flags = UInt32(littleEndian: map.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
        // XZ, LZ4, keyed hashes, Zstandard, compact: of these only the last says how numbers stand here.
        guard flags & ~0b11111 == 0 else { return nil }
        self.map = map
        isCompact = flags & 0b10000 != 0
        headerSize = UInt64(littleEndian: map.loadUnaligned(fromByteOffset: 88, as: UInt64.self))
        firstArray = UInt64(littleEndian: map.loadUnaligned(fromByteOffset: 176, as: UInt64.self))
        guard headerSize >= JournalFileHeader.size else { return nil }
    }

    @inline(__always)
    private func number(_ at: Int) -> UInt64 {
        UInt64(littleEndian: map.loadUnaligned(fromByteOffset: at, as: UInt64.self))
    }

    /// Where the object begins and how long it is; nil when none of that kind stands there whole.
    @inline(__always)
    private func object(_ kind: Kind, at place: UInt64, atLeast least: Int) -> (at: Int, size: Int)? {
        guard place >= headerSize, place & 7 == 0, place < UInt64(map.count) else { return nil }
        let at = Int(place)
        guard map.count - at >= least, map[at] == kind.rawValue else { return nil }
        let size = number(at + 8)
        return size >= UInt64(least) && size <= UInt64(map.count - at) ? (at, Int(size)) : nil
    }

    @inline(__always)
    private func place(_ index: Int, in list: Int, stride: Int) -> UInt64 {
        if isCompact {
            return UInt64(UInt32(littleEndian: map.loadUnaligned(fromByteOffset: list + index * 4, as: UInt32.self)))
        }
        return number(list + index * stride)
    }

    /// An array of entries: where they stand, 0 for those not filled yet; and where the next array is, 0 for none.
    func array(at place: UInt64) -> (count: Int, next: UInt64)? {
        guard let (at, size) = object(.array, at: place, atLeast: 24) else { return nil }
        return ((size - 24) / (isCompact ? 4 : 8), number(at + 16))
    }

    /// Of an array that is there, and an item that it has.
    func item(_ index: Int, ofArray place: UInt64) -> UInt64 { self.place(index, in: Int(place) + 24, stride: 8) }

    func entry(at place: UInt64) -> Entry? {
        guard let (at, size) = object(.entry, at: place, atLeast: 64) else { return nil }
        return Entry(
            sequence: number(at + 16), time: number(at + 24), list: at + 64, count: (size - 64) / (isCompact ? 4 : 16))
    }

    /// Where a field of an entry stands: many entries may name the same place.
    @inline(__always)
    func place(ofField index: Int, of entry: Entry) -> UInt64 { place(index, in: entry.list, stride: 16) }

    /// `NAME=value`; nil where it is compressed, or no field stands there.
    @inline(__always)
    func field(at place: UInt64) -> UnsafeRawBufferPointer? {
        let head = isCompact ? 72 : 64
        guard let (at, size) = object(.data, at: place, atLeast: head), map[at + 1] & 0b111 == 0 else { return nil }
        return UnsafeRawBufferPointer(rebasing: map[(at + head)..<(at + size)])
    }
}
