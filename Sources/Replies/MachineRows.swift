// Rows 1 to 9, 12 and 13 of "When not to answer": messages that machines and mailing lists send. RFC 3834 section 2
// asks a responder for most of them; the others are marks that are seen in use.

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
            message.returnPath == .null || message.all("return-path").contains { trim($0).isEmpty || trim($0) == "<>" }
        if null { reasons.append(Reason(1, .refuse, "the envelope sender is <>")) }
    }

    /// Any of several fields; `no` alone, with a comment or with parameters, is a person (RFC 3834 section 5).
    private static func autoSubmitted(_ message: MessageFacts, _ reasons: inout [Reason]) {
        for value in message.all("auto-submitted") {
            let keyword = withoutComments(value).prefix { $0 != ";" }
            if trim(keyword).lowercased() != "no" {
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
        for value in message.all("precedence") {
            let word = trim(withoutComments(value)).lowercased()
            if ["bulk", "list", "junk", "auto_reply"].contains(word) {
                reasons.append(Reason(5, .refuse, "Precedence: \(value)"))
            }
        }
        for value in message.all("x-auto-response-suppress") {
            let words = value.lowercased().split { ",; \t".contains($0) }
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
            if machines.contains(local) || local.hasPrefix("owner-") || local.hasSuffix("-request") {
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
        if message.all("x-apple-action").contains(where: { $0.uppercased().contains("VACATION") }) {
            reasons.append(Reason(12, .refuse, "an automatic message (X-Apple-Action)"))
        }
        if let prefix = AutomaticSubject.prefix(of: message.subject) {
            reasons.append(Reason(12, .refuse, "the subject begins like an automatic message's: \(prefix)"))
        }
        if message.all("x-spam-flag").contains(where: { trim($0).lowercased().hasPrefix("yes") }) {
            reasons.append(Reason(13, .refuse, "X-Spam-Flag: YES"))
        }
        if message.all("x-ignorevacation").contains(where: { trim($0).lowercased() != "no" }) {
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

    /// Without RFC 5322 comments, nested ones too.
    static func withoutComments(_ text: String) -> String {
        var depth = 0
        var out = ""
        var escaped = false
        for character in text {
            if escaped {
                if depth == 0 { out.append(character) }
                escaped = false
                continue
            }
            switch character {
            case "\\": escaped = true
            case "(": depth += 1
            case ")" where depth > 0: depth -= 1
            default: if depth == 0 { out.append(character) }
            }
        }
        return out
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
        let loops = message.all("x-loop").map { MachineRows.trim($0).lowercased() }
        if loops.contains(where: { own.addresses.contains($0) }) {
            reasons.append(Reason(10, .refuse, "our own X-Loop"))
        }
        if let id = message.messageID, let at = id.lastIndex(of: "@") {
            let domain = id[id.index(after: at)...].prefix { $0 != ">" }.lowercased()
            if own.messageIDDomains.contains(domain) {
                reasons.append(Reason(10, .refuse, "a Message-ID of our own making"))
            }
        }
        if history.namesAnswerOfOurs {
            reasons.append(Reason(11, .refuse, "it answers a letter of ours"))
        }
        return reasons
    }
}
