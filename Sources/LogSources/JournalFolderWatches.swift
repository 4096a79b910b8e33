// inotify over a folder of journal files and its subfolders, one for each machine. A writer touches a file's length after
// each entry, so that a change is seen; where inotify cannot watch, the folder's timer finds it.

import Formats
import Glibc
import Platform

struct JournalFolderWatches {
    private let inotify = try? Inotify()
    private var folders: [Int32: String] = [:]

    struct Hints {
        var changed: Set<String> = []
        /// Names came or went, or events were lost.
        var rescan = false
    }

    /// Subfolders that are looked into: machine ids, with a namespace behind them.
    private static let folderLimit = 10_000

    var descriptor: Int32? { inotify?.descriptor.number }

    /// Watches the folder and its subfolders. Returns the paths of the journal files in them.
    mutating func watch(_ place: String) throws(SystemError) -> [String] {
        var wanted = [place]
        var paths: [String] = []
        add(place)
        for name in try Files.list(place) {
            let path = place + "/" + name
            if Self.isJournal(name) {
                paths.append(path)
            } else if Self.isMachine(name), wanted.count < Self.folderLimit {
                wanted.append(path)
            }
        }
        for folder in wanted.dropFirst() {
            add(folder)
            // One that went away meanwhile is no fault.
            do throws(SystemError) {
                paths += try Files.list(folder).filter { Self.isJournal($0) }.map { folder + "/" + $0 }
            } catch {
                if error.errno != ENOENT, error.errno != ENOTDIR { throw error }
            }
        }
        let kept = Set(wanted)
        for (watch, folder) in folders where !kept.contains(folder) {
            inotify?.remove(watch)
            folders[watch] = nil
        }
        return paths.sorted()
    }

    private mutating func add(_ folder: String) {
        let mask = UInt32(IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR)
        // The same watch again where there is one.
        if let watch = try? inotify?.add(folder, mask) { folders[watch] = folder }
    }

    mutating func hints() -> Hints {
        var hints = Hints()
        for _ in 0..<64 {
            let events = inotify?.events() ?? []
            if events.isEmpty { break }
            for event in events {
                guard !event.overflowed, let folder = folders[event.watch] else {
                    hints.rescan = hints.rescan || event.overflowed
                    continue
                }
                if event.ended {
                    folders[event.watch] = nil
                    hints.rescan = true
                } else if event.mask & UInt32(IN_MODIFY) != 0 {
                    let name = String(decoding: event.name, as: UTF8.self)
                    if Self.isJournal(name) { hints.changed.insert(folder + "/" + name) }
                } else {
                    hints.rescan = true
                }
            }
        }
        return hints
    }

    private static func isJournal(_ name: String) -> Bool { name.ends(".journal") || name.ends(".journal~") }

    /// 128 bits in hexadecimal, and a namespace behind a dot (systemd-journald.service(8)).
    private static func isMachine(_ name: String) -> Bool {
        let id = name.utf8.prefix { $0 != UInt8(ascii: ".") }
        return id.count == 32 && id.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}
