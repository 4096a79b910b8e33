// Every setting there is. A key stands here from the moment that it works, and not before.

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

    static let paths = SettingSection(
        "paths",
        [
            SettingKey("state", .text, "/var/lib/herald", "Databases of the daemons."),
            SettingKey("spool", .text, "/var/spool/herald", "Letters on their way from the daemons to the mailer."),
            SettingKey("run", .text, "/run/herald", "Control sockets."),
        ])
}
