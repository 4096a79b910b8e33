import Formats
import Records
import TestSupport
import Testing

@Suite struct RecordJoinerTests {
    @Test("a trace is one record, whole, its language named", arguments: TraceCase.all, JoiningBench.Form.allCases)
    func whole(trace: TraceCase, form: JoiningBench.Form) {
        var bench = JoiningBench(form)
        bench.feed(bench.wrapped(["service started"] + trace.lines + ["service stopped"]))
        bench.flush()
        let expected = form == .syslog || form == .plain && trace.name == "Monolog" ? nil : trace.text
        #expect(bench.records.count == 3)
        if let expected, trace.name != "Monolog" {
            #expect(bench.messages == ["service started", expected, "service stopped"])
        }
        let found = bench.records.first { $0.message.contains(0x0a) }
        #expect(found?.language == trace.language.rawValue)
        #expect(found?.message.split(separator: 0x0a, omittingEmptySubsequences: false).count == trace.lines.count)
    }

    @Test(
        "lines of another program in between stay, in their order", arguments: TraceCase.all,
        [JoiningBench.Form.syslog, .cri, .docker])
    func interleaved(trace: TraceCase, form: JoiningBench.Form) {
        var bench = JoiningBench(form)
        var lines: [String] = []
        for (index, line) in trace.lines.enumerated() {
            lines += bench.wrapped([line]) + bench.wrapped(["tick \(index)"], "other")
        }
        bench.feed(lines)
        bench.flush()
        let traces = bench.records.filter { $0.message.contains(0x0a) }
        #expect(traces.count == 1)
        #expect(
            traces.first?.message.split(separator: 0x0a, omittingEmptySubsequences: false).count == trace.lines.count)
        #expect(bench.messages.filter { $0.hasPrefix("tick") } == trace.lines.indices.map { "tick \($0)" })
    }

    @Test("wherever the batches are cut, the records are the same", arguments: JoiningBench.Form.allCases)
    func cutting(form: JoiningBench.Form) {
        for round in 0..<6 {
            let seed = UInt64(0xc0ffee + round)
            var random = Xorshift(seed: seed)
            var whole = JoiningBench(form)
            var lines: [String] = []
            for _ in 0..<6 {
                let trace = TraceCase.all[random.below(TraceCase.all.count)]
                lines += whole.wrapped(["Error: nothing to see", "a line \(random.below(100))"], "other")
                lines += whole.wrapped(trace.lines + ["at rest", "done"])
            }
            whole.feed(lines)
            whole.flush()
            var cut = JoiningBench(form)
            var at = 0
            while at < lines.count {
                let end = min(lines.count, at + 1 + random.below(5))
                cut.feed(Array(lines[at..<end]))
                at = end
            }
            cut.flush()
            #expect(cut.messages.sorted() == whole.messages.sorted(), "seed \(seed)")
        }
    }

    @Test("what is held and taken up again makes the same records", arguments: JoiningBench.Form.allCases)
    func restarts(form: JoiningBench.Form) throws {
        for trace in TraceCase.all {
            var whole = JoiningBench(form)
            let lines = whole.wrapped(["begun"] + trace.lines + ["done"])
            whole.feed(lines)
            whole.flush()
            // The first cuts, and some of the rest: all would take minutes.
            for cut in Array(1..<min(4, lines.count)) + Array(stride(from: 5, to: lines.count, by: 7)) {
                var first = JoiningBench(form)
                first.feed(Array(lines[..<cut]))
                let stored = try #require(HeldLines(bytes: first.joiner.held.bytes))
                #expect(stored == first.joiner.held)
                var second = JoiningBench(form)
                second.take(second.joiner.restore(stored, at: second.clock))
                second.feed(Array(lines[cut...]))
                second.flush()
                #expect((first.messages + second.messages).sorted() == whole.messages.sorted(), "\(trace.name), \(cut)")
            }
        }
    }

    @Test("a line that can begin no trace is handed on at once; one that may waits a quarter of a second")
    func delays() {
        var bench = JoiningBench()
        bench.feed(["Out of memory: Killed process 812 (mysqld)", "no space left"])
        #expect(bench.records.count == 2 && bench.joiner.deadline == nil)
        bench.feed(["2026-11-21 12:41:14,123 ERROR [main] c.e.App - broken"])
        #expect(bench.records.count == 2)
        bench.pass(.milliseconds(240))
        #expect(bench.records.count == 2)
        bench.pass(.milliseconds(20))
        #expect(bench.records.count == 3)
    }

    @Test("a trace waits a second for its next line, counted from the last")
    func timeout() {
        var bench = JoiningBench()
        bench.feed(["panic: broken", "", "goroutine 1 [running]:"])
        bench.pass(.milliseconds(900))
        bench.feed(["main.main()", "\t/a.go:5 +0x1"])
        bench.pass(.milliseconds(900))
        #expect(bench.records.isEmpty)
        bench.pass(.milliseconds(200))
        #expect(bench.messages == ["panic: broken\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:5 +0x1"])
    }

    @Test("an entry of a log and the trace under it are one record")
    func entries() {
        var bench = JoiningBench()
        bench.feed([
            "2026-11-21 12:41:14,123 ERROR [main] c.e.App - cannot save", "java.io.IOException: disk full",
            "\tat c.e.App.save(App.java:4)", "2026-11-21 12:41:14,200 INFO [main] c.e.App - next",
            "2026-11-21 12:41:14,300 ERROR root cannot fetch", "Traceback (most recent call last):",
            "  File \"/a.py\", line 3, in f", "ValueError: of", "two lines", "2026-11-21 12:41:14,400 INFO root next",
        ])
        bench.flush()
        #expect(bench.records.map { $0.message.split(separator: 0x0a).count } == [3, 1, 5, 1])
        #expect(bench.records.first?.priority == 3 && bench.records.first?.language == "java")
    }

    @Test("a trace whose first line has a time alone is one record")
    func dated() {
        let frames = ["    at org.example.Main.run(Main.java:17)", "    at org.example.Main.main(Main.java:4)"]
        for first in [
            "Exception in thread \"main\" java.lang.IllegalStateException: closed", "org.example.ClosedError: closed",
            "Caused by: java.io.IOException: closed",
        ] {
            var bench = JoiningBench()
            bench.feed(["Nov 21 12:41:13 started", "Nov 21 12:41:14 \(first)"] + frames + ["Nov 21 12:41:15 ended"])
            bench.flush()
            #expect(bench.records.count == 3)
            #expect(bench.messages.contains(([first] + frames).joined(separator: "\n")))
            #expect(bench.records.allSatisfy { $0.identifier == nil })
        }
    }

    @Test(
        "a report of the kernel is one record, whatever its first line",
        arguments: [
            "WARNING: fs/ledger.c:7 at ledger_write+0x1b/0x20, CPU#0: flush/812",
            "WARNING: fs/ledger.c:7 at 0xffffffffc0de1234, CPU#11: flush/812",
            "WARNING: at ledger_write+0x1b/0x20, CPU#0: flush/812",
            "WARNING: CPU: 0 PID: 812 at fs/ledger.c:7 ledger_write+0x1b/0x20",
            "segment-related general protection fault: beec [#2] PREEMPT SMP", "alignment check: 0000 [#13] SMP NOPTI",
            "coprocessor fault: 0000 [#3]", "unaligned access[#4]:", "specification exception: 0006 ilc:2 [#2] SMP ",
        ])
    func kernelReports(first: String) {
        let report = [
            first, "CPU: 0 UID: 0 PID: 812 Comm: flush Not tainted 6.19.0 #1", "RIP: 0010:ledger_write+0x1b/0x20",
            "Call Trace:", " ledger_flush+0x10/0x40", "---[ end trace 0000000000000000 ]---",
        ]
        for form in [JoiningBench.Form.plain, .journal] {
            var bench = JoiningBench(form)
            let lines = ["eth0: link up"] + report + ["usb 1-1: new device"]
            let wrapped = lines.enumerated().map { number, line in
                form == .journal ? "kernel\u{1}\(line)" : "Nov 21 12:41:14 web1 kernel: [   12.00000\(number)] \(line)"
            }
            // What the block scan would name.
            let named = lines.indices.filter { at in TraceTriggers.literals.contains { lines[at].contains($0) } }
            bench.feed(wrapped, candidates: named)
            bench.flush()
            #expect(bench.messages.contains(report.joined(separator: "\n")), "\(form): \(bench.messages)")
        }
    }

    @Test(
        "what only looks like a trace is left alone",
        arguments: [
            ["Error: one", "Error: two", "Error: three"], ["panic: no more", "and a line", "and another"],
            ["Traceback of the parcel", "  indented", "more"], ["==========", "Report", "=========="],
            ["thread 'a' is fine", "at last"], ["ticket [#7] closed", "[#8] opened"],
            ["the call was made at noon at /x line 3.", "next"],
        ])
    func lookalikes(lines: [String]) {
        var bench = JoiningBench(.journal)
        bench.feed(lines)
        bench.flush()
        #expect(bench.records.count >= lines.count - 0 || lines[0].hasPrefix("panic"))
    }

    @Test("a trace without end goes on in further records, and nothing of it is lost")
    func endless() {
        var limits = RecordJoiner.Limits()
        limits.lines = 100
        var bench = JoiningBench(limits: limits)
        let lines = ["java.lang.Error: x"] + (0..<1000).map { "\tat a.b.C.m(C.java:\($0))" }
        bench.feed(lines)
        bench.flush()
        #expect(bench.records.count == 11)
        #expect(bench.messages.joined(separator: "\n") == lines.joined(separator: "\n"))
    }

    @Test("many traces at once are bounded, the oldest goes first")
    func manyStreams() {
        var bench = JoiningBench(.syslog)
        for number in 0..<500 { bench.feed(["Nov 21 12:41:14 web1 app[\(number)]: panic: \(number)"]) }
        #expect(bench.records.count == 500 - RecordJoiner.Limits().traces)
        #expect(bench.messages.first == "panic: 0")
    }

    @Test("hostile bytes neither trap nor vanish")
    func hostile() {
        for round in 0..<300 {
            let seed = UInt64(77 + round)
            var random = Xorshift(seed: seed)
            var bench = JoiningBench()
            var lines: [[UInt8]] = []
            for _ in 0..<20 {
                let trace = TraceCase.all[random.below(TraceCase.all.count)]
                var line = Array(trace.lines[random.below(trace.lines.count)].utf8)
                for _ in 0..<random.below(3) where !line.isEmpty {
                    line[random.below(line.count)] = UInt8(truncatingIfNeeded: random.next())
                }
                lines.append(line.filter { $0 != 0x0a })
            }
            let context = LineContext(readAt: JoiningBench.readAt)
            let batch = RecordBatch(lines: lines.flatMap { $0 + [0x0a] }, source: .file("/x.log"), context: context)
            bench.take(bench.joiner.join(batch, candidates: Array(0..<batch.count), at: bench.clock))
            bench.flush()
            let count = bench.records.reduce(0) { $0 + 1 + $1.raw.count { $0 == 0x0a } }
            #expect(count == lines.count, "seed \(seed)")
        }
    }

    @Test("a line of ten megabytes and a NUL are a line")
    func long() {
        var bench = JoiningBench()
        bench.feed(["panic: \(String(repeating: "x", count: 10 << 20))", "\0", "\tat \0"])
        bench.flush()
        #expect(bench.records.reduce(0) { $0 + 1 + $1.raw.count { $0 == 0x0a } } == 3)
    }

    @Test("with a preset any line may begin a trace, and other languages' are left alone")
    func presets() {
        var java = JoiningBench(.plain, .language(.java))
        java.feed(["something broke", "\tat a.B.c(B.java:1)", "panic: go", "", "goroutine 1 [running]:"])
        java.flush()
        #expect(java.messages == ["something broke\n\tat a.B.c(B.java:1)", "panic: go", "", "goroutine 1 [running]:"])
        var none = JoiningBench(.plain, .none)
        none.feed(["java.lang.Error: x", "\tat a.B.c(B.java:1)"])
        #expect(none.records.count == 2)
    }

    @Test("the administrator's patterns")
    func patterns() {
        func starts(_ line: [UInt8]) -> Bool { line.first == UInt8(ascii: "#") }
        func goesOn(_ line: [UInt8]) -> Bool { line.first == UInt8(ascii: "+") }
        let lines = ["#1", "a", "+b", "#2", "+c"]
        var start = JoiningBench(pattern: LinePattern(begins: starts, continues: nil))
        start.feed(lines)
        start.flush()
        #expect(start.messages == ["#1\na\n+b", "#2\n+c"])
        var goes = JoiningBench(pattern: LinePattern(begins: nil, continues: goesOn))
        goes.feed(lines)
        goes.flush()
        #expect(goes.messages == ["#1", "a\n+b", "#2\n+c"])
        var both = JoiningBench(pattern: LinePattern(begins: starts, continues: goesOn))
        both.feed(lines)
        both.flush()
        #expect(both.messages == ["#1", "a", "+b", "#2\n+c"])
    }

    @Test("lines that a container engine cut are put together, each stream's")
    func parts() {
        var cri = JoiningBench(.cri)
        cri.feed([
            "2026-11-21T12:41:14.1Z stderr P first ", "2026-11-21T12:41:14.1Z stdout F other",
            "2026-11-21T12:41:14.1Z stderr P second ", "2026-11-21T12:41:14.2Z stderr F third",
        ])
        #expect(cri.messages == ["first second third", "other"])
        var docker = JoiningBench(.docker)
        docker.feed([
            #"{"log":"first ","stream":"stderr","time":"2026-11-21T12:41:14Z"}"#,
            #"{"log":"other\n","stream":"stdout","time":"2026-11-21T12:41:14Z"}"#,
            #"{"log":"last\n","stream":"stderr","time":"2026-11-21T12:41:14Z"}"#,
        ])
        #expect(docker.messages == ["first last", "other"])
        docker.feed([#"{"log":"no end","stream":"stderr","time":"2026-11-21T12:41:14Z"}"#])
        docker.pass(.seconds(2))
        #expect(docker.messages.last == "no end")
    }
}
