// The rules that are shipped: readable, and true to their own examples.

import Platform
import Rules
import Testing

@testable import RuleMatching

/// `rules/` of this checkout.
private let folder = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/rules"

@Suite struct ShippedRulesTests {
    static func shipped() throws -> RuleSet {
        try #require(RuleSet.load(files: RuleFolders.read([folder]).files).0)
    }

    @Test("the shipped rules have no fault, and each hits its own examples and not its counterexamples")
    func examples() throws {
        let (rules, faults) = RuleSet.load(files: RuleFolders.read([folder]).files)
        #expect(faults.isEmpty, "\(faults.map(\.description).joined(separator: "\n"))")
        let outcome = ExampleTrial.run(try Matcher(try #require(rules)))
        #expect(outcome.failures.isEmpty, "\(outcome.failures.map(\.description).joined(separator: "\n"))")
        // So that a file of rules, or its examples, cannot go unread unnoticed.
        #expect(outcome.tried > 1500)
        #expect(rules?.rules.count ?? 0 >= 250)
    }

    @Test("every shipped rule has advice, and examples both ways")
    func completeness() throws {
        for rule in try Self.shipped().rules {
            #expect(rule.advice != nil, "\(rule.id)")
            #expect(!rule.examples.isEmpty && !rule.counterexamples.isEmpty, "\(rule.id)")
        }
    }

    @Test("what stands under the rules says in its title, and so in the letter's subject, what the line says")
    func floorTitles() throws {
        let shipped = try Self.shipped()
        let matcher = try Matcher(shipped)
        var tried = 0
        for rule in shipped.rules where rule.isFloor {
            for example in rule.examples {
                let record = ExampleTrial.record(of: example)
                let hit = try #require(matcher.matches(example: record).hits.first { $0.hit.rule.id == rule.id })
                // "BUG: " is the kernel's own word for what its title says.
                let said = String(decoding: record.message.dropFirst(5).prefix(12), as: UTF8.self)
                #expect(hit.hit.title().contains(said), "\(rule.id): \(hit.hit.title())")
                tried += 1
            }
        }
        #expect(tried > 10)
    }

    /// What the kernel says of a process, and the name that the process has given itself.
    private static let hostileNames = [
        ("Out of memory: Killed process 6 (<script>alert(1)</script>) total-vm:1kB", "<script>alert(1)</script>"),
        ("Out of memory: Killed process 6 (a)b) total-vm:1kB", "a)b"),
        ("Out of memory: Killed process 6 ((sd-pam)), UID 1000, total-vm:1kB", "(sd-pam)"),
        ("Out of memory: Kill process 6 (a) (b) score 871 or sacrifice child", "a) (b"),
        ("Out of memory: Killed process 6 (a", "a"),
        ("Memory cgroup out of memory: Killed process 6 (a)b) total-vm:1kB", "a)b"),
        ("BUG: Bad page state in process  a (b)  pfn:1a2b3c", " a (b)"),
        ("a b:: page allocation failure: order:2, mode:0x0(GFP_ATOMIC)", "a b:"),
        ("a][1]b[6]: segfault at 18 ip 0000 sp 0000 error 4 in a[0+1]", "a][1]b"),
        ("traps: a][1]b[6] general protection fault ip:0 sp:0 error:0 in a[0+1]", "a][1]b"),
    ]

    @Test("a process that gives itself a hostile name is named by the whole of it")
    func hostileNames() throws {
        let matcher = try Matcher(try Self.shipped())
        for (message, process) in Self.hostileNames {
            let hits = matcher.hits(in: lines("Nov 21 12:41:14 web1 kernel: \(message)"))
            let names = hits.map { $0.hit.captures.first { $0.name == "process" }?.value }
            #expect(names == [Array(process.utf8)], "\(message)")
        }
    }
}
