// The other side of the model test: what writes the logs, rotates them, and knows every line ever written.

import Formats
import Glibc
import Platform
import TestSupport
import Testing

/// A program that writes a log, and the rotation of it.
final class LoggedProgram {
    let bench: TailingBench
    let log: String
    let naming: Naming
    private var writer: Descriptor?
    private var pending = ""
    private var generation = 0
    private var sequence = 0
    private(set) var written: [String] = []
    /// Written between copy and truncation: copytruncate loses them, unless they are read in time.
    private(set) var uncertain: Set<String> = []
    /// The lines that were written when the copy was made that waits for its truncation.
    private var copied: Int?
    /// Truncations that cut lines off.
    private(set) var losses = 0
    /// Rotations since everything was read: what is dropped at the end of the chain must have been read. The generations
    /// of a log that never stood at its path while it was watched are read when it comes back.
    var unreadRotations = 0
    private let kept = 5
    private(set) var removals = 0
    /// Nil: files bear the times at which they were written.
    var clock: Xorshift?

    /// How rotated files are called, and where they lie.
    enum Naming {
        case numbered, dated, moved
        /// Before the extension, as logrotate's `extension` has it: a.1.log.
        case extended
        /// The newest has the highest number; the date begins with the day; the clock is set either way between rotations.
        case upward, dayFirst, jumping
        static let known: [Naming] = [.numbered, .dated, .moved]
        static let unordered: [Naming] = [.upward, .dayFirst, .jumping]
        var folder: String { self == .moved ? "old/" : "" }
    }

    init(bench: TailingBench, log: String, naming: Naming) {
        self.bench = bench
        self.log = log
        self.naming = naming
    }

    private func handle() throws -> Descriptor {
        if let writer { return writer }
        let opened = try Descriptor.open(bench.path(log), O_WRONLY | O_CREAT | O_APPEND, mode: 0o644)
        generation += 1
        writer = opened
        return opened
    }

