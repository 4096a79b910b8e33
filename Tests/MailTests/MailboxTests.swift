import Testing

@testable import Mail

@Suite struct MailboxTests {
    @Test(
        "a name is written as atoms, quoted or encoded, whichever it needs",
        arguments: [
            (nil, "a@b"), ("", "a@b"), ("  ", "a@b"), ("Jane Doe", "Jane Doe <a@b>"),
            ("O'Brien-Smith", "O'Brien-Smith <a@b>"),
            ("Doe, Jane", "\"Doe, Jane\" <a@b>"), ("J. Doe", "\"J. Doe\" <a@b>"),
            ("say \"hi\" \\ bye", "\"say \\\"hi\\\" \\\\ bye\" <a@b>"), ("two  spaces", "\"two  spaces\" <a@b>"),
            ("José da Silva", "=?UTF-8?Q?Jos=C3=A9_da_Silva?= <a@b>"), ("李小龙", "=?UTF-8?B?5p2O5bCP6b6Z?= <a@b>"),
            ("=?utf-8?Q?x?=", "=?UTF-8?B?PT91dGYtOD9RP3g/PQ==?= <a@b>"), ("a\r\nBcc: x@y", "\"a Bcc: x@y\" <a@b>"),
            ("nul\0", "nul <a@b>"), ("<x@y>", "\"<x@y>\" <a@b>"),
        ] as [(String?, String)]) func header(name: String?, header: String) throws
    {
        let mailbox = try Mailbox(name, EmailAddress("a@b"))
        #expect(mailbox.header == header)
    }

    @Test(
        "what is written is read again", arguments: ["Jane", "Doe, Jane \"J\" (x) <y>", "Žluťoučký kůň 🐎", "=?a?b?c?="])
    func roundTrip(name: String) throws {
        let mailbox = try Mailbox(name, EmailAddress("\"q s\"@example.com"))
        #expect(AddressList.parse(mailbox.header) == [mailbox])
    }

    @Test("a very long name makes encoded words of at most 75 octets, and survives") func long() throws {
        for name in [String(repeating: "é", count: 500), String(repeating: "x", count: 3000)] {
            let mailbox = try Mailbox(name, EmailAddress("a@b"))
            #expect(mailbox.header.split(separator: " ").allSatisfy { $0.utf8.count <= 75 })
            #expect(AddressList.parse(mailbox.header).first?.name == name)
        }
    }
}
