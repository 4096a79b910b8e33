// One entry for the systemd journal, by its native protocol.

import Platform

enum JournalEntry {
    /// False when there is no journald to take it.
    static func write(_ message: String, priority: Int, identifier: String) -> Bool {
        let datagram = "MESSAGE=\(message)\nPRIORITY=\(priority)\nSYSLOG_IDENTIFIER=\(identifier)\n"
        return UnixSocket.sendDatagram(Array(datagram.utf8), to: "/run/systemd/journal/socket")
    }
}
