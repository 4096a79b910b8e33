import Formats
import Records
import Testing

/// Objects of JSON over several lines.
@Suite struct ObjectJoiningTests {
    static let object = [
        "{", #"  "severity" : "critical","#, #"  "time" : "2026-11-21T12:41:14Z","#, #"  "tags" : [ 1, true, null ],"#,
        #"  "message" : "no } ledger, \"none\"""#, "}",
    ]

    private func fed(_ batches: [String]..., format: JoiningBench.Form = .plain) -> JoiningBench {
        var bench = JoiningBench(format)
        for batch in batches { bench.feed(batch) }
        bench.flush()
        return bench
    }

    @Test(
        "an object over several lines is one record, whose level, message and time are read",
        arguments: [JoiningBench.Form.plain, .docker])
    func whole(form: JoiningBench.Form) {
        let bench = fed(["begun"] + Self.object + ["done"], format: form)
        #expect(bench.messages == ["begun", #"no } ledger, "none""#, "done"])
        #expect(bench.records.map(\.priority) == [nil, 2, nil])
        #expect(bench.records[1].time?.rfc3339() == "2026-11-21T12:41:14Z")
        #expect(String(decoding: bench.records[1].raw, as: UTF8.self) == Self.object.joined(separator: "\n"))
    }

    @Test("its first line may hold members already, and it may come in any pieces")
    func pieces() {
        let lines = [#"{"type": "server","#, #""level": "FATAL", "message": "no ledger"}"#]
        #expect(fed([lines[0]], [lines[1]]).records.map(\.priority) == [2])
        for cut in 1..<Self.object.count {
            let bench = fed(Array(Self.object[..<cut]), Array(Self.object[cut...]))
            #expect(bench.messages == [#"no } ledger, "none""#], "cut at \(cut)")
        }
    }

    @Test("what is held over a restart makes the same record")
    func restart() throws {
        var first = JoiningBench()
        first.feed(Array(Self.object[..<3]))
        let stored = try #require(HeldLines(bytes: first.joiner.held.bytes))
        #expect(stored.lines.count == 3)
        var second = JoiningBench()
        second.take(second.joiner.restore(stored, at: second.clock))
        second.feed(Array(Self.object[3...]))
        #expect(second.messages == [#"no } ledger, "none""#])
    }

    @Test(
        "a line that is none of JSON, time, and the limit of lines end the waiting: each line is a record",
        arguments: [
            ["{", "2026-11-21 12:41:14 ERROR no"], ["{", "Nov 21 12:41:14 web1 app: x"], [#"{"a": "#, "{x}"],
            ["{", "}}"],
            ["{", "} x"], ["{", #""open"#], ["{", "truthy"], ["{", "{", "at rest"], ["{ not json", "}"],
            ["{"] + Array(repeating: "[", count: 200), ["{"] + Array(repeating: "1,", count: 1100),
        ])
    func broken(lines: [String]) {
        let bench = fed(lines)
        #expect(bench.records.map { String(decoding: $0.raw, as: UTF8.self) }.sorted() == lines.sorted())
    }

    @Test("an object whose end does not come is handed on after a second")
    func expiry() {
        var bench = JoiningBench()
        bench.feed(["{", #""a": 1,"#])
        #expect(bench.records.isEmpty)
        bench.pass(.seconds(2))
        #expect(bench.messages == ["{", #""a": 1,"#])
        #expect(!bench.joiner.isHolding)
    }

    @Test("a line of JSON that waited for a trace keeps its header")
    func waited() {
        let bench = fed([#"{"level":"error","time":"2026-11-21T12:41:14Z","msg":"Error: none"}"#])
        #expect(bench.messages == ["Error: none"])
        #expect(bench.records.first?.priority == 3)
        #expect(bench.records.first?.time != nil)
    }
}
