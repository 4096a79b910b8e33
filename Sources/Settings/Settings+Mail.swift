// The sections about mail: who is told, through which servers, in whose name.

import Formats
import Mail
import Platform
import Rules
import YAML

extension SettingsReader {
    func report(_ node: YAMLNode?) -> Settings.Report {
        var reader = SectionReader(node, Declarations.report, collector)
        let report = Settings.Report(
            enabled: reader.bool("enabled"), recipients: recipients(&reader), subject: subject(&reader),
            mailerName: reader.line("mailer_name") ?? "", from: reader.text("from"),
            minSeverity: severity("min_severity", &reader), groupWait: reader.duration("group_wait") ?? .zero,
            groupInterval: reader.duration("group_interval") ?? .zero,
            repeatInterval: reader.duration("repeat_interval") ?? .zero, maxPerHour: reader.int("max_per_hour") ?? 12,
            contextLines: reader.int("context_lines") ?? 3, samples: reader.int("samples") ?? 10,
            hold: reader.duration("hold") ?? .zero, heartbeat: heartbeat(&reader),
            fallbackCommand: fallbackCommand(&reader))
        reader.finish()
        if report.enabled, !report.recipients.contains(where: \.enabled), !collector.hasErrors {
            let place = node ?? YAMLNode(.mapping([]), file: files.first?.path ?? "", line: 1, column: 1)
            let reason =
                report.recipients.isEmpty
                ? "'report.to_email' is missing" : "none of the recipients in 'report.to' is enabled"
            reader.warn(place, "nobody is told: \(reason)")
        }
        return report
    }

    private func heartbeat(_ reader: inout SectionReader) -> HeartbeatTimes? {
        guard let text = reader.text("heartbeat"), text != "off" else { return nil }
        let times = HeartbeatTimes(text: text)
        if times == nil, let node = reader.value("heartbeat") {
            reader.fault(node, "'heartbeat' must be 'off', 'daily 07:00' or 'weekly mon 07:00',")
        }
        return times
    }

    private func fallbackCommand(_ reader: inout SectionReader) -> [String] {
        let words = reader.texts("fallback_command")
        if let program = words.first, let node = reader.value("fallback_command") { absolute(program, node, reader) }
        return words
    }

