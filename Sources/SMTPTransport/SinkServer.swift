// An SMTP server that accepts everything on loopback: for `herald sink`, `herald demo`, and tests.

import Formats
import Logging
import Platform
import SMTPProtocol

/// One message that the sink accepted, with what is known about how it came.
package struct SinkMessage: Sendable {
    /// As between < and > of MAIL and RCPT.
    package var sender: String
    package var recipients: [String]
    /// The parameters of MAIL (`SIZE=12 BODY=8BITMIME`).
    package var parameters: String
    /// The name in EHLO.
    package var heloName: String
    /// `TLSv1.3`; nil on a plain connection.
    package var tlsVersion: String?
    /// Who logged in, and how.
    package var login: String?
    package var mechanism: AuthMechanism?
    /// With CRLF, dots unstuffed.
    package var bytes: [UInt8]
    /// Lines that ended with LF alone.
    package var bareLineFeeds: Int
    package var received: Timestamp
}

/// How the sink behaves.
package struct SinkOptions: Sendable {
    package var host = "127.0.0.1"
    /// For plain connections and STARTTLS; 0: any free one; nil: none.
    package var port: Int? = 0
    /// For TLS from the first byte; 0: any free one; nil: none.
    package var tlsPort: Int?
    package var name = "localhost"
    package var offersSTARTTLS = true
    /// Who may log in; empty: AUTH is not offered.
    package var users: [Credentials] = []
    package var requiresLogin = false
    package var maxMessageSize = 64 << 20
    package var maxRecipients = 100
    package var maxConnections = 64
    /// How long a client may be silent.
    package var idleTimeout = Duration.seconds(300)

    package init() {}
}

/// A loopback SMTP server, one thread for each connection, with a certificate of its own making.
package final class SinkServer: Sendable {
    /// 0 where there is none.
    package let port: Int
    package let tlsPort: Int
    /// The certificate authority of the sink's certificate, in PEM: what a client needs as its `caFile`.
    package let authorityPEM: [UInt8]

    /// Listens from now on. `onMessage` is called on the connection's thread before the final 250; what it throws
    /// becomes `451 4.3.0`.
    package init(
        _ options: SinkOptions, log: Logger, onMessage: @escaping @Sendable (SinkMessage) throws -> Void
    ) throws(SystemError) {
        throw SystemError("listen", "not there yet", errno: 38)
    }

    /// Closes all connections and waits for their threads.
    package func stop() {}
}
