// Which files are open, and which texts were read and are closed.

import Formats
import Platform
import Records

extension FileTailer {
    func take(_ file: TailedFile, _ log: WatchedLog) {
        files[file.key] = file
        copies[file.key] = nil
        forgetClosed(file.key, of: log)
        log.open.insert(file.key)
        if let descriptor = file.descriptor {
            file.watch = watches.watch(descriptor, file.key)
            if file.watch == nil { unwatched.insert(file.key) }
        }
        enqueue(file)
    }

    /// Lets the file go; what becomes of its row is the caller's concern.
    func letGo(_ file: TailedFile) {
        if let watch = file.watch { watches.unwatch(watch) }
        files[file.key] = nil
        unwatched.remove(file.key)
        pending.remove(file.key)
        guard let log = logs[file.path] else { return }
        log.open.remove(file.key)
        if log.current == file.key { log.current = nil }
        // Those that waited for its program are not queued.
        if file.archive != nil { for key in log.open { if let next = files[key] { enqueue(next) } } }
    }

    func keepClosed(_ row: FileCheckpoint, of log: WatchedLog) {
        if log.closed.updateValue(row, forKey: FileKey(row)) == nil {
            closedIn[FileKey(row), default: []].append(log.path)
        }
    }

    func forgetClosed(_ key: FileKey, of log: WatchedLog) {
        log.closed[key] = nil
        closedIn[key]?.removeAll { $0 == log.path }
        if closedIn[key]?.isEmpty ?? false { closedIn[key] = nil }
    }

    /// The texts that a file held when it was closed, or one before it with its inode, and the logs that they are of.
    func closedTexts(_ key: FileKey) -> [(log: WatchedLog, row: FileCheckpoint)] {
        (closedIn[key] ?? []).compactMap { path in
            logs[path].flatMap { log in log.closed[key].map { (log, $0) } }
        }
    }

    /// The texts of other logs of which a file is, or was when its owner stored that.
    func texts(of key: FileKey, besides log: WatchedLog) -> [FileCheckpoint] {
        let stored = (rowOwners[key] ?? []).compactMap { logs[$0] }.filter { $0 !== log }
        return closedTexts(key).map(\.row)
            + stored.flatMap { $0.astray.map(\.checkpoint).filter { FileKey($0) == key } }
    }

    /// Closes a rotated generation that was read to its end.
    func close(_ file: TailedFile, _ time: SourceTime, _ output: inout SourceOutput) {
        letGo(file)
        hasNewLogs = true
        // Of an empty text nothing is known, not even by its inode.
        if file.checkpoint.marks.isEmpty { return output.forget(file.key.row(of: file.path)) }
        if let log = logs[file.path] { keepClosed(file.checkpoint, of: log) }
        if let modified = (try? file.descriptor?.status())?.modified { verify(file.key, modified, time) }
        note(file.checkpoint, &output)
    }
}
