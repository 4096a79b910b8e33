// From a host that a domain's mail may go to (`server: direct`) to the session with it.

import MailRouting
import SMTPProtocol

extension SessionOptions {
    /// The same for this host: its addresses, TLS as its domain asks for it, nobody logs in, and no fault of it pauses
    /// the account.
    package func aimed(at host: PlannedHost, port: Int = 25) -> SessionOptions {
        var options = self
        options.server = ServerAddress(host: host.name?.ascii ?? host.addresses.first?.description ?? "", port: port)
        options.addresses = host.socketAddresses(port: port)
        options.security = .opportunistic
        options.login = nil
        options.isRelay = false
        options.requiresTLS = host.protection.requiresTLS
        switch host.protection {
        case .dane(let records, let base, let names):
            (options.tls.authority, options.tls.names) = (.dane(records), [base.ascii] + names.map(\.ascii))
        case .encrypted: (options.tls.authority, options.tls.names) = (.nobody, [])
        case .sts(let name): (options.tls.authority, options.tls.names) = (.system, [name.ascii])
        case .opportunistic: (options.tls.authority, options.tls.names) = (.system, [])
        }
        return options
    }
}
