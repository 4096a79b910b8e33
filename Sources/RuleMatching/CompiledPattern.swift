// One pattern in PCRE2, which decides and captures on the few records that the scan named.
// No UTF and no UCP mode: a pattern sees bytes, and letters are ASCII's. PCRE2 backtracks, so every match has limits.

import CPCRE2
import Glibc
import Rules
import YAML

/// The limits and scratch memory of PCRE2 matches; one for each matcher, used on its thread.
final class PatternWorkspace {
    fileprivate let context: OpaquePointer?
    fileprivate let stack: OpaquePointer?
    fileprivate let match: OpaquePointer?
    /// Groups of which a match can report the place.
    private static let groups: UInt32 = 128

    init() {
        context = pcre2_match_context_create_8(nil)
        stack = pcre2_jit_stack_create_8(32 << 10, 512 << 10, nil)
        match = pcre2_match_data_create_8(Self.groups, nil)
        // A match of an honest pattern on a log line takes some hundred steps; this many take milliseconds.
        pcre2_set_match_limit_8(context, 200_000)
        pcre2_set_depth_limit_8(context, 2000)
        pcre2_set_heap_limit_8(context, 4 << 10)
        pcre2_jit_stack_assign_8(context, nil, UnsafeMutableRawPointer(stack))
    }

    deinit {
        pcre2_match_data_free_8(match)
        pcre2_match_context_free_8(context)
        pcre2_jit_stack_free_8(stack)
    }
}

/// A pattern compiled by PCRE2. Owns its code.
final class CompiledPattern {
    enum Outcome: Equatable {
        case matched
        case missed
        /// Ran into a limit: PCRE2's words.
        case undecided(String)
    }

    /// The code, for where a reference that is counted for each match costs more than the match. It lives as long as its
    /// pattern.
    struct Code {
        fileprivate struct State {
            let code: OpaquePointer
            var isPrepared: Bool
            /// Whether it is machine code.
            var isNative = false
            /// What every match begins with, if that is known: `beginning` bytes.
            let text: UnsafeMutablePointer<UInt8>?
            let beginning: Int
        }

        fileprivate let state: UnsafeMutablePointer<State>

        /// Whether `subject` matches. Captures are read from the workspace until the next match.
        func match(_ subject: UnsafeBufferPointer<UInt8>, _ workspace: PatternWorkspace) -> Outcome {
            let code = state.pointee.code
            if !state.pointee.isPrepared {
                // Fails under MemoryDenyWriteExecute; matching is then interpreted, by itself.
                state.pointee.isNative = pcre2_jit_compile_8(code, UInt32(PCRE2_JIT_COMPLETE)) == 0
                state.pointee.isPrepared = true
            }
            guard let from = start(in: subject) else { return .missed }
            var nothing: UInt8 = 0
            let result = withUnsafePointer(to: &nothing) { empty in
                let start = subject.baseAddress ?? empty
                // The same match without the checks of arguments (pcre2jit(3), "JIT fast path API").
                return state.pointee.isNative
                    ? pcre2_jit_match_8(code, start, subject.count, from, 0, workspace.match, workspace.context)
                    : pcre2_match_8(code, start, subject.count, from, 0, workspace.match, workspace.context)
            }
            if result >= 0 { return .matched }
            return result == PCRE2_ERROR_NOMATCH ? .missed : .undecided(CompiledPattern.words(result))
        }

        /// Where a match can begin; nil: nowhere.
        private func start(in subject: UnsafeBufferPointer<UInt8>) -> Int? {
            guard let text = state.pointee.text else { return 0 }
            guard let base = subject.baseAddress else { return nil }
            let count = state.pointee.beginning
            var at = 0
            while at + count <= subject.count,
                let found = memchr(base + at, Int32(text[0]), subject.count - at - count + 1)
            {
                at = UnsafeRawPointer(found) - UnsafeRawPointer(base)
                if memcmp(base + at, text, count) == 0 { return at }
                at += 1
            }
            return nil
        }
    }

    let pattern: Pattern
    let code: Code
    /// The names of the pattern's groups, in its order, and the number of each.
    let groupNames: [String]
    private let groups: [Int]

