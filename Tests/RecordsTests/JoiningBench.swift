// A joiner fed with lines, and the records that come out.

import Formats
import Records
import Testing

struct JoiningBench {
    enum Form: String, CaseIterable, Sendable { case plain, syslog, journal, cri, docker }

    var joiner: RecordJoiner
    let form: Form
    var clock = Duration.seconds(100)
    private(set) var records: [Record] = []

    static let readAt = CivilTime(year: 2026, month: 11, day: 21, hour: 12, minute: 41, second: 15).timestamp()

    init(
        _ form: Form = .plain, _ multiline: Multiline = .auto, pattern: LinePattern? = nil,
        limits: RecordJoiner.Limits = .init()
    ) {
        self.form = form
        joiner = RecordJoiner(
            source: form == .journal ? .journal("") : .file("/x.log"), multiline: multiline, pattern: pattern,
            limits: limits)
    }

    var messages: [String] { records.map { String(decoding: $0.message, as: UTF8.self) } }

    /// Lines of `program`, wrapped as the form has them.
    func wrapped(_ lines: [String], _ program: String = "app") -> [String] {
        switch form {
        case .plain, .journal: return lines
        case .syslog: return lines.map { "Nov 21 12:41:14 web1 \(program)[812]: \($0)" }
        case .cri:
            let stream = program.isExactly("app") ? "stderr" : "stdout"
            return lines.map { "2026-11-21T12:41:14.123456789Z \(stream) F \($0)" }
        case .docker:
            return lines.map {
                let line: JSON = [
                    "log": .string($0 + "\n"), "stream": .string(program.isExactly("app") ? "stderr" : "stdout"),
                    "time": "2026-11-21T12:41:14.5Z",
                ]
                return line.text
            }
        }
    }

    /// One batch of lines as they stand; of a journal, entries of the program behind the line's first `\u{1}`.
    func batch(_ lines: [String]) -> RecordBatch {
        guard form == .journal else {
            let context = LineContext(format: form == .docker ? .json : .auto, readAt: Self.readAt)
            return RecordBatch(
                lines: Array(lines.map { $0 + "\n" }.joined().utf8), source: joiner.source, context: context)
        }
        var (bytes, ranges, entries) = ([UInt8](), [Range<Int>](), JournalEntries())
        for line in lines {
            let parts = line.pieces(at: "\u{1}")
            let program = parts.count == 2 ? String(parts[0]) : "app"
            entries.beginEntry(time: Self.readAt)
            entries.append("SYSLOG_IDENTIFIER=\(program)")
            entries.append("_TRANSPORT=\(program.isExactly("kernel") ? "kernel" : "stdout")")
            entries.append("_PID=\(program.isExactly("app") ? 812 : 1)")
            let text = Array((parts.last ?? "").utf8)
            ranges.append(bytes.count..<bytes.count + text.count)
            bytes += text + [0x0a]
        }
        return RecordBatch(source: joiner.source, bytes: bytes, ranges: ranges, origin: .journal(entries))
    }

    mutating func feed(_ lines: [String], candidates: [Int]? = nil) {
        let batch = batch(lines)
        take(joiner.join(batch, candidates: candidates ?? Array(0..<batch.count), at: clock))
    }

    mutating func pass(_ time: Duration) {
        clock += time
        if let batch = joiner.expire(at: clock) { take(batch) }
    }

    mutating func flush() { if let batch = joiner.flush() { take(batch) } }

    mutating func take(_ batch: RecordBatch) {
        for index in 0..<batch.count { records.append(batch.record(at: index)) }
    }
}

extension Record {
    var language: String? { values(of: Record.traceLanguage).first.map { String(decoding: $0, as: UTF8.self) } }
}
