import Formats
import Records
import Testing

/// A line of JSON with a stack trace behind it, in a file that may begin with anything.
@Suite struct JSONBeforeTraceTests {
    static let message = "cannot open database"
    static let headers = [
        #"{"time":"2026-11-21T12:41:14Z","level":"fatal","msg":"cannot open database"}"#,
        #"{"@timestamp":"2026-11-21T12:41:14Z","log":{"level":"critical"},"message":"cannot open database"}"#,
        #"{"@timestamp":"2026-11-21T12:41:14Z","log.level":"critical","message":"cannot open database"}"#,
        #"{"level":60,"time":1795264874000,"msg":"cannot open database"}"#,
        #"2026-11-21T12:41:14Z stderr F {"level":"fatal","msg":"cannot open database"}"#,
    ]
    static let before = [
        "", " ", "Starting server", "Nov 21 12:41:13 web1 app[812]: begun", "2026-11-21 12:41:13,123 INFO begun",
        #"{"time":"2026-11-21T12:41:13Z","level":"info","msg":"begun"}"#,
    ]
    static let traces: [[String]] = [
        ["Traceback (most recent call last):", #"  File "x.py", line 1, in <module>"#, "ValueError: bad"],
        ["java.lang.IllegalStateException: x", "\tat com.example.Foo.bar(Foo.java:12)"],
        ["\tat com.example.Foo.bar(Foo.java:12)", "\tat com.example.Foo.main(Foo.java:2)"],
        ["Error: bad", "    at foo (/x/a.js:1:2)", "    at Object.<anonymous> (/x/a.js:4:1)"],
        ["PHP Fatal error:  Uncaught Exception: x in /x/a.php:3", "Stack trace:", "#0 {main}"],
        ["panic: x", "", "goroutine 1 [running]:", "main.main()", "\t/x/main.go:5 +0x1d"],
    ]

    /// The records of a file of these lines, whose form is chosen by its beginning as for any file.
    private func records(_ lines: [String]) -> [Record] {
        let bytes = Array(lines.map { $0 + "\n" }.joined().utf8)
        let context = LineContext(format: .recognised(in: bytes), readAt: JoiningBench.readAt)
        var bench = JoiningBench()
        let batch = RecordBatch(lines: bytes, source: bench.joiner.source, context: context)
        bench.take(bench.joiner.join(batch, candidates: Array(0..<batch.count), at: bench.clock))
        bench.flush()
        return bench.records
    }

    @Test("level, time and text are the same whatever stands before it", arguments: headers, traces)
    func same(header: String, trace: [String]) throws {
        let isOfContainer = !header.hasPrefix("{")
        let lines = [header] + trace.map { isOfContainer ? "2026-11-21T12:41:14Z stderr F \($0)" : $0 }
        let alone = records(lines)
        for before in Self.before where !before.isEmpty {
            let all = records([before] + lines)
            #expect(all.dropFirst().map(\.message) == alone.map(\.message), "behind \(before)")
            #expect(all.dropFirst().map(\.language) == alone.map(\.language), "behind \(before)")
            let head = try #require(all.dropFirst().first)
            #expect(String(decoding: head.message, as: UTF8.self).hasPrefix(Self.message))
            #expect(head.priority == 2, "behind \(before)")
            #expect(head.time?.rfc3339() == "2026-11-21T12:41:14Z", "behind \(before)")
        }
    }

    @Test("the trace is of its record, with the lines as the program wrote them")
    func text() {
        for header in Self.headers.prefix(4) {
            let all = records(["Starting server", header] + Self.traces[0])
            let message = ([Self.message] + Self.traces[0]).joined(separator: "\n")
            #expect(all.map { String(decoding: $0.message, as: UTF8.self) } == ["Starting server", message])
            let raw = ([header] + Self.traces[0]).joined(separator: "\n")
            #expect(all.last.map { String(decoding: $0.raw, as: UTF8.self) } == raw)
        }
    }
}
