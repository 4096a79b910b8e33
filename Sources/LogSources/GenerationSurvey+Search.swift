// Where a text is, of which the own file holds another now: six ways to know it among the generations.

import Platform
import Records

extension GenerationSurvey {
    /// The file that held it was renamed, or compressed in its place.
    mutating func byInode(_ text: FileCheckpoint) -> Int? {
        guard let index = chain.firstIndex(where: { $0.key == FileKey(text) }), !known.contains(index) else {
            return nil
        }
        if let compression = chain[index].name.compression {
            if glance(index)?.isAnother(than: text) ?? false { return nil }
            guard let head = head(index, compression) else { return index }
            return text.mayBegin(with: head) && !archives.isRefuted(chain[index].key, text.marks) ? index : nil
        }
        return holds(text, index) ? index : nil
    }

    /// The file in which it stood when it was empty: an inode alone is no proof then, for it may be used again.
    mutating func byBirth(_ text: FileCheckpoint) -> Int? {
        guard !text.isPassedOver, text.archive == nil,
            let index = chain.firstIndex(where: { $0.key == FileKey(text) }), index != presentIndex, isPlain(index),
            chain[index].status.size > 0, glance(index)?.isSurelyFile(of: text) ?? false
        else { return nil }
        return index
    }

    /// A copy that holds all that was read of it.
    mutating func byContent(_ text: FileCheckpoint) -> Int? {
        var found: Int?
        // The oldest: the others came after it.
        for index in chain.indices.reversed() where isPlain(index) && chain[index].status.size >= text.offset {
            guard mayBeCopy(index, of: text) else { continue }
            if let copy = found {
                // A copy that was made later, of the same text, holds more of it.
                let size = chain[copy].status.size
                if size < chain[index].status.size, let longer = descriptor(index),
                    descriptor(copy)?.isCopy(of: longer, size: size) ?? false
                {
                    found = index
                }
            } else if holds(text, index) {
                found = index
            }
        }
        return found
    }

    /// An archive that begins so; whether it holds the rest is found while it is read.
    mutating func byArchive(_ text: FileCheckpoint) -> Int? {
        for index in chain.indices.reversed() where isNew(index) {
            guard let compression = chain[index].name.compression,
                !archives.isRefuted(chain[index].key, text.marks),
                let head = head(index, compression), text.mayBegin(with: head),
                // What stood in an archive is not compressed anew.
                text.archive == nil || text.isPassedOver || isSurelyCopy(index, archiveOf: head)
            else { continue }
            return index
        }
        return nil
    }

    /// The archive in which it stood, renamed or copied.
    mutating func byBytes(_ text: FileCheckpoint) -> Int? {
        for index in chain.indices.reversed() where isNew(index) && isArchive(of: text, index) {
            guard let compression = chain[index].name.compression else { continue }
            if text.isPassedOver { return index }
            if let head = head(index, compression), isSurelyCopy(index, archiveOf: head) { return index }
        }
        return nil
    }

    /// The longest copy that ends before what was read of the text. Not one of which too little can be compared: it is
    /// told again.
    mutating func byBeginning(_ text: FileCheckpoint) -> Int? {
        var longest: Int?
        for index in chain.indices where isPlain(index) {
            let size = chain[index].status.size
            guard size > longest.map({ chain[$0].status.size }) ?? 0, size < text.offset, text.marks.distinguish(size),
                mayBeCopy(index, of: text), let descriptor = descriptor(index),
                descriptor.agrees(with: text.marks, size: size),
                size >= 64 || (try? descriptor.read(at: size - 1, upTo: 1)) == [0x0a]
            else { continue }
            longest = index
        }
        return longest
    }

    /// Whether a generation that came after all that are known holds a text that the present file seems to hold, and more
    /// of it than that file does.
    mutating func hasTwin(of text: FileCheckpoint) -> Bool {
        for index in chain.indices where isNew(index) && isPlain(index) && chain[index].status.size > 0 {
            if let descriptor = descriptor(index), descriptor.holds(text), !isCopyOfPresent(index) { return true }
        }
        return false
    }

    private func isPlain(_ index: Int) -> Bool { isNew(index) && !chain[index].isCompressed }

    private mutating func holds(_ text: FileCheckpoint, _ index: Int) -> Bool {
        guard let descriptor = descriptor(index), descriptor.holds(text) else { return false }
        // A few bytes, of which nothing was read, are in a copy of the present file too.
        return text.offset > 0 || !isCopyOfPresent(index)
    }
}
