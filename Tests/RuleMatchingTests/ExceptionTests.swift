import Formats
import Records
import Rules
import Testing
import YAML

@testable import RuleMatching

/// Exceptions, of which some alternatives are searched for and others always asked.
@Suite("exceptions") struct ExceptionTests {
    private static let rule = #"""
        rules:
          - id: a
            title: t
            severity: error
            match: it broke
            unless:
              - '^Started |\bby hand\b|x{3}|(?i:on purpose)|\d{4}\b'
              - '^(?:planned|expected): '
              - '(?i)Twice'
        """#

    @Test(
        "each alternative takes a hit back, wherever lines lie beside each other, and nothing else does",
        arguments: [
            ("it broke", true), ("Started it broke", false), ("not Started it broke", true),
            ("it broke by hand", false), ("it broke by handle", true), ("it broke xxx", false), ("it broke xx", true),
            ("it broke ON purpose", false), ("it broke 2026", false), ("it broke 202", true),
            ("planned: it broke", false), ("expected: it broke", false), ("unexpected: it broke", true),
            ("tWICE it broke", false), ("it broke, twic", true), ("by hand", false),
        ])
    func alternatives(message: String, isHit: Bool) throws {
        let matcher = try Matcher(rules(Self.rule))
        let line = "Nov 21 12:41:14 web1 app[7]: \(message)"
        let other = "Nov 21 12:41:14 web1 app[7]: it broke"
        let by = "Nov 21 12:41:14 web1 app[7]: Started by hand xxx on purpose 2026 twice"
        #expect(matcher.matches(in: lines(line)).told == (isHit ? ["0 a"] : []))
        #expect(matcher.matches(in: lines(by, line, by, other)).told == (isHit ? ["1 a", "3 a"] : ["3 a"]))
        #expect(matcher.matches(in: journal([["MESSAGE": message]])).told == (isHit ? ["0 a"] : []))
        #expect(matcher.matches(example: lines(line).record(at: 0)).hits.count == (isHit ? 1 : 0))
        let text = Array([by, line, by, other].joined(separator: "\n").utf8) + [0x0a]
        var notices: [MatchNotice] = []
        let count = text.withUnsafeBytes {
            matcher.countHits(
                in: $0, source: .file("/var/log/syslog"),
                context: LineContext(readAt: Timestamp(seconds: 1_795_264_874)),
                notices: &notices)
        }
        #expect(count == (isHit ? 2 : 1) && notices.isEmpty)
    }

    @Test("alternatives that hang together stay together")
    func tied() throws {
        let text =
            #"rules: [{id: a, title: t, severity: error, match: broke, unless: ['^(?i)Ab|long words', '^x|(no|yes) but \1']}]"#
        let matcher = try Matcher(rules(text))
        for (message, isHit) in [
            ("broke", true), ("aB broke", false), ("broke LONG words", false), ("broke no but no", false),
            ("broke no but yes", true), ("x broke", false),
        ] {
            #expect(matcher.matches(in: lines(message)).told == (isHit ? ["0 a"] : []), "\(message)")
        }
    }

    @Test("what a client of a web server said is not searched, and its mask is no exception")
    func masked() throws {
        let text =
            #"rules: [{id: a, title: t, severity: error, match: broke, unless: ['said so', '\*{8}', <strangers>]}]"#
        let matcher = try Matcher(rules(text))
        let line =
            #"2026/11/21 12:41:14 [crit] 8#8: *3 open() "/said so" broke, client: ::1, server: a, request: "said so""#
        #expect(matcher.matches(in: lines(line)).told == [])
        #expect(matcher.matches(in: lines(line.replacing("so\"", with: "\""))).told == ["0 a"])
        let bare = #"rules: [{id: a, title: t, severity: error, match: broke, unless: ['said so', <strangers>]}]"#
        #expect(try Matcher(rules(bare)).matches(in: lines(line)).told == ["0 a"])
    }

    @Test(
        "a pattern whose beginning is plain matches where it does without knowing",
        arguments: ["", "x", "abc", "abcd1", "xabcd1", "aababcd2x", "abcabcd", "abc abcd3", "_abcd4", "abcd5\nabcd6"])
    func beginnings(subject: String) throws {
        for text in ["abcd[0-9]", #"\babcd(?<n>\d)"#, #"abcd\d(?!x)"#, #"a\.b|abcd"#] {
            let workspace = PatternWorkspace()
            let bytes = Array(subject.utf8)
            let beginning = text.contains("|") ? [] : Array("abcd".utf8)
            let quick = try CompiledPattern(Pattern(text), of: "a test", beginning: beginning)
            let plain = try CompiledPattern(Pattern(text), of: "a test")
            #expect(quick.match(bytes, workspace) == plain.match(bytes, workspace))
            let expected = CompiledPattern.range(workspace, of: bytes.count)
            if quick.match(bytes, workspace) == .matched {
                #expect(CompiledPattern.range(workspace, of: bytes.count) == expected)
            }
        }
    }

    @Test(
        "a line that repeats somebody's words is known by name, and it is said",
        arguments: [
            (#"192.0.2.1 - - [x] "GET /it-broke HTTP/1.1" 200 "#, "<quoted>"), ("ModSecurity: it broke", "<quoted>"),
            ("H=a rejected DATA: it broke", nil), ("H=a rejected EHLO it broke", "<quoted>"),
            ("db STATEMENT:  it broke", "<quoted>"), ("db STATEMENT: it broke", nil),
            ("LOG:  duration: it broke", "<quoted>"),
            ("LOG:  it broke", nil), ("root : TTY=pts/0 ; COMMAND=/bin/echo it broke", "<quoted>"),
            ("host mx said: 550 5.1.1 it broke", "<quoted>"), ("they said: it broke", nil),
            ("open failed, client: ::1, server: a, it broke", "<request>"), ("it broke, referer: b", "<request>"),
            ("[client 192.0.2.1] it broke", "<request>"), ("the client: it broke", nil),
        ] as [(String, String?)])
    func named(message: String, exception: String?) throws {
        let matcher = try Matcher(
            rules("rules: [{id: a, title: t, severity: error, match: 'it.broke', unless: [<quoted>, <request>]}]"))
        let line = "Nov 21 12:41:14 web1 app[812]: \(message)"
        #expect(matcher.matches(in: lines(line)).told == (exception == nil ? ["0 a"] : []))
        let reasons = RuleExplainer(matcher).verdicts(on: lines(line).record(at: 0), rule: "a").flatMap(\.reasons)
        if let exception {
            #expect(reasons.contains("its 'unless' takes it back: \(exception) matches too"), "\(reasons)")
        }
    }
}
