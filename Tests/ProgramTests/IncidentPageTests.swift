// What `herald incidents show` prints of a sample.

import Formats
import Testing

@testable import herald

@Suite struct IncidentPageTests {
    @Test("a trace stands line by line as it was written, one beside the hit on one line; both are harmless")
    func sample() {
        let sample: JSON = [
            "before": ["ERROR boom\n\tat com.a.B(B.java:1)\n\tat com.a.C(C.java:2)", "a \u{1b}[31mred\r"],
            "text": "FATAL: it broke\n\tat com.z.Z(Z.java:9)\u{202e}", "after": [],
        ]
        let lines = IncidentsCommand.Show.lines(of: sample)
        #expect(
            lines.map(\.text) == [
                "ERROR boom ⏎     at com.a.B(B.java:1) ⏎     at com.a.C(C.java:2)", "a \\u{1b}[31mred\\r",
                "FATAL: it broke",
                "    at com.z.Z(Z.java:9)\\u{202e}",
            ])
        #expect(lines.map(\.isHit) == [false, false, true, true])
        #expect(IncidentsCommand.Show.lines(of: [:]).isEmpty)
    }
}
