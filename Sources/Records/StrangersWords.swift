// What of a message somebody outside chose: a line of an access log is theirs, and of what a web server says of a request,
// the request, the names and the paths in it. No rule is to take such words for the host's own, or whoever can reach the
// server writes its administrator letters.
// Must stay true: what the server says itself, and what a program behind it says, is left as it is; every place stays
// where it was, so that what a pattern captures is read from the message itself.

import Formats
import Glibc

/// What of a message its writer only repeats.
package enum StrangersWords: Equatable, Sendable {
    case none
    /// The message is a line of an access log.
    case all
    /// The message with each byte of theirs made an asterisk.
    case some([UInt8])

    /// Of the message in `range` of `bytes`.
    /// - Parameter isAccess: its header says already that it is of an access log.
    package init(in bytes: [UInt8], _ range: Range<Int>, isAccess: Bool = false) {
        guard !isAccess, bytes.withUnsafeBytes({ Self.isWorthALook(UnsafeRawBufferPointer(rebasing: $0[range])) })
        else {
            self = isAccess ? .all : .none
            return
        }
        let message = LineScanner(bytes, range)
        let first = bytes[range.lowerBound]
        if Self.mayBeAccess(message, first), Self.isAccess(message) {
            self = .all
        } else if first == UInt8(ascii: "[") || first &- 48 < 10, let parts = Self.parts(of: message), !parts.isEmpty {
            self = .some(Self.masked(message, parts))
        } else {
            self = .none
        }
    }

    /// Whether the message could hold any: false for most, at the cost of a look for two bytes.
    package static func mayStand(in message: UnsafeRawBufferPointer) -> Bool {
        guard let base = message.baseAddress, let first = message.first else { return false }
        if first == UInt8(ascii: "[") || first == UInt8(ascii: "{") || first &- 48 < 10 { return true }
        return memchr(base, Int32(UInt8(ascii: "[")), message.count) != nil
            && memchr(base, Int32(UInt8(ascii: "\"")), message.count) != nil
    }

    /// Most messages begin otherwise than a line that is to be looked at: with `[`, `{`, a digit, or a host's name and, two or
    /// three words behind it, the name that nobody gives.
    private static func isWorthALook(_ message: UnsafeRawBufferPointer) -> Bool {
        guard let first = message.first else { return false }
        if first == UInt8(ascii: "[") || first == UInt8(ascii: "{") || first &- 48 < 10 { return true }
        var spaces = 0
        var at = 0
        while at + 1 < message.count, spaces < 3 {
            if message[at] == 0x20 {
                spaces += 1
                let isWord =
                    message[at + 1] == UInt8(ascii: "-") && (at + 2 == message.count || message[at + 2] == 0x20)
                if isWord { return true }
            }
            at += 1
        }
        return false
    }

    // MARK: Programs

    /// Programs whose lines are mostly what somebody outside, or a user, said: names at a login, addresses of letters,
    /// commands, headers.
    private static let repeaters: [(name: [UInt8], isPrefix: Bool)] = [
        "sshd*", "dropbear", "sudo", "su", "doas", "CRON", "audit*", "haproxy", "spamd", "rspamd", "ftpd", "vsftpd",
        "proftpd", "pure-ftpd", "in.tftpd", "in.ftpd", "tftpd", "postfix/smtp*", "postfix/cleanup", "postfix/qmgr",
        "dovecot*", "sieve*", "snoopy*", "ansible*", "logcheck", "fail2ban*", "logger",
    ].map { name in name.hasSuffix("*") ? (Array(name.utf8.dropLast()), true) : (Array(name.utf8), false) }

    /// Whether a program of that name repeats what strangers say.
    package static func isRepeater(_ name: ArraySlice<UInt8>) -> Bool {
        guard !name.isEmpty else { return false }
        return repeaters.contains { $0.isPrefix ? name.starts(with: $0.name) : name.elementsEqual($0.name) }
    }

    /// Whether a header that ends with a syslog tag (`NAME[PID]: `) is of such a program.
    package static func mayBeRepeater(_ header: UnsafeRawBufferPointer) -> Bool {
        var end = header.count
        while end > 0, header[end - 1] == 0x20 || header[end - 1] == 0x3a { end -= 1 }
        if end > 0, header[end - 1] == 0x5d, let open = header[..<end].lastIndex(of: 0x5b) { end = open }
        let start = header[..<end].lastIndex(of: 0x20).map { $0 + 1 } ?? 0
        return isRepeater(Array(header[start..<end])[...])
    }

    // MARK: Lines of access logs

    /// Of an entry of the journal, or behind a syslog tag: they begin with the client, or are objects.
    private static func mayBeAccess(_ message: LineScanner, _ first: UInt8) -> Bool {
        if first == UInt8(ascii: "{") { return true }
        var scanner = message
        // One of the words behind the client is the name that nobody gives: `192.0.2.1 - eve [`.
        for number in 0..<4 {
            guard let word = scanner.word(limit: 255) else { return false }
            if number > 0, word.count == 1, word.first == UInt8(ascii: "-") { return true }
            if number == 0 {
                if !LineHeader.isHost(word) { return false }
                // The stamp of Squid's: seconds and thousandths.
                if word.count == 14, word[word.startIndex + 10] == UInt8(ascii: ".") { return true }
            }
            guard scanner.take(" ") else { return false }
        }
        return false
    }

    private static func isAccess(_ message: LineScanner) -> Bool {
        let context = LineContext(readAt: Timestamp(seconds: 0))
        if message.peek() == UInt8(ascii: "{") {
            return LineHeader.json(message.rest, context: context, depth: 1)?.isAccess ?? false
        }
        return LineHeader.access(message, context) != nil
    }

    // MARK: Lines of error logs

    private static func masked(_ message: LineScanner, _ parts: [Range<Int>]) -> [UInt8] {
        var masked = message.rest
        for part in parts {
            for at in part where masked[at - message.at] != 0x0a { masked[at - message.at] = UInt8(ascii: "*") }
        }
        return masked
    }

    /// In the bytes of the scanner; nil where it is no such line.
    private static func parts(of message: LineScanner) -> [Range<Int>]? {
        var scanner = message
        // Of an entry of the journal the time is the message's.
        if scanner.isoTime(localOffset: 0) != nil { scanner.skipSpaces() }
        return nginx(scanner) ?? apache(message)
    }

    /// nginx, of a request (ngx_http_log_error): `[error] 812#812: *33 open() "PATH" failed (2: No such file or directory),
    /// client: ADDRESS, server: NAME, request: "REQUEST", upstream: "http://NAME/PATH", host: "HOST", referrer: "REFERRER"`.
    /// What a program behind it wrote stands in quotes too: `FastCGI sent in stderr: "PHP message: …"`.
    private static func nginx(_ line: LineScanner) -> [Range<Int>]? {
        var scanner = line
        guard scanner.take("["), scanner.word(limit: 8, until: { $0 == 0x5d }) != nil, scanner.take("] "),
            scanner.number(limit: 10) != nil, scanner.take("#"), scanner.number(limit: 10) != nil, scanner.take(": ")
        else { return nil }
        guard let client = find(", client: ", in: scanner) else { return [] }
        var parts: [Range<Int>] = []
        let own = LineScanner(line.bytes, scanner.at..<client)
        if let first = find("\"", in: own), let last = line.bytes[first..<client].lastIndex(of: UInt8(ascii: "\"")),
            !line.bytes[own.at..<first].suffix(8).elementsEqual("stderr: ".utf8)
        {
            parts.append(first + 1..<max(first + 1, last))
        }
        scanner.at = client
        // The server's own name comes first.
        guard let request = find(", request: \"", in: scanner) else { return parts }
        scanner.at = request + 12
        while let upstream = find(", upstream: \"", in: scanner) {
            parts.append(scanner.at..<upstream)
            scanner.at = upstream + 13
            _ = scanner.word(limit: 128) { $0 <= 0x20 || $0 == 0x22 || $0 == 0x27 || $0 >= 0x7f || $0 == 0x2f }
            if scanner.take("//") {
                let isSocket = scanner.take("unix:")
                _ = scanner.word(limit: 255) {
                    $0 <= 0x20 || $0 == 0x22 || $0 >= 0x7f || $0 == (isSocket ? 0x3a : 0x2f)
                }
                // What ends it, so that a pattern does not go on into the path.
                if scanner.peek() == 0x2f || scanner.peek() == 0x3a { scanner.at += 1 }
            }
        }
        parts.append(scanner.at..<line.end)
        return parts
    }

    /// Modules of Apache that speak of what was asked for.
    private static let modules: Set = [
        "core", "http", "access_compat", "autoindex", "negotiation", "dir", "rewrite", "php", "php7", "cgi", "cgid",
        "authz_core", "authz_host", "authz_user", "auth_basic", "auth_digest", "authn_core", "authn_file",
    ]

    /// Apache, of a request: `[core:error] [pid 812] (2)No such file or directory: [client ADDRESS] AH00132: … PATH, referer:
    /// REFERER`. Behind the number of what happened begins what was asked for: a path, a name in quotes, a request.
    private static func apache(_ line: LineScanner) -> [Range<Int>]? {
        var scanner = line
        guard scanner.take("["), let name = scanner.word(limit: 40, until: { $0 == 0x5d }), scanner.take("] "),
            let colon = name.lastIndex(of: UInt8(ascii: ":")),
            LogLevel.named(name[(colon + 1)...]) != nil
                || name[(colon + 1)...].starts(with: "trace".utf8),
            let client = find("[client ", in: scanner)
        else { return nil }
        scanner.at = client
        var parts: [Range<Int>] = []
        var end = line.end
        if let referer = find(", referer: ", in: scanner) {
            end = referer
            parts.append(referer + 11..<line.end)
        }
        guard modules.contains(name[..<colon].text), let text = find("] ", in: scanner), text + 2 < end else {
            return parts
        }
        scanner = LineScanner(line.bytes, text + 2..<end)
        // What a script says itself has no number of Apache's, or that of its standard error.
        let isNumbered = scanner.peek() == UInt8(ascii: "A") && scanner.peek(1) == UInt8(ascii: "H")
        guard isNumbered ? !line.bytes[scanner.at..<end].starts(with: "AH01215: ".utf8) : scanner.take("script '")
        else {
            return parts
        }
        let starts = [
            find("/", in: scanner), find("'", in: scanner), find("\"", in: scanner),
            find(" in request ", in: scanner).map { $0 + 12 }, find("user ", in: scanner).map { $0 + 5 },
        ]
        if let start = isNumbered ? starts.compactMap({ $0 }).min() : scanner.at, start < end {
            parts.insert(start..<end, at: 0)
        }
        return parts
    }

    /// Where `text` begins in what is left of the line.
    private static func find(_ text: StaticString, in line: LineScanner) -> Int? {
        line.bytes.withUnsafeBytes { all in
            guard let base = all.baseAddress else { return nil }
            let count = text.utf8CodeUnitCount
            var at = line.at
            while at + count <= line.end,
                let found = memchr(base + at, Int32(text.utf8Start.pointee), line.end - at - count + 1)
            {
                if memcmp(found, text.utf8Start, count) == 0 { return UnsafeRawPointer(found) - base }
                at = UnsafeRawPointer(found) - base + 1
            }
            return nil
        }
    }
}
