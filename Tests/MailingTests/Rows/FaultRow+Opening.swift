// From the connection to EHLO.

import TestSupport

extension FaultRow {
    static let opening: [FaultRow] = [
        FaultRow(2, "there is no such server", .person, words: "is no domain name").at(.name("mail..example.org")),
        FaultRow(7, "nothing listens", .otherAccount, words: "Connection refused").at(.closedPort),
        FaultRow(8, "SYN is swallowed", .otherAccount, words: "no answer within 150 ms").at(.blackHole)
            .lasting(.milliseconds(150)) { $0.timeouts.connect = .milliseconds(150) },
        FaultRow(9, "no greeting", .otherAccount, [], words: "no answer within 100 ms")
            .lasting(.milliseconds(100)) { $0.timeouts.greeting = .milliseconds(100) },
        FaultRow(
            10, "421 instead of a greeting", .otherAccount, [.say("421 4.3.2 busy"), .close], words: "421 4.3.2 busy"
        )
        .never("EHLO"),
        FaultRow(10, "450 instead of a greeting", .otherAccount, [.say("450 4.3.2 later")], words: "450 4.3.2 later"),
        FaultRow(11, "554 instead of a greeting", .person, [.say("554 5.7.1 go away")], words: "554 5.7.1 go away")
            .never("EHLO"),
        FaultRow(
            12, "a greeting of several lines", .delivered,
            [.say("220-peer"), .say("220-more"), .say("220 end"), .expect("EHLO"), .say("250 peer")] + toMessage + taken
                + bye
        ),
        FaultRow(
            13, "a greeting and at once 421", .otherAccount, [.send(Array("220 peer\r\n421 busy\r\n".utf8)), .close],
            words: "421 busy"),
        FaultRow(
            14, "an empty line before the greeting", .otherAccount, [.send(Array("\r\n220 peer\r\n".utf8))],
            words: "an empty line where a reply should stand"),
        FaultRow(15, "a TLS server on a plain port", .otherAccount, [.startTLS(Keys.good)], words: "no answer within")
            .lasting(.milliseconds(100)) { $0.timeouts.greeting = .milliseconds(100) }
            .logged("if that is so on this port, set security: tls"),
        FaultRow(16, "a plain server on a TLS port", .person, [.say("220 peer")], words: "wrong version number")
            .secured(.tls).logged("set security: starttls").never("EHLO"),
        FaultRow(17, "a reply with a code of four digits", .otherAccount, [.say("2200 x")], words: "not an SMTP reply"),
        FaultRow(17, "a reply with a code of two digits", .otherAccount, [.say("25")], words: "not an SMTP reply"),
        FaultRow(17, "letters for a reply", .otherAccount, [.say("hello there")], words: "not an SMTP reply"),
        FaultRow(18, "one reply with two codes", .otherAccount, [.say("220-a"), .say("554 b")], words: "two codes"),
        FaultRow(
            19, "a reply that ends in the middle", .otherAccount,
            [.say("220 peer"), .expect("EHLO"), .say("250-peer"), .close], words: "closed the connection"),
        FaultRow(
            20, "continuation lines without end", .otherAccount,
            [.send(Array(String(repeating: "220-a\r\n", count: 5000).utf8))], words: "a reply longer than"),
        FaultRow(
            21, "ten megabytes without a line feed", .otherAccount,
            [.send([UInt8](repeating: 0x32, count: 10 << 20))], words: "a reply line longer than"),
        FaultRow(
            22, "a reply that trickles", .otherAccount,
            [.trickle(Array("220 this goes on and on".utf8), every: .milliseconds(20))],
            words: "no answer within 150 ms"
        ).lasting(.milliseconds(150)) { $0.timeouts.greeting = .milliseconds(150) },
        FaultRow(
            23, "lines that end with LF alone", .delivered,
            [.send(Array("220 peer\n".utf8)), .expect("EHLO"), .send(Array("250-peer\n250 HELP\n".utf8))]
                + toMessage + [.expectMessage, .send(Array("250-2.0.0 taken\n250 really\n".utf8))] + bye,
            words: "250 2.0.0 taken / really"
        ).logged("line_end"),
        FaultRow(
            24, "NUL, ESC and broken UTF-8 in a reply", .refused,
            hello + toRecipient + [.send(Array("550 no\u{0}\u{1b}[2J\u{202e}".utf8) + [0xff, 0x0d, 0x0a])] + bye,
            words: #"550 no\u{0}\u{1b}[2J\u{202e}\xff"#),
        FaultRow(
            25, "every reply byte by byte", .delivered,
            [
                .sendBytewise(Array("220-peer\r\n220 end\r\n".utf8)), .expect("EHLO"),
                .sendBytewise(Array("250-peer\r\n250 SIZE 1000000\r\n".utf8)),
                .expect("MAIL FROM:<herald@example.org> SIZE="),
                .sendBytewise(Array("250 2.1.0 ok\r\n".utf8)), .expect("RCPT"), .sendBytewise(Array("250 ok\r\n".utf8)),
                .expect("DATA"), .sendBytewise(Array("354 go on\r\n".utf8)), .expectMessage,
                .sendBytewise(Array("250-2.0.0 taken\r\n250 really\r\n".utf8)),
            ] + bye, words: "250 2.0.0 taken / really"),
        FaultRow(
            26, "a reply that nobody asked for", .later,
            hello + toMail + [.send(Array("250 ok\r\n250 extra\r\n".utf8))], words: "bytes that answer nothing"
        ).never("RCPT"),
        FaultRow(27, "354 where 2xx is due", .later, hello + toMail + [.say("354 go on")], words: "354 go on").never(
            "RCPT"),
        FaultRow(27, "150 where 2xx is due", .later, hello + toRecipient + [.say("150 wait")], words: "150 wait")
            .never("DATA"),
        FaultRow(
            28, "250 with an enhanced code of a refusal", .delivered,
            hello + toMessage + [.expectMessage, .say("250 5.7.1 taken")] + bye, words: "250 5.7.1 taken"),
        FaultRow(
            29, "EHLO is not known", .delivered,
            [.say("220 peer"), .expect("EHLO"), .say("502 what?"), .expect("HELO"), .say("250 peer")] + toMessage
                + taken + bye),
        FaultRow(
            29, "EHLO is not known, and a login is wanted", .person,
            [.say("220 peer"), .expect("EHLO"), .say("500 what?")], words: "500 what?"
        ).login().never("HELO", "MAIL"),
        FaultRow(
            30, "421 to EHLO", .otherAccount, [.say("220 peer"), .expect("EHLO"), .say("421 no")], words: "421 no"),
        FaultRow(
            30, "450 to EHLO", .otherAccount, [.say("220 peer"), .expect("EHLO"), .say("450 no")], words: "450 no"),
        FaultRow(
            31, "capabilities of blanks", .delivered,
            offering(" ", "", "\t", "SIZE 1000000") + [.expect("MAIL FROM:<herald@example.org> SIZE=")]
                + toMessage.dropFirst() + taken + bye),
        FaultRow(
            32, "AUTH in the new form and in the old", .delivered,
            offering("AUTH=LOGIN PLAIN", "AUTH CRAM-MD5 PLAIN") + [.expect("AUTH PLAIN "), .say("235 in")] + toMessage
                + taken + bye
        ).login(plainLogin, ", auth: plain"),
    ]

    /// What is no number of octets is no limit.
    static let sizes: [FaultRow] = ["-1", "99999999999999999999999", "lots", "0", ""].map { size in
        FaultRow(
            33, "SIZE \(size)", .delivered, offering("SIZE \(size)") + toMessage + taken + bye)
    }
}
