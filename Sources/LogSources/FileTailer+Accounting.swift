// What was written to a log before the file that stands at its path now, and was not read: found whenever that file is a
// new one or holds a new text. These facts decide, and nothing else:
//
// 1. What a file holds (FileIdentity, TextMarks): a text is followed wherever it goes, by its file, else by what stands in
//    other files (a copy, an archive).
// 2. The order of the generations of one naming scheme, by their names (RotatedNames). Between schemes there is none.
// 3. In each scheme, the newest generation that holds a text which was read, or that was there at the first look
//    (FirstLook): all that is newer is unread; where there is none, all is.
// 4. Whose a file is (Namesakes): what only rotation names so is its log's; anything else that a pattern names is a log of
//    its own, in no order with the generations, unless it holds text of this log.
//
// Times decide nothing: clocks are set, and files bear the times of other hosts. Must stay true besides:
//
// - The look at the generations is behind the look at the file: a copy that holds what the file held at that time is the
//   file's own text, and is found again from the file's marks when the file is truncated.
// - Rows of texts are replaced in the same output as what takes their place.
//
// What cannot be told, because the file system does not show it: a log that was truncated and holds, byte for byte at
// every mark, what it held before (the same lines written again after copytruncate, within one look or one downtime): its
// lines are taken for those that were read. And lines written between the copying and the truncation by copytruncate are
// lost by logrotate itself.

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
        // What cannot be looked at is not gone.
        if closedFolders.contains(where: { log.path.hasPrefix($0 + "/") }) { return true }
        guard let chain = chain(of: log) else { return postpone() }
        missClosed(log, chain)
        let present = log.current.flatMap { files[$0] }.flatMap { $0.isCurrent ? $0 : nil }
        // Renamed and compressed since the look at the path, its own text would stand in a generation that nobody knows.
        if let present, !stands(present.key, at: log.path) { return postpone() }
        var survey = GenerationSurvey(chain, archives, present: present?.descriptor)
        recognise(&survey, log, present, time, &output)
        guard recognisePassed(&survey, log, &output) else { return postpone() }
        var resolved: [FileCheckpoint] = []
        for text in log.astray.sorted(by: Self.isOlder) {
            if find(text, &survey, log, present, time, &output) {
                resolved.append(text.checkpoint)
            } else if survey.isStarved || !isLost(text, log, time) {
                return postpone()
            } else {
                giveUp(text, &output)
                resolved.append(text.checkpoint)
            }
        }
        if let present, let text = doubt(present, &survey, time) {
            _ = find(WatchedLog.Astray(checkpoint: text, unread: 0), &survey, log, present, time, &output)
        }
        if log.isAdopting { survey.forgetAnchors() }
        let hasNew = log.open.contains { files[$0]?.isNew ?? false }
        if log.isAdopting || present == nil || hasNew { survey.findUnread { isKnown($0, log, present) } }
        if survey.isStarved { return postpone() }
        guard let last = openUnread(&survey, log, present, time, &output) else { return postpone() }
        log.astray = []
        log.missedAt = nil
        log.isAdopting = false
        for text in resolved { forgetRow(FileKey(text), of: log, &output) }
        if let present { present.predecessor = last.file ?? present.predecessor }
        // Some left the path before they were accounted for.
        for file in log.open.compactMap({ files[$0] }) where file === present || file.isNew || !file.isAccounted {
            admit(file, &output)
        }
        return true
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

    /// The generations, newest first, of one moment: nil where they go on changing.
    private func chain(of log: WatchedLog) -> [Generation]? {
        let name = Files.split(log.path).name
        for _ in 0..<3 {
            var chain = lister.generations(of: log.path, log.pattern)
            if let own = chain, log.hasTexts(besides: own) {
                chain = lister.siblings(of: log.path, log.pattern).map { siblings in
                    own + siblings.filter { sibling in !own.contains { $0.key == sibling.key } }
                }
            }
            hear()
            if let chain, !watches.isStirred(name) {
                return chain.map { generation in
                    var generation = generation
                    generation.isOthers = generation.isOthers || isOthers(generation, than: log.path)
                    return generation
                }
            }
            listAnew()
        }
        return nil
    }

    private func stands(_ key: FileKey, at path: String) -> Bool {
        ((try? LogFile.status(path)) ?? nil).map { FileKey($0) } == key
    }

    private func postpone() -> Bool {
        lister.forget()
        wantScan()
        return false
    }

    /// Rotated ones first, in the order in which they were seen at their path.
    private static func isOlder(_ a: WatchedLog.Astray, _ b: WatchedLog.Astray) -> Bool {
        a.checkpoint.isRotated != b.checkpoint.isRotated
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
                if file.path != log.path, yield(file, &output) { continue }
                if file.path != log.path || file.stillHolds {
                    // What came before a file that was taken for a log of its own nobody looked.
                    survey.know(index, isAnchor: !file.isNew && file.path == log.path)
                    if file.path == log.path { file.placedAt = generation.path }
                } else {
                    // Another text was written over it (cp keeps the inode of what it overwrites).
                    loseSight(of: file)
                }
            } else if let row = log.closed[key] {
                if verified[key] != generation.status.modified {
                    guard survey.stillHolds(row, index) else {
                        // The inode is used again: the text is elsewhere.
                        miss(row, of: log)
                        continue
                    }
                    if !survey.isStarved { verify(key, generation.status.modified, time) }
                }
                survey.know(index)
                if !generation.isCompressed, generation.status.size > row.offset { survey.noteUnread(index, from: row) }
            } else if texts(of: key, besides: log).contains(where: { survey.stillHolds($0, index) }) {
                // One that was taken for a log of its own, or that is another log's by its name too.
                survey.know(index, isAnchor: false)
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
        log.astray.append(
            WatchedLog.Astray(checkpoint: row, unread: row.isFinished ? 0 : nil, modified: verified[key]))
        verified[key] = nil
    }

    /// Whether a text that begins so is one of those that are open or were read: an archive of it.
    private func isKnown(_ head: [UInt8], _ log: WatchedLog, _ present: TailedFile?) -> Bool {
        let isOpen = files.values.contains { file in
            guard file !== present, !file.head.isEmpty, begins(file.head, head) else { return false }
            return file.path == log.path || mayBeGeneration(file.path, of: log)
        }
        func isOneOf(_ rows: some Sequence<FileCheckpoint>) -> Bool {
            rows.contains { $0.marks.distinguish(Int64(head.count)) && $0.marks.fit(head: head) }
        }
        if isOpen || isOneOf(log.closed.values) { return true }
        // Generations that were taken for logs of their own.
        return logs.values.contains { other in
            other !== log && isOneOf(Array(other.closed.values) + other.astray.map(\.checkpoint))
                && mayBeGeneration(other.path, of: log)
        }
    }

    private func begins(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        min(a.count, b.count) < 64 ? a == b : a.starts(with: b) || b.starts(with: a)
    }

    /// Closed generations that are not there any more.
    private func missClosed(_ log: WatchedLog, _ chain: [Generation]) {
        if log.closed.isEmpty { return }
        let there = Set(chain.map(\.key))
        for (key, row) in log.closed where !there.contains(key) { miss(row, of: log) }
    }

    /// The row of a text that is elsewhere or gone, unless another text of the log has its inode.
    func forgetRow(_ key: FileKey, of log: WatchedLog, _ output: inout SourceOutput) {
        if files[key]?.path != log.path, log.closed[key] == nil { output.forget(key.row(of: log.path)) }
    }
}
