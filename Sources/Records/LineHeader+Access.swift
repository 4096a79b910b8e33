// The lines of a web server's access log. They are read for their time, and so that it is known what they are: whoever can
// reach the server chooses what stands in them, the request and the user agent word for word.
// Must stay true: what an application says of its own faults is no access line. So a time in brackets and a request in
// quotes are asked for, or the members that only access logs have.

import Formats

extension LineHeader {
    /// How far the time may stand from the line's start: servers take headers of 8 KiB, and the user's name comes first.
    private static let reach = 16 << 10

    /// `192.0.2.1 - - [21/Nov/2026:12:41:14 +0000] "GET / HTTP/1.1" 200 612`, the common format (Apache's mod_log_config,
    /// nginx' `combined`), with whatever before the time and behind the request; the time of ISO too, and numbers between the
    /// two. Or a line of Squid's. All of it stays message.
    static func access(_ line: LineScanner, _ context: LineContext) -> LineHeader? {
        if let header = squid(line) { return header }
        var spaces = 0
        var scanner = line
        while let byte = scanner.peek(), scanner.at - line.at < reach {
            scanner.at += 1
            if byte == 0x20 { spaces += 1 }
            // The client, who it says it is, the user: a name may have spaces, and brackets.
            guard byte == UInt8(ascii: "["), scanner.peek(-2) == 0x20 || scanner.at == line.at + 1 else { continue }
            let start = scanner.at
            if let time = scanner.accessTime(context) ?? scanner.isoTime(localOffset: context.utcOffset)?.time,
                scanner.take("] "), isRequest(scanner, isCommon: spaces > 2)
            {
                var header = LineHeader()
                (header.time, header.isAccess, header.messageStart) = (time, true, line.at)
                return header
            }
            scanner.at = start
        }
        return nil
    }

    /// Whether a request in quotes follows, behind up to three numbers (`%D`, `$request_time`) or addresses. In the common format
    /// anything may stand in the quotes: what a client sent that speaks no HTTP.
    static func isRequest(_ rest: LineScanner, isCommon: Bool) -> Bool {
        var scanner = rest
        if isCommon, scanner.peek() == UInt8(ascii: "\"") { return true }
        for _ in 0..<3 where scanner.peek() != UInt8(ascii: "\"") {
            guard let word = scanner.word(limit: 45), word.allSatisfy(isOfNumber), scanner.take(" ") else {
                return false
            }
        }
        return scanner.take("\"") && takeMethod(&scanner)
    }

    /// Of a number or an address.
    private static func isOfNumber(_ byte: UInt8) -> Bool {
        byte &- 48 < 11 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || (byte | 0x20) &- 97 < 6
    }

    /// `GET ` (RFC 9110 section 9; the names of others are of capitals too), and what a target begins with.
    private static func takeMethod(_ scanner: inout LineScanner) -> Bool {
        guard let method = scanner.word(limit: 20, until: { $0 == 0x20 }), method.count > 2,
            method.allSatisfy({ $0 &- 65 < 26 || $0 == 0x5f || $0 == 0x2d }), scanner.take(" ")
        else { return false }
        let target = scanner.peek() ?? 0
        return target == UInt8(ascii: "/") || target == UInt8(ascii: "*") || (target | 0x20) &- 97 < 26
            || target &- 48 < 10
    }

    /// Squid's own format: `1793671867.123    812 192.0.2.1 TCP_MISS/200 4512 GET http://example.org/ - HIER_DIRECT/…`.
    private static func squid(_ line: LineScanner) -> LineHeader? {
        var scanner = line
        guard let seconds = scanner.number(limit: 10), seconds > 100_000_000, scanner.take("."),
            let milliseconds = scanner.digits(3), scanner.skipSpaces() > 0, scanner.number(limit: 12) != nil,
            scanner.take(" "), let client = scanner.word(), isHost(client), scanner.take(" "),
            let result = scanner.word(limit: 64, until: { $0 == 0x2f }),
            result.allSatisfy({ $0 &- 65 < 26 || $0 == 0x5f }), scanner.take("/"), scanner.digits(3) != nil,
            scanner.take(" "), scanner.number(limit: 18) != nil, scanner.take(" ")
        else { return nil }
        var header = LineHeader()
        header.time = Timestamp(microseconds: (Int64(seconds) * 1000 + Int64(milliseconds)) * 1000)
        (header.isAccess, header.messageStart) = (true, line.at)
        return header
    }

    // MARK: JSON

    private static let clients: Set<Octets> = [
        "remote_addr", "remote_ip", "client_ip", "clientip", "ClientAddr", "ClientHost",
    ]
    private static let requests: Set<Octets> = [
        "request", "request_uri", "request_method", "method", "uri", "user_agent", "http_user_agent", "RequestPath",
        "RequestMethod", "httpRequest",
    ]
    private static let answers: Set<Octets> = ["status", "status_code", "response_code", "DownstreamStatus"]

    /// Whether these members are of an access log: Caddy's (`http.log.access`), Traefik's, what nginx' and Apache's formats
    /// are set to, pino-http's. A line that calls itself an error is the application's, though it names the request.
    static func isAccess(_ members: [JSON.Member], priority: UInt8?) -> Bool {
        if let logger = members.first(where: { $0.name.isExactly("logger") })?.value.string,
            logger.isExactly("http.log.access") || logger.begins("http.log.access.")
        {
            return true
        }
        if let priority, priority < 4 { return false }
        func has(_ names: Set<Octets>) -> Bool { members.contains { names.contains(Octets($0.name)) } }
        func isObject(_ name: String) -> Bool {
            members.contains { $0.name.isExactly(name) && $0.value.members != nil }
        }
        let isAnswered = members.contains { answers.contains(Octets($0.name)) && isStatus($0.value) }
        return has(requests) && (isAnswered || has(clients)) || isObject("req") && isObject("res")
    }

    /// RFC 9110 section 15.
    private static func isStatus(_ value: JSON) -> Bool {
        (value.int ?? value.string.flatMap { Int64($0) }).map { (100..<600).contains($0) } ?? false
    }
}
