// What `herald scan` prints, gathered so that a million lines are not a million writes.

import Formats
import Incidents
import Platform
import Records
import RuleMatching
import Rules

struct ScanOutput {
    enum Form: Equatable {
        case json
        case count
        /// For people; without `all`, the first lines of each rule and how many more there are.
        case text(all: Bool)
    }

    private let form: Form
    private var text = ""
    private var rules: [String: Tally] = [:]
    private var sources = 0
    private var lines = 0
    private var linesHit = 0
    private var complained: Set<String> = []

    private struct Tally {
        var severity: Severity
        var hits = 0
        var first: String
    }

    /// Lines of one rule that are shown.
    private static let shownOfRule = 10

    init(_ form: Form) { self.form = form }

    mutating func put(_ line: String) {
        text += line
        text += "\n"
        if text.utf8.count > 64 << 10 { flush() }
    }

    mutating func put(_ hit: Hit, file: String, line: Int) {
        switch form {
        case .count: return
        case .json: put(Self.json(hit, file: file, line: line).text)
        case .text(let all):
            let place = "\(Printable.text(file)):\(line)"
            let number = (rules[hit.rule.id]?.hits ?? 0) + 1
            rules[hit.rule.id, default: Tally(severity: hit.rule.severity, first: place)].hits = number
            if number > Self.shownOfRule, !all { return }
            let severity = Terminal.severity(hit.rule.severity)
            put("\(place): \(severity) \(hit.rule.id): \(Terminal.bold(hit.title(localHost: HostNames.host())))")
            put("    \(Self.header(hit.record))\(Printable.text(hit.record.raw, limit: 300))")
        }
    }

    /// What stands in the line of a file, an entry of a journal says beside its message: `Nov 21 22:11:14 web1 app[77]: `.
    static func header(_ record: Record) -> String {
        guard record.source.isJournal else { return "" }
        var words: [String] = []
        if let time = record.time {
            let civil = CivilTime(time, utcOffset: SystemClock.utcOffset(at: time))
            let month = CivilTime.monthNames[max(0, min(11, civil.month - 1))]
            words.append("\(month) \(pad(civil.day)) \(pad(civil.hour)):\(pad(civil.minute)):\(pad(civil.second))")
        }
        if let host = record.host { words.append(Printable.text(host, limit: 64)) }
        let name = Printable.text(record.identifier ?? record.unit ?? "unknown", limit: 64)
        words.append(name + (record.pid.map { "[\($0)]" } ?? "") + ":")
        return words.joined(separator: " ") + " "
    }

    static func json(_ hit: Hit, file: String, line: Int) -> JSON {
        let captures = hit.captures.map { JSON.Member($0.name, .string(String(decoding: $0.value, as: UTF8.self))) }
        // Hits of one incident have one, as the watcher would make it of them.
        let occurrence = Occurrence(
            hit, localHost: HostNames.host(), serial: "\(file):\(line)", at: hit.record.time ?? Timestamp(seconds: 0))
        let language = hit.record.values(of: Record.traceLanguage).first.map { String(decoding: $0, as: UTF8.self) }
        return [
            "file": .string(file), "line": JSON(line), "rule": .string(hit.rule.id),
            "severity": .string(hit.rule.severity.name), "title": .string(hit.title(localHost: HostNames.host())),
            "captures": .object(captures), "incident": .string(occurrence.fingerprint.text),
            "inhibits": .array(hit.rule.inhibits.map { .string($0) }),
            "trace_language": language.map { .string($0) } ?? .null,
            "time": JSON(hit.record.time?.rfc3339(fraction: 3)), "host": JSON(hit.record.host),
            "unit": JSON(hit.record.unit), "identifier": JSON(hit.record.identifier),
            "text": .string(String(decoding: hit.record.raw, as: UTF8.self)),
        ]
    }

    /// A file or journal is done.
    mutating func noteSource(lines: Int, hit: Int) {
        sources += 1
        self.lines += lines
        linesHit += hit
    }

    /// Patterns that gave up: said once for each rule, on standard error.
    mutating func note(_ notices: [MatchNotice]) {
        for notice in notices where complained.insert(notice.rule.id).inserted { Terminal.complain(notice.text) }
    }

    /// The table of what was found, for people.
    mutating func finish() {
        defer { flush() }
        guard case .text(let all) = form, sources > 0 else { return }
        let looked = "\(sources == 1 ? "1 source" : "\(sources) sources"), \(counted(lines, "line"))"
        if rules.isEmpty { return put("No line is hit (\(looked)).") }
        put("")
        put("\(counted(linesHit, "line")) of \(lines) hit, by \(counted(rules.count, "rule")) (\(looked)):")
        flush()
        let sorted = rules.sorted {
            ($1.value.severity, $1.value.hits, $0.key) < ($0.value.severity, $0.value.hits, $1.key)
        }
        let rows = sorted.map { id, tally in [tally.severity.name, "\(tally.hits)", id, tally.first] }
        Terminal.table([["SEVERITY", "HITS", "RULE", "FIRST"]] + rows)
        if !all, rules.values.contains(where: { $0.hits > Self.shownOfRule }) {
            put("Shown above are the first \(Self.shownOfRule) of each rule; --all shows every one.")
        }
    }

    mutating func flush() {
        if !text.isEmpty { Terminal.say(String(text.dropLast())) }
        text = ""
    }
}
