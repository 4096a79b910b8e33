// Which files are there now, which are known, which are new, which are gone. Runs at the start, after a hint that names
// changed, and on a timer; it never trusts what it knew.

import Formats
import Glibc
import Platform
import Records

extension FileTailer {
    /// A file at a matched path that is not open.
    private struct Stranger {
        var path: String
        var pattern: FilePattern
        var descriptor: Descriptor
        var status: FileStatus
        var key: FileKey { FileKey(status) }
    }

    /// What one scan has seen.
    private struct Look {
        /// All matched paths.
        var named: Set<String>
        /// The files at their own paths.
        var present: Set<FileKey> = []
        var strangers: [Stranger] = []
        var strangerKeys: Set<FileKey> = []
        /// Paths at which something is wrong.
        var faulty: Set<String> = []
    }

    func scan(_ time: SourceTime, _ output: inout SourceOutput) {
        let isFirst = lastReview == nil
        let found = finder.find()
        folders.take(found.lacksFolders ? [] : found.folders, time)
        links = []
        lister.forget()
        watches.watchFolders(found.folders)
        hasFurtherFaults = false
        var look = Look(named: Set(found.files.map(\.path)))
        for file in found.files { see(file, &look, time, &output) }
        for file in files.values where file.isCurrent && !look.present.contains(file.key) { leave(file, time, &output) }
        for stranger in look.strangers { admit(stranger, isFirst: isFirst, time, &output) }
        missing(found, &look, time, &output)
        noteEmptyPatterns(found) { look.faulty.contains($0) }
        clearFaults({ look.faulty.contains($0) }, isThere: { look.named.contains($0) }, &output)
        rememberPatterns(time, &output)
        if isFirst { forgetUnwatched(&output) }
        retire(time, &output)
        if hasNewLogs { adoptGenerations(look.named, &output) }
        review(time)
    }

    /// Whether a look at everything would find what the last one did: no folder has changed, nor where links lead, and
    /// nothing was wrong.
    func isUnchanged(_ time: SourceTime) -> Bool {
        guard time.monotonic < folders.takenAt + options.wholeInterval, faults.isEmpty, missingSince.isEmpty,
            folders.areUnchanged
        else { return false }
        return links.allSatisfy { path in
            guard let status = (try? LogFile.status(path)) ?? nil else { return false }
            return logs[path]?.current == FileKey(status) && FolderTimes.hasHints(path)
        }
    }

    /// What a look does besides finding files.
    func lookAtClosed(_ time: SourceTime, _ output: inout SourceOutput) {
        retire(time, &output)
        review(time)
    }

    /// What stands at a matched path.
    private func see(
        _ found: FileFinder.Found, _ look: inout Look, _ time: SourceTime, _ output: inout SourceOutput
    ) {
        do throws(SystemError) {
            guard let status = try LogFile.status(found.path) else { return }
            let isWrittenOut = found.path == found.pattern.path
            guard status.isRegular else {
                // A folder that a glob names is no fault; a path that was written out is.
                if isWrittenOut {
                    look.faulty.insert(found.path)
                    let text = "cannot watch \(LogPath.shown(found.path)): it is \(status.kindName), no regular file"
                    say(.unreadable, found.path, found.path, text, &output)
                }
                return
            }
            let key = FileKey(status)
            if LogFile.isLink(found.path) { links.insert(found.path) }
            if let file = files[key] { return place(file, at: found.path, status, &look, time) }
            // One file under two names, or matched by two patterns, is read once; a generation as its log's; an archive
            // only as a generation.
            if look.strangerKeys.contains(key) || isGeneration(found.path, look.named) { return }
            if Compression(name: found.path) != nil, !isWrittenOut { return }
            guard files.count + look.strangers.count < openLimit else {
                throw SystemError("open", LogPath.shown(found.path), errno: EMFILE)
            }
            let descriptor = try LogFile.open(found.path)
            let opened = try descriptor.status()
            guard opened.isRegular, FileKey(opened) == key else { return wantScan() }
            look.strangerKeys.insert(key)
            look.strangers.append(
                Stranger(path: found.path, pattern: found.pattern, descriptor: descriptor, status: opened))
        } catch {
            // Renamed under the look.
            if error.errno == ENOENT { return wantScan() }
            look.faulty.insert(found.path)
            let remedy = Remedy.text(error.errno, path: found.path)
            say(.unreadable, found.path, found.path, error.description + remedy, &output)
        }
    }

