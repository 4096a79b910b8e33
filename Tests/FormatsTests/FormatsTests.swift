import Formats
import Testing

@Suite struct FormatsTests {
    @Test("SHA-256 gives the published digests") func sha256() {
        #expect(Hex.encode(SHA256.digest([])) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(
            Hex.encode(SHA256.digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8))
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        for length in [55, 56, 63, 64, 65, 119, 120, 128, 1000] {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
            var piecewise = SHA256()
            for byte in bytes { piecewise.update([byte]) }
            #expect(piecewise.finalize() == SHA256.digest(bytes))
        }
    }

    @Test("HMAC-SHA-256 gives RFC 4231's values") func hmac() {
        #expect(
            Hex.encode(SHA256.authenticate("what do ya want for nothing?".utf8, key: Array("Jefe".utf8)))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            Hex.encode(
                SHA256.authenticate(
                    "Test Using Larger Than Block-Size Key - Hash Key First".utf8,
                    key: Array(repeating: 0xaa, count: 131)))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test("times are written and read as RFC 3339 and RFC 5322 say") func times() {
        let time = Timestamp(seconds: 1_795_264_874)
        #expect(time.rfc3339() == "2026-11-21T12:41:14Z")
        #expect(time.rfc5322(utcOffset: 3600) == "Sat, 21 Nov 2026 13:41:14 +0100")
        for seconds in stride(from: Int64(-70_000_000_000), through: 70_000_000_000, by: 12_345_677) {
            let civil = CivilTime(Timestamp(seconds: seconds))
            #expect(civil.isValid)
            #expect(civil.timestamp() == Timestamp(seconds: seconds))
        }
    }

    @Test("the first and the last point in time can be shown, in every zone")
    func extremeTimes() {
        for microseconds in [Int64.min, .min + 1, -1, 0, .max - 1, .max] {
            let time = Timestamp(microseconds: microseconds)
            for utcOffset in [-50_400, 0, 50_400] {
                let civil = CivilTime(time, utcOffset: utcOffset)
                #expect(civil.isValid)
                #expect(civil.timestamp(utcOffset: utcOffset) == time)
                #expect(!time.rfc5322(utcOffset: utcOffset).isEmpty)
            }
        }
        #expect(Timestamp(microseconds: .min).plain() == "-290308-12-21 19:59:05")
        #expect(CivilTime(year: .max, month: 1, day: 1).weekday >= 0)
        #expect(CivilTime(year: .min, month: 1, day: 1).weekday >= 0)
    }

    @Test("base64 goes there and back, and strict reading refuses damage") func base64() {
        #expect(Base64.encode("foobar".utf8) == "Zm9vYmFy")
        #expect(Base64.encode("fooba".utf8) == "Zm9vYmE=")
        for length in 0..<70 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37) }
            #expect(Base64.decode(Base64.encode(bytes).utf8) == bytes)
        }
        for damaged in ["Zg=", "Zg", "Z", "Zg==Zg==", "Zm9v!", "Zm9v\n", "===="] {
            #expect(Base64.decode(damaged.utf8) == nil, "\(damaged)")
        }
        #expect(Base64.decode("Zm9v\r\nYmE".utf8, ignoringForeign: true) == Array("fooba".utf8))
    }

    @Test("JSON goes there and back") func json() throws {
        let value: JSON = [
            "a": [1, -2, true, nil, "x\n\u{202e}\"\\é😀"], "b": ["c": .double(1.5)], "d": .int(.max),
        ]
        #expect(try JSON.parse(value.text) == value)
        #expect(value.text.contains("\\u202e"))
        #expect(try JSON.parse("\"\\ud83d\\ude00 \\ud83d\"") == "😀 \u{fffd}")
        for bad in ["", "{", "[1,]", "{\"a\"}", "01", "1.", "tru", "\"\n\"", "[] []", "nul", "\"\\x\""] {
            #expect(throws: JSONError.self) { try JSON.parse(bad) }
        }
        let deep = String(repeating: "[", count: 10_000)
        #expect(throws: JSONError.self) { try JSON.parse(deep) }
    }

    @Test("hostile bytes are shown, never passed on") func printable() {
        #expect(Printable.text([0x1b, 0x5b, 0x33, 0x31, 0x6d, 0x41]) == "\\u{1b}[31mA")
        #expect(Printable.text("a\u{202e}b\r\nc") == "a\\u{202e}b\\r\\nc")
        #expect(Printable.text([0xff, 0x41, 0xc3, 0xa9, 0xed, 0xa0, 0x80]) == "\\xffAé\\xed\\xa0\\x80")
        #expect(Printable.text("a\nb", keepingLines: true) == "a\nb")
        #expect(Printable.text("abcdef", limit: 3) == "abc…")
    }

    @Test("durations are read and written as the settings have them") func durations() {
        for (text, ms) in [("90s", 90_000), ("5m", 300_000), ("4h", 14_400_000), ("2d", 172_800_000), ("2500ms", 2500)]
            as [(String, Int64)]
        {
            #expect(Duration(text: text)?.milliseconds == ms)
        }
        for bad in ["5", "", "s", "5 m", "-5m", "5w", "99999999999999999d", "1.5h"] {
            #expect(Duration(text: bad) == nil)
        }
        #expect(Duration.seconds(90).text == "90s")
        #expect(Duration.seconds(7200).text == "2h")
    }

    @Test("the nearest name is offered only when near") func nearest() {
        #expect(NearestName.to("prot", in: ["port", "server"]) == "port")
        #expect(NearestName.to("servr", in: ["port", "server"]) == "server")
        #expect(NearestName.to("banana", in: ["port", "server"]) == nil)
    }
}
