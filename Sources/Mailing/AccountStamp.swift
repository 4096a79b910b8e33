// By which it is told whether anything was changed since an account failed: its settings, or a file that they name.

import Formats
import Platform
import Settings

enum AccountStamp {
    /// By account's name. Where the password stands in the settings itself there is none: nothing that is made of it is
    /// to be kept, and such an account is tried again at each start and reload.
    /// - Parameter folder: the mailer's state, for the tokens of those who have signed in.
    static func stamps(_ accounts: [Settings.Account], folder: String) -> [String: String] {
        var stamps: [String: String] = [:]
        for account in accounts { stamps[account.name] = stamp(account, folder) }
        return stamps
    }

    private static func stamp(_ account: Settings.Account, _ folder: String) -> String? {
        var files = [account.caFile, account.clientCertificate].compactMap { $0 }
        if let oauth = account.oauth {
            files += [oauth.clientSecretFile, oauth.keyFile].compactMap { $0 }.map { Passwords.place(of: $0) }
            files.append(TokenKeeper.file(of: .account(account.name), folder: folder))
        }
        switch account.password {
        case .literal: return nil
        case .file(let path): files.append(Passwords.place(of: path))
        case .credential(let name):
            if let folder = Environment["CREDENTIALS_DIRECTORY"] { files.append(folder + "/" + name) }
        case .command, nil: break
        }
        let parts =
            ["\(account)"]
            + files.map { path in
                guard let status = (try? FileStatus.of(path)) ?? nil else { return "\(path) is not there" }
                return "\(path) \(status.device) \(status.inode) \(status.size) \(status.modified.microseconds)"
            }
        return Hex.encode(SHA256.digest(Array(parts.joined(separator: "\n").utf8)))
    }
}
