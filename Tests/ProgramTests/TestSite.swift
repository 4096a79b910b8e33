// A whole installation in a temporary folder, with the built daemons as real processes, for tests that kill them.

import Control
import Formats
import Glibc
import Logging
import Mail
import Platform
import SMTPTransport
import Synchronization
import Testing

/// Removed with its processes when it goes. Used by one test.
final class TestSite {
    let folder: String
    let letters = Arrivals()
    private(set) var server: SinkServer
    private var daemons: [String: RunningProcess] = [:]

    /// `settings` is YAML for the sections but `smtp` and `paths`, which are ours; FOLDER in it stands for the folder.
    /// `accounts` is the list to be used instead of the sink; PORT and TLSPORT in it are the sink's, which has its
    /// authority in FOLDER/ca.pem. `retry` is the rhythm of attempts; `smtp` stands behind it (`, hold: 1h`).
    init(
        settings: String, accounts: String? = nil, retry: String = "{first: 1s}", smtp: String = "",
        rules: String? = nil, sink: SinkOptions = SinkOptions()
    ) throws {
        var template = Array("/tmp/herald-test.XXXXXX".utf8CString)
        _ = try #require(mkdtemp(&template))
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for name in ["log", "jobs", "rules"] { try Files.makeDirectories("\(folder)/\(name)") }
        if let rules { try Files.write(rules.utf8, to: folder + "/rules/test.yaml") }
        let letters = letters
        server = try SinkServer(sink, log: Logger(label: "sink") { _ in SwiftLogNoOpLogHandler() }) {
            letters.add($0)
        }
        let accounts = accounts ?? "[{name: sink, server: 127.0.0.1, port: \(server.port), security: none}]"
        try Files.write(server.authorityPEM, to: folder + "/ca.pem")
        try configure(
            """
            \(settings)
            smtp: {accounts: \(accounts), retry: \(retry)\(smtp)}
            paths: {state: FOLDER/state, spool: FOLDER/spool, run: FOLDER/run}

            """)
    }

    /// Writes the whole file of settings.
    func configure(_ text: String) throws {
        let text = text.replacing("FOLDER", with: folder).replacing("TLSPORT", with: String(server.tlsPort))
            .replacing("PORT", with: String(server.port))
        // A password may stand in it.
        try Files.write(text.utf8, to: folder + "/herald.yaml", mode: 0o600)
    }

    deinit {
        daemons.removeAll()
        server.stop()
        try? Files.removeTree(folder)
    }

    /// The folder of the built programs: the test bundle's own, or HERALD_PROGRAMS.
    static let programs: String = {
        if let given = getenv("HERALD_PROGRAMS") { return String(cString: given) }
        let path = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return Files.split(path).directory
    }()

    /// - Parameters:
    ///   - descriptors: how many it may have open.
    ///   - environment: variables beside the usual ones.
    func start(
        _ name: String, _ options: [String] = [], descriptors: Int? = nil, environment: [String] = []
    ) throws {
        let output = try Descriptor.open("\(folder)/\(name).log", O_WRONLY | O_APPEND | O_CREAT)
        let limited = descriptors.map { ["/bin/sh", "-c", "ulimit -n \($0) && exec \"$0\" \"$@\""] } ?? []
        daemons[name] = try RunningProcess(
            limited + ["\(Self.programs)/herald-\(name)", "--config", folder + "/herald.yaml"] + options,
            environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"] + environment, output: output)
    }

    /// Waits until the daemon answers.
    func awaitReady(_ name: String) throws {
        let client = ControlClient(path: "\(folder)/run/\(name).sock", timeout: .seconds(60))
        let ready = try eventually(within: .seconds(300)) { (try? client.request("status")) != nil }
        try #require(ready, "herald-\(name) does not answer:\n\(log(name))")
    }

    /// One request to a daemon's control socket.
    func ask(
        _ name: String, _ command: String, _ arguments: JSON = .object([]), body: [UInt8] = []
    ) throws -> (result: JSON, body: [UInt8]) {
        let client = ControlClient(path: "\(folder)/run/\(name).sock", timeout: .seconds(60))
        return try client.request(command, arguments, body: body)
    }

    func signal(_ name: String, _ number: Int32) { daemons[name]?.signal(number) }

    /// kill -9, and the end awaited.
    func kill(_ name: String) {
        daemons[name]?.signal(SIGKILL)
        _ = daemons[name]?.wait(atMost: .seconds(60))
        daemons[name] = nil
    }

    /// SIGTERM; the exit code.
    func stop(_ name: String) -> Int32? {
        daemons[name]?.signal(SIGTERM)
        defer { daemons[name] = nil }
        return daemons[name]?.wait(atMost: .seconds(120))
    }

    /// Waits for a daemon that ends by itself (`--until-idle`).
    func awaitEnd(_ name: String) -> Int32? {
        defer { daemons[name] = nil }
        return daemons[name]?.wait(atMost: .seconds(300))
    }

    /// The exit code of a daemon that has ended; nil while it runs.
    func ended(_ name: String) -> Int32? { daemons[name]?.wait(atMost: .zero) }

    func log(_ name: String) -> String {
        String(decoding: (try? Files.read("\(folder)/\(name).log")) ?? [], as: UTF8.self)
    }

    /// Asks `condition` again and again, with a pause that poll(2) keeps, until it holds or the time is over.
    func eventually(within timeout: Duration, _ condition: () throws -> Bool) throws -> Bool {
        let end = SystemClock.monotonic() + timeout
        while true {
            if try condition() { return true }
            if SystemClock.monotonic() > end { return false }
            _ = try Poller.wait([], timeout: .milliseconds(20))
        }
    }
}

/// The letters that reached the server: by Message-ID, since an uncertain one may come twice.
final class Arrivals: Sendable {
    private let messages = Mutex<[String: ParsedMessage]>([:])
    private let kept = Mutex<[SinkMessage]>([])

    /// All that came, in its order, as the server saw it.
    var raw: [SinkMessage] { kept.withLock { $0 } }

    func add(_ message: SinkMessage) {
        kept.withLock { $0.append(message) }
        let parsed = ParsedMessage(message.bytes)
        messages.withLock { $0[parsed.header("Message-ID") ?? Randomness.identifier()] = parsed }
    }

    var all: [ParsedMessage] { messages.withLock { Array($0.values) } }

    /// The counts of new hits in all letters.
    var newHits: Int { all.reduce(0) { $0 + (Int($1.header("X-Herald-New-Hits") ?? "") ?? 0) } }
}
