// `herald rules`: the rules in force, one of them, whether they keep what their examples promise, and why they do or do
// not hit a line (RulesExplainCommand).

import ArgumentParser
import Formats
import Platform
import RuleMatching
import Rules
import YAML

/// `herald rules`.
struct RulesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules", abstract: "The rules: list, show, test, explain.",
        discussion: "Without --rules these are the rules that the settings name, as the watcher takes them.",
        subcommands: [List.self, Show.self, Test.self, RulesExplainCommand.self, Patterns.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One line for each rule.")
        @OptionGroup var rules: RulesOption
        @Flag(help: "One JSON object a line.") var json = false

        func run() throws {
            let set = try rules.load()
            let all = set.rules.map { ($0, true) } + set.disabled.map { ($0, false) }
            if json {
                for (rule, enabled) in all { Terminal.say(RuleDescription.json(rule, enabled: enabled).text) }
                return
            }
            let rows = all.map { rule, enabled in
                [
                    rule.id, enabled ? rule.severity.name : "(off)",
                    String(rule.examples.count + rule.counterexamples.count),
                    Files.split(rule.file).name, Printable.text(rule.title.source, limit: 90),
                ]
            }
            Terminal.table([["RULE", "SEVERITY", "EXAMPLES", "FILE", "TITLE"]] + rows)
            Terminal.say(RuleDescription.summary(set))
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One rule, as it may be copied into a file of your own.")
        @OptionGroup var rules: RulesOption
        @Argument(help: "The rule's id.") var id: String
        @Flag(help: "One JSON object, with the rule's text as 'yaml'.") var json = false

        func run() throws {
            let (matcher, files) = try rules.loaded()
            let rule = try rules.rule(id, in: matcher.rules)
            let isOff = matcher.rules.rule(id) == nil
            if json {
                let more = [JSON.Member("yaml", .string("rules:\n" + rule.yaml))]
                return Terminal.say(RuleDescription.json(rule, enabled: !isOff, more: more).text)
            }
            Terminal.say(Terminal.dim("# \(Printable.text(rule.file)):\(rule.line)"))
            for (path, by) in files.replaced where by == rule.file {
                Terminal.say(Terminal.dim("# its file replaces \(Printable.text(path))"))
            }
            if isOff { Terminal.say("# switched off by 'disabled_rules'") }
            Terminal.say("rules:\n\(String(rule.yaml.dropLast()))")
        }
    }

    struct Test: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Try every rule on its own examples.",
            discussion: "Each example that fails is named with file, line and column. Exit code 1 where one does.")
        @OptionGroup var rules: RulesOption
        @Option(name: .customLong("rule"), help: "Only the examples of this rule.") var id: String?
        @Flag(help: "One JSON object for each example that fails, and one at the end.") var json = false

        func run() throws {
            let start = SystemClock.monotonic()
            let matcher = try rules.matcher()
            if let id { _ = try rules.rule(id, in: matcher.rules) }
            let outcome = ExampleTrial.run(matcher, rule: id)
            let tried = matcher.rules.rules.filter { id == nil || id == $0.id }
            let bare = tried.filter { $0.examples.isEmpty }.count
            let seconds = (SystemClock.monotonic() - start).milliseconds
            if json {
                for failure in outcome.failures { Terminal.say(Self.json(failure).text) }
                let end: JSON = [
                    "rules": JSON(tried.count), "examples": JSON(outcome.tried), "failed": JSON(outcome.failures.count),
                    "without_examples": JSON(bare), "milliseconds": .int(seconds),
                ]
                Terminal.say(end.text)
            } else {
                for failure in outcome.failures { Terminal.say(failure.description) }
                let failed = outcome.failures.isEmpty ? "all right" : "\(outcome.failures.count) failed"
                let without = bare == 0 ? "" : ", \(counted(bare, "rule")) without an example"
                let time = "\(seconds / 1000).\(String(1000 + seconds % 1000).dropFirst())"
                Terminal.say(
                    "\(counted(tried.count, "rule")), \(counted(outcome.tried, "example")), "
                        + "\(failed)\(without) (\(time) s).")
            }
            if !outcome.failures.isEmpty { throw Failure.notWell("") }
        }

        private static func json(_ failure: Diagnostic) -> JSON {
            [
                "file": .string(failure.file), "line": JSON(failure.line), "column": JSON(failure.column),
                "message": .string(failure.message),
            ]
        }
    }

    /// For the bench: what another program can be given to search for.
    struct Patterns: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The patterns of rules that patterns alone decide, one a line.",
            discussion:
                "Left out: rules with 'where' or 'unless', and patterns with lookaround, anchors or references.",
            shouldDisplay: false)
        @OptionGroup var rules: RulesOption
        @Flag(help: "What the block scan searches for instead: its flags, a tab, the expression.") var searched = false

        func run() throws {
            if searched {
                for expression in try Matcher.searchExpressions(of: rules.load()) {
                    Terminal.say("\(expression.flags)\t\(expression.text)")
                }
                return
            }
            for pattern in RuleDescription.portablePatterns(try rules.load()) { Terminal.say(pattern) }
        }
    }
}
