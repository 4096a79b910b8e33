import Formats
import Testing

@testable import Mail

@Suite struct EmailAddressTests {
    @Test(
        "an address that RFC 5321 allows is taken, and written as RFC 5321 has it",
        arguments: [
            ("a@b", "a@b"), ("jane.doe+x@Example.COM", "jane.doe+x@example.com"),
            ("O'Brien-Smith@example.ie", "O'Brien-Smith@example.ie"),
            ("!#$%&'*+-/=?^_`{|}~@d.example", "!#$%&'*+-/=?^_`{|}~@d.example"),
            ("\"john doe\"@example.com", "\"john doe\"@example.com"), ("\"john\"@example.com", "john@example.com"),
            ("\"a> ORCPT=x\"@d", "\"a> ORCPT=x\"@d"), ("\"a\\\"b\\\\c\"@d", "\"a\\\"b\\\\c\"@d"),
            ("\"a\\b\"@d", "ab@d"),
            ("\"a@b\"@c", "\"a@b\"@c"), ("\"a..b\"@c", "\"a..b\"@c"), ("\"\"@c", "\"\"@c"), ("\".\"@c", "\".\"@c"),
            ("a@[192.0.2.1]", "a@[192.0.2.1]"), ("a@[IPV6:2001:DB8::1]", "a@[IPv6:2001:db8::1]"),
            ("用户@例え.テスト", "用户@例え.テスト"), ("josé@bücher.example", "josé@bücher.example"), ("a@1.2.3", "a@1.2.3"),
            ("a@e\u{301}.example", "a@e\u{301}.example"), ("a@नेपाल.example", "a@नेपाल.example"),
        ]) func accepted(text: String, written: String) throws
    {
        let address = try EmailAddress(text)
        #expect(address.text == written)
        #expect(try EmailAddress(address.text) == address)
        #expect(address.isASCII == text.utf8.allSatisfy { $0 < 0x80 })
    }

    @Test(
        "what would break a command, or what RFC 5321 does not allow, is refused",
        arguments: [
            "", "a", "@b", "a@", "a@b@c", "a b@c", " a@b", "a@b ", "a@b\r\nRCPT TO:<x@y>", "a\r@b", "a@b\n", "a\0@b",
            "\"a\r\nb\"@c", "\"a\0\"@c", "<a@b>", "a>@b", "a@b>", "a<@b", "a@b> SIZE=1", ".a@b", "a.@b", "a..b@c",
            "a@.b",
            "a@b.", "a@b..c", "a@-b", "a@b-", "a@b_c", "a@b c", "\"a@b", "\"a\"b@c", "a\"b\"@c", "a@[1.2.3]",
            "a@[300.1.1.1]",
            "a@[IPv6:zz]", "a@[1.2.3.4", "a@[1.2.3.4]x", "a@b,c@d", "a;b@c", "a(x)@b", "a@b(x)", "a\u{7f}@b",
            "a\u{85}@b",
            "a\u{202e}@b", "a@b\u{2028}", "a\u{fffd}@b", "a\u{a0}b@c", "a@b\u{3002}c", "a:b@c", "a\\b@c",
            "a@\u{301}gmail.com", "a@\u{200d}b", "a@\u{fe0f}b", "a@b.\u{5b0}c", "a@\u{903}b", "a@-\u{301}b",
        ]) func refused(text: String)
    {
        #expect(throws: AddressError.self) { try EmailAddress(text) }
    }

    @Test("the limits of RFC 5321 section 4.5.3.1 hold to the octet") func limits() {
        let local = String(repeating: "l", count: 64)
        let label = String(repeating: "d", count: 63)
        #expect(throws: Never.self) { try EmailAddress(local + "@b") }
        #expect(throws: AddressError.self) { try EmailAddress("l" + local + "@b") }
        #expect(throws: Never.self) { try EmailAddress("a@" + label) }
        #expect(throws: AddressError.self) { try EmailAddress("a@" + label + "d") }
        #expect(throws: AddressError.self) { try EmailAddress("\"" + local.dropLast() + "\\\"\"@b") }
        let domain = [label, label, String(label.dropLast())].joined(separator: ".")
        #expect(throws: Never.self) { try EmailAddress(local.dropLast() + "@" + domain + "") }
        #expect(throws: AddressError.self) { try EmailAddress(local + "@" + domain) }
        #expect(throws: AddressError.self) { try EmailAddress(String(repeating: "a", count: 1 << 20) + "@b") }
    }

    @Test("domains compare without case, local parts exactly, quoting by what it means") func equality() throws {
        #expect(try EmailAddress("a@EXAMPLE.com") == EmailAddress("a@example.COM"))
        #expect(try EmailAddress("A@b") != EmailAddress("a@b"))
        #expect(try EmailAddress("\"a\"@b") == EmailAddress("a@b"))
        #expect(try EmailAddress("e\u{301}@b") != EmailAddress("\u{e9}@b"))
        #expect(try Set([EmailAddress("a@B"), EmailAddress("a@b")]).count == 1)
    }

    @Test("what is written is read again as the same address, whatever Unicode does with its case") func roundTrip() {
        let pieces = [
            "a", "B", "9", "-", ".", "..", "\u{212a}", "\u{212b}", "\u{130}", "\u{1e9e}", "\u{3a3}", "\u{301}",
            "\u{200d}",
            "\u{df}", "\"", "\\", " ", "@", "[", "ﬀ", "例", String(repeating: "\u{212a}", count: 64),
            String(repeating: "k", count: 63), String(repeating: "\u{130}", count: 31),
        ]
        var state: UInt64 = 1
        func piece() -> String {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return pieces[Int(state >> 33) % pieces.count]
        }
        var taken = 0
        for round in 0..<20_000 {
            let local = (0..<(1 + round % 4)).map { _ in piece() }.joined()
            let domain = (0..<(1 + round % 3)).map { _ in piece() }.joined()
            for text in ["\(local)@\(domain)", "\"\(local)\"@\(domain)"] {
                guard let address = try? EmailAddress(text) else { continue }
                taken += 1
                #expect((try? EmailAddress(address.text)) == address, "\(text.unicodeScalars.map(\.value))")
            }
        }
        #expect(taken > 1000)
        #expect(throws: AddressError.self) { try EmailAddress("a@" + String(repeating: "\u{212a}", count: 64)) }
    }

    @Test("an error says what is wrong in words") func words() {
        func text(_ address: String) -> String {
            do throws(AddressError) {
                return try EmailAddress(address).text
            } catch {
                return error.description
            }
        }
        #expect(text("a\r@b") == "the address has the character '\\r' where it cannot be")
        #expect(text("jane") == "the address has no domain: expected name@domain")
        #expect(text("a@b..c") == "the address has a dot at an end of one of its parts, or two together")
    }
}
