// What proves who logs in.

import Formats
import Platform
import YAML

extension SettingsReader {
    /// One of the four ways, at most.
    func password(_ reader: inout SectionReader) -> Settings.Password? {
        let literal = reader.text("password")
        let file = reader.text("password_file")
        let command = reader.texts("password_command")
        let credential = reader.text("password_credential")
        let given = Declarations.passwords.map(\.name).filter { reader.value($0) != nil }
        if given.count > 1, let node = reader.value(given[1]) {
            let list = given.map { "'\($0)'" }
            reader.fault(
                node, "\(list.dropLast().joined(separator: ", ")) and \(list[given.count - 1]): give one of them")
        }
        if literal != nil, let node = reader.value("password"),
            let place = files.first(where: { $0.path == node.file }), place.permissions & 0o077 != 0
        {
            reader.fault(
                node, "a password in a file that others may read (chmod 600 \(place.path), or better a 'password_file')"
            )
        }
        if let file, let node = reader.value("password_file") { absolute(file, node, reader) }
        if let node = reader.value("password_command") { checkCommand(command, node, reader) }
        if let credential, let node = reader.value("password_credential"),
            credential.isEmpty || credential.hasPrefix(".") || credential.utf8.contains(UInt8(ascii: "/"))
                || credential.unicodeScalars.contains(where: \.isUnsafeToShow)
        {
            reader.fault(node, "'password_credential' must be the name of a credential, not a path,")
        }
        return file.map { .file($0) } ?? credential.map { .credential($0) }
            ?? (command.isEmpty ? nil : .command(command)) ?? literal.map { .literal($0) }
    }

    private func checkCommand(_ words: [String], _ node: YAMLNode, _ reader: SectionReader) {
        guard let program = words.first else { return reader.fault(node, "'password_command' names no program") }
        if words.count == 1, program.contains(" ") {
            return reader.fault(
                node, "'password_command' must be a list of the program and its arguments, for no shell reads it,")
        }
        absolute(program, node, reader)
    }

    /// A password beside tokens.
    func checkAlone(_ oauth: YAMLNode, _ password: Settings.Password?, _ reader: inout SectionReader) {
        if password != nil { reader.fault(oauth, "'oauth' beside a password: give one of them") }
    }

    func oauth(_ node: YAMLNode) -> Settings.OAuth? {
        var reader = SectionReader(node, Declarations.oauth, subject: "'oauth'", collector)
        let provider = reader.choice("provider", Settings.OAuth.Provider.self)
        if reader.value("provider") == nil { reader.missing("provider") }
        var oauth = Settings.OAuth(
            provider: provider ?? .custom, clientID: reader.text("client_id") ?? "",
            clientSecretFile: path("client_secret_file", &reader), tenant: reader.text("tenant"),
            keyFile: path("key_file", &reader), subject: reader.address("subject")?.text,
            scopes: reader.texts("scopes"), tokenURL: address("token_url", &reader),
            deviceURL: address("device_url", &reader), authorizationURL: address("authorization_url", &reader),
            caFile: path("ca_file", &reader))
        oauth.clientSecretExpires = date("client_secret_expires", &reader)
        checkProvider(oauth, &reader)
        reader.finish()
        return provider == nil ? nil : oauth
    }

    private func checkProvider(_ oauth: Settings.OAuth, _ reader: inout SectionReader) {
        func foreign(_ key: String, _ words: String) {
            if let node = reader.value(key) { reader.fault(node, "'\(key)' \(words),") }
        }
        if oauth.provider != .google { foreign("key_file", "is for provider 'google' alone") }
        if oauth.keyFile == nil { foreign("subject", "is for a service account ('key_file') alone") }
        if oauth.provider != .microsoft { foreign("tenant", "is for provider 'microsoft' alone") }
        if oauth.clientSecretFile == nil { foreign("client_secret_expires", "without 'client_secret_file'") }
        if oauth.keyFile != nil {
            foreign("client_id", "beside 'key_file', which has its own")
            foreign("client_secret_file", "beside 'key_file', which is the secret")
        } else if oauth.clientID.isEmpty {
            reader.missing("client_id")
        }
        if oauth.provider == .custom, oauth.tokenURL == nil, reader.value("token_url") == nil {
            reader.missing("token_url")
        }
        if oauth.way == .clientCredentials, oauth.clientSecretFile == nil {
            reader.missing(
                oauth.provider == .custom
                    ? "client_secret_file', 'device_url' or 'authorization_url" : "client_secret_file")
        }
        if oauth.provider == .microsoft, oauth.way == .clientCredentials,
            ["common", "organizations", "consumers", nil].contains(oauth.tenant?.lowercased())
        {
            guard let node = reader.value("tenant") else { return reader.missing("tenant") }
            reader.fault(node, "'tenant' must be the application's own directory where it has a secret,")
        }
    }

    private func path(_ key: String, _ reader: inout SectionReader) -> String? {
        guard let text = reader.text(key) else { return nil }
        if let node = reader.value(key) { absolute(text, node, reader) }
        return text
    }

    /// Nothing that is a secret goes anywhere but over TLS.
    private func address(_ key: String, _ reader: inout SectionReader) -> String? {
        guard let text = reader.text(key) else { return nil }
        let isPlain = text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
        if let node = reader.value(key), !text.hasPrefix("https://") || text.utf8.count < 10 || !isPlain {
            reader.fault(node, "'\(key)' must be an address that begins with https://,")
        }
        return text
    }

    private func date(_ key: String, _ reader: inout SectionReader) -> Timestamp? {
        guard let text = reader.text(key) else { return nil }
        let time = Timestamp(rfc3339: text + "T00:00:00Z")
        if time == nil, let node = reader.value(key) {
            reader.fault(node, "'\(key)' must be a date such as 2027-01-31,")
        }
        return time
    }
}
