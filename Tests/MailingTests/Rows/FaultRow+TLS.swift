// TLS, from STARTTLS to what it does in the middle of a message.

import SMTPTransport
import TestSupport

extension FaultRow {
    private static let go = toSTARTTLS + [.say("220 go")]

    static let tls: [FaultRow] = [
        FaultRow(34, "STARTTLS is stripped", .person, hello, words: "does not offer STARTTLS")
            .secured(.starttls).never("AUTH", "MAIL"),
        FaultRow(
            34, "STARTTLS is stripped, opportunistic: on, without a login", .delivered,
            offering("AUTH PLAIN") + toMessage + taken + bye
        )
        .with {
            $0.security = .opportunistic
            $0.adjust = { $0.allowPlaintextLogin = false }
            $0.more = ", login: user, password_file: FOLDER/password, allow_plaintext_login: true"
        },
        FaultRow(
            35, "STARTTLS is offered and refused with 454", .otherAccount, toSTARTTLS + [.say("454 4.7.0 not now")],
            words: "454 4.7.0 not now"
        )
        .secured(.starttls).never("MAIL"),
        FaultRow(
            35, "STARTTLS is offered and not known", .otherAccount, toSTARTTLS + [.say("502 what?")], words: "502 what?"
        )
        .secured(.starttls).never("MAIL"),
        FaultRow(
            36, "bytes behind the reply to STARTTLS", .person,
            toSTARTTLS + [.send(Array("220 go\r\n250 injected\r\n".utf8))], words: "bytes behind the reply to STARTTLS"
        ).secured(.starttls).logged("CVE-2011-0411").never("MAIL"),
        FaultRow(37, "STARTTLS, 220, and gone", .otherAccount, go + [.take(50), .close], words: "closed")
            .secured(.starttls).never("MAIL"),
        FaultRow(
            38, "a handshake that stalls", .otherAccount, go + [.take(50)], words: "no TLS handshake within 150 ms"
        )
        .secured(.starttls).never("MAIL")
        .lasting(.milliseconds(150)) { $0.timeouts.connect = .milliseconds(150) },
        FaultRow(39, "a certificate that has expired", .person, go + [.startTLS(Keys.expired)], words: "expired")
            .secured(.starttls).with { $0.trusted = Keys.expired }.logged("past its time").never("MAIL"),
        FaultRow(40, "a certificate for another name", .person, go + [.startTLS(Keys.otherName)], words: "mismatch")
            .secured(.starttls).with { $0.trusted = Keys.otherName }
            .logged("for another name: mail.example.org").never("MAIL"),
        FaultRow(40, "a certificate that signs itself", .person, go + [.startTLS(Keys.ownAuthority)], words: "self")
            .secured(.starttls).logged("signed by itself").never("MAIL"),
        FaultRow(
            40, "an authority that is not known, and no password for it", .person, go + [.startTLS(Keys.stranger)],
            words: "certificate"
        ).secured(.starttls, ", login: user, password_file: FOLDER/password")
            .with {
                $0.opening =
                    go + [.startTLS(Keys.good), .expect("EHLO"), .say("250-peer"), .say("250 AUTH PLAIN")]
                    + plainLogin.suffix(2)
            }
            .logged("authority is not known here").never("AUTH", "MAIL"),
        FaultRow(
            41, "TLS 1.1 and no more", .person,
            go + [.startTLS(Keys.good, ServerTLS.old)]
        ).secured(.starttls).logged("the server needs an update").never("MAIL"),
        FaultRow(
            41, "a handshake that fails, opportunistic: on, in plain, on a new connection", .delivered,
            go + [.take(50), .close], offering("STARTTLS") + toMessage + taken + bye
        ).with { $0.security = .opportunistic },
        FaultRow(
            42, "capabilities before TLS that are gone under it", .delivered,
            offering("SIZE 10", "STARTTLS") + [.expect("STARTTLS"), .say("220 go"), .startTLS(Keys.good)] + again
                + toMessage + taken + bye
        ).secured(.starttls),
        FaultRow(
            43, "a client's certificate is wanted, and there is none: on", .delivered,
            go + [
                .startTLS(Keys.good, ServerTLS(clientAuthority: Keys.client.authorityPEM, clientMayDecline: true))
            ] + again + toMessage + taken + bye
        ).secured(.starttls),
        FaultRow(
            43, "a client's certificate is wanted, and shown", .delivered,
            go + [.startTLS(Keys.good, ServerTLS(clientAuthority: Keys.client.authorityPEM))] + again + toMessage
                + taken + bye
        ).secured(.starttls, ", client_certificate: FOLDER/client.pem"),
        FaultRow(
            43, "a client's certificate is insisted on, and there is none", .person,
            go + [.startTLS(Keys.good, ServerTLS(clientAuthority: Keys.client.authorityPEM))]
        ).secured(.starttls).logged("the server wants a client certificate").never("MAIL"),
        FaultRow(
            44, "the end without a word of TLS, after 250", .delivered,
            go + [.startTLS(Keys.good)] + again + toMessage + taken + [.cut]
        ).secured(.starttls),
        FaultRow(
            44, "the end without a word of TLS, before DATA", .later,
            go + [.startTLS(Keys.good)] + again + toRecipient + [.cut]
        ).secured(.starttls),
    ]

    static let interjections: [FaultRow] = Interjection.allCases.map { interjection in
        FaultRow(
            45, "\(interjection) in the middle of the message", .delivered,
            go + [.startTLS(Keys.good, ServerTLS(newest: interjection.newest))] + again + toMessage
                + [.tls(interjection)] + taken + bye
        ).secured(.starttls)
    }
}
