// Go (runtime.printpanics, GOTRACEBACK, the race detector), Rust (std::panicking, anyhow's report), C and C++ (terminate
// handlers, glibc's fortify and malloc checks, backtrace_symbols(3), glog, the sanitizers, gdb).

extension TraceState {
    mutating func go(_ line: TraceText) -> TraceVerdict {
        if phase == .report {
            // The race detector ends as it began.
            return Self.isRuler(line) ? .last : .joins
        }
        if line.isBlank { return .maybe }
        if line.starts("goroutine ") && line.has(" [") || line.starts("runtime stack:") {
            phase = .frames
            return .joins
        }
        if line.startsWithAny([
            "[signal ", "panic: ", "created by ", "runtime: ", "PC=0x", "...additional frames elided",
        ]) {
            return .joins
        }
        if line.starts("exit status ") { return .last }
        if line.isIndented { return .joins }
        guard phase == .frames else { return .maybe }
        // `main.run(0x1, {0xc000, 0x2})`, then its place on an indented line; registers after a signal.
        if line.ends(")"), line.has("(") { return .joins }
        let name = line.span { TraceText.isLetter($0) || TraceText.isDigit($0) }
        return name > 0 && name < 8 && line.body.dropFirst(name).drop { $0 == 0x20 }.starts(with: "0x".utf8)
            ? .joins : .foreign
    }

    mutating func rust(_ line: TraceText) -> TraceVerdict {
        if line.isBlank { return .maybe }
        if line.starts("note: ") { return line.has("RUST_BACKTRACE") ? .last : .joins }
        if line.startsWithAny(["stack backtrace:", "Stack backtrace:", "Caused by:", "Location:"]) {
            phase = .frames
            return .joins
        }
        if line.starts("thread '"), line.has("panicked at") || line.has("panicked while processing panic") {
            // A second panic while the first unwinds.
            return phase == .head ? .joins : .foreign
        }
        if line.isIndented { return .joins }
        // Since 1.73 the panic's text stands on the line behind the place.
        if phase == .head, mark {
            mark = false
            return .joins
        }
        return phase == .head ? .maybe : .foreign
    }

    mutating func cpp(_ line: TraceText) -> TraceVerdict {
        if phase == .report {
            if line.has("==ABORTING") || line.startsFlush("==================") && line.body.count < 30 { return .last }
            return .joins
        }
        if line.isBlank { return .maybe }
        if line.startsWithAny(["Aborted", "Segmentation fault"]) { return .last }
        if line.startsWithAny([
            "what():", "======= Backtrace", "======= Memory map", "Stack trace", "Backtrace:", "terminate called",
        ]) {
            return .joins
        }
        if line.isNumbered(mark: UInt8(ascii: "#"), ends: 0x20) { return .joins }
        if line.has("[0x"), line.ends("]") { return .joins }
        return line.isIndented ? .joins : .foreign
    }

    /// A line of nothing but `=`, ten at least.
    static func isRuler(_ line: TraceText) -> Bool {
        line.bytes.count >= 10 && line.indent == 0 && line.body.allSatisfy { $0 == UInt8(ascii: "=") }
    }
}
