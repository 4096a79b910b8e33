// How a trace comes to be open: by a line that begins one, by a line that goes on with the one before it, which was
// passed over; or as a guess, a line of which one may follow, and the next says.

extension RecordJoiner {
    mutating func begin(_ line: StreamLine, index: Int?, _ work: inout JoiningBatch) {
        if let state = beginnings.state(after: line) {
            if let index, lookBack(from: line, index, state, &work) { return }
            return start(state, line, index: index, &work)
        }
        if let index, !line.isWhole, beginnings.stateBehindAny(line.lineText) != nil,
            lookBack(from: line, index, nil, &work)
        {
            return
        }
        // One put together of parts may be what a frame follows.
        if index == nil || looksAtEveryLine { guess(line, index: index, &work) }
    }

    mutating func start(
        _ state: TraceState, _ line: StreamLine, index: Int?, isGuess: Bool = false, _ work: inout JoiningBatch
    ) {
        open.append(OpenTrace(work.holding(line, index), key: line.key, state, isGuess: isGuess, at: work.now))
    }

    private mutating func guess(_ line: StreamLine, index: Int?, _ work: inout JoiningBatch) {
        guard beginnings.mayFollow(line) else {
            if index == nil { work.put([line]) }
            return
        }
        start(TraceState(nil, .head, confirmed: false), line, index: index, isGuess: true, &work)
    }

    /// Joins a line to the one before it in its stream, when that may begin a trace and was passed over.
    private mutating func lookBack(
        from line: StreamLine, _ index: Int, _ state: TraceState?, _ work: inout JoiningBatch
    ) -> Bool {
        if state?.phase == .ruler || line.isKernel { return false }
        var at = index - 1
        while at >= 0, index - at <= OpenTrace.reach {
            let before = work.mayShareStream(at, index) ? work.line(at) : nil
            if let before, before.key == line.key {
                guard !work.isTaken(at), beginnings.mayFollow(before), beginnings.state(after: before) == nil,
                    let state = beginnings.state(after: before, line)
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
    mutating func holdLast(_ work: inout JoiningBatch) {
        guard multiline != .none, !looksAtEveryLine else { return }
        var seen: Set<[UInt8]> = []
        var at = work.batch.count - 1
        while at >= 0, work.batch.count - at <= OpenTrace.reach {
            let line = work.line(at)
            let isLast = seen.insert(line.key).inserted && !work.isTaken(at)
            if isLast, beginnings.mayFollow(line), trace(of: line) == nil { guess(line, index: at, &work) }
            if line.key.isEmpty, seen.count == 1 { return }
            at -= 1
        }
    }
}
