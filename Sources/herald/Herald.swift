// The administrator's command: its subcommands, a file each.

import ArgumentParser
import Formats
import Glibc
import Platform

/// `herald`.
@main
struct Herald: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "herald",
        abstract: "Critical errors of this host, told by mail; applications, answered.",
        discussion: "`herald demo` shows the whole product in seconds, with nothing configured.",
        version: Product.version,
        subcommands: [
            DemoCommand.self, CheckCommand.self, StatusCommand.self, IncidentsCommand.self, SilenceCommand.self,
            SendCommand.self,
            QueueCommand.self, TestAlertCommand.self, ScanCommand.self, RulesCommand.self, SinkCommand.self,
            DocsCommand.self, BenchCommand.self,
        ])

    static func main() {
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot(Self.configAtTheEnd(Array(CommandLine.arguments.dropFirst())))
            try command.run()
        } catch let failure as Failure {
            if !failure.message.isEmpty { Terminal.complain(failure.message) }
            Glibc.exit(failure.code)
        } catch {
            let code = exitCode(for: error)
            let message = fullMessage(for: error)
            if code.isSuccess { Terminal.say(message) } else { Terminal.complain(message) }
            // Every wrong use is 2 here; sysexits' 64 is the parser's own.
            Glibc.exit(code == .validationFailure ? 2 : code.rawValue)
        }
    }

    /// `--config FILE` may stand before the subcommand too: it is moved behind its other words.
    static func configAtTheEnd(_ words: [String]) -> [String] {
        guard let first = words.first else { return words }
        let count = first == "--config" ? 2 : first.hasPrefix("--config=") ? 1 : 0
        guard count > 0, words.count > count else { return words }
        var rest = Array(words[count...])
        rest.insert(contentsOf: words[..<count], at: rest.firstIndex(of: "--") ?? rest.count)
        return rest
    }
}

/// An ending that is not 0: what is said on standard error, and the exit code.
struct Failure: Error {
    var message: String
    var code: Int32

    /// The thing asked about is not well.
    static func notWell(_ message: String) -> Failure { Failure(message: message, code: 1) }
    /// Wrong use or wrong settings.
    static func wrong(_ message: String) -> Failure { Failure(message: message, code: 2) }
    /// Try again later.
    static func later(_ message: String) -> Failure { Failure(message: message, code: 75) }
}
