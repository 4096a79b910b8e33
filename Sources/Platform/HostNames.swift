// The names of this host.

import Formats
import Glibc

package enum HostNames {
    /// gethostname(2): the short or full name, as set.
    package static func host() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, 255) == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The name with its domain: the host's own when it has a dot, else the first alias in /etc/hosts that has one, else
    /// the host's own. No DNS: a name server that is down must not delay an alert.
    package static func full() -> String {
        let name = host()
        if name.contains(".") { return name }
        let hosts = (try? Files.read("/etc/hosts", limit: 1 << 20)) ?? []
        return alias(of: name, in: hosts) ?? name
    }

    /// The first name with a domain among those that hosts(5) gives the address of `name`.
    static func alias(of name: String, in hosts: [UInt8]) -> String? {
        for line in hosts.split(separator: 0x0a) {
            // A line may end in CR LF.
            let words = line.prefix { $0 != UInt8(ascii: "#") }.split { [0x20, 0x09, 0x0d].contains($0) }.dropFirst()
            guard words.contains(where: { $0.elementsEqual(name.utf8) }) else { continue }
            let full = words.first { $0.starts(with: (name + ".").utf8) }
            if let full { return String(decoding: full, as: UTF8.self) }
        }
        return nil
    }

    /// /etc/mailname (Debian Policy 11.6), else the full name.
    package static func mail() -> String {
        let bytes = (try? Files.read("/etc/mailname", limit: 4096)) ?? []
        let line = String(decoding: bytes.prefix { $0 != 0x0a }, as: UTF8.self).filter { !$0.isWhitespace }
        return line.isEmpty ? full() : line
    }
}
