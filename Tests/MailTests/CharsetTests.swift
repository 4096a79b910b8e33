import Formats
import Testing

@testable import Mail

@Suite struct CharsetTests {
    @Test(
        "octets are read by the charset that is named",
        arguments: [
            ("utf-8", "c3a9", "é"), ("UTF8", "efbbbfc3a9", "é"), ("utf-8", "ff41", "\u{fffd}A"),
            ("us-ascii", "41", "A"),
            ("iso-8859-1", "e980", "é€"), ("ISO-8859-15", "a4e9", "€é"), ("windows-1252", "9394", "“”"),
            ("\"cp1252\"", "80", "€"),
            ("iso-8859-2", "a3f3d1bc", "ŁóŃź"), ("windows-1251", "cff0e8", "При"), ("koi8-r", "f0d2", "Пр"),
            ("koi8-u", "a4", "є"),
            ("iso-8859-5", "bfe0", "Пр"), ("iso-8859-7", "c1e1", "Αα"), ("iso-8859-8-i", "f9ec", "של"),
            ("windows-1256", "c7", "ا"),
            ("shift_jis", "93fa967b", "日本"), ("euc-jp", "c6fccbdc", "日本"),
            ("iso-2022-jp", "1b2442467c4b5c1b2842", "日本"),
            ("gb2312", "d6d0", "中"), ("GBK", "d6d0", "中"), ("gb18030", "d6d0", "中"), ("big5", "a4a4", "中"),
            ("ks_c_5601-1987", "b0a1", "가"), ("euc-kr", "b0a1", "가"), ("utf-16be", "00e9", "é"),
            ("utf-16le", "e900", "é"),
            ("utf-16", "fffee900", "é"), ("utf-7", "2b414f6b2d", "é"), ("tis-620", "a1", "ก"), ("macintosh", "8e", "é"),
            ("no-such-charset", "e9", "é"), ("no-such-charset", "c3a9", "é"), ("../../etc/x", "e9", "é"),
            ("", "e9", "é"),
            ("windows-1258", "61", "a"), ("big5-hkscs", "88", "\u{fffd}"),
        ]) func decoding(label: String, octets: String, text: String) throws
    {
        #expect(Charset.decode(try #require(Hex.decode(octets)), label: label) == text)
    }

    @Test(
        "every charset takes every octet without end or crash",
        arguments: [
            "utf-8", "utf-7", "utf-16", "utf-32", "iso-2022-jp", "iso-2022-kr", "iso-2022-cn-ext", "euc-tw", "big5",
            "gb18030", "cp949",
            "cp932", "tcvn", "windows-1258", "ibm1364", "ibm930", "armscii-8", "euc-jisx0213", "unicode",
            "utf-8//translit", "hz",
        ])
    func hostile(label: String) {
        let all = (0..<256).map { UInt8($0) }
        let inputs: [[UInt8]] = [
            all, all.reversed(), all + all.map { $0 ^ 0x1b }, [0x1b], [0xff], [0x1b, 0x24, 0x42, 0x21], [],
        ]
        for bytes in inputs {
            let text = Charset.decode(bytes, label: label)
            #expect(text.utf8.count <= bytes.count * 12 + 100)
        }
    }
}
