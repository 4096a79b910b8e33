import Formats
import TestSupport
import Testing

@testable import Records

private let readAt = Timestamp(seconds: 1_795_266_000)

private func record(_ line: String, _ format: LineFormat = .auto) -> Record {
    LineHeader.record(
        of: Array(line.utf8), source: .file("x"), context: LineContext(format: format, readAt: readAt))
}

@Suite struct StrangersWordsTests {
    @Test(
        "a line of an access log is one in whatever form servers write it",
        arguments: [
            ##"shop.example:443 192.0.2.1 - - [21/Nov/2026:12:41:14 +0000] "GET / HTTP/1.1" 200 612 "-" "-" 812 0.004"##,
            ##"192.0.2.1 - eve [2026-11-21T12:41:14+00:00] "GET / HTTP/1.1" 200 612"##,
            ##"192.0.2.1 [21/Nov/2026:12:41:14 +0000] "PROPFIND /dav HTTP/1.1" 207 612"##,
            ##"192.0.2.1 - - [21/Nov/2026:12:41:14 +0000] 812 0.003 "GET / HTTP/1.1" 200 612"##,
            ##"[21/Nov/2026:12:41:14 +0000] "GET /[crit] HTTP/1.1" 200 612"##,
            ##"[21/Nov/2026:12:41:14 +0000] 192.0.2.1 2001:db8::1 "GET / HTTP/1.1" 612"##,
            "1795264874.123    812 192.0.2.1 TCP_MISS/200 4512 GET http://example.org/ - HIER_DIRECT/192.0.2.9 text/html",
            "1795264874.123      0 2001:db8::1 NONE_NONE/400 4512 - error:invalid-request - HIER_NONE/- -",
            #"{"time":"2026-11-21T12:41:14Z","remote_addr":"192.0.2.1","request":"GET /","status":"200"}"#,
            #"{"remote_addr":"192.0.2.1","http_user_agent":"curl"}"#,
            #"{"level":"error","ts":1795264874.1,"logger":"http.log.access.log0","msg":"handled request","status":500}"#,
            #"{"ClientHost":"192.0.2.1","DownstreamStatus":200,"RequestPath":"/","level":"info","msg":""}"#,
            #"{"level":30,"req":{"url":"/"},"res":{"statusCode":200},"msg":"request completed"}"#,
        ])
    func access(line: String) {
        #expect(record(line).isAccess && record(line).strangersWords == .all && record(line).priority ?? 7 > 2)
        let inner = record("2026-11-21T12:41:14.5Z stdout F " + line)
        #expect(inner.isAccess && inner.strangersWords == .all)
    }

    @Test(
        "behind a syslog tag and in the journal too",
        arguments: [
            ##"192.0.2.1 - - [21/Nov/2026:12:41:14 +0000] "GET / HTTP/1.1" 200 612"##,
            ##"shop.example:443 192.0.2.1 - eve [21/Nov/2026:12:41:14 +0000] "GET / HTTP/1.1" 200 612"##,
            #"{"remote_addr":"192.0.2.1","request":"GET /","status":200}"#,
            "1795264874.123    812 192.0.2.1 TCP_MISS/200 4512 GET http://example.org/ - HIER_DIRECT/192.0.2.9 text/html",
        ])
    func inner(message: String) {
        let tagged = record("Nov 21 12:41:14 web1 nginx[812]: " + message)
        #expect(tagged.isTagged && !tagged.isAccess && tagged.strangersWords == .all)
        #expect(Record(source: .journal(""), message: Array(message.utf8)).strangersWords == .all)
    }

