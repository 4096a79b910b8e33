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
    /// It is read otherwise, unless it holds a text of this log: only texts that are known are looked for there. So are
    /// the generations of the log whose generation the log itself may be, by its name.
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

    /// The generations of `path`, newest first; nil while a folder changes under the look. Of one that stands there
    /// plain and compressed (the compressing goes on) the plain one is taken.
    func generations(of path: String, _ pattern: FilePattern) -> [Generation]? {
        let found = look(for: path, pattern)
        return found.isWhole ? found.generations : nil
    }

    /// The same, though a folder changes: what goes meanwhile is left out.
    func listed(of path: String, _ pattern: FilePattern) -> [Generation] { look(for: path, pattern).generations }

    /// The names of the logs in `home` of which there may be generations.
    func bases(in home: String, _ pattern: FilePattern) -> Set<String> {
        var bases: Set<String> = []
        for folder in pattern.generationFolders(home) { bases.formUnion(listing(of: folder).names.keys) }
        return bases
    }

    private func look(for path: String, _ pattern: FilePattern) -> (generations: [Generation], isWhole: Bool) {
        let (home, base) = Files.split(path)
        var found: [Generation] = []
        var isWhole = true
        for folder in pattern.generationFolders(home) {
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
                guard let status = (try? LogFile.status(path)) ?? nil else {
                    isWhole = false
                    continue
                }
                // A second name of one file, as a rename under the look gives too.
                guard status.isRegular, !found.contains(where: { $0.key == FileKey(status) }) else { continue }
                found.append(Generation(path: path, name: reading, status: status))
            }
            if modified(folder) != listing.modified { isWhole = false }
        }
        return (Self.sorted(found), isWhole)
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
        for index in found.indices { found[index].isOthers = true }
        return found
    }

    /// Those of one scheme side by side, by their names; schemes, and names that do not tell, by the times.
    private static func sorted(_ all: [Generation]) -> [Generation] {
        func isNewer(_ a: Generation, _ b: Generation) -> Bool {
            if let older = b.name.isOlder(than: a.name) { return older }
            return a.status.modified != b.status.modified ? a.status.modified > b.status.modified : a.path < b.path
        }
        let chains = Dictionary(grouping: all) { $0.name.scheme }.values.map { $0.sorted(by: isNewer) }
        return chains.sorted { zip($0.prefix(1), $1.prefix(1)).contains(where: isNewer) }.flatMap { $0 }
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
