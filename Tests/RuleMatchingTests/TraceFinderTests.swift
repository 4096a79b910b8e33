import Formats
import Records
import RuleMatching
import Testing

@Suite struct TraceFinderTests {
    /// First lines and first frames, each of which alone has to be found.
    @Test(
        "what begins or goes on with a trace is found",
        arguments: [
            "Traceback (most recent call last):", "Exception in thread \"main\" java.lang.Error: x",
            "\tat a.B.c(B.java:1)",
            "    at f (/a.js:1:2)", "   at N.C.M() in /a.cs:line 3", "java.io.IOException: x", "org.example.OddFault",
            "panic: x", "fatal error: all goroutines are asleep - deadlock!", "goroutine 1 [running]:",
            "thread 'main' panicked at src/a.rs:1:2:", "PHP Fatal error:  Uncaught Error: x in /a.php:1",
            "Stack trace:",
            "/a.rb:1:in 'm': x (E)", "a.rb:1:in `m': x (E)", "\tmain::f() called at a.pl line 3", "/srv/a.js:12",
            "terminate called without an active exception", "==1==ERROR: AddressSanitizer: x", "==================",
            "kernel: BUG: kernel NULL pointer dereference",
            "kernel: [    1.000000] ------------[ cut here ]------------",
            "Unhandled exception. System.Exception: x", "2026-11-21T12:41:14Z stderr P part",
            "{", "{  \r", #"{"type": "server", "level": "FATAL","#, #"{ "tags": ["#, #"{"a":"#,
            "kernel: WARNING: fs/a.c:7 at f+0x1/0x2, CPU#0: p/1", "kernel: alignment check: 0000 [#2] SMP",
            "  eval at F (a.js:1:2)", "Odd::Error: x", "  a.rb:1:in 'A#b'",
        ])
    func found(line: String) throws {
        let finder = try TraceFinder()
        let context = LineContext(readAt: Timestamp(seconds: 1_795_264_874))
        let batch = RecordBatch(lines: Array("before\n\(line)\nafter\n".utf8), source: .file("/x"), context: context)
        #expect(finder.candidates(in: batch) == [1])
        #expect(finder.twin().candidates(in: batch) == [1])
    }

    @Test("ordinary lines are passed over")
    func passedOver() throws {
        let lines = """
            Nov 21 12:41:14 web1 sshd[812]: Accepted publickey for root from 192.0.2.1 port 22 ssh2
            2026/11/21 12:41:14 [warn] 812#812: *1 an upstream response is buffered
            {"level":"info","msg":"whole"}
            not { an object,
            192.0.2.1 - - [21/Nov/2026:12:41:14 +0000] "GET / HTTP/1.1" 200 612

            """
        let context = LineContext(readAt: Timestamp(seconds: 1_795_264_874))
        let batch = RecordBatch(lines: Array(lines.utf8), source: .file("/x"), context: context)
        #expect(try TraceFinder().candidates(in: batch) == [])
    }
}
