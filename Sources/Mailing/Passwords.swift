// Passwords, from where the settings say they are. Read on the thread that needs one, for each connection.

import Formats
import Glibc
import Platform
import SMTPProtocol
import Settings

package enum Passwords {
    /// The bytes of a password; blocks as long as the settings' command runs, 30 s at most. A file in systemd's credential
    /// directory goes before one of the same name elsewhere: it is what the unit's LoadCredential made of it, and often all
    /// that the mailer's user may read.
    /// - Parameter owner: whose it is, in words: `account 'office'`.
    static func read(_ password: Settings.Password?, of owner: String) throws(SessionFault) -> Secret {
        switch password {
        case .literal(let text): return Secret(text)
        case .file(let path):
            return try read(
                file: place(of: path), "write the password of \(owner) into its first line, readable for us")
        case .credential(let name):
            let unit = "the unit herald-mailer needs 'LoadCredential=\(name):FILE', and a restart"
            guard let folder = Environment["CREDENTIALS_DIRECTORY"] else {
                throw fault("systemd gave the mailer no credential '\(name)'", unit)
            }
            return try read(file: "\(folder)/\(name)", unit)
        case .command(let arguments): return try read(output: arguments, of: owner)
        case nil:
            throw SessionFault(
                .login, "\(owner) has a login and no password", [.tryAgain, .tellOperator],
                remedy: "set 'password_file'")
        }
    }

    /// Where a file that the settings name is to be read: of one in the host's folder of secrets the unit's credential of
    /// that name goes first. Others are read where they are, whatever credentials are called.
    package static func place(of path: String, credentials: String? = Environment["CREDENTIALS_DIRECTORY"]) -> String {
        let (folder, name) = Files.split(path)
        guard let credentials, folder == Product.secretsFolder else { return path }
        // By a LoadCredential of the folder they are `secrets_NAME`, by one of the file what that says.
        let places = ["\(credentials)/secrets_\(name)", "\(credentials)/\(name)"]
        return places.first { (try? FileStatus.of($0)) ?? nil != nil } ?? path
    }

    /// The file's first line.
    package static func read(file place: String, _ remedy: String) throws(SessionFault) -> Secret {
        do throws(SystemError) {
            var content = try Files.read(place, limit: 1 << 16)
            defer { Secret.wipe(&content) }
            let line = content.prefix { $0 != 0x0a }
            let password = Secret(line.last == 0x0d ? line.dropLast() : line)
            if !password.isEmpty { return password }
        } catch { throw fault("\(error)", remedy) }
        throw fault("\(Printable.text(place)) has nothing in its first line", remedy)
    }

    private static func read(output arguments: [String], of owner: String) throws(SessionFault) -> Secret {
        let remedy = "run it as the mailer's user: its first line of output must be the password of \(owner)"
        var result: ChildProcess.Result
        do throws(SystemError) {
            result = try ChildProcess(arguments, deadline: .seconds(30)).run()
        } catch { throw fault("\(error)", remedy) }
        defer { Secret.wipe(&result.output) }
        let password = Secret(result.output.prefix { $0 != 0x0a && $0 != 0x0d })
        guard result.ending == .exited(0), !password.isEmpty else {
            throw fault("\(Printable.text(arguments.first ?? "")) \(words(result))", remedy)
        }
        return password
    }

    /// Without what it said: such programs name secrets there.
    private static func words(_ result: ChildProcess.Result) -> String {
        switch result.ending {
        case .exited(0): "gave no password"
        case .exited(127): "cannot be run: is there such a program, and may the mailer's user run it?"
        case .exited(let code): "ended with \(code); what it said is not shown"
        case .timedOut, .tooMuchOutput: result.words
        }
    }

    private static func fault(_ words: String, _ remedy: String) -> SessionFault {
        var fault = SessionFault(.login, words, [.tryAgain, .tellOperator], .passwordUnreadable)
        fault.remedy = remedy
        return fault
    }
}
