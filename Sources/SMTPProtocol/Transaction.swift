// One mail transaction: what is asked for, and how the replies to a group of commands decide it.

import Formats
import Mail

/// What a transaction is about; the message's bytes stay with the transport.
package struct Transaction: Hashable, Sendable {
    /// RFC 5321 section 4.5.3.1.8: so many every server takes.
    package static let recipientLimit = 100

    package var sender: EmailAddress?
    package var recipients: [EmailAddress]
    /// In octets, as SIZE counts them.
    package var size: Int
    package var hasEightBit: Bool
    /// Whether fields of the header are in UTF-8 (RFC 6532), so that a server must know of SMTPUTF8 whatever the addresses.
    package var needsUTF8: Bool
    package var notify: Envelope.Notify
    package var envelopeID: String?

    /// The first hundred recipients of the envelope, each once.
    ///
    /// - Parameter message: with CRLF, header first.
    package init(_ envelope: Envelope, message: [UInt8]) {
        self.init(
            envelope, size: DotStuffing.size(of: message), hasEightBit: message.contains { $0 >= 0x80 },
            needsUTF8: false)
        needsUTF8 = hasEightBit && Self.hasUTF8Header(message)
    }

    package init(_ envelope: Envelope, size: Int, hasEightBit: Bool, needsUTF8: Bool = false) {
        sender = envelope.sender
        recipients = []
        for recipient in envelope.recipients where !recipients.contains(recipient) {
            if recipients.count < Self.recipientLimit { recipients.append(recipient) }
        }
        self.size = size
        self.hasEightBit = hasEightBit
        self.needsUTF8 = needsUTF8
        notify = envelope.notify
        envelopeID = envelope.envelopeID
    }

    /// Whether something before the first empty line is not ASCII.
    private static func hasUTF8Header(_ message: [UInt8]) -> Bool {
        var lineIsEmpty = true
        for byte in message {
            switch byte {
            case 0x0a:
                if lineIsEmpty { return false }
                lineIsEmpty = true
            case 0x0d: continue
            case 0x80...0xff: return true
            default: lineIsEmpty = false
            }
        }
        return false
    }

    /// The parameters of MAIL for a server that can do `capabilities`.
    ///
    /// - Parameter usesUTF8: whether an address that is named to it is not ASCII.
    func mailParameters(_ capabilities: Capabilities, usesUTF8: Bool) -> [String] {
        var parameters: [String] = []
        if capabilities.offersSize { parameters.append("SIZE=\(size)") }
        if capabilities.eightBitMIME, hasEightBit { parameters.append("BODY=8BITMIME") }
        if capabilities.smtpUTF8, usesUTF8 || needsUTF8 { parameters.append("SMTPUTF8") }
        // RFC 3461 section 4.4: at most 100 characters.
        if capabilities.dsn, let id = envelopeID {
            let text = Command.xtext(id.utf8)
            if !text.isEmpty, text.utf8.count <= 100 { parameters.append("ENVID=\(text)") }
        }
        return parameters
    }

    func recipientParameters(_ capabilities: Capabilities) -> [String] {
        capabilities.dsn && notify == .never ? ["NOTIFY=NEVER"] : []
    }
}

/// The state of a transaction between MAIL and the message. A value of its own, because replies to a pipelined group
/// (RFC 2920) are collected first and judged together.
struct TransactionProgress: Sendable {
    /// What a reply will answer, in the order in which the commands went out.
    enum Expected: Hashable, Sendable {
        case mail
        case rcpt(EmailAddress)
        case data
    }

    let transaction: Transaction
    /// The addresses in the form in which the server is told them: domains in A-labels where those will do.
    let forms: [EmailAddress: EmailAddress]
    var expected: [Expected] = []
    /// Recipients still to be named to the server.
    var unsent: [EmailAddress]
    private(set) var senderWasAccepted = false
    private(set) var accepted: [EmailAddress] = []
    /// Put off to another transaction; without an outcome.
    private(set) var putOff: [EmailAddress] = []
    private(set) var outcomes: [EmailAddress: Outcome] = [:]
    /// Recipients that were refused for the account's sake.
    private(set) var accountRefusals: [EmailAddress: Diagnosis] = [:]

