// What stat(2) says of a file.

import Formats
import Glibc

/// What stat(2) says of a file.
package struct FileStatus: Equatable, Sendable {
    package var device: UInt64
    package var inode: UInt64
    package var mode: UInt32
    package var links: UInt64
    package var owner: UInt32
    package var group: UInt32
    package var size: Int64
    package var modified: Timestamp

    package init(_ raw: stat) {
        device = UInt64(raw.st_dev)
        inode = UInt64(raw.st_ino)
        mode = raw.st_mode
        links = UInt64(raw.st_nlink)
        owner = raw.st_uid
        group = raw.st_gid
        size = Int64(raw.st_size)
        modified = Timestamp(
            microseconds: Int64(raw.st_mtim.tv_sec) * 1_000_000 + Int64(raw.st_mtim.tv_nsec) / 1000)
    }

    package var isRegular: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFREG) }
    package var isDirectory: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFDIR) }
    package var isLink: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFLNK) }
    /// The permission bits.
    package var permissions: UInt32 { mode & 0o7777 }

    /// Follows a symbolic link at the end unless told otherwise. Nil when nothing is there (ENOENT, ENOTDIR).
    package static func of(_ path: String, followingLinks: Bool = true) throws(SystemError) -> FileStatus? {
        var raw = stat()
        let result = followingLinks ? stat(path, &raw) : lstat(path, &raw)
        if result == 0 { return FileStatus(raw) }
        if errno == ENOENT || errno == ENOTDIR { return nil }
        throw SystemError("look at", path)
    }
}
