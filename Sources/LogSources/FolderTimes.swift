// Has anything come or gone in the folders since they were looked at? Then, and only then, their files are looked at one by
// one: at rest ten thousand of them cost a few calls of stat(2).

import CPlatform
import Formats
import Glibc
import Platform
import Records

/// The folders of the last look at everything.
struct FolderTimes {
    private struct Folder: Equatable {
        var key: FileKey
        var modified: Timestamp
    }

    private var folders: [String: Folder] = [:]
    /// Whether all of them can be trusted to tell.
    private var isTelling = false
    private(set) var takenAt = Duration.zero

    /// Remembers `paths`, which were listed behind this.
    mutating func take(_ paths: Set<String>, _ time: SourceTime) {
        folders = [:]
        takenAt = time.monotonic
        isTelling = !paths.isEmpty
        for path in paths {
            guard let status = (try? LogFile.status(path)) ?? nil, Self.hasHints(path) else {
                isTelling = false
                return
            }
            // A name may come within the same tick of the kernel's clock and leave the time as it is.
            if status.modified + .milliseconds(50) >= time.wall { isTelling = false }
            folders[path] = Folder(key: FileKey(status), modified: status.modified)
        }
    }

    /// Whether they are as they were.
    var areUnchanged: Bool {
        isTelling
            && folders.allSatisfy { path, folder in
                guard let status = (try? LogFile.status(path)) ?? nil else { return false }
                return Folder(key: FileKey(status), modified: status.modified) == folder
            }
    }

    /// Whether what changes at `path` is hinted at by inotify: on local file systems, not where another host or program
    /// may write (statfs(2), linux/magic.h).
    static func hasHints(_ path: String) -> Bool { local.contains(LogFile.withPath(path, herald_file_system)) }

    /// ext, xfs, btrfs, tmpfs, f2fs, zfs, bcachefs, jfs, ramfs.
    private static let local: Set<UInt32> = [
        0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0xf2f5_2010, 0x2fc1_2fc1, 0xca45_1a4e, 0x3153_464a, 0x8584_58f6,
    ]
}
