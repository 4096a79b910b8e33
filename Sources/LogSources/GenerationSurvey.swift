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
    /// The newest of each scheme before which nothing unknown comes: not new texts, which were not accounted for yet.
    private var anchors: [RotatedName.Scheme: Int] = [:]
    /// The same, of those that were passed over at the first look.
    private var passed: [RotatedName.Scheme: Int] = [:]
    /// Those of which something is to be read, and from where; nil: from the beginning.
    private(set) var unread: [(index: Int, start: FileCheckpoint?)] = []
    /// The file at the path, where it has the name of a generation too (the path is a symbolic link to it).
    var presentIndex: Int?
    /// Some could not be opened for want of descriptors, or their programs have not written anything yet: nothing can be
    /// said of what was not found, and all is asked again.
    private(set) var isStarved = false
    let archives: KnownArchives
    /// The file at the log's path, of which there may be copies.
    private let present: Descriptor?
    private var descriptors: [Int: Descriptor] = [:]

    init(_ chain: [Generation], _ archives: KnownArchives, present: Descriptor?) {
        (self.chain, self.archives, self.present) = (chain, archives, present)
    }

    mutating func know(_ index: Int, isAnchor: Bool = true) {
        known.insert(index)
        if isAnchor { Self.anchor(index, chain[index].name.scheme, &anchors) }
    }

    /// It was there when its log was looked at first, and so were those before it. A text may be found in it all the same:
    /// it may have been read as that of a log of its own.
    mutating func passOver(_ index: Int) {
        Self.anchor(index, chain[index].name.scheme, &anchors)
        Self.anchor(index, chain[index].name.scheme, &passed)
    }

    private static func anchor(_ index: Int, _ scheme: RotatedName.Scheme, _ anchors: inout [RotatedName.Scheme: Int]) {
        anchors[scheme] = min(anchors[scheme] ?? index, index)
    }

    /// Which generations came before those that are known nobody looked, but for those that were passed over.
    mutating func forgetAnchors() { anchors = passed }

    /// Whether it came after all of its scheme that are known.
    func isNew(_ index: Int) -> Bool { anchors[chain[index].name.scheme].map { index < $0 } ?? true }

    mutating func noteUnread(_ index: Int, from start: FileCheckpoint?) { unread.append((index, start)) }

    /// Nil where it cannot be opened, or is not the file any more that was listed.
    mutating func descriptor(_ index: Int) -> Descriptor? {
        if let opened = descriptors[index] { return opened }
        do throws(SystemError) {
            let opened = try chain[index].open()
            descriptors[index] = opened
            return opened
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
        return descriptor.isCopy(of: present, size: chain[index].status.size)
    }

    /// Whether a generation that was closed holds what was read of it.
    mutating func stillHolds(_ row: FileCheckpoint, _ index: Int) -> Bool {
        guard let compression = chain[index].name.compression else { return descriptor(index)?.holds(row) ?? false }
        guard !row.marks.isEmpty, let head = head(index, compression) else { return true }
        return row.marks.fit(head: head)
    }

    /// Generations newer than all that are known hold unread text, but for copies of the present file. No time is asked:
    /// clocks are set, and files bear the times of other hosts.
    /// - Parameter isKnown: whether a text that begins so is one of those that are open or were read.
    mutating func findUnread(_ isKnown: ([UInt8]) -> Bool) {
        for index in chain.indices where index != presentIndex && !known.contains(index) && isNew(index) {
            let generation = chain[index]
            if generation.isOthers { continue }
            if let compression = generation.name.compression {
                if let head = head(index, compression) {
                    if head.isEmpty { continue }
                    if isKnown(head) {
                        know(index)
                        continue
                    }
                }
            } else {
                // One that is empty may be the beginning of a copy.
                guard generation.status.size > 0, descriptor(index) != nil, !isCopyOfPresent(index) else { continue }
            }
            noteUnread(index, from: nil)
        }
    }
}
