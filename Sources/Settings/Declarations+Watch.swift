// What is watched.

import Records

extension Declarations {
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
            SettingKey(
                "timeout", .duration(.milliseconds(1) ... .seconds(60)), "1s",
                "How long a record waits for its next line."),
            SettingKey("lines", .integer(2...10_000), "1000", "Lines of one record; more go into a further one."),
        ])
}
