// Filing copies with Dovecot (Tests/Peers/dovecot-imap).

import Formats
import Platform
import SMTPProtocol
import SMTPTransport
import TestSupport
import Testing

/// Left out where the machine cannot run it, unless nothing may be.
private func dovecot() throws -> DovecotPeer {
    do {
        return try DovecotPeer()
    } catch let refusal as TokenPeer.Refused where refusal.isImpossible && !Completeness.isDemanded {
        try Test.cancel("no Dovecot can run here: \(refusal.words)")
    }
}

@Suite struct SentMailboxTests {
    private static let wire = Array(DovecotPeer.marked.utf8)

    private func message(_ id: String) -> [UInt8] {
        Array("From: a@example.org\r\nMessage-ID: <\(id)@x>\r\nSubject: s\r\n\r\n.\r\nbody\r\n".utf8)
    }

    private func mailbox(_ peer: DovecotPeer, _ user: String, isTLS: Bool = true, token: Secret? = nil) -> SentMailbox {
        let name = "\(user)@example.org"
        let login = token.map { Login.token(name: name, $0) } ?? .password(name: name, Secret(peer.password))
        var mailbox = SentMailbox(
            server: ServerAddress(host: "localhost", port: isTLS ? peer.imaps : peer.imap), isTLS: isTLS, login: login)
        mailbox.caFile = peer.authority
        return mailbox
    }

    private func fault(_ body: () throws(FilingFault) -> Void) -> FilingFault? {
        do throws(FilingFault) {
            try body()
            return nil
        } catch { return error }
    }

    @Test(
        "copies are filed and found again, over TLS and STARTTLS, by password and by token; each failure says what it is"
    )
    func all() throws {
        let peer = try dovecot()
        var count = 0
        for isTLS in [true, false] {
            for token in [nil, try peer.token(for: "marked@example.org")] {
                let mailbox = mailbox(peer, "marked", isTLS: isTLS, token: token)
                let folder = try mailbox.findFolder()
                #expect(folder == Self.wire)
                count += 1
                #expect(try !mailbox.has("<\(count)@x>", in: folder))
                try mailbox.append(message("\(count)"), to: folder)
                #expect(try mailbox.has("<\(count)@x>", in: folder))
            }
        }
        let filed = try peer.messages("marked@example.org", DovecotPeer.marked)
        #expect(filed.count == 4)
        // The flag S is \Seen (Maildir); the bytes are the letter's own, with the line ends of files.
        #expect(filed.allSatisfy { $0.file.hasPrefix("cur/") && $0.file.hasSuffix(":2,S") }, "\(filed.map(\.file))")
        #expect(filed.contains { $0.bytes == message("1").filter { $0 != 0x0d } })
        try named(peer)
        try failures(peer)
    }

    private func named(_ peer: DovecotPeer) throws {
        var mailbox = mailbox(peer, "named")
        #expect(fault { () throws(FilingFault) in _ = try mailbox.findFolder() }?.remedy.contains("'folder'") == true)
        mailbox.folder = "Entwürfe & Gesendetes"
        let folder = try mailbox.findFolder()
        #expect(folder == Array(DovecotPeer.named.utf8))
        try mailbox.append(message("n"), to: folder)
        #expect(try mailbox.has("<n@x>", in: folder))
        #expect(try peer.messages("named@example.org", DovecotPeer.named).count == 1)
    }

    private func failures(_ peer: DovecotPeer) throws {
        func check(
            _ mailbox: SentMailbox, _ words: String, _ remedy: String
        ) {
            for isSearch in [false, true] {
                if isSearch, words.contains("Quota") { continue }
                let found = fault { () throws(FilingFault) in
                    if isSearch {
                        _ = try mailbox.has("<1@x>", in: Self.wire)
                    } else {
                        try mailbox.append(message("f"), to: Self.wire)
                    }
                }
                #expect(found?.words.contains(words) == true, "\(String(describing: found))")
                #expect(found?.remedy.contains(remedy) == true, "\(String(describing: found))")
                #expect(found?.concernsAll == true)
                #expect(found?.description.contains(peer.password) == false)
            }
        }
        check(mailbox(peer, "full"), "[OVERQUOTA] Quota exceeded", "the mailbox is full")
        check(mailbox(peer, "bare"), "Mailbox doesn't exist", "folder")
        var wrong = mailbox(peer, "marked")
        wrong.login = .password(name: "marked@example.org", Secret("wrong \"\\ password"))
        check(wrong, "[AUTHENTICATIONFAILED]", "login and password")
        var expired = mailbox(
            peer, "marked", token: try peer.token(for: "marked@example.org", lifetime: .seconds(-600)))
        check(expired, "[AUTHENTICATIONFAILED]", "token")
        expired.mechanism = "XOAUTH2"
        let refused = fault { () throws(FilingFault) in _ = try expired.findFolder() }
        #expect(refused?.isTokenRefused == true)
        var stranger = mailbox(peer, "marked")
        stranger.caFile = nil
        check(stranger, "curl: (60)", "ca_file")
        stranger.caFile = "/nonexistent/ca.pem"
        check(stranger, "curl: (77)", "ca_file")
        var plain = mailbox(peer, "marked")
        plain.server = ServerAddress(host: "localhost", port: peer.imap)
        check(plain, "curl: (35)", "port and security")
        plain.server = ServerAddress(host: "localhost", port: 1)
        check(plain, "curl: (7)", "server and port")
        let odd = fault { () throws(FilingFault) in _ = try mailbox(peer, "marked").has("<a\" b>", in: Self.wire) }
        #expect(odd?.concernsAll == false)
        #expect(!peer.log.contains("Unknown command"))
    }
}
