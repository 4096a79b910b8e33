import Formats
import Testing

@testable import Mail

@Suite struct MailDateTests {
    @Test("a word that is longer than any of a date's is none of it") func longWord() {
        let long = "nov" + String(repeating: "x", count: 64)
        #expect(MailDate.parse("21 \(long) 2026 12:41:14 +0000") == nil)
        #expect(MailDate.parse("21 Nov 2026 12:41:14 +0000 \(long)") == MailDate.parse("21 Nov 2026 12:41:14 +0000"))
    }

    @Test(
        "dates are read as RFC 5322 has them, and as the world writes them",
        arguments: [
            ("Sat, 21 Nov 2026 12:41:14 +0000", "2026-11-21T12:41:14Z"),
            ("21 Nov 2026 13:41 +0100", "2026-11-21T12:41:00Z"),
            ("Sat, 21 Nov 2026 12:41:14 GMT", "2026-11-21T12:41:14Z"),
            ("Sat, 21 Nov 2026 12:41:14 -0500 (EST)", "2026-11-21T17:41:14Z"),
            ("Sat, 21 Nov 26 12:41:14 EST", "2026-11-21T17:41:14Z"),
            ("Fri, 1 Jan 99 00:00:00 +0000", "1999-01-01T00:00:00Z"),
            ("Sat Nov 21 12:41:14 2026", "2026-11-21T12:41:14Z"),
            ("Sat Nov 21 12:41:14 CET 2026", "2026-11-21T11:41:14Z"),
            ("2026-11-21T12:41:14Z", "2026-11-21T12:41:14Z"), ("2026-11-21 12:41:14 +02:00", "2026-11-21T10:41:14Z"),
            ("2026-11-21T12:41:14.123+02:00", "2026-11-21T10:41:14Z"),
            ("21-Nov-2026 12:41:14 +0000", "2026-11-21T12:41:14Z"),
            ("Saturday, 21 November 2026 12:41:14 PM", "2026-11-21T12:41:14Z"),
            ("(c) Sat, 21 (d) Nov 2026 12:41:14 UT", "2026-11-21T12:41:14Z"),
            ("Sat,21 Nov 2026 12:41:14 +0000", "2026-11-21T12:41:14Z"),
            ("Sat, 21 Nov 2026 12:41:14 GMT+0100", "2026-11-21T11:41:14Z"),
            ("Sat, 21 Nov 2026", "2026-11-21T00:00:00Z"), ("Sat, 21 Nov 2026 23:59:60 +0000", "2026-11-22T00:00:00Z"),
            ("Mon, 21 Nov 2026 12:41:14 XYZ", "2026-11-21T12:41:14Z"), ("21/11/2026 9:05 am", "2026-11-21T09:05:00Z"),
        ]) func accepted(raw: String, time: String)
    {
        #expect(MailDate.parse(raw)?.rfc3339() == time)
    }

    @Test(
        "what is no date is none",
        arguments: [
            "", "yesterday", "Sat, 32 Nov 2026 12:00:00 +0000", "Sat, 30 Feb 2026 12:00:00 +0000",
            "21 Nov 2026 25:00:00", "12:41:14",
            "((((", ":::::", "99999999999999999999 Nov 2026", "21 Nov 99999", "-", "+", "T", "0 Jan 2026",
            "2026-13-01T00:00:00Z",
        ]) func refused(raw: String)
    {
        #expect(MailDate.parse(raw) == nil)
    }
}
