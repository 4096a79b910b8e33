// A log whose path is a symbolic link, or leads through one, that is switched to the program's next file (cronolog,
// rotatelogs -L, a deployment's `current`), or to a file that is rotated where it stands. Each checkpoint remembers where its
// file stood, so that its end is found there after a downtime.
//
// Must stay true: only texts that are known are looked for in a former target's folder, and the former target itself. What
// else stands there nobody wrote to the path, as far as can be told.

import Formats
import Glibc
import Platform
import Records

extension FileTailer {
    /// Where the texts of `log` that are in none of its generations, `own`, stood before, newest first: the file there, and
    /// the generations of that. Nil while a folder changes under the look.
    func formerTargets(of log: WatchedLog, besides own: [Generation]) -> [Generation]? {
        let there = Set(own.map(\.key))
        let rows = (log.astray.map(\.checkpoint) + log.closed.values).filter { !there.contains(FileKey($0)) }
        let texts = Set(rows.map { FileKey($0) })
        var found: [Generation] = []
        var looked: Set<String> = []
        for row in rows.sorted(by: { $0.seen > $1.seen }) {
            guard let target = row.target, looked.insert(target).inserted else { continue }
            if let status = (try? LogFile.status(target)) ?? nil, status.isRegular, log.current != FileKey(status) {
                let isRead = texts.contains(FileKey(status))
                found.append(Generation(path: target, name: .asItIs(target), status: status, isOthers: !isRead))
            }
            guard let rotated = lister.generations(of: target, log.pattern) else { return nil }
            found += rotated.map { generation in
                var generation = generation
                generation.isOthers = true
                return generation
            }
        }
        var seen = there
        return found.filter { seen.insert($0.key).inserted }
    }
}

extension RotatedName {
    /// Of a file that kept its name when it was the log's no longer.
    fileprivate static func asItIs(_ path: String) -> RotatedName {
        let scheme = Scheme(separator: 0, isBeforeExtension: false, counting: .nothing)
        return RotatedName(base: Files.split(path).name, mark: [], compression: nil, scheme: scheme)
    }
}

extension LogFile {
    /// Where a path leads, without symbolic links, if that is another path; nil where it leads nowhere.
    static func target(of path: String) -> String? {
        guard let real = withPath(path, { realpath($0, nil) }) else { return nil }
        defer { free(real) }
        let target = LogPath.text(Array(UnsafeRawBufferPointer(start: real, count: strlen(real))))
        return target == path ? nil : target
    }

    /// The symbolic links that lead to where these absolute paths do, each by its own path.
    static func links(onTheWayTo paths: Set<String>) -> Set<String> {
        var links: Set<String> = []
        var seen: Set<String> = []
        var left = Array(paths)
        // A link's own destination is on the way too; each is followed once, so this ends.
        while let path = left.popLast() {
            var prefix = ""
            for name in path.split(separator: "/") where name != "." {
                prefix = name == ".." ? Files.split(prefix).directory : (prefix == "/" ? "" : prefix) + "/" + name
                guard seen.insert(prefix).inserted, links.count < mostLinks, let target = destination(of: prefix)
                else { continue }
                links.insert(prefix)
                left.append(target.hasPrefix("/") ? target : join(Files.split(prefix).directory, target))
            }
        }
        return links
    }

    private static let mostLinks = 10_000

    /// What a symbolic link says; nil of anything else.
    private static func destination(of path: String) -> String? {
        var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = withPath(path) { path in
            target.withUnsafeMutableBytes { bytes in
                bytes.withMemoryRebound(to: CChar.self) { room in
                    room.baseAddress.map { readlink(path, $0, room.count) } ?? -1
                }
            }
        }
        return count > 0 ? LogPath.text(Array(target.prefix(count))) : nil
    }
}
