// Questions to the host's name servers: each is asked in turn, twice at most. Blocks the thread that asks, for at most as
// long as `Resolver.patience`.

import Formats
import Glibc
import MailRouting
import Platform

package struct Resolver: Sendable {
    private let servers: NameServers
    /// How long a server is waited for the first and the second time.
    private let waits: [Duration]
    /// For one question in all.
    private let patience: Duration

    /// The name servers of the host; resolv.conf is read now.
    package init() { self.init(NameServers.system()) }

    package init(
        _ servers: NameServers, waits: [Duration] = [.seconds(3), .seconds(6)], patience: Duration = .seconds(20)
    ) {
        self.servers = servers
        self.waits = waits
        self.patience = patience
    }

    /// The answer. `isAuthentic` only where every server is on this host: otherwise the word is worth nothing, whichever
    /// of them gave it. A server that fails leaves it to the next one.
    package func answer(_ question: DNSQuestion) -> DNSAnswer {
        let end = SystemClock.monotonic() + patience
        var words = "no name server is configured (/etc/resolv.conf)"
        for wait in waits {
            for server in servers.addresses {
                let now = SystemClock.monotonic()
                guard now < end else { return DNSAnswer(.failed(words)) }
                do throws(DNSExchangeFault) {
                    var answer = try ask(server, question, until: min(end, now + wait))
                    if !servers.foreign.isEmpty { answer.isAuthentic = false }
                    guard let failure = answer.failure else { return answer }
                    words = failure
                } catch {
                    words = "the name server \(error.words)"
                }
            }
        }
        return DNSAnswer(.failed(words))
    }

    private func ask(
        _ server: SocketAddress, _ question: DNSQuestion, until end: Duration
    ) throws(DNSExchangeFault) -> DNSAnswer {
        let exchange = DNSExchange(server, until: end)
        let (id, message) = try exchanged(exchange, question, withEDNS: true)
        // Some small forwarders do not know EDNS (RFC 6891 section 7).
        guard DNSAnswer.responseCode(of: message) == 1 else {
            return DNSAnswer(parsing: message, for: question, id: id)
        }
        let (second, plain) = try exchanged(exchange, question, withEDNS: false)
        return DNSAnswer(parsing: plain, for: question, id: second)
    }

    /// By UDP, and by TCP where that is cut off.
    private func exchanged(
        _ exchange: DNSExchange, _ question: DNSQuestion, withEDNS: Bool
    ) throws(DNSExchangeFault) -> (id: UInt16, message: [UInt8]) {
        let id = Randomness.bytes(2).reduce(UInt16(0)) { $0 << 8 | UInt16($1) }
        let message = question.message(id: id, withEDNS: withEDNS)
        guard !servers.usesTCP else { return (id, try exchange.byTCP(message)) }
        let answer = try exchange.byUDP(message) { DNSAnswer.isAnswer($0, to: question, id: id) }
        return (id, DNSAnswer.isCutOff(answer) ? try exchange.byTCP(message) : answer)
    }
}

extension Resolver {
    /// Whether DANE can be had here.
    package enum Validation: Hashable, Sendable {
        case on
        /// Why not, and what to do; or why that could not be found out.
        case off(String)
    }

    /// Whether the name servers are on this host and check signatures: they are asked for names that are signed. One that
    /// knows only some zones fails for the first, and may yet vouch for the second; that it fails for both says nothing of
    /// what it does with those that it knows. Blocks as `answer`, twice.
    package func validation(of name: DNSName = .root, or other: DNSName = .org) -> Validation {
        let remedy = "a validating name server on this host, such as unbound, turns it on"
        let foreign = servers.foreign.map(\.text).joined(separator: ", ")
        guard foreign.isEmpty else {
            return .off("DANE is off: the name server \(foreign) is not on this host (/etc/resolv.conf); \(remedy)")
        }
        var failure: String?
        var hasAnswered = false
        for name in [name, other] {
            let answer = answer(DNSQuestion(name, .soa))
            if answer.failure == nil, answer.isAuthentic { return .on }
            if answer.content == .noName { continue }
            failure = failure ?? answer.failure
            hasAnswered = hasAnswered || answer.failure == nil
        }
        guard hasAnswered else {
            let why = failure ?? "the name server knows neither '\(name)' nor '\(other)'"
            return .off("DANE may be off, which could not be found out: \(why)")
        }
        return .off("DANE is off: the name server on this host does not check signatures (DNSSEC); \(remedy)")
    }
}
