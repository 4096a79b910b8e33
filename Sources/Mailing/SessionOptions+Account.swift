// From an account's settings to what a session needs, the password among it, read when it is needed.

import Formats
import Glibc
import Platform
import SMTPProtocol
import SMTPTransport
import Settings
import Synchronization

/// Gives a token that can be used now, and whose it is; another one than `refused`. Blocks.
package typealias TokenGiving =
    @Sendable (_ owner: TokenOwner, _ refused: Secret?) throws(SessionFault) -> (name: String, token: Secret)

extension SessionOptions {
    /// The password is read, and a token renewed, when a connection is made; where that fails, connecting throws a fault.
    package init(_ account: Settings.Account, tokens: @escaping TokenGiving) {
        let mechanism = AuthMechanism(named: account.authentication.rawValue)
        let waits = account.timeouts
        self.init(
            server: ServerAddress(host: account.server, port: account.port),
            security: Security(rawValue: account.security.rawValue) ?? .starttls, tls: Self.tls(account),
            login: Self.login(account, tokens), authMechanisms: mechanism.map { [$0] } ?? AuthMechanism.allCases,
            heloName: account.heloName ?? Self.hostName,
            timeouts: ServerTimeouts(
                connect: waits.connect, greeting: waits.greeting, command: waits.command,
                data: min(waits.command, .seconds(120)), dataBlock: waits.dataBlock, finalReply: waits.finalReply),
            allowPlaintextLogin: account.allowPlaintextLogin)
        sessions = Self.kept
    }

    /// TLS sessions outlive threads and reloads of the settings.
    private static let kept = TLSSessionCache()

    private static func tls(_ account: Settings.Account) -> TLSTerms {
        let authority: TLSTerms.Authority =
            account.fingerprints.isEmpty
            ? account.caFile.map { .file($0) } ?? .system : .pinned(account.fingerprints)
        return TLSTerms(
            authority, clientCertificate: account.clientCertificate.map { Passwords.place(of: $0) },
            minimum: TLSTerms.Version(rawValue: account.tlsMinimum.rawValue) ?? .tls12)
    }

    private static func login(_ account: Settings.Account, _ tokens: @escaping TokenGiving) -> LoginSource? {
        if account.oauth != nil, account.authentication != .none {
            let last = LastToken()
            return { (isRefused) throws(SessionFault) in
                let given = try tokens(
                    .account(account.name), isRefused ? last.token.withLock { $0 } : nil)
                last.token.withLock { $0 = given.token }
                return .token(name: given.name, given.token)
            }
        }
        if account.authentication == .external {
            return { (_) throws(SessionFault) in .certificate(name: account.login) }
        }
        guard let name = account.login, account.authentication != .none else { return nil }
        if account.password == nil, account.clientCertificate != nil {
            return { (_) throws(SessionFault) in .certificate(name: name) }
        }
        return { (_) throws(SessionFault) in
            .password(name: name, try Passwords.read(account.password, of: "account '\(account.name)'"))
        }
    }

    /// What a connection was given last: of a token that is refused, another is wanted.
    private final class LastToken: Sendable {
        let token = Mutex<Secret?>(nil)
    }

    /// RFC 5321 section 4.1.4: the host's full name; nil, where it has none, for the connection's own address.
    private static let hostName: String? = {
        let name = HostNames.full()
        let isName = name.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45
                || byte == 46
        }
        return isName && name.contains(".") ? name : nil
    }()
}
