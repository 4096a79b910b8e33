// Which files are in the folder, what is new in them, and which are gone with entries that were not read.

import Formats
import Glibc
import Platform
import Records

extension JournalFolder {
    /// Files of one folder that are looked at; a collector has a few for each of its hosts.
    private static let fileLimit = 50_000

    /// The paths of the journal files in a folder and in those of its subfolders that are named after machines.
    package static func paths(in folder: String) throws(SystemError) -> [String] {
        var watches = JournalFolderWatches()
        return try watches.watch(folder)
    }

    /// Looks at what inotify names, at everything when it is time to.
    func look(at time: SourceTime, _ output: inout SourceOutput) {
        let hints = watches.hints()
        if hints.rescan || time.monotonic >= scanDue { return scan(at: time, &output) }
        for path in hints.changed { examine(path, &output) }
    }

    private func scan(at time: SourceTime, _ output: inout SourceOutput) {
        scanDue = options.nextLook(time)
        let paths: [String]
        do throws(SystemError) {
            // Watched before it is listed, so that nothing comes in between.
            paths = try watches.watch(options.place)
        } catch {
            return tell(JournalAccess.words(for: error, at: options.place), &output)
        }
        scans += 1
        var denied: SystemError?
        var fresh: [JournalFile] = []
        for path in paths.prefix(Self.fileLimit) {
            do throws(SystemError) {
                if let file = try found(path, &output), !file.isKnownToFolder { fresh.append(file) }
            } catch {
                if error.errno != ENOENT { denied = error }
            }
        }
        isPartial = denied != nil
        adopt(withoutCopies(fresh, &output), &output)
        let gone = files.values.filter { $0.seen != scans }
        if denied == nil { for file in gone { vanished(file, &output) } }
        if let denied { return tell(JournalAccess.words(for: denied, at: options.place), &output) }
        if denied == nil { forgetRows(&output) }
        guard fault != nil else { return }
        fault = nil
        for file in files.values where file.hasNews { file.isBacklog = true }
        output.notices.append(SourceNotice(source, .readable, "The \(name) is read again."))
    }

    /// A file of which inotify says that it changed.
    private func examine(_ path: String, _ output: inout SourceOutput) {
        guard let file = try? found(path, &output) else { return }
        if file.isKnownToFolder { enqueue(file) } else { adopt([file], &output) }
    }

    /// The file at `path`, its header fresh; nil when it is none. Of a copy, the file that is further.
    private func found(_ path: String, _ output: inout SourceOutput) throws(SystemError) -> JournalFile? {
        var raw = stat()
        try retrying("look at", path) { stat(path, &raw) }
        let status = FileStatus(raw)
        let identity = FileKey(status)
        if let file = byPath[path], file.identity == identity, file.isComplete || file.isBroken || file.isOpen {
            file.seen = scans
            file.refresh()
            if file.hasNews { enqueue(file) }
            return file
        }
        guard status.isRegular else { return nil }
        guard let header = try JournalFileHeader.read(try Descriptor.open(path, O_RDONLY | O_NONBLOCK)) else {
            return nil
        }
        let isWhole = UInt64(clamping: status.size) >= header.length
        guard let file = files[header.fileID] else {
            return JournalFile(header, path: path, identity: identity, isWhole: isWhole)
        }
        if file.path != path, isThere(file) {
            if file.identity == identity { return file }
            let isFurther = file.isSurpassed(by: header, isWhole) && file.givenUp[identity] != header.tail
            guard isFurther else {
                note(JournalCopy(path: path, identity: identity, header: header), of: file, &output)
                return file
            }
            let old = JournalCopy(path: file.path, identity: file.identity, header: file.header)
            place(file, JournalCopy(path: path, identity: identity, header: header), isWhole: isWhole)
            note(old, of: file, &output)
            return file
        }
        place(file, JournalCopy(path: path, identity: identity, header: header), isWhole: isWhole)
        return file
    }

    /// The file is read from there.
    func place(_ file: JournalFile, _ found: JournalCopy, isWhole: Bool) {
        if file.identity != found.identity { file.close() }
        if file.path != found.path { byPath[file.path] = nil }
        (file.path, file.identity, file.header, file.seen) = (found.path, found.identity, found.header, scans)
        file.isWhole = isWhole
        byPath[found.path] = file
        if !found.header.isArchived { file.isComplete = false }
        enqueue(file)
    }

