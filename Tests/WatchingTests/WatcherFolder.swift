// A whole installation of the watcher in a temporary folder, with a clock that the test turns.

import Control
import Database
import Formats
import Glibc
import Incidents
import LogSources
import Logging
import Mail
import Platform
import RuleMatching
import Settings
import Spool
import Synchronization
import Testing
import YAML

@testable import Watching

/// A temporary installation; gone with this object.
final class WatcherFolder: Sendable {
    let path: String
    private let elapsed = Mutex(Duration.zero)
    /// By how much the wall clock was set.
    private let jumped = Mutex(Duration.zero)
    private let start = SourceTime.now()

    static let rules = """
        rules:
          - id: oom
            title: "Out of memory: {process} was killed"
            severity: critical
            match: ['Out of memory: Killed process \\d+ \\((?<process>[^)]+)\\)']
            group_by: [process]
            advice: "Look at what grew."
          - id: raid
            title: "RAID {array} is degraded"
            severity: critical
            match: ['(?<array>md\\d+): disk failure']
            recovered_by: ['(?<array>md\\d+): recovery done']
            group_by: [array]
          - id: noise
            title: "Noise"
            severity: warning
            match: ['noise']
          - id: mailer
            title: "The mailer complains"
            severity: critical
            match: ['cannot send']
        """

    init(rules: String = WatcherFolder.rules) throws {
        var template = Array("/tmp/herald-watching.XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw SystemError("make a temporary folder") }
        path = String(cString: made)
        try Files.makeDirectories(path + "/rules")
        try Files.makeDirectories(path + "/log")
        try Files.write(rules.utf8, to: path + "/rules/test.yaml")
        try Files.write([], to: log)
    }

    deinit { try? Files.removeTree(path) }

    var log: String { path + "/log/app.log" }
    var incoming: HandoverFolder { HandoverFolder(path: path + "/spool/incoming/watcher") }
    var database: String { path + "/state/watcher/watcher.db" }

    func settings(
        to: String = "Admin, to_email: admin@example.org", _ report: String = "group_wait: 0s", more: String = ""
    ) throws -> Settings {
        let text = """
            report: {to: \(to), \(report)}
            smtp: {accounts: [{name: a, server: localhost, security: none}]}
            watch:
              journal: {enabled: false}
              files: [{path: \(path)/log/*.log}, \(more)]
              rules: [\(path)/rules]
            paths: {state: \(path)/state, spool: \(path)/spool, run: \(path)/run}
            """
        let file = ConfigurationFile(path: "test.yaml", bytes: Array(text.utf8))
        let (settings, faults) = Settings.load([file], host: Settings.Host(mailName: "web1.example.org"))
        guard let settings else { throw Fault(faults) }
        return settings
    }

    struct Fault: Error {
        var diagnostics: [Diagnostic]
        init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }
    }

    /// A watcher on this folder, at its clock.
    func watcher(
        _ settings: Settings? = nil, untilIdle: Bool = false, desk: WatcherDesk? = nil,
        reload: @escaping @Sendable () -> Settings? = { nil }, hostName: @escaping () -> String = HostNames.host
    ) throws -> Watcher {
        let settings = try settings ?? self.settings()
        let loaded = RuleLoading.load(settings.watch.rules, disabled: settings.watch.disabledRules)
        guard let matcher = loaded.matcher else { throw Fault(loaded.diagnostics) }
        return try Watcher(
            settings, matcher: matcher, options: Watcher.Options(untilIdle: untilIdle), desk: try desk ?? WatcherDesk(),
            signals: nil, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, reload: reload,
            clock: { [weak self] in self?.time ?? SourceTime.now() },
            isOwnProcess: { pid, name in pid == 7 && name == "herald-mailer" }, hostName: hostName)
    }

    var time: SourceTime {
        let passed = elapsed.withLock { $0 }
        let jump = jumped.withLock { $0 }
        return SourceTime(monotonic: start.monotonic + passed, wall: start.wall + passed + jump)
    }

    func pass(_ duration: Duration) { elapsed.withLock { $0 += duration } }

    func setClock(by step: Duration) { jumped.withLock { $0 += step } }

    func append(_ lines: String...) throws {
        let text = lines.map { $0 + "\n" }.joined()
        try Descriptor.open(log, O_WRONLY | O_APPEND).write(text.utf8)
    }

    /// The letters in incoming/, by name.
    func letters() throws -> [Letter] {
        try incoming.waiting().map { try LetterFile.decode(try incoming.read($0)) }
    }

    func newHits() throws -> Int {
        try letters().reduce(0) {
            $0 + (ParsedMessage($1.message).header("X-Herald-New-Hits").flatMap { Int($0) } ?? 0)
        }
    }
}

extension Watcher {
    /// Rounds until nothing is left that is due, at the folder's time.
    func settle(_ folder: WatcherFolder) {
        for _ in 0..<100 where round(at: folder.time) { return }
    }
}

extension WatcherFolder {
    /// The first letter of each of these kinds has the words, wherever its lines end.
    func expectInDigestAndHeartbeat(_ words: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let letters = try letters().map { ParsedMessage($0.message) }
        for kind in ["digest", "heartbeat"] {
            let letter = try #require(
                letters.first { $0.header("X-Herald-Report") == kind }, sourceLocation: sourceLocation)
            let text = letter.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            #expect(text.contains(words), "\(kind): \(text)", sourceLocation: sourceLocation)
        }
    }
}
