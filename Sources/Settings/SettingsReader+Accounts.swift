// The outgoing mail servers: where they are, how they are protected, how one logs in.

import Formats
import Platform
import YAML

extension SettingsReader {
    /// What an account with `credentials: default` logs in with.
    struct Credentials {
        var login: String?
        var password: Settings.Password?
    }

    func defaultCredentials(_ node: YAMLNode?) -> Credentials? {
        guard let node else { return nil }
        var reader = SectionReader(node, Declarations.credentials, collector)
        let credentials = Credentials(login: reader.required("login"), password: password(&reader))
        if credentials.password == nil { reader.missing("password_file") }
        reader.finish()
        return credentials
    }

    /// Puts the default credentials into an account that asks for them, and has none of its own.
    private func take(_ credentials: Credentials?, _ account: inout Settings.Account, _ reader: inout SectionReader) {
        guard let node = reader.value("credentials"), reader.text("credentials") == "default", !account.isDirect else {
            return
        }
        let own = Declarations.credentials.keys.map(\.name).first { reader.value($0) != nil }
        if let own {
            reader.fault(node, "'credentials: default' beside a '\(own)' of its own: give one of them")
        } else if let credentials {
            (account.login, account.password) = (credentials.login, credentials.password)
        } else {
            reader.fault(node, "'credentials: default' needs 'smtp.default_credentials'")
        }
    }

    func account(_ node: YAMLNode, _ credentials: Credentials?) -> Settings.Account? {
        let title = node["name"]?.string.map { "account '\(Printable.text($0))'" }
        var reader = SectionReader(node, Declarations.account, subject: title, collector)
        let name = reader.title("name")
        let (host, port, security) = server(&reader)
        let login = reader.text("login")
        var account = Settings.Account(
            name: name ?? "", enabled: reader.bool("enabled"), server: host ?? "", port: port, security: security,
            login: login, password: password(&reader),
            authentication: reader.choice("auth", Settings.Authentication.self) ?? .auto,
            heloName: reader.text("helo_name"), timeouts: timeouts(&reader), caFile: reader.text("ca_file"),
            allowPlaintextLogin: reader.bool("allow_plaintext_login"),
            maxConnections: reader.int("max_connections") ?? 1,
            maxMessagesPerConnection: reader.int("max_messages_per_connection") ?? 1,
            delayBetweenMessages: reader.duration("delay_between_messages") ?? .zero)
        account.oauth = reader.value("oauth").flatMap(oauth)
        account.clientCertificate = reader.text("client_certificate")
        account.fingerprints = fingerprints(&reader)
        account.tlsMinimum = reader.choice("tls_minimum", Settings.TLSVersion.self) ?? .tls12
        account.isDirect = reader.value("server")?.string == Self.direct
        if account.isDirect { checkDirect(&reader) }
        _ = reader.choice("credentials", CredentialsChoice.self)
        take(credentials, &account, &reader)
        checkLogin(account, &reader)
        checkProtection(account, &reader)
        reader.finish()
        return name != nil && host != nil ? account : nil
    }

