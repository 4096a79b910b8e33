// Which files are there now, which are known, which are new, which are gone. Runs at the start, after a hint that names
// changed, and on a timer; it never trusts what it knew.

import Formats
import Glibc
import Platform
import Records

extension FileTailer {
    func scan(_ time: SourceTime, _ output: inout SourceOutput) {
        let found = finder.find()
        listings = [:]
        defer { listings = [:] }
        watches.watchFolders(found.folders)
        var present: Set<FileKey> = []
        var strangers: [Stranger] = []
        for file in found.files { look(at: file, &present, &strangers, time, &output) }
        for file in files.values where file.isCurrent && !present.contains(file.key) { leave(file, time, &output) }
        strangers.removeAll { resume($0, time) }
        // Logs before their generations that the globs match too (app.log before app.log.1): what such a file is, is
        // asked of the log.
        let paths = Set(strangers.map(\.path))
        let isGeneration = strangers.map { logOfGeneration($0.path, among: paths) != nil }
        for (stranger, later) in zip(strangers, isGeneration) where !later { admit(stranger, time, &output) }
        if startedUp { accountForGenerations(time, &output) } else { findLostGenerations(time, &output) }
        for (stranger, later) in zip(strangers, isGeneration) where later { admit(stranger, time, &output) }
        missing(found, time, &output)
        for name in found.unreadableNames {
            say(.unreadable, name, name, "cannot watch \(name): its name is not UTF-8", &output)
        }
        rememberPatterns(&output)
        retire(time, &output)
        (startedUp, lastLook) = (true, time.wall)
    }

    /// A file at a matched path that is not open.
    struct Stranger {
        var path: String
        var pattern: FilePattern
        var descriptor: Descriptor
        var status: FileStatus
        var key: FileKey { FileKey(status) }
    }

