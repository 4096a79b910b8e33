// Python (the traceback module, exception groups of PEP 654, notes of PEP 678, faulthandler), Ruby (Exception#full_message,
// with error_highlight and did_you_mean; crash reports), PHP (uncaught exceptions; Xdebug; Monolog's stack traces), Perl (Carp).

extension TraceState {
    mutating func python(_ line: TraceText) -> TraceVerdict {
        if line.isBlank { return .maybe }
        if line.has("Traceback (most recent call last):") {
            if phase == .raised, !mark { return .foreign }
            (phase, mark) = (.frames, false)
            return .joins
        }
        if line.has("During handling of the above exception, another exception occurred:")
            || line.has("The above exception was the direct cause of the following exception:")
        {
            (phase, mark) = (.raised, true)
            return .joins
        }
        if phase == .report { return faultHandler(line) }
        // Ruby 2.5 to 2.7 begin theirs with the same words.
        if phase == .frames, line.isIndented, line.isNumbered(ends: 0x3a), line.has(": from ") {
            language = .ruby
            return .joins
        }
        if line.isIndented || line.starts("| ") || line.starts("+-") { return .joins }
        guard phase == .frames else { return .maybe }
        // `KeyError: 'sum'`, `app.errors.Fault`, `KeyboardInterrupt`.
        let name = line.span {
            TraceText.isLetter($0) || TraceText.isDigit($0) || $0 == 0x2e || $0 == 0x5f || $0 >= 0x80
        }
        let next = line.body.dropFirst(name).first
        guard name > 0, next == nil || next == 0x3a else {
            // Ruby 2.5 to 2.7 end with `a.rb:3:in 'm': text (Err)`.
            return language == .ruby ? ruby(line) : .foreign
        }
        phase = .raised
        return .joins
    }

    /// faulthandler(3): `Fatal Python error: …`, then every thread's frames.
    private func faultHandler(_ line: TraceText) -> TraceVerdict {
        if line.isIndented { return .joins }
        return line.startsWithAny([
            "Current thread 0x", "Thread 0x", "Extension modules:", "Python runtime state:", "<no Python frame>",
        ]) ? .joins : .foreign
    }

    mutating func ruby(_ line: TraceText) -> TraceVerdict {
        if phase == .report {
            return line.has("bugs.ruby-lang.org") || line.has("ruby-lang.org/bugreport") ? .last : .joins
        }
        if line.isBlank { return .maybe }
        if Self.isRubyPlace(line) || line.starts("from ") || (line.isNumbered(ends: 0x3a) && line.has(": from ")) {
            phase = .frames
            return .joins
        }
        if line.startsWithAny(["Did you mean?", "Causes:", "Caused by:"]) { return .joins }
        if line.isIndented { return .joins }
        return phase == .head ? .maybe : .foreign
    }

    /// `a/b.rb:12:in 'm'`; the quote was a backtick until Ruby 3.4.
    static func isRubyPlace(_ line: TraceText) -> Bool {
        guard let behind = line.behind(":in "), let quote = behind.first, quote == 0x27 || quote == 0x60 else {
            return false
        }
        let before = line.bytes[line.body.startIndex..<behind.startIndex - 4]
        return before.last.map(TraceText.isDigit) ?? false && !before.prefix(200).contains(0x09)
    }

    mutating func php(_ line: TraceText) -> TraceVerdict {
        if line.isBlank { return .maybe }
        if line.starts("thrown in ") { return .last }
        if line.isNumbered(mark: UInt8(ascii: "#"), ends: 0x20) {
            phase = .frames
            return .joins
        }
        if line.startsWithAny([
            "Stack trace:", "[stacktrace]", "[previous exception]", "PHP Stack trace:", "Call Stack:", "Next ",
        ]) {
            phase = .frames
            return .joins
        }
        // `Stack trace:` is not PHP's alone.
        if phase == .frames, line.isIndented, line.starts("at ") {
            (language, phase) = (nil, .head)
            return frames(line)
        }
        if line.starts("PHP "), Self.isXdebugFrame(line.body.dropFirst(4)) { return .joins }
        // Monolog closes what it opened with `{"exception":"[object]`.
        if line.startsFlush("\"}") || line.startsFlush("\"} ") { return .last }
        if line.isIndented { return .joins }
        return phase == .head ? .maybe : .foreign
    }

    /// `  1. {main}() /a.php:0`.
    private static func isXdebugFrame(_ rest: ArraySlice<UInt8>) -> Bool {
        let number = rest.drop { $0 == 0x20 }
        let digits = number.prefix { TraceText.isDigit($0) }.count
        return digits > 0 && number.dropFirst(digits).first == 0x2e
    }

    mutating func perl(_ line: TraceText) -> TraceVerdict {
        if line.isIndented, line.has(" called at ") || line.has("...propagated at") || line.has(" line ") {
            return .joins
        }
        if line.startsWithAny(["Compilation failed in require at ", "BEGIN failed--compilation aborted"]) {
            return .joins
        }
        return .foreign
    }
}
