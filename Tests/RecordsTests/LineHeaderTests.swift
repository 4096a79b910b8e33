import Formats
import Records
import TestSupport
import Testing

/// 2026-11-21 12:41:14 UTC, a second after most of the lines here.
private let readAt = CivilTime(year: 2026, month: 11, day: 21, hour: 12, minute: 41, second: 15).timestamp()

private func record(_ line: String, offset: Int = 0) -> Record {
    let context = LineContext(readAt: readAt, utcOffset: offset)
    return LineHeader.record(of: Array(line.utf8), source: .file("/var/log/x"), context: context)
}

private struct Case: Sendable, CustomTestStringConvertible {
    var line: String
    var message: String
    var time: String?
    var host: String?
    var identifier: String?
    var pid: Int32?
    var priority: UInt8?
    var testDescription: String { line }

    init(
        _ line: String, _ message: String, time: String? = nil, host: String? = nil, id: String? = nil,
        pid: Int32? = nil, priority: UInt8? = nil
    ) {
        self.line = line
        self.message = message
        self.time = time
        self.host = host
        identifier = id
        self.pid = pid
        self.priority = priority
    }
}

private let cases: [Case] = [
    // RFC 3164, as rsyslog wrote it until Debian 12.
    Case(
        "Nov 21 12:41:14 web1 sshd[812]: Failed password for root", "Failed password for root",
        time: "2026-11-21T12:41:14.000000Z", host: "web1", id: "sshd", pid: 812),
    Case(
        "Nov  1 02:03:04 web1 postfix/smtpd[12]: connect", "connect", time: "2026-11-01T02:03:04.000000Z",
        host: "web1", id: "postfix/smtpd", pid: 12),
    Case(
        "Dec 31 23:59:59 web1 cron: late", "late", time: "2025-12-31T23:59:59.000000Z", host: "web1", id: "cron"),
    Case(
        "Nov 21 12:41:14 web1 kernel: [ 1234.567890] Out of memory", "Out of memory",
        time: "2026-11-21T12:41:14.000000Z", host: "web1", id: "kernel"),
    Case("Nov 21 12:41:14 sshd[812]: alone", "alone", time: "2026-11-21T12:41:14.000000Z", id: "sshd", pid: 812),
    Case(
        "<34>Nov 21 12:41:14 web1 su: 'su root' failed", "'su root' failed", time: "2026-11-21T12:41:14.000000Z",
        host: "web1", id: "su", priority: 2),
    Case("<6>[    1.000000] usb 1-1: new device", "usb 1-1: new device", id: "kernel", priority: 6),
    // rsyslog's own format since Debian 12.
    Case(
        "2026-11-21T12:41:14.123456+01:00 web1 systemd[1]: Failed to start x.service", "Failed to start x.service",
        time: "2026-11-21T11:41:14.123456Z", host: "web1", id: "systemd", pid: 1),
    // RFC 5424 section 6.5, example 3 in essence.
    Case(
        "<165>1 2026-11-21T12:41:14.003Z host.example.com evntslog 77 ID47 [ex@1 iut=\"3\" q=\"a\\\"]b\"] \u{feff}An event",
        "An event", time: "2026-11-21T12:41:14.003000Z", host: "host.example.com", id: "evntslog", pid: 77, priority: 5),
    Case("<34>1 - - - - - - bare", "bare", priority: 2),
    Case("<34>1 - [2001:db8::1] a - - - m", "m", host: "[2001:db8::1]", id: "a", priority: 2),
    Case("Nov 21 12:41:14 [ERROR] m", "[ERROR] m", time: "2026-11-21T12:41:14.000000Z"),
    // Behind the time the message: neither host nor tag.
    Case(
        "Nov 21 12:41:14 Exception in thread \"main\" java.lang.Error: x",
        "Exception in thread \"main\" java.lang.Error: x",
        time: "2026-11-21T12:41:14.000000Z"),
    Case("Nov 21 12:41:14 Caused by: x", "Caused by: x", time: "2026-11-21T12:41:14.000000Z"),
    Case("2026-11-21T12:41:14Z Caused by: x", "Caused by: x", time: "2026-11-21T12:41:14.000000Z"),
    Case("Nov 21 12:41:14 panic: x", "panic: x", time: "2026-11-21T12:41:14.000000Z"),
    Case("Nov 21 12:41:14 App\\OddError: x: y", "App\\OddError: x: y", time: "2026-11-21T12:41:14.000000Z"),
    Case("Nov 21 12:41:14 Odd::Error: x: y", "Odd::Error: x: y", time: "2026-11-21T12:41:14.000000Z"),
    Case("Nov 21 12:41:14 thread 'main' panicked", "thread 'main' panicked", time: "2026-11-21T12:41:14.000000Z"),
    Case("Nov 21 12:41:14 free(): invalid size", "free(): invalid size", time: "2026-11-21T12:41:14.000000Z"),
    Case("Nov 21 12:41:14 Starting the shop", "Starting the shop", time: "2026-11-21T12:41:14.000000Z"),
    // Hosts that are written so, with a tag or without.
    Case(
        "Nov 21 12:41:14 Server sshd[812]: x", "x", time: "2026-11-21T12:41:14.000000Z", host: "Server", id: "sshd",
        pid: 812),
    Case("Nov 21 12:41:14 Server panic: x", "x", time: "2026-11-21T12:41:14.000000Z", host: "Server", id: "panic"),
    Case(
        "Nov 21 12:41:14 SRV1 last message repeated 2 times", "last message repeated 2 times",
        time: "2026-11-21T12:41:14.000000Z", host: "SRV1"),
    Case(
        "Nov 21 12:41:14 Web-1 last message repeated 2 times", "last message repeated 2 times",
        time: "2026-11-21T12:41:14.000000Z", host: "Web-1"),
    // Names with brackets.
    Case(
        "Nov 21 12:41:14 web1 sssd[be[example.org]][812]: x", "x", time: "2026-11-21T12:41:14.000000Z", host: "web1",
        id: "sssd[be[example.org]]", pid: 812),
    Case(
        "2026-11-21T12:41:14Z web1 sssd[be[ldap://a:1]]: x", "x", time: "2026-11-21T12:41:14.000000Z", host: "web1",
        id: "sssd[be[ldap://a:1]]"),
    Case("Nov 21 12:41:14 sssd[nss][812]: x", "x", time: "2026-11-21T12:41:14.000000Z", id: "sssd[nss]", pid: 812),
    Case("Nov 21 12:41:14 web1 a[b]: x", "x", time: "2026-11-21T12:41:14.000000Z", host: "web1", id: "a"),
    Case("Nov 21 12:41:14 web1 a[b]]: x", "a[b]]: x", time: "2026-11-21T12:41:14.000000Z", host: "web1"),
    Case("Nov 21 12:41:14 web1 a[b[c d]]: x", "a[b[c d]]: x", time: "2026-11-21T12:41:14.000000Z", host: "web1"),
    // A host or name that can be none: no header, so that neither reaches a subject.
    Case(
        "<34>1 2026-11-21T12:41:14Z evil\rBcc:zz@zz app - - - m", "1 2026-11-21T12:41:14Z evil\rBcc:zz@zz app - - - m",
        priority: 2),
    Case("<34>1 - h a\u{1b}[2J - - - m", "1 - h a\u{1b}[2J - - - m", priority: 2),
    Case("<34>1 - h\u{e4} a - - - m", "1 - h\u{e4} a - - - m", priority: 2),
    Case("<34>1 - h a - - [i\rd n=\"v\"] m", "1 - h a - - [i\rd n=\"v\"] m", priority: 2),
    Case("Nov 21 12:41:14 evil\rBcc:zz app: m", "evil\rBcc:zz app: m", time: "2026-11-21T12:41:14.000000Z"),
    Case(
        "Nov 21 12:41:14 web1 a\rBcc:zz@zz[1]: m", "a\rBcc:zz@zz[1]: m", time: "2026-11-21T12:41:14.000000Z",
        host: "web1"),
    Case("Nov 21 12:41:14 a\u{7}b: m", "a\u{7}b: m", time: "2026-11-21T12:41:14.000000Z"),
    // Programs that write their own files.
    Case(
        "2026/11/21 12:41:14 [crit] 812#812: *1 open() failed", "[crit] 812#812: *1 open() failed",
        time: "2026-11-21T12:41:14.000000Z", pid: 812, priority: 2),
    Case(
        "2026-11-21 12:41:14.123 UTC [812] app@db FATAL:  too many connections", "FATAL:  too many connections",
        time: "2026-11-21T12:41:14.123000Z", pid: 812, priority: 3),
    Case(
        "2026-11-21 12:41:14.123 UTC [812] PANIC:  could not write", "PANIC:  could not write",
        time: "2026-11-21T12:41:14.123000Z", pid: 812, priority: 2),
    Case(
        "812:M 21 Nov 2026 12:41:14.123 # Can't save in background", "Can't save in background",
        time: "2026-11-21T12:41:14.123000Z", pid: 812, priority: 4),
    Case(
        "[Sat Nov 21 12:41:14.123456 2026] [core:error] [pid 812] AH00037: x", "[core:error] [pid 812] AH00037: x",
        time: "2026-11-21T12:41:14.123456Z", priority: 3),
    Case(
        "[21-Nov-2026 12:41:14 UTC] PHP Fatal error:  Uncaught", "PHP Fatal error:  Uncaught",
        time: "2026-11-21T12:41:14.000000Z", priority: 2),
    Case(
        "[2026-11-21T12:41:14,123][ERROR][o.e.b] [node] stopped", "[ERROR][o.e.b] [node] stopped",
        time: "2026-11-21T12:41:14.123000Z", priority: 3),
    Case(
        "2026-11-21 12:41:14,123 ERROR [main] c.e.App - broken", "ERROR [main] c.e.App - broken",
        time: "2026-11-21T12:41:14.123000Z", priority: 3),
    // A word of capitals behind the time is no zone, but the message's first.
    Case(
        "2026-11-21 12:41:14 RAID array degraded", "RAID array degraded", time: "2026-11-21T12:41:14.000000Z"),
    Case("2026-11-21T12:41:14 XFS (sda1): shut down", "XFS (sda1): shut down", time: "2026-11-21T12:41:14.000000Z"),
    Case("[  123.456789] EXT4-fs error", "EXT4-fs error", id: "kernel"),
    Case("[  123.456789][  T812] EXT4-fs error", "EXT4-fs error", id: "kernel"),
    Case(
        "E1121 12:41:14.123456     812 kubelet.go:12] no node", "no node", time: "2026-11-21T12:41:14.123456Z",
        pid: 812, priority: 3),
    // klog has no year: the nearest, so that the last lines of a year are not of the next one's end.
    Case(
        "I1231 23:59:59.000000     812 kubelet.go:12] m", "m", time: "2025-12-31T23:59:59.000000Z", pid: 812,
        priority: 6),
    Case(
        "W20251231 23:59:59.000000     812 a.cc:12] m", "m", time: "2025-12-31T23:59:59.000000Z", pid: 812, priority: 4),
    Case(
        "time=\"2026-11-21T12:41:14Z\" level=warn msg=x", "time=\"2026-11-21T12:41:14Z\" level=warn msg=x",
        time: "2026-11-21T12:41:14.000000Z", priority: 4),
    // Containers.
    Case(
        "2026-11-21T12:41:14.123456789Z stderr F panic: runtime error", "panic: runtime error",
        time: "2026-11-21T12:41:14.123456Z"),
    Case(
        #"{"log":"E: \u0041\ttab \"q\"\n","stream":"stderr","time":"2026-11-21T12:41:14.5Z"}"#, "E: A\ttab \"q\"",
        time: "2026-11-21T12:41:14.500000Z"),
    // JSON lines of the common loggers.
    Case(
        #"{"level":"error","ts":1795264874.5,"msg":"no\nspace","error":"disk full","pid":7}"#, "no\nspace\ndisk full",
        time: "2026-11-21T12:41:14.500000Z", pid: 7, priority: 3),
    Case(
        #"{"t":{"$date":"2026-11-21T12:41:14.5+00:00"},"s":"F","c":"-","msg":"Fatal assertion"}"#, "Fatal assertion",
        time: "2026-11-21T12:41:14.500000Z", priority: 2),
    Case(
        #"{"level":60,"time":1795264874500,"hostname":"a","msg":"x"}"#, "x", time: "2026-11-21T12:41:14.500000Z",
        host: "a", priority: 2),
    Case(#"{"level":60,"hostname":"a\rBcc:zz","msg":"x"}"#, "x", priority: 2),
    Case(#"{"no":"known member"}"#, #"{"no":"known member"}"#),
    // No header: all of it is message.
    Case("just text", "just text"),
    Case("", ""),
    Case("{broken json", "{broken json"),
    Case("Nov 99 99:99:99 x", "Nov 99 99:99:99 x"),
    Case("12:41:14 no date", "12:41:14 no date"),
    Case("<999>x", "<999>x"),
    Case("carriage return\r", "carriage return"),
]

@Suite struct LineHeaderTests {
    @Test(
        "a line of an access log is known, and its time",
        arguments: [
            ##"192.0.2.1 - - [21/Nov/2026:13:41:14 +0100] "GET / HTTP/1.1" 200 612"##,
            ##"2001:db8::1 - eve [21/Nov/2026:12:41:14 +0000] "GET / HTTP/1.1" 200 612 "-" "curl [01/Jan/2020:00:00:00""##,
            ##"::1 - - [21/Nov/2026:12:41:14 +0000] "-" 408 -"##,
            ##"shop.example.org:443 192.0.2.1 - - [21/Nov/2026:12:41:14 +0000] "\x16\x03" 400 226 "-" "-""##,
            ##"client.example.org - a [b [c] d [21/Nov/2026:12:41:14 +0000] "GET / HTTP/1.1" 401 12"##,
            ##"127.0.0.1 - - [21/Nov/2026 12:41:14] "GET / HTTP/1.1" 200 -"##,
        ])
    func access(line: String) {
        let found = record(line)
        #expect(found.isAccess && !found.mayBeOfKernel)
        #expect(found.time?.rfc3339() == "2026-11-21T12:41:14Z")
        #expect(found.message == Array(line.utf8))
        #expect(found.host == nil && found.identifier == nil && found.priority == nil)
        let inner = record("2026-11-21T12:41:14.5Z stdout F " + line)
        #expect(inner.isAccess && inner.message == found.message)
    }

    @Test(
        "a line that is nearly one is none",
        arguments: [
            ##"192.0.2.1 - [21/Nov/2026:12:41:14 +0000] "GET""##, ##"a b c[21/Nov/2026:12:41:14 +0000] "GET""##,
            "a - - [21/Nov/2026:12:41:14 +0000]", ##"a - - [31/Nov/2026:12:41:14 +0000] "GET""##,
            ##"a - - [21/Nov/2026:12:41:14 +0000] GET "##, "a - - [", "a - - [21/Nov/2026:12:41:14 +0000",
        ])
    func noAccess(line: String) { #expect(!record(line).isAccess && record(line).time == nil) }

    @Test("a line's header is read, and the message is what follows it", arguments: cases)
    fileprivate func header(_ expected: Case) {
        let record = record(expected.line)
        #expect(String(decoding: record.message, as: UTF8.self) == expected.message)
        #expect(record.time?.rfc3339(fraction: 6) == expected.time)
        #expect(record.host == expected.host)
        #expect(record.identifier == expected.identifier)
        #expect(record.pid == expected.pid)
        #expect(record.priority == expected.priority)
        #expect(record.raw == Array(expected.line.utf8))
    }

    @Test("a time without zone is this host's local time")
    func localTime() {
        #expect(record("Nov 21 12:41:14 a b: c", offset: 3600).time?.rfc3339() == "2026-11-21T11:41:14Z")
        #expect(record("2026-11-21 12:41:14 c", offset: 3600).time?.rfc3339() == "2026-11-21T11:41:14Z")
    }

    @Test("structured data and members of a JSON line are fields")
    func fields() {
        let structured = record("<165>1 - h a - - [x@1 k=\"v\\]w\"] m")
        #expect(structured.fields.map(\.name) == ["x@1.k"])
        #expect(structured.values(of: "x@1.k") == [Array("v]w".utf8)])
        let json = record(#"{"msg":"m","code":7,"nested":{"a":1}}"#)
        #expect(json.values(of: "code") == [Array("7".utf8)])
        #expect(json.values(of: "nested") == [Array(#"{"a":1}"#.utf8)])
        #expect(json.has(field: "code") && !json.has(field: "other"))
    }

    /// Anything may stand in a log. A seed, so that a failure comes again.
    @Test("no bytes make the header reader fail, and the message stays a part of the line or its decoded text")
    func hostile() {
        var random = Xorshift(seed: 0x5eed)
        let seeds = cases.map { Array($0.line.utf8) }
        for _ in 0..<40_000 {
            var line = seeds[random.below(seeds.count)]
            random.mutate(&line, upTo: 5)
            for format in LineFormat.allCases {
                let context = LineContext(format: format, readAt: readAt)
                let header = LineHeader.parse(line, context: context)
                #expect(header.messageStart >= 0 && header.messageStart <= (header.decoded ?? line).count)
                _ = LineHeader.record(of: line, source: .file("x"), context: context)
            }
        }
    }
}
