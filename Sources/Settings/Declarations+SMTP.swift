// What holds for all mail that goes out.

extension Declarations {
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
}
