// Which folders are answered.

extension Declarations {
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
            SettingKey(
                "settle", .duration(.zero ... .hours(1)), "3s",
                "How long a file must stay unchanged before it is taken."),
            SettingKey(
                "outcome_dir", .text, nil,
                "Where items go that were dealt with; default `PATH.herald` beside the folder."),
            SettingKey(
                "once_per", .duration(.milliseconds(1) ... .hours(24 * 3650)), nil,
                "The same person is answered again after this time; default: never."),
            SettingKey(
                "hold", .duration(.zero ... .hours(24 * 7)), nil,
                "How long an answer is held before it is sent; `herald queue retract ID` takes it back meanwhile. "
                    + "Default: `smtp.hold`."),
            SettingKey("dry_run", .bool, "false", "Decide and file, send nothing."),
        ])
}
