// From an account's settings to what a session needs, the password among it, read when it is needed.

import Formats
import Glibc
import Platform
import SMTPProtocol
import SMTPTransport
import Settings

extension SessionOptions {
    /// Throws an account fault when the password cannot be read.
    init(_ account: Settings.Account) throws(SessionFault) {
        var credentials: Credentials?
        if let login = account.login, account.authentication != .none {
            credentials = Credentials(login: login, password: try Passwords.read(account.password, of: account.name))
        }
        let mechanism = AuthMechanism(named: account.authentication.rawValue)
        let waits = account.timeouts
        self.init(
            server: ServerAddress(host: account.server, port: account.port),
            security: Security(rawValue: account.security.rawValue) ?? .starttls, credentials: credentials,
            authMechanisms: mechanism.map { [$0] } ?? AuthMechanism.allCases,
            heloName: account.heloName ?? Self.hostName,
            timeouts: ServerTimeouts(
                connect: waits.connect, greeting: waits.greeting, command: waits.command,
                data: min(waits.command, .seconds(120)), dataBlock: waits.dataBlock, finalReply: waits.finalReply),
            caFile: account.caFile, allowPlaintextLogin: account.allowPlaintextLogin)
    }

    /// RFC 5321 section 4.1.4: the host's full name, or an address literal where it has none.
    private static let hostName: String = {
        let name = HostNames.full()
        let isName = name.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45
                || byte == 46
        }
        return isName && name.contains(".") ? name : "[127.0.0.1]"
    }()
}

/// Passwords, from where the settings say they are.
enum Passwords {
    /// The bytes of an account's password. A file in systemd's credential directory goes before one of the same name
    /// elsewhere: it is what the unit's LoadCredential made of it, and often all that the mailer's user may read.
    static func read(_ password: Settings.Password?, of account: String) throws(SessionFault) -> [UInt8] {
        switch password {
        case .literal(let text): return Array(text.utf8)
        case .file(let path): return try read(file: path, of: account)
        case .credential(let name):
            let folder = Environment["CREDENTIALS_DIRECTORY"] ?? "/run/credentials/herald-mailer.service"
            return try read(file: "\(folder)/\(name)", of: account)
        case .command(let arguments): return try read(output: arguments, of: account)
        case nil: throw fault("account '\(account)' has a login and no password", "set 'password_file'")
        }
    }

    private static func read(file path: String, of account: String) throws(SessionFault) -> [UInt8] {
        var place = path
        if let folder = Environment["CREDENTIALS_DIRECTORY"] {
            let credential = folder + "/" + Files.split(path).name
            if (try? FileStatus.of(credential)) ?? nil != nil { place = credential }
        }
        do throws(SystemError) {
            let line = try Files.read(place, limit: 1 << 16).prefix { $0 != 0x0a }
            let bytes = Array(line.last == 0x0d ? line.dropLast() : line)
            if bytes.isEmpty { throw SystemError("use the empty first line of", place, errno: EINVAL) }
            return bytes
        } catch {
            throw fault("\(error)", "write the password of account '\(account)' into its first line, readable for us")
        }
    }

    /// Blocks the delivery thread until the command is through.
    private static func read(output arguments: [String], of account: String) throws(SessionFault) -> [UInt8] {
        let remedy =
            "run it as the mailer's user: its first line of output must be the password of account '\(account)'"
        let result: ChildProcess.Result
        do throws(SystemError) {
            result = try ChildProcess(arguments, deadline: .seconds(30)).run()
        } catch { throw fault("\(error)", remedy) }
        let line = result.output.prefix { $0 != 0x0a && $0 != 0x0d }
        guard result.ending == .exited(0), !line.isEmpty else {
            let words = result.ending == .exited(0) ? "gave no password" : result.words
            throw fault("\(arguments.first ?? "") \(words)", remedy)
        }
        return Array(line)
    }

    private static func fault(_ words: String, _ remedy: String) -> SessionFault {
        SessionFault(.login, words, [.tryAgain, .tellOperator], remedy: remedy)
    }
}
