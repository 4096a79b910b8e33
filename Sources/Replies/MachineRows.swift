// Rows 1 to 9, 12 and 13 of "When not to answer": messages that machines and mailing lists send. RFC 3834 section 2
// asks a responder for most of them; the others are marks that are seen in use.

import Formats
import Mail

enum MachineRows {
    static func reasons(_ message: MessageFacts) -> [Reason] {
        var reasons: [Reason] = []
        nullSender(message, &reasons)
        autoSubmitted(message, &reasons)
        lists(message, &reasons)
        suppressions(message, &reasons)
        reports(message, &reasons)
        senders(message, &reasons)
        unmarked(message, &reasons)
        return reasons
    }

    private static func nullSender(_ message: MessageFacts, _ reasons: inout [Reason]) {
        let null =
            message.returnPath == .null
            || message.marks("return-path").map { words($0) }.contains { $0 == "" || $0 == "<>" }
        if null { reasons.append(Reason(1, .refuse, "the envelope sender is <>")) }
    }

    /// Any of several fields; `no` alone, with a comment or with parameters, is a person (RFC 3834 section 5).
    private static func autoSubmitted(_ message: MessageFacts, _ reasons: inout [Reason]) {
        for value in message.marks("auto-submitted") {
            if words(value, before: UInt8(ascii: ";")) != "no" {
                reasons.append(Reason(2, .refuse, "Auto-Submitted: \(value)"))
            }
        }
    }

    private static func lists(_ message: MessageFacts, _ reasons: inout [Reason]) {
        let list = ["list-id", "list-post", "list-owner", "list-subscribe", "list-help", "list-archive"]
        for name in list where message.has(name) {
            reasons.append(Reason(3, .refuse, "from a mailing list (\(name))"))
        }
        let listed = list.contains { message.has($0) }
        for name in ["list-unsubscribe", "feedback-id"] where message.has(name) && !listed {
            reasons.append(Reason(4, .refuse, "bulk mail (\(name)), and no forwarder rule for it"))
        }
    }

    private static func suppressions(_ message: MessageFacts, _ reasons: inout [Reason]) {
        for value in message.marks("precedence") {
            if ["bulk", "list", "junk", "auto_reply"].contains(words(value)) {
                reasons.append(Reason(5, .refuse, "Precedence: \(value)"))
            }
        }
        for value in message.marks("x-auto-response-suppress") {
            let words = value.loweredASCII.utf8.split { ",; \t".utf8.contains($0) }.map { Octets(String($0) ?? "") }
            if words.contains("all") || words.contains("autoreply") {
                reasons.append(Reason(6, .refuse, "X-Auto-Response-Suppress: \(value)"))
            }
        }
    }

    private static let reportTypes: Set<String> = [
        "multipart/report", "message/delivery-status", "message/disposition-notification", "message/feedback-report",
        "message/global-delivery-status", "message/global-disposition-notification", "message/tracking-status",
    ]

    private static func reports(_ message: MessageFacts, _ reasons: inout [Reason]) {
        if let type = message.types.first(where: { reportTypes.contains($0) }) {
            reasons.append(Reason(7, .refuse, "a report of a mail system (\(type))"))
        }
        if senders(message).contains(where: { $0.local.lowercased() == "mailer-daemon" }) {
            reasons.append(Reason(7, .refuse, "from MAILER-DAEMON"))
        }
    }

    private static let machines: Set<String> = ["mailer-daemon", "listserv", "majordomo", "root", "daemon"]

    private static func senders(_ message: MessageFacts, _ reasons: inout [Reason]) {
        for address in senders(message) {
            let local = address.local.lowercased()
            if machines.contains(local) || local.begins("owner-") || local.ends("-request") {
                reasons.append(Reason(8, .refuse, "from \(address), a machine's address"))
            }
            if AddressKind.isUnanswered(address) {
                reasons.append(Reason(9, .refuse, "from \(address), which takes no answers; no forwarder rule for it"))
            }
        }
    }

