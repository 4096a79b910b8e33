// Lines that belong together become one record: stack traces, crash reports of the kernel, lines that a container engine
// cut. One joiner for each source, between its deliveries and the matcher; values in, values out.
//
// Must stay true: no line is lost and none is in two records. A line that can begin no trace is handed on in the call
// that brought it. Memory is bounded: a record by lines and bytes, the traces that are open at once by their number; a
// trace that is longer goes on in a further record, so that every line of it is matched. What is held is given out as
// plain lines (`held`), which make the same state when they are joined again.

import Formats

/// Joins the lines of one source.
package struct RecordJoiner {
    package struct Limits: Sendable, Equatable {
        /// Of one record.
        package var lines = 1000
        package var bytes = 256 << 10
        /// Traces open at once.
        package var traces = 64
        /// How long a trace waits for its next line.
        package var timeout = Duration.seconds(1)
        /// How long a line waits of which a trace may follow, though it begins none by itself.
        package var guessTimeout = Duration.milliseconds(250)

        package init() {}
    }

    package let source: Source
    /// The administrator's own patterns, in place of the languages'.
    let pattern: LinePattern?
    let beginnings: TraceBeginnings
    let limits: Limits
    var open: [OpenTrace] = []
    /// Lines of containers of which parts came.
    var parts: [[UInt8]: PartialLine] = [:]
    /// An object of JSON over several lines.
    var object: OpenObject?
    /// Lines seen so far.
    package private(set) var order = 0
    /// Of the lines last seen.
    private(set) var context: LineContext?
    private var isDecoded = false

    /// - Parameter pattern: takes the place of `multiline`.
    package init(
        source: Source, multiline: Multiline = .auto, pattern: LinePattern? = nil, limits: Limits = Limits()
    ) {
        self.source = source
        self.pattern = pattern
        self.limits = limits
        beginnings = TraceBeginnings(multiline: multiline)
    }

    var multiline: Multiline { beginnings.multiline }

    /// Whether every line is looked at, not candidates alone.
    package var looksAtEveryLine: Bool { beginnings.areAnywhere || pattern != nil }

    /// When `expire` has something to hand on, on the clock of `now`; nil while nothing is held.
    package var deadline: Duration? {
        let others = parts.values.map(\.last) + (object.map { [$0.last] } ?? [])
        return (open.map { deadline(of: $0) } + others.map { $0 + limits.timeout }).min()
    }

    package var isHolding: Bool { !open.isEmpty || !parts.isEmpty || object != nil }

    private func deadline(of trace: OpenTrace) -> Duration {
        trace.last + (trace.isGuess && pattern == nil && multiline == .auto ? limits.guessTimeout : limits.timeout)
    }

    /// The records of `batch` and of what was held, as far as they are whole; in the order of their first lines.
    /// - Parameter candidates: the lines, ascending, that may begin or go on with a trace (`TraceTriggers`).
    package mutating func join(_ batch: RecordBatch, candidates: [Int], at now: Duration) -> RecordBatch {
        if multiline == .none, pattern == nil, batch.partials.isEmpty, !isHolding {
            order += batch.count
            return batch
        }
        note(batch)
        var work = JoiningBatch(batch: batch, firstOrder: order, now: now)
        let candidates = batch.partials.isEmpty ? candidates : Set(candidates + batch.partials).sorted()
        walk(&work, candidates)
        order += batch.count
        holdLast(&work)
        while open.count > limits.traces { finish(0, &work) }
        return work.isUntouched ? batch : work.assembled(source, isDecoded)
    }

    /// What waited for its time; nil when nothing did.
    package mutating func expire(at now: Duration) -> RecordBatch? {
        take { joiner, work in
            while let index = joiner.open.firstIndex(where: { joiner.deadline(of: $0) <= now }) {
                joiner.finish(index, &work)
            }
            for (key, part) in joiner.parts where part.last + joiner.limits.timeout <= now {
                joiner.finishPart(key, &work)
            }
            if let object = joiner.object, object.last + joiner.limits.timeout <= now { joiner.breakObject(&work) }
        }
    }

    /// All that is held.
    package mutating func flush() -> RecordBatch? {
        take { joiner, work in
            for key in joiner.parts.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                joiner.finishPart(key, &work)
            }
            joiner.breakObject(&work)
            while !joiner.open.isEmpty { joiner.finish(0, &work) }
        }
    }

    private mutating func take(_ body: (inout RecordJoiner, inout JoiningBatch) -> Void) -> RecordBatch? {
        guard isHolding, let empty = emptyBatch else { return nil }
        var work = JoiningBatch(batch: empty, firstOrder: order, now: .zero)
        work.isFlushing = true
        body(&self, &work)
        return work.isUntouched ? nil : work.assembled(source, isDecoded)
    }

    private mutating func note(_ batch: RecordBatch) {
        switch batch.origin {
        case .lines(let context): (self.context, isDecoded) = (context, false)
        case .decoded(let context, _, _): (self.context, isDecoded) = (context, true)
        case .journal: break
        }
    }

    private var emptyBatch: RecordBatch? {
        if source.isJournal { return RecordBatch(source: source, origin: .journal(JournalEntries())) }
        guard let context else { return nil }
        return RecordBatch(lines: [], source: source, context: context)
    }
}
