import Formats
import Records
import Testing

/// The levels of lines of files, as their headers name them.
@Suite struct LogLevelTests {
    private func level(_ line: String) -> UInt8? {
        let now = CivilTime(year: 2026, month: 11, day: 21, hour: 12, minute: 41, second: 15).timestamp()
        return LineHeader.record(of: Array(line.utf8), source: .file("x"), context: LineContext(readAt: now)).priority
    }

    static let grave: [(String, UInt8)] = [
        ("2026-11-21 12:41:14,123 FATAL [main] c.e.Shop - no ledger", 2),
        ("2026-11-21 12:41:14,123 [http-nio-8080-exec-10] [trace=a span=b] FATAL c.e.Shop - no ledger", 2),
        ("2026-11-21 12:41:14.123 FATAL 812 --- [main] c.e.Shop : no ledger", 2),
        ("2026-11-21 12:41:14,123 - root - CRITICAL - no ledger", 2),
        ("[2026-11-21 12:41:14] app.EMERGENCY: no ledger {\"a\":1} []", 0),
        ("[2026-11-21T12:41:14,123][FATAL][o.e.b.Bootstrap] [node] no ledger", 2),
        ("2026-11-21T12:41:14.123Z [critical] <0.123.0> no ledger", 2),
        ("2026/11/21 12:41:14 kid1| FATAL: no ledger", 2),
        ("[2026-11-21 12:41:14 +0100] critical/ApiListener: no ledger", 2),
        ("[Sat Nov 21 12:41:14.123456 2026] [core:emerg] [pid 812] AH00020: no ledger", 0),
        ("2026/11/21 12:41:14 [alert] 812#812: no ledger", 1),
        ("2026-11-21 12:41:14.123 UTC [812] PANIC:  no ledger", 2),
        ("2026-11-21 12:41:14 UTC:10.0.0.7(5432):app@db:[812]:PANIC:  no ledger", 2),
        ("12:41:14.123 [main] FATAL c.e.Shop - no ledger", 2),
        ("CRITICAL:root:no ledger", 2), ("[ALERT] 324/124114 (812) : no ledger", 1), ("crit: Shop.Worker[0]", 2),
        ("F, [2026-11-21T12:41:14.123456 #812] FATAL -- : no ledger", 2),
        ("FATAL  |pool                     | 2026-11-21 12:41:14.123 no ledger", 2),
        ("F1121 12:41:14.123456     812 ledger.go:12] no ledger", 2),
        ("F20261121 12:41:14.123456     812 ledger.cc:12] no ledger", 2),
        ("time=\"2026-11-21T12:41:14Z\" level=fatal msg=\"no ledger\"", 2),
        ("ts=2026-11-21T12:41:14.5Z caller=main.go:12 level=crit msg=\"no ledger\"", 2),
        ("<2>shop: no ledger", 2), ("<33>1 2026-11-21T12:41:14Z web1 shop - - - no ledger", 1),
        (#"{"level":"fatal","msg":"no ledger"}"#, 2), (#"{"severity":"CRITICAL","message":"no ledger"}"#, 2),
        (#"{"@timestamp":"2026-11-21T12:41:14Z","log.level":"FATAL","message":"no ledger"}"#, 2),
        (#"{"log":{"level":"fatal"},"message":"no ledger"}"#, 2), (#"{"@l":"Fatal","@mt":"no ledger"}"#, 2),
        (#"{"level":60,"msg":"no ledger"}"#, 2), (#"{"message":"no ledger","level":550,"level_name":"ALERT"}"#, 1),
        (#"{"version":"1.1","short_message":"no ledger","level":2}"#, 2),
        (#"{"PRIORITY":"2","MESSAGE":"no ledger"}"#, 2),
        (#"{"t":{"$date":"2026-11-21T12:41:14Z"},"s":"F","c":"STORAGE","msg":"no ledger"}"#, 2),
        (#""level": "FATAL", "message": "the rest of an object"}"#, 2),
        (#"{"level": "critical", "message": "cut he"#, 2),
        (#"{"log":"2026-11-21 12:41:14 FATAL no ledger\n","stream":"stderr","time":"2026-11-21T12:41:14.5Z"}"#, 2),
        (#"{"log":"{\"level\":\"fatal\",\"msg\":\"x\"}\n","stream":"stderr","time":"2026-11-21T12:41:14.5Z"}"#, 2),
        (#"2026-11-21T12:41:14.123456789Z stderr F {"level":"panic","msg":"no ledger"}"#, 2),
        ("[12:41:14 FTL] no ledger", 2), ("2026-11-21 12:41:14.123 +00:00 [FTL] no ledger", 2),
        ("2026-11-21T12:41:14Z PNC no ledger error=x", 2),
        ("2026.11.21 12:41:14.123456 [ 12 ] {} <Fatal> BaseDaemon: no ledger", 2),
        ("2026-11-21 12:41:14 [critical ] no ledger   key=v", 2), ("FATAL 2026-11-21 12:41:14 no ledger", 2),
        ("%SYS-2-MALLOCFAIL: no ledger", 2), ("%LINK-SP-1-ERR: no ledger", 1),
        ("time=2026-11-21T12:41:14Z level=ERROR+4 msg=x", 2), (#"{"level":"ERROR+5","msg":"no ledger"}"#, 2),
        ("[2026-11-21 12:41:14,123: CRITICAL/MainProcess] no ledger", 2),
        ("CRIT [11-21|12:41:14.123] no ledger   err=x", 2), ("CRIT  [11-21|12:41:14] no ledger", 2),
        ("LEEF:1.0|a|b|1.0|100|src=192.0.2.1\tsev=10\tmsg=no ledger", 2), ("LEEF:2.0|a|b|1.0|100|^|sev=9^src=::1", 2),
        (#"{"event":{"severity":"Info Severity|High Severity"},"sourcetype":"x"}"#, 2),
        (#"{"severity":"High Severity","msg":"no ledger"}"#, 2),
        (#"CEF:0|a|b\|c|1.0|100|no ledger|10|src=192.0.2.1"#, 2), ("CEF:1|a|b|1.0|100|no ledger|Very-High|", 2),
    ]

    static let nested: [(String, UInt8?)] = [
        (#"{"event":{"severity":"critical"},"msg":"x"}"#, 2), (#"{"event":{"level":"fatal"}}"#, 2),
        (#"{"syslog":{"severity":{"name":"alert"}},"msg":"x"}"#, 1),
        (#"{"record":{"level":{"name":"CRITICAL","no":50}},"text":"x"}"#, 2),
        (#"{"payload":{"level":60},"msg":"x"}"#, 2), (#"{"event":{"threatSeverity":"Critical"}}"#, 2),
        (#"{"alertLevel":"emergency","msg":"x"}"#, 0), (#"{"event.severity":"critical","msg":"x"}"#, 2),
        // The writer's own level, and the one that stands higher, come first.
        (#"{"level":"info","threatSeverity":"critical"}"#, 6), (#"{"log":{"level":"warn"},"xLevel":"fatal"}"#, 4),
        (#"{"severity":"error","event":{"severity":"critical"}}"#, 3),
        (#"{"event":{"severity":"High"}}"#, nil), (#"{"threatSeverity":"High Severity"}"#, nil),
        (#"{"threatSeverity":"warning"}"#, nil), (#"{"severity_id":"critical"}"#, nil),
        (#"{"riskLevel":"critical"}"#, nil), (#"{"event":{"priority":"critical"}}"#, nil),
        (#"{"event":{"severity":73}}"#, nil), (#"{"request":{"level":"fatal"}}"#, nil),
        (#"{"status":"critical"}"#, nil), (#"{"batterylevels":"critical"}"#, nil),
    ]

    static let others: [(String, UInt8?)] = [
        ("2026-11-21 12:41:14,123 INFO [main] c.e.Shop - a FATAL mistake, they said", 6),
        ("2026-11-21 12:41:14,123 ERROR [main] c.e.Shop - a critical section", 3),
        ("2026-11-21 12:41:14 H=(fatal) [203.0.113.9] rejected RCPT", nil),
        ("2026-11-21 12:41:14 H=(EMERG) [203.0.113.9] rejected RCPT", nil),
        ("2026-11-21 12:41:14 203.0.113.9 user (FATAL) logged in", nil), ("2026-11-21 12:41:14 (fatal) no ledger", 2),
        ("2026-11-21 12:41:14 the critical section was left", nil), ("2026-11-21 12:41:14 NON-FATAL signal", nil),
        ("2026-11-21 12:41:14 state=CRITICAL host=db1", nil), ("2026-11-21 12:41:14 ticket ALERT-812 closed", nil),
        ("2026-11-21 12:41:14 UTC:10.0.0.7(5432):app@db:[812]:FATAL:  password authentication failed", 3),
        ("FATAL:  role \"app\" does not exist", 3), ("Nov 21 12:41:14 web1 sshd[812]: fatal: no matching cipher", nil),
        ("[1763728874] SERVICE ALERT: db1;disk;CRITICAL;HARD;3;full", nil), ("ALERTS were sent", nil),
        ("Fatal accidents: a report", nil), ("crit: a word", nil), ("F2026 is a car", nil), ("critical=yes", nil),
        (#"{"level":"info","msg":"critical"}"#, 6), (#"{"level":200,"level_name":"INFO","message":"x"}"#, 6),
        (#"{"level":400,"message":"x"}"#, 3), (#"{"severity":2,"msg":"of a scale of its own"}"#, nil),
        (#"{"level":0,"logger":"v","msg":"verbosity"}"#, nil), (#"{"s":"F","name":"a woman"}"#, nil),
        ("2026-11-21T12:41:14Z INF FATAL errors: 0", 6), ("[12:41:14 INF] FATAL errors: 0", 6),
        ("time=2026-11-21T12:41:14Z level=ERROR+2 msg=x", 3), ("CEF:0|a|b|1|100|FATAL|7|", 3),
        ("%ASA-2-106001: Inbound TCP connection denied", nil), ("100 %SYS-9-X: y", nil), ("%A-2: x", nil),
        ("FATAL 2026 was a year", nil), ("Fatal 2026-11-21 12:41:14 x", nil),
        ("2026-11-21 12:41:14 [critical section] left", nil), ("Nov 21 12:41:14 dbg shop: x", nil),
        ("192.0.2.7 - - [21/Nov/2026:12:41:14 +0000] \"GET /?level=fatal\"", nil),
    ]

    @Test("a level worse than an error is read where a level stands", arguments: grave)
    func isGrave(line: String, expected: UInt8) { #expect(level(line) == expected) }

    @Test("the level of an object of JSON may stand in one within it", arguments: nested)
    func isNested(line: String, expected: UInt8?) { #expect(level(line) == expected) }

    /// Behind a syslog tag, and in the journal.
    static let stated: [(String, UInt8?)] = [
        ("{\"level\":60,\"msg\":\"x\"}\n\tat a.B.c(B.java:1)", 2), ("{\"a\":60}\n\tat a.B.c(B.java:1)", nil),
        (#"time="2026-11-21T12:41:14Z" level=fatal msg="no ledger""#, 2), ("level=panic msg=x", 2),
        (#"{"level":"fatal","msg":"no ledger"}"#, 2), (#"{"level":"info","msg":"level=fatal"}"#, 6),
        ("2026-11-21 12:41:14,123 CRITICAL no ledger", 2), ("12:41:14.123 [main] FATAL a.B - x", 2),
        ("[CRITICAL] no ledger", 2), ("[ALERT]    (812) : no ledger", 1), ("[12:41:14 FTL] x", 2),
        ("[2026-11-21 12:41:14,123][FATAL][a] x", 2), ("F1121 12:41:14.123456     812 ledger.go:12] x", 2),
        ("F, [2026-11-21T12:41:14.123456 #812] FATAL -- : x", 2), ("%PLATFORM-1-CRASHED: x", 1),
        ("Nov 21 12:41:14.123: %PLATFORM-1-CRASHED: x", 1), ("CEF:0|a|b|1|100|x|9|", 2),
        ("Sat Nov 21 12:41:14 2026 FATAL: x", 2), ("I1121 12:41:14.1 8 a.go:1] FATAL", 6),
        ("fatal: Timeout before authentication", nil), ("FATAL: no ledger", nil), ("CRITICAL - no ledger", nil),
        ("CRITICAL:root:x", nil), ("Critical error", nil), ("user=bob level=fatal", nil), ("", nil),
        ("x [CRITICAL] y", nil), ("panic: x", nil), ("2026-11-21 12:41:14 a critical section", nil),
    ]

    @Test("a message names a level by its structure alone", arguments: stated)
    func isStated(message: String, expected: UInt8?) {
        let tagged = LineHeader.record(
            of: Array("Nov 21 12:41:14 web1 app[812]: \(message)".utf8), source: .file("x"),
            context: LineContext(readAt: Timestamp(seconds: 1_795_266_000)))
        #expect(tagged.statedLevel == expected && tagged.priority == nil)
        var entry = Record(source: .journal(""), message: Array(message.utf8))
        #expect(entry.statedLevel == expected)
        entry.transport = "kernel"
        #expect(entry.statedLevel == nil)
    }

    @Test("and words of prose are none", arguments: others)
    func isOther(line: String, expected: UInt8?) { #expect(level(line) == expected) }
}
