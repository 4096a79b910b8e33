// What was written to a log before the file that stands at its path now, and was not read: found whenever that file is a
// new one or holds a new text. These facts decide, and nothing else:
//
// 1. What a file holds (FileIdentity, TextMarks): a text is followed wherever it goes, by its file, else by what stands in
//    other files (a copy, an archive).
// 2. Each generation that stands there is noted (WatchedLog.closed, and what is open), or it is unread. Noted is one that
//    holds a text which was read, that was there at the first look (FirstLook), or that holds nothing but what another
//    holds (a plain copy). What was not read is noted as what was read to its end: it is found again, and grows, alike.
//    A note goes with its file: there are as many as files, each of some hundred bytes, in memory and stored. An inode
//    with an equal beginning is no proof: a plain file is compared where reading stopped, an archive by its size and end.
// 3. Whose a file is (Namesakes): what only rotation names so is its log's; anything else that a pattern names is a log of
//    its own, unless it holds text of this log.
//
// Names (RotatedNames) give the order in which unread generations are read, and tell no more: numbers count upwards too,
// dates begin with the day, clocks are set back. Times decide nothing: files bear those of other hosts. Must stay true
// besides:
//
// - The look at the generations is behind the look at the file: a copy that holds what the file held at that time is the
//   file's own text, and is found again from the file's marks when the file is truncated.
// - Rows of texts are replaced in the same output as what takes their place.
//
// What cannot be told, because the file system does not show it: a log that was truncated and holds, byte for byte at
// every mark, what it held before (the same lines written again after copytruncate, within one look or one downtime): its
// lines are taken for those that were read. And lines written between the copying and the truncation by copytruncate are
// lost by logrotate itself. Of a generation that is, byte for byte, another GenerationSurvey+Evidence asks whether it is a
// copy.

import Formats
import Glibc
import Platform
import Records

extension FileTailer {
    /// Finds the texts of `log` that are astray, and opens what was not read of its generations, each to be read after
    /// the one before, and the file at the path after them. False: it is asked again by the next scan, for the files
    /// change under the look.
    @discardableResult
    func account(for log: WatchedLog, _ time: SourceTime, _ output: inout SourceOutput) -> Bool {
        if isOutOfReach(log) { return true }
        guard let chain = chain(of: log) else { return postpone() }
        missClosed(log, chain, &output)
        let present = log.current.flatMap { files[$0] }.flatMap { $0.isCurrent ? $0 : nil }
        // Renamed and compressed since the look at the path, its own text would stand in a generation that nobody knows.
        if let present, !stands(present.key, at: log.path) { return postpone() }
        var survey = survey(of: chain, present)
        recognise(&survey, log, present, time, &output)
        var resolved: [FileCheckpoint] = []
        var waiting: [WatchedLog.Astray] = []
        for text in inOrder(log.astray, &survey) {
            if find(text, &survey, log, present, time, &output) {
                resolved.append(text.checkpoint)
            } else if isClaimed(text.checkpoint, &survey, log) {
                waiting.append(text)
            } else if survey.isStarved || !isLost(text, log, time) {
                return postpone()
            } else {
                giveUp(text, present, &output)
                resolved.append(text.checkpoint)
            }
        }
        if let present, let text = doubt(present, &survey, time) {
            survey.present?.isSettled = false
            _ = find(WatchedLog.Astray(checkpoint: text, unread: 0), &survey, log, present, time, &output)
        }
        passOverOlder(&survey, log, &output)
        let hasNew = log.open.contains { files[$0]?.isNew ?? false }
        if present == nil || hasNew || survey.mayHoldUnread || !log.isSurveyed {
            let deleted = deleted(of: log, survey, present)
            survey.findUnread(besides: { texts(of: log) }, deleted: deleted) { likeness($0, log, present) }
        } else {
            // If the file at the path is truncated meanwhile, its text is to be found in its copy.
            survey.findCopies(besides: { texts(of: log).filter { FileKey($0) != present?.key && !$0.isCopy } })
        }
        if survey.isStarved { return postpone() }
        // They may be of what was passed over, as long as that is not decided.
        if survey.isUndecided { waiting += log.astray.filter { $0.checkpoint.isPassedOver } }
        resolved.removeAll { text in waiting.contains { $0.checkpoint == text } }
        for index in survey.copies { notePassed(survey.chain[index], log, &output) }
        for index in survey.copiesOfPresent {
            let (generation, row) = (survey.chain[index], log.closed[survey.chain[index].key])
            if row?.isCopy ?? false, row?.offset == generation.status.size { continue }
            notePassed(generation, isCopy: true, log, &output)
        }
        guard let last = openUnread(&survey, log, present, time, &output) else { return postpone() }
        log.astray = waiting
        (log.missedAt, log.isSurveyed) = (nil, !survey.isUndecided)
        for text in resolved { forgetRow(FileKey(text), of: log, &output) }
        if let present { present.predecessor = last.file ?? present.predecessor }
        // Some left the path before they were accounted for.
        for file in log.open.compactMap({ files[$0] }) where file === present || file.isNew || !file.isAccounted {
            admit(file, &output)
        }
        return true
    }

