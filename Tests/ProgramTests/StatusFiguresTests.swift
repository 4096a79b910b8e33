// `herald status --prometheus`: every line is of the text exposition format, whatever names sources and accounts have.

import Formats
import Testing

@testable import herald

@Suite struct StatusFiguresTests {
    private static let watcher: JSON = [
        "open_incidents": 3, "rules": 250, "outbox_waits": 0, "hits": 17, "records": 100_000, "unaddressed": 1,
        "open_by_severity": ["emergency": 190, "alert": 1, "critical": 2, "error": 0, "warning": 0],
        "digests": [["incidents": 26], ["incidents": 189]],
        "since_start": ["records": 100_000, "hits": 17, "incidents": 5, "reports": 4],
        "silences": [["id": 1]],
        "sources": [
            ["name": "journal", "state": "well", "behind_bytes": nil],
            ["name": "/var/log/a \"b\\c\n.log", "state": "unreadable", "behind_bytes": 12],
            ["name": "journal", "state": "well", "behind_bytes": nil],
            ["name": "/a-1.log", "state": "held back", "copy_of": "/a.log"], ["name": "/b*.log", "state": "not there"],
        ],
        "problems": ["one"],
    ]
    private static let mailer: JSON = [
        "queue": ["queued": 2, "sent": 40, "failed": 0], "accounts": [["name": "office", "state": "paused"]],
        "waits_since": "2026-11-22T10:00:00.250Z", "last_sent": ["at": "2026-11-22T09:00:00.900Z"], "problems": [],
    ]
    private static let now = Timestamp(rfc3339: "2026-11-22T10:01:05.000Z") ?? Timestamp(microseconds: 0)

    @Test("each metric has one HELP and TYPE before its samples, labels are escaped, no sample stands twice")
    func format() throws {
        let text = StatusFigures.prometheus(
            [
                ("watcher", true, Self.watcher), ("mailer", true, Self.mailer), ("responder", false, ["problems": []]),
            ], at: Self.now)
        let samples = try Exposition.parse(text)
        #expect(samples["herald_up{daemon=watcher}"] == 1)
        #expect(samples["herald_up{daemon=responder}"] == 0)
        #expect(samples["herald_problems{daemon=watcher}"] == 1)
        #expect(samples["herald_open_incidents{severity=emergency}"] == 190)
        #expect(samples["herald_open_incidents{severity=error}"] == 0)
        #expect(samples["herald_held_incidents"] == 215)
        #expect(samples["herald_unaddressed_incidents"] == 1)
        #expect(samples["herald_hits_total"] == 17)
        #expect(samples["herald_records_total"] == 100_000)
        #expect(samples["herald_source_up{source=/var/log/a \"b\\c\n.log}"] == 0)
        #expect(samples.keys.count { $0.hasPrefix("herald_source_up{") } == 2)
        #expect(samples["herald_source_behind_bytes{source=/var/log/a \"b\\c\n.log}"] == 12)
        #expect(samples["herald_queue{state=sent}"] == 40)
        #expect(samples["herald_account_up{account=office}"] == 0)
        #expect(samples["herald_queue_oldest_seconds"] == 64)
        #expect(samples["herald_last_sent_timestamp_seconds"] == 1_795_338_000)
        #expect(samples["herald_silences"] == 1)
    }

    @Test("of an account that nobody has used nothing is said; with nothing that waits the age is 0")
    func unused() throws {
        let facts: JSON = [
            "accounts": [["name": "a", "state": "not used yet"], ["name": "b", "state": "well"]], "waits_since": nil,
            "last_sent": nil,
        ]
        let samples = try Exposition.parse(StatusFigures.prometheus([("mailer", true, facts)], at: Self.now))
        #expect(samples["herald_account_up{account=a}"] == nil && samples["herald_account_up{account=b}"] == 1)
        #expect(samples["herald_queue_oldest_seconds"] == 0)
        #expect(samples["herald_last_sent_timestamp_seconds"] == nil)
    }

    @Test(
        "the parser takes nothing that Prometheus refuses",
        arguments: [
            "a 1", "# TYPE a gauge\n# TYPE a gauge\na 1", "# HELP a x\n# TYPE a gauge\na{b=\"c} 1",
            "# HELP a x\n# TYPE a gauge\na 1\na 2", "# HELP a x\n# TYPE a gauge\na x",
            "# HELP a x\n# TYPE a gauge\n1a 1",
            "# HELP a_total x\n# TYPE a_total gauge\na_total 1",
        ])
    func strict(text: String) { #expect(throws: (any Error).self) { try Exposition.parse(text) } }
}

/// A strict reader of the text exposition format (Prometheus, "Exposition formats"): gauges, and counters, whose names say so.
private enum Exposition {
    struct Fault: Error { var line: String }

    /// The samples, by name and labels.
    static func parse(_ text: String) throws -> [String: Double] {
        var samples: [String: Double] = [:]
        var typed: Set<String> = []
        var current = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("# HELP ") { continue }
            if line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ")
                guard words.count == 4, words[3] == (words[2].hasSuffix("_total") ? "counter" : "gauge"),
                    typed.insert(String(words[2])).inserted
                else {
                    throw Fault(line: line)
                }
                current = String(words[2])
                continue
            }
            let (key, value) = try sample(line, of: current)
            guard samples[key] == nil else { throw Fault(line: line) }
            samples[key] = value
        }
        return samples
    }

    private static func sample(_ line: String, of name: String) throws -> (String, Double) {
        guard let first = name.first, first.isLetter, line.hasPrefix(name) else { throw Fault(line: line) }
        var rest = line.dropFirst(name.count)
        var key = name
        if rest.first == "{" {
            rest = rest.dropFirst()
            guard let equals = rest.firstIndex(of: "="), rest[rest.index(after: equals)...].first == "\"" else {
                throw Fault(line: line)
            }
            key += "{" + rest[..<equals] + "="
            rest = rest[rest.index(after: equals)...].dropFirst()
            while let character = rest.popFirst(), character != "\"" {
                guard character == "\\" else {
                    key.append(character)
                    continue
                }
                switch rest.popFirst() {
                case "n": key.append("\n")
                case "\\": key.append("\\")
                case "\"": key.append("\"")
                default: throw Fault(line: line)
                }
            }
            guard rest.popFirst() == "}" else { throw Fault(line: line) }
            key += "}"
        }
        guard rest.first == " ", let value = Double(rest.dropFirst()) else { throw Fault(line: line) }
        return (key, value)
    }
}
