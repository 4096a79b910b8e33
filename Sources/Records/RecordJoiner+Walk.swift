// The walk over the lines of a batch, from candidate to candidate: between them only what may be of the stream of an open
// trace is looked at, so that a line of no trace costs next to nothing.

extension RecordJoiner {
    mutating func walk(_ work: inout JoiningBatch, _ candidates: [Int]) {
        var outlines = OutlineReader(work.batch)
        var at = 0
        var next = candidates.startIndex
        var lookout = Lookout(open)
        while at < work.batch.count {
            while next < candidates.endIndex, candidates[next] < at { next += 1 }
            let isCandidate = looksAtEveryLine || (next < candidates.endIndex && candidates[next] == at)
            if !isHolding, !isCandidate {
                guard next < candidates.endIndex, candidates[next] < work.batch.count else { return }
                at = candidates[next]
                continue
            }
            let passes = !isCandidate && outlines != nil && passesAmidReport(at, work.batch, &outlines)
            if !passes, isCandidate || !parts.isEmpty || object != nil || lookout.concerns(at, work, open) {
                take(work.line(at, &outlines), index: at, mayBegin: isCandidate, &work)
                lookout = Lookout(open)
            } else if order + at > lookout.releaseAt {
                releaseDistant(order + at, &work)
                lookout = Lookout(open)
            }
            at += 1
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
        if let number = trace(of: line) {
            if feed(line, index: index, to: number, &work) { return }
        } else if joinOtherProcessor(line, index: index, &work) {
            return
        }
        if mayBegin { begin(line, index: index, &work) }
    }
}

/// What the open traces wait for, so that each entry of a journal costs next to nothing while some are open.
private struct Lookout {
    /// Those of a journal: whose entries may go on with one.
    private var processes: [JournalEntries.Process] = []
    /// Behind this line a guess is too far back.
    private(set) var releaseAt = Int.max

    init(_ open: [OpenTrace]) {
        for number in open.indices {
            if !open[number].state.isConfirmed {
                releaseAt = min(releaseAt, open[number].lastOrder + OpenTrace.reach)
            }
            if let process = open[number].lines.first?.entry?.process(at: 0) { processes.append(process) }
        }
    }

    /// Whether a line may be of the stream of an open trace.
    func concerns(_ index: Int, _ work: JoiningBatch, _ open: [OpenTrace]) -> Bool {
        if let entries = work.entries {
            let process = entries.process(at: index)
            if process == .unclear { return true }
            return processes.contains { $0 == process || $0 == .unclear }
        }
        return open.contains { trace in
            trace.keys.count > 1 || trace.lines.first?.mayShareStream(index, of: work.batch) ?? true
        }
    }
}
