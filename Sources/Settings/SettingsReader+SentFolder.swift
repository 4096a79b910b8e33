// The folder for what was sent.

import Formats
import Platform
import YAML

extension SettingsReader {
    func sentFolder(_ node: YAMLNode) -> Settings.SentFolder? {
        var reader = SectionReader(node, Declarations.sentFolder, subject: "'sent_folder'", collector)
        let (host, port, security) = imapServer(&reader)
        var folder = Settings.SentFolder(
            server: host ?? "", port: port, security: security, login: reader.text("login"),
            password: password(&reader),
            authentication: reader.choice("auth", Settings.SentFolder.Authentication.self) ?? .auto,
            folder: reader.line("folder"), caFile: reader.text("ca_file"))
        if let value = reader.value("oauth") {
            folder.tokenAccount = value.string
            folder.oauth = value.string == nil ? oauth(value) : nil
            folder.oauth?.isForIMAP = true
        }
        checkLogin(folder, &reader)
        reader.finish()
        return host == nil ? nil : folder
    }

    private func checkLogin(_ folder: Settings.SentFolder, _ reader: inout SectionReader) {
        if let path = folder.caFile, let node = reader.value("ca_file") { absolute(path, node, reader) }
        if folder.folder?.isEmpty == true, let node = reader.value("folder") { reader.fault(node, "'folder' is empty") }
        if let login = folder.login, let node = reader.value("login") {
            // curl splits name and password at the first colon.
            if login.utf8.contains(UInt8(ascii: ":")) || login.unicodeScalars.contains(where: \.isUnsafeToShow) {
                reader.fault(node, "'login' cannot have a colon or a control character in it here")
            }
        }
        let takesToken = [.xoauth2, .oauthbearer].contains(folder.authentication)
        guard let oauth = reader.value("oauth") else {
            if takesToken { reader.missing("oauth") }
            if folder.login == nil { reader.missing("login") }
            if folder.password == nil, !takesToken { reader.missing("password_file") }
            return
        }
        checkAlone(oauth, folder.password, &reader)
        if folder.login == nil, folder.oauth?.saysMailbox == false { reader.missing("login") }
        if !takesToken, folder.authentication != .auto, let node = reader.value("auth") {
            reader.fault(node, "'oauth' needs auth 'xoauth2', 'oauthbearer' or 'auto',")
        }
    }

    /// RFC 8314 section 3.2: 993 has TLS from the first byte.
    private func imapServer(_ reader: inout SectionReader) -> (host: String?, port: Int, security: Settings.Security) {
        let security = reader.choice("security", IMAPSecurity.self).flatMap { Settings.Security(rawValue: $0.rawValue) }
        let portSetting = reader.int("port")
        guard let text = reader.required("server"), let node = reader.value("server") else {
            return (nil, 993, security ?? .tls)
        }
        guard let (host, written) = Self.hostAndPort(text) else {
            reader.fault(
                node,
                "'\(Printable.text(text))' is not a server name, IPv4 address or [IPv6] address, with or without :port,"
            )
            return (nil, 993, security ?? .tls)
        }
        if let written, let portSetting, written != portSetting {
            reader.fault(node, "two ports, \(written) and \(portSetting),")
        }
        let named = written ?? portSetting
        let chosen = security ?? (named == 143 ? .starttls : .tls)
        let port = named ?? (chosen == .tls ? 993 : 143)
        if (port == 993) != (chosen == .tls), port == 993 || port == 143 {
            let other = port == 993 ? "993 is 'tls'" : "143 is 'starttls'"
            reader.fault(
                reader.value("security") ?? node, "port \(port) and security '\(chosen.rawValue)' disagree: \(other),")
        }
        return (host, port, chosen)
    }

    private enum IMAPSecurity: String, CaseIterable { case tls, starttls }

    /// What folders say of accounts: that account's tokens are for IMAP then too.
    func checkTokenAccounts(_ settings: inout Settings, _ root: YAMLNode) {
        let names = settings.smtp.accounts.filter { $0.oauth != nil }.map(\.name)
        for alias in root["aliases"]?.sequence ?? [] {
            guard let node = alias["sent_folder"]?["oauth"], let name = node.string else { continue }
            if !names.contains(name) {
                let near = NearestName.to(name, in: names).map { "; did you mean '\($0)'?" } ?? ""
                collector.add(node.fault("there is no account '\(Printable.text(name))' with 'oauth'\(near)"))
            }
            for index in settings.smtp.accounts.indices where settings.smtp.accounts[index].name == name {
                settings.smtp.accounts[index].oauth?.isForIMAP = true
            }
        }
    }
}
