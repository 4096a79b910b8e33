// Where the daemons' own log lines go: to journald with their fields when systemd started us, else to standard error.

import Formats
import Glibc
import Logging

/// A swift-log handler. Metadata become journal fields (`HERALD_ACCOUNT=office`) or trailing `account=office`.
package struct DaemonLog: LogHandler {
    package var logLevel: Logger.Level = .info
    package var metadata: Logger.Metadata = [:]
    private let identifier: String
    private let toJournal: Bool

    /// Call once, first in `main`. `identifier` is the program's name.
    package static func bootstrap(identifier: String, level: Logger.Level = .info) {
        let toJournal = standardErrorIsJournal()
        LoggingSystem.bootstrap { _ in
            var handler = DaemonLog(identifier: identifier, toJournal: toJournal)
            handler.logLevel = level
            return handler
        }
    }

    private init(identifier: String, toJournal: Bool) {
        self.identifier = identifier
        self.toJournal = toJournal
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var fields = metadata
        for (key, value) in event.metadata ?? [:] { fields[key] = value }
        let pairs = fields.map { (key: $0.key, value: "\($0.value)") }.sorted { $0.key < $1.key }
        let text = Printable.text("\(event.message)")
        if toJournal, Self.send(text, priority: Self.priority(event.level), identifier, pairs) { return }
        var line = "\(identifier): "
        if event.level >= .warning { line += "\(event.level): " }
        line += text
        for (key, value) in pairs { line += " \(key)=\(Printable.text(value))" }
        line += "\n"
        _ = Array(line.utf8).withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }

    /// sd-daemon(3) priorities.
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    /// JOURNAL_STREAM names the device and inode of standard error when systemd connected it (systemd.exec(5)).
    private static func standardErrorIsJournal() -> Bool {
        guard let stream = Environment["JOURNAL_STREAM"] else { return false }
        var raw = stat()
        guard fstat(2, &raw) == 0 else { return false }
        return stream == "\(raw.st_dev):\(raw.st_ino)"
    }

    /// The journal's native protocol: `NAME=value\n`; our values never hold a newline.
    private static func send(
        _ text: String, priority: Int, _ identifier: String, _ pairs: [(key: String, value: String)]
    ) -> Bool {
        var datagram = "MESSAGE=\(text)\nPRIORITY=\(priority)\nSYSLOG_IDENTIFIER=\(identifier)\n"
        for (key, value) in pairs {
            let name = key.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
            datagram += "HERALD_\(String(name))=\(Printable.text(value))\n"
        }
        return UnixSocket.sendDatagram(Array(datagram.utf8), to: "/run/systemd/journal/socket")
    }
}
