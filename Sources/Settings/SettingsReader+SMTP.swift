// What holds for all mail that goes out.

import Formats
import Mail
import YAML

extension SettingsReader {
    func smtp(_ node: YAMLNode?) -> Settings.SMTP {
        var reader = SectionReader(node, Declarations.smtp, collector)
        var retry = SectionReader(reader.value("retry"), Declarations.retry, collector)
        let credentials = defaultCredentials(reader.value("default_credentials"))
        var smtp = Settings.SMTP(
            accounts: reader.list("accounts").compactMap { account($0, credentials) },
            retry: rhythm(&retry), uncertain: reader.choice("uncertain", Settings.Uncertain.self) ?? .resendOnce,
            hold: reader.duration("hold") ?? .zero, keep: reader.duration("keep") ?? .zero,
            redirect: redirect(reader.value("redirect")))
        smtp.allowPrivateMX = reader.bool("allow_private_mx")
        unique(reader.list("accounts"), by: "name", what: "account")
        retry.finish()
        reader.finish()
        return smtp
    }

    private func rhythm(_ reader: inout SectionReader) -> Settings.Retry {
        let rhythm = Settings.Retry(
            first: reader.duration("first") ?? .zero, maximum: reader.duration("maximum") ?? .zero,
            giveUpAfter: reader.duration("give_up_after") ?? .zero, warnAfter: warnAfter(&reader))
        if rhythm.first > rhythm.maximum, let node = reader.value("maximum") ?? reader.value("first") {
            reader.fault(
                node, "'maximum' (\(rhythm.maximum.text)) must not be less than 'first' (\(rhythm.first.text)),")
        }
        if rhythm.first < .seconds(1), let node = reader.value("first") {
            reader.warn(
                node, "a server that is asked so often, after \(rhythm.first.text), will soon refuse to be asked")
        }
        if let warnAfter = rhythm.warnAfter, warnAfter >= rhythm.giveUpAfter,
            let node = reader.value("warn_after") ?? reader.value("give_up_after")
        {
            reader.warn(
                node, "nobody is warned of a letter that waits: it is given up before 'warn_after' (\(warnAfter.text))")
        }
        return rhythm
    }

    private func warnAfter(_ reader: inout SectionReader) -> Duration? {
        let text = reader.text("warn_after")
        if text == "off" { return nil }
        guard let node = reader.value("warn_after") else { return text.flatMap { Duration(text: $0) } }
        guard let found = text.flatMap({ Duration(text: $0) }) else {
            reader.fault(node, "'warn_after' must be 'off' or a duration such as 4h,")
            return nil
        }
        return reader.isWithin(Declarations.warningRange, found, "warn_after", node) ? found : nil
    }

    private func redirect(_ node: YAMLNode?) -> Settings.Redirect {
        var reader = SectionReader(node, Declarations.redirect, collector)
        var redirect = Settings.Redirect()
        redirect.enabled = reader.bool("enabled")
        let items = reader.list("to")
        for item in items {
            var map = SectionReader(item, Declarations.redirectRecipient, collector)
            let email = map.address("email")
            if map.value("email") == nil { map.missing("email") }
            if map.bool("enabled"), let email { redirect.to.append(email) }
            map.finish()
        }
        unique(items, by: "email", what: "address to redirect to")
        if redirect.holdsAll, let node {
            reader.warn(node, "all letters are held: 'smtp.redirect' is on, and no address in 'to' is enabled")
        }
        reader.finish()
        return redirect
    }

    /// What an alias says nothing of.
    func defaults(_ smtp: YAMLNode?) -> (replyTo: EmailAddress?, fromName: String?) {
        var reader = SectionReader(smtp?["defaults"], Declarations.letterDefaults, collector)
        defer { reader.finish() }
        return (reader.address("reply_to"), reader.line("from_name"))
    }
}
