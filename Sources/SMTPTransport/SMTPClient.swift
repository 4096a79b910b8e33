// One connection to a server, used by one thread: the pure Conversation decides, this carries out.

import Formats
import Logging
import Mail
import SMTPProtocol

/// A client of one server: connects, logs in, delivers letters one after the other, quits. Blocks the calling thread,
/// with a deadline on every wait; belongs to one thread.
package final class SMTPClient {
    private let options: SessionOptions
    private let log: Logger

    package init(_ options: SessionOptions, log: Logger) {
        self.options = options
        self.log = log
    }

    /// Whether a letter can be handed to `deliver` without connecting first.
    package private(set) var isConnected = false

    /// The fault that ended the connection, where `deliver` returned outcomes and the connection did not survive.
    package private(set) var lastFault: SessionFault?

    /// Connects, protects the connection and logs in. Does nothing when connected.
    package func connect() throws(SessionFault) {
        throw SessionFault(.connect, "not there yet", .tryAgain)
    }

    /// One transaction. Connects first where there is no connection; a reused connection that the server has meanwhile
    /// closed is replaced once.
    ///
    /// `onDotPending` is called with the accepted recipients directly before the last block of the message goes out;
    /// what it throws keeps the dot from being sent.
    ///
    /// Returns an outcome for each recipient that this transaction decided. Recipients that it does not name were put
    /// off by the server (`452 4.5.3 too many recipients`) or by the limit of 100 in a transaction, while others were
    /// accepted: call again with these at once. Each call decides at least one.
    ///
    /// Throws when nothing at all was decided: all recipients are to be tried again, as the fault's flags say.
    package func deliver(
        _ envelope: Envelope, message: [UInt8], onDotPending: ([EmailAddress]) throws -> Void
    ) throws(SessionFault) -> [EmailAddress: Outcome] {
        throw SessionFault(.connect, "not there yet", .tryAgain)
    }

    /// Says QUIT, waits shortly, closes. Decides nothing.
    package func quit() {}
}
