// What is said of tokens: in the status, and as a fault.

import Authorization
import Formats
import Glibc
import Platform
import SMTPProtocol
import Settings

extension TokenKeeper {
    /// So long before an end that is known it is warned of.
    static let notice = Duration.seconds(7 * 86400)

    /// So long at rest, a sign-in is used for its own sake: Microsoft's ends after 90 days of that, Google's after six months.
    static let longestRest = Duration.seconds(7 * 86400)

    /// The accounts whose sign-in has rested for so long.
    func rested(at now: Timestamp) -> [String] {
        sources.compactMap { owner, _, record in
            guard case .account(let name) = owner, let record, record.refreshToken != nil,
                record.renewed.microseconds > 0, now - record.renewed > Self.longestRest
            else { return nil }
            return name
        }
    }

    /// What needs a person, in sentences.
    func problems(at now: Timestamp) -> [String] {
        sources.sorted { $0.owner.argument < $1.owner.argument }.flatMap { owner, source, record in
            var problems: [String] = []
            if let end = record?.refreshExpires, end - now < Self.notice {
                problems.append(
                    "the sign-in of \(owner.words) \(Self.ends(end, now)): run herald login \(owner.argument)")
            }
            if let end = source.oauth.clientSecretExpires, end - now < Self.notice {
                problems.append(
                    "the client secret of \(owner.words) \(Self.ends(end, now)): make a new one, write it to "
                        + "\(Printable.text(source.oauth.clientSecretFile ?? "")), and set client_secret_expires")
            }
            return problems
        }
    }

    private static func ends(_ end: Timestamp, _ now: Timestamp) -> String {
        end > now ? "ends in \((end - now).phrase)" : "has ended"
    }

    /// What the status says of one account's tokens; nil where it uses none.
    func facts(of owner: TokenOwner) -> JSON? {
        guard let (_, source, record) = sources.first(where: { $0.owner == owner }) else { return nil }
        return [
            "signed_in_as": JSON(record?.address), "mailbox": JSON(source.login ?? source.oauth.subject),
            "token_expires": JSON(record?.accessToken == nil ? nil : record?.accessExpires.rfc3339()),
            "sign_in_expires": JSON(record?.refreshExpires?.rfc3339()),
        ]
    }
}

extension TokenKeeper {
    /// Nil where that may not be looked at: the mailer's state is its own.
    package static func isSignedIn(_ owner: TokenOwner, _ source: TokenSource, folder: String) -> Bool? {
        guard access(folder, X_OK) == 0 || errno == ENOENT else { return nil }
        let path = file(of: owner, folder: folder)
        if access(path, F_OK) != 0 { return errno == ENOENT ? false : nil }
        // Root looks, and whose folder it is may have put a link there.
        guard let file = try? Descriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY),
            var bytes = try? Files.readAll(file, path: path, limit: 1 << 17)
        else { return nil }
        defer { Secret.wipe(&bytes) }
        let record = TokenRecord(bytes)
        return record?.refreshToken != nil && record?.client == source.oauth.client
    }

    /// The file of tokens, by which a sign-in with the mailer stopped is seen.
    static func file(of owner: TokenOwner, folder: String) -> String { "\(folder)/tokens/\(owner.fileName)" }
}

extension SessionFault {
    /// A token that was not given, for the account.
    package init(_ fault: TokenFault, _ owner: TokenOwner) {
        switch fault.kind {
        case .signInAgain, .codeExpired, .declined:
            self.init(
                .login, fault.words, [.tryAgain, .tellOperator], .signInAgain, detail: owner.argument)
            if !fault.remedy.isEmpty { likelyCause = fault.remedy }
            if fault.kind == .declined { likelyCause = "whoever was asked to sign in, or their organisation, said no" }
            if fault.kind == .codeExpired { likelyCause = "nobody signed in before the code's time was over" }
        case .client, .request:
            self.init(.login, fault.words, [.tryAgain, .tellOperator], remedy: fault.remedy)
        case .pending, .slowDown, .later, .unreadable:
            self.init(.login, "no access token now: \(fault.words)", [.tryAgain, .nextAddress], remedy: fault.remedy)
        }
    }
}
