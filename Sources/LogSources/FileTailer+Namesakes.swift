// Logs whose names read like those of another log's generations: worker-1.log beside worker.log, app.1.log beside
// app.log, laravel-2026-11-22.log beside laravel.log. Some rotation gives such names too, so names do not tell. Must stay
// true: what stands at a matched path is read as a log of its own, unless only rotation gives such a name, or it holds
// nothing but text of the other log.

import Formats
import Platform
import Records

extension FileTailer {
    /// The watched logs of which `path` may be a generation, by its name. Where it is certain of one, it is no log of its
    /// own.
    func namesakes(of path: String, isWatched: (String) -> Bool) -> (all: [String], certain: [String]) {
        let (folder, name) = Files.split(path)
        let readings = RotatedName.readings(of: name).filter { isWatched(LogFile.join(folder, $0.base)) }
        let certain = finder.isWrittenOut(path) ? [] : readings.filter(\.isCertain)
        return (readings.map { LogFile.join(folder, $0.base) }, certain.map { LogFile.join(folder, $0.base) })
    }

    /// Whether the log `path` may be a generation of `log`, by its name and folder.
    func mayBeGeneration(_ path: String, of log: WatchedLog) -> Bool {
        let (folder, name) = Files.split(path)
        return log.pattern.generationFolders(Files.split(log.path).directory).contains(folder)
            && RotatedName.readings(of: name).contains { $0.base == Files.split(log.path).name }
    }

    /// The watched logs that may be generations of `log`, taken for logs of their own.
    func namesakes(of log: WatchedLog) -> [WatchedLog] {
        logs.namesakes(of: Files.split(log.path).name).filter { $0 !== log && mayBeGeneration($0.path, of: log) }
    }

    /// Whether what stands at the path of a generation of `log` is read otherwise, unless it holds text of that log: as a
    /// log of its own, or as a generation of one with a longer name (app-1.log of app-1-20261121.log, which may be of
    /// app.log too).
    func isOthers(_ generation: Generation, than log: String) -> Bool {
        if generation.name.isCertain { return finder.isWrittenOut(generation.path) }
        if !generation.isCompressed, finder.pattern(for: generation.path) != nil { return true }
        if generation.name.isDated { return false }
        let home = Files.split(log).directory
        return RotatedName.readings(of: Files.split(generation.path).name).contains { other in
            (other.isCertain || other.isDated) && logs[LogFile.join(home, other.base)]?.isKnown ?? false
        }
    }

    /// Lets go of a file of which nothing was read, if it is a copy of another log's text. It may be one that is on its
    /// way, or a log that begins equally: it is looked at again when it grows.
    func yield(_ file: TailedFile, _ output: inout SourceOutput) -> Bool {
        guard file.isCurrent, file.isNew, file.checkpoint.offset == 0, let descriptor = file.descriptor,
            isCopy(descriptor, at: file.path)
        else { return false }
        letGo(file)
        copies[file.key] = watches.watch(descriptor, file.key) ?? -1
        if let log = logs[file.path] {
            forgetRow(file.key, of: log, &output)
            if !log.isKnown { logs[file.path] = nil }
        }
        return true
    }

    /// Whether a file that was such a copy is one still.
    func isStillCopy(_ key: FileKey, at path: String) throws(SystemError) -> Bool {
        guard copies[key] != nil, closedTexts(key).isEmpty else { return false }
        let descriptor = try LogFile.open(path)
        guard FileKey(try descriptor.status()) == key else { return false }
        return isCopy(descriptor, at: path)
    }

    /// Forgets those that no path names any more, or that are read by now.
    func dropCopies(but found: Set<FileKey>) {
        for (key, watch) in copies where !found.contains(key) {
            copies[key] = nil
            watches.unwatch(watch)
        }
    }

    private func isCopy(_ descriptor: Descriptor, at path: String) -> Bool {
        namesakes(of: path) { logs[$0]?.isKnown ?? false }.all.contains { base in
            logs[base].map { holdsOnlyText(of: $0, descriptor) } ?? false
        }
    }

    private func holdsOnlyText(of log: WatchedLog, _ descriptor: Descriptor) -> Bool {
        guard let size = try? descriptor.status().size, size > 0 else { return false }
        var sought = log.astray.map(\.checkpoint)
        var known = Array(log.closed.values)
        for file in log.open.compactMap({ files[$0] }) {
            if !file.stillHolds {
                // Truncated since it was read.
                sought.append(file.checkpoint)
            } else if let original = file.descriptor, descriptor.isCopy(of: original, size: size) {
                return true
            } else if !file.isCurrent {
                known.append(file.checkpoint)
            }
        }
        // What is looked for may have grown before it was copied; what is known is all that its file held.
        // Of a text of which nothing was told a few bytes may be known, and another log begins with them too.
        return sought.contains { $0.offset > 0 && size >= $0.offset && descriptor.holds($0) }
            || (sought + known).contains {
                size <= $0.offset && $0.marks.distinguish(size) && descriptor.agrees(with: $0.marks, size: size)
            }
    }
}
