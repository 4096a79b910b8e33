import Formats
import Mail
import Testing

@testable import Spool

@Suite struct LetterFileTests {
    static func letter(message: [UInt8] = Array("Subject: x\r\n\r\nHello\r\n".utf8)) throws -> Letter {
        Letter(
            id: "0123456789abcdef0123456789abcdef", origin: "watcher", alias: "Reports \u{202e} \"x\"",
            envelope: Envelope(
                sender: try EmailAddress("herald@host.example"),
                recipients: [try EmailAddress("\"a> b\"@example.com"), try EmailAddress("用户@例え.テスト")], notify: .never,
                envelopeID: "e+1"),
            priority: .critical, created: Timestamp(microseconds: 1_795_264_874_123_456),
            notBefore: Timestamp(microseconds: 7), subject: "Überlauf\n", messageID: "<1@host.example>",
            message: message)
    }

    @Test("a letter comes back as it was") func roundTrip() throws {
        var letter = try Self.letter(message: (0..<2000).map { UInt8(truncatingIfNeeded: $0) })
        #expect(try LetterFile.decode(LetterFile.encode(letter)) == letter)
        letter.alias = nil
        letter.envelope.sender = nil
        letter.envelope.envelopeID = nil
        letter.envelope.notify = .default
        letter.notBefore = nil
        letter.message = []
        #expect(try LetterFile.decode(LetterFile.encode(letter)) == letter)
    }

    @Test("the first line is JSON in ASCII-safe form, and the message follows as it is") func form() throws {
        let bytes = LetterFile.encode(try Self.letter())
        let end = try #require(bytes.firstIndex(of: 0x0a))
        let head = try JSON.parse(bytes[..<end])
        #expect(head["herald-letter"] == 1)
        #expect(head["recipients"] == ["\"a> b\"@example.com", "用户@例え.テスト"])
        #expect(bytes[(end + 1)...].elementsEqual("Subject: x\r\n\r\nHello\r\n".utf8))
    }

    @Test(
        "each fault is an error that names it",
        arguments: [
            ("\"herald-letter\":1", "\"herald-letter\":2", "version 2"), ("\"herald-letter\":1,", "", "no letter"),
            ("0123456789abcdef\",\"origin", "\",\"origin", "'id'"),
            ("0123456789abcdef0123", "0123456789ABCDEF0123", "'id'"),
            ("0123456789abcdef0123456789abcdef", "../../../../../../../../etc/passwd", "'id'"),
            ("\"watcher\"", "\"a/b\"", "'origin'"),
            ("\"watcher\"", "null", "'origin'"),
            ("herald@host.example\"", "herald@host.example\\r\\nRCPT\"", "'sender'"),
            ("\"herald@host.example\"", "7", "'sender'"), ("\"sender\"", "\"Sender\"", "'Sender' is unknown"),
            ("[\"", "[\"a@b> x\",\"", "'recipients'"), ("[\"", "[1,\"", "'recipients'"),
            ("\"recipients\":[", "\"recipients\":[],\"x\":[", "'x'"),
            ("\"never\"", "\"maybe\"", "'notify'"), ("\"e+1\"", "\"e 1\"", "'envelope_id'"),
            ("\"priority\":0", "\"priority\":4", "'priority'"),
            ("\"priority\":0", "\"priority\":0.5", "'priority'"), ("\"created\":1", "\"created\":\"1\",\"y\":1", "'y'"),
            ("\"created\":", "\"created\":99999999999999999999,\"created\":", "'created' stands twice"),
            ("\"not_before\":7", "\"not_before\":\"x\"", "'not_before'"),
            ("\"not_before\":7", "\"not_before\":-1", "'not_before' is not in the years"),
            ("\"not_before\":7", "\"not_before\":253402300800000000", "'not_before' is not in the years"),
            ("1795264874123456", "-9223372036854775808", "'created' is not in the years"),
            ("1795264874123456", "9223372036854775807", "'created' is not in the years"),
            ("1795264874123456", "null", "'created'"),
            ("<1@host.example>", "1@host.example", "'message_id'"), ("\"size\":21", "\"size\":22", "'size'"),
            ("\"size\":21", "\"size\":-1", "'size'"),
            ("Hello", "Hallo", "damaged"), ("Hello\r\n", "Hello\r", "21"), ("{\"", "[\"", "JSON"),
            ("}\n", "}}\n", "JSON"), ("}\n", "} ", "JSON"),
            ("\"subject\":", "\"subject\":\"x\",\"subject\":", "'subject' stands twice"),
        ]) func faults(original: String, replacement: String, words: String) throws
    {
        let text = String(decoding: LetterFile.encode(try Self.letter()), as: UTF8.self)
        let place = try #require(text.firstRange(of: original))
        let damaged = text.replacingCharacters(in: place, with: replacement)
        do throws(LetterFileError) {
            _ = try LetterFile.decode(Array(damaged.utf8))
            Issue.record("decoded")
        } catch {
            #expect(error.description.contains(words), "\(error)")
        }
    }

    @Test("a letter cut anywhere, or with something after it, is refused") func truncation() throws {
        let bytes = LetterFile.encode(try Self.letter())
        for length in 0..<bytes.count {
            #expect(throws: LetterFileError.self) { try LetterFile.decode([UInt8](bytes.prefix(length))) }
        }
        #expect(throws: LetterFileError.self) { try LetterFile.decode(bytes + [0]) }
        #expect(throws: LetterFileError.self) { try LetterFile.decode([UInt8](repeating: 0x5b, count: 2 << 20)) }
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}