    /// The text whose file is gone from the log's path, and is none of its generations: it was copied elsewhere, then
    /// removed (logrotate's `renamecopy`). What rotation removes was a generation for a while; or, where it rotates many
    /// times between two looks, all older generations go with it, or several new ones have come.
    private func deleted(of log: WatchedLog, _ survey: GenerationSurvey, _ present: TailedFile?) -> FileCheckpoint? {
        let gone = log.open.compactMap { files[$0] }.filter { file in
            file !== present && !survey.chain.contains { $0.key == file.key }
        }
        let left = gone.filter { !$0.isGeneration }
        guard let text = left.max(by: { $0.checkpoint.seen < $1.checkpoint.seen })?.checkpoint else { return nil }
        let others = survey.chain.indices.filter { $0 != survey.presentIndex }
        let hasOlder = others.contains { index in
            !survey.isNew(index) && files[survey.chain[index].key].map { $0.checkpoint.seen < text.seen } ?? true
        }
        let isOutrun = others.count { survey.isNew($0) } > 1 || (!hasOlder && left.count < gone.count)
        return isOutrun ? nil : text
    }

    private func survey(of chain: [Generation], _ present: TailedFile?) -> GenerationSurvey {
        let place = present.flatMap { present in
            present.descriptor.map { descriptor in
                GenerationSurvey.Present(
                    descriptor: descriptor, key: present.key, isSettled: !present.isNew)
            }
        }
        return GenerationSurvey(chain, archives, present: place)
    }

    /// All that came before the file is known: it may be read.
    private func admit(_ file: TailedFile, _ output: inout SourceOutput) {
        // An empty file may become anything yet.
        let isEmpty = file.head.isEmpty && file.isCurrent
        if !isEmpty || !file.isStored { note(file.checkpoint, &output) }
        file.isStored = true
        // While nothing was read of it, the file may come to hold another text that begins equally.
        let isNew = file.isCurrent && file.checkpoint.offset == 0
        (file.isAccounted, file.isNew, file.isAssured, file.doubtful) = (!isEmpty, isNew, true, nil)
        if file.isAccounted { enqueue(file) }
    }

    private func postpone() -> Bool {
        lister.forget()
        wantScan()
        return false
    }

    /// Those first that stand in their own files, so that these are not taken for copies of others; the rest as `isOlder`.
    private func inOrder(_ texts: [WatchedLog.Astray], _ survey: inout GenerationSurvey) -> [WatchedLog.Astray] {
        let ordered = texts.sorted(by: Self.isOlder)
        var own: [WatchedLog.Astray] = []
        var others: [WatchedLog.Astray] = []
        for text in ordered {
            let row = text.checkpoint
            let isInOwn = !row.isPassedOver && !row.marks.isEmpty && survey.byInode(row) != nil
            if isInOwn { own.append(text) } else { others.append(text) }
        }
        return own + others
    }

    /// Rotated ones first, in the order in which they were seen at their path. Last what is passed over, for it may be a
    /// copy of another.
    private static func isOlder(_ a: WatchedLog.Astray, _ b: WatchedLog.Astray) -> Bool {
        if a.checkpoint.isPassedOver != b.checkpoint.isPassedOver { return b.checkpoint.isPassedOver }
        return a.checkpoint.isRotated != b.checkpoint.isRotated
            ? a.checkpoint.isRotated : a.checkpoint.seen < b.checkpoint.seen
    }

    /// Generations by their inodes: those that are open, and those that were read and are closed.
    private func recognise(
        _ survey: inout GenerationSurvey, _ log: WatchedLog, _ present: TailedFile?, _ time: SourceTime,
        _ output: inout SourceOutput
    ) {
        for (index, generation) in survey.chain.enumerated() {
            let key = generation.key
            if let file = files[key], file === present {
                survey.presentIndex = index
            } else if let file = files[key] {
                if file.path != log.path, yield(file, time, &output) { continue }
                if file.path != log.path || file.stillHolds {
                    survey.know(index)
                    if file.path == log.path, file !== present {
                        (file.placedAt, file.isGeneration) = (generation.path, true)
                    }
                } else {
                    // Another text was written over it (cp keeps the inode of what it overwrites).
                    loseSight(of: file)
                }
            } else if let row = log.closed[key] {
                if verified[key] != generation.status.modified || generation.isCompressed != (row.archive != nil) {
                    guard survey.stillHolds(row, index) else {
                        // The inode is used again: the text is elsewhere.
                        miss(row, of: log)
                        survey.mayHoldUnread = true
                        continue
                    }
                    if !survey.isStarved { verify(key, generation.status.modified, time) }
                }
                if row.isCopy {
                    survey.noteCopy(index)
                    continue
                }
                let hasGrown = !generation.isCompressed && generation.status.size > row.offset
                if hasGrown, row.isPassedOver {
                    // It may be a copy that is on its way.
                    survey.mayHoldUnread = true
                    continue
                }
                survey.know(index)
                if hasGrown { survey.noteUnread(index, from: row) }
            } else if texts(of: key, besides: log).contains(where: { !$0.marks.isEmpty && survey.stillHolds($0, index) }
            ) {
                // One that was taken for a log of its own, or that is another log's by its name too.
                survey.know(index)
            }
        }
    }

