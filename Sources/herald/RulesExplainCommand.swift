// `herald rules explain`: which rules hit a line, which nearly do, and what stops them.

import ArgumentParser
import Formats
import Glibc
import Platform
import Records
import RuleMatching
import Rules

struct RulesExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Which rules hit a line, which nearly do, and why.",
        discussion: """
            The line is taken as one of a log file, its header and all. With --field it is the message of a journal's \
            entry with these fields, by the names that rules use (transport, unit, identifier, host, uid, pid, \
            priority, message_id, executable) or the journal's own; with --field file=PATH a line of that file. \
            Example: herald rules explain --field unit=nginx.service 'connect() failed'
            """)

    @OptionGroup var rules: RulesOption
    @Option(name: .customLong("field"), help: "A field of the entry, as NAME=VALUE; may be given several times.")
    var fields: [String] = []
    @Option(name: .customLong("rule"), help: "Only this rule, however far it is from matching.") var id: String?
    @Option(help: "How many rules that nearly match are told.") var near = 5
    @Flag(help: "One JSON object for each line.") var json = false
    @Argument(help: "The line; '-' takes each line of standard input.") var line: String

    func validate() throws {
        if near < 0 { throw ValidationError("--near is a number from 0.") }
        _ = try namedFields()
    }

    private func namedFields() throws -> [(name: String, value: String)] {
        try fields.map { text in
            guard let equals = text.firstIndex(of: "=") else {
                throw ValidationError("--field is NAME=VALUE, not '\(Printable.text(text, limit: 60))'.")
            }
            let (name, value) = (String(text[..<equals]), String(text[text.index(after: equals)...]))
            guard RuleField.isCondition(name) else {
                let near = NearestName.hint(for: name, in: RuleField.conditions, otherwise: ".")
                throw ValidationError("There is no field '\(Printable.text(name, limit: 60))'\(near)")
            }
            guard let known = RuleField.value(value, of: name) else {
                throw ValidationError("The field '\(name)' is \(RuleField.form(of: name)).")
            }
            return (name, known)
        }
    }

    func run() throws {
        let (matcher, files) = try rules.loaded()
        if let id, !files.replacedRules().contains(where: { $0.rule.id == id }) {
            _ = try rules.rule(id, in: matcher.rules)
        }
        let explainer = RuleExplainer(matcher, replaced: files.replacedRules())
        guard line == "-" else { return explain(Array(line.utf8), explainer) }
        var reader = BlockReader(Descriptor(owning: try retrying("read standard input") { dup(0) }))
        while let block = try reader.next() {
            var lines = block.split(separator: 0x0a, omittingEmptySubsequences: false)
            if block.last == 0x0a { lines.removeLast() }
            for line in lines { explain(Array(line), explainer) }
        }
    }

    private func explain(_ line: [UInt8], _ explainer: RuleExplainer) {
        let now = SystemClock.now()
        let context = LineContext(readAt: now, utcOffset: SystemClock.utcOffset(at: now))
        let record = RuleExplainer.record(of: line, fields: (try? namedFields()) ?? [], context: context)
        let verdicts = explainer.verdicts(on: record, rule: id)
        let answer = ExplainAnswer(record: record, verdicts: verdicts, near: id == nil ? near : .max)
        if json { Terminal.say(answer.json.text) } else { answer.say() }
    }
}
