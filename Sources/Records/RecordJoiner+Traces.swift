// The open traces: what goes on with them, and how they end and are handed on.

extension RecordJoiner {
    /// The number of the open trace that the line's stream has.
    func trace(of line: StreamLine) -> Int? { open.firstIndex { $0.keys.contains(line.key) } }

    /// Whether the trace took the line.
    mutating func feed(_ line: StreamLine, index: Int?, to number: Int, _ work: inout JoiningBatch) -> Bool {
        if open[number].isGuess { return feedGuess(line, index: index, to: number, &work) }
        let verdict = open[number].verdict(on: line, beginnings)
        switch verdict {
        case .joins, .last:
            append(line, index: index, to: number, &work)
            if verdict == .last { finish(number, &work) }
            return true
        case .maybe:
            open[number].doubt(work.holding(line, index), at: work.now)
            return true
        case .foreign:
            if open[number].passes(line) {
                if index == nil { work.put([line]) }
                return true
            }
            finish(number, &work)
            // Lines that were in doubt may have opened a trace of their own.
            if let number = trace(of: line) { return feed(line, index: index, to: number, &work) }
            return false
        }
    }

    private mutating func feedGuess(
        _ line: StreamLine, index: Int?, to number: Int, _ work: inout JoiningBatch
    ) -> Bool {
        guard let state = beginnings.state(after: open[number].lines[0], line) else {
            finish(number, &work)
            return false
        }
        (open[number].state, open[number].isGuess) = (state, false)
        append(line, index: index, to: number, &work)
        return true
    }

    mutating func append(_ line: StreamLine, index: Int?, to number: Int, _ work: inout JoiningBatch) {
        work.put(open[number].append(work.holding(line, index), within: limits, at: work.now))
    }

    /// What a processor writes that was asked by an interrupt (`Sending NMI from CPU 0`) belongs to the report that asked.
    mutating func joinOtherProcessor(_ line: StreamLine, index: Int?, _ work: inout JoiningBatch) -> Bool {
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

    /// Those of which nothing says that they are traces, and which are too far back from line `order`.
    mutating func releaseDistant(_ order: Int, _ work: inout JoiningBatch) {
        var number = 0
        while number < open.count {
            if open[number].isDistant(from: order) { finish(number, &work) } else { number += 1 }
        }
    }

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
        if let number = trace(of: line), feed(line, index: nil, to: number, &work) { return }
        if let state = beginnings.state(after: line) {
            start(state, line, index: nil, &work)
        } else {
            work.put([line])
        }
    }
}
