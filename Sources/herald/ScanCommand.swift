// `herald scan`: what the rules would say of these files, offline. Nothing is kept, nothing is sent.
// Must stay true: a file's lines are put together to records as the watcher would (Watching.FileReadings), so that what
// is hit here is hit there.

import ArgumentParser
import Formats
import Glibc
import LogSources
import Platform
import Records
import RuleMatching
import Rules
import Watching

/// `herald scan`.
struct ScanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan", abstract: "What the rules say of log files or a journal, offline.",
        discussion: """
            Lines are read as the watcher reads them: a file that watch.files names, or a rotated generation of one, in \
            the format and with the multiline that stand there; the lines of a stack trace are one record. Files \
            compressed by gzip, xz, zstd or bzip2 are read as they are. Without --rules these are the rules that the \
            settings name. The exit code is 0 whether or not there are hits, and 2 where a file, or a part of \
            it, cannot be read; all others are scanned all the same.

            Examples: herald scan /var/log/syslog.2.gz
            herald scan --journal /var/log/journal --since 2d --min-severity critical
            """)

    @OptionGroup var rules: RulesOption
    @Option(help: "A folder of journal files, in place of files.") var journal: String?
    @Option(name: .customLong("rule"), help: "Only the hits of this rule; may be given several times.")
    var ids: [String] = []
    @Option(help: "Only hits of this severity and worse ones.") var minSeverity: String?
    @Option(help: "Only since: 2h, 2026-11-21, '2026-11-21 07:00'; a line without a time may be of any.")
    var since: String?
    @Option(help: "Only until then, likewise.") var until: String?
    @Option(help: "The form of the lines: auto, plain, json, docker, cri; default: as the settings say, else auto.")
    var format: String?
    @Option(help: "Which lines are one record: auto, none, or a language such as java; default likewise.")
    var multiline: String?
    @Flag(
        help:
            "One JSON object for each hit: file, line, rule, severity, title, captures, time, host, unit, identifier, text."
    )
    var json = false
    @Flag(help: "Only the number of lines that are hit, each looked at by itself, for each file.") var count = false
    @Flag(help: "Every line that is hit, not only the first ten of each rule.") var all = false
    @Argument(help: "Log files; '-' is standard input.") var files: [String] = []

    func validate() throws {
        if files.isEmpty == (journal == nil) { throw ValidationError("Give files, '-', or --journal DIR.") }
        if json && count { throw ValidationError("--json and --count exclude each other.") }
        if let minSeverity, Severity(name: minSeverity) == nil {
            throw Self.unknown("--min-severity", minSeverity, Severity.names)
        }
        if let format, LineFormat(rawValue: format) == nil {
            throw Self.unknown("--format", format, LineFormat.allCases.map(\.rawValue))
        }
        if let multiline, Multiline(name: multiline) == nil {
            throw Self.unknown("--multiline", multiline, Multiline.names)
        }
    }

    private static func unknown(_ option: String, _ value: String, _ known: [String]) -> ValidationError {
        ValidationError("\(option) is one of \(known.joined(separator: ", ")), not '\(Printable.text(value))'.")
    }

    func run() throws {
        let matcher = try rules.matcher()
        if matcher.rules.rules.isEmpty { throw Failure.wrong("there are no rules: nothing would be looked for") }
        for id in ids { _ = try rules.rule(id, in: matcher.rules) }
        var filter = ScanFilter(ids: Set(ids), minimum: minSeverity.flatMap { Severity(name: $0) })
        filter.since = try since.map { try IncidentReading.time($0, ago: true) }
        filter.until = try until.map { try IncidentReading.time($0, ago: true) }
        var output = ScanOutput(json ? .json : count ? .count : .text(all: all))
        defer { output.flush() }
        if let journal {
            try scan(journal: journal, matcher, filter, &output)
            return output.finish()
        }
        let readings = try readings()
        var failures: [String] = []
        for name in files {
            do {
                let found = try scan(name, matcher, filter, readings, &output, &failures)
                if count { output.put(files.count == 1 ? "\(found)" : "\(Printable.text(name)):\(found)") }
            } catch {
                // What stands in the other files is told all the same.
                failures.append((error as? Failure)?.message ?? "\(error)")
            }
        }
        output.finish()
        if !failures.isEmpty { throw Failure.wrong(failures.joined(separator: "\n")) }
    }

    // MARK: Files

    /// How the files of the settings are read.
    private func readings() throws -> FileReadings {
        let files = try rules.watchedFiles()
        do throws(MatcherError) { return try FileReadings(files) } catch {
            throw Failure.wrong(error.faults.map(\.description).joined(separator: "\n"))
        }
    }

    /// Returns the number of records that are hit.
    private func scan(
        _ name: String, _ matcher: Matcher, _ filter: ScanFilter, _ readings: FileReadings,
        _ output: inout ScanOutput, _ failures: inout [String]
    ) throws -> Int {
        let input = try ScanInput(name, scan: rules.scanCommand)
        defer { failures += [input.failure].compactMap { $0 } }
        let (source, reading) = read(name, readings)
        let now = SystemClock.now()
        var context = LineContext(format: reading.format, readAt: now, utcOffset: SystemClock.utcOffset(at: now))
        if count, filter.takesAll, !context.format.isDecoded {
            let found =
                if let file = input.file {
                    try matcher.count(file, source: source, context: context)
                } else {
                    try matcher.count(input.reader(), source: source, context: context)
                }
            for notice in found.notices { Terminal.complain(notice.text) }
            return found.lines
        }
        if context.format == .auto { context.format = LineFormat.recognised(in: input.head) }
        let joiner = count ? RecordJoiner(source: source, multiline: .none) : reading.joiner(for: source)
        let scan = RecordScan(
            matcher, try Self.traceFinder(), joiner: joiner, context: context, lineLimit: reading.lineLimit)
        var hitCount = 0
        func tell(_ line: Int, _ matches: Matches) {
            output.note(matches.notices)
            let hits = matches.hits.filter { filter.takes($0.hit) }
            if !hits.isEmpty { hitCount += 1 }
            for found in hits { output.put(found.hit, file: name, line: line) }
        }
        var reader = input.reader()
        while let block = try reader.next() { scan.take(block, tell) }
        scan.finish(tell)
        if scan.cutLines > 0 {
            let lines = counted(scan.cutLines, "line is", "lines are")
            Terminal.complain(
                "\(Printable.text(name)): \(lines) longer than \(reading.lineLimit) bytes; what is beyond was not looked at."
            )
        }
        output.noteSource(lines: scan.lines, hit: hitCount)
        return hitCount
    }

    /// The source that the watcher would have for it, and how it would read it; as the options say where they do.
    private func read(_ name: String, _ readings: FileReadings) -> (Source, FileReading) {
        var path = name == "-" ? name : LogPath.text(Array(Self.absolute(name).utf8))
        var reading = readings.reading(of: path)
        if reading == nil, let generation = readings.reading(ofGeneration: path) {
            (path, reading) = (generation.log, generation.reading)
        }
        return (
            .file(path),
            (reading ?? FileReading()).with(
                format: format.flatMap { LineFormat(rawValue: $0) },
                multiline: multiline.flatMap { Multiline(name: $0) })
        )
    }

    static func traceFinder() throws(SystemError) -> TraceFinder {
        do throws(MatcherError) { return try TraceFinder(cache: DatabaseCache.ofUser()) } catch {
            throw SystemError("search for stack traces", errno: ENOMEM)
        }
    }

    /// The path from the root, symbolic links as they were written: so the settings name it.
    static func absolute(_ path: String) -> String {
        Self.tidy(Files.absolute(path))
    }

    /// Without `.` and empty parts; `..` stays where it may lead through a link.
    private static func tidy(_ path: String) -> String {
        "/" + path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }
}
