// Who is asked about names, as resolv.conf(5) says.

import CResolv
import Formats
import Glibc
import MailRouting
import Platform

/// The host's name servers.
package struct NameServers: Hashable, Sendable {
    /// In the order in which they are asked.
    package var addresses: [SocketAddress]
    /// `options use-vc`: by TCP alone.
    package var usesTCP = false

    package init(_ addresses: [SocketAddress], usesTCP: Bool = false) {
        self.addresses = addresses
        self.usesTCP = usesTCP
    }

    /// Those of /etc/resolv.conf as it is now; one on this host where it names none.
    package static func system() -> NameServers {
        var storage = [sockaddr_storage](repeating: sockaddr_storage(), count: 8)
        var usesTCP: Int32 = 0
        let count = Int(herald_name_servers(&storage, Int32(storage.count), &usesTCP))
        let addresses = storage.prefix(max(0, count)).map { server in
            let length =
                Int32(server.ss_family) == AF_INET6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
            return SocketAddress(
                family: Int32(server.ss_family), bytes: withUnsafeBytes(of: server) { Array($0.prefix(length)) })
        }
        return NameServers(addresses, usesTCP: usesTCP != 0)
    }

    /// Those that are not on this host. Only where there are none does the word count that an answer is authentic: on the
    /// way from elsewhere anybody may have changed it (RFC 7672 section 2.1.1).
    package var foreign: [SocketAddress] { addresses.filter { !$0.isLoopback } }
}

extension SocketAddress {
    /// Of an address and a port.
    package init(_ address: IPAddress, port: Int) {
        let port = UInt16(clamping: port)
        if address.isIPv6 {
            var six = sockaddr_in6()
            six.sin6_family = sa_family_t(AF_INET6)
            six.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &six.sin6_addr) { $0.copyBytes(from: address.bytes) }
            self.init(family: AF_INET6, bytes: withUnsafeBytes(of: six) { Array($0) })
        } else {
            var four = sockaddr_in()
            four.sin_family = sa_family_t(AF_INET)
            four.sin_port = port.bigEndian
            withUnsafeMutableBytes(of: &four.sin_addr) { $0.copyBytes(from: address.bytes) }
            self.init(family: AF_INET, bytes: withUnsafeBytes(of: four) { Array($0) })
        }
    }

    /// The address without its port; nil for another family.
    package var ip: IPAddress? {
        switch family {
        case AF_INET where bytes.count >= 8: IPAddress(bytes[4..<8])
        case AF_INET6 where bytes.count >= 24: IPAddress(bytes[8..<24])
        default: nil
        }
    }

    var isLoopback: Bool {
        guard let ip else { return false }
        return ip.isIPv6 ? ip.bytes.dropLast().allSatisfy { $0 == 0 } && ip.bytes.last == 1 : ip.bytes.first == 127
    }
}
