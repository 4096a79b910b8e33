// The login.

import Formats
import TestSupport

extension FaultRow {
    private static func offers(_ mechanisms: String) -> [ScriptedPeer.Step] {
        offering("AUTH \(mechanisms)") + [.expect("AUTH ")]
    }

    static let login: [FaultRow] = [
        FaultRow(49, "no AUTH", .person, hello, words: "the server offers no login").login().never("MAIL"),
        FaultRow(50, "PLAIN alone, without TLS", .person, offering("AUTH PLAIN LOGIN"), words: "unprotected")
            .login()
            // The settings refuse this pair; the client must too.
            .with { $0.adjust = { $0.allowPlaintextLogin = false } }
            .never("AUTH", "MAIL"),
        FaultRow(51, "535", .person, offers("PLAIN") + [.say("535 5.7.8 no")], words: "535 5.7.8 no").login()
            .logged("check the account's login and password").never("MAIL"),
        FaultRow(51, "530 to MAIL", .person, hello + toMail + [.say("530 5.7.0 log in")], words: "530 5.7.0 log in")
            .never("RCPT"),
        FaultRow(
            51, "530 after the message", .person,
            hello + toMessage + [.expectMessage, .say("530 5.7.0 log in")], words: "530 5.7.0 log in"
        ).received(1),
        FaultRow(
            52, "454 to AUTH", .otherAccount, offers("PLAIN") + [.say("454 4.7.0 later")], words: "454 4.7.0 later"
        )
        .login().never("MAIL"),
        FaultRow(52, "421 to AUTH", .otherAccount, offers("PLAIN") + [.say("421 4.7.0 bye")], words: "421 4.7.0 bye")
            .login().never("MAIL"),
        FaultRow(
            53, "334 with what is not base64", .later,
            offers("LOGIN") + [.say("334 user name?"), .expect("*"), .say("501 cancelled")], words: "user name?"
        ).login().never("MAIL"),
        FaultRow(
            54, "334 without end", .later,
            offers("LOGIN") + (0..<12).flatMap { _ in [.say("334 VXNlcm5hbWU6"), .expect("")] }
        ).login().never("MAIL"),
        FaultRow(
            55, "SCRAM with another nonce", .person,
            scram { _ in "r=another,s=QSXCR+Q6sek8bf92,i=4096" } + [.expect("*"), .say("501 cancelled")]
        ).login().logged("a wrong password, or another server").never("MAIL"),
        FaultRow(
            55, "SCRAM with 2³¹ iterations", .person,
            scram { "r=\($0)more,s=QSXCR+Q6sek8bf92,i=2147483648" } + [.expect("*"), .say("501 cancelled")]
        ).login().never("MAIL"),
        FaultRow(
            55, "SCRAM with a wrong signature", .person,
            scram { "r=\($0)more,s=QSXCR+Q6sek8bf92,i=4096" }
                + [
                    .expect(""),
                    .say("334 " + Base64.encode(Array("v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".utf8))),
                    .expect("*"), .say("501 cancelled"),
                ]
        ).login().logged("a wrong password, or another server").never("MAIL"),
        FaultRow(
            56, "235 before SCRAM's last message", .person,
            scram { "r=\($0)more,s=QSXCR+Q6sek8bf92,i=4096" } + [.expect(""), .say("235 in")],
            words: "the server said 235 before it proved that it knows the password"
        ).login().never("MAIL"),
        FaultRow(
            58, "EHLO is said once: what the server can do stays known after the login", .delivered,
            offering("SIZE 1000000", "AUTH PLAIN") + plainLogin.suffix(2)
                + [.expect("MAIL FROM:<herald@example.org> SIZE=")] + toMessage.dropFirst() + taken + bye
        ).login(),
    ]

    /// AUTH SCRAM-SHA-256 and the server's first message, by the client's nonce.
    private static func scram(_ first: @escaping @Sendable (String) -> String) -> [ScriptedPeer.Step] {
        offering("AUTH SCRAM-SHA-256") + [
            .answer { line in
                let initial = Base64.decode((line.split(separator: " ").last ?? "").utf8) ?? []
                let nonce = String(decoding: initial, as: UTF8.self).after("r=")
                return "334 " + Base64.encode(Array(first(nonce).utf8))
            }
        ]
    }
}

extension String {
    /// What follows the last `mark`.
    fileprivate func after(_ mark: String) -> String {
        ranges(of: mark).last.map { String(self[$0.upperBound...]) } ?? ""
    }
}
