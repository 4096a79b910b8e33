// The options of the three daemons, the same for all. Three words do not need an argument parser, which would bring
// FoundationEssentials with it.

import Glibc

/// What a daemon was told on its command line.
package struct DaemonOptions: Equatable, Sendable {
    /// The file of settings.
    package var config = Product.settingsPath
    /// Work off all that is there, then exit.
    package var untilIdle = false
    /// With `untilIdle`: one round for all that is due now; what has to wait is left for the next start.
    package var noWait = false

    package init(config: String = Product.settingsPath, untilIdle: Bool = false, noWait: Bool = false) {
        self.config = config
        self.untilIdle = untilIdle
        self.noWait = noWait
    }

    /// What the words of a command line ask for.
    package enum Parsed: Equatable, Sendable {
        case run(DaemonOptions)
        /// Print this on standard output, exit 0.
        case show(String)
        /// Print this on standard error, exit 2.
        case refused(String)
    }

    /// Pure: `words` without the program's own name.
    package static func parse(_ words: [String], program: String, purpose: String) -> Parsed {
        var options = DaemonOptions()
        var rest = words[...]
        while let word = rest.popFirst() {
            switch word {
            case "--help", "-h": return .show(help(program, purpose))
            case "--version": return .show("\(program) \(Product.version)\n")
            case "--until-idle": options.untilIdle = true
            case "--no-wait": options.noWait = true
            case "--config":
                guard let path = rest.popFirst(), !path.isEmpty else {
                    return .refused("\(program): --config needs the name of a file\n")
                }
                options.config = path
            case _ where word.hasPrefix("--config=") && word.utf8.count > 9:
                options.config = String(word.dropFirst(9))
            default:
                return .refused("\(program): unknown option '\(word)'; --help lists them\n")
            }
        }
        if options.noWait && !options.untilIdle {
            return .refused("\(program): --no-wait goes with --until-idle\n")
        }
        return .run(options)
    }

    /// The options of this process. Prints and exits where they ask for it (0) or are wrong (2).
    package static func ofThisProcess(program: String, purpose: String) -> DaemonOptions {
        switch parse(Array(CommandLine.arguments.dropFirst()), program: program, purpose: purpose) {
        case .run(let options): return options
        case .show(let text): leave(text, descriptor: 1, code: 0)
        case .refused(let text): leave(text, descriptor: 2, code: 2)
        }
    }

    private static func leave(_ text: String, descriptor: Int32, code: Int32) -> Never {
        _ = Array(text.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        exit(code)
    }

    private static func help(_ program: String, _ purpose: String) -> String {
        """
        \(program): \(purpose)

        usage: \(program) [--config FILE] [--until-idle [--no-wait]]

          --config FILE   settings (default \(Product.settingsPath), and conf.d/*.yaml beside it)
          --until-idle    work off all that is there, then exit
          --no-wait       with --until-idle: one round for all that is due now
          --version       print the version
          --help          print this

        Stays in the foreground. SIGTERM stops at the next safe point, SIGHUP reloads the settings.

        """
    }
}
