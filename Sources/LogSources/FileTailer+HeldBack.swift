// What becomes of a file that is held back. It may be a log of which nothing was told: what is removed or replaced
// meanwhile is read from its descriptor, and what is truncated is told from memory, or said to be lost. Nothing copies a
// log and removes the copy within seconds, but to compress it: the archive stands beside it then.

import Formats
import Platform
import Records

extension FileTailer {
    /// What a file that was held back is now; nil where it was not.
    func heldBack(
        _ key: FileKey, at path: String, _ time: SourceTime, _ output: inout SourceOutput
    ) throws(SystemError) -> HeldBack? {
        guard let held = copies[key] else { return nil }
        guard closedTexts(key).isEmpty else { return .other }
        let descriptor = try LogFile.open(path)
        let status = try descriptor.status()
        if FileKey(status) == key, !held.isSure, isTruncated(held, descriptor) {
            tellText(of: held, status, time, &output)
            return .log
        }
        guard FileKey(status) == key, let likeness = likeness(of: descriptor, at: path) else { return .other }
        let hasGrown = status.size > held.size
        if hasGrown, held.hasRested(time.monotonic), !likeness.isSought { return .log }
        hold(key, at: path, descriptor, likeness, held.watch, time)
        return copies[key]?.due.map { time.monotonic >= $0 } ?? false ? .log : .copy
    }

    func hold(
        _ key: FileKey, at path: String, _ descriptor: Descriptor, _ likeness: Likeness, _ watch: Int32,
        _ time: SourceTime
    ) {
        let (before, size) = (copies[key], (try? descriptor.status().size) ?? 0)
        // What is a copy in another way than it was is waited for anew: its log was truncated, or closed.
        let held = before.flatMap { ($0.isSure, $0.isSought) == (likeness.isSure, likeness.isSought) ? $0 : nil }
        // A copy on its way is not whole; what was whole and grows is no reason to wait longer.
        let isAsBefore = held.map { $0.size == size || $0.isWhole } ?? false
        let now = time.monotonic
        copies[key] = HeldCopy(
            watch: watch, path: path, log: likeness.log, size: size, first: held?.first ?? now,
            since: isAsBefore ? held?.since ?? now : now, isWhole: likeness.isWhole, isSure: likeness.isSure,
            isSought: likeness.isSought)
        keepWhatIsHeld(key, descriptor)
    }

    /// Forgets those that no path names any more, or that are read by now. What was removed is read.
    func dropCopies(
        but found: Set<FileKey>, _ strangers: Set<FileKey>, _ time: SourceTime, _ output: inout SourceOutput
    ) {
        for (key, held) in copies where !found.contains(key) {
            copies[key] = nil
            watches.unwatch(held.watch)
            if files[key] == nil, !strangers.contains(key) { readRemoved(held, key, time, &output) }
        }
    }

    private func readRemoved(_ held: HeldCopy, _ key: FileKey, _ time: SourceTime, _ output: inout SourceOutput) {
        guard !held.isSure, closedTexts(key).isEmpty, !isCompressed(held.path) else { return }
        guard let descriptor = held.descriptor, let status = try? descriptor.status() else {
            if !stands(key, at: held.path) { lose(held, &output) }
            return
        }
        // Renamed: it is a generation, or will be.
        guard status.links == 0, let pattern = finder.pattern(for: held.path) else { return }
        if isTruncated(held, descriptor) { return tellText(of: held, status, time, &output) }
        let log = log(at: held.path)
        let file = TailedFile(
            .file(descriptor), status: status, path: held.path, placedAt: held.path, pattern: pattern,
            checkpoint: nil, seen: seen(at: time), time: time)
        guard (try? file.meet()) ?? false else { return }
        (file.isCurrent, file.isAccounted, file.isNew, file.isItsOwn) = (false, true, false, true)
        file.leftAt = time.monotonic
        take(file, log)
        note(file.checkpoint, &output)
    }

    /// Whether the archive of a file stands in its place.
    private func isCompressed(_ path: String) -> Bool {
        Compression.allCases.contains { ((try? LogFile.status(path + $0.rawValue)) ?? nil) != nil }
    }

    private func isTruncated(_ held: HeldCopy, _ descriptor: Descriptor) -> Bool {
        guard let size = try? descriptor.status().size, size >= held.size else { return true }
        return !held.text.isEmpty && (try? descriptor.read(at: 0, upTo: held.text.count)) != held.text
    }

    /// Keeps of a file that may be a log what is needed to read it when it is removed or truncated.
    private func keepWhatIsHeld(_ key: FileKey, _ descriptor: Descriptor) {
        guard var held = copies[key], !held.isSure else { return }
        if files.count + copies.count < openLimit / 2 { held.descriptor = descriptor }
        // No line in it is longer than what is read of one.
        let limit = min(finder.pattern(for: held.path)?.lineLimit ?? 0, Self.mostText / copies.count)
        if held.size <= limit { held.text = (try? descriptor.read(at: 0, upTo: Int(held.size))) ?? [] }
        copies[key] = held
    }

    /// Of all that is held back, in bytes.
    private static let mostText = 4 << 20

    /// A file was truncated while it was held back: nobody does that to a copy.
    private func tellText(
        of held: HeldCopy, _ status: FileStatus, _ time: SourceTime, _ output: inout SourceOutput
    ) {
        if held.text.isEmpty { return lose(held, &output) }
        let format = finder.pattern(for: held.path).flatMap { $0.format == .auto ? nil : $0.format }
        let context = LineContext(
            format: format ?? LineFormat.recognised(in: held.text), readAt: time.wall, utcOffset: time.utcOffset)
        let lines = held.text.last == 0x0a ? held.text : held.text + [0x0a]
        let batch = RecordBatch(lines: lines, source: .file(held.path), context: context)
        var row = FileCheckpoint(path: held.path, device: status.device, inode: status.inode)
        row.seen = seen(at: time)
        output.deliver(batch, .file(row), isAgeTrusted: false)
    }

    private func lose(_ held: HeldCopy, _ output: inout SourceOutput) {
        gap(
            held.path,
            "\(LogPath.shown(held.path)) was truncated or removed before it was read: its \(held.size) bytes were the same "
                + "as in \(LogPath.shown(held.log)), and might have been a copy of that.", &output)
    }
}
