// First stage: all sources as one. They belong to the thread that makes this, the journal's handles for life.

import Formats
import LogSources
import Platform
import Records
import Settings

/// The sources that the settings name.
final class SourceSet {
    private let files: FileTailer?
    private let journals: [any JournalSource]

    /// Resumes at the checkpoints; opens nothing yet.
    init(_ watch: Settings.Watch, checkpoints: [SourceCheckpoint]) {
        let patterns = watch.files.map {
            FilePattern($0.path, exclude: $0.exclude, rotated: $0.rotated, format: $0.format)
        }
        files = patterns.isEmpty ? nil : FileTailer(FileTailer.Options(patterns: patterns), checkpoints: checkpoints)
        let start: JournalReader.Start = watch.start == .boot ? .boot : .now
        func options(_ place: String) -> JournalReader.Options {
            var options = JournalReader.Options(place: place)
            options.start = start
            return options
        }
        let ours = (watch.journal.enabled ? [""] : []) + watch.journal.namespaces
        journals =
            ours.map { JournalReader(options($0), checkpoints: checkpoints) as any JournalSource }
            + watch.journal.directories.map { JournalFolder(options($0), checkpoints: checkpoints) }
    }

    /// What to poll; a hint only.
    var interests: [(number: Int32, interest: Interest)] {
        var list = (files?.descriptors ?? []).map { (number: $0, interest: Interest.readable) }
        for journal in journals {
            if let number = journal.descriptor { list.append((number, Interest(rawValue: journal.events))) }
        }
        return list
    }

    /// When to read though nothing is ready, on the monotonic clock.
    var nextDeadline: Duration? { ([files?.nextDeadline] + journals.map(\.nextDeadline)).compactMap { $0 }.min() }

    /// Whether all that is there was handed over.
    var isIdle: Bool { files?.isIdle ?? true && journals.allSatisfy(\.isIdle) }

    /// A part of what is there, from every source in turn, so that none holds up another.
    func read(at time: SourceTime) -> [SourceOutput] {
        var outputs: [SourceOutput] = []
        if let files { outputs.append(files.read(at: time)) }
        for journal in journals { outputs.append(journal.read(at: time)) }
        return outputs
    }

    var status: [SourceStatus] { (files?.status ?? []) + journals.map(\.status) }
}
