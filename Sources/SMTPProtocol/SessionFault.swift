// Why a session with a server ended before it should have: for the queue, which decides by the flags, and for a person,
// who gets the phase, the words, the likely cause and the remedy.

/// The steps of a session, in the order in which they come.
package enum SessionPhase: String, Hashable, Sendable, CaseIterable {
    case resolve, connect, tls, greeting, hello, startTLS = "STARTTLS", login
    case sender, recipients, data, body, finalReply = "final reply", reset, quit, idle
}

/// A session that failed. No delivery was decided by it: all that were asked for are to be tried again.
package struct SessionFault: Error, Hashable, Sendable, CustomStringConvertible {
    package var phase: SessionPhase
    /// The server's words (beginning with the reply code), or OpenSSL's, or ours; safe to show.
    package var words: String
    package var reaction: Reaction
    /// What it probably is; empty where the words say it all.
    package var likelyCause: String
    /// What to do about it; empty where nothing but waiting helps.
    package var remedy: String

    package init(
        _ phase: SessionPhase, _ words: String, _ reaction: Reaction, likelyCause: String = "", remedy: String = ""
    ) {
        self.phase = phase
        self.words = words
        self.reaction = reaction
        self.likelyCause = likelyCause
        self.remedy = remedy
    }

    /// T. True of every fault but those that say P.
    package var isTransient: Bool { !reaction.contains(.permanent) }
    /// OP: configuration or login; the account pauses. For an MX host of `server: direct` the caller reads it as N.
    package var isAccountFault: Bool { reaction.contains(.tellOperator) }
    /// N: this host or address does not answer as it should; the next account or MX takes over.
    package var isConnectionFault: Bool { reaction.contains(.nextAddress) }
    /// The reply code that the words begin with.
    package var code: Int? { Reply.code(leading: words) }

    /// `login: 535 5.7.8 authentication failed (the password is wrong; check smtp.accounts[].password)`
    package var description: String {
        let more = [likelyCause, remedy].filter { !$0.isEmpty }.joined(separator: "; ")
        return "\(phase.rawValue): \(words)" + (more.isEmpty ? "" : " (\(more))")
    }
}