    private func look(
        at found: FileFinder.Found, _ present: inout Set<FileKey>, _ strangers: inout [Stranger], _ time: SourceTime,
        _ output: inout SourceOutput
    ) {
        do throws(SystemError) {
            guard let status = try FileStatus.of(found.path) else { return }
            guard status.isRegular else {
                // A folder that a glob names is no fault; a path that was written out is.
                if found.path == found.pattern.path {
                    say(.unreadable, found.path, found.path, "cannot watch \(found.path): not a regular file", &output)
                }
                return
            }
            let key = FileKey(status)
            if let file = files[key] {
                if present.insert(key).inserted { place(file, at: found.path, time) }
                return
            }
            // One file under two names, or matched by two patterns, is read once.
            if strangers.contains(where: { $0.key == key }) { return }
            let descriptor = try Descriptor.open(found.path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            let opened = try descriptor.status()
            guard opened.isRegular, files[FileKey(opened)] == nil else { return }
            present.insert(FileKey(opened))
            strangers.append(
                Stranger(path: found.path, pattern: found.pattern, descriptor: descriptor, status: opened))
        } catch {
            say(.unreadable, found.path, found.path, error.description, &output)
        }
    }

    private func place(_ file: TailedFile, at path: String, _ time: SourceTime) {
        // Matched under its rotated name too, it is still read, under the name it had.
        (file.placedAt, file.leftAt) = (path, nil)
        guard path == file.path else { return }
        file.isCurrent = true
        file.seenBefore = file.checkpoint.seen
        file.checkpoint.seen = time.wall
        lastAtPath[path] = file.key
    }

    /// The file is not at its path any more: it is read to its end, and held for a while.
    private func leave(_ file: TailedFile, _ time: SourceTime, _ output: inout SourceOutput) {
        file.isCurrent = false
        note(file.checkpoint, &output)
        file.isDrained = false
        file.leftAt = time.monotonic
        enqueue(file)
    }

    /// Takes a file up where it was left; whether it is one that was left.
    private func resume(_ stranger: Stranger, _ time: SourceTime) -> Bool {
        guard files[stranger.key] == nil, let known = remembered[stranger.key], known.headLength > 0,
            FileIdentity.holds(stranger.descriptor, known)
        else { return false }
        let sameFolder = Files.split(known.path).directory == Files.split(stranger.path).directory
        open(stranger, path: sameFolder ? known.path : stranger.path, known, time)
        return true
    }

    /// Takes up a file that is not known: where to begin, and after which other.
    private func admit(_ stranger: Stranger, _ time: SourceTime, _ output: inout SourceOutput) {
        if files[stranger.key] != nil || isUnfinishedCopy(stranger) { return }  // perhaps taken up as a generation
        let isFirstSight = !knownPatterns.contains(stranger.pattern.path)
        if let log = logOfGeneration(stranger.path) {
            // The copy of a log that was truncated meanwhile is found from there.
            if let current = lastAtPath[log].flatMap({ files[$0] }),
                !FileIdentity.holds(current.descriptor, current.checkpoint)
            {
                replaced(current, time, &output)
                if files[stranger.key] != nil { return }
            }
            let file = open(stranger, path: log, nil, time)
            if isFirstSight, options.startsAtEnd { startAtEnd(file, &output) }
            if let current = lastAtPath[log].flatMap({ files[$0] }), current.isCurrent {
                current.predecessor = file.key
            }
            return note(file.checkpoint, &output)
        }
        let before = lastAtPath[stranger.path]
        if let before, let last = files[before] {
            (last.isCurrent, last.isDrained) = (false, false)
            enqueue(last)
        }
        let last = findGenerations(of: stranger, before: before, time, &output)
        if files[stranger.key] != nil { return }
        let file = open(stranger, path: stranger.path, nil, time)
        file.predecessor = last
        if before == nil {
            if isFirstSight, options.startsAtEnd { startAtEnd(file, &output) }
            file.predecessor = firstGenerations(of: stranger.path, isFirstSight ? nil : lastLook, time, &output)
        }
        note(file.checkpoint, &output)
    }

    private func startAtEnd(_ file: TailedFile, _ output: inout SourceOutput) {
        do throws(SystemError) {
            try file.startAtEnd(lineLimit: options.lineLimit)
        } catch {
            say(.unreadable, file.placedAt, file.path, error.description, &output)
        }
    }

    @discardableResult
    private func open(
        _ stranger: Stranger, path: String, _ checkpoint: FileCheckpoint?, _ time: SourceTime
    ) -> TailedFile {
        let isCurrent = path == stranger.path
        // A generation was seen at the log's path before the log's present file was.
        let before = lastAtPath[path].flatMap { files[$0]?.seenBefore ?? remembered[$0]?.seen } ?? time.wall
        let seen = isCurrent ? time.wall : checkpoint?.seen ?? before
        let file = TailedFile(
            descriptor: stranger.descriptor, status: stranger.status, path: path, placedAt: stranger.path,
            pattern: stranger.pattern, checkpoint: checkpoint, seen: seen, time: time)
        file.watch = watches.watch(file.descriptor, file.key)
        file.isCurrent = isCurrent
        files[file.key] = file
        remembered[file.key] = nil
        if file.isCurrent { lastAtPath[path] = file.key }
        enqueue(file)
        return file
    }

    /// A path without wildcard that names nothing is said, after a while if it was there before.
    private func missing(_ found: FileFinder.Result, _ time: SourceTime, _ output: inout SourceOutput) {
        let now = Set(found.missing.map(\.path))
        for (path, _) in found.missing {
            let since = missingSince[path] ?? time.monotonic
            missingSince[path] = since
            let wasThere = lastAtPath[path] != nil
            if !wasThere || time.monotonic >= since + options.missingGrace {
                say(.unreadable, path, path, "cannot read \(path): it is not there", &output)
            }
        }
        for path in missingSince.keys where !now.contains(path) { missingSince[path] = nil }
    }

    private func rememberPatterns(_ output: inout SourceOutput) {
        let now = Set(options.patterns.map(\.path))
        for pattern in now where knownPatterns.insert(pattern).inserted {
            output.move(.pattern(pattern))
        }
        for pattern in knownPatterns where !now.contains(pattern) {
            knownPatterns.remove(pattern)
            output.forget(SourceCheckpoint.pattern(pattern).key)
        }
    }

    /// Closes what left its path and has been quiet since.
    private func retire(_ time: SourceTime, _ output: inout SourceOutput) {
        for file in files.values where !file.isCurrent && file.isDrained && !file.isQueued {
            guard let left = file.leftAt else { continue }
            let isDeleted = ((try? file.descriptor.status().links) ?? 0) == 0
            let keep = isDeleted ? options.keepDeleted : options.keepRotated
            guard time.monotonic >= max(left, file.lastGrowth) + keep else { continue }
            if let watch = file.watch { watches.unwatch(watch) }
            files[file.key] = nil
            if isDeleted {
                output.forget(file.key.text)
            } else {
                remembered[file.key] = file.checkpoint
            }
        }
    }
}
