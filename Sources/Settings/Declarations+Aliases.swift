// The sender identities.

extension Declarations {
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
            SettingKey(
                "sent_folder", .map(sentFolder), nil,
                "Where a copy of what was sent under this alias is filed, by IMAP; not where Gmail or Microsoft 365 file it by "
                    + "themselves."),
        ])
}
