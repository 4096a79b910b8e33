// Which text does a file hold? Device and inode alone do not tell: inodes are used again, copytruncate keeps them, copies
// and compressed generations have others. So a text is known by checksums of its beginning and of places where reading
// stopped (`TextMarks`), and what a file holds is read and compared each time that something depends on it.

import CPlatform
import Formats
import Glibc
import Platform
import Records

/// A file of this moment.
struct FileKey: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64

    init(_ status: FileStatus) {
        device = status.device
        inode = status.inode
    }

    init(_ checkpoint: FileCheckpoint) {
        device = checkpoint.device
        inode = checkpoint.inode
    }

    /// As `SourceCheckpoint.key`.
    func row(of path: String) -> String { SourceCheckpoint.key(device: device, inode: inode, path: path) }
}

extension Descriptor {
    /// Whether the file holds a text with these marks, or, where it is shorter, the beginning of one. True without any
    /// mark that fits.
    func agrees(with marks: TextMarks, size: Int64) -> Bool {
        marks.within(size).allSatisfy { mark in
            let window = TextMark.window(at: mark.offset)
            guard let bytes = try? read(at: window.lowerBound, upTo: window.count) else { return false }
            return bytes.count == window.count && TextMark.checksum(bytes) == mark.checksum
        }
    }

    /// When the file was made, as `FileCheckpoint.born`.
    var born: Int64? {
        let time = herald_birth_time(number)
        return time == 0 ? nil : time
    }

    /// Whether another file had this inode when the checkpoint was made.
    func isAnother(than checkpoint: FileCheckpoint) -> Bool {
        guard let then = checkpoint.born, let now = born, then != now else { return false }
        return (try? status()).map { FileKey($0) } == FileKey(checkpoint)
    }

    /// Whether this is the file that the checkpoint is of, whatever it holds.
    func isSurelyFile(of checkpoint: FileCheckpoint) -> Bool {
        guard let then = checkpoint.born, then == born else { return false }
        return (try? status()).map { FileKey($0) } == FileKey(checkpoint)
    }

    /// Whether the file, which is no archive, holds all that was read of the text of `checkpoint`, and is not another in
    /// its inode.
    func holds(_ checkpoint: FileCheckpoint) -> Bool {
        if isAnother(than: checkpoint) { return false }
        // Of an archive that was passed over its text is not known.
        if checkpoint.marks.isEmpty, checkpoint.archive != nil { return false }
        guard let size = try? status().size, size >= checkpoint.offset,
            size >= checkpoint.marks.all.last?.offset ?? 0
        else { return false }
        return agrees(with: checkpoint.marks, size: size)
    }

    /// How long this file is, and how it ends; nil of an empty one.
    var end: TextMark? {
        guard let size = try? status().size, size > 0 else { return nil }
        let window = TextMark.window(at: size)
        guard let bytes = try? read(at: window.lowerBound, upTo: window.count), bytes.count == window.count else {
            return nil
        }
        return TextMark(offset: size, checksum: TextMark.checksum(bytes))
    }

    /// Whether everything in this file, which is not empty, stands at the same place in `original`, judged by both
    /// beginnings and by this one's end: a copy that is complete, or on its way.
    func isCopy(of original: Descriptor, size: Int64) -> Bool {
        guard size > 0 else { return false }
        let head = Int(min(Int64(TextMark.headLength), size))
        let end = TextMark.window(at: size)
        for (start, count) in [(0, head), (end.lowerBound, end.count)] {
            guard let mine = try? read(at: start, upTo: count), let other = try? original.read(at: start, upTo: count),
                mine.count == count, mine == other
            else { return false }
        }
        return true
    }

    /// pread(2): up to `count` bytes from `offset`; fewer at the file's end.
    func read(at offset: Int64, upTo count: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: max(0, count)) { buffer, filled in
            filled = 0
            while filled < count {
                do throws(SystemError) {
                    let got = try retrying("read") {
                        pread(number, buffer.baseAddress?.advanced(by: filled), count - filled, off_t(offset) + filled)
                    }
                    if got == 0 { return }
                    filled += got
                } catch {
                    failure = error
                    return
                }
            }
        }
        if let failure { throw failure }
        return bytes
    }
}

extension FileCheckpoint {
    /// Whether an archive whose text begins with `head` may hold this one: all that was read of it, or, where that was
    /// never at rest, a copy that ends before.
    func mayBegin(with head: [UInt8]) -> Bool {
        guard marks.fit(head: head) else { return false }
        return head.count >= min(Int(clamping: offset), TextMark.headLength)
            || (!isFinished && marks.distinguish(Int64(head.count)))
    }
}

extension TextMarks {
    /// Whether a text that begins with `head` may be that of these marks.
    func fit(head: [UInt8]) -> Bool {
        guard let mark = within(Int64(min(head.count, TextMark.headLength))).last else { return false }
        return TextMark.checksum(head.prefix(Int(mark.offset))) == mark.checksum
    }
}

/// The calls that take a path, for paths as `LogPath` has them.
enum LogFile {
    static func open(_ path: String) throws(SystemError) -> Descriptor {
        let number = try retrying("open", LogPath.shown(path)) {
            withPath(path) { Glibc.open($0, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) }
        }
        return Descriptor(owning: number)
    }

    /// Symbolic links are followed. Nil when nothing is there.
    static func status(_ path: String) throws(SystemError) -> FileStatus? {
        var raw = stat()
        if withPath(path, { stat($0, &raw) }) == 0 { return FileStatus(raw) }
        if errno == ENOENT || errno == ENOTDIR { return nil }
        throw SystemError("look at", LogPath.shown(path))
    }

    static func isLink(_ path: String) -> Bool {
        var raw = stat()
        return withPath(path) { lstat($0, &raw) } == 0 && raw.st_mode & S_IFMT == S_IFLNK
    }

    /// The names in a folder, as bytes; none where it cannot be read.
    static func names(in folder: String) -> [[UInt8]] {
        guard let descriptor = try? open(folder) else { return [] }
        return (try? Files.names(in: "/proc/self/fd/\(descriptor.number)")) ?? []
    }

    static func withPath<T>(_ path: String, _ body: (UnsafePointer<CChar>) -> T) -> T {
        (LogPath.bytes(path) + [0]).withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { chars in
                guard let base = chars.baseAddress else { return "".withCString(body) }
                return body(base)
            }
        }
    }

    static func join(_ folder: String, _ name: String) -> String {
        folder.hasSuffix("/") ? folder + name : folder + "/" + name
    }
}