    /// Marks of programs that do not say Auto-Submitted.
    private static func unmarked(_ message: MessageFacts, _ reasons: inout [Reason]) {
        for name in [
            "x-ms-exchange-inbox-rules-loop", "x-autoreply", "x-autorespond", "x-autoreply-from", "x-failed-recipients",
        ]
        where message.has(name) {
            reasons.append(Reason(12, .refuse, "an automatic message (\(name))"))
        }
        if message.marks("x-apple-action").contains(where: { $0.loweredASCII.contains("vacation") }) {
            reasons.append(Reason(12, .refuse, "an automatic message (X-Apple-Action)"))
        }
        if let prefix = AutomaticSubject.prefix(of: message.subject) {
            reasons.append(Reason(12, .refuse, "the subject begins like an automatic message's: \(prefix)"))
        }
        if message.marks("x-spam-flag").contains(where: { words($0).text.begins("yes") }) {
            reasons.append(Reason(13, .refuse, "X-Spam-Flag: YES"))
        }
        if message.marks("x-ignorevacation").contains(where: { words($0) != "no" }) {
            reasons.append(Reason(13, .refuse, "X-Ignorevacation"))
        }
    }

    /// From, Sender and the envelope's sender, each once.
    private static func senders(_ message: MessageFacts) -> [EmailAddress] {
        var all = message.from.map(\.address) + message.sender.map(\.address)
        if case .address(let address)? = message.returnPath { all.append(address) }
        var seen: Set<String> = []
        return all.filter { seen.insert($0.key).inserted }
    }

    static func trim(_ text: some StringProtocol) -> String {
        var words = text[...]
        while words.first?.isWhitespace == true { words.removeFirst() }
        while words.last?.isWhitespace == true { words.removeLast() }
        return String(words)
    }

    /// What a field's value says, up to `end`: without RFC 5322 comments, nested ones too, and without white space around
    /// it, ASCII in lower case. Octets, since a mark behind a sign or a word is one Character with it.
    static func words(_ value: String, before end: UInt8? = nil) -> Octets {
        var depth = 0
        var out: [UInt8] = []
        var escaped = false
        for byte in value.loweredASCII.utf8 {
            if escaped {
                if depth == 0 { out.append(byte) }
                escaped = false
                continue
            }
            if byte == end, depth == 0 { break }
            switch byte {
            case UInt8(ascii: "\\"): escaped = true
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")") where depth > 0: depth -= 1
            default: if depth == 0 { out.append(byte) }
            }
        }
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0d).contains($0) }
        while out.last.map(isBlank) == true { out.removeLast() }
        return Octets(String(decoding: out.drop(while: isBlank), as: UTF8.self))
    }
}

extension MessageFacts {
    /// The values of a field that is written for machines, each cut at 1024 octets: what it says stands in the first of
    /// them, and comparing texts costs the square of a run of combining marks.
    func marks(_ name: String) -> [String] {
        all(name).map { $0.utf8.count <= 1024 ? $0 : String(decoding: $0.utf8.prefix(1024), as: UTF8.self) }
    }
}

extension String {
    /// ASCII letters in lower case, everything else as it is.
    var loweredASCII: String {
        String(decoding: utf8.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}

/// Rows 10 and 11: mail of our own, and answers to our answers.
enum OwnRows {
    static func reasons(_ message: MessageFacts, own: OwnIdentity, history: ItemHistory) -> [Reason] {
        var reasons: [Reason] = []
        var senders = message.from.map(\.address) + message.sender.map(\.address)
        if case .address(let address)? = message.returnPath { senders.append(address) }
        if let address = senders.first(where: own.owns) {
            reasons.append(Reason(10, .refuse, "from \(address), an address of ours"))
        }
        let loops = message.marks("x-loop").map { MachineRows.words($0).text }
        if loops.contains(where: { own.addresses.contains($0) }) {
            reasons.append(Reason(10, .refuse, "our own X-Loop"))
        }
        if let id = message.messageID?.loweredASCII.utf8, let at = id.lastIndex(of: UInt8(ascii: "@")) {
            let domain = id[id.index(after: at)...].prefix { $0 != UInt8(ascii: ">") }
            if own.messageIDDomains.contains(where: { $0.utf8.elementsEqual(domain) }) {
                reasons.append(Reason(10, .refuse, "a Message-ID of our own making"))
            }
        }
        if history.namesAnswerOfOurs {
            reasons.append(Reason(11, .refuse, "it answers a letter of ours"))
        }
        return reasons
    }
}
