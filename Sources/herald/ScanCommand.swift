// `herald scan`: what the rules would say of these files, offline. Nothing is kept, nothing is sent.

import ArgumentParser
import Formats
import Glibc
import LogSources
import Platform
import Records
import RuleMatching
import Rules

/// `herald scan`.
struct ScanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan", abstract: "What the rules say of log files or a journal, offline.",
        discussion: """
            The lines of a stack trace are one record, as in the watcher. Without --rules these are the rules that the \
            settings name. The exit code is 0 whether or not there are hits, and 2 where a file cannot be read; the others are scanned all the same.
            """)

    @OptionGroup var rules: RulesOption
    @Option(help: "A folder of journal files, in place of files.") var journal: String?
    @Option(name: .customLong("rule"), help: "Only the hits of this rule; may be given several times.")
    var ids: [String] = []
    @Option(help: "Only hits of this severity and worse ones.") var minSeverity: String?
    @Flag(help: "One JSON object for each hit: file, line, rule, severity, title, captures, text.") var json = false
    @Flag(help: "Only the number of lines that are hit, each looked at by itself, for each file.") var count = false
    @Flag(help: "Every line that is hit, not only the first ten of each rule.") var all = false
    @Argument(help: "Log files; '-' is standard input.") var files: [String] = []

    func validate() throws {
        if files.isEmpty == (journal == nil) { throw ValidationError("Give files, '-', or --journal DIR.") }
        if json && count { throw ValidationError("--json and --count exclude each other.") }
        if let minSeverity, Severity(name: minSeverity) == nil {
            let names = Severity.names.joined(separator: ", ")
            throw ValidationError("--min-severity is one of \(names), not '\(Printable.text(minSeverity))'.")
        }
    }

    func run() throws {
        let matcher = try rules.matcher()
        for id in ids { _ = try rules.rule(id, in: matcher.rules) }
        let filter = ScanFilter(ids: Set(ids), minimum: minSeverity.flatMap { Severity(name: $0) })
        var output = ScanOutput(json ? .json : count ? .count : .text(all: all))
        defer { output.flush() }
        if let journal {
            try scan(journal: journal, matcher, filter, &output)
            return output.finish()
        }
        var failures: [String] = []
        for name in files {
            do throws(SystemError) {
                if count {
                    let found = try count(name, matcher, filter, &output)
                    output.put(files.count == 1 ? "\(found)" : "\(Printable.text(name)):\(found)")
                } else {
                    try scan(name, matcher, filter, &output)
                }
            } catch {
                // What stands in the other files is told all the same.
                failures.append(error.description)
            }
        }
        output.finish()
        if !failures.isEmpty { throw Failure.wrong(failures.joined(separator: "\n")) }
    }

    // MARK: Files

    private func open(_ name: String) throws(SystemError) -> Descriptor {
        if name == "-" { return Descriptor(owning: try retrying("read standard input") { dup(0) }) }
        let file = try Descriptor.open(name, O_RDONLY | O_NOCTTY)
        if try file.status().isDirectory { throw SystemError("read", Printable.text(name), errno: EISDIR) }
        return file
    }

    private var context: LineContext {
        let now = SystemClock.now()
        return LineContext(readAt: now, utcOffset: SystemClock.utcOffset(at: now))
    }

    private func count(
        _ name: String, _ matcher: Matcher, _ filter: ScanFilter, _ output: inout ScanOutput
    ) throws(SystemError) -> Int {
        guard filter.takesAll else { return try scan(name, matcher, filter, &output) }
        let found = try matcher.count(try open(name), source: .file(name), context: context)
        for notice in found.notices { Terminal.complain(notice.text) }
        return found.lines
    }

    /// Returns the number of lines that are hit.
    @discardableResult
    private func scan(
        _ name: String, _ matcher: Matcher, _ filter: ScanFilter, _ output: inout ScanOutput
    ) throws(SystemError) -> Int {
        var reader = BlockReader(try open(name))
        let scan = RecordScan(
            matcher, try traceFinder(), source: .file(name), context: context, multiline: count ? .none : .auto)
        var hitCount = 0
        func tell(_ line: Int, _ matches: Matches) {
            output.note(matches.notices)
            let hits = matches.hits.filter { filter.takes($0.hit.rule) }
            if !hits.isEmpty { hitCount += 1 }
            for found in hits { output.put(found.hit, file: name, line: line) }
        }
        while let block = try reader.next() { scan.take(block, tell) }
        scan.finish(tell)
        output.noteSource(lines: scan.lines, hit: hitCount)
        return hitCount
    }

    private func traceFinder() throws(SystemError) -> TraceFinder {
        do throws(MatcherError) { return try TraceFinder(cache: DatabaseCache.ofUser()) } catch {
            throw SystemError("search for stack traces", errno: ENOMEM)
        }
    }

    // MARK: Journal

    private func scan(
        journal: String, _ matcher: Matcher, _ filter: ScanFilter, _ output: inout ScanOutput
    ) throws {
        var options = JournalReader.Options(place: Self.absolute(journal))
        options.start = .beginning
        let reader = JournalFolder(options, checkpoints: [])
        let finder = try traceFinder()
        var joiner = RecordJoiner(source: .journal(journal), multiline: count ? .none : .auto)
        var hitEntries = 0
        func tell(_ batch: RecordBatch, from first: Int) {
            if count {
                let marks = matcher.marks(in: batch)
                output.note(marks.notices)
                hitEntries += Set(marks.hits.filter { filter.takes(matcher.rules.rules[$0.rule]) }.map(\.index)).count
                return
            }
            let matches = matcher.matches(in: batch)
            output.note(matches.notices)
            let hits = matches.hits.filter { filter.takes($0.hit.rule) }
            hitEntries += Set(hits.map(\.index)).count
            for found in hits {
                let number = batch.firstLines?[found.index] ?? first + found.index
                output.put(found.hit, file: journal, line: number + 1)
            }
        }
        var failures: [String] = []
        var doubtsUntil: Duration?
        while true {
            let now = SourceTime.now()
            let read = reader.read(at: now)
            for notice in read.notices {
                if notice.kind == .unreadable { failures.append(notice.text) } else { Terminal.complain(notice.text) }
            }
            for delivery in read.deliveries {
                let first = joiner.order
                tell(finder.join(delivery.batch, by: &joiner, at: .zero), from: first)
            }
            guard read.deliveries.isEmpty, reader.isIdle else { continue }
            // A file that gives less than it promises may be damaged, or only just be written to.
            let end = doubtsUntil ?? now.monotonic + .seconds(15)
            doubtsUntil = end
            guard failures.isEmpty, reader.isInDoubt, now.monotonic < end else { break }
            _ = try Poller.wait([], timeout: max(.zero, min(reader.nextDeadline, end) - now.monotonic))
        }
        if let batch = joiner.flush() { tell(batch, from: joiner.order) }
        output.noteSource(lines: joiner.order, hit: hitEntries)
        if count { output.put("\(hitEntries)") }
        if !failures.isEmpty {
            output.flush()
            throw Failure.wrong(failures.joined(separator: "\n"))
        }
    }

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let whole = realpath(path, nil) else { return path }
        defer { free(whole) }
        return String(cString: whole)
    }
}

/// Which hits are told.
struct ScanFilter {
    var ids: Set<String> = []
    var minimum: Severity?

    var takesAll: Bool { ids.isEmpty && minimum == nil }

    func takes(_ rule: Rule) -> Bool {
        (ids.isEmpty || ids.contains(rule.id)) && (minimum.map { rule.severity.isAtLeast($0) } ?? true)
    }
}
