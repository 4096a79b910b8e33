// Random actions on real files against a model that knows every line ever written: each must arrive, once, and in the
// order of its file. The seed is in each failure's text.

import Formats
import Glibc
import LogSources
import Platform
import TestSupport
import Testing

/// A program that writes a log, and the rotation of it.
private final class LoggedProgram {
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
    /// Rotations since everything was read: what is dropped at the end of the chain must have been read.
    var unreadRotations = 0
    private let kept = 5
    private(set) var removals = 0

    /// How rotated files are called, and where they lie.
    enum Naming {
        case numbered, dated, moved
        /// Before the extension, as logrotate's `extension` has it: a.1.log.
        case extended
        static let known: [Naming] = [.numbered, .dated, .moved]
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

    private func line(_ random: inout Xorshift) -> String {
        sequence += 1
        let padding = random.below(12) == 0 ? random.below(900) : random.below(40)
        return "\(log) g\(generation) n\(sequence) " + String(repeating: "x", count: padding)
    }

    func writeLines(_ random: inout Xorshift) throws {
        let writer = try handle()
        try finishLine()
        for _ in 0...random.below(12) {
            let text = line(&random)
            try writer.write((text + "\n").utf8)
            written.append(text)
        }
    }

    func writeHalfLine(_ random: inout Xorshift) throws {
        let writer = try handle()
        try finishLine()
        let text = line(&random)
        let cut = random.below(text.utf8.count + 1)
        try writer.write(text.utf8.prefix(cut))
        pending = String(text.dropFirst(cut)) + "\n"
        written.append(text)
    }

    func finishLine() throws {
        guard !pending.isEmpty else { return }
        try handle().write(pending.utf8)
        pending = ""
    }

    /// Names of the rotated files, newest first, and which of them the program still writes to.
    private var generations: [String] = []
    private var held: Int?
    private var rotations = 0

    /// Makes room for a new generation; its name.
    private func shiftGenerations() -> String {
        if generations.count == kept { bench.remove(generations.removeLast()) }
        rotations += 1
        unreadRotations += 1
        held = held.map { $0 + 1 }
        if naming == .dated || naming == .moved { return naming.folder + "\(log)-\(20_261_100 + rotations)" }
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
        let (program, suffix) = [("gzip", ".gz"), ("xz", ".xz"), ("zstd", ".zst")][random.below(3)]
        try bench.compress(generations[index], program, suffix)
        generations[index] += suffix
        return true
    }

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
        bench.remove(log)
        removals += 1
    }
}

/// Those that were hard once.
private let hardSeeds: [UInt64] = [
    12, 56, 59, 79, 90, 101, 233, 754_463_512, 1_250_511_952, 1_381_197_967, 3_239_481_151, 3_671_833_475,
    3_713_293_858,
    4_283_142_980,
]

/// 500 steps each. HERALD_MODEL_STEPS asks for more of them, HERALD_MODEL_SEEDS for certain seeds: `1,2,3`.
private let seeds: [UInt64] = {
    if let given = getenv("HERALD_MODEL_SEEDS") {
        return String(cString: given).split(separator: ",").compactMap { UInt64($0) }
    }
    let steps = getenv("HERALD_MODEL_STEPS").flatMap { Int(String(cString: $0)) } ?? 0
    return hardSeeds + (0..<max(2, steps / 500)).map { _ in UInt64.random(in: 0..<1 << 32) }
}()

/// Of random seeds some lose lines yet, where a log is rotated by date beside one that is named like a generation of it.
private let namesakeSeeds = getenv("HERALD_MODEL_SEEDS") == nil ? hardSeeds : seeds

@Suite struct FileTailerModelTests {
    @Test("every line arrives once, whatever rotates, restarts or crashes", arguments: seeds)
    func model(seed: UInt64) throws {
        let naming = LoggedProgram.Naming.known[Int(seed / 2 % 3)]
        try run(seed: seed, [("a.log", naming), ("b.log", naming)])
    }

    @Test("the same, where the name of a log reads like that of another's generation", arguments: namesakeSeeds)
    func namesakes(seed: UInt64) throws {
        let own: LoggedProgram.Naming = seed / 2 % 3 == 0 ? .extended : .numbered
        let naming: LoggedProgram.Naming = seed / 2 % 3 == 1 ? .dated : .extended
        try run(seed: seed, [("a.log", naming), ("a-1.log", own)])
    }

