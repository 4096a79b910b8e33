// A file at a matched path, named like another log's generation, that holds nothing but what that log does: a copy, perhaps
// on its way (logrotate's `copytruncate` with `extension`), or a log of its own in which the same was written? Two workers
// that fail alike write alike. Must stay true: nothing is held back for good that may be a log of its own, for twice is
// better than lost. It is a copy for good only where long text that bears times is equal, and it never grew with the other
// log; what else is equal is held back for as long as copying takes, and is told where it goes meanwhile
// (FileTailer+HeldBack); and what is held back stands in the status.

import Formats
import Platform
import Records

/// A file at a matched path that is held back, for it may be a copy.
struct HeldCopy {
    /// Tells when it grows.
    var watch: Int32
    var path: String
    /// The log whose text it holds.
    var log: String
    var size: Int64
    /// When it was held back first as what it is now, and when it was first seen so long, if it was not whole then.
    var first: Duration
    var since: Duration
    /// It held all that the file at the log's path did.
    var isWhole: Bool
    /// It is a copy for as long as it does not grow.
    var isSure: Bool
    /// Of a text that is looked for: whose it is will be known soon.
    var isSought: Bool
    /// The file, as long as it may be a log, and descriptors are left: removed, it is read there.
    var descriptor: Descriptor?
    /// What stands in it, where that is little: truncated, that is told.
    var text: [UInt8] = []

    /// How long copying may stand still: large copies are written out before the log is truncated.
    private var patience: Duration { min(.seconds(60), Self.leastPatience + .seconds(size >> 25)) }
    static let leastPatience = Duration.seconds(5)

    /// When it is a log of its own, if nothing else becomes of it.
    var due: Duration? {
        if isSure { return nil }
        let last = first + patience * 12
        return isSought ? last : min(since + patience, last)
    }

    /// Whether it was a whole copy at rest, which does not grow again.
    func hasRested(_ now: Duration) -> Bool { isWhole && now >= since + patience }
}

extension FileTailer {
    /// How a file resembles a log.
    struct Likeness {
        var log: String
        var isWhole = false
        /// Of a text that is looked for: it stands here, or elsewhere.
        var isSought = false
        var isSure = false
    }

    /// What a file that was held back is now.
    enum HeldBack { case copy, log, other }

    /// When a file that is held back is to be looked at again; nil: none is but what is surely a copy.
    var heldDue: Duration? { copies.isEmpty ? nil : copies.values.lazy.compactMap(\.due).min() }

    /// Whether files are held back that may be logs yet.
    package var isHoldingBack: Bool { heldDue != nil }

    /// Lets go of a file of which nothing was read, if it may be a copy of another log's text. It is looked at again when
    /// it grows, and in time.
    func yield(_ file: TailedFile, _ time: SourceTime, _ output: inout SourceOutput) -> Bool {
        guard file.isCurrent, file.isNew, file.checkpoint.offset == 0, !file.isItsOwn, let descriptor = file.descriptor
        else { return false }
        // What is copied is not empty for long.
        if let since = file.emptySince, time.monotonic >= since + HeldCopy.leastPatience {
            file.isItsOwn = true
            return false
        }
        guard let likeness = likeness(of: descriptor, at: file.path) else { return false }
        letGo(file)
        let watch = watches.watch(descriptor, file.key) ?? -1
        hold(file.key, at: file.path, descriptor, likeness, watch, time)
        if let log = logs[file.path] {
            forgetRow(file.key, of: log, &output)
            if !log.isKnown { logs[file.path] = nil }
        }
        return true
    }

    /// Which log's text a file may be a copy of. One that is written out in the settings is none.
    func likeness(of descriptor: Descriptor, at path: String) -> Likeness? {
        guard !finder.isWrittenOut(path), let size = try? descriptor.status().size, size > 0 else { return nil }
        let logs = namesakes(of: path) { self.logs[$0]?.isKnown ?? false }.all.compactMap { self.logs[$0] }
        for log in logs {
            guard var likeness = likeness(of: descriptor, size, to: log) else { continue }
            // Less may be written alike in one second.
            if size >= TextMark.headLength, !likeness.isSought, GenerationSurvey.bearsTimes(descriptor) {
                likeness.isSure = true
            }
            return likeness
        }
        return nil
    }

    private func likeness(of descriptor: Descriptor, _ size: Int64, to log: WatchedLog) -> Likeness? {
        var sought = log.astray.map(\.checkpoint)
        var known = Array(log.closed.values)
        for file in log.open.compactMap({ files[$0] }) {
            if !file.stillHolds {
                // Truncated since it was read.
                sought.append(file.checkpoint)
            } else if let original = file.descriptor, descriptor.isCopy(of: original, size: size) {
                let status = try? original.status()
                // Where that is deleted, it was copied before (logrotate's `renamecopy`): known when it is closed.
                return Likeness(log: log.path, isWhole: status?.size == size, isSure: status?.links == 0)
            } else if !file.isCurrent {
                known.append(file.checkpoint)
            }
        }
        // What is looked for may have grown before it was copied; what is known is all that its file held.
        // Of a text of which nothing was told a few bytes may be known, and another log begins with them too.
        func isBeginning(of text: FileCheckpoint) -> Bool {
            size <= text.offset && text.marks.distinguish(size) && descriptor.agrees(with: text.marks, size: size)
        }
        if sought.contains(where: {
            ($0.offset > 0 && size >= $0.offset && descriptor.holds($0)) || isBeginning(of: $0)
        }) {
            return Likeness(log: log.path, isSought: true)
        }
        return known.contains(where: isBeginning) ? Likeness(log: log.path) : nil
    }
}
