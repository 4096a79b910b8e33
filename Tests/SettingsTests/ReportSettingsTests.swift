// Who is told when: the keys of `report` that say how, and the recipients with rules of their own.

import Formats
import Platform
import Testing

@testable import Settings

@Suite struct ReportSettingsTests {
    private func load(_ report: String) -> (Settings?, [String]) {
        let file = ConfigurationFile(path: "t.yaml", bytes: Array("report: {\(report)}\n".utf8))
        let (settings, faults) = Settings.load([file], host: Settings.Host(mailName: "web1.example.org"))
        return (settings, faults.map(\.description))
    }

    @Test func `Holding, heartbeat and the fallback command are read`() throws {
        let (found, faults) = load(
            "to_email: a@example.org, hold: 2m, heartbeat: weekly mon 07:00, fallback_command: [/usr/bin/logger, -p, a b]"
        )
        let report = try #require(found, "\(faults)").report
        #expect(report.hold == .seconds(120))
        #expect(report.heartbeat == HeartbeatTimes(weekday: 1, hour: 7, minute: 0))
        #expect(report.fallbackCommand == ["/usr/bin/logger", "-p", "a b"])
        let plain = try #require(load("to_email: a@example.org").0).report
        #expect(plain.hold == .zero && plain.heartbeat == nil && plain.fallbackCommand.isEmpty)
    }

    @Test(arguments: [
        ("heartbeat: hourly", "daily 07:00"), ("heartbeat: daily 25:00", "daily 07:00"), ("hold: 5", "hold"),
        ("fallback_command: [logger]", "absolute path"),
    ])
    func `What cannot be is named with its place`(report: String, words: String) {
        let (settings, faults) = load("to_email: a@example.org, " + report)
        #expect(settings == nil)
        #expect(faults.contains { $0.hasPrefix("t.yaml:1:") && $0.contains(words) }, "\(faults)")
    }

    @Test(arguments: [
        ("max_per_hour: 5", "'report.to_email' is missing"), ("to: []", "'report.to_email' is missing"),
        ("to: [{email: a@example.org, enabled: false}]", "none of the recipients in 'report.to' is enabled"),
        ("to: [{email: a@example.org, enabled: false}, {email: b@example.org}]", ""),
        ("enabled: false, to: [{email: a@example.org, enabled: false}]", ""),
    ])
    func `That nobody is told is said when the settings are read`(report: String, words: String) {
        let (settings, faults) = load(report)
        #expect(settings != nil)
        #expect(faults.filter { $0.contains("nobody is told") }.allSatisfy { !words.isEmpty && $0.contains(words) })
        #expect(faults.contains { $0.contains("nobody is told") } == !words.isEmpty, "\(faults)")
    }

    @Test(arguments: [
        ("kernel-oops", true), ("postgresql-panic", true), ("postgresql", false), ("nginx-crash", true),
        ("nginx-x", false),
    ])
    func `A recipient hears of the rules that are named, with stars anywhere`(rule: String, wants: Bool) throws {
        let (settings, _) = load("to: [{email: a@example.org, rules: [kernel-oops, 'postgresql-*', '*-crash']}]")
        let recipient = try #require(settings?.report.recipients.first)
        #expect(recipient.wants(rule: rule, severity: .critical) == wants)
        #expect(!recipient.wants(rule: "kernel-oops", severity: .error))
    }
}
