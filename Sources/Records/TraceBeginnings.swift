// Where a record of several lines begins. A pure decision on one line, or on two that follow each other in a stream; what
// is open, held or passed over is the joiner's concern.

/// Decides which lines begin a trace, and which one may follow, under a setting of `multiline`.
struct TraceBeginnings: Sendable {
    let multiline: Multiline

    /// Whether any line may begin a trace, not those alone that the search for `TraceTriggers` names.
    var areAnywhere: Bool { if case .language = multiline { true } else { false } }

    /// The state after a line that begins a trace; nil for all others.
    func state(after line: StreamLine) -> TraceState? {
        guard !line.isWhole, let found = Self.opening(line) else { return nil }
        guard case .language(let language) = multiline else { return found }
        if found.language == language || found.phase == .ruler { return found }
        guard found.language == nil, [.java, .javascript, .dotnet, .php, .ruby].contains(language) else { return nil }
        var state = found
        state.language = language
        return state
    }

    private static func opening(_ line: StreamLine) -> TraceState? {
        let text = line.lineText
        if line.isKernel {
            var state = TraceState.kernelOpening(text)
            state?.ownsStream = line.caller != nil
            return state
        }
        if let state = TraceState.opening(text) { return state }
        // A console's lines have no header.
        guard line.key.isEmpty, var state = TraceState.kernelOpening(text), state.phase != .ruler else { return nil }
        state.isConfirmed = false
        return state
    }

    /// Whether a trace may follow a line that begins none by itself.
    func mayFollow(_ line: StreamLine) -> Bool {
        if line.isWhole || line.isKernel || line.isPartial { return false }
        if areAnywhere { return !line.lineText.isBlank }
        return multiline == .auto && TraceState.mayOpen(line.lineText, isGrave: line.isGrave && line.isEntry)
    }

    /// The state after a line that goes on with a trace, whatever the line before it says.
    func stateBehindAny(_ line: TraceText) -> TraceState? {
        guard let state = TraceState.behindAnyLine(line) else { return nil }
        guard case .language(let language) = multiline else { return state }
        return state.language == nil || state.language == language ? state : nil
    }

    /// What a trace's first lines are: `first`, which alone says nothing, and `line`.
    func state(after first: StreamLine, _ line: StreamLine) -> TraceState? {
        if line.isWhole { return nil }
        let text = line.lineText
        // An entry of a log, and a trace under it.
        if first.isEntry, !line.isEntry, let state = state(after: line) { return state }
        guard let state = stateBehindAny(text) else { return nil }
        return text.has("Traceback (most recent") || text.starts("goroutine ") ? nil : state
    }
}
