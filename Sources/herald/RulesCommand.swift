// `herald rules`: the rules in force, one of them, and whether they keep what their examples promise.

import ArgumentParser
import Formats
import Platform
import RuleMatching
import Rules
import YAML

/// `--rules DIR`, of the subcommands that work offline.
struct RulesOption: ParsableArguments {
    @Option(
        name: .customLong("rules"),
        help:
            "A folder of rules in place of the installed ones; given several times, a later file replaces one of its name."
    )
    var folders: [String] = []

    /// The rules. Wrong ones end the command with all their faults, exit 2.
    func load() throws -> RuleSet { try matcher().rules }

    /// The rules compiled; kept for the next time in the person's cache.
    func matcher() throws -> Matcher {
        let loaded = RuleLoading.load(folders, cache: DatabaseCache.ofUser())
        guard let matcher = loaded.matcher else {
            throw Failure.wrong(loaded.diagnostics.map(\.description).joined(separator: "\n"))
        }
        for fault in loaded.diagnostics { Terminal.complain(fault.description) }
        return matcher
    }
}

/// `herald rules`.
struct RulesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules", abstract: "The rules: list, show, test.",
        subcommands: [List.self, Show.self, Test.self, Patterns.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One line for each rule.")
        @OptionGroup var rules: RulesOption
        @Flag(help: "One JSON object a line.") var json = false

        func run() throws {
            let rules = try rules.load().rules
            if json {
                for rule in rules {
                    let object: JSON = [
                        "rule": .string(rule.id), "severity": .string(rule.severity.name),
                        "title": .string(rule.title.source), "file": .string(rule.file), "line": JSON(rule.line),
                    ]
                    Terminal.say(object.text)
                }
                return
            }
            let rows = rules.map { [$0.id, $0.severity.name, Printable.text($0.title.source, limit: 90)] }
            Terminal.table([["RULE", "SEVERITY", "TITLE"]] + rows)
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One rule, with everything that it says.")
        @OptionGroup var rules: RulesOption
        @Argument(help: "The rule's id.") var id: String

        func run() throws {
            let all = try rules.load()
            guard let rule = all.rule(id) else {
                let near = NearestName.to(id, in: all.rules.map(\.id)).map { "; did you mean '\($0)'?" } ?? ""
                throw Failure.wrong("There is no rule '\(Printable.text(id))'\(near)")
            }
            for (name, value) in RuleDescription.lines(rule) {
                Terminal.say("\(Terminal.dim(name + ":")) \(Printable.text(value, keepingLines: true))")
            }
        }
    }

    struct Test: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Try every rule on its own examples.", discussion: "Exit code 1 where one fails.")
        @OptionGroup var rules: RulesOption

        func run() throws {
            let matcher = try rules.matcher()
            let outcome = ExampleTrial.run(matcher)
            for failure in outcome.failures { Terminal.say(failure.description) }
            let failed = outcome.failures.isEmpty ? "all right" : "\(outcome.failures.count) failed"
            Terminal.say("\(matcher.rules.rules.count) rules, \(outcome.tried) examples, \(failed).")
            if !outcome.failures.isEmpty { throw Failure.notWell("") }
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