    /// - Parameter asciiDomain: a domain in A-labels; nil where it has none.
    init(_ transaction: Transaction, asciiDomain: (String) -> String?) {
        self.transaction = transaction
        unsent = transaction.recipients
        var forms: [EmailAddress: EmailAddress] = [:]
        for address in transaction.recipients + [transaction.sender].compactMap({ $0 }) where !address.isASCII {
            forms[address] = address.withDomain(asciiDomain)
        }
        self.forms = forms
    }

    /// The address as the server is told it. RFC 6531 section 3.2 leaves U-labels to those who say SMTPUTF8; A-labels
    /// are understood by everyone on the way.
    func form(of address: EmailAddress) -> EmailAddress { forms[address] ?? address }

    /// Whether an address that is still to be named is not ASCII in its form for the server.
    var usesUTF8: Bool {
        let addresses = unsent + [transaction.sender].compactMap { $0 }
        return addresses.contains { !form(of: $0).isASCII }
    }

    /// Recipients about whom nothing is known yet.
    var undecided: [EmailAddress] {
        transaction.recipients.filter { outcomes[$0] == nil && !putOff.contains($0) }
    }

    /// Recipients that the session alone keeps us from naming.
    mutating func refuse(_ recipient: EmailAddress, _ words: String) {
        outcomes[recipient] = .permanent(words)
        unsent.removeAll { $0 == recipient }
    }

    mutating func decide(_ recipients: [EmailAddress], _ outcome: Outcome) {
        for recipient in recipients where outcomes[recipient] == nil { outcomes[recipient] = outcome }
    }

    /// These were refused for the account's sake, if they were refused.
    mutating func blameAccount(_ diagnosis: Diagnosis, for recipients: [EmailAddress]) {
        for recipient in recipients where outcomes[recipient]?.reaction == .permanent {
            accountRefusals[recipient] = diagnosis
        }
    }

    /// MAIL. False when the reply is none that answers it.
    mutating func mailAnswered(_ reply: Reply) -> Bool {
        switch reply.series {
        case 2: senderWasAccepted = true
        case 4: decide(undecided, .transient(reply.text))
        case 5: decide(undecided, .permanent(reply.text))
        default: return false
        }
        return true
    }

    /// RCPT. False when the reply is none that answers it.
    mutating func rcptAnswered(_ recipient: EmailAddress, _ reply: Reply) -> Bool {
        let isFull = reply.code == 452 || reply.code == 552
        switch reply.series {
        case 2: accepted.append(recipient)
        // Section 4.5.3.1.10: too many recipients is 452, and 552 of old servers means the same. The accepted ones go
        // now, the others in a transaction of their own; unless the server says that it is something else.
        case 4 where isFull && !accepted.isEmpty && saysTooMany(reply),
            5 where isFull && !accepted.isEmpty && saysTooMany(reply):
            if senderWasAccepted { putOff.append(recipient) }
        case 4: decide([recipient], .transient(reply.text))
        case 5 where reply.code == 552: decide([recipient], .transient(reply.text))
        case 5: decide([recipient], .permanent(reply.text))
        default: return false
        }
        return true
    }

    private func saysTooMany(_ reply: Reply) -> Bool {
        guard let enhanced = reply.enhanced else { return true }
        return (enhanced.subject, enhanced.detail) == (5, 3) || (enhanced.subject, enhanced.detail) == (0, 0)
    }
}

extension EmailAddress {
    /// With the domain as `form` has it, where that makes all of it ASCII; nil where it does not.
    fileprivate func withDomain(_ form: (String) -> String?) -> EmailAddress? {
        guard local.utf8.allSatisfy({ $0 < 0x80 }), !isLiteral, let ascii = form(domain) else { return nil }
        let localText = String(decoding: text.utf8.dropLast(domain.utf8.count), as: UTF8.self)
        guard let address = try? EmailAddress(localText + ascii), address.isASCII else { return nil }
        return address
    }
}
