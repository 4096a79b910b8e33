// What an SMTP session needs to know, from an account's settings.

import Formats
import SMTPProtocol

/// Where a server listens: a host name, an IPv4 address, or an IPv6 address without brackets.
package struct ServerAddress: Hashable, Sendable, CustomStringConvertible {
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// How long each wait may take (RFC 5321 section 4.5.3.2). A wait for a reply ends when the reply is whole: bytes that
/// trickle do not prolong it.
package struct ServerTimeouts: Hashable, Sendable {
    /// For one TCP connection; also for the TLS handshake.
    package var connect: Duration
    package var greeting: Duration
    /// MAIL, RCPT, and every command that has no figure of its own.
    package var command: Duration
    /// From DATA to 354.
    package var data: Duration
    /// For each block of 64 KiB of the message to be taken.
    package var dataBlock: Duration
    /// From the final dot to its reply.
    package var finalReply: Duration
    /// For the reply to QUIT, which decides nothing.
    package var quit: Duration
    /// From the first byte of a reply to its last: the longest reply that is read, 32 KiB, at 500 bytes a second.
    package var replyCompletion: Duration
    /// Over all, from the first look-up until letters can be sent, whatever the server does in between.
    package var session: Duration
    /// Over all, from MAIL to 354.
    package var transaction: Duration
    /// The message goes out at so many bytes a second at least, one `dataBlock` granted.
    package var minimumRate: Int

    package init(
        connect: Duration = .seconds(30), greeting: Duration = .seconds(300), command: Duration = .seconds(300),
        data: Duration = .seconds(120), dataBlock: Duration = .seconds(180), finalReply: Duration = .seconds(600),
        quit: Duration = .seconds(2), replyCompletion: Duration = .seconds(65), session: Duration = .seconds(600),
        transaction: Duration = .seconds(900), minimumRate: Int = 500
    ) {
        self.connect = connect
        self.greeting = greeting
        self.command = command
        self.data = data
        self.dataBlock = dataBlock
        self.finalReply = finalReply
        self.quit = quit
        self.replyCompletion = replyCompletion
        self.session = session
        self.transaction = transaction
        self.minimumRate = minimumRate
    }
}

/// Asked for each connection, on its thread, which it may block: nothing that proves who we are is kept longer than the
/// login takes. Asked with true when the server has refused the access token: for a fresh one.
package typealias LoginSource = @Sendable (_ isRefused: Bool) throws(SessionFault) -> Login?

/// All that a session needs.
package struct SessionOptions: Sendable {
    package var server: ServerAddress
    /// The server's addresses, in the order in which they are to be tried; nil: the resolver is asked.
    package var addresses: [SocketAddress]?
    package var security: Security
    /// Who vouches for the server, and for which names; without names, for the server's own.
    package var tls: TLSTerms
    /// Nil: nobody logs in.
    package var login: LoginSource?
    /// In order of preference; those that the server does not offer are passed over. Default: `auto`, strongest first.
    package var authMechanisms: [AuthMechanism]
    /// For EHLO: a domain; nil: the connection's own address as a literal (RFC 5321 section 4.1.4).
    package var heloName: String?
    package var timeouts: ServerTimeouts
    /// Whether the login may go over a plain or unverified session.
    package var allowPlaintextLogin: Bool
    /// Whether commands are grouped where the server offers it (RFC 2920).
    package var pipelining: Bool
    /// Whether this is an account's own server, and not an MX host, of which nothing pauses an account.
    package var isRelay = true
    /// Under `opportunistic`, whether DANE or MTA-STS ask for TLS all the same; by what `tls` says.
    package var requiresTLS = false
    /// Under `opportunistic`, whether TLS has failed with this server a short while ago (`SMTPClient.plainBecause`).
    package var leavesOutTLS = false
    /// Where TLS sessions are kept from one connection to the next.
    package var sessions: TLSSessionCache?

    package init(
        server: ServerAddress, security: Security, tls: TLSTerms = TLSTerms(), login: LoginSource? = nil,
        authMechanisms: [AuthMechanism] = AuthMechanism.allCases, heloName: String? = nil,
        timeouts: ServerTimeouts = ServerTimeouts(), allowPlaintextLogin: Bool = false, pipelining: Bool = true
    ) {
        self.server = server
        self.security = security
        self.tls = tls
        self.login = login
        self.authMechanisms = authMechanisms
        self.heloName = heloName
        self.timeouts = timeouts
        self.allowPlaintextLogin = allowPlaintextLogin
        self.pipelining = pipelining
    }
}
