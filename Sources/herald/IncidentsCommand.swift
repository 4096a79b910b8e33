// `herald incidents`: what is open, what was, everything about one, and its end by a person.

import ArgumentParser
import Formats

struct IncidentsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "incidents", abstract: "The incidents: what is open, what was, everything about one.",
        subcommands: [List.self, Show.self, Resolve.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One line for each open incident, the most severe first.",
            discussion: "Example: herald incidents list --all --rule 'kernel-*' --since 2d")
        @OptionGroup var place: DaemonOption
        @Flag(help: "What is over too, of the last 30 days.") var all = false
        @Option(help: "Only of this rule; * and ? stand for any characters.") var rule: String?
        @Option(help: "Only of this host, likewise.") var host: String?
        @Option(help: "Only what was seen since: 2h, 2026-11-21, '2026-11-21 07:00'.") var since: String?
        @Option(help: "At most so many; up to 9999.") var limit = 1000
        @Flag(help: "One JSON object a line.") var json = false

        func validate() throws {
            guard (1...9999).contains(limit) else { throw ValidationError("--limit is a number from 1 to 9999.") }
        }

        func run() throws {
            let reading = IncidentReading(try place.settings())
            let since = try since.map { try IncidentReading.time($0, ago: true).microseconds }
            let arguments: JSON = [
                "all": .bool(all), "rule": JSON(rule), "host": JSON(host), "since": since.map { .int($0) } ?? .null,
                "limit": .int(Int64(limit) + 1),
            ]
            let found = try reading.request("incident-list", arguments).array ?? []
            let incidents = Array(found.prefix(limit))
            if json {
                for incident in incidents { Terminal.say(incident.text) }
            } else if incidents.isEmpty {
                Terminal.say(all ? "No incident." : "No incident is open.")
            } else {
                Terminal.table(IncidentTables.incidents(incidents))
            }
            if found.count > limit {
                Terminal.complain(
                    "there are more than these \(limit): --rule, --host or --since narrows it, --limit shows more")
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Everything about one incident: hits, times, lines, letters.",
            discussion: "Example: herald incidents show 12")
        @OptionGroup var place: DaemonOption
        @Argument(help: "The incident, by the number in its letter.") var id: Int
        @Flag(help: "One JSON object.") var json = false

        func run() throws {
            let reading = IncidentReading(try place.settings())
            let incident = try reading.request("incident-show", ["id": .int(Int64(id))])
            if json { return Terminal.say(incident.text) }
            Terminal.say(Terminal.bold(Printable.text(incident["title"]?.string ?? "", limit: 300)))
            let parts: Set<String> = [
                "title", "line", "timeline", "samples", "letters_sent", "captures", "keeps_quiet",
            ]
            for member in incident.members ?? [] where !parts.contains(member.name) && !member.value.isNull {
                Terminal.say("  \(Terminal.dim(Self.label(member.name) + ":")) \(Self.text(member.value))")
            }
            for capture in incident["captures"]?.members ?? [] {
                Terminal.say("  \(Terminal.dim("{\(capture.name)}:")) \(Self.text(capture.value))")
            }
            let quiet = incident["keeps_quiet"]?.array ?? []
            if !quiet.isEmpty { Terminal.say("  keeps quiet: \(quiet.map(Self.text).joined(separator: ", "))") }
            showTimeline(incident["timeline"])
            for sample in incident["samples"]?.array ?? [] { show(sample) }
            showLetters(incident["letters_sent"]?.array ?? [])
        }

        private func showTimeline(_ timeline: JSON?) {
            let counts = (timeline?["counts"]?.array ?? []).map { max(0, $0.int ?? 0) }
            guard let most = counts.max(), most > 0, counts.count > 1 else { return }
            let bars = Array("▁▂▃▄▅▆▇█")
            let line = counts.map { $0 == 0 ? " " : bars[Int(min(7, ($0 * 8 - 1) / most))] }
            let width = Duration.seconds(timeline?["width"]?.int ?? 1).phrase
            Terminal.say("\n  \(String(line))  each bar \(width), at most \(most)")
        }

        private func show(_ sample: JSON) {
            Terminal.say("\n  \(HostClock.text(sample["time"])) \(Self.text(sample["place"] ?? .null))")
            for (line, isHit) in Self.lines(of: sample) {
                Terminal.say(isHit ? "  > " + line : Terminal.dim("    " + line))
            }
        }

        /// The lines of a sample's record, each on its own, between those before and after, of which a record is one.
        static func lines(of sample: JSON) -> [(text: String, isHit: Bool)] {
            func shown(_ text: String?, limit: Int = .max) -> [Substring] {
                Printable.text(text ?? "", keepingLines: true, limit: limit).replacing("\t", with: "    ")
                    .split(separator: "\n")
            }
            func context(_ name: String) -> [(text: String, isHit: Bool)] {
                (sample[name]?.array ?? []).map { (shown($0.string, limit: 2000).joined(separator: " ⏎ "), false) }
            }
            return context("before") + shown(sample["text"]?.string).map { (String($0), true) } + context("after")
        }

        private func showLetters(_ letters: [JSON]) {
            guard !letters.isEmpty else { return Terminal.say("\nNothing of it was told yet.") }
            Terminal.say("")
            var table = [["TOLD", "KIND", "NEW HITS", "LETTER", "SUBJECT"]]
            for letter in letters {
                let words = letter["fault"]?.string ?? letter["subject"]?.string ?? ""
                table.append([
                    HostClock.text(letter["time"]), letter["kind"]?.string ?? "", String(letter["new_hits"]?.int ?? 0),
                    letter["letter"]?.string ?? "none", Printable.text(words, limit: 80),
                ])
            }
            Terminal.table(table)
        }

        private static func label(_ name: String) -> String { name.map { $0 == "_" ? " " : String($0) }.joined() }
        private static func text(_ value: JSON) -> String { HostClock.text(value, limit: 2000) }
    }

    struct Resolve: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Call incidents over; the next hit opens a new one.",
            discussion: "Example: herald incidents resolve 12")
        @OptionGroup var place: DaemonOption
        @Argument(help: "The incidents, by the numbers in their letters.") var ids: [Int]

        func run() throws {
            let reading = IncidentReading(try place.settings())
            let answer = try reading.request("incident-resolve", ["ids": .array(ids.map { .int(Int64($0)) })])
            for (id, title) in zip(answer["ids"]?.array ?? [], answer["titles"]?.array ?? []) {
                let words = Printable.text(title.string ?? "", limit: 200)
                let isGone = answer["not_awaited"]?.array?.contains(id) ?? false
                let wait = isGone ? "; it is not waited for until its next line has come" : ""
                Terminal.say("Incident \(id.int ?? 0) is over: \(words)\(wait)")
            }
        }
    }
}
