// Fetching a domain's MTA-STS policy (RFC 8461 section 3.3): by HTTPS alone, from one place, with a certificate that the
// system's authorities vouch for; nothing is followed to another place.

import Formats
import MailRouting

/// Why there is no policy to be had now.
struct PolicyFault: Error {
    var words: String
}

enum PolicyFetch {
    /// For the whole of it; the section asks for a minute at most.
    static let deadline = Duration.seconds(30)
    /// A policy has a few hundred bytes.
    static let limit = 64 << 10

    /// The policy of `domain`. Its host is looked up by `resolver` and not by curl, so that a stranger's name leads to no
    /// place in this host's own network unless `allowsPrivate`. Blocks.
    static func policy(
        of domain: DomainName, _ resolver: Resolver, allowsPrivate: Bool
    ) throws(PolicyFault) -> STSPolicy {
        guard let host = domain.beneath("mta-sts") else { throw PolicyFault(words: "the domain's name is too long") }
        let reply: CurlReply
        do throws(CurlFault) {
            var request = try CurlRequest(url: "https://\(host)/.well-known/mta-sts.txt", limit: limit)
            let addresses = try addresses(of: host, resolver, allowsPrivate)
            try request.option("resolve", "\(host):443:\(addresses.joined(separator: ","))")
            reply = try request.run(deadline: deadline)
        } catch {
            throw PolicyFault(words: error.words)
        }
        guard reply.code == 0 else { throw PolicyFault(words: "https://\(host): \(reply.words)") }
        guard reply.httpStatus == 200 else {
            throw PolicyFault(words: "https://\(host): the web server answers \(reply.httpStatus)")
        }
        let type = reply.contentType.lowercased().utf8.prefix { $0 != 0x3b }.filter { $0 != 0x20 && $0 != 0x09 }
        guard type.elementsEqual("text/plain".utf8) else {
            throw PolicyFault(words: "https://\(host): the policy is no text/plain")
        }
        do throws(STSPolicyError) {
            return try STSPolicy(parsing: reply.body)
        } catch {
            throw PolicyFault(words: "https://\(host): the policy is none: \(error.words)")
        }
    }

    private static func addresses(
        of host: DomainName, _ resolver: Resolver, _ allowsPrivate: Bool
    ) throws(CurlFault) -> [String] {
        let answers = [DNSType.a, .aaaa].map { resolver.answer(DNSQuestion(host, $0)) }
        var found: [IPAddress] = []
        for case .address(let address) in answers.flatMap(\.records) { found.append(address) }
        guard !found.isEmpty else {
            throw CurlFault(words: "\(host): " + (answers.compactMap(\.failure).first ?? "there is no such host"))
        }
        let usable = found.filter { allowsPrivate || $0.isPublic }
        guard !usable.isEmpty else { throw CurlFault(words: "\(host) has private addresses alone") }
        return usable.prefix(8).map { $0.isIPv6 ? "[\($0)]" : "\($0)" }
    }
}
