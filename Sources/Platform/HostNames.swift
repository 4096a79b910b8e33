// The names of this host.

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
        for line in String(decoding: hosts, as: UTF8.self).split(separator: "\n") {
            let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }.dropFirst()
            guard words.contains(where: { $0 == name }) else { continue }
            if let full = words.first(where: { $0.hasPrefix(name + ".") }) { return String(full) }
        }
        return name
    }

    /// /etc/mailname (Debian Policy 11.6), else the full name.
    package static func mail() -> String {
        let bytes = (try? Files.read("/etc/mailname", limit: 4096)) ?? []
        let line = String(decoding: bytes.prefix { $0 != 0x0a }, as: UTF8.self).filter { !$0.isWhitespace }
        return line.isEmpty ? full() : line
    }
}