    /// An open file stands at a matched path.
    private func place(
        _ file: TailedFile, at path: String, _ status: FileStatus, _ look: inout Look, _ time: SourceTime
    ) {
        if path == file.path {
            file.placedAt = path
            look.present.insert(file.key)
            if !file.isCurrent {
                // Renamed back.
                (file.isCurrent, file.leftAt, file.checkpoint.isFinished) = (true, nil, false)
                logs[path]?.current = file.key
            }
            if !file.isNew { file.checkpoint.seen = time.wall }
        } else if !look.present.contains(file.key) {
            file.placedAt = path
        }
        let isSettled = file.settled.map { $0.size == status.size && $0.modified == status.modified } ?? false
        if !isSettled || !file.isAccounted { enqueue(file) }
    }

    /// Whether `path` has the name of a rotated generation of a log that is watched.
    private func isGeneration(_ path: String, _ named: Set<String>) -> Bool {
        let (folder, name) = Files.split(path)
        return RotatedName.readings(of: name).contains { reading in
            let log = LogFile.join(folder, reading.base)
            return named.contains(log) || logs[log]?.isKnown ?? false
        }
    }

    /// The file is not at its path any more: it is read to its end, and held for a while.
    private func leave(_ file: TailedFile, _ time: SourceTime, _ output: inout SourceOutput) {
        file.isCurrent = false
        // A new text is no known one until what came before it is known.
        if !file.isNew { note(file.checkpoint, &output) }
        file.isDrained = false
        file.leftAt = time.monotonic
        enqueue(file)
    }

