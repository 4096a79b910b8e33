// A storm decided on two threads: what one matcher says, in the same order.

import Formats
import Glibc
import Records
import Rules
import Testing

@testable import RuleMatching

@Suite struct MatcherPairTests {
    private static let rules = #"""
        rules:
          - id: killed
            title: "{process} was killed"
            severity: critical
            match: 'Killed process [0-9]+ \((?<process>[^)]+)\)'
            recovered_by: '(?<process>[a-z]+) is back'
            unless: 'on purpose'
          - {id: disk, title: "disk {device}", severity: error, match: 'I/O error on (?<device>\w+)', where: {identifier: kernel}}
          - {id: job, title: "job", severity: error, match: 'job done', expect: {every: 1h}}
          - {id: stated, title: "{message}", severity: critical, where: {priority: crit}, floor: true}
        """#

    /// A line of each kind that is decided in a way of its own, by its number.
    private static func line(_ number: Int) -> String {
        let time = "Nov 21 12:41:\(10 + number % 50) web\(number % 3)"
        return switch number % 9 {
        case 0: "\(time) kernel: Out of memory: Killed process \(number) (p\(number))"
        case 1: "\(time) kernel: [12.5] I/O error on sd\(number % 7)"
        case 2: "\(time) app[\(number)]: I/O error on sd\(number % 7)"
        case 3: #"{"level":"fatal","msg":"no \#(number)\u0041"}"#
        case 4: "\(time) app: job done"
        case 5: "p\(number) is back"
        case 6: "Killed process \(number) (p) on purpose"
        case 7: "2026-11-21T12:41:14Z CRITICAL Killed process \(number) (x\(number))"
        default: "nothing \(number)"
        }
    }

    private func settled(_ pair: MatcherPair) {
        while !pair.isSettled { sched_yield() }
    }

    @Test("the marks of a storm are those of one matcher")
    func storm() throws {
        let alone = try Matcher(RuleMatchingTests.rules(Self.rules))
        let pair = MatcherPair(try Matcher(RuleMatchingTests.rules(Self.rules)))
        var numbers = SystemRandomNumberGenerator()
        let seed = Int.random(in: 0..<1_000_000, using: &numbers)
        for turn in 0..<12 {
            let text = (0..<(turn == 5 ? 3 : 900 + 117 * turn)).map { Self.line(seed + $0 * (turn + 1)) + "\n" }
                .joined()
            let batch = RecordBatch(lines: Array(text.utf8), source: .file("/var/log/syslog"), context: readAt)
            let (one, two) = (
                alone.matches(in: batch), pair.matcher.matches(pair.marks(in: batch)) { batch.record(at: $0.index) }
            )
            #expect(said(one) == said(two), "seed \(seed), batch \(turn)")
            if turn == 8 { pair.rest() }
            settled(pair)
        }
    }

    @Test("entries of a journal, too, though fields alone may decide them")
    func entries() throws {
        let alone = try Matcher(RuleMatchingTests.rules(Self.rules))
        let pair = MatcherPair(try Matcher(RuleMatchingTests.rules(Self.rules)))
        let batch = journal(
            (0..<1500).map {
                [
                    "MESSAGE": Self.line($0), "PRIORITY": "\($0 % 8)",
                    "SYSLOG_IDENTIFIER": $0 % 2 == 0 ? "kernel" : "app",
                ]
            })
        for _ in 0..<3 {
            let two = pair.matcher.matches(pair.marks(in: batch)) { batch.record(at: $0.index) }
            #expect(said(alone.matches(in: batch)) == said(two))
            settled(pair)
        }
        #expect(pair.isPaired || sysconf(Int32(_SC_NPROCESSORS_ONLN)) == 1)
    }

    @Test("there is no second thread for what is small or quiet, and none at rest")
    func quiet() throws {
        let pair = MatcherPair(try Matcher(RuleMatchingTests.rules(Self.rules)))
        _ = pair.marks(in: lines(Self.line(0), Self.line(7)))
        let quiet = String(repeating: "nothing at all\n", count: 5000)
        _ = pair.marks(in: RecordBatch(lines: Array(quiet.utf8), source: .file("x"), context: readAt))
        #expect(!pair.isPaired)
        let loud = String(repeating: Self.line(0) + "\n", count: 2000)
        _ = pair.marks(in: RecordBatch(lines: Array(loud.utf8), source: .file("x"), context: readAt))
        #expect(pair.isPaired || sysconf(Int32(_SC_NPROCESSORS_ONLN)) == 1)
        pair.rest()
        #expect(!pair.isPaired)
    }

    private func said(_ matches: Matches) -> [String] {
        func words(_ index: Int, _ rule: Rule, _ record: Record, _ captures: [Capture]) -> String {
            let captured = captures.map { "\($0.name)=\(Printable.text($0.value))" }
            return "\(index) \(rule.id) \(captured) \(Printable.text(record.message)) \(record.host ?? "-")"
        }
        return matches.hits.map { words($0.index, $0.hit.rule, $0.hit.record, $0.hit.captures) }
            + matches.recoveries.map { "recovery " + words($0.index, $0.rule, $0.record, $0.captures) }
            + matches.signsOfLife.map { "sign " + words($0.index, $0.hit.rule, $0.hit.record, $0.hit.captures) }
    }
}
