// "Did you mean": near by spelling, or cut short.

import Testing

@testable import Formats

@Suite struct NearestNameTests {
    @Test(
        arguments: [
            ("crit", "critical"), ("emerg", "emergency"), ("warn", "warning"), ("eror", "error"), ("CRIT", "critical"),
            ("al", nil), ("e", nil), ("fatal", nil), ("", nil),
        ] as [(String, String?)])
    func `A name that is near, or that only one begins with, is meant`(name: String, meant: String?) {
        #expect(NearestName.to(name, in: ["emergency", "alert", "critical", "error", "warning"]) == meant)
    }

    @Test func `Of several that begin so none is meant`() {
        #expect(NearestName.to("disk", in: ["disk-failed-badly", "disk-is-full-now"]) == nil)
    }

    @Test func `What is said of it is printable, whatever the names hold`() {
        #expect(NearestName.hint(for: "alerts", in: ["alert\u{1b}s"]) == "; did you mean 'alert\\u{1b}s'?")
        #expect(NearestName.hint(for: "x", in: ["office"], otherwise: ".") == ".")
        #expect(NearestName.hint(for: "x", in: ["office"]).isEmpty)
    }
}
