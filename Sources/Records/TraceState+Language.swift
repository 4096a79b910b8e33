// The language of a trace that stands in one message.

extension TraceState {
    /// The language whose stack trace `message` holds; nil where there is none that is sure.
    static func language(of message: [UInt8], isKernel: Bool) -> TraceLanguage? {
        guard message.contains(0x0a) else { return nil }
        var state: TraceState?
        var found: TraceLanguage?
        var lines = 0
        for line in message.split(separator: 0x0a, maxSplits: 200, omittingEmptySubsequences: false) {
            lines += 1
            if lines > 200 { break }
            let text = TraceText(line)
            if state != nil {
                let verdict = state?.verdict(on: text)
                if verdict == .joins || verdict == .last, state?.isConfirmed == true, let language = state?.language {
                    if found == nil || state?.phase != .head { return language }
                }
                if verdict != .foreign { continue }
                state = nil
            }
            state =
                isKernel
                ? kernelOpening(text) : opening(text) ?? (lines > 1 ? behindAnyLine(text) : kernelOpening(text))
            if state?.isConfirmed == true, found == nil { found = state?.language }
        }
        return found
    }
}