    // MARK: New files

    /// Takes files in that were not known: where they are begun, and whether something before them is missing.
    private func adopt(_ fresh: [JournalFile], _ output: inout SourceOutput) {
        let isFirst = !isKnown
        if isFirst {
            isKnown = true
            output.move(.journal(.beforeAll(of: options.place)))
        }
        for file in fresh where files[file.id] == nil {
            (file.isKnownToFolder, file.seen) = (true, scans)
            files[file.id] = file
            byPath[file.path] = file
            if let row = stored.removeValue(forKey: file.id), row.sequenceID == file.sequenceID {
                file.position = row.sequence
                file.isComplete = row.isComplete && file.header.isArchived
            } else if isFirst {
                file.position = beginning(of: file)
                if file.position > 0 { output.move(file.checkpoint(options.place)) }
            } else {
                file.isNew = true
            }
        }
        for file in fresh where file.isNew {
            file.isNew = false
            tellMissing(before: file, &output)
        }
        for file in fresh where files[file.id] === file {
            if !file.hasNews || isNext(file) { file.isBacklog = false }
            enqueue(file)
        }
    }

    /// Whether its writer began it behind a file that is read to its end: a rotation while it is followed.
    private func isNext(_ file: JournalFile) -> Bool {
        files.values.contains {
            $0 !== file && $0.sequenceID == file.sequenceID && !$0.isBacklog && $0.header.tail < file.header.head
        }
    }

    /// Where a file is begun that was there at the first start.
    private func beginning(of file: JournalFile) -> UInt64 {
        switch options.start {
        case .beginning: return 0
        case .now: return file.header.entries > 0 ? file.header.tail : 0
        case .boot:
            guard file.header.entries > 0 else { return 0 }
            guard file.header.tailBoot == JournalHandle.thisBoot else { return file.header.tail }
            let found = try? file.positionBeforeThisBoot(options)
            return found.flatMap { $0 } ?? file.header.tail
        }
    }

    /// A writer's numbers have no holes: where those before a new file's are in no file, and were not read, files came
    /// and went unseen.
    private func tellMissing(before file: JournalFile, _ output: inout SourceOutput) {
        let first = file.header.head
        // They may be in a file that may not be read, which is said.
        guard !isPartial, file.header.entries > 0, first > 1 else { return }
        var reached: UInt64 = 0
        for other in files.values where other !== file && other.sequenceID == file.sequenceID {
            other.refresh()
            guard other.header.entries > 0, other.header.head < first else { continue }
            reached = max(reached, min(other.header.tail, first - 1))
        }
        for row in stored.values where row.sequenceID == file.sequenceID && row.sequence < first {
            reached = max(reached, row.sequence)
        }
        if reached > 0, reached < first - 1 {
            let lost = first - 1 - reached
            let verb = lost == 1 ? "is" : "are"
            gap(
                "\(counted(lost, "entry", "entries")) of the \(name) \(verb) gone and \(lost == 1 ? "was" : "were") not read.",
                &output)
        }
    }

    // MARK: Files that are gone

    private func vanished(_ file: JournalFile, _ output: inout SourceOutput) {
        file.refresh()
        if file.hasNews {
            let missing = file.header.tail - file.position
            gap(
                "The journal file \(Printable.text(file.path, limit: 300)) was removed before it was read: up to "
                    + "\(counted(missing, "entry", "entries")).", &output)
        }
        file.close()
        files[file.id] = nil
        if byPath[file.path] === file { byPath[file.path] = nil }
        output.forget(file.checkpoint(options.place).key)
    }

    /// Rows of files that went away while nobody watched.
    private func forgetRows(_ output: inout SourceOutput) {
        var lost = 0
        for row in stored.values {
            output.forget(SourceCheckpoint.journalFile(row).key)
            let goesOn = files.values.contains {
                $0.sequenceID == row.sequenceID && $0.header.entries > 0 && $0.header.tail > row.sequence
            }
            // What lies between it and its writer's next file was told there.
            if !row.isComplete, !goesOn { lost += 1 }
        }
        stored = [:]
        guard lost > 0 else { return }
        gap(
            lost == 1
                ? "A file of the \(name) is gone; entries may have been in it that were not read."
                : "\(lost) files of the \(name) are gone; entries may have been in them that were not read.", &output)
    }
}
