// Refusals that a test orders of the sink: a real server's part, with our own on the other side.

/// A reply in place of what the sink would have said, so many times over all connections.
package struct SinkFault: Sendable {
    /// How the command begins, in any case (`RCPT TO:<a@`); `CONNECT` for the greeting, `.` for the end of a message.
    package var command: String
    /// The whole reply (`450 4.2.0 come back later`). 421 ends the connection.
    package var reply: String
    package var times: Int
    /// So many of these commands are answered as ever before.
    package var after: Int
    /// How many of them came.
    package internal(set) var met = 0

    package init(_ command: String, _ reply: String, after: Int = 0, times: Int = .max) {
        (self.command, self.reply, self.after, self.times) = (command, reply, after, times)
    }
}
