// Every setting there is. A key stands here from the moment that it works, and not before.

import Records

/// The declarations, section by section.
package enum Declarations {
    package static let root = SettingSection(
        "",
        [
            SettingKey("report", .map(report), nil, "Who is told about critical errors, and how often."),
            SettingKey("smtp", .map(smtp), nil, "The mail accounts, and how letters are tried again."),
            SettingKey("aliases", .list(alias), nil, "The sender identities."),
            SettingKey("watch", .map(watch), nil, "What is watched, by which rules."),
            SettingKey("respond", .map(respond), nil, "Which folders are answered, and how."),
            SettingKey("paths", .map(paths), nil, "Where state and letters lie."),
        ])

    static let severities = ["emergency", "alert", "critical", "error", "warning"]

    static let report = SettingSection(
        "report",
        [
            SettingKey(
                "enabled", .bool, "true", "Report about errors by mail; `false`: incidents are recorded, no letter."),
            SettingKey(
                "to", .custom("text, or list of maps"), nil,
                "To: the administrator's name; or a list of recipients, each with the keys below."),
            SettingKey(
                "to_email", .address, nil, "To e-mail: the administrator's address; absent when `to` is a list."),
            SettingKey(
                "subject", .text, "[{severity}] {host}: {title}",
                "Subject of the letters; `{severity}`, `{host}`, `{title}`, `{rule}`, `{count}` are replaced."),
            SettingKey("mailer_name", .text, "REM mailer", "Mailer Name: the X-Mailer header, in replies too."),
            SettingKey(
                "from", .text, nil, "The alias (by its description) that reports come from; default: the default alias."
            ),
            SettingKey(
                "min_severity", .choice(severities), "critical", "Hits below this are recorded, no letter is sent."),
            SettingKey("group_wait", .duration, "10s", "How long the first letter of an incident waits for more hits."),
            SettingKey("group_interval", .duration, "5m", "The least time between two letters of one incident."),
            SettingKey(
                "repeat_interval", .duration, "4h",
                "A reminder of an incident that only something else ends; doubles up to a day."),
            SettingKey(
                "max_per_hour", .integer(1...1000), "12",
                "Letters an hour, severity critical and below; what is above that is told in one digest."),
            SettingKey(
                "hold", .duration, "0s",
                "How long reports are held before they are sent; `herald queue retract ID` takes one back meanwhile."),
            SettingKey(
                "heartbeat", .custom("`off`, `daily 07:00` or `weekly mon 07:00`"), "off",
                "A short letter at that time of the host's clock that all is well, and what was watched."),
            SettingKey(
                "fallback_command", .texts, nil,
                "A program with its arguments, no shell: told of it on standard input, as the mailer's user, once an hour at "
                    + "most, when reports wait and no account works."),
            SettingKey("context_lines", .integer(0...20), "3", "Lines shown before and after each sample."),
            SettingKey("samples", .integer(1...10), "10", "Samples in a letter."),
        ])

    static let recipient = SettingSection(
        "report.to[]",
        [
            SettingKey("name", .text, nil, "The recipient's name."),
            SettingKey("email", .address, nil, "The recipient's address."),
            SettingKey("enabled", .bool, "true", "`false`: gets no letters."),
            SettingKey("min_severity", .choice(severities), "critical", "Gets letters of this severity and above."),
            SettingKey("rules", .texts, nil, "Gets letters of these rules only; `kernel-*` names all that begin so."),
        ])

    static let smtp = SettingSection(
        "smtp",
        [
            SettingKey(
                "accounts", .list(account), nil, "Outgoing mail servers; the first enabled one that works is used."),
            SettingKey("retry", .map(retry), nil, "When a letter is tried again."),
            SettingKey(
                "uncertain", .choice(["resend_once", "hold"]), "resend_once",
                "What becomes of a letter whose acceptance was not heard: sent once more with the same Message-ID, or held."
            ),
        ])

    static let retry = SettingSection(
        "smtp.retry",
        [
            SettingKey("first", .duration, "1m", "The wait after the first failure; doubles from there."),
            SettingKey("maximum", .duration, "4h", "The longest wait between two attempts."),
            SettingKey("give_up_after", .duration, "5d", "A letter that is not delivered by then has failed."),
        ])

    static let account = SettingSection(
        "smtp.accounts[]",
        [
            SettingKey("name", .text, nil, "The name of the account, in this file and in messages."),
            SettingKey("enabled", .bool, "true", "`false`: not used."),
            SettingKey(
                "server", .text, nil, "Outgoing mail server (SMTP): name, IPv4 or `[IPv6]`; `host:port` is accepted."),
            SettingKey(
                "port", .integer(1...65535), nil,
                "Server port number; default by `security`: 465 for `tls`, 587 for `starttls`, otherwise 25."),
            SettingKey(
                "security", .choice(["tls", "starttls", "opportunistic", "none"]), nil,
                "`tls` and `starttls` never fall back; default `tls` for port 465, else `starttls`."),
            SettingKey("login", .text, nil, "Account name, where the server wants one."),
            SettingKey(
                "password", .text, nil, "The password itself; refused in a file that anyone but its owner may read."),
            SettingKey("password_file", .text, nil, "A file whose first line is the password."),
            SettingKey(
                "auth", .choice(["auto", "none", "plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256"]), "auto",
                "How to log in; `auto` takes the strongest that the server offers."),
            SettingKey("helo_name", .text, nil, "HELO name; default: the host's full name, else its address literal."),
            SettingKey(
                "server_timeout", .custom("duration, or map"), nil,
                "Server timeouts: one figure for connect, greeting and commands, or a map; default: RFC 5321 section 4.5.3.2's."
            ),
            SettingKey(
                "ca_file", .text, nil, "Certificates (PEM) that this server's is checked with, instead of the system's."
            ),
            SettingKey(
                "allow_plaintext_login", .bool, "false", "Allows a login without TLS; never do this beyond this host."),
            SettingKey("max_connections", .integer(1...100), "2", "Connections to this server at one time."),
            SettingKey(
                "max_messages_per_connection", .integer(1...100_000), "100",
                "Maximum number to send on a connection; then disconnect, and connect again as needed."),
            SettingKey("delay_between_messages", .duration, "0s", "Delay between e-mails to this server."),
        ])

    static let timeouts = SettingSection(
        "smtp.accounts[].server_timeout",
        [
            SettingKey("connect", .duration, "30s", "To connect."),
            SettingKey("greeting", .duration, "5m", "For the greeting."),
            SettingKey("command", .duration, "5m", "For the reply to a command."),
            SettingKey("data_block", .duration, "3m", "For each block of the message to be taken."),
            SettingKey("final_reply", .duration, "10m", "For the reply to the whole message."),
        ])

    static let alias = SettingSection(
        "aliases[]",
        [
            SettingKey("description", .text, nil, "The name of the alias in this file; unique, never sent."),
            SettingKey("name", .text, nil, "The friendly name in From."),
            SettingKey("address", .address, nil, "The e-mail address in From."),
            SettingKey("reply_to", .address, nil, "Where answers go, when not to `address`."),
            SettingKey("default", .bool, "false", "The alias that is used where none is named; exactly one."),
            SettingKey("account", .texts, nil, "The account or accounts it may leave through; default: all, in order."),
            SettingKey("user", .text, nil, "The local user whose letters carry this alias."),
        ])

    static let watch = SettingSection(
        "watch",
        [
            SettingKey(
                "start", .choice(["boot", "now"]), "boot",
                "Where the journal is read from at the very first start: this boot's beginning, or the end."),
            SettingKey("journal", .map(journal), nil, "The systemd journal, and further ones."),
            SettingKey("files", .list(file), nil, "Log files."),
            SettingKey(
                "rules", .texts, nil,
                "Folders of rules, a later one's file replacing an earlier one's of the same name."),
            SettingKey("disabled_rules", .texts, nil, "Rules, by id, that are switched off."),
        ])

    static let journal = SettingSection(
        "watch.journal",
        [
            SettingKey(
                "enabled", .bool, "true",
                "`false`: this host's own journal is not read. Switched on again, it is read from then on."),
            SettingKey(
                "namespaces", .texts, nil,
                "Journal namespaces that are read besides, by name (`LogNamespace=` in systemd.exec(5))."),
            SettingKey(
                "directories", .texts, nil,
                "Directories of journal files that are read besides, such as a collector's `/var/log/journal/remote`. "
                    + "In each, subdirectories named after machines are looked into."),
        ])

    static let file = SettingSection(
        "watch.files[]",
        [
            SettingKey(
                "path", .text, nil,
                "A file, or a pattern with `*`, `?` and `[…]` (no `**` for any depth). What is there at the first start is read from its end on "
                    + "(`herald scan` looks at what was before), a file that comes later from its beginning."),
            SettingKey(
                "exclude", .texts, nil,
                "Patterns of paths that are left out, with a `/` in them of the whole path, without one of the name. That a "
                    + "folder may not be looked into is a fault that is told, unless it is left out: with "
                    + "`path: /var/log/*/*.log` systemd's `/var/log/private`, which is root's alone."),
            SettingKey(
                "rotated", .texts, nil,
                "More folders in which rotated generations lie (logrotate's `olddir`), relative to the file's own; that "
                    + "one, and `old` and `archive` in it, are looked at anyway."),
            SettingKey(
                "format", .choice(LineFormat.allCases.map(\.rawValue)), "auto",
                "The form of the lines: each line's header recognised by itself (`auto`), none at all (`plain`), a JSON object "
                    + "on each line, Docker's json-file, or CRI (containerd, CRI-O)."),
            SettingKey(
                "multiline", .custom("`auto`, `none`, a language, or a map"), "auto",
                "Which lines are one record: stack traces of all languages (`auto`), of one ("
                    + TraceLanguage.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
                    + "; there any line may begin one), none, or by `{start, continue, timeout, lines}`."),
            SettingKey(
                "max_line", .size(1 << 10...256 << 10), SettingKind.size(LineFormat.lineLimit),
                "Of a longer line the beginning is matched and the rest skipped; that is recorded, and stands in the next "
                    + "digest and heartbeat."),
        ])

    static let multiline = SettingSection(
        "watch.files[].multiline",
        [
            SettingKey(
                "start", .text, nil,
                "A pattern (PCRE2, on the whole line) of the first line of a record; alone, all other lines go on with it."
            ),
            SettingKey(
                "continue", .text, nil,
                "A pattern of lines that go on with the one before; alone, all other lines begin a record."),
            SettingKey("timeout", .duration, "1s", "How long a record waits for its next line."),
            SettingKey("lines", .integer(2...10_000), "1000", "Lines of one record; more go into a further one."),
        ])

    static let respond = SettingSection(
        "respond",
        [
            SettingKey(
                "folders", .list(folder), nil, "Automatic reply to candidates on reception of a resume: drop folders."),
            SettingKey(
                "own_addresses", .texts, nil, "Addresses of ours; never answered, never taken for a candidate's."),
        ])

    static let folder = SettingSection(
        "respond.folders[]",
        [
            SettingKey("path", .text, nil, "The drop folder: a plain directory or a Maildir."),
            SettingKey("from", .text, nil, "The alias (by its description) that answers; default: the default alias."),
            SettingKey("letter", .text, nil, "The letter's template; default: the built-in one."),
            SettingKey("position", .text, nil, "The position that applications in this folder are for."),
            SettingKey("settle", .duration, "3s", "How long a file must stay unchanged before it is taken."),
            SettingKey(
                "outcome_dir", .text, nil,
                "Where items go that were dealt with; default `PATH.herald` beside the folder."),
            SettingKey(
                "once_per", .duration, nil, "The same person is answered again after this time; default: never."),
            SettingKey("dry_run", .bool, "false", "Decide and file, send nothing."),
        ])

    static let paths = SettingSection(
        "paths",
        [
            SettingKey("state", .text, "/var/lib/herald", "Databases of the daemons."),
            SettingKey("spool", .text, "/var/spool/herald", "Letters on their way from the daemons to the mailer."),
            SettingKey("run", .text, "/run/herald", "Control sockets."),
        ])
}
