// Why a session with a server ended before it should have: for the queue, which decides by the flags, and for a person,
// who gets the phase, the words, the likely cause and the remedy.

/// The steps of a session, in the order in which they come.
package enum SessionPhase: String, Hashable, Sendable, CaseIterable {
    case resolve, connect, tls, greeting, hello, startTLS = "STARTTLS", login
    case sender, recipients, data, body, finalReply = "final reply", reset, quit, idle

    /// As a person calls it, on every screen and in the log.
    package var spoken: String {
        switch self {
        case .resolve: "name"
        case .hello: "capabilities"
        case .tls: "TLS"
        case .recipients: "recipient"
        case .body: "message"
        default: rawValue
        }
    }
}

/// A session that failed. No delivery was decided by it: all that were asked for are to be tried again.
package struct SessionFault: Error, Hashable, Sendable, CustomStringConvertible {
    package var phase: SessionPhase
    /// The server's words (beginning with the reply code), or OpenSSL's, or ours; safe to show.
    package var words: String
    package var reaction: Reaction
    /// What it is a case of, where that is known.
    package var diagnosis: Diagnosis?
    /// What it probably is; empty where the words say it all.
    package var likelyCause: String
    /// What to do about it; empty where nothing but waiting helps.
    package var remedy: String
    /// Opportunistic TLS failed (RFC 7435 section 3): the same server may be tried once more without STARTTLS
    /// (`Conversation.Terms.leavesOutTLS`), and remembered for an hour. Never after an attack.
    package var mayRetryPlain = false
    /// The other side said nothing in time.
    package var timedOut = false

    package init(
        _ phase: SessionPhase, _ words: String, _ reaction: Reaction, likelyCause: String = "", remedy: String = ""
    ) {
        self.phase = phase
        self.words = words
        self.reaction = reaction
        self.likelyCause = likelyCause
        self.remedy = remedy
    }

    /// A case that is known; its words give the cause and the remedy.
    package init(
        _ phase: SessionPhase, _ words: String, _ reaction: Reaction, _ diagnosis: Diagnosis, host: String = "",
        detail: String = ""
    ) {
        self.init(phase, words, reaction)
        set(diagnosis, host: host, detail: detail)
    }

    /// Makes it a case that is known, with that one's cause and remedy.
    package mutating func set(_ diagnosis: Diagnosis, host: String = "", detail: String = "") {
        let advice = diagnosis.words(host: host, detail: detail)
        (self.diagnosis, likelyCause, remedy) = (diagnosis, advice.cause, advice.remedy)
    }

    /// T. True of every fault but those that say P.
    package var isTransient: Bool { !reaction.contains(.permanent) }
    /// OP: configuration or login; the account pauses. Never of an MX host's session (`Conversation.Terms.isRelay`).
    package var isAccountFault: Bool { reaction.contains(.tellOperator) }
    /// N: this host or address does not answer as it should; the next account or MX takes over.
    package var isConnectionFault: Bool { reaction.contains(.nextAddress) }
    /// The reply code that the words begin with.
    package var code: Int? { Reply.code(leading: words) }
    /// The enhanced code behind it.
    package var enhanced: EnhancedCode? { Reply.enhanced(leading: words) }

    /// Row 86: whether a connection that was good when it was left is merely gone, so that a new one may do. Not where
    /// the server was silent: it would be waited for twice as long.
    package var isStale: Bool {
        [.idle, .reset, .sender].contains(phase) && reaction.contains(.close) && !isAccountFault && !timedOut
    }

    /// Of the faults of a server's addresses, which says most: an attack or a protection that is not what it should be,
    /// then a server that does not want us, then one that is not reached. The earlier one stands where they are alike.
    package func graver(than other: SessionFault?) -> SessionFault {
        guard let other, other.gravity >= gravity else { return self }
        return other
    }

    private var gravity: Int {
        if diagnosis == .injection { return 4 }
        switch phase {
        case .tls, .startTLS: return 3
        case .greeting, .hello: return 2
        case .connect: return 1
        default: return 0
        }
    }

    /// The same of a host of the recipient's domain (`server: direct`), where no account's settings are at fault.
    package var ofHost: SessionFault {
        var fault = self
        if let remedy = diagnosis?.remedyForHost { fault.remedy = remedy }
        return fault
    }

    /// `login: 535 5.7.8 authentication failed (the password is wrong; check smtp.accounts[].password)`
    package var description: String {
        let more = [likelyCause, remedy].filter { !$0.isEmpty }.joined(separator: "; ")
        return "\(phase.spoken): \(words)" + (more.isEmpty ? "" : " (\(more))")
    }
}
