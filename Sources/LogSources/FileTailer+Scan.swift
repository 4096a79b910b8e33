// Which files are there now, which are known, which are new, which are gone. Runs at the start, after a hint that names
// changed, and on a timer; it never trusts what it knew.

import Formats
import Glibc
import Platform
import Records

extension FileTailer {
    /// What one scan has seen.
    struct Look {
        /// All matched paths.
        var named: Set<String>
        /// The files at their own paths.
        var present: Set<FileKey> = []
        var strangers: [Stranger] = []
        var strangerKeys: Set<FileKey> = []
        /// Copies of other logs' texts (FileTailer+Namesakes), and their paths.
        var copies: Set<FileKey> = []
        var copyPaths: Set<String> = []
        /// Paths at which something is wrong.
        var faulty: Set<String> = []
        /// Files for which no descriptor is left.
        var refused: [FileFinder.Found] = []
    }

    func scan(_ time: SourceTime, _ output: inout SourceOutput) {
        let isFirst = lastReview == nil
        let found = finder.find()
        folders.take(found.lacksFolders ? [] : found.folders, time)
        links = []
        lister.forget()
        watches.watchFolders(found.folders)
        faults.beginScan()
        passOverUnseen(found, time, &output)
        var look = Look(named: Set(found.files.map(\.path)))
        matchedGenerations = [:]
        for file in found.files { see(file, &look, time, &output) }
        dropCopies(but: look.copies, look.strangerKeys, time, &output)
        if watches.watchLinks(LogFile.links(onTheWayTo: found.folders.union(links))) { wantScan() }
        for file in files.values where file.isCurrent && !look.present.contains(file.key) { leave(file, time, &output) }
        for stranger in look.strangers { admit(stranger, time, &output) }
        let closed = retire(time, wanted: look.refused.count, &output)
        if !look.refused.isEmpty {
            let isRoomToCome = closed > 0 || files.values.contains { !$0.isCurrent && !$0.isDrained }
            refuse(&look, isRoomToCome: isRoomToCome, &output)
        }
        for file in files.values where file.wideEncoding != nil { look.faulty.insert(file.placedAt) }
        missing(found, &look, time, &output)
        refused(found, &look, &output)
        noteEmptyPatterns(found) { look.faulty.contains($0) || look.copyPaths.contains($0) }
        output.notices += faults.endScan(
            isFaulty: { look.faulty.contains($0) }, isThere: { look.named.contains($0) || found.folders.contains($0) },
            isOpen: { files[$0]?.placedAt == $1 })
        rememberPatterns(time, &output)
        if isFirst { forgetUnwatched(&output) }
        if hasNewLogs { adoptGenerations(look.named, &output) }
        review(time)
    }

    /// Whether a look at everything would find what the last one did: no folder has changed, nor where links lead, and
    /// nothing was wrong.
    func isUnchanged(_ time: SourceTime) -> Bool {
        guard time.monotonic < folders.takenAt + options.wholeInterval, faults.isEmpty, missingSince.isEmpty,
            copies.isEmpty, folders.areUnchanged
        else { return false }
        return links.allSatisfy { path in
            guard let status = (try? LogFile.status(path)) ?? nil else { return false }
            return logs[path]?.current == FileKey(status) && FolderTimes.hasHints(path)
        }
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
                    say(found.path, found.path, text, &output)
                }
                return
            }
            let key = FileKey(status)
            if LogFile.isLink(found.path) { links.insert(found.path) }
            if let file = files[key] { return place(file, at: found.path, status, &look, time) }
            // One file under two names, or matched by two patterns, is read once; a generation as its log's; an archive
            // only as a generation.
            if look.strangerKeys.contains(key) { return }
            let owners = namesakes(of: found.path) { look.named.contains($0) || logs[$0]?.isKnown ?? false }
            if let owner = owners.certain.first { matchedGenerations[owner, default: []].append(found.path) }
            if !owners.certain.isEmpty || (Compression(name: found.path) != nil && !isWrittenOut) { return }
            let held = try heldBack(key, at: found.path, time, &output)
            if held == .copy {
                look.copies.insert(key)
                look.copyPaths.insert(found.path)
                return
            }
            guard files.count + look.strangers.count < openLimit else { return look.refused.append(found) }
            let descriptor = try LogFile.open(found.path)
            let opened = try descriptor.status()
            guard opened.isRegular, FileKey(opened) == key else { return wantScan() }
            look.strangerKeys.insert(key)
            look.strangers.append(
                Stranger(
                    path: found.path, pattern: found.pattern, descriptor: descriptor, status: opened,
                    isItsOwn: held == .log))
        } catch {
            // Renamed under the look.
            if error.errno == ENOENT { return wantScan() }
            if error.errno == EMFILE { return look.refused.append(found) }
            look.faulty.insert(found.path)
            let remedy = Remedy.text(error.errno, path: found.path)
            say(found.path, found.path, error.description + remedy, &output)
        }
    }

    /// An open file stands at a matched path.
    private func place(
        _ file: TailedFile, at path: String, _ status: FileStatus, _ look: inout Look, _ time: SourceTime
    ) {
        if path == file.path {
            file.placedAt = path
            look.present.insert(file.key)
            if links.contains(path) { file.checkpoint.target = LogFile.target(of: path) }
            if !file.isCurrent {
                // Renamed back.
                (file.isCurrent, file.leftAt, file.checkpoint.isFinished) = (true, nil, false)
                file.isGeneration = false
                logs[path]?.current = file.key
            }
            if !file.isNew { file.checkpoint.seen = seen(at: time) }
        } else if !look.present.contains(file.key) {
            file.placedAt = path
        }
        let isSettled = file.settled.map { $0.size == status.size && $0.modified == status.modified } ?? false
        if !isSettled || !file.isAccounted { enqueue(file) }
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
                say(path, path, "cannot read \(LogPath.shown(path)): it is not there", &output)
            }
        }
        for path in missingSince.keys where !now.contains(path) { missingSince[path] = nil }
    }

    /// A folder that may not be looked into is said; of a path without wildcard that is said of the path.
    private func refused(_ found: FileFinder.Result, _ look: inout Look, _ output: inout SourceOutput) {
        closedFolders = Set(found.closedFolders.map(\.path))
        for folder in found.closedFolders where FileFinder.hasWildcard(folder.pattern.path) {
            look.faulty.insert(folder.path)
            say(
                folder.path, folder.path, folder.error.description + Remedy.text(folder.error.errno, path: folder.path),
                &output)
        }
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
            let passed = log.closed.values.filter(\.isPassedOver).map { FileKey($0) }
            for key in passed { forgetClosed(key, of: log) }
            for key in passed + log.astray.map({ FileKey($0.checkpoint) }) { forgetRow(key, of: log, &output) }
            log.astray = []
            if !log.isKnown { logs[log.path] = nil }
        }
    }
}
