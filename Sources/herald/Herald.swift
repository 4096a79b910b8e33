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
            TestConnectionCommand.self, LoginCommand.self, SendCommand.self,
            QueueCommand.self, TestAlertCommand.self, ScanCommand.self, RulesCommand.self, SinkCommand.self,
            DocsCommand.self, BenchCommand.self, ParseCommand.self,
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

    /// `--config FILE` may stand anywhere before a `--`: before the subcommand, between it and its own, behind both. It is
    /// moved behind the other words, where whatever reads settings finds it; commands that read none do without.
    static func configAtTheEnd(_ words: [String]) -> [String] {
        let end = words.firstIndex(of: "--") ?? words.count
        var rest: [String] = []
        var config: [String] = []
        var index = 0
        while index < end {
            if words[index] == "--config", index + 1 < end {
                config += words[index...index + 1]
                index += 1
            } else if words[index].hasPrefix("--config=") {
                config.append(words[index])
            } else {
                rest.append(words[index])
            }
            index += 1
        }
        let isOfUse = rest.first.map { !["demo", "sink", "bench"].contains($0) } ?? false
        return rest + (isOfUse ? config : []) + words[end...]
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
