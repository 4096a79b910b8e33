// Between the sources and the matcher: the lines of each source become records. What is held while a record may go on is
// stored in the transaction that stores the checkpoints behind it, so that a crash loses and doubles nothing.

import Formats
import LogSources
import Records
import RuleMatching
import Settings

/// The joiners of all sources; one exists only while it holds lines.
struct JoiningStage {
    private let finder: TraceFinder
    private let readings: FileReadings
    private var joiners: [Source: RecordJoiner] = [:]
    /// Sources whose held lines are others than those stored.
    private(set) var changed: Set<Source> = []
    /// Sources of which lines are stored.
    private var stored: Set<Source> = []

    /// All joiners together: more is handed on as it is.
    private static let sizeLimit = 32 << 20
    private static let heldLimit = 4096

    /// - Throws: `MatcherError`: a pattern of `multiline` that PCRE2 does not take, with its place.
    init(_ watch: Settings.Watch, finder: TraceFinder? = nil) throws(MatcherError) {
        self.finder = if let finder { finder } else { try TraceFinder() }
        readings = try FileReadings(watch.files)
    }

    /// When `expire` has something to hand on, on the monotonic clock.
    var deadline: Duration? { joiners.values.lazy.compactMap(\.deadline).min() }

    var isHolding: Bool { !joiners.isEmpty }

    /// The records that are whole with this batch.
    mutating func join(_ batch: RecordBatch, at now: Duration) -> RecordBatch {
        var joiner = joiners.removeValue(forKey: batch.source) ?? self.joiner(for: batch.source)
        let wasHolding = joiner.isHolding
        let joined = finder.join(batch, by: &joiner, at: now)
        if wasHolding || joiner.isHolding { changed.insert(batch.source) }
        if joiner.isHolding { joiners[batch.source] = joiner }
        return joined
    }

    /// What waited long enough; `all`: whatever waits.
    mutating func expire(at now: Duration, all: Bool = false) -> [RecordBatch] {
        let isTooMuch = joiners.count > Self.heldLimit || joiners.values.reduce(0) { $0 + $1.size } > Self.sizeLimit
        guard all || isTooMuch || deadline.map({ $0 <= now }) ?? false else { return [] }
        var batches: [RecordBatch] = []
        for (source, joiner) in joiners.sorted(by: { $0.key.name < $1.key.name }) {
            var joiner = joiner
            guard let batch = all || isTooMuch ? joiner.flush() : joiner.expire(at: now) else { continue }
            batches.append(batch)
            changed.insert(source)
            joiners[source] = joiner.isHolding ? joiner : nil
        }
        return batches
    }

    // MARK: Over a restart

    /// Takes up what was held when the state was stored last. Records that are whole by it go to the caller.
    mutating func restore(_ held: [(source: Source, lines: HeldLines)], at now: Duration) -> [RecordBatch] {
        var batches: [RecordBatch] = []
        for (source, lines) in held {
            stored.insert(source)
            var joiner = joiner(for: source)
            let batch = joiner.restore(lines, at: now)
            if batch.count > 0 {
                batches.append(batch)
                changed.insert(source)
            }
            if joiner.isHolding { joiners[source] = joiner }
        }
        return batches
    }

    /// What has to be stored for each source that changed; nil: nothing is held any more.
    var changes: [Source: HeldLines?] {
        var changes: [Source: HeldLines?] = [:]
        for source in changed {
            let held = joiners[source]?.held
            if held != nil || stored.contains(source) { changes[source] = .some(held) }
        }
        return changes
    }

    /// `changes` are durable.
    mutating func changesKept() {
        for source in changed {
            if joiners[source] != nil { stored.insert(source) } else { stored.remove(source) }
        }
        changed = []
    }

    /// The same with new settings: what is held is taken up by them.
    func reconfigured(_ watch: Settings.Watch, at now: Duration) throws(MatcherError) -> (JoiningStage, [RecordBatch]) {
        var stage = try JoiningStage(watch, finder: finder)
        let batches = stage.restore(joiners.map { ($0.key, $0.value.held) }, at: now)
        stage.stored = stored
        // Beside those whose held lines were just handed on.
        stage.changed.formUnion(changed)
        return (stage, batches)
    }

    private func joiner(for source: Source) -> RecordJoiner {
        guard case .file(let path) = source, let reading = readings.reading(of: path) else {
            return RecordJoiner(source: source)
        }
        return reading.joiner(for: source)
    }
}
