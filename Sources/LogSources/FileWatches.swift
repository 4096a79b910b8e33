// inotify as a hint: which files have news, and whether files came or went. Where it cannot watch (no watches left, a
// network file system), the caller's timers find everything, only later.

import Glibc
import Platform
import Records

/// The watches of the tailed files and of the folders in which files may appear.
struct FileWatches {
    private let inotify: Inotify?
    private var files: [Int32: FileKey] = [:]
    private var folderWatches: Set<Int32> = []
    /// The folders in which symbolic links stand that the paths lead through.
    private var linkFolders: [String: Int32] = [:]
    /// The names of those links, by the watches of their folders.
    private var links: [Int32: Set<[UInt8]>] = [:]
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

    /// Watches these folders and no others. A path may lead to another folder by now, so each is asked for anew: of a folder
    /// that is watched the kernel gives the same watch again.
    mutating func watchFolders(_ wanted: Set<String>) {
        let before = folderWatches
        folderWatches = Set(watch(wanted).values)
        drop(before)
    }

    /// Watches the folders in which these symbolic links stand, for the links themselves.
    /// - Returns: whether one was not watched before: it may have been switched meanwhile.
    mutating func watchLinks(_ wanted: Set<String>) -> Bool {
        let homes = Dictionary(grouping: wanted) { Files.split($0).directory }
        let before = linkFolders
        linkFolders = watch(Set(homes.keys))
        links = [:]
        for (home, watch) in linkFolders {
            links[watch, default: []].formUnion((homes[home] ?? []).map { LogPath.bytes(Files.split($0).name) })
        }
        drop(Set(before.values))
        return linkFolders != before
    }

    private func watch(_ wanted: Set<String>) -> [String: Int32] {
        guard let inotify else { return [:] }
        let mask = UInt32(IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR)
        var watches: [String: Int32] = [:]
        for folder in wanted {
            watches[folder] = try? inotify.add(LogPath.bytes(folder), mask)
        }
        return watches
    }

    /// Removes those of `watches` that no path leads to any more; two may lead to one.
    private func drop(_ watches: Set<Int32>) {
        for watch in watches where !folderWatches.contains(watch) && links[watch] == nil { inotify?.remove(watch) }
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
                } else if folderWatches.contains(event.watch) || links[event.watch] != nil {
                    note(event, &hints)
                }
            }
        }
        hints.changed = Array(changed)
        return hints
    }

    /// A name came or went in a folder.
    private mutating func note(_ event: Inotify.Event, _ hints: inout Hints) {
        let isLinks = links[event.watch]?.contains(event.name) ?? false
        let isLogs = folderWatches.contains(event.watch)
        if event.ended {
            folderWatches.remove(event.watch)
            links[event.watch] = nil
            linkFolders = linkFolders.filter { $0.value != event.watch }
        }
        // What else comes and goes in the folder of a link is no concern of the logs.
        guard isLogs || isLinks || event.ended else { return }
        hints.rescan = true
        if isLogs { stir(event.name) }
    }
}
