// From an account's settings to what a session needs, the password among it, read when it is needed.

import Formats
import Glibc
import Platform
import SMTPProtocol
import SMTPTransport
import Settings

extension SessionOptions {
    /// The password is read when a connection is made; where that fails, connecting throws an account fault.
    package init(_ account: Settings.Account) {
        let mechanism = AuthMechanism(named: account.authentication.rawValue)
        let waits = account.timeouts
        self.init(
            server: ServerAddress(host: account.server, port: account.port),
            security: Security(rawValue: account.security.rawValue) ?? .starttls, tls: Self.tls(account),
            login: Self.login(account), authMechanisms: mechanism.map { [$0] } ?? AuthMechanism.allCases,
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
        return TLSTerms(authority, clientCertificate: account.clientCertificate.map(Passwords.place(of:)))
    }

    private static func login(_ account: Settings.Account) -> LoginSource? {
        guard let name = account.login, account.authentication != .none else { return nil }
        if account.password == nil, account.clientCertificate != nil {
            return { (_) throws(SessionFault) in .certificate(name: name) }
        }
        return { (_) throws(SessionFault) in
            .password(name: name, try Passwords.read(account.password, of: account.name))
        }
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

/// Passwords, from where the settings say they are.
enum Passwords {
    /// The bytes of an account's password. A file in systemd's credential directory goes before one of the same name
    /// elsewhere: it is what the unit's LoadCredential made of it, and often all that the mailer's user may read.
    static func read(_ password: Settings.Password?, of account: String) throws(SessionFault) -> Secret {
        switch password {
        case .literal(let text): return Secret(text)
        case .file(let path): return try read(file: path, of: account)
        case nil:
            throw SessionFault(
                .login, "account '\(account)' has a login and no password", [.tryAgain, .tellOperator],
                remedy: "set 'password_file'")
        }
    }

    /// Where a file that the settings name is to be read: the unit's credential of that name goes first.
    static func place(of path: String) -> String {
        guard let folder = Environment["CREDENTIALS_DIRECTORY"] else { return path }
        let credential = folder + "/" + Files.split(path).name
        return (try? FileStatus.of(credential)) ?? nil != nil ? credential : path
    }

    private static func read(file path: String, of account: String) throws(SessionFault) -> Secret {
        let place = place(of: path)
        do throws(SystemError) {
            var content = try Files.read(place, limit: 1 << 16)
            defer { Secret.wipe(&content) }
            let line = content.prefix { $0 != 0x0a }
            let password = Secret(line.last == 0x0d ? line.dropLast() : line)
            if password.isEmpty { throw SystemError("use the empty first line of", place, errno: EINVAL) }
            return password
        } catch {
            throw fault("\(error)", "write the password of account '\(account)' into its first line, readable for us")
        }
    }

    private static func fault(_ words: String, _ remedy: String) -> SessionFault {
        var fault = SessionFault(.login, words, [.tryAgain, .tellOperator], .passwordUnreadable)
        fault.remedy = remedy
        return fault
    }
}
