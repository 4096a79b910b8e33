// What holds for all mail that goes out.

extension Declarations {
    static let smtp = SettingSection(
        "smtp",
        [
            SettingKey(
                "accounts", .list(account), nil, "Outgoing mail servers; the first enabled one that works is used."),
            SettingKey(
                "default_credentials", .map(credentials), nil, "The login of all accounts with `credentials: default`."),
            SettingKey("retry", .map(retry), nil, "When a letter is tried again."),
            SettingKey(
                "hold", .duration(.zero ... .hours(24 * 7)), "0s",
                "How long every letter is held before it is sent; `herald queue retract ID` takes it back meanwhile. "
                    + "`report.hold` and a folder's `hold` go before it."),
            SettingKey(
                "keep", .duration(.hours(1) ... .hours(24 * 3650)), "14d",
                "How long letters that are done stay in `herald queue list`, with their text; then the id and the SHA-256 "
                    + "alone are kept, so that none is taken twice."),
            SettingKey("defaults", .map(letterDefaults), nil, "For letters whose alias does not say."),
            SettingKey(
                "redirect", .map(redirect), nil,
                "Every letter goes to other addresses instead, for trying a whole installation out: those that wait already "
                    + "too."),
            SettingKey(
                "uncertain", .choice(["resend_once", "hold"]), "resend_once",
                "What becomes of a letter whose acceptance was not heard: sent once more with the same Message-ID, or held."
            ),
            SettingKey(
                "allow_private_mx", .bool, "false",
                "Lets `server: direct` deliver to hosts with private and loopback addresses, which a stranger's domain could "
                    + "name as well."),
        ])

    static let retry = SettingSection(
        "smtp.retry",
        [
            SettingKey(
                "first", .duration(.milliseconds(1) ... .hours(24)), "1m",
                "The wait after the first failure; doubles from there."),
            SettingKey(
                "maximum", .duration(.milliseconds(1) ... .hours(24 * 7)), "4h",
                "The longest wait between two attempts."),
            SettingKey(
                "give_up_after", .duration(.seconds(60) ... .hours(24 * 30)), "5d",
                "A letter that is not delivered by then has failed. Time without an account that works does not count."),
            SettingKey(
                "warn_after", .custom("`off`, or duration, 1m to 30d"), "4h",
                "When a letter has waited so long, the report's other recipients are told by a letter, once."),
        ])

    static let warningRange = Duration.seconds(60) ... .hours(24 * 30)

    static let letterDefaults = SettingSection(
        "smtp.defaults",
        [
            SettingKey(
                "reply_to", .address, nil,
                "E-mail \"Reply-to\" address: where answers go when neither the letter nor its alias says."),
            SettingKey(
                "from_name", .text, nil, "E-mail sender name, where the letter has no From and its alias no `name`."),
        ])

    static let redirect = SettingSection(
        "smtp.redirect",
        [
            SettingKey(
                "enabled", .bool, "false",
                "Redirect to report email: every letter goes to `to` instead. Its own recipients stand in its header "
                    + "(`X-Herald-Redirected-From`) and in a text before its own."),
            SettingKey(
                "to", .list(redirectRecipient), nil,
                "Report emails. Without an enabled one, letters are held as long as `enabled` is true."),
        ])

    static let redirectRecipient = SettingSection(
        "smtp.redirect.to[]",
        [
            SettingKey("email", .address, nil, "The address."),
            SettingKey("enabled", .bool, "true", "`false`: gets nothing."),
        ])
}
