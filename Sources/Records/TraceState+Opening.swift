// The first lines of traces.

extension TraceState {
    /// The state after `line`, when it begins a trace in any language but the kernel's.
    static func opening(_ line: TraceText) -> TraceState? {
        guard let first = line.body.first else { return nil }
        if first == UInt8(ascii: "="), isRuler(line) { return TraceState(nil, .ruler, confirmed: false) }
        return pythonOpening(line) ?? nativeOpening(line) ?? phpOpening(line) ?? managedOpening(line)
            ?? rubyOpening(line)
    }

    /// A line of which frames may follow, though it begins in no known way: the next line tells.
    /// - Parameter isGrave: the line's header says error or worse.
    static func mayOpen(_ line: TraceText, isGrave: Bool) -> Bool {
        if line.isBlank { return false }
        if isGrave || line.starts("PHP ") { return true }
        if let last = line.body.last, last == 0x2e, line.has(" line "), line.has(" at ") { return true }  // Perl's die
        return line.hasAny([
            "Exception", "Throwable", "Error", "ERROR", "SEVERE", "FATAL", "error", "exception", "stack trace",
        ])
    }

    private static func pythonOpening(_ line: TraceText) -> TraceState? {
        if line.has("Traceback (most recent call last):") { return TraceState(.python, .frames) }
        if line.indent >= 2, line.starts("File \""), line.has("\", line ") {
            return TraceState(.python, .frames, confirmed: false)
        }
        return line.starts("Fatal Python error: ") ? TraceState(.python, .report) : nil
    }

    private static func nativeOpening(_ line: TraceText) -> TraceState? {
        if line.starts("panic: ") || line.has("http: panic serving ") || line.starts("fatal error: ")
            || line.startsWithAny([
                "runtime: goroutine stack exceeds", "runtime: out of memory", "SIGSEGV: segmentation violation",
                "SIGABRT: abort", "SIGQUIT: quit", "unexpected fault address ",
            ])
        {
            return TraceState(.go, .head)
        }
        if line.starts("goroutine "), line.has(" ["), line.ends("]:") { return TraceState(.go, .frames) }
        if line.starts("WARNING: DATA RACE") { return TraceState(.go, .report) }
        if line.starts("thread '"), line.has("panicked at") {
            var state = TraceState(.rust, .head)
            state.mark = line.ends(":")
            return state
        }
        if line.starts("thread '"), line.has("has overflowed its stack") { return TraceState(.rust, .head) }
        if line.starts("==") || line.starts("WARNING: "), line.has("Sanitizer: ") || line.has("Sanitizer:DEADLYSIGNAL")
        {
            return TraceState(.cpp, .report)
        }
        let isAbort = line.startsWithAny([
            "terminate called ", "libc++abi: ", "libc++abi.dylib: ", "*** stack smashing detected",
            "*** buffer overflow detected",
            "*** Error in `", "*** SIG", "*** Aborted at ", "double free or corruption", "free(): ", "malloc(): ",
            "realloc(): ", "munmap_chunk(): ", "corrupted size vs. prev_size", "Stack trace (most recent call last)",
            "Program received signal ", "Program terminated with signal ", "(EE) Backtrace:",
        ])
        if isAbort { return TraceState(.cpp, .head) }
        if line.isNumbered(mark: UInt8(ascii: "#"), ends: 0x20), line.starts("#0 "), line.has(" 0x") {
            return TraceState(.cpp, .frames)
        }
        return nil
    }

    private static func phpOpening(_ line: TraceText) -> TraceState? {
        if line.has("PHP Fatal error:  Uncaught") || line.has("Fatal error: Uncaught")
            || line.starts("PHP Stack trace:")
            || line.has("PHP Parse error:  Uncaught") || line.has("PHP Recoverable fatal error:")
        {
            return TraceState(.php, .head)
        }
        if line.has("{\"exception\":\"[object] (") { return TraceState(.php, .head) }
        return line.startsFlush("[stacktrace]") ? TraceState(.php, .frames) : nil
    }

