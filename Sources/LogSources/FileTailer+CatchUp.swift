// Opens the generations of which something was not read, each to be read after the one before it.

import Formats
import Platform
import Records

extension FileTailer {
    /// After which file the present one is read.
    struct Order {
        var file: FileKey?
    }

    /// Opens what is to be read, oldest first; the newest file, if any, that the present one has to wait for. Nil when a
    /// file changed under the look.
    func openUnread(
        _ survey: inout GenerationSurvey, _ log: WatchedLog, _ present: TailedFile?, _ time: SourceTime,
        _ output: inout SourceOutput
    ) -> Order? {
        let places = Dictionary(survey.chain.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { a, _ in a })
        let waiting = log.open.compactMap { files[$0] }.filter { $0 !== present && (!$0.isDrained || $0.isNew) }
        // Those that are deleted already are the oldest that are read.
        var order = waiting.map { (place: places[$0.key] ?? .max, key: $0.key) }.sorted { $0.place > $1.place }
        for (index, start) in survey.unread.sorted(by: { $0.index > $1.index }) {
            let generation = survey.chain[index]
            if files[generation.key] != nil { continue }
            guard let descriptor = survey.descriptor(index) else { return nil }
            let before = order.last { $0.place > index }?.key
            do throws(ArchiveFailure) {
                guard let file = try open(generation, descriptor, log, from: start, after: before, time, &output)
                else { return nil }
                order.insert((index, file.key), at: order.firstIndex { $0.place < index } ?? order.count)
            } catch {
                if error.isPassing { return nil }
                unreadable(generation, log, error, &output)
            }
        }
        for (before, next) in zip(order, order.dropFirst()) {
            if let file = files[next.key], file.isNew { file.predecessor = before.key }
        }
        return Order(file: order.last?.key)
    }

    private func open(
        _ generation: Generation, _ descriptor: Descriptor, _ log: WatchedLog, from start: FileCheckpoint?,
        after before: FileKey?, _ time: SourceTime, _ output: inout SourceOutput
    ) throws(ArchiveFailure) -> TailedFile? {
        let content: TailedFile.Content =
            if let compression = generation.name.compression {
                .archive(try ArchiveStream(descriptor, compression, now: time.monotonic))
            } else {
                .file(descriptor)
            }
        let file = TailedFile(
            content, status: generation.status, path: log.path, placedAt: generation.path, pattern: log.pattern,
            checkpoint: start, seen: seen(at: time), time: time)
        // What it holds is known from now on, wherever it goes.
        if file.descriptor != nil, !((try? start == nil ? file.meet() : file.load()) ?? false) { return nil }
        if file.archive != nil { (file.checkpoint.archive, file.checkpoint.born) = (descriptor.end, descriptor.born) }
        if file.archive != nil, start == nil, let head = archives.knownHead(of: file.key) {
            file.checkpoint.marks.noteHead(head)
        }
        (file.isCurrent, file.isAccounted, file.isNew) = (false, true, false)
        // Not finished any more is a plain file, which was seen to have grown; of an archive it is found by reading.
        file.checkpoint.isFinished = file.archive != nil && file.checkpoint.isFinished
        file.checkpoint.mayHaveGrown = file.checkpoint.isFinished
        (file.leftAt, file.isGeneration) = (time.monotonic, true)
        file.predecessor = before
        take(file, log)
        note(file.checkpoint, &output)
        return file
    }

    /// An archive that cannot be read is said, and is done with.
    private func unreadable(
        _ generation: Generation, _ log: WatchedLog, _ failure: ArchiveFailure, _ output: inout SourceOutput
    ) {
        gap(log.path, "\(LogPath.shown(generation.path)) was not read: \(failure.text).", &output)
        notePassed(generation, log, &output)
    }
}
