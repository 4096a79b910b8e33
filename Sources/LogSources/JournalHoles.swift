// Entries that libsystemd passes over in silence: a file of a journal that is truncated under the reader raises SIGBUS
// where pages of it are touched, but where libsystemd looks at its length first, or finds zeros in it (journald sets the
// length of a file that it archives, and so makes a truncated one long again), it drops the file without an error. The
// numbers of a journal's entries tell: they follow each other over all its files.
//
// Must stay true: a hole alone is no gap, for its numbers may be of a file that may not be read, or was removed before the
// reader began; it is one where a file that has such numbers is damaged there.

import Formats
import Glibc
import Platform

/// Of one journal that is read through one handle. Belongs to the reader's thread.
struct JournalHoles {
    private let place: String
    /// Of the entry up to which all is accounted for; nil where that is not known.
    private var last: CursorParts?
    /// Damaged files of which it was told.
    private var told: Set<FileKey> = []

    init(place: String) { self.place = place }

    /// Reading goes on behind that entry or, what is missing was told, anywhere (nil).
    mutating func begin(behind cursor: String?) { last = cursor.map { CursorParts($0) } }

    /// A batch of so many entries ends with that one.
    /// - Returns: how many are missing, at most, of files that are damaged; 0 most times.
    mutating func missing(upTo cursor: String, entries: Int) -> UInt64 {
        let end = CursorParts(cursor)
        defer { last = end }
        guard let last, let between = last.entries(before: end), between >= UInt64(entries), let from = last.sequence
        else { return 0 }
        let hole = Hole(sequenceID: last.sequenceID.map(String.init) ?? "", numbers: from + 1...from + between)
        var isDamaged = false
        for folder in JournalAccess.folders(ofPlace: place) {
            for name in (try? Files.list(folder)) ?? [] where name.ends(".journal") {
                guard let key = try? hole.damagedFile(folder + "/" + name) else { continue }
                if told.insert(key).inserted { isDamaged = true }
            }
        }
        return isDamaged ? between - UInt64(entries) + 1 : 0
    }
}

/// Numbers that did not come.
private struct Hole {
    var sequenceID: String
    var numbers: ClosedRange<UInt64>

    /// The file at `path`, if it has such numbers and they cannot be read there.
    func damagedFile(_ path: String) throws(SystemError) -> FileKey? {
        let file = try Descriptor.open(path, O_RDONLY | O_NONBLOCK)
        guard let header = try JournalFileHeader.read(file), header.sequenceID == sequenceID, header.entries > 0,
            header.head <= numbers.upperBound, header.tail >= numbers.lowerBound
        else { return nil }
        let upTo = min(header.tail, numbers.upperBound)
        let isWhole = try MappedJournal.isWhole(file, after: numbers.lowerBound - 1, upTo: upTo)
        return isWhole ? nil : FileKey(try file.status())
    }
}
