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
    /// Positions in journals that the settings no longer name, as they are to be stored: one that is named again is begun
    /// at its end. What was written meanwhile was not to be watched, and what was told before is not told again.
    let retired: [SourceCheckpoint]
    /// Keys of further positions in what the settings no longer name.
    let forgotten: [String]

    /// Resumes at the checkpoints; opens nothing yet.
    /// - Parameter command: how a person calls `herald` for these settings.
    init(_ watch: Settings.Watch, command: HeraldCommand = HeraldCommand(), checkpoints: [SourceCheckpoint]) {
        let patterns = watch.files.map { FilePattern($0) }
        let ours = (watch.journal.enabled ? [""] : []) + watch.journal.namespaces
        let positions = Positions(
            checkpoints, journals: Set(ours + watch.journal.directories), hasFiles: !patterns.isEmpty)
        (retired, forgotten) = (positions.retired, positions.forgotten)
        let known = positions.known
        var tailing = FileTailer.Options(patterns: patterns)
        tailing.command = command
        files = patterns.isEmpty ? nil : FileTailer(tailing, checkpoints: known)
        func options(_ place: String) -> JournalReader.Options {
            var options = JournalReader.Options(place: place)
            options.start = watch.start == .boot && !positions.begunAnew.contains(place) ? .boot : .now
            return options
        }
        journals =
            ours.map { JournalReader(options($0), checkpoints: known) as any JournalSource }
            + watch.journal.directories.map { JournalFolder(options($0), checkpoints: known) }
    }

    /// The stored positions, sorted by whether the settings name what they are in.
    private struct Positions {
        var known: [SourceCheckpoint] = []
        var retired: [SourceCheckpoint] = []
        var forgotten: [String] = []
        /// Journals that are named again.
        var begunAnew: Set<String> = []

        init(_ checkpoints: [SourceCheckpoint], journals: Set<String>, hasFiles: Bool) {
            for checkpoint in checkpoints {
                switch checkpoint {
                case .journal(let journal) where journals.contains(journal.place):
                    if journal.isRetired { begunAnew.insert(journal.place) } else { known.append(checkpoint) }
                case .journal(var journal):
                    if journal.isRetired { continue }
                    journal.isRetired = true
                    retired.append(.journal(journal))
                case .journalFile(let file) where !journals.contains(file.place): forgotten.append(checkpoint.key)
                // Of several patterns one that is gone is forgotten by the tailer.
                case .file, .pattern: if hasFiles { known.append(checkpoint) } else { forgotten.append(checkpoint.key) }
                case .journalFile: known.append(checkpoint)
                }
            }
        }
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

    /// Files wait that may be copies of what was read, or logs yet.
    var isHoldingBack: Bool { files?.isHoldingBack ?? false }

    /// A part of what is there, from every source in turn, so that none holds up another.
    func read(at time: SourceTime) -> [SourceOutput] {
        var outputs: [SourceOutput] = []
        if let files { outputs.append(files.read(at: time)) }
        for journal in journals { outputs.append(journal.read(at: time)) }
        return outputs
    }

    /// Files of which what was there at the first start is not read.
    var beganAtEnd: Int { files?.beganAtEnd ?? 0 }

    /// What is wrong, where something is; cheap where nothing is.
    var faults: [SourceStatus] { (files?.faulty ?? []) + journals.map(\.status).filter { $0.fault != nil } }

    var status: [SourceStatus] { status(isStandstill: false) }

    /// - Parameter isStandstill: nothing was read for a while, so that it is asked anew what is there.
    func status(isStandstill: Bool) -> [SourceStatus] {
        (files?.status(isStandstill: isStandstill) ?? [])
            + journals.map { journal in
                var status = journal.status
                // Of a journal only reading tells.
                if isStandstill { status.isAtEnd = false }
                return status
            }
    }
}
