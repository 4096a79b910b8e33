// Where a text is, of which the own file holds another now: four ways to know it among the generations.

import Platform
import Records

extension GenerationSurvey {
    /// The file that held it was renamed, or compressed in its place.
    mutating func byInode(_ text: FileCheckpoint) -> Int? {
        guard let index = chain.firstIndex(where: { $0.key == FileKey(text) }), !known.contains(index) else {
            return nil
        }
        if let compression = chain[index].name.compression {
            guard let head = head(index, compression) else { return index }
            return text.marks.fit(head: head) ? index : nil
        }
        return holds(text, index) ? index : nil
    }

    /// A copy that holds all that was read of it.
    mutating func byContent(_ text: FileCheckpoint) -> Int? {
        // Of those that are newer than all that are known the oldest: the others came after it.
        for index in chain.indices.filter(isNew).reversed() + chain.indices.filter({ !isNew($0) }) where isPlain(index)
        {
            if chain[index].status.size >= text.offset, holds(text, index) { return index }
        }
        return nil
    }

    /// An archive that begins so; whether it holds the rest is found while it is read.
    mutating func byArchive(_ text: FileCheckpoint) -> Int? {
        for index in chain.indices where !known.contains(index) {
            guard let compression = chain[index].name.compression,
                !archives.isRefuted(chain[index].key, text.marks),
                let head = head(index, compression), text.marks.fit(head: head)
            else { continue }
            return index
        }
        return nil
    }

    /// The generation that was passed over at the first look, in its own file, or copied or compressed since.
    mutating func byPassing(_ row: FileCheckpoint) -> Int? {
        if let index = chain.firstIndex(where: { $0.key == FileKey(row) }) {
            if chain[index].isCompressed {
                if row.marks.isEmpty, chain[index].status.size == row.offset { return index }
            } else if descriptor(index)?.holds(row) ?? false {
                return index
            }
        }
        if row.marks.isEmpty { return nil }
        let copy = chain.indices.first { isPlain($0) && chain[$0].status.size == row.offset }
        if let copy, descriptor(copy)?.holds(row) ?? false { return copy }
        // Of several that begin equally the oldest: rather told once more than not.
        var found: Int?
        for index in chain.indices where !known.contains(index) {
            guard let compression = chain[index].name.compression else { continue }
            let fits = head(index, compression).map { row.marks.fit(head: $0) } ?? false
            if fits { found = index } else if found != nil { break }
        }
        return found
    }

    /// A copy that ends before what was read of the text. Not one of which too little can be compared: it is told again.
    mutating func byBeginning(_ text: FileCheckpoint) -> Int? {
        for index in chain.indices where isPlain(index) {
            let size = chain[index].status.size
            guard size > 0, size < text.offset, text.marks.distinguish(size), let descriptor = descriptor(index),
                descriptor.agrees(with: text.marks, size: size),
                size >= 64 || (try? descriptor.read(at: size - 1, upTo: 1)) == [0x0a]
            else { continue }
            return index
        }
        return nil
    }

    /// Whether a generation that came after all that are known holds a text that the present file seems to hold, and more
    /// of it than that file does.
    mutating func hasTwin(of text: FileCheckpoint) -> Bool {
        for index in chain.indices where isNew(index) && isPlain(index) && chain[index].status.size > 0 {
            if let descriptor = descriptor(index), descriptor.holds(text), !isCopyOfPresent(index) { return true }
        }
        return false
    }

    private func isPlain(_ index: Int) -> Bool { !known.contains(index) && !chain[index].isCompressed }

    private mutating func holds(_ text: FileCheckpoint, _ index: Int) -> Bool {
        guard let descriptor = descriptor(index), descriptor.holds(text) else { return false }
        // A few bytes, of which nothing was read, are in a copy of the present file too.
        return text.offset > 0 || !isCopyOfPresent(index)
    }
}
