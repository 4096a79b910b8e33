// A trace that may go on: its lines, and what the next line of its stream is to it. Must stay true: a line that it was
// given is in `lines` or in `doubtful` until it is handed on.

struct OpenTrace: Sendable {
    /// The streams that its lines come from: one, but for a report to which other processors add.
    var keys: [[UInt8]]
    var state: TraceState
    private(set) var lines: [StreamLine]
    /// Lines that are of it only if one that joins follows.
    private(set) var doubtful: [StreamLine] = []
    private(set) var size: Int
    /// When the last line came.
    private(set) var last: Duration
    private(set) var lastOrder: Int
    /// Lines of other parts of the kernel since the last one of its own.
    private var strangers = 0
    /// Lines without date since the last one that only a trace has.
    private var adopted = 0
    /// A line of which a trace may follow, and nothing yet that says so.
    var isGuess: Bool

    /// Lines of other streams between a line and a frame behind it.
    static let reach = 20
    /// Lines that may stand between two that surely belong to a trace.
    private static let doubts = 8
    /// Lines of other parts of the kernel between two of a report.
    private static let strangers = 50
    /// Between two lines of a report, by the kernel's stamps, in microseconds.
    private static let longestPause: Int64 = 10_000_000

    /// - Parameter line: as it is held.
    init(_ line: StreamLine, key: [UInt8], _ state: TraceState, isGuess: Bool = false, at now: Duration) {
        (keys, self.state, lines, size) = ([key], state, [line], line.size)
        (last, lastOrder, self.isGuess) = (now, line.order, isGuess)
    }

    // MARK: What a line is to it

    /// The state moves on when the line joins.
    mutating func verdict(on line: StreamLine, _ beginnings: TraceBeginnings) -> TraceVerdict {
        if line.isWhole || isAfterPause(line.uptime) { return .foreign }
        var next = state
        var verdict = next.verdict(on: line.lineText)
        let isOfEntry = lines[0].isEntry && state.language != .kernel
        // A date begins an entry of its own, unless each line of the trace has one.
        if line.isEntry, !isOfEntry || state.phase == .report { verdict = .foreign }
        if isOfEntry, line.isEntry, verdict == .maybe { verdict = .foreign }
        // What has no date is no entry of a log whose entries have one.
        if isOfEntry, !line.isEntry, verdict == .foreign || verdict == .maybe, state.isConfirmed {
            let isAnother = beginnings.state(after: line)?.isConfirmed == true || adopted >= Self.reach
            verdict = isAnother ? .foreign : .joins
            adopted += 1
        } else if verdict == .joins {
            adopted = 0
        }
        if verdict == .joins || verdict == .last { state = next }
        return verdict == .maybe && doubtful.count >= Self.doubts ? .foreign : verdict
    }

    /// Whether a line is of another part of the kernel, in a report whose caller is not named. Counts it.
    mutating func passes(_ line: StreamLine) -> Bool {
        guard takesStrangers(upTo: line.isKernel ? Self.strangers : Self.doubts), !isAfterPause(line.uptime),
            Self.isStranger(line.lineText)
        else { return false }
        strangers += 1
        return true
    }

    /// The same of a line of the kernel of which no more is known than its text and the kernel's stamp.
    mutating func passes(_ text: TraceText, uptime: Int64?) -> Bool {
        var next = state
        guard !isAfterPause(uptime), next.verdict(on: text) == .foreign, Self.isStranger(text) else { return false }
        strangers += 1
        return true
    }

    /// Whether lines of other parts of the kernel may stand in it: in a report whose caller is not named.
    var takesStrangers: Bool { takesStrangers(upTo: Self.strangers) && !isGuess }

    private func takesStrangers(upTo limit: Int) -> Bool {
        state.language == .kernel && state.isConfirmed && !state.ownsStream && strangers < limit
    }

    /// Whether a line that does not go on with a report does not begin or end one either.
    private static func isStranger(_ text: TraceText) -> Bool {
        TraceState.kernelOpening(text) == nil && !TraceState.isKill(text)
    }

    /// Whether the kernel wrote this much later than what stands in the trace.
    private func isAfterPause(_ uptime: Int64?) -> Bool {
        guard let before = lines.last?.uptime, let uptime else { return false }
        return uptime.subtractingReportingOverflow(before).partialValue > Self.longestPause
    }

    /// Whether nothing yet says that it is a trace, and line `order` stands too far behind it.
    func isDistant(from order: Int) -> Bool { !state.isConfirmed && order - lastOrder > Self.reach }

    // MARK: Its lines

    /// Takes a line, and those in doubt before it.
    /// - Returns: its lines so far where it would get longer than a record may be: what follows is a record too.
    mutating func append(_ line: StreamLine, within limits: RecordJoiner.Limits, at now: Duration) -> [StreamLine] {
        let added = doubtful + [line]
        var full: [StreamLine] = []
        if lines.count + added.count > limits.lines || size + added.reduce(0, { $0 + $1.size }) > limits.bytes {
            full = lines
            (lines, size) = ([], 0)
        }
        (doubtful, strangers) = ([], 0)
        for line in added { add(line, at: now) }
        return full
    }

    mutating func add(_ line: StreamLine, at now: Duration) {
        lines.append(line)
        size += line.size
        (last, lastOrder) = (now, line.order)
    }

    /// Whether a record may be as long as it would be with the line.
    func hasRoom(for line: StreamLine, within limits: RecordJoiner.Limits) -> Bool {
        lines.count < limits.lines && size + line.size <= limits.bytes
    }

    mutating func doubt(_ line: StreamLine, at now: Duration) {
        doubtful.append(line)
        last = now
    }
}
