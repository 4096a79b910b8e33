// Recovery and inhibition count only from the place of the incident: any user can write any text elsewhere.

import Formats
import Records
import Rules
import Testing

@testable import Incidents

@Suite struct VouchingTests {
    /// In what the second line's origin differs from the first's.
    enum Difference: String, CaseIterable, Sendable {
        case none, host, unit, transport, file
        /// One is of the journal, the other of a file.
        case kind
        /// The journals of one host, in two folders.
        case journal

        var origins: (Origin, Origin) {
            var first = Origin(host: "web1", source: self == .file ? "/var/log/a" : "journal")
            first.isJournal = self != .file
            first.transport = first.isJournal ? "syslog" : nil
            first.unit = first.isJournal ? "a.service" : nil
            var second = first
            switch self {
            case .none: break
            case .host: second.host = "web2"
            case .unit: second.unit = "b.service"
            case .transport: second.transport = "kernel"
            case .file, .journal: second.source += "b"
            case .kind: second.isJournal = false
            }
            return (first, second)
        }

        var vouches: Bool { self == .none || self == .journal }
    }

    @Test(arguments: Difference.allCases)
    func `A recovery ends incidents of its own place`(difference: Difference) {
        var clocked = ClockedBook()
        let (place, other) = difference.origins
        let id = clocked.book.join(occurrence("link", place, clocked.now), at: clocked.now)
        clocked.now = clocked.now + .seconds(1)
        let record = Record(source: .journal(""), message: Array("all is well".utf8))
        var sign = RecoverySign(ruleID: "link", record: record, captures: [], localHost: "web1", at: clocked.now)
        sign.origin = other
        #expect(clocked.book.recover(sign, at: clocked.now) == (difference.vouches ? [id] : []))
    }

    @Test(arguments: Difference.allCases)
    func `An incident keeps those of its own place quiet`(difference: Difference) {
        var clocked = ClockedBook()
        let (place, other) = difference.origins
        var down = occurrence("down", place, clocked.now)
        down.rule.inhibits = ["timeout"]
        clocked.book.join(down, at: clocked.now)
        clocked.book.join(occurrence("timeout", other, clocked.now), at: clocked.now)
        let told = clocked.pass(.seconds(100)).compactMap { $0.entries.first?.incident.rule.id }
        #expect(told.sorted() == (difference.vouches ? ["down"] : ["down", "timeout"]))
    }

    private func occurrence(_ rule: String, _ origin: Origin, _ now: Timestamp) -> Occurrence {
        Occurrence(
            rule: RuleFacts(id: rule, severity: .critical, ending: .recovery), groups: [GroupValue("g", "x")],
            title: rule, advice: nil, time: now, origin: origin)
    }
}
