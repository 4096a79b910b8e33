// What logins need beside the settings: files, programs, curl, somebody who has signed in; and what a running mailer has of it.

import Authorization
import Formats
import Glibc
import Mailing
import Platform
import SMTPTransport
import Settings
import YAML

extension SettingsCheck {
    /// The unit's credentials while it runs (systemd.exec(5), "Credentials").
    private static let credentials = "/run/credentials/herald-mailer.service"
    /// What is there reaches the mailer as the unit's credential.
    private static let secrets = Product.secretsFolder + "/"

    mutating func checkLogins(_ settings: Settings) {
        checkWhoSends(settings)
        for account in root["smtp"]?["accounts"]?.sequence ?? [] where account["enabled"]?.bool != false {
            let name = account["name"]?.string ?? ""
            if let node = account["client_certificate"] {
                needSecret(node, "the client's certificate", settings)
                checkCertificates(node) { TLSTerms(.system, clientCertificate: $0) }
            }
            checkLogin(account, settings, "account '\(Printable.text(name, limit: 60))'")
            if let node = account["oauth"] { checkOAuth(node, .account(name), settings) }
        }
        if let node = root["smtp"]?["default_credentials"] { checkLogin(node, settings, "'smtp.default_credentials'") }
        checkDirect()
        for alias in root["aliases"]?.sequence ?? [] {
            guard let folder = alias["sent_folder"] else { continue }
            let owner = TokenOwner.sentFolder(alias: alias["description"]?.string ?? "")
            checkLogin(folder, settings, owner.words)
            needCurl(folder, "no copy of what was sent is filed without it", severity: .warning)
            if let node = folder["oauth"], node.mapping != nil { checkOAuth(node, owner, settings) }
        }
    }

    /// What `server: direct` could have of this host, and has not.
    private mutating func checkDirect() {
        let accounts = root["smtp"]?["accounts"]?.sequence ?? []
        let direct = accounts.first { $0["enabled"]?.bool != false && $0["server"]?.string == "direct" }
        guard let node = direct?["server"] else { return }
        if case .off(let words) = Resolver().validation() { faults.append(node.fault(words, severity: .warning)) }
        needCurl(node, "no MTA-STS policy of a domain can be had without it", severity: .warning)
    }

    private mutating func checkLogin(_ node: YAMLNode, _ settings: Settings, _ owner: String) {
        if let node = node["ca_file"] { needCertificates(node) }
        if let node = node["password_file"] {
            needSecret(node, "the password file", settings)
            checkFirstLine(node)
            checkCredential(node, owner)
        }
        if let command = node["password_command"], let program = command.sequence?.first ?? command as YAMLNode?,
            let path = program.string, path.hasPrefix("/"), access(path, X_OK) != 0
        {
            faults.append(
                program.fault("the program \(Printable.text(path)) cannot be run: \(SystemError("run", path))"))
        }
        // Known only while the mailer runs.
        if let credential = node["password_credential"], let name = credential.string,
            access(Self.credentials, X_OK) == 0, access("\(Self.credentials)/\(name)", F_OK) != 0
        {
            faults.append(
                credential.fault(
                    "herald-mailer runs without a credential '\(Printable.text(name, limit: 60))': its unit needs "
                        + "'LoadCredential=\(Printable.text(name, limit: 60)):FILE', and a restart", severity: .warning)
            )
        }
    }

    /// The mailer has the file as it was when it was started.
    private mutating func checkCredential(_ node: YAMLNode, _ owner: String) {
        guard let path = node.string, path.hasPrefix(Self.secrets),
            let file = try? Files.read(path, limit: 1 << 16),
            let loaded = try? Files.read(Passwords.place(of: path, credentials: Self.credentials), limit: 1 << 16),
            file != loaded
        else { return }
        faults.append(
            node.fault(
                "the password of \(owner) was changed, and reaches the mailer with a restart: "
                    + "systemctl restart herald-mailer", severity: .warning))
    }

    private mutating func checkOAuth(_ node: YAMLNode, _ owner: TokenOwner, _ settings: Settings) {
        needCurl(node, "no access token can be had without it", severity: .error)
        if let node = node["ca_file"] { needCertificates(node) }
        if let node = node["client_secret_file"] {
            needSecret(node, "the file of the client secret", settings)
            checkFirstLine(node)
        } else if let provider = node["provider"], provider.string == "google", node["key_file"] == nil {
            let words = "Google asks for the application's secret too, even of a desktop's: 'client_secret_file'"
            faults.append(provider.fault(words, severity: .warning))
        }
        if let key = node["key_file"], let path = key.string {
            needSecret(key, "the service account's key", settings)
            if let file = try? Files.read(path, limit: 1 << 16) {
                do throws(KeyFault) { _ = try ServiceAccountKey(file) } catch {
                    faults.append(key.fault("the service account's key: \(error)"))
                }
            }
        }
        guard let source = settings.tokenSources[owner], [.deviceCode, .loopback].contains(source.oauth.way),
            let isSignedIn = TokenKeeper.isSignedIn(owner, source, folder: settings.paths.state("mailer")), !isSignedIn
        else { return }
        faults.append(
            node.fault(
                "nobody has signed in for \(owner.words) yet: herald login \(owner.argument)", severity: .warning))
    }

    private mutating func needCurl(_ node: YAMLNode, _ consequence: String, severity: Diagnostic.Severity) {
        if CurlRequest.isInstalled { return }
        faults.append(
            node.fault("the program curl is not installed: \(consequence): apt-get install curl", severity: severity))
    }
}
