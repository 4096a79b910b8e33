// Passwords from a command and from a credential.

import Formats
import Glibc
import Platform
import SMTPProtocol
import TestSupport
import Testing

@testable import Mailing

@Suite struct PasswordsTests {
    private func read(_ words: String...) throws(SessionFault) -> Secret {
        try Passwords.read(.command(words), of: "account 'a'")
    }

    @Test("a command's first line is the password, whatever follows; no shell reads its words") func command() throws {
        #expect(try read("/bin/printf", "pass word\nmore\n") == Secret("pass word"))
        #expect(try read("/bin/printf", "x\r\n") == Secret("x"))
        #expect(try read("/bin/printf", "%s", "$HOME;`id`") == Secret("$HOME;`id`"))
        #expect(
            try read("/usr/bin/env") == Secret("PATH=/usr/sbin:/usr/bin:/sbin:/bin"), "nothing of ours is inherited")
    }

    @Test(
        "a command that gives none, fails or is none is an account's fault that says which",
        arguments: [
            (["/bin/true"], "gave no password"), (["/bin/printf", "\nsecond\n"], "gave no password"),
            (["/bin/sh", "-c", "echo secret; echo locked >&2; exit 3"], "ended with 3; what it said is not shown"),
            (["/nonexistent/pass"], "/nonexistent/pass cannot be run: is there such a program"),
            (["/usr/bin/head", "-c", "2000000", "/dev/zero"], "wrote more than can be taken"),
        ])
    func faults(_ words: [String], _ expected: String) {
        let fault = #expect(throws: SessionFault.self) { _ = try Passwords.read(.command(words), of: "account 'a'") }
        #expect(fault?.words.contains(expected) == true, "\(String(describing: fault))")
        #expect(fault?.isAccountFault == true && fault?.diagnosis == .passwordUnreadable)
        #expect(fault?.description.contains("secret") == false && fault?.description.contains("locked") == false)
        #expect(fault?.remedy.contains("account 'a'") == true)
    }

    @Test("without systemd's folder there is no credential, and the words say what the unit needs") func credential()
        throws
    {
        try #require(getenv("CREDENTIALS_DIRECTORY") == nil)
        let fault = #expect(throws: SessionFault.self) {
            _ = try Passwords.read(.credential("office"), of: "account 'a'")
        }
        #expect(fault?.words.contains("no credential 'office'") == true)
        #expect(fault?.remedy.contains("LoadCredential=office:FILE") == true)
    }

    @Test("a credential stands for a file in the host's folder of secrets, and for no other of the same name")
    func place() throws {
        let folder = try TemporaryFolder()
        for name in ["office", "secrets_gmail", "gmail"] { try Files.write([], to: folder(name)) }
        for (path, expected) in [
            ("/etc/herald/secrets/office", folder("office")), ("/etc/herald/secrets/gmail", folder("secrets_gmail")),
            ("/etc/herald/secrets/other", "/etc/herald/secrets/other"), ("/etc/ssl/office", "/etc/ssl/office"),
            ("/etc/herald/secrets/../office", "/etc/herald/secrets/../office"), ("office", "office"),
        ] {
            #expect(Passwords.place(of: path, credentials: folder.path) == expected)
            #expect(Passwords.place(of: path, credentials: nil) == path)
        }
    }

    @Test("of a file it is the first line") func file() throws {
        let folder = try TemporaryFolder()
        try Files.write("one\r\ntwo\n".utf8, to: folder("p"))
        #expect(try Passwords.read(.file(folder("p")), of: "account 'a'") == Secret("one"))
        try Files.write("\ntwo\n".utf8, to: folder("p"))
        #expect(throws: SessionFault.self) { _ = try Passwords.read(.file(folder("p")), of: "account 'a'") }
        #expect(throws: SessionFault.self) { _ = try Passwords.read(.file(folder("none")), of: "account 'a'") }
        #expect(throws: SessionFault.self) { _ = try Passwords.read(nil, of: "account 'a'") }
    }
}
