// What classes take, asked of PCRE2 itself: no reading of them here could differ from its own.

import Rules

/// The bytes that a class or an escape takes, as PCRE2 says.
final class ClassBytes {
    private var known: [[UInt8]: ByteSet] = [:]
    private let workspace = PatternWorkspace()

    func bytes(_ text: [UInt8], _ options: [UInt8]) -> ByteSet {
        let written = options + Array("(?:".utf8) + text + Array(")+".utf8)
        if let bytes = known[written] { return bytes }
        let bytes = Self.search(written, workspace)
        known[written] = bytes
        return bytes
    }

    /// Runs of bytes, in a text of all bytes; none of a class that PCRE2 refuses.
    private static func search(_ runs: [UInt8], _ workspace: PatternWorkspace) -> ByteSet {
        let pattern = Pattern(String(decoding: runs, as: UTF8.self))
        guard let code = try? CompiledPattern(pattern, of: "a class", once: true) else { return ByteSet() }
        let all = Array(UInt8.min...UInt8.max)
        var found = ByteSet()
        var at = 0
        while at < all.count, code.match(Array(all[at...]), workspace) == .matched,
            let run = CompiledPattern.range(workspace, of: all.count - at), !run.isEmpty
        {
            found.formUnion(ByteSet(all[(at + run.lowerBound)..<(at + run.upperBound)]))
            at += run.upperBound
        }
        return found
    }
}