    /// Of a text of which little is known the present file may hold another that begins equally: its own is in a copy then,
    /// which holds what the file does not. The file begins again; the text to be looked for.
    private func doubt(_ present: TailedFile, _ survey: inout GenerationSurvey, _ time: SourceTime) -> FileCheckpoint? {
        let text = present.doubtful ?? present.checkpoint
        guard !present.isNew, present.doubtful != nil || present.isHardlyKnown, survey.hasTwin(of: text) else {
            return nil
        }
        present.restart(at: seen(at: time))
        _ = try? present.meet()
        return text
    }

    /// A closed generation was seen to hold its text when it had this time. One that was written within the kernel's last
    /// tick may be written again and keep it: that time tells nothing.
    func verify(_ key: FileKey, _ modified: Timestamp, _ time: SourceTime) {
        verified[key] = modified + .milliseconds(50) < time.wall ? modified : nil
    }

    /// A closed text is not where it was: compressed, perhaps with lines that came after the last look.
    func miss(_ row: FileCheckpoint, of log: WatchedLog) {
        let key = FileKey(row)
        forgetClosed(key, of: log)
        defer { verified[key] = nil }
        if row.isCopy { return }
        log.astray.append(
            WatchedLog.Astray(checkpoint: row, unread: row.isFinished ? 0 : nil, modified: verified[key]))
    }

    /// Of which of those that are open or were read an archive that begins so may be.
    private func likeness(_ head: [UInt8], _ log: WatchedLog, _ present: TailedFile?) -> GenerationSurvey.Likeness {
        func fits(_ row: FileCheckpoint) -> Bool {
            row.marks.distinguish(Int64(head.count)) && row.mayBegin(with: head)
        }
        let isOpen = files.values.contains { file in
            guard file !== present, !file.head.isEmpty, begins(file.head, head) else { return false }
            // What stands at its own path is not compressed yet.
            return file.path == log.path
                || (mayBeGeneration(file.path, of: log) && !(file.isCurrent && stands(file.key, at: file.path)))
        }
        let others = namesakes(of: log)
        if isOpen || others.contains(where: { $0.astray.contains { fits($0.checkpoint) } }) { return .open }
        // Last what was passed over: it may be a copy of what was read further.
        let read = ([log] + others).flatMap { $0.closed.values.filter(fits) }.sorted {
            !$0.isPassedOver && $1.isPassedOver
        }
        let astray = log.astray.map(\.checkpoint).filter { $0.isPassedOver && fits($0) }
        return read.isEmpty && astray.isEmpty ? .none : .read(read + astray)
    }

    /// The texts of which generations may be copies: those of `log`, and of what was taken for logs of their own.
    private func texts(of log: WatchedLog) -> [FileCheckpoint] {
        return ([log] + namesakes(of: log)).flatMap { log in
            log.open.compactMap { files[$0]?.checkpoint } + log.closed.values + log.astray.map(\.checkpoint)
        }
    }

    private func begins(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        min(a.count, b.count) < 64 ? a == b : a.starts(with: b) || b.starts(with: a)
    }

    /// Closed generations that are not there any more.
    private func missClosed(_ log: WatchedLog, _ chain: [Generation], _ output: inout SourceOutput) {
        if log.closed.isEmpty { return }
        let there = Set(chain.map(\.key))
        for (key, row) in log.closed where !there.contains(key) {
            guard row.isCopy else {
                miss(row, of: log)
                continue
            }
            forgetClosed(key, of: log)
            forgetRow(key, of: log, &output)
        }
    }

    /// The row of a text that is elsewhere or gone, unless another text of the log has its inode.
    func forgetRow(_ key: FileKey, of log: WatchedLog, _ output: inout SourceOutput) {
        if files[key]?.path != log.path, log.closed[key] == nil {
            output.forget(key.row(of: log.path))
        }
    }
}
