// Whose tokens they are, and what is asked for them.

import Authorization
import Formats
import Platform
import SMTPProtocol
import Settings

/// An account, or an alias's folder for what was sent.
package enum TokenOwner: Hashable, Sendable {
    case account(String)
    case sentFolder(alias: String)

    /// In a sentence.
    package var words: String {
        switch self {
        case .account(let name): "account '\(Printable.text(name, limit: 100))'"
        case .sentFolder(let alias): "the folder for what alias '\(Printable.text(alias, limit: 100))' sent"
        }
    }

    /// Behind `herald login`.
    package var argument: String {
        switch self {
        case .account(let name): Printable.text(name, limit: 100)
        case .sentFolder(let alias): "--sent-folder \(Printable.text(alias, limit: 100))"
        }
    }

    package var json: JSON {
        switch self {
        case .account(let name): ["account": .string(name)]
        case .sentFolder(let alias): ["sent_folder": .string(alias)]
        }
    }

    package init?(_ json: JSON) {
        if let name = json["account"]?.string {
            self = .account(name)
        } else if let alias = json["sent_folder"]?.string {
            self = .sentFolder(alias: alias)
        } else {
            return nil
        }
    }

    /// Of its file: readable where the name allows it, and never a path.
    var fileName: String {
        let (kind, name) =
            switch self {
            case .account(let name): ("account", name)
            case .sentFolder(let alias): ("sent", alias)
            }
        let encoded = PercentEncoding.text(name)
        return kind + "-" + (encoded.utf8.count <= 120 ? encoded : Hex.encode(SHA256.digest(name.utf8))) + ".json"
    }
}

/// All that is needed to get a token.
package struct TokenSource: Sendable, Equatable {
    package var oauth: Settings.OAuth
    /// The mailbox; nil: whose has signed in.
    package var login: String?
}

extension Settings {
    /// Whoever logs in with tokens of their own.
    package var tokenSources: [TokenOwner: TokenSource] {
        var sources: [TokenOwner: TokenSource] = [:]
        for account in smtp.accounts {
            if let oauth = account.oauth {
                sources[.account(account.name)] = TokenSource(oauth: oauth, login: account.login)
            }
        }
        for alias in aliases {
            if let folder = alias.sentFolder, let oauth = folder.oauth {
                sources[.sentFolder(alias: alias.description)] = TokenSource(oauth: oauth, login: folder.login)
            }
        }
        return sources
    }
}

extension OAuthClient {
    /// As the settings say; reads the secret's file.
    package init(_ oauth: Settings.OAuth) throws(SessionFault) {
        let provider = Provider(rawValue: oauth.provider.rawValue) ?? .custom
        let way: Way =
            switch oauth.way {
            case .deviceCode: .deviceCode
            case .loopback: .loopback
            case .clientCredentials: .clientCredentials
            case .serviceAccount: .serviceAccount
            }
        let own = OAuthEndpoints(provider, tenant: oauth.tenant)
        let endpoints = OAuthEndpoints(
            token: oauth.tokenURL ?? own?.token ?? "", device: oauth.deviceURL ?? own?.device,
            authorization: oauth.authorizationURL ?? own?.authorization)
        var secret: Secret?
        if let path = oauth.clientSecretFile {
            secret = try Passwords.read(
                file: Passwords.place(of: path), "write the application's secret into its first line, readable for us")
        }
        let scopes = oauth.scopes.isEmpty ? provider.scopes(way, imap: oauth.isForIMAP) : oauth.scopes
        self.init(
            provider: provider, way: way, id: oauth.clientID, secret: secret, scopes: scopes, endpoints: endpoints)
    }
}

extension Settings.OAuth {
    /// The application: tokens that were given to another are of no use.
    package var client: String { "\(provider.rawValue) \(clientID) \(tokenURL ?? tenant ?? "")" }
}
