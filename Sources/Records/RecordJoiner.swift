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
    let multiline: Multiline
    let limits: Limits
    /// The administrator's own patterns, in place of the languages'.
    let pattern: LinePattern?
    var open: [OpenTrace] = []
    /// Lines of containers of which parts came.
    var parts: [String: PartialLine] = [:]
    /// An object of JSON over several lines.
    var object: OpenObject?
    /// Lines seen so far.
    package internal(set) var order = 0
    /// Of the lines last seen.
    var context: LineContext?
    var isDecoded = false

    /// Lines of other streams between a line and a frame behind it.
    static let reach = 20
    /// Lines that may stand between two that surely belong to a trace.
    static let doubts = 8
    /// Lines of other parts of the kernel between two of a report.
    static let strangers = 50
    /// Between two lines of a report, by the kernel's stamps, in microseconds.
    static let longestPause: Int64 = 10_000_000

    /// A trace that may go on.
    struct OpenTrace: Sendable {
        /// The streams that its lines come from: one, but for a report to which other processors add.
        var keys: [String]
        var state: TraceState
        var lines: [StreamLine]
        var doubtful: [StreamLine] = []
        var size: Int
        var last: Duration
        var lastOrder: Int
        var strangers = 0
        /// Lines without date since the last one that only a trace has.
        var adopted = 0
        /// A line of which a trace may follow, and nothing yet that says so.
        var isGuess = false
    }

    /// - Parameter pattern: takes the place of `multiline`.
    package init(
        source: Source, multiline: Multiline = .auto, pattern: LinePattern? = nil, limits: Limits = Limits()
    ) {
        self.source = source
        self.multiline = multiline
        self.limits = limits
        self.pattern = pattern
    }

    /// Whether every line is looked at, not candidates alone.
    package var looksAtEveryLine: Bool {
        if case .language = multiline { return true }
        return pattern != nil
    }

    /// When `expire` has something to hand on, on the clock of `now`; nil while nothing is held.
    package var deadline: Duration? {
        let others = parts.values.map(\.last) + (object.map { [$0.last] } ?? [])
        return (open.map { $0.last + timeout(of: $0) } + others.map { $0 + limits.timeout }).min()
    }

    package var isHolding: Bool { !open.isEmpty || !parts.isEmpty || object != nil }

    func timeout(of trace: OpenTrace) -> Duration {
        trace.isGuess && pattern == nil && multiline == .auto ? limits.guessTimeout : limits.timeout
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
            while let index = joiner.open.firstIndex(where: { $0.last + joiner.timeout(of: $0) <= now }) {
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
            for key in joiner.parts.keys.sorted() { joiner.finishPart(key, &work) }
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

    // MARK: The walk

    /// From candidate to candidate; between them only what may be of the stream of an open trace.
    private mutating func walk(_ work: inout JoiningBatch, _ candidates: [Int]) {
        var outlines = OutlineReader(work.batch)
        var at = 0
        var next = candidates.startIndex
        var lookout = lookout
        while at < work.batch.count {
            while next < candidates.endIndex, candidates[next] < at { next += 1 }
            let isCandidate = looksAtEveryLine || (next < candidates.endIndex && candidates[next] == at)
            if !isHolding, !isCandidate {
                guard next < candidates.endIndex, candidates[next] < work.batch.count else { return }
                at = candidates[next]
                continue
            }
            if !isCandidate, outlines != nil, passesAmidReport(at, work.batch, &outlines) {
                if order + at > lookout.releaseAt {
                    releaseDistant(order + at, &work)
                    lookout = self.lookout
                }
            } else if isCandidate || !parts.isEmpty || object != nil || concerns(at, work, lookout) {
                take(work.line(at), index: at, mayBegin: isCandidate, &work)
                lookout = self.lookout
            } else if order + at > lookout.releaseAt {
                releaseDistant(order + at, &work)
                lookout = self.lookout
            }
            at += 1
        }
    }

    /// What the open traces wait for, so that each entry of a journal costs next to nothing while some are open.
    private struct Lookout {
        /// Those of a journal: whose entries may go on with one.
        var processes: [JournalEntries.Process] = []
        /// Behind this line a guess is too far back.
        var releaseAt = Int.max
    }

    private var lookout: Lookout {
        var lookout = Lookout()
        for number in open.indices {
            if !open[number].state.isConfirmed {
                lookout.releaseAt = min(lookout.releaseAt, open[number].lastOrder + Self.reach)
            }
            if let process = open[number].lines.first?.entry?.process(at: 0) { lookout.processes.append(process) }
        }
        return lookout
    }

    /// Whether a line may be of the stream of an open trace.
    private func concerns(_ index: Int, _ work: JoiningBatch, _ lookout: Lookout) -> Bool {
        if let entries = work.entries {
            let process = entries.process(at: index)
            if process == .unclear { return true }
            return lookout.processes.contains { $0 == process || $0 == .unclear }
        }
        return open.contains { trace in
            trace.keys.count > 1 || trace.lines.first?.mayShareStream(index, of: work.batch) ?? true
        }
    }

    /// - Parameters:
    ///   - index: of the line in the batch; nil for one that was held.
    ///   - mayBegin: a line that is no candidate begins nothing.
    mutating func take(_ line: StreamLine, index: Int?, mayBegin: Bool, _ work: inout JoiningBatch) {
        if pattern != nil { return takeByPattern(line, index: index, &work) }
        if takeObject(line, index: index, mayBegin: mayBegin, &work) { return }
        if line.isPartial || !parts.isEmpty {
            guard let whole = assemble(line, index: index, &work) else { return }
            let isWhole = whole.index == nil
            return takeWhole(whole.line, index: whole.index, mayBegin: mayBegin || isWhole, &work)
        }
        takeWhole(line, index: index, mayBegin: mayBegin, &work)
    }

    private mutating func takeWhole(
        _ line: StreamLine, index: Int?, mayBegin: Bool, _ work: inout JoiningBatch
    ) {
        releaseDistant(line.order, &work)
        if let number = open.firstIndex(where: { $0.keys.contains(line.key) }) {
            if feed(line, index: index, to: number, &work) { return }
        } else if joinOtherProcessor(line, index: index, &work) {
            return
        }
        if mayBegin { begin(line, index: index, &work) }
    }

    /// Guesses that are too far back, and reports of the kernel that seem to be over.
    private mutating func releaseDistant(_ now: Int, _ work: inout JoiningBatch) {
        var number = 0
        while number < open.count {
            if !open[number].state.isConfirmed, now - open[number].lastOrder > Self.reach {
                finish(number, &work)
            } else {
                number += 1
            }
        }
    }

    /// Whether the trace took the line.
    private mutating func feed(
        _ line: StreamLine, index: Int?, to number: Int, _ work: inout JoiningBatch
    ) -> Bool {
        if open[number].isGuess { return feedGuess(line, index: index, to: number, &work) }
        var verdict = line.isWhole ? TraceVerdict.foreign : judge(line, number)
        if verdict == .maybe, open[number].doubtful.count >= Self.doubts { verdict = .foreign }
        switch verdict {
        case .joins, .last:
            append(line, index: index, to: number, &work)
            if verdict == .last { finish(number, &work) }
            return true
        case .maybe:
            open[number].doubtful.append(work.holding(line, index))
            open[number].last = work.now
            return true
        case .foreign:
            if isInterlude(line, number) {
                open[number].strangers += 1
                if index == nil { work.put([line]) }
                return true
            }
            finish(number, &work)
            // Lines that were in doubt may have opened a trace of their own.
            if let number = open.firstIndex(where: { $0.keys.contains(line.key) }) {
                return feed(line, index: index, to: number, &work)
            }
            return false
        }
    }

    private mutating func judge(_ line: StreamLine, _ number: Int) -> TraceVerdict {
        let trace = open[number]
        if Self.isAfterPause(line.uptime, trace) { return .foreign }
        var state = trace.state
        var verdict = state.verdict(on: line.lineText)
        let isOfEntry = trace.lines[0].isEntry && trace.state.language != .kernel
        // A date begins an entry of its own, unless each line of the trace has one.
        if line.isEntry, !isOfEntry || trace.state.phase == .report { verdict = .foreign }
        if isOfEntry, line.isEntry, verdict == .maybe { verdict = .foreign }
        // What has no date is no entry of a log whose entries have one.
        if isOfEntry, !line.isEntry, verdict == .foreign || verdict == .maybe, trace.state.isConfirmed {
            let isAnother = beginning(of: line)?.isConfirmed == true || trace.adopted >= Self.reach
            verdict = isAnother ? .foreign : .joins
            open[number].adopted += 1
        } else if verdict == .joins {
            open[number].adopted = 0
        }
        if verdict == .joins || verdict == .last { open[number].state = state }
        return verdict
    }

    /// A line of another part of the kernel, in a report whose caller is not named.
    private func isInterlude(_ line: StreamLine, _ number: Int) -> Bool {
        let trace = open[number]
        guard trace.state.language == .kernel, trace.state.isConfirmed, !trace.state.ownsStream,
            trace.strangers < (line.isKernel ? Self.strangers : Self.doubts)
        else { return false }
        return !Self.isAfterPause(line.uptime, trace) && Self.isStranger(line.lineText)
    }

    private mutating func append(_ line: StreamLine, index: Int?, to number: Int, _ work: inout JoiningBatch) {
        let line = work.holding(line, index)
        let added = open[number].doubtful + [line]
        let size = added.reduce(0) { $0 + $1.size }
        if open[number].lines.count + added.count > limits.lines || open[number].size + size > limits.bytes {
            // Told as it is; what follows is a record too.
            work.put(open[number].lines)
            (open[number].lines, open[number].size) = ([], 0)
        }
        open[number].lines += added
        open[number].size += size
        open[number].doubtful = []
        (open[number].last, open[number].lastOrder, open[number].strangers) = (work.now, line.order, 0)
    }

    // MARK: Beginnings

    /// The state after a line that begins a trace; nil for all others.
    private func beginning(of line: StreamLine) -> TraceState? {
        if line.isWhole { return nil }
        let text = line.lineText
        var state: TraceState?
        if line.isKernel {
            state = TraceState.kernelOpening(text)
            state?.ownsStream = line.caller != nil
        } else if line.key.isEmpty {
            state = TraceState.opening(text)
            // A console's lines have no header.
            if state == nil, var kernel = TraceState.kernelOpening(text), kernel.phase != .ruler {
                kernel.isConfirmed = false
                state = kernel
            }
        } else {
            state = TraceState.opening(text)
        }
        guard case .language(let language) = multiline, let found = state else { return state }
        if found.language == language || found.phase == .ruler { return found }
        guard found.language == nil, [.java, .javascript, .dotnet, .php, .ruby].contains(language) else { return nil }
        state?.language = language
        return state
    }

    private mutating func begin(_ line: StreamLine, index: Int?, _ work: inout JoiningBatch) {
        if let state = beginning(of: line) {
            if let index, lookBack(from: line, index, state, &work) { return }
            return start(state, line, index: index, &work)
        }
        if let index, !line.isWhole, behindAnyLine(line.lineText) != nil, lookBack(from: line, index, nil, &work) {
            return
        }
        // One put together of parts may be what a frame follows.
        if index == nil || looksAtEveryLine { guess(line, index: index, &work) }
    }

    private mutating func start(_ state: TraceState, _ line: StreamLine, index: Int?, _ work: inout JoiningBatch) {
        let line = work.holding(line, index)
        open.append(
            OpenTrace(
                keys: [line.key], state: state, lines: [line], size: line.size, last: work.now, lastOrder: line.order))
    }

    private mutating func guess(_ line: StreamLine, index: Int?, _ work: inout JoiningBatch) {
        guard mayOpen(line) else {
            if index == nil { work.put([line]) }
            return
        }
        start(TraceState(nil, .head, confirmed: false), line, index: index, &work)
        open[open.count - 1].isGuess = true
    }

    private func mayOpen(_ line: StreamLine) -> Bool {
        if line.isWhole || line.isKernel || line.isPartial { return false }
        if case .language = multiline { return !line.lineText.isBlank }
        return multiline == .auto && TraceState.mayOpen(line.lineText, isGrave: line.isGrave && line.isEntry)
    }

    private func behindAnyLine(_ line: TraceText) -> TraceState? {
        guard let state = TraceState.behindAnyLine(line) else { return nil }
        guard case .language(let language) = multiline else { return state }
        return state.language == nil || state.language == language ? state : nil
    }

    /// What a trace's first lines are: `first`, which alone says nothing, and `line`.
    private func follows(_ first: StreamLine, _ line: StreamLine) -> TraceState? {
        if line.isWhole { return nil }
        let text = line.lineText
        // An entry of a log, and a trace under it.
        if first.isEntry, !line.isEntry, let state = beginning(of: line) { return state }
        guard let state = behindAnyLine(text) else { return nil }
        return text.has("Traceback (most recent") || text.starts("goroutine ") ? nil : state
    }

    private mutating func feedGuess(
        _ line: StreamLine, index: Int?, to number: Int, _ work: inout JoiningBatch
    ) -> Bool {
        guard let state = follows(open[number].lines[0], line) else {
            finish(number, &work)
            return false
        }
        (open[number].state, open[number].isGuess) = (state, false)
        append(line, index: index, to: number, &work)
        return true
    }

    /// Joins a line to the one before it in its stream, when that may begin a trace and was passed over.
    private mutating func lookBack(
        from line: StreamLine, _ index: Int, _ state: TraceState?, _ work: inout JoiningBatch
    ) -> Bool {
        if state?.phase == .ruler || line.isKernel { return false }
        var at = index - 1
        while at >= 0, index - at <= Self.reach {
            let before = work.mayShareStream(at, index) ? work.line(at) : nil
            if let before, before.key == line.key {
                guard !work.isTaken(at), mayOpen(before), beginning(of: before) == nil,
                    let state = follows(before, line)
                else { return false }
                start(state, before, index: at, &work)
                append(line, index: index, to: open.count - 1, &work)
                return true
            }
            at -= 1
        }
        return false
    }

    /// The batch's last lines, each the last of its stream, wait when a frame may follow.
    private mutating func holdLast(_ work: inout JoiningBatch) {
        guard multiline != .none, pattern == nil, !looksAtEveryLine else { return }
        var seen: Set<String> = []
        var at = work.batch.count - 1
        while at >= 0, work.batch.count - at <= Self.reach {
            let line = work.line(at)
            let isLast = seen.insert(line.key).inserted && !work.isTaken(at)
            if isLast, mayOpen(line), !open.contains(where: { $0.keys.contains(line.key) }) {
                guess(line, index: at, &work)
            }
            if line.key.isEmpty, seen.count == 1 { return }
            at -= 1
        }
    }

    /// What a processor writes that was asked by an interrupt (`Sending NMI from CPU 0`) belongs to the report that asked.
    private mutating func joinOtherProcessor(
        _ line: StreamLine, index: Int?, _ work: inout JoiningBatch
    ) -> Bool {
        // A report's first line has another form: what comes without one is the rest of another processor's.
        guard line.isKernel,
            line.lineText.startsWithAny(["NMI backtrace for cpu", "Call Trace:", "Call trace:"]),
            let number = open.lastIndex(where: { $0.state.language == .kernel })
        else { return false }
        open[number].keys.append(line.key)
        append(line, index: index, to: number, &work)
        return true
    }

    // MARK: Ends

    /// The trace is over: one record of its lines; lines in doubt, and those of what turned out to be none, by themselves.
    mutating func finish(_ number: Int, _ work: inout JoiningBatch) {
        let trace = open.remove(at: number)
        var rest = trace.doubtful
        if trace.state.isConfirmed || pattern != nil {
            work.put(trace.lines)
        } else {
            work.put(Array(trace.lines.prefix(1)))
            rest = trace.lines.dropFirst() + rest
        }
        for line in rest {
            if work.isFlushing { work.put([line]) } else { retake(line, &work) }
        }
    }

    /// A line that was held in vain is looked at as if it came now.
    private mutating func retake(_ line: StreamLine, _ work: inout JoiningBatch) {
        if let number = open.firstIndex(where: { $0.keys.contains(line.key) }) {
            if feed(line, index: nil, to: number, &work) { return }
        }
        if let state = beginning(of: line) {
            start(state, line, index: nil, &work)
        } else {
            work.put([line])
        }
    }
}
