// Which file is it? Device and inode alone do not tell: inodes are used again, and copytruncate keeps them. So a file is
// known by these and by checksums of its first bytes and of the last ones that were read.

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
    var text: String { "file:\(device):\(inode)" }
}

enum FileIdentity {
    static let headLength = 256
    static let tailLength = 64

    static func checksum(_ bytes: some Sequence<UInt8>) -> String { Hex.encode(SHA256.digest(bytes)) }

    /// Whether the file behind `descriptor` holds what `checkpoint` remembers: the same beginning, and the same bytes
    /// before the offset. Device and inode are not compared: a copy passes too.
    static func holds(_ descriptor: Descriptor, _ checkpoint: FileCheckpoint) -> Bool {
        guard let head = try? descriptor.read(at: 0, upTo: checkpoint.headLength),
            head.count == checkpoint.headLength,
            checkpoint.headLength == 0 || checksum(head) == checkpoint.headChecksum
        else { return false }
        let length = checkpoint.tailLength
        guard length > 0 else {
            return checkpoint.offset == 0 || ((try? descriptor.status().size) ?? 0) >= checkpoint.offset
        }
        guard let tail = try? descriptor.read(at: checkpoint.offset - Int64(length), upTo: length), tail.count == length
        else { return false }
        return checksum(tail) == checkpoint.tailChecksum
    }

    /// What is remembered of a file when all before `offset` was read.
    static func checkpoint(
        at offset: Int64, of descriptor: Descriptor, _ status: FileStatus
    ) throws(SystemError) -> FileCheckpoint {
        var made = FileCheckpoint(path: "", device: status.device, inode: status.inode)
        let head = try descriptor.read(at: 0, upTo: headLength)
        (made.headLength, made.headChecksum) = (head.count, checksum(head))
        let length = Int(min(Int64(tailLength), offset))
        let tail = try descriptor.read(at: offset - Int64(length), upTo: length)
        (made.offset, made.tailLength, made.tailChecksum) = (offset, tail.count, checksum(tail))
        return made
    }

    /// Whether everything in `candidate` stands at the same place in `original`, judged by their beginnings and by the
    /// candidate's end: a copy that is complete, or on its way.
    static func isCopy(_ candidate: Descriptor, of original: Descriptor, candidateSize: Int64) -> Bool {
        let head = Int(min(Int64(headLength), candidateSize))
        guard head > 0, let a = try? candidate.read(at: 0, upTo: head), let b = try? original.read(at: 0, upTo: head),
            a == b
        else { return false }
        let start = max(0, candidateSize - Int64(tailLength))
        let length = Int(candidateSize - start)
        guard let x = try? candidate.read(at: start, upTo: length), let y = try? original.read(at: start, upTo: length)
        else { return false }
        return x == y
    }
}

extension Descriptor {
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
