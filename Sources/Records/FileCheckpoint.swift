// Which text of a log file was read, and how far. A text is what one generation of a log holds: it grows at its end, moves
// under other names, is copied and compressed, and stays the same text. So a text is known by what stands in it, and by
// device and inode only as the quick way to find it again.

import Formats

/// A place in a text, with a checksum of what stands before it.
package struct TextMark: Hashable, Sendable {
    package var offset: Int64
    /// The first eight bytes of the SHA-256 of the bytes of `window(at: offset)`.
    package var checksum: UInt64

    package init(offset: Int64, checksum: UInt64) {
        self.offset = offset
        self.checksum = checksum
    }

    /// How many first bytes of a text are its beginning.
    package static let headLength = 256

    /// The bytes that the checksum of a mark is of: all that is before it within the beginning, 64 bytes beyond it.
    package static func window(at offset: Int64) -> Range<Int64> {
        max(0, offset <= Int64(headLength) ? 0 : offset - 64)..<max(0, offset)
    }

    package static func checksum(_ bytes: some Sequence<UInt8>) -> UInt64 {
        SHA256.digest(bytes).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// The marks of one text, by which it is told from others: of its beginning at each power of two, so that a copy of
/// which a part is there already is recognised too, and of some places where reading stopped, closer together towards
/// the newest: they tell texts apart that have equal beginnings. Bounded: at most 16.
package struct TextMarks: Hashable, Sendable {
    /// In the order of their offsets, none twice.
    package private(set) var all: [TextMark] = []

    package init() {}

    package init(_ mark: TextMark) { all = [mark] }

    package var isEmpty: Bool { all.isEmpty }

    /// The marks that a text of `size` bytes must pass to be this one, or a beginning of it: the last one within the
    /// beginning (its checksum is of all before it), and those behind.
    package func within(_ size: Int64) -> [TextMark] {
        let fitting = all.prefix { $0.offset <= size }
        let body = fitting.drop { $0.offset <= Int64(TextMark.headLength) }
        return Array(fitting.prefix(fitting.count - body.count).suffix(1) + body)
    }

    /// Whether enough of a text of `size` bytes is compared by these for it to be told from others: all of it, or its
    /// first 64 bytes. Less is often equal: the date, a name.
    package func distinguish(_ size: Int64) -> Bool {
        within(size).last.map { $0.offset >= 64 || $0.offset == size } ?? false
    }

    /// Those of a text that ends at `size`.
    package func upTo(_ size: Int64) -> TextMarks {
        var marks = self
        marks.all.removeAll { $0.offset > size }
        return marks
    }

    /// `head`: the first bytes of the text, up to `TextMark.headLength`.
    package mutating func noteHead(_ head: [UInt8]) {
        var length = 1
        while length <= min(head.count, TextMark.headLength) {
            if !all.contains(where: { $0.offset == Int64(length) }) {
                insert(TextMark(offset: Int64(length), checksum: TextMark.checksum(head.prefix(length))))
            }
            length *= 2
        }
    }

    /// Reading has come to `mark`.
    package mutating func noteRead(_ mark: TextMark) {
        if mark.offset <= 0 { return }
        all.removeAll { $0.offset == mark.offset }
        insert(mark)
        let read = all.indices.filter { !Self.isOfHead(all[$0].offset) && all[$0].offset < mark.offset }
        guard read.count >= Self.kept else { return }
        // The one goes whose neighbours are nearest, in proportion to how far back it is.
        let spare = read.min { redundancy($0, mark.offset) < redundancy($1, mark.offset) }
        if let spare { all.remove(at: spare) }
    }

    private static let kept = 6
    private static func isOfHead(_ offset: Int64) -> Bool {
        offset <= Int64(TextMark.headLength) && offset & (offset - 1) == 0
    }

    private func redundancy(_ index: Int, _ end: Int64) -> Double {
        let before = index > 0 ? all[index - 1].offset : 0
        let after = index + 1 < all.count ? all[index + 1].offset : end
        return Double(after - before) / Double(max(1, end - all[index].offset))
    }

    private mutating func insert(_ mark: TextMark) {
        let place = all.firstIndex { $0.offset > mark.offset } ?? all.count
        all.insert(mark, at: place)
    }

    /// The stored form: `offset:checksum`, one after the other.
    package var text: String { all.map { "\($0.offset):" + String($0.checksum, radix: 16) }.joined(separator: " ") }

    /// Reads `text` back; nil when it is none.
    package init?(text: String) {
        let parts = text.utf8.split(separator: 0x20)
        guard parts.count <= 64 else { return nil }
        for part in parts {
            let pair = part.split(separator: 0x3a, maxSplits: 1)
            guard pair.count == 2, let offset = Int64(String(Substring(pair[0]))), offset > all.last?.offset ?? 0,
                let checksum = UInt64(String(Substring(pair[1])), radix: 16)
            else { return nil }
            all.append(TextMark(offset: offset, checksum: checksum))
        }
    }
}

/// Where the reading of a log file has come to, and which text that is of.
package struct FileCheckpoint: Hashable, Sendable {
    /// The path under which the file is watched; a rotated generation keeps it. A form of `LogPath`.
    package var path: String
    /// Where the file stood, without symbolic links, if that is another path; the link may lead elsewhere by now.
    package var target: String?
    package var device: UInt64
    package var inode: UInt64
    /// When the file was made, in nanoseconds, as its file system says; nil where it does not. Another file with the same
    /// inode, which file systems give again at once, was made at another time.
    package var born: Int64?
    /// Empty as long as nothing is known of the text: it was empty when it was looked at.
    package var marks = TextMarks()
    /// All before this byte of the text was handed over.
    package var offset: Int64 = 0
    /// The line at `offset` was cut at the limit: what follows up to its newline is skipped.
    package var skipsLine = false
    /// The file has left its path: a rotated generation.
    package var isRotated = false
    /// It was read to its end after it was rotated.
    package var isFinished = false
    /// It was read to its end, then compressed: whether the archive holds more is not known yet.
    package var mayHaveGrown = false
    /// The text stands in an archive, which is this long and ends so: an archive does not change.
    package var archive: TextMark?
    /// Nothing was read of it: it was a rotated file already when its log was looked at first, or held nothing but what
    /// another file did. Offset and marks are those of the file as it stood; of an archive there are none.
    package var isPassedOver = false
    /// Such a copy of the file at the path, made while that stood there: if that is truncated, its text is found there.
    package var isCopy = false
    /// Only of rows that were stored before each such file had one: those that are older by their names are passed over too.
    package var passesOlder = false
    /// When the file was last found at its path; of an empty one, when it was first found there. For the order of the
    /// texts: never before an earlier one, though the clock is set back.
    package var seen = Timestamp(seconds: 0)

    package init(path: String, device: UInt64, inode: UInt64) {
        self.path = path
        self.device = device
        self.inode = inode
    }

    var json: JSON {
        let json: JSON = [
            "path": .string(path), "device": JSON(String(device)), "inode": JSON(String(inode)),
            "marks": .string(marks.text), "offset": .int(offset), "skips_line": .bool(skipsLine),
            "rotated": .bool(isRotated), "finished": .bool(isFinished),
            "may_have_grown": .bool(mayHaveGrown), "archive": .string(archive.map { TextMarks($0).text } ?? ""),
            "passed_over": .bool(isPassedOver), "each": .bool(!passesOlder), "seen": .int(seen.microseconds),
        ]
        let further: [(String, JSON?)] = [
            ("target", target.map { .string($0) }), ("born", born.map { .int($0) }), ("copy", isCopy ? true : nil),
        ]
        return .object((json.members ?? []) + further.compactMap { name, value in value.map { JSON.Member(name, $0) } })
    }

    init?(_ value: JSON) {
        guard let path = value["path"]?.string, let device = value["device"]?.string.flatMap({ UInt64($0) }),
            let inode = value["inode"]?.string.flatMap({ UInt64($0) }), let offset = value["offset"]?.int, offset >= 0,
            let marks = value["marks"]?.string.flatMap({ TextMarks(text: $0) })
        else { return nil }
        self.init(path: LogPath.text(ofPath: path), device: device, inode: inode)
        (self.offset, self.marks) = (offset, marks)
        skipsLine = value["skips_line"]?.bool ?? false
        (target, born) = (value["target"]?.string.map(LogPath.text(ofPath:)), value["born"]?.int)
        isCopy = value["copy"]?.bool ?? false
        isRotated = value["rotated"]?.bool ?? false
        isFinished = value["finished"]?.bool ?? false
        mayHaveGrown = value["may_have_grown"]?.bool ?? false
        archive = value["archive"]?.string.flatMap { TextMarks(text: $0) }?.all.last
        isPassedOver = value["passed_over"]?.bool ?? false
        passesOlder = isPassedOver && value["each"]?.bool != true
        seen = Timestamp(microseconds: value["seen"]?.int ?? 0)
    }
}
