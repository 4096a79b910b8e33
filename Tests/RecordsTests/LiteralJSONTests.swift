// What is taken for literal must be: a pattern that matches the message is found in the line's bytes.

import Formats
import Testing

@testable import Records

struct LiteralJSONTests {
    private static let context = LineContext(readAt: Timestamp(microseconds: 0), utcOffset: 0)

    private static func isLiteral(_ line: String) -> Bool {
        Array(line.utf8).withUnsafeBytes { LineHeader.isLiteral($0) }
    }

    @Test(
        "a line whose message stands in it needs no parsing",
        arguments: [
            #"{"level":"info","msg":"request done","status":200}"#,
            #"{"msg":"a","ts":1,"nested":{"b":"c"}}"#,
            #"{"log":"request done\n","stream":"stderr","time":"2026-11-21T12:41:14Z"}"#,
            #"2026-11-21T12:41:14.123456789Z stderr F {"msg":"request done"}"#,
        ])
    func literal(_ line: String) {
        #expect(Self.isLiteral(line))
        let record = LineHeader.record(of: Array(line.utf8), source: .file("a"), context: Self.context)
        #expect(line.utf8.contains(record.message))
    }

    @Test(
        "a line whose message is other than its bytes is parsed",
        arguments: [
            "{\"msg\":\"a\"}\nTraceback", #"{"msg":"a \"quoted\" word"}"#, #"{"msg":"two\nlines"}"#,
            #"{"msg":"\u006f"}"#, #"{"msg":"end\\n"}"#,
            #"{"msg":"failed","error":"no space"}"#, #"{"msg":"failed", "stack" : "at x"}"#, #"{"msg":"größer"}"#,
            #"{"msg":"a","x":"\"#, #"{"msg":"a","x":"\n"#, #"{"log":"{\"msg\":\"a\"}\n","stream":"stderr"}"#,
        ])
    func other(_ line: String) { #expect(!Self.isLiteral(line)) }

    @Test("every line that is taken for literal holds its message", arguments: 0..<20)
    func holds(_ seed: Int) {
        let pieces = [
            "{", "}", "\"", "\"msg\"", "\"error\"", "\"log\"", ":", ",", "\\", "\\n", "\\\"", "n", " ", "fail", "1",
            "null",
            "\"message\":\"disk\"", "\"level\":\"error\"", "\"stream\":\"stderr\"", "\"time\":\"2026-11-21T12:41:14Z\"",
        ]
        var state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 | 1
        func next(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        var seen = 0
        for _ in 0..<2000 {
            var line = "{\"msg\":\"x"
            for _ in 0..<next(12) { line += pieces[next(pieces.count)] }
            line += ["\"}", "\\n\"}", "\",\"a\":\"b\"}"][next(3)]
            guard Self.isLiteral(line) else { continue }
            seen += 1
            let record = LineHeader.record(of: Array(line.utf8), source: .file("a"), context: Self.context)
            #expect(line.utf8.contains(record.message), "seed \(seed): \(line)")
        }
        #expect(seen > 0)
    }
}

extension String.UTF8View {
    fileprivate func contains(_ part: [UInt8]) -> Bool {
        let all = Array(self)
        if part.isEmpty { return true }
        guard all.count >= part.count else { return false }
        return (0...(all.count - part.count)).contains { all[$0..<($0 + part.count)].elementsEqual(part) }
    }
}
