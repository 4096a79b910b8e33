// What a look does besides finding files: it closes what is quiet (FileTailer+Descriptors) and finds the logs whose
// generations are to be looked at.

import Platform
import Records

extension FileTailer {
    /// What a look does besides finding files.
    func lookAtClosed(_ time: SourceTime, _ output: inout SourceOutput) {
        retire(time, &output)
        review(time)
    }

    /// A rotated file whose log was not there was taken for a log of its own (the globs match it too): its texts are the
    /// log's when that appears.
    func adoptGenerations(_ named: Set<String>, _ output: inout SourceOutput) {
        hasNewLogs = false
        for log in logs.values where log.current == nil {
            let owners = namesakes(of: log.path) { self.logs[$0]?.isKnown ?? false || named.contains($0) }
            guard let owner = owners.certain.first, log.isKnown else { continue }
            let target = self.log(at: owner)
            for var text in log.astray {
                output.forget(FileKey(text.checkpoint).row(of: log.path))
                (text.checkpoint.path, text.checkpoint.isRotated) = (owner, true)
                target.astray.append(text)
                note(text.checkpoint, &output)
            }
            for (key, var row) in log.closed {
                output.forget(key.row(of: log.path))
                forgetClosed(key, of: log)
                row.path = owner
                note(row, &output)
                keepClosed(row, of: target)
            }
            log.astray = []
            if !log.isKnown { logs[log.path] = nil }
        }
    }

    /// Logs whose generations are to be looked at: those with texts that are astray or without a file at their path; all
    /// once; those of which generations may have come or gone; and now and then those that have closed generations, which
    /// may have grown or gone.
    func review(_ time: SourceTime) {
        let news = watches.takeNews()
        watches.forgetStirred()
        let isTimed = lastReview.map { time.monotonic >= $0.next(multipleOf: options.rescanInterval) } ?? true
        if isTimed { lastReview = time.monotonic }
        for log in logs.values {
            let isAbsent = log.current.flatMap { files[$0] }?.isCurrent != true
            let isNews = !news.isEmpty && log.isKnown && news.concern(Files.split(log.path).name)
            if isNews || !log.astray.isEmpty || (isAbsent && log.isKnown)
                || (isTimed && (!log.isSurveyed || !log.closed.isEmpty))
            {
                unaccounted.insert(log.path)
            }
        }
    }
}