    /// - Parameters:
    ///   - beginning: bytes that every match begins with, so that a match is tried from there on: PCRE2's own search for
    ///     them is off (see below).
    ///   - once: for a few matches only, which are not worth machine code.
    /// - Throws: `Diagnostic` at the pattern's place.
    init(_ pattern: Pattern, of subject: String, beginning: [UInt8] = [], once: Bool = false) throws(Diagnostic) {
        self.pattern = pattern
        let context = pcre2_compile_context_create_8(nil)
        defer { pcre2_compile_context_free_8(context) }
        pcre2_set_newline_8(context, UInt32(PCRE2_NEWLINE_LF))
        // No start optimizations: with them the JIT of PCRE2 10.42 misses what its interpreter finds, such as
        // `(?:a|fail)\w+x+?` in "failx".
        let options =
            UInt32(PCRE2_NEVER_UTF) | UInt32(PCRE2_NEVER_UCP) | UInt32(PCRE2_NEVER_BACKSLASH_C)
            | UInt32(PCRE2_NO_START_OPTIMIZE)
        var number: Int32 = 0
        var offset = 0
        let bytes = Array(pattern.text.utf8)
        guard let code = pcre2_compile_8(bytes, bytes.count, options, &number, &offset, context) else {
            throw Self.fault(pattern, "\(Self.words(number)) (character \(offset + 1) of the pattern)", of: subject)
        }
        self.code = Code(state: .allocate(capacity: 1))
        var text: UnsafeMutablePointer<UInt8>?
        if !beginning.isEmpty {
            text = .allocate(capacity: beginning.count)
            text?.update(from: beginning, count: beginning.count)
        }
        self.code.state.initialize(
            to: Code.State(code: code, isPrepared: once, text: text, beginning: beginning.count))
        let names = Self.names(of: code)
        groupNames = names.map(\.name)
        groups = names.map(\.group)
    }

    deinit {
        pcre2_code_free_8(code.state.pointee.code)
        code.state.pointee.text?.deallocate()
        code.state.deallocate()
    }

    func match(_ subject: [UInt8], _ workspace: PatternWorkspace) -> Outcome {
        subject.withUnsafeBufferPointer { code.match($0, workspace) }
    }

    /// Whether it matches an empty text. Asked of every pattern, many of which are never matched again: without machine
    /// code, which takes longer to make than all the rest of a pattern's compilation.
    func matchesNothing() -> Bool {
        let match = pcre2_match_data_create_8(1, nil)
        defer { pcre2_match_data_free_8(match) }
        return pcre2_match_8(code.state.pointee.code, [0], 0, 0, 0, match, nil) >= 0
    }

    /// Where the last match in the workspace stands, which was on a subject of `count` bytes.
    static func range(_ workspace: PatternWorkspace, of count: Int) -> Range<Int>? {
        guard let offsets = pcre2_get_ovector_pointer_8(workspace.match) else { return nil }
        let (start, end) = (offsets[0], offsets[1])
        return start >= 0 && start <= end && end <= count ? start..<end : nil
    }

    /// Adds where the named groups that took part in the last match of this pattern in the workspace took their text.
    func appendCaptures(to captures: inout [Marks.CapturedRange], _ workspace: PatternWorkspace) {
        guard !groups.isEmpty, let offsets = pcre2_get_ovector_pointer_8(workspace.match) else { return }
        let count = Int(pcre2_get_ovector_count_8(workspace.match))
        for (name, group) in groups.enumerated() where group < count {
            let (start, end) = (offsets[2 * group], offsets[2 * group + 1])
            // PCRE2_UNSET is the largest size, which arrives as -1.
            guard start >= 0, start <= end else { continue }
            captures.append(Marks.CapturedRange(name: name, range: start..<end))
        }
    }

    static func fault(_ pattern: Pattern, _ message: String, of subject: String) -> Diagnostic {
        Diagnostic(
            file: pattern.file, line: pattern.line, column: pattern.column,
            message: "not a pattern that can be used: \(message) in \(subject)")
    }

    private static func names(of code: OpaquePointer) -> [(name: String, group: Int)] {
        var count: UInt32 = 0
        var size: UInt32 = 0
        var table: UnsafePointer<UInt8>?
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMECOUNT), &count)
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMEENTRYSIZE), &size)
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMETABLE), &table)
        guard let table else { return [] }
        // Each entry: the group's number in two bytes, then the name, ended by NUL (pcre2api(3)).
        let all = (0..<Int(count)).map { index in
            let entry = table + index * Int(size)
            return (name: String(cString: entry + 2), group: Int(entry[0]) << 8 | Int(entry[1]))
        }
        return all.sorted { $0.group < $1.group }
    }

    fileprivate static func words(_ number: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let length = pcre2_get_error_message_8(number, &buffer, buffer.count)
        return length > 0 ? String(decoding: buffer.prefix(Int(length)), as: UTF8.self) : "error \(number)"
    }
}