    /// A template: `{host}` and the like stand for what they name.
    private func subject(_ reader: inout SectionReader) -> String {
        let text = reader.line("subject") ?? ""
        guard let node = reader.value("subject") else { return text }
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            let after = rest[rest.index(after: open)...]
            guard let close = after.firstIndex(of: "}") else {
                reader.fault(node, "'subject' has a '{' that is not closed")
                break
            }
            let name = String(after[..<close])
            if !Settings.Report.subjectFields.contains(name) {
                let near =
                    NearestName.to(name, in: Settings.Report.subjectFields).map { "; did you mean '{\($0)}'?" } ?? ""
                reader.fault(node, "'subject' names the unknown field '{\(Printable.text(name, limit: 40))}'\(near)")
            }
            rest = after[after.index(after: close)...]
        }
        return text
    }

    private func severity(_ name: String, _ reader: inout SectionReader) -> Severity {
        let names = Dictionary(uniqueKeysWithValues: Severity.allCases.map { ($0.name, $0) })
        return reader.choice(name, SeverityName.self).flatMap { names[$0.rawValue] } ?? .critical
    }

    private enum SeverityName: String, CaseIterable { case emergency, alert, critical, error, warning }

    private func recipients(_ reader: inout SectionReader) -> [Settings.Recipient] {
        let email = reader.address("to_email")
        guard let to = reader.value("to") else { return email.map { [recipient(nil, $0)] } ?? [] }
        if let name = to.string {
            _ = reader.line("to")
            if reader.value("to_email") == nil { reader.missing("to_email") }
            return email.map { [recipient(name, $0)] } ?? []
        }
        guard let list = to.sequence else {
            reader.fault(to, "'to' must be a name, or a list of recipients,")
            return []
        }
        if let single = reader.value("to_email") {
            reader.fault(single, "'to_email' beside a list in 'to': give one of them")
        }
        return list.compactMap(recipient)
    }

    private func recipient(_ name: String?, _ email: EmailAddress) -> Settings.Recipient {
        Settings.Recipient(name: name, email: email, enabled: true, minSeverity: .warning, rules: [])
    }

    private func recipient(_ node: YAMLNode) -> Settings.Recipient? {
        var reader = SectionReader(node, Declarations.recipient, collector)
        let email = reader.address("email")
        if reader.value("email") == nil { reader.missing("email") }
        let name = reader.line("name")
        let enabled = reader.bool("enabled")
        let least = severity("min_severity", &reader)
        let rules = reader.texts("rules")
        reader.finish()
        return email.map {
            Settings.Recipient(name: name, email: $0, enabled: enabled, minSeverity: least, rules: rules)
        }
    }

    func smtp(_ node: YAMLNode?) -> Settings.SMTP {
        var reader = SectionReader(node, Declarations.smtp, collector)
        var retry = SectionReader(reader.value("retry"), Declarations.retry, collector)
        let smtp = Settings.SMTP(
            accounts: reader.list("accounts").compactMap(account),
            retry: .init(
                first: retry.duration("first") ?? .zero, maximum: retry.duration("maximum") ?? .zero,
                giveUpAfter: retry.duration("give_up_after") ?? .zero),
            uncertain: reader.choice("uncertain", Settings.Uncertain.self) ?? .resendOnce)
        unique(reader.list("accounts"), by: "name", what: "account")
        retry.finish()
        reader.finish()
        return smtp
    }

    private func account(_ node: YAMLNode) -> Settings.Account? {
        let title = node["name"]?.string.map { "account '\(Printable.text($0))'" }
        var reader = SectionReader(node, Declarations.account, subject: title, collector)
        let name = reader.required("name")
        let (host, port, security) = server(&reader)
        let login = reader.text("login")
        let account = Settings.Account(
            name: name ?? "", enabled: reader.bool("enabled"), server: host ?? "", port: port, security: security,
            login: login, password: password(&reader),
            authentication: reader.choice("auth", Settings.Authentication.self) ?? .auto,
            heloName: reader.text("helo_name"), timeouts: timeouts(&reader), caFile: reader.text("ca_file"),
            allowPlaintextLogin: reader.bool("allow_plaintext_login"),
            maxConnections: reader.int("max_connections") ?? 1,
            maxMessagesPerConnection: reader.int("max_messages_per_connection") ?? 1,
            delayBetweenMessages: reader.duration("delay_between_messages") ?? .zero)
        checkLogin(account, &reader)
        reader.finish()
        return name != nil && host != nil ? account : nil
    }

    private func checkLogin(_ account: Settings.Account, _ reader: inout SectionReader) {
        if account.login != nil, account.password == nil { reader.missing("password_file") }
        if account.login == nil, account.password != nil { reader.missing("login") }
        if account.login == nil, ![.auto, .none].contains(account.authentication) { reader.missing("login") }
        if let helo = account.heloName, let node = reader.value("helo_name"),
            helo.isEmpty || helo.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f || $0 == 0x3c || $0 == 0x3e })
        {
            reader.fault(node, "'helo_name' must be a host name or an address literal")
        }
        guard account.login != nil, account.security == .none || account.security == .opportunistic,
            let node = reader.value("security")
        else { return }
        if !account.allowPlaintextLogin {
            reader.fault(
                node, "a login needs security 'tls' or 'starttls', or 'allow_plaintext_login: true' beside it,")
        } else {
            reader.warn(
                node, "the password of account '\(account.name)' crosses the network readable by anyone on the way")
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

    private func password(_ reader: inout SectionReader) -> Settings.Password? {
        let literal = reader.text("password")
        let file = reader.text("password_file")
        if let node = reader.value("password"), literal != nil {
            if file != nil { reader.fault(node, "'password' and 'password_file': give one of them") }
            if let place = files.first(where: { $0.path == node.file }), place.permissions & 0o077 != 0 {
                reader.fault(
                    node,
                    "a password in a file that others may read (chmod 600 \(place.path), or better a 'password_file')")
            }
        }
        if let file, let node = reader.value("password_file") { absolute(file, node, reader) }
        return file.map { .file($0) } ?? literal.map { .literal($0) }
    }

    private func timeouts(_ reader: inout SectionReader) -> Settings.Timeouts {
        let value = reader.value("server_timeout")
        let single = value?.string.flatMap { Duration(text: $0) }
        if let value, value.mapping == nil, single == nil {
            reader.fault(value, "'server_timeout' must be a duration such as 30s, or a map of durations,")
        }
        var map = SectionReader(value?.mapping == nil ? nil : value, Declarations.timeouts, collector)
        defer { map.finish() }
        // One figure shortens what may be short; a short wait for the message's own replies makes duplicates.
        return Settings.Timeouts(
            connect: single ?? map.duration("connect") ?? .zero, greeting: single ?? map.duration("greeting") ?? .zero,
            command: single ?? map.duration("command") ?? .zero, dataBlock: map.duration("data_block") ?? .zero,
            finalReply: map.duration("final_reply") ?? .zero)
    }

    func aliases(_ root: inout SectionReader) -> [Settings.Alias] {
        let nodes = root.list("aliases")
        var aliases = nodes.compactMap(alias)
        unique(nodes, by: "description", what: "alias")
        if nodes.isEmpty {
            root.warn(root.node, "there is no alias: letters come from herald@\(host.mailName)")
            return fallbackAlias().map { [$0] } ?? []
        }
        if aliases.count == 1 { aliases[0].isDefault = true }
        let defaults = aliases.filter(\.isDefault).count
        if defaults != 1, let node = root.value("aliases"), !aliases.isEmpty {
            root.fault(node, "exactly one alias must have 'default: true', not \(defaults),")
        }
        return aliases
    }

    private func fallbackAlias() -> Settings.Alias? {
        let address = (try? EmailAddress("herald@\(host.mailName)")) ?? (try? EmailAddress("herald@localhost"))
        return address.map {
            Settings.Alias(
                description: "herald", name: "Herald", address: $0, replyTo: nil, isDefault: true, accounts: [],
                user: nil)
        }
    }

    private func alias(_ node: YAMLNode) -> Settings.Alias? {
        let title = node["description"]?.string.map { "alias '\(Printable.text($0))'" }
        var reader = SectionReader(node, Declarations.alias, subject: title, collector)
        let description = reader.required("description")
        let address = reader.address("address")
        if reader.value("address") == nil { reader.missing("address") }
        let name = reader.line("name")
        let replyTo = reader.address("reply_to")
        let isDefault = reader.bool("default")
        let accounts = reader.texts("account")
        let user = reader.text("user")
        reader.finish()
        guard let description, let address else { return nil }
        return Settings.Alias(
            description: description, name: name, address: address, replyTo: replyTo, isDefault: isDefault,
            accounts: accounts, user: user)
    }

    func unique(_ nodes: [YAMLNode], by key: String, what: String) {
        var seen: Set<String> = []
        for node in nodes {
            guard let value = node[key], let name = value.string else { continue }
            if !seen.insert(name).inserted { collector.add(value.fault("a second \(what) '\(Printable.text(name))'")) }
        }
    }
}