    @Test(
        "what a program says of its own is none of a stranger's words",
        arguments: [
            #"{"level":"error","msg":"no space left on device","request":"GET /","status":500,"remote_addr":"::1"}"#,
            #"{"level":"info","msg":"backup","status":"failed","method":"rsync"}"#, #"{"status":"critical","msg":"x"}"#,
            "Nov 21 12:41:14 web1 app[812]: 12 - - items", "host - - [not a time] \"x\"",
            "[Sat Nov 21 12:41:14.123456 2026] [core:error] [pid 812] (28)No space left on device: AH00099: could not write",
            "2026/11/21 12:41:14 [alert] 812#812: fork() failed while spawning \"cache loader\" (12: Cannot allocate memory)",
            "1795264874.123 FATAL TCP_MISS", #"[2026-11-21T12:41:14Z] ERROR "GET /x" failed: no space left on device"#,
            "Nov 21 12:41:14 web1 kernel: [  12.345678] [drm] it \"broke\"",
            #"2026/11/21 12:41:14 [error] 812#812: *33 FastCGI sent in stderr: "PHP message: PHP Fatal error:  x" while reading response header from upstream, client: 192.0.2.1"#,
        ])
    func own(line: String) { #expect(record(line).strangersWords == .none) }

    @Test(
        "of an error log's line about a request, what was asked for is hidden, and nothing else",
        arguments: [
            (
                #"[error] 8#8: *3 open() "/var/www/PANIC:  x" failed (28: No space left on device), client: 192.0.2.1, server: shop, request: "GET /[emerg] 1#1: x HTTP/1.1", upstream: "http://shop_backend/Out of memory", host: "x", referrer: "y""#,
                #"[error] 8#8: *3 open() "******************" failed (28: No space left on device), client: 192.0.2.1, server: shop, request: "*****************************, upstream: "http://shop_backend/****************************************"#
            ),
            (
                #"[error] 8#8: *3 no live upstreams, client: ::1, server: , request: "GET / HTTP/1.1", upstream: "fastcgi://unix:/run/a.sock:", host: "a b""#,
                #"[error] 8#8: *3 no live upstreams, client: ::1, server: , request: "***************, upstream: "fastcgi://unix:/run/a.sock:**************"#
            ),
            (
                #"[error] 8#8: *3 FastCGI sent in stderr: "PHP message: PHP Fatal error:  "x" in /a" while reading, client: ::1, server: a, request: "GET /b""#,
                #"[error] 8#8: *3 FastCGI sent in stderr: "PHP message: PHP Fatal error:  "x" in /a" while reading, client: ::1, server: a, request: "*******"#
            ),
            (
                "[core:error] [pid 8] (28)No space left on device: [client ::1:5] AH00132: cannot read: /var/www/a b, referer: http://a/b c",
                "[core:error] [pid 8] (28)No space left on device: [client ::1:5] AH00132: cannot read: ************, referer: ************"
            ),
            (
                "[auth_basic:error] [pid 8] [client ::1:5] AH01618: user PANIC:  x not found: /a",
                "[auth_basic:error] [pid 8] [client ::1:5] AH01618: user ***********************"
            ),
            (
                "[php:error] [pid 8] [client ::1:5] script '/var/www/Out of memory.php' not found or unable to stat",
                "[php:error] [pid 8] [client ::1:5] script '*******************************************************"
            ),
            (
                "[php:error] [pid 8] [client ::1:5] PHP Fatal error:  Uncaught Error: x in /a, referer: y",
                "[php:error] [pid 8] [client ::1:5] PHP Fatal error:  Uncaught Error: x in /a, referer: *"
            ),
            (
                "[proxy:error] [pid 8] [client ::1:5] AH01114: HTTP: failed to make connection to backend: app/1, referer: y z",
                "[proxy:error] [pid 8] [client ::1:5] AH01114: HTTP: failed to make connection to backend: app/1, referer: ***"
            ),
        ])
    func masked(message: String, expected: String) {
        for time in ["", "2026/11/21 12:41:14 "] where time.isEmpty || message.contains("#") {
            let all = Array((time + message).utf8)
            guard case .some(let masked) = StrangersWords(in: all, 0..<all.count) else {
                Issue.record("nothing is hidden in \(message)")
                return
            }
            #expect(String(decoding: masked, as: UTF8.self) == time + expected)
        }
    }

    @Test("no bytes make the reading fail, and every place stays where it was")
    func hostile() {
        var random = Xorshift(seed: 0x57a6)
        let seeds = [
            #"2026/11/21 12:41:14 [error] 8#8: *3 a "b", client: c, request: "d", upstream: "e://f/", host: ""#,
            "[core:error] [pid 8] [client ::1] AH00132: user 'x' /y, referer: z", "[php:error] [client a] script 'x",
            ##"a - - [21/Nov/2026:12:41:14 +0000] 8 "GET /"##, #"{"request":1,"status":2,"remote_addr":3}"#,
            "1795264874.123    812 a TCP_MISS/200 4512 GET",
        ].map { Array($0.utf8) }
        for _ in 0..<20_000 {
            var line = seeds[random.below(seeds.count)]
            random.mutate(&line, upTo: 4)
            let words = StrangersWords(in: line, 0..<line.count)
            if case .some(let masked) = words { #expect(masked.count == line.count) }
            if words != .none { #expect(line.withUnsafeBytes { StrangersWords.mayStand(in: $0) }) }
        }
    }
}
