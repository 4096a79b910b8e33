// Whose letters may go straight to their destinations. The index tells these apart, because each destination may fail by
// itself.

import Settings

struct DestinationRule: Equatable {
    private var aliases: Set<String?> = []
    private var accounts: Set<String> = []

    init(_ settings: Settings, _ book: AccountBook) {
        for alias in [nil] + settings.aliases.map({ Optional($0.description) })
        where book.allowed(settings.alias(alias)).contains(where: \.settings.isDirect) {
            aliases.insert(alias)
        }
        accounts = Set(settings.smtp.accounts.filter(\.isDirect).map(\.name))
    }

    func tells(_ carrier: Carrier) -> Bool {
        switch carrier {
        case .alias(let alias), .handedOn(let alias, _): aliases.contains(alias)
        case .account(let account): accounts.contains(account)
        }
    }
}