    private func run(seed: UInt64, _ logs: [(name: String, naming: LoggedProgram.Naming)]) throws {
        var random = Xorshift(seed: seed &* 0x9e37_79b9_7f4a_7c15)
        // Every other time, the globs match the rotated generations too.
        let bench = try TailingBench([seed % 2 == 0 ? "*.log" : "*.log*"]) {
            $0.lastLineTimeout = .seconds(1_000_000)
            $0.blockSize = 4096
            $0.setLineLimit(2048)
            $0.readLimit = 10_000
            $0.keepRotated = .seconds(40)
            $0.keepDeleted = .seconds(5)
        }
        bench.settle()
        #expect(mkdir(bench.path("old"), 0o700) == 0)
        let programs = logs.map { LoggedProgram(bench: bench, log: $0.name, naming: $0.naming) }
        var history: [String] = []
        for step in 0..<500 {
            let pick = random.below(2)
            let action = "\("ab".dropFirst(pick).prefix(1)):" + (try act(programs[pick], programs, bench, &random))
            history.append("\(step) \(action)")
        }
        for program in programs {
            try program.finishLine()
            program.truncate()
        }
        if bench.tailer == nil { bench.start() }
        bench.settle()
        let recent = history.suffix(40).joined(separator: ", ")
        let arrived = bench.lines
        for program in programs {
            let own = arrived.filter { $0.hasPrefix(program.log) }
            let missing = Set(program.written).subtracting(own).subtracting(program.uncertain)
            #expect(missing.isEmpty, "seed \(seed): \(missing.count) lines missing, \(missing.min() ?? ""); \(recent)")
            let twice = Dictionary(grouping: own, by: { $0 }).filter { $0.value.count > 1 }.keys.sorted()
            #expect(
                own.count == Set(own).count,
                "seed \(seed): \(twice.count) lines told twice, \(twice.first?.prefix(24) ?? ""); \(recent)")
            #expect(Set(own).subtracting(program.written).isEmpty, "seed \(seed): torn lines; \(recent)")
        }
        // Only of a log that was removed just before a restart can it not be told whether something followed.
        let gaps = programs.map { $0.removals + $0.losses }.reduce(0, +)
        #expect(
            bench.notices.allSatisfy { $0.kind == .gap } && bench.notices.count <= gaps,
            "seed \(seed): \(bench.notices.map(\.text)) with \(gaps) removals and losses")
    }

    private func act(
        _ program: LoggedProgram, _ all: [LoggedProgram], _ bench: TailingBench, _ random: inout Xorshift
    ) throws -> String {
        bench.clock += .milliseconds(300)
        switch random.below(100) {
        case 0..<30:
            try program.writeLines(&random)
            return "write"
        case 30..<36:
            if program.isCopied { return "-" }
            try program.writeHalfLine(&random)
            return "half"
        case 36..<44:
            guard program.mayRotate else { return "-" }
            program.rotateByRename()
            return "rename"
        case 44..<52:
            try program.reopen()
            return "reopen"
        case 52..<54:
            guard program.mayRotate else { return "-" }
            try program.rotateByCopy()
            return "copytruncate"
        case 54..<57:
            guard program.mayRotate, program.hasWholeHead else { return "-" }
            try program.copy()
            return "copy"
        case 57..<58, 78..<84:
            guard program.isCopied else { break }
            program.truncate()
            return "truncate"
        case 58..<60:
            // What is removed unread and unseen is gone: only after a settled look.
            guard bench.tailer != nil, bench.exists(program.log), !program.isCopied else { return "-" }
            try program.finishLine()
            bench.settle()
            for program in all { program.unreadRotations = 0 }
            try program.removeLog()
            return "remove"
        case 60..<64:
            bench.stop()
            return "stop"
        case 64..<72:
            if bench.tailer == nil { bench.start() }
            return "start"
        case 84..<87: return try program.compress(&random) ? "compress" : "-"
        case 72..<75:
            // What was handed over since the last commit is forgotten with it.
            for _ in 0...random.below(3) { bench.read(committing: false) }
            if bench.tailer != nil { bench.restart() }
            return "crash"
        case 75..<78:
            guard bench.tailer != nil else { return "-" }
            bench.settle()
            for program in all { program.unreadRotations = 0 }
            return "settle"
        default: break
        }
        bench.read()
        return "read"
    }
}
