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
}
