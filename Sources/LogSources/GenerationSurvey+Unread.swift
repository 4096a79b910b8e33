// What nobody read: each generation that is not known, but for copies. Neither times nor names are asked.

import Formats
import Platform
import Records

extension GenerationSurvey {
    /// Which of the texts that are known one may be, by its beginning.
    enum Likeness {
        case none
        /// One that is still read.
        case open
        /// Those that were read: which it is, if any, and whether it holds more, is found by reading it.
        case read([FileCheckpoint])
    }

    /// - Parameters:
    ///   - texts: what was read, of which there may be plain copies.
    ///   - deleted: that of them whose file is gone from the log's path: it may stand in one copy.
    ///   - likeness: asked of archives.
    mutating func findUnread(
        besides texts: () -> [FileCheckpoint], deleted: FileCheckpoint? = nil, likeness: ([UInt8]) -> Likeness
    ) {
        findUnreadArchives(likeness)
        findPlain(besides: texts, deleted: deleted, evenUnread: true)
    }

    /// Only the plain copies: what else is new may be on its way.
    mutating func findCopies(besides texts: () -> [FileCheckpoint]) {
        findPlain(besides: texts, deleted: nil, evenUnread: false)
    }

    /// Those of which nothing is known.
    private var new: [Int] { chain.indices.filter { $0 != presentIndex && isNew($0) && !chain[$0].isOthers } }

    private mutating func findUnreadArchives(_ likeness: ([UInt8]) -> Likeness) {
        var taken: Set<FileKey> = []
        for index in new {
            guard let compression = chain[index].name.compression else { continue }
            var start: FileCheckpoint?
            if let head = head(index, compression) {
                if head.isEmpty { continue }
                switch likeness(head) {
                case .none: break
                case .open:
                    know(index)
                    isUndecided = true
                    continue
                case .read(let texts):
                    let isCopy = isSurelyCopy(index, archiveOf: head)
                    for text in texts where start == nil && !archives.isRefuted(chain[index].key, text.marks) {
                        let mayBe = isCopy || (!isThere(fileOf: text) && taken.insert(FileKey(text)).inserted)
                        if mayBe { start = text }
                    }
                }
            }
            noteUnread(index, from: start)
        }
    }

    private mutating func findPlain(
        besides texts: () -> [FileCheckpoint], deleted: FileCheckpoint?, evenUnread: Bool
    ) {
        // The longest first: others may be copies of it.
        let plain = new.filter { !chain[$0].isCompressed && chain[$0].status.size > 0 }
        if plain.isEmpty { return }
        let texts = texts() + unread.compactMap(\.start)
        let resumed = unread.map(\.index).filter { !chain[$0].isCompressed }
        var deleted = deleted
        var beginnings: [[UInt8]: [Int]] = [:]
        for index in plain.sorted(by: { chain[$0].status.size > chain[$1].status.size }) {
            guard let descriptor = descriptor(index), let head = try? descriptor.read(at: 0, upTo: TextMark.headLength)
            else { continue }
            let isSure = isSurelyCopy(index)
            if isSure, isCopyOfPresent(index) {
                // Not known by that: when the file at the path is truncated, its text stands there.
                if present?.isSettled ?? false { copiesOfPresent.append(index) }
                continue
            }
            let start = Array(head.prefix(64))
            if isSure, isCopy(index, ofOneOf: resumed + (beginnings[start] ?? [])) || isCopy(index, head, of: texts) {
                copies.append(index)
                continue
            }
            if let text = deleted, isCopy(index, head, of: [text]) {
                deleted = nil
                copies.append(index)
                continue
            }
            if !evenUnread { continue }
            beginnings[start, default: []].append(index)
            let key = chain[index].key
            let read = texts.filter { text in
                (FileKey(text) == key || (isSure && Self.isBeyond(text, head))) && descriptor.holds(text)
            }
            noteUnread(index, from: read.max { $0.offset < $1.offset })
        }
    }

    /// Whether a generation holds nothing but what one of `others` holds, which are as long or longer.
    private mutating func isCopy(_ index: Int, ofOneOf others: [Int]) -> Bool {
        let size = chain[index].status.size
        for other in others where chain[other].status.size == size || (size >= 64 && chain[other].status.size > size) {
            if let copy = descriptor(index), let original = glance(other), copy.isCopy(of: original, size: size),
                copy.isEqual(to: original, size: size)
            {
                return true
            }
        }
        return false
    }

    /// Whether a generation that begins with `head` holds nothing but what was read, or is in a file that is followed:
    /// asked of that file while it is there, else only what ends where reading stopped once can be told.
    private mutating func isCopy(_ index: Int, _ head: [UInt8], of texts: [FileCheckpoint]) -> Bool {
        let size = chain[index].status.size
        for text in texts where (size >= 64 || size == text.offset) && text.marks.fit(head: head) {
            let original = chain.firstIndex { $0.key == FileKey(text) && !$0.isCompressed }
            if let original, !isNew(original), isCopy(index, ofOneOf: [original]) { return true }
            if text.marks.all.contains(where: { $0.offset == size }), let copy = descriptor(index),
                copy.agrees(with: text.marks, size: size)
            {
                return true
            }
        }
        return false
    }

    /// Whether a text that begins with `head` may go on where reading of `text` stopped. Not of one so short that others
    /// begin with it.
    private static func isBeyond(_ text: FileCheckpoint, _ head: [UInt8]) -> Bool {
        text.offset >= 64 && text.marks.all.last?.offset == text.offset && text.marks.fit(head: head)
    }
}

extension Descriptor {
    /// Whether the first megabyte and the last 64 KiB of `size` bytes are the same: the places that are compared otherwise
    /// are few for files that begin equally, line by line but for the times in them.
    fileprivate func isEqual(to other: Descriptor, size: Int64) -> Bool {
        let block = 64 << 10
        var offset: Int64 = 0
        while offset < size {
            guard let mine = try? read(at: offset, upTo: Int(min(Int64(block), size - offset))), !mine.isEmpty,
                (try? other.read(at: offset, upTo: mine.count)) == mine
            else { return false }
            offset += Int64(mine.count)
            if offset >= 1 << 20 { offset = max(offset, size - Int64(block)) }
        }
        return true
    }
}
