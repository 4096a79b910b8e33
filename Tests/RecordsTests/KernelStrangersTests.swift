// Lines of other parts of the kernel amid its reports: passed over where they stand, or taken apart, it is all one.

import Formats
import TestSupport
import Testing

@testable import Records

@Suite struct KernelStrangersTests {
    private static let lines = [
        "INFO: task java:812 blocked for more than 120 seconds.", "      Not tainted 6.1.0-13-amd64 #1", "Call Trace:",
        "\"echo 0 > /proc/sys/kernel/hung_task_timeout_secs\" disables this message.", " __schedule+0x2eb/0x8d0",
        " <TASK>", " </TASK>", "eth0: link up", "EXT4-fs error (device sda1): reading directory lblock 0",
        "usb 1-1: reset",
        "Out of memory: Killed process 812 (java)", "BUG: unable to handle page fault for address: 0", "",
        "CPU: 1 PID: 2",
        "Kernel panic - not syncing: Fatal exception", "---[ end trace 0000000000000000 ]---", "RIP: 0010:x+0x1/0x2",
        "WARNING: CPU: 0 PID: 1 at mm/page.c:1 f+0x1/0x2", "oom-kill:constraint=CONSTRAINT_NONE", "audit: type=1400",
        "WARNING: fs/a.c:7 at f+0x1/0x2, CPU#0: p/1", "alignment check: 0000 [#2] SMP", "hub 1-1: port [#2] reset",
    ]

    @Test("a storm of waiting tasks is a record for each of them")
    func tasks() {
        var bench = JoiningBench(.syslog)
        let lines = (0..<60).map { number in
            let text =
                number % 3 == 0
                ? "INFO: task job\(number):7 blocked for more than 120 seconds." : "eth0: down \(number)"
            return "Nov 21 12:41:14 web1 kernel: [  12.\(100_000 + number)] \(text)"
        }
        bench.feed(lines, candidates: Array(stride(from: 0, to: 60, by: 3)))
        bench.flush()
        #expect(bench.records.count == 60)
    }

    @Test("a waiting task's report is one record, whatever the kernel writes in between")
    func report() {
        var bench = JoiningBench(.syslog)
        let report = [0, 1, 3, 2, 4]
        let lines = report.flatMap { [Self.lines[$0], "eth0: link up"] }.map {
            "Nov 21 12:41:14 web1 kernel: [1.000001] \($0)"
        }
        bench.feed(lines, candidates: [0, 2, 6])
        bench.flush()
        #expect(bench.records.count == 6)
        #expect(bench.messages.contains(report.map { Self.lines[$0] }.joined(separator: "\n")))
    }

    @Test("what passes over lines where they stand joins the same records", arguments: UInt64(1)...60)
    func passedOver(seed: UInt64) {
        var random = Xorshift(seed: seed &* 0x9e37_79b9_7f4a_7c15 | 1)
        var (passing, looking) = (JoiningBench(.syslog), JoiningBench(.syslog))
        for _ in 0..<4 {
            var lines: [String] = []
            var candidates: [Int] = []
            for index in 0..<(1 + random.below(80)) {
                let text = Self.lines[
                    random.below(10) == 0 ? random.below(Self.lines.count) : [0, 4, 7, 8, 9][random.below(5)]]
                let stamp = "[\(random.below(20) == 0 ? 90 : 12).\(100_000 + random.below(800_000))] "
                let program = ["kernel", "kernel", "kernel", "kernel[7]", "app"][random.below(5)]
                let host = random.below(10) == 0 ? "web2" : "web1"
                lines.append("Nov 21 12:41:14 \(host) \(program): \(program == "app" ? "" : stamp)\(text)")
                if TraceTriggers.literals.contains(where: { (text + "\n").contains($0) }) { candidates.append(index) }
            }
            passing.feed(lines, candidates: candidates)
            // The parser alone knows this form of the same time, and so each line is taken apart.
            looking.feed(lines.map { "Nov 21 2026" + $0.dropFirst(6) }, candidates: candidates)
        }
        passing.flush()
        looking.flush()
        #expect(passing.messages == looking.messages, "seed \(seed)")
        #expect(passing.records.map(\.time) == looking.records.map(\.time), "seed \(seed)")
    }
}