    private func checkLogin(_ account: Settings.Account, _ reader: inout SectionReader) {
        if !account.isDirect { checkProof(account, &reader) }
        if let helo = account.heloName, let node = reader.value("helo_name"),
            helo.isEmpty || helo.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f || $0 == 0x3c || $0 == 0x3e })
        {
            reader.fault(node, "'helo_name' must be a host name or an address literal")
        }
        guard !account.isDirect, account.login != nil || account.oauth != nil,
            account.security == .none || account.security == .opportunistic, let node = reader.value("security")
        else { return }
        if !account.allowPlaintextLogin {
            reader.fault(
                node, "a login needs security 'tls' or 'starttls', or 'allow_plaintext_login: true' beside it,")
        } else {
            let proof = account.oauth == nil ? "password" : "access token"
            reader.warn(
                node, "the \(proof) of account '\(account.name)' crosses the network readable by anyone on the way")
        }
    }

    /// What proves who logs in: a password, a token or a certificate, as `auth` says.
    private func checkProof(_ account: Settings.Account, _ reader: inout SectionReader) {
        let takesToken = [.xoauth2, .oauthbearer].contains(account.authentication)
        if let node = reader.value("oauth") {
            checkAlone(node, account.password, &reader)
            if account.login == nil, account.oauth?.saysMailbox == false { reader.missing("login") }
            if !takesToken, account.authentication != .auto, let node = reader.value("auth") {
                reader.fault(node, "'oauth' needs auth 'xoauth2', 'oauthbearer' or 'auto',")
            }
            return
        }
        if takesToken { return reader.missing("oauth") }
        if account.authentication == .external {
            if account.clientCertificate == nil { reader.missing("client_certificate") }
            if account.password != nil, let node = reader.value("auth") {
                reader.fault(node, "'external' logs in by the certificate, and needs no password,")
            }
            return
        }
        let hasProof = account.password != nil || (account.clientCertificate != nil && account.authentication == .auto)
        if account.login != nil, !hasProof { reader.missing("password_file") }
        if account.login == nil, account.password != nil { reader.missing("login") }
        if account.login == nil, ![.auto, .none].contains(account.authentication) { reader.missing("login") }
    }

    /// `sha256:`, colons and capitals are others' ways to write the same.
    private func fingerprints(_ reader: inout SectionReader) -> [[UInt8]] {
        var out: [[UInt8]] = []
        for text in reader.texts("fingerprints") {
            let plain = text.lowercased()
            let digits = (plain.hasPrefix("sha256:") ? plain.dropFirst(7) : plain[...]).filter { $0 != ":" }
            if let bytes = Hex.decode(digits), bytes.count == 32 {
                out.append(bytes)
            } else if let node = reader.value("fingerprints") {
                reader.fault(
                    node, "'\(Printable.text(text, limit: 100))' is no SHA-256: 64 hexadecimal digits are wanted,")
            }
        }
        return out
    }

    /// What says how the server is known needs a session that insists on it.
    private func checkProtection(_ account: Settings.Account, _ reader: inout SectionReader) {
        for key in ["ca_file", "client_certificate"] {
            if let path = reader.value(key)?.string, let node = reader.value(key) { absolute(path, node, reader) }
        }
        if let node = reader.value("tls_minimum"), account.tlsMinimum != .tls12, !account.isDirect,
            account.security == .none || account.security == .opportunistic
        {
            reader.fault(node, "'tls_minimum' needs security 'tls' or 'starttls',")
        }
        guard !account.isDirect, let node = reader.value("fingerprints"), !account.fingerprints.isEmpty else { return }
        if account.security == .none || account.security == .opportunistic {
            reader.fault(node, "'fingerprints' need security 'tls' or 'starttls',")
        }
        if account.caFile != nil { reader.warn(node, "'ca_file' counts for nothing beside 'fingerprints'") }
    }

    /// In place of a server's name: straight to the recipients' mail hosts.
    static let direct = "direct"

    /// The hosts are found by the recipients' domains, and these say how they are known.
    private func checkDirect(_ reader: inout SectionReader) {
        for key in [
            "port", "credentials", "login", "password", "password_file", "password_command", "password_credential",
            "auth",
            "oauth", "ca_file", "fingerprints", "tls_minimum", "client_certificate", "allow_plaintext_login",
        ] {
            guard let node = reader.value(key) else { continue }
            if key == "port", node.string == "25" { continue }
            if key == "credentials", node.string != "default" { continue }
            reader.fault(node, "'\(key)' is for an account with a server of its own, and this one's is 'direct':")
        }
        if let node = reader.value("security"), node.string != Settings.Security.opportunistic.rawValue {
            reader.fault(
                node, "'server: direct' takes what TLS each domain asks for (DANE, MTA-STS), else 'opportunistic':")
        }
    }

    /// Host, port and security, each filling in for the others.
    private func server(_ reader: inout SectionReader) -> (host: String?, port: Int, security: Settings.Security) {
        let security = reader.choice("security", Settings.Security.self)
        let portSetting = reader.int("port")
        guard let text = reader.required("server"), let node = reader.value("server") else {
            return (nil, 25, security ?? .starttls)
        }
        guard let (host, written) = Self.hostAndPort(text) else {
            reader.fault(
                node,
                "'\(Printable.text(text))' is not a server name, IPv4 address or [IPv6] address, with or without :port,"
            )
            return (nil, 25, security ?? .starttls)
        }
        if text == Self.direct { return (host, 25, .opportunistic) }
        if let written, let portSetting, written != portSetting {
            reader.fault(node, "two ports, \(written) and \(portSetting),")
        }
        let named = written ?? portSetting
        let chosen = security ?? (named == 465 ? .tls : .starttls)
        let port = named ?? (chosen == .tls ? 465 : chosen == .starttls ? 587 : 25)
        if (port == 465 && chosen != .tls) || (chosen == .tls && [25, 587].contains(port)) {
            let other = port == 465 ? "465 is 'tls' (RFC 8314)" : "\(port) is 'starttls'"
            reader.fault(
                reader.value("security") ?? node, "port \(port) and security '\(chosen.rawValue)' disagree: \(other),")
        }
        return (host, port, chosen)
    }

    /// `host`, `host:port`, `1.2.3.4:25`, `[::1]:25`.
    package static func hostAndPort(_ text: String) -> (host: String, port: Int?)? {
        var host = Substring(text)
        var rest: Substring = ""
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<end]
            rest = text[text.index(after: end)...]
            guard host.contains(":"), host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return nil }
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            rest = text[colon...]
        }
        guard !host.isEmpty, host.utf8.count <= 255,
            !host.unicodeScalars.contains(where: { $0.isUnsafeToShow || " /<>@\\[]".unicodeScalars.contains($0) })
        else { return nil }
        if rest.isEmpty { return (String(host), nil) }
        guard rest.first == ":", let port = Int(rest.dropFirst()), (1...65535).contains(port) else { return nil }
        return (String(host), port)
    }

    private func timeouts(_ reader: inout SectionReader) -> Settings.Timeouts {
        let value = reader.value("server_timeout")
        let single = value?.string.flatMap { Duration(text: $0) }
        if let value, value.mapping == nil, single == nil {
            reader.fault(value, "'server_timeout' must be a duration such as 30s, or a map of durations,")
        }
        if let value, let single {
            _ = reader.isWithin(Declarations.timeoutRange, single, "server_timeout", value)
        }
        var map = SectionReader(value?.mapping == nil ? nil : value, Declarations.timeouts, collector)
        defer { map.finish() }
        // One figure shortens what may be short; a short wait for the message's own replies makes duplicates.
        return Settings.Timeouts(
            connect: single ?? map.duration("connect") ?? .zero, greeting: single ?? map.duration("greeting") ?? .zero,
            command: single ?? map.duration("command") ?? .zero, dataBlock: map.duration("data_block") ?? .zero,
            finalReply: map.duration("final_reply") ?? .zero)
    }
}

private enum CredentialsChoice: String, CaseIterable { case own, `default` }
