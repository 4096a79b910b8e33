// Where is the text that a file does not hold any more? In a generation with its inode (renamed), or in one that holds
// all that was read of it (copied, or compressed), or in a copy that ends before that (lines came, and were read, between
// the copying and the truncation).

import Formats
import Platform
import Records

extension FileTailer {
    /// Looks for a text among the generations that are not known otherwise. Where it is found it is known from then on,
    /// and what was not read of it is to be read. True also where a followed file holds it.
    func find(
        _ astray: WatchedLog.Astray, _ survey: inout GenerationSurvey, _ log: WatchedLog, _ present: TailedFile?,
        _ time: SourceTime, _ output: inout SourceOutput
    ) -> Bool {
        let text = astray.checkpoint
        // Found at an earlier look that could not be ended.
        if let row = log.closed[FileKey(text)], row.marks == text.marks, row.archive == text.archive { return true }
        if let index = survey.byBytes(text) {
            found(text, at: index, isWhole: !text.mayHaveGrown, &survey, log, time, &output)
            return true
        }
        if text.marks.isEmpty {
            // Nothing stood in it: nothing is missing. What was written to its file since is all to be read, wherever that is.
            if let index = survey.byBirth(text) {
                survey.know(index)
                survey.noteUnread(index, from: nil)
            }
            return true
        }
        let index = survey.byInode(text) ?? survey.byContent(text)
        if survey.isStarved { return false }
        if let index {
            let generation = survey.chain[index]
            // What is a log of its own is read as that, from its beginning.
            if text.offset == 0, generation.isOthers, files[generation.key]?.path != log.path { return true }
            let isWhole = !generation.isCompressed && generation.status.size == text.offset
            // What holds more may be a copy, or the archive, of what was read further.
            if text.isPassedOver, !isWhole {
                survey.mayHoldUnread = true
                return true
            }
            found(text, at: index, isWhole: isWhole, &survey, log, time, &output)
            return true
        }
        let isFollowed = log.open.contains { key in
            guard let file = files[key], file !== present else { return false }
            return file.descriptor?.holds(text) ?? false
        }
        if isFollowed { return true }
        let archive = survey.byArchive(text)
        if survey.isStarved { return false }
        if let index = archive {
            // Nothing was read: it may be of another text that begins so, which was.
            if text.offset == 0 || text.isPassedOver {
                survey.mayHoldUnread = true
                return true
            }
            // Programs that keep whole seconds only make it be read to the offset once more, and nothing is told again.
            let isWhole = survey.chain[index].status.modified == astray.modified
            found(text, at: index, isWhole: isWhole, &survey, log, time, &output)
            return true
        }
        // Copies are made of the file at the path, not of one that was at rest already.
        guard !text.isFinished, let index = survey.byBeginning(text) else { return false }
        survey.know(index)
        let generation = survey.chain[index]
        var end = text
        end.marks = text.marks.upTo(generation.status.size)
        (end.offset, end.isRotated, end.isFinished, end.skipsLine) = (generation.status.size, true, true, false)
        close(end, as: generation, log, time, &output)
        return true
    }

    /// - Parameter isWhole: the generation holds no more than was read of the text, if that was read to its end.
    private func found(
        _ text: FileCheckpoint, at index: Int, isWhole: Bool, _ survey: inout GenerationSurvey, _ log: WatchedLog,
        _ time: SourceTime, _ output: inout SourceOutput
    ) {
        survey.know(index)
        if text.isFinished, isWhole {
            close(text, as: survey.chain[index], log, time, &output)
        } else {
            survey.noteUnread(index, from: text)
        }
    }

    /// A text that was read to its end stands in `generation`.
    private func close(
        _ text: FileCheckpoint, as generation: Generation, _ log: WatchedLog, _ time: SourceTime,
        _ output: inout SourceOutput
    ) {
        var row = text
        row.mayHaveGrown = false
        let file = try? generation.open()
        (row.archive, row.born, row.isCopy) = (generation.isCompressed ? file?.end : nil, file?.born, false)
        (row.device, row.inode) = (generation.status.device, generation.status.inode)
        keepClosed(row, of: log)
        verify(generation.key, generation.status.modified, time)
        note(row, &output)
    }

