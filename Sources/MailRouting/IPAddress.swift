// Addresses of hosts, and which of them a stranger's name may lead to: a mailer that follows any MX record must not become
// a way into the network that it stands in.

import Glibc

/// An IPv4 or IPv6 address.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// 4 or 16 octets, in the network's order.
    package let bytes: [UInt8]

    /// Nil unless there are 4 or 16.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = Array(bytes)
    }

    /// `192.0.2.1`, `2001:db8::1`; without brackets or zone.
    package init?(text: String) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            bytes = withUnsafeBytes(of: four) { Array($0) }
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            bytes = withUnsafeBytes(of: six) { Array($0) }
        } else {
            return nil
        }
    }

    package var isIPv6: Bool { bytes.count == 16 }

    package var description: String {
        var text = [CChar](repeating: 0, count: 64)
        guard inet_ntop(isIPv6 ? AF_INET6 : AF_INET, bytes, &text, 64) != nil else { return "?" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether it is a host's anywhere in the internet: not private, loopback, link-local, multicast, reserved or for
    /// documents (RFC 6890), and not an IPv6 form of such an IPv4 address.
    package var isPublic: Bool { isIPv6 ? isPublicIPv6 : Self.isPublicIPv4(bytes[...]) }

    private static func isPublicIPv4(_ bytes: ArraySlice<UInt8>) -> Bool {
        let number = bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return !reservedIPv4.contains { number >> (32 - $0.bits) == $0.network >> (32 - $0.bits) }
    }

    /// RFC 1122 (0, 127, 240), 1918, 6598, 3927, 6890, 5737, 2544, 5771.
    private static let reservedIPv4: [(network: UInt32, bits: UInt32)] = [
        (0x0000_0000, 8), (0x0a00_0000, 8), (0x6440_0000, 10), (0x7f00_0000, 8), (0xa9fe_0000, 16), (0xac10_0000, 12),
        (0xc000_0000, 24), (0xc000_0200, 24), (0xc0a8_0000, 16), (0xc612_0000, 15), (0xc633_6400, 24),
        (0xcb00_7100, 24), (0xe000_0000, 4), (0xf000_0000, 4),
    ]

    private var isPublicIPv6: Bool {
        // Forms of IPv4 addresses: NAT64 (RFC 6052) and 6to4 (RFC 3056). The mapped ones (::ffff:0:0/96) are never public
        // in the DNS: an AAAA record with one is a way around the rules for A records.
        if bytes.starts(with: [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]) {
            return Self.isPublicIPv4(bytes[12...])
        }
        if bytes.starts(with: [0x20, 0x02]) { return Self.isPublicIPv4(bytes[2..<6]) }
        // Global unicast is 2000::/3 (RFC 4291); in it stand Teredo, benchmarks and ORCHID (2001::/23), and documents.
        guard bytes[0] & 0xe0 == 0x20 else { return false }
        if bytes.starts(with: [0x20, 0x01]), bytes[2] & 0xfe == 0 { return false }
        if bytes.starts(with: [0x20, 0x01, 0x0d, 0xb8]) { return false }
        return !(bytes.starts(with: [0x3f, 0xff]) && bytes[2] & 0xf0 == 0)
    }
}
