// The letters that reach the demo's server, in the order of their arrival.

import Formats
import Mail
import Platform
import SMTPTransport
import Synchronization

/// Filled by the server's threads, emptied by the demo's.
final class DemoMailbox: Sendable {
    let wakeUp: WakeUp
    private let letters = Mutex<(all: [DemoLetter], taken: Int)>(([], 0))

    init() throws(SystemError) { wakeUp = try WakeUp() }

    var count: Int { letters.withLock { $0.all.count } }

    func add(_ message: SinkMessage) {
        letters.withLock { letters in
            letters.all.append(
                DemoLetter(number: letters.all.count + 1, message: message, arrived: SystemClock.monotonic()))
        }
        wakeUp.signal()
    }

    /// The next letter that has not been taken; nil when none comes in time.
    func next(within timeout: Duration) throws(SystemError) -> DemoLetter? {
        let end = SystemClock.monotonic() + timeout
        while true {
            let letter = letters.withLock { letters -> DemoLetter? in
                guard letters.taken < letters.all.count else { return nil }
                letters.taken += 1
                return letters.all[letters.taken - 1]
            }
            if let letter { return letter }
            wakeUp.clear()
            let left = end - SystemClock.monotonic()
            guard left > .zero else { return nil }
            // Checked again after clearing: a letter may have come between.
            if letters.withLock({ $0.taken < $0.all.count }) { continue }
            _ = try Poller.wait([(wakeUp.descriptor.number, .readable)], timeout: left)
        }
    }
}

/// One letter that arrived.
struct DemoLetter: Sendable {
    var number: Int
    var message: SinkMessage
    var arrived: Duration

    /// The headers that matter and the text part; the HTML part is written to the folder, and its path named.
    func shown(folder: String, isKept: Bool) throws(SystemError) -> String {
        let parsed = ParsedMessage(message.bytes)
        let names = ["From", "To", "Subject", "X-Mailer", "Message-ID", "In-Reply-To", "Auto-Submitted"]
        var lines = names.compactMap { name in parsed.header(name).map { "\(name): \(Printable.text($0))" } }
        let tls = message.tlsVersion ?? "no TLS"
        let login =
            message.login.map { ", login \(Printable.text($0)) by \(message.mechanism?.rawValue ?? "?")" } ?? ""
        lines.append("(received over \(tls)\(login))")
        lines.append("")
        lines.append(Printable.text(parsed.text.filter { $0 != "\r" }, keepingLines: true))
        if let html = parsed.html {
            let path = "\(folder)/letter-\(number).html"
            try Files.write(html.utf8, to: path, mode: 0o644)
            lines.append("HTML: \(path)\(isKept ? "" : " (there until the demo ends; --keep keeps it)")")
        }
        return lines.joined(separator: "\n").split(separator: "\n", omittingEmptySubsequences: false)
            .map { "  | " + $0 }.joined(separator: "\n")
    }
}
