// A file at a matched path that is not open is taken up: where it was left, or as a new text of its log.

import Formats
import Platform
import Records

extension FileTailer {
    /// A file at a matched path that is not open.
    struct Stranger {
        var path: String
        var pattern: FilePattern
        var descriptor: Descriptor
        var status: FileStatus
        /// It was held back as a copy, and is none.
        var isItsOwn = false
        var key: FileKey { FileKey(status) }
    }

    /// Takes up a file that is not open: where it was left, or as a new text of its log.
    func admit(_ stranger: Stranger, _ time: SourceTime, _ output: inout SourceOutput) {
        if files[stranger.key] != nil { return }
        for (known, row) in closedTexts(stranger.key) {
            // A generation that was closed, under a name that does not tell; or its inode is used again.
            if stranger.descriptor.holds(row) {
                if row.offset == stranger.status.size, known.path != stranger.path { return }
                forgetClosed(stranger.key, of: known)
                open(stranger, known, row, time, &output)
                return
            }
            miss(row, of: known)
        }
        if let (log, row) = stored(stranger) {
            open(stranger, log, row, time, &output)
            return
        }
        let log = log(at: stranger.path)
        let wasKnown = log.isKnown
        guard let file = open(stranger, log, nil, time, &output) else { return }
        // What came after the first look is read from its beginning.
        if options.startsAtEnd, !wasKnown, knownPatterns[stranger.pattern.path] == nil { startAtEnd(file, &output) }
    }

    /// The stored row of the text that a file holds, taken from those that are astray.
    private func stored(_ stranger: Stranger) -> (WatchedLog, FileCheckpoint)? {
        let own = logs[stranger.path]
        for log in [own].compactMap({ $0 }) + (rowOwners[stranger.key] ?? []).compactMap({ logs[$0] }) {
            guard
                let index = log.astray.firstIndex(where: { text in
                    let isSame = FileKey(text.checkpoint) == stranger.key
                    // A text that is known by nothing is known by its inode, and elsewhere than at its path by its birth.
                    return isSame
                        && (!text.checkpoint.marks.isEmpty || log === own
                            || stranger.descriptor.isSurelyFile(of: text.checkpoint))
                        && stranger.descriptor.holds(text.checkpoint)
                })
            else { continue }
            return (log, log.astray.remove(at: index).checkpoint)
        }
        return nil
    }

    @discardableResult
    private func open(
        _ stranger: Stranger, _ log: WatchedLog, _ row: FileCheckpoint?, _ time: SourceTime,
        _ output: inout SourceOutput
    ) -> TailedFile? {
        let file = TailedFile(
            .file(stranger.descriptor), status: stranger.status, path: log.path, placedAt: stranger.path,
            pattern: stranger.pattern, checkpoint: row, seen: seen(at: time), time: time)
        if let row, !((try? file.load()) ?? false) {
            // It changed under the look.
            log.astray.append(WatchedLog.Astray(checkpoint: row, unread: nil))
            wantScan()
            return nil
        }
        file.isCurrent = log.path == stranger.path
        file.isItsOwn = stranger.isItsOwn || row.map { wasItsOwn($0, time) } ?? false
        file.checkpoint.target = LogFile.target(of: stranger.path) ?? (file.isCurrent ? nil : stranger.path)
        if let row, row.target != file.checkpoint.target { note(file.checkpoint, &output) }
        // Nothing was read of it: what came before it is looked for anew, for it may be another that begins equally.
        file.isNew = file.isCurrent && (row?.offset ?? 0) == 0
        if let row, !file.isNew, row.marks.all.last?.offset ?? 0 < 64 { file.doubtful = row }
        file.isAccounted = !file.isNew && log.astray.isEmpty && file.doubtful == nil
        if file.isCurrent {
            file.checkpoint.isFinished = false
            log.pattern = stranger.pattern
            log.current = file.key
            if !file.isNew { file.checkpoint.seen = seen(at: time) }
        } else {
            (file.leftAt, file.isAccounted) = (time.monotonic, true)
        }
        take(file, log)
        return file
    }

    /// Whether a file that was stored as a log is no copy by that: nothing stood in it for longer than copying takes.
    private func wasItsOwn(_ row: FileCheckpoint, _ time: SourceTime) -> Bool {
        !row.marks.isEmpty || time.wall >= row.seen + HeldCopy.leastPatience
    }

    private func startAtEnd(_ file: TailedFile, _ output: inout SourceOutput) {
        do throws(SystemError) {
            try file.startAtEnd()
            if file.head.isEmpty { return }
            beganAtEnd += 1
            (file.isNew, file.isAccounted) = (false, true)
            note(file.checkpoint, &output)
        } catch {
            say(file.placedAt, file.path, error.description, reader: file.key, &output)
        }
    }
}
