// What makes two hits one incident.

import Formats
import Records
import Rules
import Testing

@testable import Incidents

@Suite struct FingerprintTests {
    private func occurrence(
        _ message: String, unit: String? = "a.service", uid: UInt32? = 0, change: (inout Rule) -> Void = { _ in }
    ) -> Occurrence {
        var rule = Rule(id: "r", title: Template("{message}"), severity: .critical, match: [Pattern("x")])
        change(&rule)
        var record = Record(source: .journal(""), message: Array(message.utf8))
        record.unit = unit
        record.uid = uid
        let hit = Hit(
            rule: rule, record: record, captures: [Capture(name: "disk", value: Array(message.suffix(3).utf8))])
        return Occurrence(hit, localHost: "web1", serial: message, at: Timestamp(seconds: 1_795_262_400))
    }

    @Test func `By default numbers do not matter; unit and user do`() {
        let one = occurrence("process 1 died").fingerprint
        #expect(one == occurrence("process 22 died").fingerprint)
        #expect(one != occurrence("process 1 lives").fingerprint)
        #expect(one != occurrence("process 1 died", unit: "b.service").fingerprint)
        #expect(one != occurrence("process 1 died", uid: 1000).fingerprint)
    }

    @Test func `Grouping by a capture takes its value and nothing else`() {
        let byDisk: (inout Rule) -> Void = { $0.groupBy = ["disk"] }
        #expect(
            occurrence("error on sda", change: byDisk).fingerprint
                == occurrence("quite another on sda", unit: "b", change: byDisk).fingerprint)
        #expect(
            occurrence("error on sda", change: byDisk).fingerprint
                != occurrence("error on sdb", change: byDisk).fingerprint)
    }

    @Test func `Without grouping each hit stands alone`() {
        let never: (inout Rule) -> Void = { $0.neverGroup = true }
        #expect(occurrence("a", change: never).fingerprint != occurrence("b", change: never).fingerprint)
        #expect(occurrence("a", change: never).rule.ending == .event)
    }

    @Test func `The version stands in front, and the form is stable`() {
        let fingerprint = Fingerprint(rule: "r", uid: 7, groups: [GroupValue("host", "web1")])
        #expect(fingerprint.bytes.first == Fingerprint.version)
        #expect(fingerprint.text == "0375d9b29f7aa5ebf3ff513ff77878e5c6")
        #expect(Fingerprint(bytes: fingerprint.bytes) == fingerprint)
        #expect(Fingerprint(bytes: [1, 2]) == nil)
        #expect(
            Fingerprint(rule: "r", uid: nil, groups: [GroupValue("a", [1]), GroupValue("b", [])])
                != Fingerprint(rule: "r", uid: nil, groups: [GroupValue("a", []), GroupValue("b", [1])]))
    }

    @Test(arguments: [-60 * 366 * 86400, 2 * 86400])
    func `Times that cannot be are replaced by that of the reading`(offset: Int64) {
        var record = Record(source: .file("/x"), message: [])
        let now = Timestamp(seconds: 1_795_262_400)
        record.time = now + .seconds(offset)
        let rule = Rule(id: "r", title: Template("t"), severity: .error)
        let occurrence = Occurrence(
            Hit(rule: rule, record: record, captures: []), localHost: "web1", serial: "1", at: now)
        #expect(occurrence.time == now)
    }
}
