// `herald docs`: the pages that are made from the declarations in the program. Hidden: for those who build it.

import ArgumentParser
import Settings

struct DocsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "docs", abstract: "Print a page made from the program's declarations.", shouldDisplay: false)

    enum Page: String, ExpressibleByArgument, CaseIterable { case settings, rules, diagnoses }
    @Argument var page: Page
    @OptionGroup var rules: RulesOption

    func run() throws {
        switch page {
        case .settings: Terminal.say(String(SettingsPage.markdown.dropLast()))
        case .diagnoses: Terminal.say(String(DiagnosesPage.markdown.dropLast()))
        case .rules:
            let (matcher, files) = try rules.loaded()
            Terminal.say(String(RulesPage.markdown(matcher.rules, files).dropLast()))
        }
    }
}
