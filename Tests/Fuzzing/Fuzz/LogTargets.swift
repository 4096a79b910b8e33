// What comes from log lines: headers, joining, masking, matching. Any local user can write any of it.

import Formats
import Glibc
import Incidents
import Records
import RuleMatching
import Rules

@MainActor enum LogTargets {
    private static let readAt = CivilTime(year: 2026, month: 11, day: 21, hour: 12, minute: 41, second: 15).timestamp()

    private static func context(_ choice: Int) -> LineContext {
        LineContext(format: LineFormat.allCases[choice % LineFormat.allCases.count], readAt: readAt)
    }

    /// One line, in any format: its header ends within it, and what is told of it is the line's or decoded from it.
    static func header(_ input: [UInt8]) {
        var input = InputReader(input)
        let context = context(input.below(16))
        let line = input.bytes()
        let header = LineHeader.parse(line, context: context)
        check((0...line.count).contains(header.messageStart), "the message begins beyond the line")
        let record = LineHeader.record(of: line, source: .file("/x.log"), context: context)
        check(record.raw == line, "a record keeps its line")
        check(record.priority.map { $0 < 8 } ?? true, "a priority that is none: \(record.priority ?? 0)")
        _ = record.statedLevel
        _ = record.strangersWords
        _ = Printable.text(record.message)
    }

    private static func joiner(_ choice: UInt8) -> RecordJoiner {
        var limits = RecordJoiner.Limits()
        if choice & 1 == 1 { (limits.lines, limits.bytes, limits.traces) = (5, 300, 2) }
        return RecordJoiner(source: .file("/x.log"), multiline: .auto, limits: limits)
    }

    private static func describe(_ batch: RecordBatch) -> Int {
        for index in 0..<batch.count {
            let record = batch.record(at: index)
            check(batch.ranges[index].upperBound <= batch.bytes.count, "a record beyond its batch")
            _ = record.withTraceLanguage
        }
        return batch.count
    }

    /// Lines in two batches: each record is within its batch, there are no more of them than lines, and nothing is held in
    /// the end.
    static func joiner(_ input: [UInt8]) {
        var input = InputReader(input)
        var joiner = joiner(input.byte())
        let context = context(input.below(16))
        let first = input.bytes(Int(input.byte()) * 16)
        var (lines, records) = (0, 0)
        for (index, bytes) in [first, input.bytes()].enumerated() {
            let batch = RecordBatch(lines: bytes, source: joiner.source, context: context)
            lines += batch.count
            let now = Duration.seconds(index)
            records += describe(joiner.join(batch, candidates: Array(0..<batch.count), at: now))
            if let late = joiner.expire(at: now + .milliseconds(300)) { records += describe(late) }
        }
        if let rest = joiner.flush() { records += describe(rest) }
        check(!joiner.isHolding && records <= lines, "\(records) records of \(lines) lines")
    }

    /// What a joiner holds over a restart, as it is stored, and as damage leaves it.
    static func held(_ input: [UInt8]) {
        if let held = HeldLines(bytes: input) {
            check(HeldLines(bytes: held.bytes) == held, "held lines change by being stored")
            var joiner = joiner(0)
            _ = describe(joiner.restore(held, at: .seconds(1)))
        }
        var joiner = joiner(0)
        let batch = RecordBatch(lines: input, source: joiner.source, context: context(0))
        _ = joiner.join(batch, candidates: Array(0..<batch.count), at: .seconds(1))
        let held = joiner.held
        check(HeldLines(bytes: held.bytes) == held, "held lines change by being stored")
    }

    /// What masks make of a message: it does not grow without bound, and nothing of it is shown that does harm.
    static func mask(_ input: [UInt8]) {
        let mask = MessageMask.masked(input)
        check(mask.count <= MessageMask.limit * 4, "a mask of \(mask.count) bytes")
        let masked = SecretMask.masked(input)
        check(masked.count <= input.count * 3 + 3, "\(input.count) bytes become \(masked.count)")
        let shown = Printable.text(masked)
        check(!shown.unicodeScalars.contains { $0.value < 0x20 }, "a control character is shown")
    }

    private static let matcher: (matcher: Matcher, explainer: RuleExplainer)? = {
        let folder = getenv("HERALD_FUZZ_RULES").map { String(cString: $0) } ?? "rules"
        let loaded = RuleLoading.load([folder], withExamples: false)
        guard let matcher = loaded.matcher else {
            for fault in loaded.diagnostics { print(fault) }
            exit(2)
        }
        return (matcher, RuleExplainer(matcher))
    }()

    /// The shipped rules on some lines: what the scan of the block hits is what each rule, asked alone, says.
    static func explain(_ input: [UInt8]) {
        guard let (matcher, explainer) = matcher else { return }
        var input = InputReader(input)
        let context = context(input.below(16))
        let batch = RecordBatch(lines: input.bytes(1000), source: .file("/var/log/x.log"), context: context)
        guard batch.count <= 4 else { return }
        let matches = matcher.matches(in: batch)
        for index in 0..<batch.count {
            let record = batch.record(at: index)
            let hits = Set(matches.hits.filter { $0.index == index }.map(\.hit.rule.id))
            let told = Set(explainer.verdicts(on: record).filter { $0.outcome == .hit }.map(\.rule.id))
            check(hits == told, "scan \(hits.sorted()), rule by rule \(told.sorted()): \(Printable.text(record.raw))")
            for found in matches.hits where found.index == index { _ = found.hit.title() }
        }
    }
}
