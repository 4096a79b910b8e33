// Processors that report at the same time, their lines mixed.

import Records
import Testing

@Suite struct KernelProcessorsTests {
    private static func oops(_ name: String, _ processor: Int) -> [String] {
        [
            "BUG: unable to handle page fault for address: 00000000000000\(processor + 1)0",
            "Oops: 0000 [#\(processor + 1)] PREEMPT SMP",
            "CPU: \(processor) PID: 81\(processor) Comm: \(name) Not tainted 6.1.0 #1",
            "RIP: 0010:\(name)_write+0x1b/0x20", "Call Trace:", " \(name)_flush+0x10/0x40",
            "---[ end trace 0000000000000000 ]---",
        ]
    }

    /// As a file has them, with printk's caller or without.
    private static func logged(_ lines: [(processor: Int, text: String)], hasCaller: Bool) -> [String] {
        lines.enumerated().map { number, line in
            let caller = hasCaller ? "[   C\(line.processor)]" : ""
            return "Nov 21 12:41:14 web1 kernel: [  100.0000\(10 + number)]\(caller) \(line.text)"
        }
    }

    private static var mixed: [(processor: Int, text: String)] {
        zip(oops("aaa", 0), oops("bbb", 1)).flatMap { [(0, $0), (1, $1)] }
    }

    @Test func `Where the kernel names the callers, each report has its own lines`() {
        var bench = JoiningBench()
        bench.feed(Self.logged(Self.mixed, hasCaller: true))
        bench.flush()
        #expect(
            bench.messages.sorted() == [Self.oops("aaa", 0), Self.oops("bbb", 1)].map { $0.joined(separator: "\n") })
    }

    @Test(arguments: [JoiningBench.Form.plain, .journal])
    func `Where it does not, each report is a record all the same, and no line is lost`(form: JoiningBench.Form) {
        var bench = JoiningBench(form)
        bench.feed(
            form == .journal
                ? Self.mixed.map { "kernel\u{1}\($0.text)" } : Self.logged(Self.mixed, hasCaller: false))
        bench.flush()
        let faults = bench.messages.map { $0.split(separator: "\n").count { $0.hasPrefix("BUG: ") } }
        #expect(faults.filter { $0 > 0 } == [1, 1])
        let lines = bench.messages.flatMap { $0.split(separator: "\n").map(String.init) }
        #expect(lines.sorted() == Self.mixed.map(\.text).sorted())
    }

    @Test func `What a processor writes that was asked by an interrupt is of the report that asked`() {
        let lines = [
            (0, "watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [aaa:812]"),
            (0, "Sending NMI from CPU 0 to CPUs 1:"),
            (1, "NMI backtrace for cpu 1"), (1, "CPU: 1 PID: 813 Comm: bbb Not tainted 6.1.0 #1"),
            (1, "RIP: 0010:bbb_write+0x1b/0x20"),
        ]
        var bench = JoiningBench()
        bench.feed(Self.logged(lines, hasCaller: true))
        bench.flush()
        #expect(bench.messages == [lines.map(\.1).joined(separator: "\n")])
    }
}