    /// What was written bears the time of the clock that is set, or of another host's; none twice.
    private func stamp(_ descriptor: Descriptor) {
        guard let shift = clock?.below(10) else { return }
        let lies: [Duration] = [.hours(1), .hours(-1), .hours(8760), .hours(-8760)]
        let time = bench.now.wall + (shift < lies.count ? lies[shift] : .zero)
        let stamp = timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.microseconds % 1_000_000) * 1000)
        #expect(futimens(descriptor.number, [stamp, stamp]) == 0)
    }

    /// Before each line: equal bytes are of equal lines then. Empty: it writes no times.
    var time = "2026-11-22T05:00:00Z "

    private func line(_ random: inout Xorshift) -> String {
        sequence += 1
        let padding = random.below(12) == 0 ? random.below(900) : random.below(40)
        return time + "\(log) g\(generation) n\(sequence) " + String(repeating: "x", count: padding)
    }

    func writeLines(_ random: inout Xorshift) throws {
        let writer = try handle()
        try finishLine()
        for _ in 0...random.below(12) {
            let text = line(&random)
            try writer.write((text + "\n").utf8)
            written.append(text)
        }
        stamp(writer)
    }

    func writeHalfLine(_ random: inout Xorshift) throws {
        let writer = try handle()
        try finishLine()
        let text = line(&random)
        let cut = time.utf8.count + random.below(text.utf8.count - time.utf8.count + 1)
        try writer.write(text.utf8.prefix(cut))
        pending = String(text.dropFirst(cut)) + "\n"
        written.append(text)
        stamp(writer)
    }

    func finishLine() throws {
        guard !pending.isEmpty else { return }
        try handle().write(pending.utf8)
        stamp(try handle())
        pending = ""
    }

    /// Names of the rotated files, newest first, and which of them the program still writes to.
    private var generations: [String] = []
    private var held: Int?
    private var rotations = 0

    /// Makes room for a new generation; its name.
    private func shiftGenerations() -> String {
        if generations.count == kept {
            removePlainCopy()
            bench.remove(generations.removeLast())
        }
        rotations += 1
        unreadRotations += 1
        held = held.map { $0 + 1 }
        switch naming {
        case .dated, .moved: return naming.folder + "\(log)-\(20_261_100 + rotations)"
        case .upward: return "\(log).\(rotations)"
        case .dayFirst:
            let (day, month) = (rotations % 28 + 1, rotations / 28 % 12 + 1)
            return "\(log)-\(day < 10 ? "0" : "")\(day)\(month < 10 ? "0" : "")\(month)2026"
        case .jumping: return "\(log)-\(20_260_000 + rotations * 7919 % 10_007)"
        case .numbered, .extended: break
        }
        for index in generations.indices.reversed() {
            let suffix = generations[index].split(separator: ".").dropFirst(3).map { "." + $0 }.joined()
            let name = numbered(index + 2) + suffix
            bench.rename(generations[index], name)
            generations[index] = name
        }
        return numbered(1)
    }

    private func numbered(_ number: Int) -> String {
        naming == .extended ? "\(log.dropLast(4)).\(number).log" : "\(log).\(number)"
    }

    var mayRotate: Bool { !isCopied && unreadRotations < kept - 1 && bench.exists(log) }

    /// The program goes on writing to the renamed file until it is told, as daemons do.
    func rotateByRename() {
        let name = shiftGenerations()
        bench.rename(log, name)
        generations.insert(name, at: 0)
        if writer != nil, held == nil { held = 0 }
    }

    /// One of the rotated files is compressed, but not one that is written to.
    func compress(_ random: inout Xorshift) throws -> Bool {
        let index = random.below(kept)
        guard index < generations.count, index != held, index > 0 || !isCopied,
            !generations[index].hasSuffix("z") && !generations[index].hasSuffix("zst")
        else { return false }
        removePlainCopy()
        let (program, suffix) = [("gzip", ".gz"), ("xz", ".xz"), ("zstd", ".zst")][random.below(3)]
        try bench.compress(generations[index], program, suffix)
        generations[index] += suffix
        return true
    }

    private var plainCopy: String { "\(log).old" }

    /// By hand: of the log, or of a generation. It is removed before its original can be gone while nobody looks: of a
    /// copy that ends anywhere only that file tells that all of it was read.
    func copyPlain(_ random: inout Xorshift) throws -> Bool {
        let original = ([log] + generations)[random.below(generations.count + 1)]
        guard !original.hasSuffix("z"), !original.hasSuffix("zst"),
            let size = ((try? FileStatus.of(bench.path(original))) ?? nil)?.size, size >= 256
        else { return false }
        try bench.copy(original, plainCopy)
        return true
    }

    private func removePlainCopy() { if bench.exists(plainCopy) { bench.remove(plainCopy) } }

    func reopen() throws {
        try finishLine()
        (writer, held) = (nil, nil)
    }

    /// A shorter copy of which the original was read further is known by what is in memory only: not over a restart.
    var hasWholeHead: Bool { ((try? FileStatus.of(bench.path(log))) ?? nil).map { $0.size >= 256 } ?? false }

    var isCopied: Bool { copied != nil }

    func copy() throws {
        try reopen()
        let name = shiftGenerations()
        try bench.copy(log, name)
        stamp(try Descriptor.open(bench.path(name), O_RDONLY))
        generations.insert(name, at: 0)
        copied = written.count
    }

    func truncate() {
        guard let copied else { return }
        if copied < written.count { losses += 1 }
        uncertain.formUnion(written[copied...])
        bench.truncateFile(log)
        self.copied = nil
        generation += 1
    }

    func rotateByCopy() throws {
        try copy()
        truncate()
    }

    func removeLog() throws {
        try reopen()
        removePlainCopy()
        bench.remove(log)
        removals += 1
    }
}
