import Records
import Rules
import Testing

@testable import RuleMatching

/// `where`, field by field, on journal entries and on lines of files.
@Suite struct ConditionTests {
    private func told(_ condition: String, _ batch: RecordBatch) throws -> [String] {
        try Matcher(rules("rules: [{id: a, title: t, severity: error, match: broke, where: {\(condition)}}]"))
            .matches(in: batch).told
    }

    private static let entry = [
        "MESSAGE": "it broke", "_TRANSPORT": "stdout", "_HOSTNAME": "web1", "SYSLOG_IDENTIFIER": "nginx", "_PID": "812",
        "_UID": "33", "PRIORITY": "3", "_SYSTEMD_UNIT": "nginx@1.service", "_EXE": "/usr/sbin/nginx",
        "MESSAGE_ID": "fc2e22bc6ee647b6b90729ab34a250b1", "_SYSTEMD_SLICE": "system.slice",
    ]

    @Test(
        "each field of a journal entry can be asked for, exactly, by pattern, and with '!'",
        arguments: [
            ("host: web1", true), ("host: web*", true), ("host: web2", false), ("identifier: nginx", true),
            ("identifier: '!nginx'", false), ("unit: nginx@1.service", true), ("unit: 'nginx@*'", true),
            ("unit: nginx", false), ("unit: [apache2.service, 'ngin?@1.*']", true),
            ("unit: ['nginx*', '!nginx@1.service']", false), ("unit: ['nginx*', '!nginx@2.service']", true),
            ("uid: 33", true), ("uid: '!0'", true), ("uid: '!33'", false), ("pid: 812", true), ("pid: 81", false),
            ("priority: err", true), ("priority: 0..3", true), ("priority: 0..2", false), ("priority: '!debug'", true),
            ("transport: stdout", true), ("transport: [kernel, stdout]", true), ("transport: kernel", false),
            ("message_id: FC2E22BC-6EE6-47B6-B907-29AB34A250B1", true),
            ("message_id: 00000000000000000000000000000000", false), ("executable: /usr/sbin/*", true),
            ("executable: /usr/bin/nginx", false), ("_SYSTEMD_SLICE: system.slice", true), ("_COMM: nginx", false),
            ("_COMM: '!nginx'", true), ("file: /var/log/syslog", false), ("MESSAGE: '* broke'", true),
            ("host: web1, identifier: nginx, uid: 33", true), ("host: web1, identifier: nginx, uid: 34", false),
        ])
    func journalFields(condition: String, expected: Bool) throws {
        #expect(try told(condition, journal([Self.entry])) == (expected ? ["0 a"] : []))
    }

    @Test(
        "an entry is asked for no field but those that the rules named by its message ask for, and not built",
        arguments: [(true, ["identifier", "priority", "unit"]), (false, ["priority"])])
    func askedFields(isNamed: Bool, fields: [String]) throws {
        let matcher = try Matcher(
            rules(
                """
                rules:
                  - {id: a, title: t, severity: error, match: broke, where: {unit: cron.service}}
                  - {id: b, title: t, severity: error, match: it, where: {identifier: apache2}}
                  - {id: c, title: t, severity: error, floor: true, where: {priority: 0..2}}
                """))
        let subject = CountingSubject(journal([Self.entry]).record(at: 0))
        let named = isNamed ? Array(matcher.searches.indices) : []
        var marks = Marks()
        Decision(matcher, subject, .live).decide(named, isLevelNamed: false, at: .entry, &marks)
        #expect(marks.hits.isEmpty)
        #expect(subject.asked.sorted() == fields)
        #expect(subject.built == 0)
    }

    @Test(
        "a file's line is asked for what it can have, and for nothing else",
        arguments: [
            ("host: web1", true), ("host: web2", false), ("identifier: app", true), ("identifier: nginx", false),
            ("pid: 7", true), ("pid: 8", false), ("file: /var/log/app/*.log", true), ("file: /var/log/x.log", false),
            ("file: '!/var/log/app/*'", false), ("unit: nginx.service", true), ("unit: '!nginx.service'", true),
            ("uid: 0", true), ("transport: syslog", true), ("message_id: 00000000000000000000000000000000", true),
            ("executable: /bin/x", true), ("_COMM: x", true), ("priority: 3", true), ("priority: 0..2", false),
        ])
    func fileFields(condition: String, expected: Bool) throws {
        let batch = lines("<11>Nov 21 12:41:14 web1 app[7]: it broke", source: "/var/log/app/one.log")
        #expect(try told(condition, batch) == (expected ? ["0 a"] : []))
    }

