// What Herald reports of itself: every id is known where rules are, so that switching one off is no mistake.

import Formats
import Records
import Rules
import Testing

@testable import Watching

@Suite struct OwnNoticeTests {
    @Test func `Every id is known as one of Herald's own`() {
        let now = Timestamp(seconds: 1_795_262_400)
        var ids: Set<String> = ["herald-pattern-limit", "herald-expect-limit"]
        for source in [Source.file("/var/log/a.log"), .journal("")] {
            for kind in SourceNotice.Kind.allCases {
                let notice = SourceNotice(source, kind, "text")
                if let one = OwnNotice.occurrence(of: notice, localHost: "h", at: now) { ids.insert(one.rule.id) }
            }
            ids.insert(OwnNotice.outage(of: source, "text", localHost: "h", at: now).rule.id)
        }
        ids.insert(OwnNotice.furtherOutages(["text"], localHost: "h", at: now).rule.id)
        ids.insert(OwnNotice.setAside("text", localHost: "h", at: now).rule.id)
        ids.insert(OwnNotice.unreadable(incidents: [1], localHost: "h", at: now).rule.id)
        #expect(ids == Rule.own)
    }
}