    /// Takes up a file that is not open: where it was left, or as a new text of its log.
    private func admit(
        _ stranger: Stranger, isFirst: Bool, _ time: SourceTime, _ output: inout SourceOutput
    ) {
        if files[stranger.key] != nil { return }
        if let (known, row) = closedText(stranger.key) {
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
        let since = knownPatterns[stranger.pattern.path]
        let log = log(at: stranger.path)
        let wasKnown = log.isKnown
        guard let file = open(stranger, log, nil, time, &output) else { return }
        if wasKnown { return }
        if let since {
            // What came and was rotated away since then is unread too.
            file.checkpoint.seen = since
        } else if options.startsAtEnd {
            startAtEnd(file, &output)
        }
    }

    /// The stored row of the text that a file holds, taken from those that are astray.
    private func stored(_ stranger: Stranger) -> (WatchedLog, FileCheckpoint)? {
        let own = logs[stranger.path]
        for log in [own].compactMap({ $0 }) + (rowOwners[stranger.key].flatMap { logs[$0] }.map { [$0] } ?? []) {
            guard
                let index = log.astray.firstIndex(where: { text in
                    let isSame = FileKey(text.checkpoint) == stranger.key
                    // A text that is known by nothing is known by its inode, and only at its path.
                    return isSame && (!text.checkpoint.marks.isEmpty || log === own)
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
            pattern: stranger.pattern, checkpoint: row, time: time)
        if let row, !((try? file.load()) ?? false) {
            // It changed under the look.
            log.astray.append(WatchedLog.Astray(checkpoint: row, unread: nil))
            wantScan()
            return nil
        }
        file.isCurrent = log.path == stranger.path
        // Nothing was read of it: what came before it is looked for anew, for it may be another that begins equally.
        file.isNew = file.isCurrent && (row?.offset ?? 0) == 0
        if let row, !file.isNew, row.marks.all.last?.offset ?? 0 < 64 { file.doubtful = row }
        file.isAccounted = !file.isNew && log.astray.isEmpty && file.doubtful == nil
        if file.isCurrent {
            file.checkpoint.isFinished = false
            log.pattern = stranger.pattern
            log.current = file.key
            if !file.isNew { file.checkpoint.seen = time.wall }
        } else {
            (file.leftAt, file.isAccounted) = (time.monotonic, true)
        }
        take(file, log)
        return file
    }

    private func startAtEnd(_ file: TailedFile, _ output: inout SourceOutput) {
        do throws(SystemError) {
            try file.startAtEnd(lineLimit: options.lineLimit)
            if file.head.isEmpty { return }
            (file.isNew, file.isAccounted) = (false, true)
            note(file.checkpoint, &output)
        } catch {
            say(.unreadable, file.placedAt, file.path, error.description, reader: file.key, &output)
        }
    }

    /// A path without wildcard that names nothing is said, after a while if it was there before.
    private func missing(
        _ found: FileFinder.Result, _ look: inout Look, _ time: SourceTime, _ output: inout SourceOutput
    ) {
        let now = Set(found.missing)
        for path in found.missing {
            let since = missingSince[path] ?? time.monotonic
            missingSince[path] = since
            if faults[path] != nil { look.faulty.insert(path) }
            if logs[path]?.isKnown != true || time.monotonic >= since + options.missingGrace {
                look.faulty.insert(path)
                say(.unreadable, path, path, "cannot read \(LogPath.shown(path)): it is not there", &output)
            }
        }
        for path in missingSince.keys where !now.contains(path) { missingSince[path] = nil }
    }

    private func rememberPatterns(_ time: SourceTime, _ output: inout SourceOutput) {
        let now = Set(options.patterns.map(\.path))
        for pattern in now where knownPatterns[pattern] == nil {
            knownPatterns[pattern] = time.wall
            output.move(.pattern(pattern, since: time.wall))
        }
        for pattern in knownPatterns.keys where !now.contains(pattern) {
            knownPatterns[pattern] = nil
            output.forget(SourceCheckpoint.key(pattern: pattern))
        }
    }

    /// Rows of paths that are not watched any more.
    private func forgetUnwatched(_ output: inout SourceOutput) {
        for log in logs.values where finder.pattern(for: log.path) == nil {
            for text in log.astray { forgetRow(FileKey(text.checkpoint), of: log, &output) }
            log.astray = []
            if !log.isKnown { logs[log.path] = nil }
        }
    }

    /// Closes what left its path and has been quiet since.
    private func retire(_ time: SourceTime, _ output: inout SourceOutput) {
        for file in files.values where !file.isCurrent && file.isDrained && !file.isQueued {
            guard let left = file.leftAt else { continue }
            let isDeleted = ((try? file.descriptor?.status().links) ?? 0) == 0
            let keep = isDeleted ? options.keepDeleted : options.keepRotated
            guard time.monotonic >= max(left, file.lastGrowth) + keep else { continue }
            // Where its text is by now, in an archive or nowhere, is found when its log is looked at.
            close(file, time, &output)
            if isDeleted { unaccounted.insert(file.path) }
        }
    }

    /// A rotated file whose log was not there was taken for a log of its own (the globs match it too): its texts are the
    /// log's when that appears.
    private func adoptGenerations(_ named: Set<String>, _ output: inout SourceOutput) {
        hasNewLogs = false
        for log in logs.values where log.current == nil {
            let (folder, name) = Files.split(log.path)
            let owner = RotatedName.readings(of: name).lazy.map { LogFile.join(folder, $0.base) }
                .first { self.logs[$0]?.isKnown ?? false || named.contains($0) }
            guard let owner, log.isKnown else { continue }
            let target = self.log(at: owner)
            // What was rotated before them, and compressed, nobody saw.
            let isNew = target.open.allSatisfy { files[$0]?.isNew ?? true }
            if isNew, target.closed.isEmpty, target.astray.isEmpty { target.isAdopting = true }
            for var text in log.astray {
                output.forget(FileKey(text.checkpoint).row(of: log.path))
                (text.checkpoint.path, text.checkpoint.isRotated) = (owner, true)
                target.astray.append(text)
                note(text.checkpoint, &output)
            }
            for (key, var row) in log.closed {
                output.forget(key.row(of: log.path))
                forgetClosed(key, of: log)
                row.path = owner
                note(row, &output)
                keepClosed(row, of: target)
            }
            log.astray = []
            if !log.isKnown { logs[log.path] = nil }
        }
    }

    /// Logs whose generations are to be looked at: those with texts that are astray or without a file at their path; and
    /// now and then all that have closed generations, which may have grown or gone.
    private func review(_ time: SourceTime) {
        let isTimed = lastReview.map { time.monotonic >= $0.next(multipleOf: options.rescanInterval) } ?? true
        if isTimed { lastReview = time.monotonic }
        for log in logs.values {
            let isAbsent = log.current.flatMap { files[$0] }?.isCurrent != true
            if !log.astray.isEmpty || (isAbsent && log.isKnown) || (isTimed && !log.closed.isEmpty) {
                unaccounted.insert(log.path)
            }
        }
    }
}
