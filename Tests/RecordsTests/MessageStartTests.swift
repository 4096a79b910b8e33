// The short way to a message's start says what the long way says, or nothing.

import Formats
import Testing

@testable import Records

struct MessageStartTests {
    private static let readAt = CivilTime(year: 2026, month: 11, day: 21, hour: 12, minute: 41, second: 15).timestamp()

    private static func context(_ format: LineFormat = .auto) -> LineContext {
        LineContext(format: format, readAt: readAt, utcOffset: 3600)
    }

    private static func start(_ line: [UInt8], _ format: LineFormat = .auto) -> Int? {
        line.withUnsafeBytes { LineHeader.messageStart(of: $0, format: format) }
    }

    @Test(
        "the common forms are known",
        arguments: [
            ("", 0), ("cp: error writing 'a': No space left on device", 0), ("\tat x.y(Z)", 0), ("\u{e9}t\u{e9}", 0),
            ("Nov 21 12:41:14 web1 sshd[812]: m", 32), ("Nov  3 12:41:14 web1 postfix/smtpd[12]: m", 40),
            ("Nov  3 12:41:14 web1 kernel: [12345.678901] m", 44), ("Nov  3 12:41:14 web1 kernel: m", 29),
            ("Nov  3 12:41:14 web1 kernel: [    1.000000]  m", 44), ("Nov 21 12:41:14 sshd: m", 22),
            ("Nov 21 12:41:14 Exception in thread \"main\" a.B: c", 16), ("Nov 21 12:41:14 a.BError: c", 16),
            ("Nov 21 12:41:14 web1 sssd[be[a.b]][812]: m", 41), ("Nov 21 12:41:14 Caused by: c", 16),
            ("a - - [21/Nov/2026:12:41:14 +0000] \"GET / HTTP/1.1\" 200 -", 0),
            ("Nov 21 12:41:14 web1 no tag", 21), ("Nov 21 12:41:14 [ERROR] m", 16),
            ("Nov 21 12:41:14 web1 kernel: mysqld[12]: segfault", 29), ("Nov 21 12:41:14 web1 a[1]:", 26),
            ("2026-11-21T12:41:14.123456+01:00 web1 systemd[1]: m", 50), ("2026-11-21T12:41:14Z h a: m", 26),
            ("2026/11/21 12:41:14 [error] 812#812: *1 m", 20), ("2026-11-21 12:41:14.123 UTC [812] FATAL:  m", 34),
            ("2026-11-21 12:41:14.123 UTC [812] app@db ERROR:  m", 41), ("2026-11-21 12:41:14 UTC [812] app@db m", 24),
        ])
    func known(line: String, expected: Int) {
        let bytes = Array(line.utf8)
        #expect(Self.start(bytes) == expected)
        #expect(LineHeader.parse(bytes, context: Self.context()).messageStart == expected)
    }

    @Test(
        "what is not written just so is left to the parser",
        arguments: [
            #"{"msg":"a"}"#, "<34>Nov 21 12:41:14 h a: m", "[   12.345678] m",
            "** 2 printk messages dropped ** [ 1.0] m",
            "Feb 29 12:41:14 h a: m", "Feb 30 12:41:14 h a: m", "Jan 31 12:41:14 h a: m", "Jan 00 12:41:14 h a: m",
            "Nov 21 24:41:14 h a: m", "Nov 21 12:41:60 h a: m", "Nov 21 12:41:14.5 h a: m",
            "Nov 21 2026 12:41:14 h a: m",
            "Nov 21 12:41:14", "Sat Nov 21 12:41:14 2026 m", "E1121 12:41:14.123456   812 f.go:12] m",
            "Nov 21 12:41:14 h kernel: [ 1.000000][T1] m", "Nov 21 12:41:14 h kernel: [drm] m",
            "2026-11-21T12:41:14Z stderr F m", "2026-11-21T12:41:14.5 h a: m", "2026-11-21 12:41:14 CET [812] m",
            "kern  :err   : [   12.345678] m", "web1 login: [   12.345678] m", "6,812,123456,-;m",
            "2026-11-21T12:41:14,123456+01:00 a b: m", "2026-11-21 12:41:14 UTC [812] 5#5: m",
            "812:M 21 Nov 2026 12:41:14.123 # m", "10.0.0.1 - - [x]",
        ])
    func unknown(line: String) { #expect(Self.start(Array(line.utf8)) == nil) }

    @Test("a form that is set is kept to")
    func formats() {
        let line = Array("Nov 21 12:41:14 web1 sshd[812]: m".utf8)
        #expect(Self.start(line, .plain) == 0)
        for format in [LineFormat.json, .docker, .cri] { #expect(Self.start(line, format) == nil) }
    }

    private static let pieces: [String] = [
        "Nov", "Feb", "May", "Fri", " ", " ", " ", "  ", "\t", "1", "21", "29", "30", "31", "00", "2026", "2026-11-21",
        "T",
        "2026/11/30", "12:41:14", "24:00:00", "12:41:60", ".123456", ",5", ".", "Z", "+01:00", "-0100", "+24:00",
        " UTC",
        " CET", "web1", "[::1]", "error", "FATAL:", "ERROR:", "LOG:", "app@db", "sshd", "kernel", "[812]", "[812] ",
        ": ",
        ":", "[", "]", "[ 12.345678] ", "[1.000]", "[T12]", "[error] ", "812#812: ", " stderr F ", "{", "}", "<34>",
        "1 ",
        "Exception", "in thread ", "Caused by: ", "java.io.Error", "Web", "free()", "[be[x]]", "[nss]", "]", "E1121",
        "\u{e9}", "\u{0}", "\r", "\u{7f}", "x", "message",
    ]
    private static let openings = [
        "", "", "kern  :", "web1 login: ", "2026-11-21T12:41:14,123456+01:00 web1 ", "Nov 21 12:41:14 ",
        "Nov  3 12:41:14 web1 ", "Nov 21 12:41:14 web1 kernel: ", "2026-11-21T12:41:14Z ",
        "2026-11-21T12:41:14.123456+01:00 web1 ", "2026-11-21 12:41:14", "2026/11/21 12:41:14 [",
        "2026-11-21 12:41:14.123 UTC [812] ",
    ]

    @Test("no line is answered otherwise than by the parser", arguments: UInt64(1)...20)
    func agrees(seed: UInt64) {
        var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        func pick(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        var answered = 0
        for _ in 0..<3000 {
            var line = Array(Self.openings[pick(Self.openings.count)].utf8)
            for _ in 0..<pick(8) { line += Array(Self.pieces[pick(Self.pieces.count)].utf8) }
            if pick(4) == 0, !line.isEmpty { line[pick(line.count)] = UInt8(pick(256)) }
            if pick(50) == 0 { line += [UInt8](repeating: UInt8(ascii: "n"), count: pick(300)) + Array(": m".utf8) }
            guard let start = Self.start(line) else { continue }
            answered += 1
            let header = LineHeader.parse(line, context: Self.context())
            #expect(
                header.decoded == nil && header.messageStart == start,
                "seed \(seed): \(Printable.text(line)): \(start), the parser says \(header.messageStart)")
        }
        #expect(answered > 300, "seed \(seed)")
    }
}
