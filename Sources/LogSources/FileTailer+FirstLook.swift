// What was rotated before its log was looked at first is not told. No time says what that is, for clocks are set and files
// bear the times of other hosts: the newest generation of each naming scheme is noted, whether its log is there or not,
// and all that comes after it is new. It is noted as long as it stands there, under whatever name.

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

    /// Notes the newest generations of the logs in `home` that are named first by `pattern`, and of which nothing is
    /// known. Of a log that is not there only what certainly is a generation.
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
            var schemes: Set<RotatedName.Scheme> = []
            for generation in lister.listed(of: path, pattern) where !isOthers(generation, than: path) {
                guard generation.status.size > 0, generation.name.isCertain || isThere.contains(path),
                    since.map({ generation.status.modified + Self.tick < $0 }) ?? true,
                    schemes.insert(generation.name.scheme).inserted
                else { continue }
                notePassed(generation, log(at: path), &output)
            }
        }
    }

    /// Files are stamped with the time of the kernel's last tick: a little early.
    private static let tick = Duration.milliseconds(100)

    private func notePassed(_ generation: Generation, _ log: WatchedLog, _ output: inout SourceOutput) {
        var row = FileCheckpoint(path: log.path, device: generation.status.device, inode: generation.status.inode)
        (row.isRotated, row.isFinished, row.isPassedOver) = (true, true, true)
        // Of an archive that is not its text's length: it is known by its size, without running its program.
        row.offset = generation.status.size
        if !generation.isCompressed, let descriptor = try? generation.open() {
            row.marks.noteHead((try? descriptor.read(at: 0, upTo: TextMark.headLength)) ?? [])
            let window = TextMark.window(at: row.offset)
            if let end = try? descriptor.read(at: window.lowerBound, upTo: window.count), end.count == window.count {
                row.marks.noteRead(TextMark(offset: row.offset, checksum: TextMark.checksum(end)))
            }
        }
        log.passed[generation.key] = row
        note(row, &output)
    }

    /// Finds what was passed over among the generations: it, and all before it, are not unread. False: it cannot be told
    /// now.
    func recognisePassed(_ survey: inout GenerationSurvey, _ log: WatchedLog, _ output: inout SourceOutput) -> Bool {
        for (key, row) in log.passed {
            let index = survey.byPassing(row)
            if survey.isStarved { return false }
            if let index { survey.passOver(index) }
            if let index, survey.chain[index].key == key { continue }
            // It was copied or compressed; or it is gone, and with it all before it.
            log.passed[key] = nil
            if log.closed[key] == nil, files[key]?.path != log.path,
                !log.astray.contains(where: { FileKey($0.checkpoint) == key })
            {
                output.forget(key.row(of: log.path))
            }
            if let index { notePassed(survey.chain[index], log, &output) }
        }
        return true
    }
}
