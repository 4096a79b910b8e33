// `herald docs`: the pages that are made from the declarations in the program. Hidden: for those who build it.

import ArgumentParser
import Settings

struct DocsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "docs", abstract: "Print a page made from the program's declarations.", shouldDisplay: false)

    enum Page: String, ExpressibleByArgument, CaseIterable { case settings }
    @Argument var page: Page

    func run() {
        switch page {
        case .settings: Terminal.say(String(SettingsPage.markdown.dropLast()))
        }
    }
}
