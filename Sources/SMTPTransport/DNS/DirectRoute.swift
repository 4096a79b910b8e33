// `server: direct`: from a recipient's domain to the hosts that may have the letter, with what this host knows of itself and
// of the world put into DirectPlanner's hands.

import Formats
import Glibc
import Mail
import MailRouting
import Platform

package enum DirectRoute {
    /// No look-up is begun after this; each has its own bound (Resolver).
    static let patience = Duration.seconds(60)

    /// The ways to `domain`, which is that of an EmailAddress: a name in any script, or an address in brackets. Blocks for
    /// as long as name servers and a policy's web server take: for delivery threads alone. `heloName` is this host's name
    /// where it has another one towards mail servers; `port` is the hosts', 25 but for tests.
    package static func plan(
        _ domain: String, resolver: Resolver, policies: PolicyBook, allowsPrivate: Bool, heloName: String,
        port: Int = 25
    ) -> DirectPlan {
        // Not /etc/mailname: many a host has its domain there, whose mail another one takes.
        let own = OwnHost.system(names: [heloName, HostNames.full()])
        if domain.hasPrefix("[") {
            guard let address = literal(domain) else {
                return DirectPlan(.permanent("5.1.2 \(Printable.text(domain, limit: 300)) is no address"))
            }
            return DirectPlanner.plan(literal: address, own: own, allowsPrivate: allowsPrivate)
        }
        let name: DomainName
        do throws(DomainNameError) {
            name = try DomainName(domain)
        } catch {
            return DirectPlan(
                .permanent("5.1.2 '\(Printable.text(domain, limit: 300))' is no domain name: \(error.words)"))
        }
        var trouble: String?
        let end = SystemClock.monotonic() + patience
        let planner = DirectPlanner(
            name, own: own, allowsPrivate: allowsPrivate, port: port, ask: resolver.answer,
            policy: {
                let found = policies.policy(for: name, resolver, allowsPrivate: allowsPrivate)
                trouble = found.trouble
                return found.policy
            }, isLate: { SystemClock.monotonic() > end })
        var chance = SystemRandomNumberGenerator()
        var plan = planner.plan(chance: &chance)
        plan.policyTrouble = trouble
        return plan
    }

    /// `[192.0.2.1]`, `[IPv6:2001:db8::1]` (RFC 5321 section 4.1.3).
    private static func literal(_ domain: String) -> IPAddress? {
        guard domain.hasSuffix("]") else { return nil }
        let inner = domain.dropFirst().dropLast()
        return IPAddress(text: inner.lowercased().hasPrefix("ipv6:") ? String(inner.dropFirst(5)) : String(inner))
    }
}

extension PlannedHost {
    /// Its addresses, to be connected to.
    package func socketAddresses(port: Int = 25) -> [SocketAddress] {
        addresses.map { SocketAddress($0, port: port) }
    }
}

extension OwnHost {
    /// This machine under these names (those that are none are passed over) and with the addresses of its interfaces.
    /// Loopback is not among them: whether letters may go there is `smtp.allow_private_mx`'s to say.
    package static func system(names: [String]) -> OwnHost {
        var own = OwnHost(names: Set(names.compactMap { try? DomainName($0) }))
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return own }
        defer { freeifaddrs(list) }
        var entry = list
        while let interface = entry?.pointee {
            if let address = interface.ifa_addr.flatMap(SocketAddress.init), !address.isLoopback, let ip = address.ip {
                own.addresses.insert(ip)
            }
            entry = interface.ifa_next
        }
        return own
    }
}

extension SocketAddress {
    /// Of an interface; nil unless it is of IP.
    fileprivate init?(_ pointer: UnsafeMutablePointer<sockaddr>) {
        let family = Int32(pointer.pointee.sa_family)
        guard family == AF_INET || family == AF_INET6 else { return nil }
        let length = family == AF_INET6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
        self.init(family: family, bytes: Array(UnsafeRawBufferPointer(start: pointer, count: length)))
    }
}
