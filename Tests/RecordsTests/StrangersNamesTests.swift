// Names that strangers choose: of members, of programs, of streams. Swift's own comparison of texts takes the square of a
// run of combining marks, so that one line would stop the watcher; and it takes twins for one.

import Formats
import Records
import Testing

@Suite struct StrangersNamesTests {
    /// Hebrew points in turn: each comparison that normalised them would take many seconds.
    private static let points = String(repeating: "\u{591}\u{5b0}", count: 100_000)

    /// Lines of JSON with the points as a name, or as the value of a member that is compared.
    private static let lines: [String] =
        [
            #"{"POINTS":"x","msg":"hello","level":"fatal"}"#,
            #"{"msg":"hello","level":"fatal","POINTSseverity":"fatal"}"#,
        ]
        + ["app", "logger", "name", "ident", "host", "version", "s", "time", "stream"].map {
            #"{"msg":"hello","level":"fatal","c":"x","\#($0)":"POINTS"}"#
        }

    @Test("a line of JSON is read in the time that its length takes, whatever its names and values", arguments: lines)
    func json(line: String) {
        let whole = line.replacing("POINTS", with: Self.points)
        let context = LineContext(readAt: JoiningBench.readAt)
        for before in ["", "Nov 21 12:41:14 web1 app[1]: "] {
            let record = LineHeader.record(of: Array((before + whole).utf8), source: .file("/x.log"), context: context)
            if before.isEmpty {
                #expect(record.message == Array("hello".utf8))
                #expect(record.priority == 2)
            } else {
                #expect(record.statedLevel == 2)
            }
            #expect(!record.mayBeOfKernel && !record.isRoutine)
            #expect(record.values(of: "nothing").isEmpty)
        }
    }

    @Test("what stands in place of a program's name and is longer than one stays a field, and another member names it")
    func longProgram() {
        let context = LineContext(readAt: JoiningBench.readAt)
        let title = String(repeating: "x", count: 256)
        let header = LineHeader.parse(Array(#"{"app":"\#(title)","name":"shop","msg":"m"}"#.utf8), context: context)
        #expect(header.identifier == "shop")
        #expect(header.fields.map(\.name) == ["app"])
    }

    @Test("what a container engine would not write as its stream tells no streams apart")
    func longStream() {
        let line = #"{"log":"hello\n","stream":"\#(Self.points)","time":"2026-11-21T12:41:14Z"}"#
        let header = LineHeader.parse(Array(line.utf8), context: LineContext(readAt: JoiningBench.readAt))
        #expect(header.stream == nil && header.isOfContainer)
    }

    @Test("two programs whose names only look alike have streams of their own")
    func twins() {
        var bench = JoiningBench(.journal)
        let (one, other) = ("caf\u{e9}\u{1}", "cafe\u{301}\u{1}")
        bench.feed([
            one + "Traceback (most recent call last):", other + "at rest", one + #"  File "b.py", line 2, in x"#,
            one + "    open()", one + "ValueError: no ledger",
        ])
        bench.flush()
        #expect(bench.messages.count == 2)
        #expect(bench.messages.contains("at rest"))
    }

    @Test("entries of programs whose names are runs of marks are told apart at once")
    func longNames() {
        var bench = JoiningBench(.journal)
        let (one, other) = (Self.points + "a\u{1}", Self.points + "b\u{1}")
        for program in [one, other] { bench.feed([program + "Traceback (most recent call last):"]) }
        for program in [one, other, one, other] { bench.feed([program + #"  File "b.py", line 2, in x"#]) }
        for program in [one, other] { bench.feed([program + "ValueError: no ledger"]) }
        bench.flush()
        // With such a name each entry alone fills a record: none is held for another, and none is lost.
        #expect(bench.messages.count == 8)
        #expect(bench.records.allSatisfy { !$0.mayBeOfKernel })
    }
}