    @Test(
        "a rule for the kernel's entries takes of a file's lines those of the kernel, and of its forms",
        arguments: [
            ("Nov 21 12:41:14 web1 kernel: it broke", true), ("[ 12.345678] it broke", true), ("it broke", false),
            ("<3>[ 12.345678] it broke", true), ("[Sat Nov 21 12:41:14 2026] it broke", true),
            ("2026-11-21T12:41:14,123456+01:00 it broke", true), ("kern  :err   : [ 12.345678] it broke", true),
            (#"{"_TRANSPORT":"kernel","MESSAGE":"it broke"}"#, true), (#"{"level":"error","msg":"it broke"}"#, false),
            ("2026-11-21 12:41:14 SMTP syntax error in \"it broke\" H=[203.0.113.9]", false),
            ("ERROR: it broke", false),
            ("2026-11-21T12:41:14.5Z stderr F [ 12.345678] it broke", false), ("level=error msg=\"it broke\"", false),
            ("Nov 21 12:41:14 web1 app[7]: it broke", false), ("Nov 21 12:41:14 web1 app[7]: kernel: it broke", false),
            ("2026-11-21T12:41:14+00:00 web1 nginx: it broke", false), (#"{"app":"shop","msg":"it broke"}"#, false),
            ("2026/11/21 12:41:14 [error] 812#812: it broke", false),
            (##"192.0.2.1 - - [21/Nov/2026:12:41:14 +0000] "GET / HTTP/1.1" 200 612 "-" "it broke""##, false),
            (##"192.0.2.1 - it broke [21/Nov/2026:12:41:14 +0000] "GET / HTTP/1.1" 401 612"##, false),
            (##"shop:443 ::1 - - [21/Nov/2026:12:41:14 +0000] "GET /it broke HTTP/1.1" 404 612 "-" "-""##, false),
            (##"2026-11-21T12:41:14.5Z stdout F ::1 - - [21/Nov/2026:12:41:14 +0000] "GET /it broke""##, false),
            (
                ##"{"log":"::1 - - [21/Nov/2026:12:41:14 +0000] \"GET /it broke\n","stream":"stdout","time":"2026-11-21T12:41:14Z"}"##,
                false
            ),
            (##"it broke: a b [21/Nov/2026:12:41:14 +0000] no request"##, false),
        ])
    func kernelInFiles(line: String, expected: Bool) throws {
        #expect(try told("transport: kernel", lines(line, source: "x")) == (expected ? ["0 a"] : []))
        let matcher = try Matcher(
            rules("rules: [{id: a, title: t, severity: error, match: broke, where: {transport: kernel}}]"))
        // `herald scan --count` has a way of its own.
        var notices: [MatchNotice] = []
        let count = (Array(line.utf8) + [0x0a]).withUnsafeBytes {
            matcher.countHits(in: $0, source: .file("x"), context: readAt, notices: &notices)
        }
        #expect(count == (expected ? 1 : 0))
        let example = LineHeader.record(of: Array(line.utf8), source: .file("x"), context: readAt)
        let reasons = RuleExplainer(matcher).verdicts(on: example, rule: "a").flatMap(\.reasons)
        let isSaid = reasons.contains { $0.contains("the kernel's own lines") }
        #expect(isSaid == !expected, "\(reasons)")
    }

    @Test("a line with nothing before its text counts as the kernel's in the kernel's own files, and it is said")
    func bareKernelLines() throws {
        let matcher = try Matcher(
            rules("rules: [{id: a, title: t, severity: error, match: broke, where: {transport: kernel}}]"))
        let cases = [
            ("/var/log/kern.log", "it broke", true), ("/var/log/app.log", "it broke", false),
            ("/var/log/app.log", "broke it", true), ("/var/log/app.log", "kernel: it broke", true),
            ("/var/log/app.log", "say kernel: it broke", false), ("/var/log/app.log", " broke", false),
            ("/var/log/app.log", "it broke, broke", false), ("-", "it broke", false), ("-", "broke it", true),
        ]
        for (file, line, expected) in cases {
            let batch = lines(line, source: file)
            #expect(matcher.matches(in: batch).told == (expected ? ["0 a"] : []), "\(line)")
            let verdict = RuleExplainer(matcher).verdicts(on: batch.record(at: 0), rule: "a").first
            #expect((verdict?.outcome == .hit) == expected)
            let isSaid = verdict?.reasons.contains { $0.contains("only in a file such as kern.log") } ?? false
            #expect(isSaid == !expected, "\(line)")
        }
        let report = "------------[ cut here ]------------\nWARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\n it broke\n"
        var joiner = RecordJoiner(source: .file("x"))
        let joined = try TraceFinder().join(
            RecordBatch(lines: Array(report.utf8), source: .file("x"), context: readAt), by: &joiner, at: .zero)
        let all = matcher.matches(in: joined).told + (joiner.flush().map { matcher.matches(in: $0).told } ?? [])
        #expect(all == ["0 a"])
    }

    @Test("whoever has a rule for what clients send has it hit in an access log")
    func accessLines() throws {
        let line = ##"192.0.2.1 - - [21/Nov/2026:12:41:14 +0000] "GET / HTTP/1.1" 200 612 "-" "it broke""##
        #expect(try told("file: '*access.log'", lines(line, source: "/var/log/nginx/access.log")) == ["0 a"])
        let hit = try Matcher(
            rules("rules: [{id: a, title: t, severity: error, match: broke, where: {file: '*'}}]")
        ).matches(in: lines(line)).hits.first?.hit
        #expect(hit?.record.time?.rfc3339() == "2026-11-21T12:41:14Z")
    }

    @Test("a message id and patterns must both be there, in a journal") func messageIDAndPattern() throws {
        let matcher = try Matcher(
            rules(
                """
                rules:
                  - id: a
                    title: t
                    severity: error
                    message_id: [fc2e22bc6ee647b6b90729ab34a250b1, 00000000000000000000000000000001]
                    match: broke
                """))
        let entries = [
            ["MESSAGE": "it broke", "MESSAGE_ID": "fc2e22bc6ee647b6b90729ab34a250b1"],
            ["MESSAGE": "it broke", "MESSAGE_ID": "00000000000000000000000000000001"],
            ["MESSAGE": "it broke", "MESSAGE_ID": "00000000000000000000000000000002"], ["MESSAGE": "it broke"],
            ["MESSAGE": "fine", "MESSAGE_ID": "fc2e22bc6ee647b6b90729ab34a250b1"],
        ]
        #expect(matcher.matches(in: journal(entries)).told == ["0 a", "1 a"])
        #expect(matcher.matches(in: lines("it broke")).told == ["0 a"])
    }

    @Test("a floor asks for priorities in every way that they can be written")
    func floorPriorities() throws {
        for (written, expected) in [("0..1", [0, 1]), ("[0..3, '!2..7']", [0, 1]), ("[alert, 4]", [1, 4])] {
            let matcher = try Matcher(
                rules("rules: [{id: a, title: t, severity: error, floor: true, where: {priority: \(written)}}]"))
            let entries = (0..<8).map { ["MESSAGE": "x", "PRIORITY": "\($0)"] } + [["MESSAGE": "x"]]
            let found = matcher.matches(in: journal(entries)).hits.map(\.index)
            #expect(found == expected, "\(written): \(found)")
        }
    }
}

/// A record that counts what is asked of it.
private final class CountingSubject: MatchSubject {
    private let subject: BuiltSubject
    private(set) var asked: [String] = []
    private(set) var built = 0

    init(_ record: Record) { subject = BuiltSubject(index: 0, record: record) }

    var record: Record {
        built += 1
        return subject.record
    }
    var index: Int { subject.index }
    var message: Range<Int> { subject.message }
    var mayBeOfKernel: Bool { subject.mayBeOfKernel }
    var strangersWords: StrangersWords { subject.strangersWords }
    var isOfRepeater: Bool { subject.isOfRepeater }
    var isRoutine: Bool { subject.isRoutine }
    var isBare: Bool { subject.isBare }
    var statedLevel: UInt8? { subject.statedLevel }
    func has(_ condition: CompiledRule.Condition) -> Bool { subject.has(condition) }
    func values(of field: String) -> [[UInt8]] {
        asked.append(field)
        return subject.values(of: field)
    }
    func withMessage<Answer>(_ body: (UnsafeBufferPointer<UInt8>) -> Answer) -> Answer { subject.withMessage(body) }
}
