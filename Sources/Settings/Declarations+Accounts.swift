// The outgoing mail servers.

extension Declarations {
    /// Of what an account has, what proves who logs in.
    static let credentials = SettingSection(
        "smtp.default_credentials", account.keys.filter { $0.name == "login" || $0.name.hasPrefix("password") })

    static let account = SettingSection(
        "smtp.accounts[]",
        [
            SettingKey("name", .text, nil, "The name of the account, in this file and in messages."),
            SettingKey("enabled", .bool, "true", "`false`: not used."),
            SettingKey(
                "credentials", .choice(["own", "default"]), "own",
                "Default credentials: `default` takes login and password from `smtp.default_credentials`."),
            SettingKey(
                "server", .text, nil,
                "Outgoing mail server (SMTP): name, IPv4 or `[IPv6]`; `host:port` is accepted. Or `direct`: no server, straight to "
                    + "the recipients' mail hosts, with DANE and MTA-STS."),
            SettingKey(
                "port", .integer(1...65535), nil,
                "Server port number; default by `security`: 465 for `tls`, 587 for `starttls`, otherwise 25."),
            SettingKey(
                "security", .choice(["tls", "starttls", "opportunistic", "none"]), nil,
                "`tls` and `starttls` never fall back; default `tls` for port 465, `opportunistic` for `direct`, else `starttls`."
            ),
            SettingKey(
                "login", .text, nil,
                "Account name, where the server wants one; with `oauth`, the mailbox: default, who has signed in."),
        ] + passwords + [
            SettingKey(
                "auth",
                .choice([
                    "auto", "none", "plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256", "scram-sha-256-plus",
                    "xoauth2", "oauthbearer", "external",
                ]), "auto",
                "How to log in; `auto` takes the strongest that the server offers. `xoauth2` and `oauthbearer` need "
                    + "`oauth`, `external` needs `client_certificate`."),
            SettingKey("oauth", .map(oauth), nil, "Logs in with access tokens (OAuth2) instead of a password."),
            SettingKey("helo_name", .text, nil, "HELO name; default: the host's full name, else its address literal."),
            SettingKey(
                "server_timeout", .custom("duration, or map"), nil,
                "Server timeouts: one figure for connect, greeting and commands, or a map; default: RFC 5321 section 4.5.3.2's."
            ),
            SettingKey(
                "ca_file", .text, nil, "Certificates (PEM) that this server's is checked with, instead of the system's."
            ),
            SettingKey(
                "fingerprints", .texts, nil,
                "SHA-256 of the public keys (SubjectPublicKeyInfo) that the server may have, in hexadecimal, in place of authorities, "
                    + "name and time; a server that has none of them is told with its own."),
            SettingKey(
                "tls_minimum", .choice(["1.2", "1.3"]), "1.2",
                "The oldest version of TLS that is spoken with this server; what is older than 1.2 never is (RFC 8996)."
            ),
            SettingKey(
                "client_certificate", .text, nil,
                "A file (PEM) with a certificate, its chain and its key, for servers that ask for one."),
            SettingKey(
                "allow_plaintext_login", .bool, "false", "Allows a login without TLS; never do this beyond this host."),
            SettingKey(
                "max_connections", .integer(1...100), "2",
                "Connections to this server at one time; with `direct` to each domain, and 20 in all."),
            SettingKey(
                "max_messages_per_connection", .integer(1...100_000), "100",
                "Maximum number to send on a connection; then disconnect, and connect again as needed."),
            SettingKey(
                "delay_between_messages", .duration(.zero ... .hours(24)), "0s",
                "Delay between e-mails to this server; kept across connections and restarts."),
        ])

    /// Of a server.
    static let timeoutRange = Duration.seconds(1) ... .hours(1)
    private static let wait = SettingKind.duration(timeoutRange)

    static let timeouts = SettingSection(
        "smtp.accounts[].server_timeout",
        [
            SettingKey("connect", wait, "30s", "To connect."),
            SettingKey("greeting", wait, "5m", "For the greeting."),
            SettingKey("command", wait, "5m", "For the reply to a command."),
            SettingKey("data_block", wait, "3m", "For each block of the message to be taken."),
            SettingKey(
                "final_reply", wait, "10m",
                "For the reply to the whole message; one that comes later makes the letter go twice."),
        ])
}
