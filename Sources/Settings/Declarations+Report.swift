// Who is told, and how often.

extension Declarations {
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
                "min_severity", .choice(severities), "critical",
                "Hits below this are recorded, no letter is sent, unless a recipient's own `min_severity` asks for "
                    + "them."
            ),
            SettingKey(
                "group_wait", .duration(.zero ... .hours(24)), "10s",
                "How long the first letter of an incident waits for more hits."),
            SettingKey(
                "group_interval", .duration(.zero ... .hours(24 * 7)), "5m",
                "The least time between two letters of one incident."),
            SettingKey(
                "repeat_interval", .duration(.seconds(60) ... .hours(24 * 30)), "4h",
                "A reminder of an incident that only something else ends; doubles up to a day."),
            SettingKey(
                "max_per_hour", .integer(1...1000), "12",
                "Letters an hour, severity critical and below; what is above that is told in one digest."),
            SettingKey(
                "hold", .duration(.zero ... .hours(24 * 7)), nil,
                "How long reports are held before they are sent; `herald queue retract ID` takes one back meanwhile. "
                    + "Default: `smtp.hold`."),
            SettingKey(
                "heartbeat", .custom("`off`, `daily 07:00` or `weekly mon 07:00`"), "off",
                "A short letter at that time of the host's clock that all is well, and what was watched."),
            SettingKey(
                "fallback_command", .texts, nil,
                "A program with its arguments, no shell: told of it on standard input, as the mailer's user, when reports "
                    + "wait and no account works (at once where only a person can mend that, else after five minutes), or "
                    + "were refused for good. Once an hour at most; where it fails, again after 1, 2, 4 … min."),
            SettingKey("context_lines", .integer(0...20), "3", "Lines shown before and after each sample."),
            SettingKey("samples", .integer(1...10), "10", "Samples in a letter."),
        ])

    static let recipient = SettingSection(
        "report.to[]",
        [
            SettingKey("name", .text, nil, "The recipient's name."),
            SettingKey("email", .address, nil, "The recipient's address."),
            SettingKey("enabled", .bool, "true", "`false`: gets no letters."),
            SettingKey(
                "min_severity", .choice(severities), nil,
                "Gets letters of this severity and above, be it more or less than `report.min_severity`, which is the default."
            ),
            SettingKey("rules", .texts, nil, "Gets letters of these rules only; `kernel-*` names all that begin so."),
        ])
}
