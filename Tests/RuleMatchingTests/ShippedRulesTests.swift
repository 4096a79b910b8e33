// The rules that are shipped: readable, and true to their own examples.

import Platform
import Rules
import Testing

@testable import RuleMatching

/// `rules/` of this checkout.
private let folder = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/rules"

@Suite struct ShippedRulesTests {
    @Test("the shipped rules have no fault, and each hits its own examples and not its counterexamples")
    func examples() throws {
        let (rules, faults) = RuleSet.load(files: try RuleFolders.read([folder]))
        #expect(faults.isEmpty, "\(faults.map(\.description).joined(separator: "\n"))")
        let outcome = ExampleTrial.run(try Matcher(try #require(rules)))
        #expect(outcome.failures.isEmpty, "\(outcome.failures.map(\.description).joined(separator: "\n"))")
        #expect(outcome.tried > 80)
    }

    @Test("every shipped rule has advice, and examples both ways")
    func completeness() throws {
        let (rules, _) = RuleSet.load(files: try RuleFolders.read([folder]))
        for rule in try #require(rules).rules {
            #expect(rule.advice != nil, "\(rule.id)")
            #expect(!rule.examples.isEmpty && !rule.counterexamples.isEmpty, "\(rule.id)")
        }
    }
}
