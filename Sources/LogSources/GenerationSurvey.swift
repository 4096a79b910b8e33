// One look at the rotated files of a log: which of them hold texts that are known, and which hold what was not read. It
// opens and compares; what is made of it is the tailer's (FileTailer+Accounting).

import Formats
import Glibc
import Platform
import Records

struct GenerationSurvey {
    /// Newest first.
    let chain: [Generation]
    /// Those that hold a text which is known.
    private(set) var known: Set<Int> = []
    /// Plain ones that hold nothing but what another holds, found in this look.
    var copies: [Int] = []
    /// Plain ones that hold nothing but what the file at the path holds, found in this look.
    var copiesOfPresent: [Int] = []
    /// What nobody read is to be looked for: one that was passed over has grown, or another file has its inode.
    var mayHoldUnread = false
    /// Of some it cannot be said before what is open now is closed.
    var isUndecided = false
    /// Those of which something is to be read, and from where; nil: from the beginning.
    private(set) var unread: [(index: Int, start: FileCheckpoint?)] = []
    /// The file at the path, where it has the name of a generation too (the path is a symbolic link to it).
    var presentIndex: Int?
    /// Some could not be opened for want of descriptors, or their programs have not written anything yet: nothing can be
    /// said of what was not found, and all is asked again.
    private(set) var isStarved = false
    let archives: KnownArchives
    var present: Present?
    /// Those that were copies of the file at the path when that had stood there for two looks. They are not known: if that
    /// was truncated since, its text is to be found in them.
    private(set) var knownCopies: Set<Int> = []
    private var descriptors: [Int: Descriptor] = [:]

    /// The file at the log's path, of which there may be copies.
    struct Present {
        var descriptor: Descriptor
        var key: FileKey
        /// It stood there at the last look too, with the same text: nothing was begun at the path since, and rotated.
        var isSettled: Bool
    }

    init(_ chain: [Generation], _ archives: KnownArchives, present: Present?) {
        (self.chain, self.archives, self.present) = (chain, archives, present)
    }

    mutating func know(_ index: Int) { known.insert(index) }

    mutating func noteCopy(_ index: Int) { knownCopies.insert(index) }

    func isNew(_ index: Int) -> Bool { !known.contains(index) }

    mutating func noteUnread(_ index: Int, from start: FileCheckpoint?) { unread.append((index, start)) }

    /// Nil where it cannot be opened, or is not the file any more that was listed.
    mutating func descriptor(_ index: Int) -> Descriptor? {
        if let opened = descriptors[index] { return opened }
        descriptors[index] = glance(index)
        return descriptors[index]
    }

    /// The same, not kept open: thousands may be looked at.
    mutating func glance(_ index: Int) -> Descriptor? {
        if let opened = descriptors[index] { return opened }
        do throws(SystemError) {
            return try chain[index].open()
        } catch {
            if [EMFILE, ENFILE, ENOMEM].contains(error.errno) { isStarved = true }
            return nil
        }
    }

    /// The beginning of a generation that is compressed so; nil where it cannot be read.
    mutating func head(_ index: Int, _ compression: Compression) -> [UInt8]? {
        switch archives.beginning(of: chain[index], compression, open: { descriptor(index) }) {
        case .bytes(let head): return head
        case .unreadable: return nil
        case .coming:
            isStarved = true
            return nil
        }
    }

    /// Whether a generation is no more than a copy of the file at the path, complete or on its way.
    mutating func isCopyOfPresent(_ index: Int) -> Bool {
        guard let present, let descriptor = descriptor(index) else { return false }
        return descriptor.isCopy(of: present.descriptor, size: chain[index].status.size)
    }

    /// Whether a generation that was closed holds what was read of it, or one that was passed over what it held then.
    mutating func stillHolds(_ row: FileCheckpoint, _ index: Int) -> Bool {
        guard chain[index].isCompressed else { return row.archive == nil && glance(index)?.holds(row) ?? false }
        // Of archives that were passed over long ago the size is all that is known.
        let isOld = row.passesOlder && row.marks.isEmpty && row.offset == chain[index].status.size
        return isOld || isArchive(of: row, index)
    }

    /// Whether a generation is the archive in which a text stood.
    mutating func isArchive(of row: FileCheckpoint, _ index: Int) -> Bool {
        guard let archive = row.archive, chain[index].status.size == archive.offset else { return false }
        guard let file = glance(index), !file.isAnother(than: row) else { return false }
        return file.end == archive
    }
}
