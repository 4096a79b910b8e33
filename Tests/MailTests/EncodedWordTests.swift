import Testing

@testable import Mail

@Suite struct EncodedWordTests {
    @Test(
        "encoded words are read as RFC 2047 says, and as senders write them",
        arguments: [
            ("=?UTF-8?Q?a?=", "a"), ("=?utf-8?q?=C3=A9_x?=", "é x"), ("=?ISO-8859-1?Q?=E9?=", "é"),
            ("=?iso-8859-1?q?a?= =?iso-8859-1?q?b?=", "ab"), ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
            ("x=?utf-8?q?a?=y", "xay"), ("=?utf-8?B?w6k=?=", "é"), ("=?utf-8?B?w6k?=", "é"),
            ("=?utf-8?B?4pyT?=\t=?utf-8?B?4pyT?=", "✓✓"),
            ("=?UTF-8?Q?=C3?= =?UTF-8?Q?=A9?=", "é"), ("=?utf-8*en?q?a?=", "a"),
            ("=?utf-8?q?with space?=", "with space"),
            ("=?utf-8?x?a?=", "=?utf-8?x?a?="), ("=?utf-8?q?no end", "=?utf-8?q?no end"), ("=?", "=?"), ("=", "="),
            ("=?utf-8?q??=", ""), ("=?utf-8?q?=?=", "="), ("=?utf-8?q?=zz?=", "=zz"),
            ("=?utf-8?q?broken =?utf-8?q?b?=", "=?utf-8?q?broken b"),
            ("=?nonsense-1?q?=E9?=", "é"), ("=?koi8-r?B?8NLJ18XU?=", "Привет"),
            ("=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "日本"),
            ("=?gb2312?B?1tDOxA==?=", "中文"), ("=?windows-1252?q?=93x=94?=", "“x”"),
            ("=?utf-8?q?a=0D=0ABcc:_x?=", "a Bcc: x"),
            ("=?utf-8?q?a=00b?=", "a b"), ("plain \u{e9}", "plain é"),
        ]) func decoding(raw: String, text: String)
    {
        #expect(EncodedWord.decode(Array(raw.utf8)) == text)
    }

    @Test("octets that are no UTF-8 outside encoded words are read as Windows-1252") func latin() {
        #expect(EncodedWord.decode([0x4a, 0xfc, 0x72, 0x67, 0x20, 0x80]) == "Jürg €")
    }

    @Test("words are at most 75 octets, each a whole text by itself, and together the text")
    func encoding() throws {
        let texts = [
            "é", String(repeating: "日本語テキスト", count: 40), String(repeating: "a", count: 300) + "é",
            String(repeating: "😀e\u{301}", count: 60), "  leading and trailing  ", "_?= =?x?=", "\u{202e}",
        ]
        for text in texts {
            for room in [30, 60, 69, 75] {
                let words = EncodedWord.encode(text, firstRoom: room, room: 75)
                #expect((words.first?.utf8.count ?? 0) <= room)
                #expect(words.allSatisfy { $0.utf8.count <= 75 })
                for word in words { #expect(!EncodedWord.decode(Array(word.utf8)).contains("\u{fffd}")) }
                #expect(EncodedWord.decode(Array(words.joined(separator: " ").utf8)) == text)
            }
        }
    }

    @Test("the shorter of Q and B is taken") func choice() {
        #expect(EncodedWord.encode("Die Grüße stehen hier").first?.hasPrefix("=?UTF-8?Q?") == true)
        #expect(EncodedWord.encode("日本語").first?.hasPrefix("=?UTF-8?B?") == true)
    }
}
