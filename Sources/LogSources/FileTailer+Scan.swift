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
        for file in files.values where file.isCurrent && !present.contains(file.key) { leave(file, time) }
        // Logs before their generations (app.log before app.log.1): whether a file is a generation is asked of the log.
        for stranger in strangers.sorted(by: { $0.path.utf8.count < $1.path.utf8.count }) {
            admit(stranger, time, &output)
        }
        if !startedUp { findLostGenerations(time, &output) }
        missing(found, time, &output)
        for name in found.unreadableNames {
            say(.unreadable, name, name, "cannot watch \(name): its name is not UTF-8", &output)
        }
        rememberPatterns(&output)
        retire(time, &output)
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
        file.placedAt = path
        file.leftAt = nil
        // Matched under its rotated name too, it is still read, under the name it had.
        lastAtPath[path] = file.key
        guard path == file.path else { return }
        file.isCurrent = true
        file.checkpoint.seen = time.wall
    }

    /// The file is not at its path any more: it is read to its end, and held for a while.
    private func leave(_ file: TailedFile, _ time: SourceTime) {
        file.isCurrent = false
        file.isDrained = false
        file.leftAt = time.monotonic
        enqueue(file)
    }

    /// Takes up a file that is not open: where to begin, and after which other.
    private func admit(_ stranger: Stranger, _ time: SourceTime, _ output: inout SourceOutput) {
        if files[stranger.key] != nil { return }  // taken up as a generation meanwhile
        if let known = remembered[stranger.key], FileIdentity.holds(stranger.descriptor, known) {
            remembered[stranger.key] = nil
            open(stranger, known, time)
            return
        }
        if isUnfinishedCopy(stranger) { return }
        let before = lastAtPath[stranger.path]
        if let before, let last = files[before], last.path == stranger.path {
            (last.isCurrent, last.isDrained) = (false, false)
            enqueue(last)
        }
        let last = findGenerations(of: stranger.path, before: before, replacing: stranger.key, time, &output)
        if files[stranger.key] != nil { return }
        let file = open(stranger, nil, time)
        file.predecessor = last
        if before == nil, !knownPatterns.contains(stranger.pattern.path), options.startsAtEnd {
            do throws(SystemError) {
                try file.startAtEnd(lineLimit: options.lineLimit)
            } catch {
                say(.unreadable, stranger.path, stranger.path, error.description, &output)
            }
        }
        note(file.checkpoint, &output)
    }

    @discardableResult
    private func open(_ stranger: Stranger, _ checkpoint: FileCheckpoint?, _ time: SourceTime) -> TailedFile {
        let path =
            checkpoint.flatMap { RotatedNames.sameFolder($0.path, stranger.path) ? $0.path : nil } ?? stranger.path
        let file = TailedFile(
            descriptor: stranger.descriptor, status: stranger.status, path: path, placedAt: stranger.path,
            pattern: stranger.pattern, checkpoint: checkpoint, time: time)
        file.watch = watches.watch(file.descriptor, file.key)
        files[file.key] = file
        remembered[file.key] = nil
        lastAtPath[stranger.path] = file.key
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

extension RotatedNames {
    static func sameFolder(_ a: String, _ b: String) -> Bool { Files.split(a).directory == Files.split(b).directory }
}
