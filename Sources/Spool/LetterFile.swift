// A letter as a file: one line of JSON, LF, and the message's octets. Written by one daemon and read by another that does
// not trust it: reading is strict, and whatever it lets through may be delivered as it is.

import Formats
import Mail

/// The file form of a letter.
package enum LetterFile {
    /// The form's version, in the member `herald-letter`.
    static let version: Int64 = 1
    /// The line of JSON, at most.
    static let headLimit = 1 << 20
    /// Recipients of a letter, at most.
    package static let recipientLimit = 1000
    /// The years 1970 to 9999, in microseconds: further away nothing is waited for, and reckoning goes wrong.
    static let times: ClosedRange<Int64> = 0...253_402_300_799_999_999

    package static func encode(_ letter: Letter) -> [UInt8] {
        let head: JSON = [
            "herald-letter": .int(version),
            "id": .string(letter.id),
            "origin": .string(letter.origin),
            "alias": JSON(letter.alias),
            "sender": JSON(letter.envelope.sender?.text),
            "recipients": .array(letter.envelope.recipients.map { .string($0.text) }),
            "notify": .string(letter.envelope.notify.rawValue),
            "envelope_id": JSON(letter.envelope.envelopeID),
            "priority": .int(Int64(letter.priority.rawValue)),
            "created": .int(letter.created.microseconds),
            "not_before": letter.notBefore.map { .int($0.microseconds) } ?? .null,
            "subject": .string(letter.subject),
            "message_id": .string(letter.messageID),
            "size": .int(Int64(letter.message.count)),
            "sha256": .string(Hex.encode(SHA256.digest(letter.message))),
        ]
        return Array(head.text.utf8) + [0x0a] + letter.message
    }

    /// Throws unless every member is there, of its kind and within bounds, and the message is whole.
    package static func decode(_ bytes: [UInt8]) throws(LetterFileError) -> Letter {
        guard let end = bytes.prefix(headLimit).firstIndex(of: 0x0a) else {
            throw LetterFileError("it does not begin with a line of JSON")
        }
        let head = try LetterHead(bytes[..<end])
        let message = [UInt8](bytes[(end + 1)...])
        let size = try head.integer("size", 0...Int64(Int32.max))
        guard message.count == size else {
            throw LetterFileError("the message has \(message.count) octets where 'size' says \(size)")
        }
        guard try head.string("sha256", limit: 64) == Hex.encode(SHA256.digest(message)) else {
            throw LetterFileError("the message is damaged: its SHA-256 is not what 'sha256' says")
        }
        return try head.letter(message)
    }
}

/// What is wrong with a letter file.
package struct LetterFileError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// The line of JSON, member by member.
private struct LetterHead {
    private let json: JSON

    init(_ bytes: ArraySlice<UInt8>) throws(LetterFileError) {
        do {
            json = try JSON.parse(bytes, maximumDepth: 3)
        } catch {
            throw LetterFileError("its first line is no JSON: \(error)")
        }
        guard let version = json["herald-letter"]?.int else {
            throw LetterFileError("it is no letter: no 'herald-letter'")
        }
        guard version == LetterFile.version else { throw LetterFileError("its version \(version) is unknown") }
        let known: Set<String> = [
            "herald-letter", "id", "origin", "alias", "sender", "recipients", "notify", "envelope_id", "priority",
            "created",
            "not_before", "subject", "message_id", "size", "sha256",
        ]
        var seen: Set<String> = []
        for member in json.members ?? [] {
            guard known.contains(member.name) else { throw fault(Printable.text(member.name, limit: 40), "is unknown") }
            guard seen.insert(member.name).inserted else { throw fault(member.name, "stands twice") }
        }
    }

    func letter(_ message: [UInt8]) throws(LetterFileError) -> Letter {
        guard let created = try time("created") else { throw fault("created", "is null") }
        guard let priority = LetterPriority(rawValue: Int(try integer("priority", 0...3))) else {
            throw fault("priority", "is unknown")
        }
        let messageID = try string("message_id", limit: 900)
        guard HeaderLine.isMessageID(messageID) else { throw fault("message_id", "is no Message-ID") }
        return Letter(
            id: try identifier(), origin: try origin(), alias: try optionalString("alias", limit: 1000),
            envelope: try envelope(), priority: priority, created: created,
            notBefore: try time("not_before"), subject: try string("subject", limit: 100_000), messageID: messageID,
            message: message)
    }

    private func identifier() throws(LetterFileError) -> String {
        let id = try string("id", limit: 32)
        guard Letter.isID(id) else { throw fault("id", "is not 32 hexadecimal digits") }
        return id
    }

    private func origin() throws(LetterFileError) -> String {
        let origin = try string("origin", limit: 32)
        guard !origin.isEmpty, origin.utf8.allSatisfy({ $0 == 0x2d || ($0 >= 0x61 && $0 <= 0x7a) }) else {
            throw fault("origin", "is no name")
        }
        return origin
    }

    private func envelope() throws(LetterFileError) -> Envelope {
        guard let list = json["recipients"]?.array else { throw fault("recipients", "is missing or no list") }
        guard (1...LetterFile.recipientLimit).contains(list.count) else {
            throw fault("recipients", "has \(list.count) where 1 to \(LetterFile.recipientLimit) can be")
        }
        var recipients: [EmailAddress] = []
        for entry in list {
            guard let text = entry.string else { throw fault("recipients", "has an entry that is no text") }
            recipients.append(try address("recipients", text))
        }
        let sender = try optionalString("sender", limit: 4096)
        guard let notify = Envelope.Notify(rawValue: try string("notify", limit: 16)) else {
            throw fault("notify", "is unknown")
        }
        let envelopeID = try optionalString("envelope_id", limit: 100)
        if let envelopeID, envelopeID.isEmpty || !envelopeID.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) {
            throw fault("envelope_id", "has characters that it cannot have")
        }
        return Envelope(
            sender: try sender.map { text throws(LetterFileError) in try address("sender", text) },
            recipients: recipients, notify: notify, envelopeID: envelopeID)
    }

    private func address(_ name: String, _ text: String) throws(LetterFileError) -> EmailAddress {
        do {
            return try EmailAddress(text)
        } catch {
            throw fault(name, "has '\(Printable.text(text, limit: 80))': \(error)")
        }
    }

    func string(_ name: String, limit: Int) throws(LetterFileError) -> String {
        guard let value = try optionalString(name, limit: limit) else { throw fault(name, "is null") }
        return value
    }

    private func optionalString(_ name: String, limit: Int) throws(LetterFileError) -> String? {
        guard let value = json[name] else { throw fault(name, "is missing") }
        if value.isNull { return nil }
        guard let text = value.string else { throw fault(name, "is no text") }
        guard text.utf8.count <= limit else { throw fault(name, "is longer than \(limit) octets") }
        return text
    }

    func integer(_ name: String, _ range: ClosedRange<Int64>) throws(LetterFileError) -> Int64 {
        guard case .int(let number)? = json[name] else { throw fault(name, "is missing or no whole number") }
        guard range.contains(number) else { throw fault(name, "is out of its range") }
        return number
    }

    private func time(_ name: String) throws(LetterFileError) -> Timestamp? {
        if json[name]?.isNull == true { return nil }
        let microseconds = try integer(name, Int64.min...Int64.max)
        guard LetterFile.times.contains(microseconds) else { throw fault(name, "is not in the years 1970 to 9999") }
        return Timestamp(microseconds: microseconds)
    }

    private func fault(_ name: String, _ words: String) -> LetterFileError { LetterFileError("'\(name)' \(words)") }
}
