// The rotated files of a log, in their order: what stands in the log's folder, and in those where logrotate's `olddir`
// puts them, under names that rotation gives. Names and stat(2) only: what a file holds is asked by who needs it.

import Formats
import Glibc
import Platform
import Records

/// A rotated file of a log.
struct Generation {
    var path: String
    var name: RotatedName
    var status: FileStatus
    /// One of the log whose generation the log itself may be, by its name: only texts that are known are looked for there.
    var isSibling = false
    /// It is read otherwise, unless it holds a text of this log: only texts that are known are looked for there.
    var isOthers = false
    var key: FileKey { FileKey(status) }
    var isCompressed: Bool { name.compression != nil }

    /// Opens it, if it still is the file that was listed.
    func open() throws(SystemError) -> Descriptor? {
        let descriptor = try LogFile.open(path)
        let now = try descriptor.status()
        return now.isRegular && FileKey(now) == key ? descriptor : nil
    }
}

/// Lists them. Folders are listed once between two calls of `forget`, for a thousand logs may rotate at once.
final class GenerationLister {
    private struct Listing {
        var names: [String: [(name: String, reading: RotatedName)]] = [:]
        var modified: Timestamp?
    }

    private var listings: [String: Listing] = [:]

    /// Lets the next call look again.
    func forget() { listings = [:] }

    /// The folders in which generations of `path` may lie.
    static func folders(of path: String, _ pattern: FilePattern) -> [String] {
        let own = Files.split(path).directory
        let named = pattern.rotated.map { $0.hasPrefix("/") ? $0 : LogFile.join(own, $0) }
        var folders: [String] = []
        for folder in [own] + named + ["old", "archive"].map({ LogFile.join(own, $0) }) where !folders.contains(folder)
        {
            folders.append(folder)
        }
        return folders
    }

    /// The generations of `path`, newest first; nil while a folder changes under the look. Of one that stands there
    /// plain and compressed (the compressing goes on) the plain one is taken.
    func generations(of path: String, _ pattern: FilePattern) -> [Generation]? {
        let base = Files.split(path).name
        var found: [Generation] = []
        for folder in Self.folders(of: path, pattern) {
            let listing = listing(of: folder)
            let names = listing.names[base] ?? []
            if names.isEmpty { continue }
            let plain = Set(names.lazy.filter { $0.reading.compression == nil }.map(\.name))
            for (name, reading) in names {
                if let compression = reading.compression,
                    plain.contains(String(name.dropLast(compression.rawValue.count)))
                {
                    continue
                }
                let path = LogFile.join(folder, name)
                guard let status = (try? LogFile.status(path)) ?? nil else { return nil }
                // A second name of one file, as a rename under the look gives too.
                guard status.isRegular, !found.contains(where: { $0.key == FileKey(status) }) else { continue }
                found.append(Generation(path: path, name: reading, status: status))
            }
            if modified(folder) != listing.modified { return nil }
        }
        return Self.sorted(found)
    }

    /// The files that are generations of the log of which `path` has the name of a generation: where that log is not
    /// there, and the globs match its generations, each is a log of its own until rotation renames it.
    func siblings(of path: String, _ pattern: FilePattern) -> [Generation]? {
        let (folder, name) = Files.split(path)
        var found: [Generation] = []
        for base in Set(RotatedName.readings(of: name).map(\.base)) where base != name {
            // As many as that are not rotated files of one log.
            guard (listing(of: folder).names[base]?.count ?? 0) <= 256 else { continue }
            guard let all = generations(of: LogFile.join(folder, base), pattern) else { return nil }
            found += all.filter { $0.path != path }
        }
        for index in found.indices { found[index].isSibling = true }
        return found
    }

    /// Whether any file that may be a generation of `path` is there, as listed.
    func hasGenerations(of path: String, _ pattern: FilePattern) -> Bool {
        let base = Files.split(path).name
        return Self.folders(of: path, pattern).contains { listing(of: $0).names[base] != nil }
    }

    /// By their names where all tell, else by their times.
    private static func sorted(_ all: [Generation]) -> [Generation] {
        let haveOrder = zip(all, all.dropFirst()).allSatisfy { $0.name.isOlder(than: $1.name) != nil }
        return all.sorted { a, b in
            if haveOrder, let older = b.name.isOlder(than: a.name) { return older }
            return a.status.modified != b.status.modified ? a.status.modified > b.status.modified : a.path < b.path
        }
    }

    private func listing(of folder: String) -> Listing {
        if let listed = listings[folder] { return listed }
        var made = Listing(modified: modified(folder))
        let names = LogFile.names(in: folder)
        for bytes in names {
            let name = LogPath.text(bytes)
            for reading in RotatedName.readings(of: name) {
                made.names[reading.base, default: []].append((name, reading))
            }
        }
        listings[folder] = made
        return made
    }

    private func modified(_ folder: String) -> Timestamp? { ((try? LogFile.status(folder)) ?? nil)?.modified }
}
