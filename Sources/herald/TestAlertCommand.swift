// `herald test-alert`: a marked critical line, followed to the letter that the server accepted.

import ArgumentParser
import Control
import Formats
import Glibc
import Platform
import Settings

struct TestAlertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test-alert",
        abstract: "Write a marked critical line, and follow it to the accepted letter.",
        discussion:
            "The line goes to the journal, or with --file to the end of a watched file. Each step is shown with its time."
    )

    @OptionGroup var config: ConfigOption
    @Option(help: "Append the line to this watched file instead of the journal.") var file: String?
    @Option(help: "How long to wait for each step: 30s, 2m.") var timeout = "60s"

    func run() throws {
        guard let limit = Duration(text: timeout) else { throw Failure.wrong("--timeout: \(Duration.form)") }
        let settings = try config.settings()
        for name in ["watcher", "mailer"] { _ = try DaemonAddress(name: name, settings: settings).request("status") }
        let token = Hex.encode(Randomness.bytes(4))
        let start = SystemClock.monotonic()
        try write("Herald test alert \(token): this line was written by herald test-alert")
        step("line written to \(file ?? "the journal")", since: start)
        var seen = ""
        var telling = ""
        var nextAsked = start + .seconds(1)
        let end = start + limit
        while SystemClock.monotonic() < end {
            let row = try delivery(of: token, settings)
            let state = row?["state"]?.string ?? ""
            if state != seen, let row {
                seen = state
                let words = Printable.text(row["last_reply"]?.string ?? "", limit: 200)
                step("letter \(row["id"]?.string ?? ""): \(state)\(words.isEmpty ? "" : " (\(words))")", since: start)
            }
            if state == "sent" { return Terminal.say("Status: OK") }
            if state == "failed" { throw Failure.notWell("the letter was refused for good") }
            if row == nil, SystemClock.monotonic() >= nextAsked {
                nextAsked = SystemClock.monotonic() + .milliseconds(500)
                let words = incident(of: token, settings).map(Self.words) ?? ""
                if words != telling, !words.isEmpty { step(words, since: start) }
                telling = words
            }
            _ = try Poller.wait([], timeout: .milliseconds(25))
        }
        if !seen.isEmpty {
            throw Failure.notWell("the letter is still \(seen) after \(timeout); herald queue list tells why")
        }
        throw Failure.notWell(
            telling.isEmpty
                ? "no letter within \(timeout), and no incident: is the line's source watched, and the rule "
                    + "herald-test-alert in force? (herald status)" : "no letter within \(timeout): \(telling)")
    }

    /// The incident of the line, as the watcher tells it; nil where there is none, or we may not ask.
    private func incident(of token: String, _ settings: Settings) -> JSON? {
        let watcher = DaemonAddress(name: "watcher", settings: settings)
        let all = try? watcher.request("incident-list", ["rule": "herald-test-alert", "all": true]).result.array
        return all?.first { $0["title"]?.string?.contains(token) == true }
    }

    /// What the incident's letter waits for, or why there is none.
    static func words(_ incident: JSON) -> String {
        let name = "incident \(incident["id"]?.int ?? 0)"
        let hour = HostClock.hour(incident["next_letter"])
        let at = hour.isEmpty ? "" : " at \(hour)"
        switch incident["telling"]?.string {
        case "waits": return "\(name) is open; its letter goes\(hour.isEmpty ? " soon" : at)"
        case "digest": return "\(name) waits for the digest\(at): letters are as many as may be in an hour"
        case "late": return "\(name) waits for the digest of late lines\(at)"
        case "silenced": return "\(name) is silenced (herald silence list)"
        case "inhibited": return "\(name) is kept quiet by incident \(incident["inhibited_by"]?.int ?? 0)"
        case "nobody": return "no recipient wants to be told of \(name) (report.to)"
        case "recorded": return "\(name) is recorded and not told (report.min_severity)"
        case "told": return "\(name) is told; its letter is not yet in the queue (herald status)"
        default: return "\(name) is there"
        }
    }

    private func step(_ what: String, since start: Duration) {
        let elapsed = (SystemClock.monotonic() - start).milliseconds
        Terminal.say("\(String(repeating: " ", count: max(0, 7 - String(elapsed).count)))\(elapsed) ms  \(what)")
    }

    private func write(_ message: String) throws {
        guard let file else {
            if JournalEntry.write(message, priority: 2, identifier: "test-alert") { return }
            throw Failure.notWell(
                "the journal takes no entry (no systemd-journald here?); name a watched file with --file")
        }
        let now = SystemClock.now()
        let line =
            "\(now.rfc3339(utcOffset: SystemClock.utcOffset(at: now))) \(HostNames.host()) test-alert: \(message)\n"
        try Descriptor.open(file, O_WRONLY | O_APPEND).write(line.utf8)
    }

    /// The delivery of the letter whose subject names the token; one that is sent is preferred.
    private func delivery(of token: String, _ settings: Settings) throws -> JSON? {
        var rows: [JSON] = []
        _ = try QueueReading(settings: settings).list(states: [], limit: .max) { row in
            let row = row.json
            if row["subject"]?.string?.contains(token) == true { rows.append(row) }
        }
        return rows.first { $0["state"]?.string == "sent" } ?? rows.first
    }
}
