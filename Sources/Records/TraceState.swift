// A trace in the making: what was seen of it, and whether a line goes on with it. Lines of other streams do not come here.
//
// Must stay true: a state depends on the lines that it was given and on nothing else, so that lines that were kept over a
// restart and given again make the same state. The forms are those of the runtimes' own documentation; each language's
// function names its.

/// What a line is to the trace before it.
enum TraceVerdict: Equatable {
    case joins
    /// Only if a line that joins follows: a blank line between goroutines, the second line of an exception's text.
    case maybe
    /// Belongs to it, and is its last.
    case last
    case foreign
}

/// What is known of a trace.
struct TraceState: Equatable {
    enum Phase: Equatable {
        /// The first line, and lines of the exception's text.
        case head
        case frames
        /// Python: behind the line that names the exception.
        case raised
        /// Everything joins until a line that ends it (sanitizers, crash reports).
        case report
        /// A line of `=====`: the next line says whose.
        case ruler
        /// Node: the place in the source, before the line of it and its mark.
        case source
    }

    /// Nil: not known yet.
    var language: TraceLanguage?
    var phase: Phase
    /// A frame or another line that only a trace has was seen: it is one.
    var isConfirmed = false
    /// Python: the words between two exceptions were read. Kernel: the trace's end was.
    var mark = false
    /// Kernel: the callers of the frames were read.
    var hasCalls = false
    /// Kernel: what the bug is was read.
    var hasHeadline = false
    /// Kernel: the stream is one caller's alone.
    var ownsStream = false

    init(_ language: TraceLanguage?, _ phase: Phase, confirmed: Bool = true) {
        self.language = language
        self.phase = phase
        isConfirmed = confirmed
    }

    /// What `line` is to this trace; the state moves on when it joins.
    mutating func verdict(on line: TraceText) -> TraceVerdict {
        // The line under a ruler says whose it is, and whether that is sure.
        if phase == .ruler { return behindRuler(line) }
        let verdict = judge(line)
        if verdict == .joins || verdict == .last { isConfirmed = true }
        return verdict
    }

    private mutating func judge(_ line: TraceText) -> TraceVerdict {
        switch language {
        case .java, .javascript, .dotnet, nil: return frames(line)
        case .python: return python(line)
        case .go: return go(line)
        case .ruby: return ruby(line)
        case .php: return php(line)
        case .rust: return rust(line)
        case .perl: return perl(line)
        case .cpp: return cpp(line)
        case .dart: return dart(line)
        case .kernel: return kernel(line)
        }
    }

    /// `=====…` is written by Go's race detector, the sanitizers, and the kernel.
    private mutating func behindRuler(_ line: TraceText) -> TraceVerdict {
        guard language != .kernel, let next = Self.opening(line), next.phase != .ruler else {
            // lockdep: `WARNING: …` under a ruler.
            guard language == .kernel || line.starts("BUG: K"),
                Self.kernelOpening(line) != nil || line.starts("WARNING: ")
            else { return .foreign }
            let owns = ownsStream
            self = TraceState(.kernel, .head)
            ownsStream = owns
            return .joins
        }
        self = next
        return .joins
    }
}
