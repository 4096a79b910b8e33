// The lines of a web server's access log. They are read for their time, and so that it is known what they are: whoever can
// reach the server chooses what stands in them, the request and the user agent word for word.

import Formats

extension LineHeader {
    /// How far the time may stand from the line's start: servers take headers of 8 KiB, and the user's name comes first.
    private static let reach = 16 << 10

    /// `192.0.2.1 - - [21/Nov/2026:12:41:14 +0000] "GET / HTTP/1.1" 200 612`, the common format (Apache's mod_log_config,
    /// nginx' `combined`), with a virtual host before it or whatever behind it. All of it stays message.
    static func access(_ line: LineScanner, _ context: LineContext) -> LineHeader? {
        var spaces = 0
        var scanner = line
        while let byte = scanner.peek(), scanner.at - line.at < reach {
            scanner.at += 1
            if byte == 0x20 { spaces += 1 }
            // The client, who it says it is, the user: a name may have spaces, and brackets.
            guard byte == UInt8(ascii: "["), spaces > 2, scanner.peek(-2) == 0x20 else { continue }
            let start = scanner.at
            if let time = scanner.accessTime(context), scanner.take("] \"") {
                var header = LineHeader()
                (header.time, header.isAccess, header.messageStart) = (time, true, line.at)
                return header
            }
            scanner.at = start
        }
        return nil
    }
}
