// Random actions on real files against a model that knows every line ever written: each must arrive, once, and in the
// order of its file. The seed is in each failure's text.

import Glibc
import LogSources
import TestSupport
import Testing

/// Those that were hard once.
private let hardSeeds: [UInt64] = [
    12, 56, 59, 79, 90, 101, 233, 524_719_578, 754_463_512, 818_303_637, 1_014_142_328, 1_061_085_541, 1_125_331_325,
    1_250_511_952, 1_381_197_967, 1_554_290_170, 1_563_430_073, 1_710_983_115, 2_165_039_243, 2_362_205_771,
    2_896_868_254, 3_239_481_151, 3_443_818_037, 3_644_405_473, 3_671_833_475, 3_713_293_858, 3_752_789_276,
    3_836_767_462, 3_943_918_119, 4_247_858_789, 4_283_142_980, 4_293_759_541,
]

/// 500 steps each. HERALD_MODEL_STEPS asks for more of them, HERALD_MODEL_SEEDS for certain seeds: `1,2,3`.
private let seeds: [UInt64] = {
    if let given = getenv("HERALD_MODEL_SEEDS") {
        return String(cString: given).split(separator: ",").compactMap { UInt64($0) }
    }
    let steps = getenv("HERALD_MODEL_STEPS").flatMap { Int(String(cString: $0)) } ?? 0
    return hardSeeds + (0..<max(2, steps / 500)).map { _ in UInt64.random(in: 0..<1 << 32) }
}()

@Suite struct FileTailerModelTests {
    @Test("every line arrives once, whatever rotates, restarts or crashes", arguments: seeds)
    func model(seed: UInt64) throws {
        let naming = LoggedProgram.Naming.known[Int(seed / 2 % 3)]
        try run(seed: seed, [("a.log", naming), ("b.log", naming)])
    }

    @Test("the same, where the name of a log reads like that of another's generation", arguments: seeds)
    func namesakes(seed: UInt64) throws {
        let own: LoggedProgram.Naming = seed / 2 % 3 == 0 ? .extended : .numbered
        let naming: LoggedProgram.Naming = seed / 2 % 3 == 1 ? .dated : .extended
        try run(seed: seed, [("a.log", naming), ("a-1.log", own)])
    }

    @Test(
        "the same, where the clock is set years either way, and files bear the times of other hosts", arguments: seeds)
    func clocks(seed: UInt64) throws {
        let naming = LoggedProgram.Naming.known[Int(seed / 2 % 3)]
        let other: (String, LoggedProgram.Naming) = seed / 6 % 2 == 0 ? ("b.log", naming) : ("a-1.log", .numbered)
        try run(seed: seed, [("a.log", naming), other], clock: Xorshift(seed: ~seed))
    }

    @Test("the same, where names do not tell which generation is newer, and copies are made by hand", arguments: seeds)
    func unordered(seed: UInt64) throws {
        let naming = LoggedProgram.Naming.unordered[Int(seed / 2 % 3)]
        try run(seed: seed, [("a.log", naming), ("b.log", .numbered)], copiesByHand: true)
    }

    @Test("the same, where a program begins a log each day beside one of the base name", arguments: seeds)
    func datedLogs(seed: UInt64) throws {
        let naming: LoggedProgram.Naming = seed / 2 % 2 == 0 ? .dated : .upward
        try run(seed: seed, [("a.log", naming), ("a-2026-11-22.log", .dated)])
    }

    @Test(
        "of lines that bear no time none is lost; some are told twice, where they may have been written again",
        arguments: seeds)
    func undated(seed: UInt64) throws {
        let naming = LoggedProgram.Naming.known[Int(seed / 2 % 3)]
        try run(seed: seed, [("a.log", naming), ("b.log", naming)], isDated: false)
    }

    private func run(
        seed: UInt64, _ logs: [(name: String, naming: LoggedProgram.Naming)], clock: Xorshift? = nil,
        copiesByHand: Bool = false, isDated: Bool = true
    ) throws {
        var clock = clock
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
        if !isDated { for program in programs { program.time = "" } }
        for program in programs { program.clock = (clock?.next()).map { Xorshift(seed: $0) } }
        var history: [String] = []
        for step in 0..<500 {
            if clock?.below(12) == 0 { bench.clockError = .hours((clock?.below(5) ?? 0) * 8760 - 17520) }
            let pick = random.below(2)
            var isCopy = false
            if copiesByHand, random.below(20) == 0, bench.tailer != nil, bench.exists(logs[pick].name) {
                // Of a log that was never seen under its name a copy is a log of its own.
                bench.settle()
                isCopy = try programs[pick].copyPlain(&random)
            }
            let action = isCopy ? "copy by hand" : try act(programs[pick], programs, bench, &random)
            history.append("\(step) \("ab".dropFirst(pick).prefix(1)):\(action)")
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
            let own = arrived.filter { $0.hasPrefix(program.time + program.log) }
            let missing = Set(program.written).subtracting(own).subtracting(program.uncertain)
            #expect(missing.isEmpty, "seed \(seed): \(missing.count) lines missing, \(missing.min() ?? ""); \(recent)")
            let twice = Dictionary(grouping: own, by: { $0 }).filter { $0.value.count > 1 }.keys.sorted()
            #expect(
                !isDated || own.count == Set(own).count,
                "seed \(seed): \(twice.count) lines told twice, \(twice.first?.prefix(45) ?? ""); \(recent)")
            #expect(Set(own).subtracting(program.written).isEmpty, "seed \(seed): torn lines; \(recent)")
        }
        // Only of a log that was removed just before a restart can it not be told whether something followed.
        let gaps = programs.map { $0.removals + $0.losses }.reduce(0, +)
        #expect(
            bench.notices.allSatisfy { $0.kind == .gap } && (!isDated || bench.notices.count <= gaps),
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
            for program in all where bench.exists(program.log) { program.unreadRotations = 0 }
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
            for program in all where bench.exists(program.log) { program.unreadRotations = 0 }
            return "settle"
        default: break
        }
        bench.read()
        return "read"
    }
}
