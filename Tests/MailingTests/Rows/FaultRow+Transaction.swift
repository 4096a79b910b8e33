// MAIL, RCPT and DATA.

import TestSupport

extension FaultRow {
    private static let pipelining = offering("PIPELINING") + toMail + [.expect("RCPT"), .expect("DATA")]

    static let transaction: [FaultRow] = [
        FaultRow(59, "421 to MAIL", .later, hello + toMail + [.say("421 4.3.0 bye"), .close], words: "421 4.3.0 bye")
            .never("RCPT"),
        FaultRow(
            60, "451 to MAIL", .later, hello + toMail + [.say("451 4.3.0 not now")] + bye, words: "451 4.3.0 not now"
        )
        .never("RCPT"),
        FaultRow(60, "550 to MAIL", .refused, hello + toMail + [.say("550 5.1.0 no")] + bye, words: "550 5.1.0 no")
            .never("RCPT"),
        FaultRow(
            61, "larger than SIZE says", .refused, offering("SIZE 100") + bye,
            words: "the server takes 100 at most (5.3.4)"
        )
        .never("MAIL"),
        FaultRow(
            61, "552 for the size", .refused, hello + toMail + [.say("552 5.3.4 too big")] + bye,
            words: "552 5.3.4 too big"),
        FaultRow(
            62, "no SMTPUTF8, and a domain in A-labels is enough", .delivered,
            hello + toMail + [.say("250 ok"), .expect("RCPT TO:<anna@xn--bcher-kva.example>")] + toMessage.dropFirst(3)
                + taken + bye
        ).with { $0.recipient = "anna@b\u{fc}cher.example" },
        FaultRow(
            62, "no SMTPUTF8, and a local part that needs it", .refused, hello + bye,
            words: "needs SMTPUTF8, which the server lacks (5.6.7)"
        )
        .with { $0.recipient = "jos\u{e9}@example.org" }.never("MAIL"),
        FaultRow(
            65, "552 to RCPT", .later, hello + toRecipient + [.say("552 5.2.2 full")] + bye, words: "552 5.2.2 full"
        ).never("DATA"),
        FaultRow(
            67, "551 with another address", .refused,
            hello + toRecipient + [.say("551 5.1.6 try <other@example.net>")] + bye, words: "551 5.1.6 try"
        )
        .never("RCPT TO:<other"),
        FaultRow(
            67, "251 with another address", .delivered,
            hello + toRecipient + [.say("251 will go to <other@example.net>"), .expect("DATA")] + toMessage.suffix(1)
                + taken + bye
        ).never("RCPT TO:<other"),
        FaultRow(
            68, "550 in a group, and gone", .refused,
            pipelining + [.send(Array("250 ok\r\n550 5.1.1 no\r\n".utf8)), .close],
            words: "550 5.1.1 no"),
        FaultRow(
            69, "nobody is taken, and yet 354: a lone dot, and 250 to it means nothing", .refused,
            pipelining + [.send(Array("250 ok\r\n550 5.1.1 no\r\n354 go on\r\n".utf8))] + taken + bye,
            words: "550 5.1.1 no"
        ).received(1),
        FaultRow(
            70, "250 to DATA", .later, hello + toData + [.say("250 taken")], words: "250 taken in answer to DATA"),
        FaultRow(
            70, "354 and at once 250", .later, hello + toData + [.send(Array("354 go on\r\n250 2.0.0 taken\r\n".utf8))],
            words: "250 2.0.0 taken"),
        FaultRow(
            71, "503 to DATA", .refused, hello + toData + [.say("503 5.5.1 what?")] + bye, words: "503 5.5.1 what?"),
        FaultRow(71, "554 to DATA", .refused, hello + toData + [.say("554 5.5.1 no")] + bye, words: "554 5.5.1 no"),
        FaultRow(
            71, "451 to DATA", .later, hello + toData + [.say("451 4.3.0 not now")] + bye, words: "451 4.3.0 not now"),
    ]
}
