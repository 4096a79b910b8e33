// `herald test-connection`: the way that an account's letters take, step by step, and what is wrong with it.

import ArgumentParser
import Formats
import Logging
import Mail
import Platform
import SMTPProtocol
import SMTPTransport
import Settings

struct TestConnectionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test-connection",
        abstract: "Try the mail accounts step by step; on failure, the cause and what to do.",
        discussion: """
            Every enabled account, one after the other, or those that are named. Each step is shown with its time: the \
            server's name, the connection, TLS with the server's certificate, what the server can do, the login; with \
            --send a letter too. Nothing else is sent, and nothing of the mailer's is changed: no letter of the queue goes, \
            and an account that the mailer has paused stays so until its next try.

            Of an account with `server: direct`, the domain of the letter's recipient is tried, or of the first recipient of \
            reports: its hosts, DANE and MTA-STS, and one session.

            Of an account that does not work: the step, the server's own words, the likely cause, and what to do. \
            docs/diagnoses.md has all of these. Run it as root, which may read the passwords.

            Exit 0 when all accounts work, 1 when one does not, 2 for wrong use or wrong settings.

            Example: herald test-connection office --send admin@example.org
            """)

    @OptionGroup var config: ConfigOption
    @Argument(help: ArgumentHelp("Names of accounts; default: all that are enabled.", valueName: "account"))
    var accounts: [String] = []
    @Option(
        name: .customLong("send"), defaultAsFlag: "",
        help: ArgumentHelp("Send a letter too; default: to the first recipient of reports.", valueName: "to"))
    var send: String?
    @Flag(help: "One JSON object an account.") var json = false

    func run() throws {
        CoreDump.refuse()
        let settings = try send == nil ? config.mailSettings() : config.settings()
        var names = accounts
        var recipient = send
        // `--send office`: the word behind it is an account's name.
        if let word = send, !word.isEmpty, !word.contains("@") {
            names.append(word)
            recipient = ""
        }
        if recipient != send, let word = names.last, !settings.smtp.accounts.contains(where: { $0.name == word }) {
            throw Failure.wrong(
                "--send \(Printable.text(word, limit: 100)): that is neither an address to send to, for it has no '@', nor "
                    + "the name of an account")
        }
        let chosen = try choose(names, settings)
        let trial = try ConnectionTrial(settings, sendsTo: recipient)
        var failed: [(name: String, words: String)] = []
        for (index, account) in chosen.enumerated() {
            let screen = ConnectionScreen(account, isJSON: json)
            if index > 0, !json { Terminal.say("") }
            screen.begin()
            let verdict = trial.run(account, onStep: screen.step)
            screen.end(verdict, mailer: verdict.fault == nil ? trial.pause(of: account) : nil)
            if let fault = verdict.fault {
                failed.append((account.name, fault.diagnosis?.rawValue ?? fault.phase.spoken))
            }
        }
        if !json { conclude(failed, of: chosen.count) }
        if !failed.isEmpty { throw Failure.notWell("") }
    }

    private func choose(_ names: [String], _ settings: Settings) throws -> [Settings.Account] {
        let all = settings.smtp.accounts
        guard !names.isEmpty else {
            let enabled = all.filter(\.enabled)
            if enabled.isEmpty { throw Failure.wrong("no account is enabled in smtp.accounts") }
            return enabled
        }
        return try names.map { name in
            if let account = all.first(where: { $0.name == name }) { return account }
            let near = NearestName.to(name, in: all.map(\.name)).map { "; did you mean '\($0)'?" } ?? ""
            throw Failure.wrong("there is no account '\(Printable.text(name, limit: 100))'\(near)")
        }
    }

    /// Where there is one account alone, its own last words say all but that it is well.
    private func conclude(_ failed: [(name: String, words: String)], of count: Int) {
        if failed.isEmpty { return Terminal.say((count > 1 ? "\n" : "") + Terminal.bold("Status: OK")) }
        guard count > 1 else { return }
        let list = failed.map { "\(Printable.text($0.name)) (\($0.words))" }.joined(separator: ", ")
        Terminal.say("\n" + Terminal.bold("Status: \(failed.count) of \(counted(count, "account")) failed: \(list)"))
    }
}
