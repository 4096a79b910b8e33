// Files and rows that somebody else may have written, or damage: settings, rules, state, letters in the spool.

import Formats
import Incidents
import Mail
import Platform
import Records
import RuleMatching
import Rules
import Settings
import Spool
import YAML

@MainActor enum FileTargets {
    static func json(_ input: [UInt8]) {
        guard let value = try? JSON.parse(input) else { return }
        let text = value.text
        check((try? JSON.parse(text))?.text == text, "a value changes by being written: \(text)")
        check(!text.unicodeScalars.contains { $0.value < 0x20 }, "a control character in \(text)")
    }

    /// Two files, as `herald.yaml` and one of `conf.d`: they are taken or faults are named, each at its place.
    static func settings(_ input: [UInt8]) {
        let parts = input.split(separator: 0, maxSplits: 1).map { Array($0) }
        let files = zip(["herald.yaml", "conf.d/1.yaml"], parts).map { ConfigurationFile(path: $0, bytes: $1) }
        let (settings, faults) = Settings.load(files, host: Settings.Host(mailName: "web1.example.org"))
        check(settings != nil || faults.contains { $0.severity == .error }, "refused without a fault")
        for fault in faults {
            check(
                !fault.description.unicodeScalars.contains { $0.value < 0x20 }, "a control character is said: \(fault)")
        }
    }

    /// A file of rules, compiled when it can be read, and its examples tried.
    static func rules(_ input: [UInt8]) {
        let (set, faults) = RuleSet.load(files: [("t.yaml", input)])
        check(set != nil || !faults.isEmpty, "refused without a fault")
        guard let set, set.rules.count <= 20, let matcher = try? Matcher(set) else { return }
        _ = ExampleTrial.run(matcher)
    }

    /// A pattern, and behind a NUL the lines it is asked of: the scan finds what the pattern alone finds.
    static func pattern(_ input: [UInt8]) {
        let parts = input.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false).map { Array($0) }
        guard let text = String(validating: parts[0], as: UTF8.self), parts.count == 2, text.utf8.count < 200 else {
            return
        }
        let rule = Rule(id: "r", title: Template("t"), severity: .error, match: [Pattern(text)])
        guard let matcher = try? Matcher(RuleSet([rule])) else { return }
        let context = LineContext(format: .plain, readAt: Timestamp(seconds: 1_800_000_000))
        let batch = RecordBatch(lines: Array(parts[1].prefix(2000)), source: .file("t"), context: context)
        let matches = matcher.matches(in: batch)
        guard matches.notices.isEmpty else { return }
        let hits = Set(matches.hits.map(\.index))
        for index in 0..<batch.count {
            let alone = !matcher.matches(example: batch.record(at: index)).hits.isEmpty
            check(hits.contains(index) == alone, "\(text) on \(Printable.text(batch.text(at: index)))")
        }
    }

    /// Rows of the watcher's state.
    static func state(_ input: [UInt8]) {
        let text = String(decoding: input, as: UTF8.self)
        if let checkpoint = SourceCheckpoint(text: text) {
            check(SourceCheckpoint(text: checkpoint.text) == checkpoint, "a checkpoint changes by being stored")
        }
        guard let json = try? JSON.parse(input) else { return }
        if let silence = Silence(json: json) { _ = silence.sentence(utcOffset: 3600) }
        guard let incident = Incident(json: json) else { return }
        check(Incident(json: incident.json)?.json == incident.json, "an incident changes by being stored")
        var book = IncidentBook(policy: ReportPolicy(), incidents: [incident], book: json)
        for step in 0..<3 { _ = book.due(Timestamp(seconds: 1_795_264_874 + Int64(step) * 5000), caughtUp: true) }
    }

    /// A letter in incoming/, its size and digest made right, so that the rest is looked at: what is taken is written as it
    /// was read.
    static func letter(_ input: [UInt8]) {
        _ = try? LetterFile.decode(input)
        let end = input.firstIndex(of: 0x0a) ?? input.count
        let message = input[end...].dropFirst()
        guard let head = (try? JSON.parse(input[..<end]))?.members else { return }
        let right = [
            JSON.Member("size", JSON(message.count)),
            JSON.Member("sha256", .string(Hex.encode(SHA256.digest(message)))),
        ]
        let all = head.filter { $0.name != "size" && $0.name != "sha256" } + right
        guard let letter = try? LetterFile.decode(Array(JSON.object(all).text.utf8) + [0x0a] + message) else { return }
        check((try? LetterFile.decode(LetterFile.encode(letter))) == letter, "a letter changes by being written")
    }
}
