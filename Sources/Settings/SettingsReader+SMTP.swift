// What holds for all mail that goes out.

import Formats
import YAML

extension SettingsReader {
    func smtp(_ node: YAMLNode?) -> Settings.SMTP {
        var reader = SectionReader(node, Declarations.smtp, collector)
        var retry = SectionReader(reader.value("retry"), Declarations.retry, collector)
        let smtp = Settings.SMTP(
            accounts: reader.list("accounts").compactMap(account),
            retry: .init(
                first: retry.duration("first") ?? .zero, maximum: retry.duration("maximum") ?? .zero,
                giveUpAfter: retry.duration("give_up_after") ?? .zero),
            uncertain: reader.choice("uncertain", Settings.Uncertain.self) ?? .resendOnce)
        unique(reader.list("accounts"), by: "name", what: "account")
        retry.finish()
        reader.finish()
        return smtp
    }
}
