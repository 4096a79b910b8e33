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
        discussion: "Each line stands by itself here. The exit code is 0 whether or not there are hits.")

    @OptionGroup var rules: RulesOption
    @Option(help: "A folder of journal files, in place of files.") var journal: String?
    @Flag(help: "One JSON object for each hit: file, line, rule, severity, title, captures, text.") var json = false
    @Flag(help: "Only the number of lines that are hit, for each file.") var count = false
    @Argument(help: "Log files; '-' is standard input.") var files: [String] = []

    func validate() throws {
        if files.isEmpty == (journal == nil) { throw ValidationError("Give files, '-', or --journal DIR.") }
        if json && count { throw ValidationError("--json and --count exclude each other.") }
    }

    func run() throws {
        let matcher = try rules.matcher()
        var output = ScanOutput(json: json)
        defer { output.flush() }
        if let journal { return try scan(journal: journal, matcher, &output) }
        var failures: [String] = []
        for name in files {
            do throws(SystemError) {
                if count {
                    try count(name, matcher, &output)
                } else {
                    try scan(name, matcher, &output)
                }
            } catch {
                // What stands in the other files is told all the same.
                failures.append(error.description)
            }
        }
        output.flush()
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

    private func count(_ name: String, _ matcher: Matcher, _ output: inout ScanOutput) throws(SystemError) {
        let found = try matcher.count(try open(name), source: .file(name), context: context)
        for notice in found.notices { Terminal.complain(notice.text) }
        output.put(files.count == 1 ? "\(found.lines)" : "\(Printable.text(name)):\(found.lines)")
    }

    private func scan(_ name: String, _ matcher: Matcher, _ output: inout ScanOutput) throws(SystemError) {
        var reader = BlockReader(try open(name))
        let context = context
        var lines = LineNumber()
        while let block = try reader.next() {
            matcher.namedLines(in: block) { line in
                let matches = matcher.matches(of: line, in: block, source: .file(name), context: context)
                for notice in matches.notices { Terminal.complain(notice.text) }
                if matches.hits.isEmpty { return }
                let number = lines.number(at: line.range.lowerBound, in: block)
                for found in matches.hits { output.put(found.hit, file: name, line: number) }
            }
            lines.pass(block)
        }
    }

    // MARK: Journal

    private func scan(journal: String, _ matcher: Matcher, _ output: inout ScanOutput) throws {
        var options = JournalReader.Options(place: journal)
        options.start = .beginning
        let reader = JournalReader(options, checkpoints: [])
        var number = 0
        var hitEntries = 0
        while true {
            let read = reader.read(at: SourceTime.now())
            for notice in read.notices { Terminal.complain(notice.text) }
            for delivery in read.deliveries {
                let matches = matcher.matches(in: delivery.batch)
                for notice in matches.notices { Terminal.complain(notice.text) }
                hitEntries += Set(matches.hits.map(\.index)).count
                if !count {
                    for found in matches.hits { output.put(found.hit, file: journal, line: number + found.index + 1) }
                }
                number += delivery.batch.count
            }
            if read.deliveries.isEmpty { break }
        }
        if count { output.put("\(hitEntries)") }
    }
}

/// The number of a line, counted on from the one asked for before.
private struct LineNumber {
    private var before = 0
    private var counted = 0

    /// The number, from 1, of the line that begins at `offset`; asked in order.
    mutating func number(at offset: Int, in block: UnsafeRawBufferPointer) -> Int {
        advance(to: offset, in: block)
        return before + 1
    }

    /// The block is done.
    mutating func pass(_ block: UnsafeRawBufferPointer) {
        advance(to: block.count, in: block)
        counted = 0
    }

    private mutating func advance(to end: Int, in block: UnsafeRawBufferPointer) {
        guard let base = block.baseAddress, end > counted else { return }
        var newlines = 0
        for at in counted..<end where base.load(fromByteOffset: at, as: UInt8.self) == 0x0a { newlines &+= 1 }
        before += newlines
        counted = end
    }
}
