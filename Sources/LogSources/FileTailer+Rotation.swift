// Generations of one log: which rotated files hold text that was not handed over, and in which order they are read.
// A generation is found by identity (device, inode, beginning, bytes before the offset), a copy by its content. One that
// was never seen is read whole if it was written after its log was last seen at its path.

import Formats
import Glibc
import Platform
import Records

extension FileTailer {
    /// A rotated file beside a log.
    private struct Generation {
        var path: String
        var descriptor: Descriptor
        var status: FileStatus
        var key: FileKey { FileKey(status) }

        /// Where everything in it was read.
        func end(seen: Timestamp) -> FileCheckpoint? {
            guard var end = try? FileIdentity.checkpoint(at: status.size, of: descriptor, status) else { return nil }
            end.seen = seen
            return end
        }
    }

    /// The uncompressed generations beside `path` that `wanted` asks for, oldest first.
    private func generations(of path: String, where wanted: (FileStatus) -> Bool) -> [Generation] {
        let (folder, base) = Files.split(path)
        var all: [Generation] = []
        for name in listing(of: folder)[base] ?? [] {
            let path = folder == "/" ? "/" + name : folder + "/" + name
            guard let seen = (try? FileStatus.of(path)) ?? nil, seen.isRegular, wanted(seen),
                let descriptor = try? Descriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY),
                let status = try? descriptor.status(), status.isRegular
            else { continue }
            all.append(Generation(path: path, descriptor: descriptor, status: status))
        }
        return all.sorted { a, b in
            RotatedNames.isOlder(a.path, than: b.path) ?? (a.status.modified < b.status.modified)
        }
    }

    /// The generations in a folder by their logs; listed once in a scan, for a thousand logs may rotate at once.
    private func listing(of folder: String) -> [String: [String]] {
        if let listed = listings[folder] { return listed }
        var byLog: [String: [String]] = [:]
        for name in (try? Files.list(folder)) ?? [] {
            for base in RotatedNames.bases(of: name) { byLog[base, default: []].append(name) }
        }
        listings[folder] = byLog
        return byLog
    }

    /// Opens what was not read of the generations of `path`, each after the one before. `before` was the file at the
    /// path until now, `stranger` is it now, and is not open yet. Returns the last of them, which the file at the path has to wait for.
    func findGenerations(
        of stranger: Stranger, before: FileKey?, _ time: SourceTime, _ output: inout SourceOutput
    ) -> FileKey? {
        let (path, replacing) = (stranger.path, stranger.key)
        guard let before else { return nil }
        var lost: FileCheckpoint?
        if let open = files[before], before != replacing {
            // Truncated and then rotated, between two looks: what was cut off comes first.
            if !FileIdentity.holds(open.descriptor, open.checkpoint) { replaced(open, time, &output) }
            return openGenerations(
                of: path, beside: stranger, seen: open.seenBefore, after: before, lost: &lost, time, &output)
        }
        lost = remembered[before]
        let seen = lost?.seen ?? time.wall
        let last = openGenerations(
            of: path, beside: stranger, seen: seen, after: nil, lost: &lost, time, &output)
        if let lost { giveUp(lost, &output) }
        return last
    }

    /// No file holds what `lost` remembers.
    private func giveUp(_ lost: FileCheckpoint, _ output: inout SourceOutput) {
        if lost.headLength > 0 {
            gap(
                lost.path,
                "\(lost.path) was replaced, truncated or removed while it was not read, and no rotated file holds what "
                    + "followed byte \(lost.offset).",
                &output)
        }
        remembered[FileKey(lost)] = nil
        output.forget(FileKey(lost).text)
    }

    private func openGenerations(
        of path: String, beside stranger: Stranger? = nil, seen: Timestamp, after first: FileKey?,
        lost: inout FileCheckpoint?, _ time: SourceTime, _ output: inout SourceOutput
    ) -> FileKey? {
        var last = first
        let lostKey = lost.map { FileKey($0) }
        let unread = generations(of: path) { status in
            let key = FileKey(status)
            if files[key] != nil || ignored[key] == status.modified { return false }
            // The one that was read last is followed on, for its program may write to it until it is told.
            guard let known = remembered[key], status.size == known.offset, key != lostKey else { return true }
            // Read to its end, unless it is another file with this inode.
            return verified[key] != status.modified
        }
        for generation in unread where files[generation.key] == nil {
            let start: FileCheckpoint?
            if let known = remembered[generation.key], known.headLength > 0,
                FileIdentity.holds(generation.descriptor, known)
            {
                if lostKey == generation.key { lost = nil }
                if known.offset == generation.status.size, lostKey != generation.key {
                    verified[generation.key] = generation.status.modified
                    continue
                }
                start = known
            } else if let missing = lost, missing.headLength > 0, FileIdentity.holds(generation.descriptor, missing) {
                // copytruncate: another inode, the same content.
                lost = nil
                remembered[FileKey(missing)] = nil
                start = missing
            } else if let missing = lost, isWhollyRead(generation, missing, among: unread) {
                start = generation.end(seen: seen)
            } else if generation.status.size > 0,
                generation.status.modified + .milliseconds(100) > seen || unreadCopies.contains(generation.key)
            {
                // The kernel stamps files with the time of its last tick: a little early. One that is empty may be the
                // beginning of a copy.
                beforeComparing?()
                let isCopy = copyIsUnread(generation, path, stranger, replacing: lostKey)
                // Looked at behind the comparison: only what still holds all that was read of it was there to be
                // compared with.
                if lostKey == nil, let cut = truncatedFile(path) {
                    replaced(cut, after: last, time, &output)
                    return cut.predecessor ?? last
                }
                if let isUnread = isCopy {
                    if isUnread { unreadCopies.insert(generation.key) } else { unreadCopies.remove(generation.key) }
                    continue
                }
                start = nil
            } else {
                continue
            }
            unreadCopies.remove(generation.key)
            remembered[generation.key] = nil
            last = open(generation, path: path, from: start, seen: seen, after: last, time, &output)
        }
        return last
    }

    /// Whether this is a copy, complete or on its way, of an open file or of the stranger that is about to be opened:
    /// such a copy holds nothing that is not read there. nil if it is none; true if nothing was read of the original
    /// yet, so that its truncation would not be noticed by what it holds.
    private func copyIsUnread(
        _ generation: Generation, _ path: String, _ stranger: Stranger?, replacing: FileKey?
    ) -> Bool? {
        func isCopy(of original: Descriptor) -> Bool {
            FileIdentity.isCopy(generation.descriptor, of: original, candidateSize: generation.status.size)
        }
        if let stranger, isCopy(of: stranger.descriptor) { return true }
        let original = files.values.first { $0.path == path && isCopy(of: $0.descriptor) }
        return original.map { $0.key == replacing || $0.checkpoint.headLength == 0 }
    }

    /// An open file of this log that does not hold any more what was read of it.
    private func truncatedFile(_ path: String) -> TailedFile? {
        files.values.first { $0.path == path && !FileIdentity.holds($0.descriptor, $0.checkpoint) }
    }

    /// Whether this is a copy that ends before what was read of its original: lines came, and were read, between the
    /// copying and the truncation. There is one copy: if another holds all that was read, this is none.
    private func isWhollyRead(
        _ generation: Generation, _ missing: FileCheckpoint, among all: [Generation]
    ) -> Bool {
        let size = generation.status.size
        guard missing.headLength > 0, size > 0, size < missing.offset,
            !all.contains(where: { FileIdentity.holds($0.descriptor, missing) })
        else { return false }
        let file = files[FileKey(missing)]
        if let mark = file?.marks.last(where: { $0.offset <= size && Int64($0.headLength) <= size }) {
            return FileIdentity.holds(generation.descriptor, mark)
        }
        let length = Int(min(Int64(missing.headLength), size))
        guard let head = try? generation.descriptor.read(at: 0, upTo: length), head.count == length else {
            return false
        }
        if length == missing.headLength { return FileIdentity.checksum(head) == missing.headChecksum }
        return file.map { $0.head.starts(with: head) } ?? false
    }

    private func open(
        _ generation: Generation, path: String, from start: FileCheckpoint?, seen: Timestamp, after: FileKey?,
        _ time: SourceTime,
        _ output: inout SourceOutput
    ) -> FileKey {
        let file = TailedFile(
            descriptor: generation.descriptor, status: generation.status, path: path, placedAt: generation.path,
            pattern: finder.pattern(for: path) ?? FilePattern(path), checkpoint: start,
            seen: min(seen, start?.seen ?? seen), time: time)
        file.isCurrent = false
        file.leftAt = time.monotonic
        file.predecessor = after
        file.watch = watches.watch(file.descriptor, file.key)
        files[file.key] = file
        note(file.checkpoint, &output)
        enqueue(file)
        return file.key
    }

    /// The open file does not hold what was read of it: truncated in place, or its inode used again. What was not read
    /// before that may be in a copy.
    func replaced(
        _ file: TailedFile, after before: FileKey? = nil, _ time: SourceTime, _ output: inout SourceOutput
    ) {
        var lost: FileCheckpoint? = file.checkpoint
        let unread = file.behind
        let seen = file.seenBefore
        listings = [:]
        defer { listings = [:] }
        file.predecessor = openGenerations(of: file.path, seen: seen, after: before, lost: &lost, time, &output)
        if lost != nil, unread > 0 {
            gap(
                file.path,
                "\(file.path) was truncated before its last \(unread) bytes were read, and no copy of them is there.",
                &output)
        }
        file.restart()
        note(file.checkpoint, &output)
    }

    /// At the start: logs that were rotated away and not begun again, and rows of files that are gone.
    func findLostGenerations(_ time: SourceTime, _ output: inout SourceOutput) {
        let waiting = Dictionary(grouping: remembered.values, by: \.path)
        for (path, checkpoints) in waiting {
            guard finder.pattern(for: path) != nil else {
                // Not watched any more.
                for checkpoint in checkpoints {
                    remembered[FileKey(checkpoint)] = nil
                    output.forget(FileKey(checkpoint).text)
                }
                continue
            }
            let isThere = lastAtPath[path].flatMap { files[$0] } != nil
            let newest = checkpoints.map(\.seen).max() ?? time.wall
            var lost = isThere ? nil : lastAtPath[path].flatMap { remembered[$0] }
            _ = openGenerations(
                of: path, seen: isThere ? time.wall : newest, after: nil, lost: &lost, time, &output)
            if let lost { giveUp(lost, &output) }
            forgetGone(checkpoints, path, &output)
        }
    }

    /// Rows of generations that were deleted or compressed meanwhile.
    private func forgetGone(_ checkpoints: [FileCheckpoint], _ path: String, _ output: inout SourceOutput) {
        let there = Set(generations(of: path) { _ in true }.map(\.key))
        for checkpoint in checkpoints {
            let key = FileKey(checkpoint)
            guard remembered[key] != nil, !there.contains(key), lastAtPath[path] != key else { continue }
            remembered[key] = nil
            output.forget(key.text)
        }
    }

    /// Generations that came since the last look without their log having been found another (truncated twice, or rotated
    /// away again at once), and those that grew after they were closed. Asked where a folder has changed, and of all on
    /// the timer.
    func accountForGenerations(_ time: SourceTime, _ output: inout SourceOutput) {
        let isTimed = time.monotonic >= lastAccount + options.rescanInterval
        if isTimed { lastAccount = time.monotonic }
        var changed: [String: Bool] = [:]
        for (path, key) in lastAtPath {
            let (folder, name) = Files.split(path)
            if changed[folder] == nil { changed[folder] = hasChanged(folder, time) || isTimed }
            guard changed[folder] == true, listing(of: folder)[name] != nil else { continue }
            var none: FileCheckpoint?
            guard let file = files[key] else {
                let seen = remembered[key]?.seen ?? time.wall
                _ = openGenerations(of: path, seen: seen, after: nil, lost: &none, time, &output)
                continue
            }
            guard FileIdentity.holds(file.descriptor, file.checkpoint) else {
                replaced(file, time, &output)
                continue
            }
            if let last = openGenerations(of: path, seen: file.seenBefore, after: nil, lost: &none, time, &output),
                file.isCurrent
            {
                file.predecessor = last
            }
        }
    }

    /// A change within the last second may be followed by another that leaves the same time.
    private func hasChanged(_ folder: String, _ time: SourceTime) -> Bool {
        let modified = ((try? FileStatus.of(folder)) ?? nil)?.modified
        defer { folderTimes[folder] = modified }
        return modified != folderTimes[folder] || modified.map { $0 + .seconds(1) > time.wall } ?? true
    }

    /// At the first sight of a log: generations that came since the last look (it appeared and rotated in between) are
    /// read, older ones are not.
    func firstGenerations(
        of path: String, _ lastLook: Timestamp?, _ time: SourceTime, _ output: inout SourceOutput
    ) -> FileKey? {
        var none: FileCheckpoint?
        let last = lastLook.flatMap {
            openGenerations(of: path, seen: $0, after: nil, lost: &none, time, &output)
        }
        for generation in generations(of: path, where: { files[FileKey($0)] == nil })
        where !unreadCopies.contains(generation.key) {
            ignored[generation.key] = generation.status.modified
        }
        return last
    }

    /// The watched log whose rotated generation stands at `path`.
    func logOfGeneration(_ path: String, among others: Set<String> = []) -> String? {
        let (folder, name) = Files.split(path)
        return RotatedNames.bases(of: name).lazy.map { folder == "/" ? "/" + $0 : folder + "/" + $0 }
            .first { lastAtPath[$0] != nil || others.contains($0) }
    }

    /// Whether this is a copy of a log that is being made (copytruncate, matched by the glob itself): it is looked at
    /// when the log is found truncated, and is no log of its own until then.
    func isUnfinishedCopy(_ stranger: Stranger) -> Bool {
        guard let log = logOfGeneration(stranger.path), let file = lastAtPath[log].flatMap({ files[$0] }) else {
            return false
        }
        if stranger.status.size == 0 { return true }
        return FileIdentity.isCopy(stranger.descriptor, of: file.descriptor, candidateSize: stranger.status.size)
    }
}