    /// Whether an archive that is about to be read as another text's may hold this one: reading it tells whose it is.
    func isClaimed(_ text: FileCheckpoint, _ survey: inout GenerationSurvey, _ log: WatchedLog) -> Bool {
        var unread: [FileKey] = []
        for (index, start) in survey.unread where start != nil {
            guard let compression = survey.chain[index].name.compression else { continue }
            _ = survey.head(index, compression)
            unread.append(survey.chain[index].key)
        }
        let open = log.open.filter { key in files[key].map { $0.archive != nil && !$0.isPlaced } ?? false }
        return (unread + open).contains { key in
            !archives.isRefuted(key, text.marks) && archives.knownHead(of: key).map(text.mayBegin) ?? false
        }
    }

    /// Whether a text that was not found is to be given up: only at the second look, for a rename under the first can
    /// hide it.
    func isLost(_ text: WatchedLog.Astray, _ log: WatchedLog, _ time: SourceTime) -> Bool {
        if text.checkpoint.isFinished || text.unread == 0 { return true }
        guard let missedAt = log.missedAt else {
            log.missedAt = time.monotonic
            return false
        }
        return time.monotonic >= missedAt + Self.leastSpacing
    }

    /// No file holds what `text` remembers; `present` is what stands at its path.
    func giveUp(_ text: WatchedLog.Astray, _ present: TailedFile?, _ output: inout SourceOutput) {
        let (path, offset) = (LogPath.shown(text.checkpoint.path), text.checkpoint.offset)
        if text.checkpoint.isFinished { return }
        switch text.unread {
        case nil:
            gap(
                text.checkpoint.path,
                "\(path) was \(beginsEqually(present, text.checkpoint) ? Self.older : Self.other) while it was not read: "
                    + "no rotated file holds what may have followed byte \(offset).", &output)
        case 0?: break
        case let unread?:
            gap(
                text.checkpoint.path,
                "\(path) was truncated before its last \(unread) bytes were read, and no copy of them is there.",
                &output)
        }
    }

    private static let other = "replaced, truncated or removed"
    /// It may also be a program's next text that begins equally: whatever stands there is read.
    private static let older = "replaced by an older copy of itself, which is read from its beginning, or truncated"

    /// Whether all that stands in a file is a beginning of a text.
    private func beginsEqually(_ file: TailedFile?, _ text: FileCheckpoint) -> Bool {
        guard let descriptor = file?.descriptor, let size = try? descriptor.status().size, size > 0, size < text.offset
        else { return false }
        return text.marks.distinguish(size) && descriptor.agrees(with: text.marks, size: size)
    }

    /// The file does not hold its text any more: the text is looked for, and the file is another.
    func loseSight(of file: TailedFile) {
        guard let log = logs[file.path] else { return }
        let isFinished = file.checkpoint.isFinished && file.behind == 0
        if !file.checkpoint.marks.isEmpty, !isFinished {
            log.astray.append(WatchedLog.Astray(checkpoint: file.checkpoint, unread: file.behind))
        }
        letGo(file)
    }

    /// An archive that begins as the text does is of another: the text is looked for again, elsewhere.
    func refute(_ file: TailedFile) {
        guard let log = logs[file.path] else { return }
        archives.refute(file.key, file.checkpoint.marks)
        var text = file.checkpoint
        text.archive = nil
        log.astray.append(WatchedLog.Astray(checkpoint: text, unread: nil))
        letGo(file)
        if let present = log.current.flatMap({ files[$0] }), present.checkpoint.offset == 0 {
            (present.isAccounted, present.isNew) = (false, true)
        }
        log.isSurveyed = false
        unaccounted.insert(log.path)
    }
}
