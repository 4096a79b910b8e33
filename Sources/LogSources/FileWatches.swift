// inotify as a hint: which files have news, and whether files came or went. Where it cannot watch (no watches left, a
// network file system), the caller's timers find everything, only later.

import Glibc
import Platform
import Records

/// The watches of the tailed files and of the folders in which files may appear.
struct FileWatches {
    private let inotify: Inotify?
    private var files: [Int32: FileKey] = [:]
    private var folders: [String: Int32] = [:]
    private var folderWatches: Set<Int32> = []
    /// Names that came or went since `forgetStirred`, and those of the logs of which they may be generations.
    private var stirred: Set<String> = []
    private var allStirred = false
    /// The same since `takeNews`.
    private var news = News()

    struct News {
        fileprivate var names: Set<String> = []
        fileprivate var isLost = false

        /// Whether a generation of the log `name` may have come or gone.
        func concern(_ name: String) -> Bool { isLost || names.contains(name) }
        var isEmpty: Bool { !isLost && names.isEmpty }
    }

    struct Hints {
        var changed: [FileKey] = []
        /// Names came or went, or events were lost.
        var rescan = false
        var overflowed = false
    }

    /// Nil: nothing can be watched.
    init(_ inotify: Inotify? = try? Inotify()) { self.inotify = inotify }

    var descriptors: [Int32] { inotify.map { [$0.descriptor.number] } ?? [] }

    /// Nil when the file cannot be watched. The descriptor's own file is watched, whatever its name is by now.
    mutating func watch(_ descriptor: Descriptor, _ key: FileKey) -> Int32? {
        guard let inotify,
            let watch = try? inotify.add(
                "/proc/self/fd/\(descriptor.number)", UInt32(IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF))
        else { return nil }
        files[watch] = key
        return watch
    }

    mutating func unwatch(_ watch: Int32) {
        if files.removeValue(forKey: watch) != nil { inotify?.remove(watch) }
    }

    /// Watches these folders and no others.
    mutating func watchFolders(_ wanted: Set<String>) {
        guard let inotify else { return }
        for (folder, watch) in folders where !wanted.contains(folder) {
            inotify.remove(watch)
            folders[folder] = nil
            folderWatches.remove(watch)
        }
        for folder in wanted where folders[folder] == nil {
            let mask = UInt32(IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR)
            guard let watch = try? inotify.add(LogPath.bytes(folder), mask) else { continue }
            folders[folder] = watch
            folderWatches.insert(watch)
        }
    }

    /// Whether a generation of the log `name` may have come or gone since `forgetStirred`, as far as it was hinted. The
    /// time of a folder does not tell: it is that of the kernel's last tick.
    func isStirred(_ name: String) -> Bool { allStirred || stirred.contains(name) }

    mutating func forgetStirred() { (stirred, allStirred) = ([], false) }

    /// What came and went since the last call.
    mutating func takeNews() -> News {
        defer { news = News() }
        return news
    }

    private mutating func stir(_ name: [UInt8]) {
        let text = LogPath.text(name)
        let names = Set([text] + RotatedName.readings(of: text).map(\.base))
        stirred.formUnion(names)
        news.names.formUnion(names)
    }

    /// What happened since; reads until nothing is left or a bound is reached.
    mutating func hints() -> Hints {
        var hints = Hints()
        var changed: Set<FileKey> = []
        for _ in 0..<64 {
            let events = inotify?.events() ?? []
            if events.isEmpty { break }
            for event in events {
                if event.overflowed {
                    (hints.overflowed, hints.rescan) = (true, true)
                    (allStirred, news.isLost) = (true, true)
                } else if let key = files[event.watch] {
                    changed.insert(key)
                    if event.mask & UInt32(IN_MOVE_SELF | IN_ATTRIB) != 0 { hints.rescan = true }
                    if event.ended { files[event.watch] = nil }
                } else if folderWatches.contains(event.watch) {
                    hints.rescan = true
                    stir(event.name)
                    if event.ended {
                        folderWatches.remove(event.watch)
                        for (folder, watch) in folders where watch == event.watch { folders[folder] = nil }
                    }
                }
            }
        }
        hints.changed = Array(changed)
        return hints
    }
}