    private static func managedOpening(_ line: TraceText) -> TraceState? {
        if line.has("Exception in thread \"") { return TraceState(.java, .head) }
        if line.starts("Unhandled exception. ") || line.starts("Unhandled Exception: ") || line.starts("Fatal error. ")
            || line.starts("Process terminated. ")
        {
            return TraceState(.dotnet, .head)
        }
        if line.startsFlush("Stack overflow.") { return TraceState(.dotnet, .head, confirmed: false) }
        if line.startsFlush("Unhandled exception:") { return TraceState(.dart, .head) }
        if line.starts("Uncaught ") || line.has("UnhandledPromiseRejection") { return TraceState(.javascript, .head) }
        if line.startsFlush("node:internal/") || isScriptPlace(line) {
            return TraceState(.javascript, .source, confirmed: false)
        }
        if isDotnetLogLine(line) { return TraceState(.dotnet, .frames, confirmed: false) }
        if line.starts("Caused by: ") { return TraceState(.java, .head) }
        if line.beginsWithExceptionName { return TraceState(nil, .head, confirmed: false) }
        // Frames whose first line is gone.
        var frames = TraceState(nil, .head, confirmed: false)
        return line.isIndented && frames.verdict(on: line) == .joins ? frames : nil
    }

    /// `/srv/app/server.js:12`, alone on its line.
    private static func isScriptPlace(_ line: TraceText) -> Bool {
        guard line.indent == 0, !line.body.contains(0x20) else { return false }
        let digits = line.body.reversed().prefix { TraceText.isDigit($0) }.count
        guard digits > 0, digits < 8 else { return false }
        let path = TraceText(line.body.dropLast(digits))
        return [".js:", ".ts:", ".mjs:", ".cjs:", ".jsx:", ".tsx:"].contains { path.ends($0) }
    }

    /// The console logger of ASP.NET Core: `fail: Category[0]`, the message and the exception on indented lines.
    private static func isDotnetLogLine(_ line: TraceText) -> Bool {
        guard line.startsFlush("fail: ") || line.startsFlush("crit: "), line.ends("]") else { return false }
        return !line.body.dropFirst(6).contains(0x20)
    }

    private static func rubyOpening(_ line: TraceText) -> TraceState? {
        if line.has("[BUG] "), line.has(".rb:") || line.has("Segmentation fault at 0x") {
            return TraceState(.ruby, .report)
        }
        guard isRubyPlace(line) else {
            return railsName(line).map { _ in TraceState(.ruby, .head, confirmed: false) }
        }
        return TraceState(.ruby, line.starts("from ") ? .frames : .head, confirmed: line.ends(")"))
    }

    /// The class in Rails' first lines: `ActionView::Template::Error (undefined method 'x' for nil):`.
    static func railsName(_ line: TraceText) -> ArraySlice<UInt8>? {
        let name = line.span { TraceText.isLetter($0) || TraceText.isDigit($0) || $0 == 0x3a || $0 == 0x5f }
        guard name > 3, line.ends("):"), line.body.dropFirst(name).starts(with: " (".utf8) else { return nil }
        return line.body.prefix(name)
    }

    /// A line that goes on with a trace of which the line before is the beginning, whatever that says: the state after
    /// both. Nil when it is no such line.
    static func behindAnyLine(_ line: TraceText) -> TraceState? {
        if line.startsWithAny(["PHP Stack trace:", "Stack trace:", "[stacktrace]"]) {
            return TraceState(.php, .frames)
        }
        if line.isIndented, line.has(" called at "), line.has(" line ") { return TraceState(.perl, .frames) }
        if line.startsWithAny(["Traceback (most recent call last):", "goroutine "]) { return opening(line) }
        var state = TraceState(nil, .head, confirmed: false)
        if line.startsWithAny(["Caused by:", "---> ", "Suppressed: ", "nested exception is:"])
            || line.isIndented && line.startsWithAny(["at ", "eval at "])
        {
            return state.verdict(on: line) == .joins ? state : nil
        }
        return nil
    }
}
