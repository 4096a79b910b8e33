// Hits for the book, and a clock that the test turns.

import Formats
import Records
import Rules

@testable import Incidents

/// A book with its clock.
struct ClockedBook {
    static let noon = Timestamp(seconds: 1_795_262_400)
    var book: IncidentBook
    var now = noon

    init(_ change: (inout ReportPolicy) -> Void = { _ in }) {
        var policy = ReportPolicy()
        change(&policy)
        book = IncidentBook(policy: policy)
    }

    /// A hit now, or one that is as old as `age`.
    /// - Parameter isAgeTrusted: nil: in the journal it is, in a file not.
    @discardableResult
    mutating func hit(
        _ rule: String = "disk", _ group: String = "a", severity: Severity = .critical, age: Duration = .zero,
        uid: UInt32? = nil, ending: RuleFacts.Ending = .quiet, threshold: Threshold? = nil, inhibits: [String] = [],
        isJournal: Bool = true, isAgeTrusted: Bool? = nil
    ) -> Int64 {
        var facts = RuleFacts(id: rule, severity: severity, ending: ending)
        facts.threshold = threshold
        facts.inhibits = inhibits
        var origin = Origin(host: "web1", source: "journal")
        origin.isJournal = isJournal
        origin.transport = "kernel"
        origin.uid = uid
        var occurrence = Occurrence(
            rule: facts, groups: [GroupValue("g", group)], title: "\(rule) \(group)", advice: nil, time: now - age,
            origin: origin,
            captures: [CapturedValue(name: "disk", value: group)],
            sample: Sample(time: now - age, origin: origin, text: "\(rule) \(group)"))
        occurrence.isAgeTrusted = isAgeTrusted ?? isJournal
        return book.join(occurrence, at: now)
    }

    mutating func recover(
        _ rule: String = "disk", _ group: String? = nil, transport: String = "kernel", age: Duration = .zero,
        isJournal: Bool = true
    ) -> [Int64] {
        let source: Source = isJournal ? .journal("") : .file("journal")
        var sign = RecoverySign(
            ruleID: rule, record: .init(source: source, message: Array("all is well".utf8)), captures: [],
            localHost: "web1", at: now)
        sign.origin.transport = transport
        sign.time = now - age
        if let group { sign.captures = [CapturedValue(name: "disk", value: group)] }
        return book.recover(sign, at: now)
    }

    /// Lets time pass, from one due time to the next, as the watcher does.
    mutating func pass(_ length: Duration) -> [Report] {
        let end = now + length
        var reports = book.due(now)
        while let next = book.nextDue, next <= end {
            now = max(next, now)
            reports += book.due(now)
            guard let after = book.nextDue, after > now else { break }
        }
        now = end
        return reports + book.due(now)
    }
}
