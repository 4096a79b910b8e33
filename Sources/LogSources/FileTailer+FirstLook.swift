// What was rotated before its log was looked at first is not told. No time says what that is, for clocks are set and files
// bear the times of other hosts, and no name, for they do not always ascend: each generation is noted that stands there,
// whether its log does or not. It is noted as long as it is there, under whatever name.

import Formats
import Platform
import Records

extension FileTailer {
    /// Before a scan looks at files: what is passed over where nobody looked before.
    func passOverUnseen(_ found: FileFinder.Result, _ time: SourceTime, _ output: inout SourceOutput) {
        let unknown = options.patterns.filter { knownPatterns[$0.path] == nil }
        if unknown.isEmpty, closedSince.isEmpty, found.closedFolders.isEmpty { return }
        let isThere = Set(found.files.map(\.path))
        for pattern in unknown {
            for home in FileFinder.folders(of: pattern) { passOver(pattern, in: home, isThere, &output) }
        }
        let closed = Set(found.closedFolders.map(\.path))
        for folder in closed where closedSince[folder] == nil {
            closedSince[folder] = time.wall
            output.move(.pattern(folder + "/", since: time.wall))
        }
        for (folder, since) in closedSince where !closed.contains(folder) {
            for pattern in options.patterns {
                let homes = FileFinder.folders(of: pattern).filter { ($0 + "/").hasPrefix(folder + "/") }
                for home in homes { passOver(pattern, in: home, isThere, before: since, &output) }
            }
            closedSince[folder] = nil
            output.forget(SourceCheckpoint.key(pattern: folder + "/"))
        }
        lister.forget()
    }

    /// Notes the generations of the logs in `home` that are named first by `pattern`, and of which nothing is
    /// known. Of a log that is not there only what most likely is a generation.
    /// - Parameter since: what was written later is unread: nobody might look then. The only question that is asked of
    ///   times, for nothing else tells.
    private func passOver(
        _ pattern: FilePattern, in home: String, _ isThere: Set<String>, before since: Timestamp? = nil,
        _ output: inout SourceOutput
    ) {
        for base in lister.bases(in: home, pattern) {
            let path = LogFile.join(home, base)
            guard pattern.names(path), finder.pattern(for: path) == pattern, logs[path]?.isKnown != true else {
                continue
            }
            for generation in lister.listed(of: path, pattern) where !isOthers(generation, than: path) {
                let isLikely = generation.name.isCertain || generation.name.isDated || isThere.contains(path)
                guard generation.status.size > 0, isLikely, !isReadAsLog(generation, isThere),
                    since.map({ generation.status.modified + Self.tick < $0 }) ?? true
                else { continue }
                notePassed(generation, log(at: path), &output)
            }
        }
    }

    /// Files are stamped with the time of the kernel's last tick: a little early.
    private static let tick = Duration.milliseconds(100)

    /// Whether a scan that finds the files `isThere` takes a generation, whose log is not there, for a log of its own.
    private func isReadAsLog(_ generation: Generation, _ isThere: Set<String>) -> Bool {
        guard isThere.contains(generation.path), !generation.isCompressed else { return false }
        return namesakes(of: generation.path) { isThere.contains($0) || logs[$0]?.isKnown ?? false }.certain.isEmpty
    }

    /// Of an archive its own bytes are remembered, without running its program.
    func notePassed(
        _ generation: Generation, isCopy: Bool = false, _ log: WatchedLog, _ output: inout SourceOutput
    ) {
        var row = FileCheckpoint(path: log.path, device: generation.status.device, inode: generation.status.inode)
        (row.isRotated, row.isFinished, row.isPassedOver, row.isCopy) = (true, true, true, isCopy)
        if let descriptor = try? generation.open(), let end = descriptor.end {
            row.born = descriptor.born
            if generation.isCompressed {
                row.archive = end
            } else {
                row.marks.noteHead((try? descriptor.read(at: 0, upTo: TextMark.headLength)) ?? [])
                row.marks.noteRead(end)
                row.offset = end.offset
                // In mid-line the rest of that line is no line.
                row.skipsLine = (try? descriptor.read(at: end.offset - 1, upTo: 1)) != [0x0a]
            }
        }
        keepClosed(row, of: log)
        note(row, &output)
    }

    /// Databases of before say of each way of naming only which was the newest that is passed over.
    func passOverOlder(_ survey: inout GenerationSurvey, _ log: WatchedLog, _ output: inout SourceOutput) {
        for (place, generation) in survey.chain.enumerated() {
            let row = log.closed[generation.key] ?? survey.unread.first { $0.index == place }?.start
            guard row?.passesOlder ?? false else { continue }
            for index in survey.chain.indices[place...] where survey.chain[index].name.scheme == generation.name.scheme
            {
                if index != place, !survey.isNew(index) { continue }
                survey.know(index)
                notePassed(survey.chain[index], log, &output)
            }
        }
    }
}
