// The turn of a file: one block of it, and what becomes of the file behind that.

import Formats
import Platform
import Records

extension FileTailer {
    /// One block of one file; returns how many bytes were handed over, at least one for any work done.
    func turn(of file: TailedFile, limit: Int, _ time: SourceTime, _ output: inout SourceOutput) -> Int {
        if let predecessor = file.predecessor, let before = files[predecessor], !before.isDrained {
            if !pending.contains(predecessor) { enqueue(before) }
            // An archive that waits for its program calls its successor when it has ended.
            if !isHeldUp(file) { enqueue(file) }
            return 0
        }
        file.predecessor = nil
        do throws(SystemError) {
            if !file.isAccounted || (file.isCurrent && file.isHardlyKnown && !file.isAssured) {
                file.isDrained = try !file.meet()
                if yield(file, time, &output) { return 1 }
                unaccounted.insert(file.path)
                return 1
            }
            file.isAssured = false
            let piece = try file.next(
                limit: max(limit, file.lineLimit + 1), time: time, lastLineTimeout: options.lastLineTimeout)
            if let notice = faults.clear(file.placedAt, readBy: file.key) { output.notices.append(notice) }
            if let encoding = file.wideEncoding { say(encoding, of: file, &output) }
            return hand(over: piece, of: file, time, &output)
        } catch {
            say(file.placedAt, file.path, error.description, reader: file.key, &output)
            // What cannot be read does not hold its successor up.
            file.isDrained = true
            return 1
        }
    }

    /// Whether an archive is in front of the file that waits for its program.
    private func isHeldUp(_ file: TailedFile) -> Bool {
        var at = file
        for _ in 0..<64 {
            guard let predecessor = at.predecessor, let before = files[predecessor], !before.isDrained else {
                return false
            }
            if pending.contains(predecessor) { return true }
            at = before
        }
        return false
    }

    private func hand(
        over piece: TailedFile.Piece, of file: TailedFile, _ time: SourceTime, _ output: inout SourceOutput
    ) -> Int {
        defer { tellCutLines(file, &output) }
        pending.remove(file.key)
        switch piece {
        case .lines(let bytes):
            file.isDrained = false
            enqueue(file)
            let context = LineContext(
                format: file.format ?? .auto, readAt: time.wall, utcOffset: time.utcOffset,
                undatedTime: file.isFollowed ? nil : min(file.modified, time.wall))
            let batch = RecordBatch(lines: bytes, source: .file(file.path), context: context)
            output.deliver(batch, .file(file.checkpoint), isAgeTrusted: false)
            return bytes.count
        case .moved:
            file.isDrained = false
            enqueue(file)
            note(file.checkpoint, &output)
        case .pending: wait(for: file, time, &output)
        case .end: drained(file, time, &output)
        case .damaged(let why):
            gap(
                file.path,
                "\(LogPath.shown(file.placedAt)) is damaged behind byte \(file.checkpoint.offset) of its text: \(why).",
                &output)
            drained(file, time, &output)
        case .replaced:
            if file.archive != nil { refute(file) } else { replaced(file, time) }
        }
        return 1
    }

    /// All of it was handed over, for now; of an archive, for ever.
    private func drained(_ file: TailedFile, _ time: SourceTime, _ output: inout SourceOutput) {
        (file.isDrained, file.isFollowed) = (true, true)
        if let since = file.unterminated?.since { lastLines.add(file.key, since) }
        if file.archive != nil {
            (file.checkpoint.isFinished, file.checkpoint.mayHaveGrown) = (true, false)
            close(file, time, &output)
        } else if !file.isCurrent, !file.checkpoint.isFinished, file.behind == 0 {
            file.checkpoint.isFinished = true
            note(file.checkpoint, &output)
        }
    }

    private func wait(for file: TailedFile, _ time: SourceTime, _ output: inout SourceOutput) {
        if let archive = file.archive, time.monotonic > archive.lastProgress + .seconds(60) {
            gap(
                file.path,
                "\(LogPath.shown(file.placedAt)) was not read behind byte \(file.checkpoint.offset) of its text: "
                    + "nothing came for a minute.", &output)
            drained(file, time, &output)
        } else {
            file.isDrained = false
            pending.insert(file.key)
        }
    }

    /// The file does not hold its text any more: truncated in place, or its inode used again.
    private func replaced(_ file: TailedFile, _ time: SourceTime) {
        guard file.isCurrent, let log = logs[file.path] else {
            loseSight(of: file)
            unaccounted.insert(file.path)
            return
        }
        log.astray.append(WatchedLog.Astray(checkpoint: file.checkpoint, unread: file.behind))
        file.restart(at: seen(at: time))
        enqueue(file)
    }

    private func tellCutLines(_ file: TailedFile, _ output: inout SourceOutput) {
        guard file.cutLines > 0 else { return }
        let lines = file.cutLines == 1 ? "A line is" : "\(file.cutLines) lines are"
        output.notices.append(
            SourceNotice(
                .file(file.path), .skipped,
                "\(lines) longer than \(file.lineLimit) bytes in \(LogPath.shown(file.path)); "
                    + "what is beyond was not matched ('max_line')."))
        file.cutLines = 0
    }
}
