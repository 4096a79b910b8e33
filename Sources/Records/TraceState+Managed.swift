// The languages whose frames begin with `at`: Java and its kin (Throwable.printStackTrace), JavaScript (V8's stack trace
// API, Node's util.inspect of errors), .NET (Exception.ToString). Which of them it is, the frames say.

extension TraceState {
    mutating func frames(_ line: TraceText) -> TraceVerdict {
        if phase == .source { return nodeSource(line) }
        if line.isBlank { return .maybe }
        if mark, phase == .head, !isFrame(line) {
            mark = line.ends("nested exception is:")
            return .joins
        }
        if isFrame(line) {
            mark = false
            refine(line)
            phase = .frames
            return .joins
        }
        if phase == .head, language == nil, isScriptFrame(line) { return .joins }
        if line.startsWithAny(["Caused by: ", "Suppressed: ", "Wrapped by: ", "[CIRCULAR REFERENCE"]) {
            language = language ?? .java
            return .joins
        }
        if line.starts("... "), line.hasAny([" more", " common frames omitted", " lines matching cause stack trace"]) {
            return .joins
        }
        if line.starts("---> ") || line.starts("--- End of ") {
            language = .dotnet
            return .joins
        }
        // RemoteException and MessagingException write their cause into their text, on the next line.
        if line.ends("nested exception is:"), phase == .head || line.isIndented || line.beginsWithExceptionName {
            (phase, mark, language) = (.head, true, .java)
            return .joins
        }
        if line.starts("Node.js v") { return .last }
        if line.startsWithAny(["Emitted '", "From previous event:", "Thrown at:"]) { return .joins }
        if let first = line.body.first, phase == .frames, language == .javascript || line.isIndented,
            first == UInt8(ascii: "}") || first == UInt8(ascii: "]")
        {
            return .joins
        }
        if line.isIndented { return phase == .frames ? .joins : .maybe }
        // The text of an exception may have lines; another exception's first line is not one of them.
        let isAnother =
            line.beginsWithExceptionName || Self.railsName(line).map { TraceText.isExceptionName($0) } ?? false
        return phase == .head && !isAnother ? .maybe : .foreign
    }

    /// The name of the exception's class comes first in PHP and Ruby too (Throwable::__toString; the loggers of Ruby): what
    /// follows tells. A place with a class behind it, `a.rb:3:in 'm': text (Err)`, is another trace's first line.
    private mutating func isScriptFrame(_ line: TraceText) -> Bool {
        if line.starts("Stack trace:") {
            language = .php
        } else if Self.isRubyPlace(line), line.isIndented || !line.ends(")") {
            language = .ruby
        } else {
            return false
        }
        phase = .frames
        return true
    }

    /// `\tat a.b.C.m(C.java:3)`, `    at f (/x.js:1:2)`, `   at N.C.M(String s) in /x.cs:line 3`. Some shippers lose the
    /// indentation.
    private func isFrame(_ line: TraceText) -> Bool {
        if line.isIndented, line.starts("eval at ") { return true }
        guard line.starts("at "), line.body.count > 4 else { return false }
        return line.isIndented || line.ends(")") || line.has(":line ")
    }

    private mutating func refine(_ line: TraceText) {
        if phase == .frames, language != nil { return }
        if line.has(":line ") {
            language = .dotnet
        } else if line.hasAny([
            ".java:", ".kt:", ".scala:", ".groovy:", ".clj:", "(Native Method)", "(Unknown Source)", "(<generated>)",
            "(SourceFile:", "[na:", "~[",
        ]) {
            language = .java
        } else if line.hasAny([
            ".js:", ".ts:", ".mjs:", ".cjs:", "(native)", "<anonymous>", "node:", "at async ", "at new ",
        ]) {
            language = .javascript
        } else if language == nil {
            language = endsInPosition(line) ? .javascript : line.ends(")") || line.has(") [0x") ? .dotnet : nil
        }
    }

    /// `:12:7` or `:12:7)`.
    private func endsInPosition(_ line: TraceText) -> Bool {
        var rest = line.body
        if rest.last == 0x29 { rest.removeLast() }
        let column = rest.reversed().prefix { TraceText.isDigit($0) }.count
        rest = rest.dropLast(column)
        guard column > 0, rest.popLast() == 0x3a else { return false }
        return rest.last.map(TraceText.isDigit) ?? false
    }

    /// Node, before an uncaught error: the file and line, the line's text, a mark under it, a blank line, the error.
    private mutating func nodeSource(_ line: TraceText) -> TraceVerdict {
        if line.starts("^"), line.body.allSatisfy({ $0 == UInt8(ascii: "^") }) {
            // The error itself follows.
            (phase, language, mark) = (.head, .javascript, true)
            return .joins
        }
        return line.isBlank ? .foreign : .maybe
    }

    /// Dart: `Unhandled exception:`, the error, `#0      main (file:///a.dart:3:5)`, `<asynchronous suspension>`.
    mutating func dart(_ line: TraceText) -> TraceVerdict {
        if line.isNumbered(mark: UInt8(ascii: "#"), ends: 0x20) {
            phase = .frames
            return .joins
        }
        if line.starts("<asynchronous suspension>") { return .joins }
        if line.isBlank { return .maybe }
        if phase == .head {
            return isConfirmed && !mark
                ? {
                    mark = true; return .joins
                }() : .maybe
        }
        return line.isIndented ? .joins : .foreign
    }
}
