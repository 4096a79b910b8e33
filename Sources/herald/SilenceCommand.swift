// `herald silence`: not to hear of something for a while. Every silence has an end.

import ArgumentParser
import Formats

struct SilenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "silence", abstract: "Not to hear of something for a while.",
        subcommands: [Add.self, List.self, Remove.self])

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Silence an incident, rules, hosts or units; what is said together must match together.",
            discussion: """
                Examples: herald silence add --rule kernel-out-of-memory --for 4h --comment 'memory is ordered'
                herald silence add --rule 'postgresql-*' --host 'db*' --until '2026-11-22 07:00' \\
                --comment upgrade
                """)

        @OptionGroup var place: DaemonOption
        @Option(help: "The incident, by the number in its letter.") var incident: Int?
        @Option(help: "The rule, by its id; * and ? stand for any characters.") var rule: String?
        @Option(help: "Only what comes from this host, likewise.") var host: String?
        @Option(help: "Only what comes from this unit or file, likewise.") var unit: String?
        @Option(name: .customLong("for"), help: "How long: 30m, 4h, 2d.") var length: String?
        @Option(help: "Or until when, by this host's clock: 2026-11-22, '2026-11-22 07:00'.") var until: String?
        @Option(help: "Why; shown in lists and digests.") var comment: String
        @Flag(help: "One JSON object.") var json = false

        func run() throws {
            let reading = IncidentReading(try place.settings())
            guard (length == nil) != (until == nil) else {
                throw Failure.wrong("a silence has an end: --for 4h, or --until '2026-11-22 07:00'")
            }
            let end = try until.map { try IncidentReading.time($0, ago: false).microseconds }
            let arguments: JSON = [
                "incident": JSON(incident), "rule": JSON(rule), "host": JSON(host), "unit": JSON(unit),
                "for": JSON(length), "until": end.map { .int($0) } ?? .null, "comment": .string(comment),
            ]
            let answer = try reading.request("silence-add", arguments)
            if json { return Terminal.say(answer.text) }
            if let warning = answer["warning"]?.string { Terminal.complain("warning: \(Printable.text(warning))") }
            let covers = Int(answer["covers"]?.int ?? 0)
            Terminal.say(
                "Silence \(answer["id"]?.int ?? 0), until \(HostClock.text(answer["until"])); it covers "
                    + "\(counted(covers, "open incident")).")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The silences in force.")
        @OptionGroup var place: DaemonOption
        @Flag(help: "One JSON object a line.") var json = false

        func run() throws {
            let silences = try IncidentReading(try place.settings()).request("silence-list").array ?? []
            if json {
                for silence in silences { Terminal.say(silence.text) }
                return
            }
            guard !silences.isEmpty else { return Terminal.say("Nothing is silenced.") }
            Terminal.table(IncidentTables.silences(silences))
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a silence; what it kept quiet is told, as far as report.max_per_hour allows.")
        @OptionGroup var place: DaemonOption
        @Argument(help: "The number that `add` or `list` printed.") var id: Int

        func run() throws {
            let silence = try IncidentReading(try place.settings())
                .request("silence-remove", ["id": .int(Int64(id))])
            let what = Printable.text(silence["what"]?.string ?? "", limit: 120)
            Terminal.say("Silence \(id) (\(what)) is over; \(Self.outcome(silence)).")
        }

        /// What becomes of what it kept quiet.
        private static func outcome(_ silence: JSON) -> String {
            func number(_ name: String) -> Int { Int(silence[name]?.int ?? 0) }
            func count(_ name: String, _ one: String, _ more: String) -> String? {
                number(name) > 0 ? counted(number(name), "incident " + one, "incidents " + more) : nil
            }
            let digest = "for the digest at \(HostClock.hour(silence["held_until"])), since no more letters may go now"
            let parts = [
                number("told_now") > 0 ? "what came of \(counted(number("told_now"), "incident")) is told now" : nil,
                count("held", "waits \(digest)", "wait \(digest)"),
                count("waiting", "is told with its next letter", "are told with their next letters"),
                count("quiet", "is kept quiet by something else", "are kept quiet by something else"),
            ].compactMap { $0 }
            return parts.isEmpty ? "nothing was kept quiet by it" : parts.joined(separator: "; ")
        }
    }
}
