// `herald scan --journal DIR`: all entries of a folder's journal files.

import Formats
import Glibc
import LogSources
import Platform
import Records
import RuleMatching

extension ScanCommand {
    func scan(
        journal: String, _ matcher: Matcher, _ filter: ScanFilter, _ output: inout ScanOutput
    ) throws {
        var options = JournalReader.Options(place: Self.absolute(journal))
        options.start = .beginning
        let reader = JournalFolder(options, checkpoints: [])
        let finder = try Self.traceFinder()
        var joiner = RecordJoiner(source: .journal(journal), multiline: count ? .none : .auto)
        var hitEntries = 0
        func tell(_ batch: RecordBatch, from first: Int) {
            if count, filter.takesAll {
                let marks = matcher.marks(in: batch)
                output.note(marks.notices)
                hitEntries += Set(marks.hits.map(\.index)).count
                return
            }
            let matches = matcher.matches(in: batch)
            output.note(matches.notices)
            let hits = matches.hits.filter { filter.takes($0.hit) }
            hitEntries += Set(hits.map(\.index)).count
            for found in hits {
                let number = batch.firstLines?[found.index] ?? first + found.index
                output.put(found.hit, file: journal, line: number + 1)
            }
        }
        let (unreadable, gaps) = try read(reader) { batch in
            let first = joiner.order
            tell(finder.join(batch, by: &joiner, at: .zero), from: first)
        }
        let failures = unreadable + gaps
        if reader.isEmpty, failures.isEmpty { throw Failure.wrong("no journal file in \(Printable.text(journal))") }
        if let batch = joiner.flush() { tell(batch, from: joiner.order) }
        output.noteSource(lines: joiner.order, hit: hitEntries)
        if count { output.put("\(hitEntries)") }
        if !failures.isEmpty {
            output.flush()
            throw Failure.wrong(failures.joined(separator: "\n"))
        }
    }

    /// All that is there, to its end. Returns what may not be read, and what is damaged or missing.
    private func read(
        _ reader: JournalFolder, _ take: (RecordBatch) -> Void
    ) throws -> (unreadable: [String], gaps: [String]) {
        var unreadable: [String] = []
        var gaps: [String] = []
        var doubtsUntil: Duration?
        while true {
            let now = SourceTime.now()
            let read = reader.read(at: now)
            for notice in read.notices {
                switch notice.kind {
                case .unreadable: unreadable.append(notice.text)
                case .gap: gaps.append(notice.text)
                default: Terminal.complain(notice.text)
                }
            }
            for delivery in read.deliveries { take(delivery.batch) }
            guard read.deliveries.isEmpty, reader.isIdle else { continue }
            // A file that gives less than it promises may be damaged, or only just be written to.
            let end = doubtsUntil ?? now.monotonic + .seconds(15)
            doubtsUntil = end
            guard unreadable.isEmpty, reader.isInDoubt, now.monotonic < end else { return (unreadable, gaps) }
            _ = try Poller.wait([], timeout: max(.zero, min(reader.nextDeadline, end) - now.monotonic))
        }
    }
}
