// What proves who logs in; and the folder for what was sent.

extension Declarations {
    /// Of an account, and of a folder for what was sent: one of them at most.
    static let passwords = [
        SettingKey(
            "password", .text, nil, "The password itself; refused in a file that anyone but its owner may read."),
        SettingKey(
            "password_file", .text, nil,
            "A file whose first line is the password. One in `/etc/herald/secrets/` reaches the mailer as the systemd "
                + "credential of its name; a changed one needs a restart then."),
        SettingKey(
            "password_command", .texts, nil,
            "A program with its arguments, no shell: the first line of its output is the password. Run as the mailer's user "
                + "for each connection, for 30 s at most."),
        SettingKey(
            "password_credential", .text, nil,
            "The name of a systemd credential of the mailer's unit; a changed one needs a restart."),
    ]

    static let oauth = SettingSection(
        "smtp.accounts[].oauth",
        [
            SettingKey(
                "provider", .choice(["microsoft", "google", "custom"]), nil,
                "Whose tokens: `microsoft` by device code, or with `client_secret_file` for the application itself; "
                    + "`google` by browser, or with `key_file` for a service account; `custom` by the URLs below."),
            SettingKey("client_id", .text, nil, "The application's id; not with `key_file`, which has its own."),
            SettingKey("client_secret_file", .text, nil, "A file whose first line is the application's secret."),
            SettingKey(
                "client_secret_expires", .custom("date, `2027-01-31`"), nil,
                "When the secret expires: `herald status` warns a week before."),
            SettingKey("tenant", .text, nil, "Microsoft's directory, by id or domain; default `common`."),
            SettingKey("key_file", .text, nil, "A Google service account's key (JSON)."),
            SettingKey("subject", .address, nil, "The mailbox that a service account acts for; default: `login`."),
            SettingKey("scopes", .texts, nil, "What is asked for; default: the provider's for sending mail."),
            SettingKey("token_url", .text, nil, "The token endpoint; default: the provider's."),
            SettingKey("device_url", .text, nil, "The endpoint for device codes; default: the provider's."),
            SettingKey("authorization_url", .text, nil, "The page where a browser signs in; default: the provider's."),
            SettingKey(
                "ca_file", .text, nil,
                "Certificates (PEM) that these servers' are checked with, instead of the system's."),
        ])

    static let sentFolder = SettingSection(
        "aliases[].sent_folder",
        [
            SettingKey("server", .text, nil, "IMAP server: name, IPv4 or `[IPv6]`; `host:port` is accepted."),
            SettingKey("port", .integer(1...65535), nil, "Default by `security`: 993 for `tls`, 143 for `starttls`."),
            SettingKey(
                "security", .choice(["tls", "starttls"]), nil,
                "Neither falls back; default `starttls` for port 143, else `tls`."),
            SettingKey("login", .text, nil, "Account name; with `oauth`, default: who has signed in."),
        ] + passwords + [
            SettingKey(
                "auth", .choice(["auto", "plain", "login", "cram-md5", "xoauth2", "oauthbearer"]), "auto",
                "How to log in; with `oauth`, `auto` is `xoauth2`."),
            SettingKey(
                "oauth", .custom("map, or an account's name"), nil,
                "Logs in with access tokens: keys as in `smtp.accounts[].oauth`, or the name of the account whose sign-in "
                    + "serves here too."),
            SettingKey(
                "folder", .text, nil, "The folder's name; default: the one that the server says is for what was sent."),
            SettingKey(
                "ca_file", .text, nil,
                "Certificates (PEM) that this server's is checked with, instead of the system's."),
        ])
}
