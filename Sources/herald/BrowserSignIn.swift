// Signing in with a browser: a listener on loopback for the one request that it comes back with. The browser is on this host,
// or elsewhere and comes through ssh; or the person copies the address that it ended at.

import Authorization
import Formats
import Glibc
import Platform
import SMTPTransport

struct BrowserSignIn {
    private let client: OAuthClient
    private let caFile: String?
    private let listener: Descriptor
    private let port: Int
    private let consent: LoopbackConsent
    /// Connections whose request is not whole yet.
    private var visitors: [Visitor] = []
    /// What was typed so far.
    private var typed: [UInt8] = []

    private struct Visitor {
        let connection: Descriptor
        var bytes: [UInt8] = []
    }

    /// For the whole of it.
    private static let patience = Duration.seconds(900)
    private static let requestLimit = 16 << 10
    private static let visitorLimit = 16

    init(_ client: OAuthClient, caFile: String?, port: Int?) throws(TokenFault) {
        (self.client, self.caFile) = (client, caFile)
        do throws(SystemError) {
            (listener, self.port) = try Self.listen(port ?? 0)
        } catch {
            throw TokenFault(.request, "\(error)", remedy: "use --port with a free one")
        }
        consent = LoopbackConsent(client, port: self.port, random: Randomness.bytes(64))
    }

    private static func listen(_ port: Int) throws(SystemError) -> (Descriptor, Int) {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = Descriptor(owning: try retrying("make a socket") { socket(AF_INET, type, 0) })
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port)).bigEndian
        // Nobody beyond this host.
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(descriptor.number, raw, length) == 0 && Glibc.listen(descriptor.number, 16) == 0
                    ? getsockname(descriptor.number, raw, &length) : -1
            }
        }
        guard code == 0 else { throw SystemError("listen on 127.0.0.1 port", "\(port)") }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    mutating func run(hint: String?) throws(TokenFault) -> TokenReply {
        guard let address = consent.address(hint: hint) else {
            throw TokenFault(
                .request, "the provider has no page to sign in at", remedy: "set oauth's authorization_url")
        }
        let isTyping = isatty(0) == 1
        Terminal.say("Open this address in a browser on this host:\n\n  \(Printable.text(address))\n")
        Terminal.say(
            "With the browser on another computer, first run there:\n\n  ssh -L \(port):127.0.0.1:\(port) "
                + "\(Printable.text(HostNames.full()))\n")
        if isTyping { Terminal.say("Or paste here the address that the browser ends at (it cannot open it then).") }
        Terminal.say("Waiting, for \(Self.patience.phrase) at most …")
        let end = SystemClock.monotonic() + Self.patience
        while true {
            guard let arrival = try next(until: end, isTyping) else {
                throw TokenFault(.codeExpired, "nobody has signed in in time")
            }
            switch arrival {
            case .foreign: continue
            case .failed(let fault): throw fault
            case .code(let code):
                return try TokenReply(
                    TokenFetch.answer(to: consent.tokenRequest(code), caFile: caFile), client.way)
            }
        }
    }

    /// The next request or line that is whole, judged; nil when the time is over.
    private mutating func next(until end: Duration, _ isTyping: Bool) throws(TokenFault) -> LoopbackConsent.Arrival? {
        while true {
            let left = end - SystemClock.monotonic()
            if left <= .zero { return nil }
            var sources = [(number: listener.number, interest: Interest.readable)]
            sources += visitors.map { ($0.connection.number, .readable) }
            if isTyping { sources.append((0, .readable)) }
            let ready = (try? Poller.wait(sources, timeout: left)) ?? []
            for index in ready.reversed() {
                if index == 0 {
                    take()
                } else if index <= visitors.count {
                    if let arrival = hear(index - 1) { return arrival }
                } else if let arrival = try readTyped() {
                    return arrival
                }
            }
        }
    }

    private mutating func take() {
        let number = accept(listener.number, nil, nil)
        guard number >= 0 else { return }
        let connection = Descriptor(owning: number)
        connection.setNonblocking(true)
        if visitors.count >= Self.visitorLimit { visitors.removeFirst() }
        visitors.append(Visitor(connection: connection))
    }

    /// Reads on; judges a request whose head's first line is there.
    private mutating func hear(_ index: Int) -> LoopbackConsent.Arrival? {
        let chunk = (try? visitors[index].connection.read(upTo: 4096)) ?? []
        visitors[index].bytes += chunk
        let visitor = visitors[index]
        guard let end = visitor.bytes.firstRange(ofBytes: "\r\n\r\n".utf8) else {
            if chunk.isEmpty || visitor.bytes.count > Self.requestLimit { visitors.remove(at: index) }
            return nil
        }
        visitors.remove(at: index)
        let words = visitor.bytes[..<end.lowerBound].prefix { $0 != 0x0d }.split(separator: 0x20)
        guard words.count == 3, words[0].elementsEqual("GET".utf8) else {
            Self.answer(visitor.connection, 405, "Nothing is to be had here.")
            return nil
        }
        let arrival = consent.arrived(String(decoding: words[1], as: UTF8.self))
        switch arrival {
        case .code: Self.answer(visitor.connection, 200, "Signed in. You can close this page.")
        case .failed: Self.answer(visitor.connection, 200, "The sign-in failed; the terminal says why.")
        case .foreign: Self.answer(visitor.connection, 404, "Nothing is to be had here.")
        }
        return arrival
    }

    private static func answer(_ connection: Descriptor, _ status: Int, _ words: String) {
        let body = "<!DOCTYPE html><meta charset=utf-8><title>Herald</title><p>\(words)</p>\n"
        let head = [
            "HTTP/1.1 \(status) \(status == 200 ? "OK" : "No")", "Content-Type: text/html; charset=utf-8",
            "Content-Length: \(body.utf8.count)", "Cache-Control: no-store", "Referrer-Policy: no-referrer",
            "Connection: close", "", "",
        ]
        connection.setNonblocking(false)
        try? connection.write(Array((head.joined(separator: "\r\n") + body).utf8))
        // Before it is closed, so that what was sent arrives though not all was read.
        shutdown(connection.number, Int32(SHUT_WR))
    }

    private mutating func readTyped() throws(TokenFault) -> LoopbackConsent.Arrival? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(0, &buffer, buffer.count)
        guard count > 0 else { throw TokenFault(.codeExpired, "the input has ended") }
        typed += buffer.prefix(count)
        guard let end = typed.firstIndex(of: 0x0a) else {
            if typed.count > Self.requestLimit { typed = [] }
            return nil
        }
        let line = String(decoding: typed[..<end], as: UTF8.self)
        typed.removeSubrange(...end)
        let arrival = consent.arrived(line.filter { !$0.isWhitespace })
        if case .foreign = arrival, line.contains(where: { !$0.isWhitespace }) {
            Terminal.say("That is not the address that the browser ended at.")
            return nil
        }
        return arrival
    }
}
