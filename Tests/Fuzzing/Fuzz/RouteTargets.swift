// What name servers and web servers say about where mail may go.

import Formats
import MailRouting

@MainActor enum RouteTargets {
    private static let types = DNSType.allCases

    /// An answer to a question that is right as far as its question; then flags, counts and records as they come.
    static func dns(_ input: [UInt8]) {
        guard let name = try? DomainName("www.example.org") else { return }
        _ = DNSAnswer(parsing: input, for: DNSQuestion(name, .mx), id: 0)
        var reader = InputReader(input)
        let question = DNSQuestion(name, types[reader.below(types.count)])
        let (flags, counts) = (reader.bytes(2), reader.bytes(6))
        let head = question.message(id: 1, withEDNS: false)
        let message = [0, 1, 0x80 | (flags.first ?? 0), flags.last ?? 0, 0, 1] + counts + head[12...] + reader.bytes()
        let answer = DNSAnswer(parsing: message, for: question, id: 1)
        let shown = "\(answer.canonical) \(answer.failure ?? "")"
        check(shown.utf8.allSatisfy { (0x20...0x7e).contains($0) }, "not safe to show: \(Printable.text(shown))")
        if answer.failure == nil {
            check(DNSAnswer(parsing: message + [0], for: question, id: 1) == answer, "what follows changes it")
        } else {
            check(!answer.isAuthentic, "a failure that is vouched for")
        }
        for record in answer.records { judge(record) }
        guard question.type == .mx else { return }
        var chance = SystemRandomNumberGenerator()
        if case .hosts(let hosts) = MailHosts.judged(name, mx: answer, own: [name], chance: &chance) {
            check(!hosts.isEmpty && !hosts.contains { $0.name == name }, "hosts: \(hosts)")
        }
    }

    private static func judge(_ record: DNSRecord) {
        switch record {
        case .exchange(_, let name), .alias(let name):
            check(name.wire.count <= 255, "a name of \(name.wire.count) octets")
            if let domain = name.domain { check(DNSName(domain) == name, "\(name) becomes \(domain)") }
        case .address(let address):
            check(IPAddress(text: "\(address)") == address, "\(address) changes by being written")
            _ = address.isPublic
        case .tlsa(let record):
            check(TLSASet.judged([record]) == (record.isUsable ? .usable([record]) : .unusable), "\(record)")
        case .text(let text): _ = STSRecord(parsing: [text])
        case .start: break
        }
    }

    /// A policy says the same after it was written.
    static func sts(_ input: [UInt8]) {
        if let record = STSRecord(parsing: [input]) {
            check(STSRecord(parsing: [Array("v=STSv1; id=\(record.id)".utf8)]) == record, "another id")
        }
        guard let policy = try? STSPolicy(parsing: input) else { return }
        let lines =
            ["version: STSv1", "mode: \(policy.mode.rawValue)", "max_age: \(policy.maximumAge)"]
            + policy.patterns.map { "mx: \($0)" }
        let text = Array(lines.joined(separator: "\r\n").utf8)
        check((try? STSPolicy(parsing: text)) == policy, "a policy changes: \(lines)")
        for pattern in policy.patterns.prefix(20) {
            let host = pattern.hasPrefix("*.") ? "x" + pattern.dropFirst() : pattern
            if let name = try? DomainName(host) { check(policy.covers(name), "\(pattern) does not cover \(name)") }
        }
    }

    /// A name that is one stays the same, and may stand in a command.
    static func domain(_ input: [UInt8]) {
        guard let name = try? DomainName(String(decoding: input, as: UTF8.self)) else { return }
        check((try? DomainName(name.ascii)) == name, "\(name) changes")
        check(DNSName(name).domain == name, "\(name) changes in the DNS")
        check(name.ascii.utf8.allSatisfy { (0x21...0x7e).contains($0) }, "not safe: \(Printable.text(name.ascii))")
    }
}
