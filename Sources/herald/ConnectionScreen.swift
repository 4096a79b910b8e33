// What `herald test-connection` shows of one account: a line for each step as it ends, and how it came out; or one JSON
// object at the end.

import Formats
import Platform
import SMTPProtocol
import SMTPTransport
import Settings

final class ConnectionScreen {
    private let account: Settings.Account
    private let isJSON: Bool
    private var steps: [ConnectionStep] = []

    init(_ account: Settings.Account, isJSON: Bool) { (self.account, self.isJSON) = (account, isJSON) }

    func begin() {
        if isJSON { return }
        let disabled = account.enabled ? "" : "; it is disabled"
        Terminal.say(
            Terminal.bold("account \(Printable.text(account.name))") + ": \(Self.server(of: account))\(disabled)")
    }

    func step(_ step: ConnectionStep) {
        steps.append(step)
        if isJSON { return }
        let lines = step.lines(at: SystemClock.now())
        for (index, line) in lines.enumerated() {
            Terminal.say(index == 0 ? Self.row(step.took, step.name, line) : Self.row(nil, "", line))
        }
    }

    /// - Parameter mailer: what the mailer has to say of an account that works.
    func end(_ verdict: ConnectionVerdict, mailer: String?) {
        var verdict = verdict
        if let mailer { verdict.remarks.append(mailer) }
        if isJSON { return Terminal.say(json(verdict).text) }
        for remark in verdict.remarks { Terminal.say("  note: \(remark)") }
        guard let fault = verdict.fault else { return }
        Terminal.say(Terminal.bold("Failed at: \(fault.phase.spoken)") + ", after \(verdict.took.phrase)")
        Terminal.say("  \(fault.code == nil ? "What happened" : "The server says"): \(fault.words)")
        if !fault.likelyCause.isEmpty { Terminal.say("  Likely cause: \(fault.likelyCause)") }
        Terminal.say("  What to do: \(fault.advice)")
    }

    private static func row(_ took: Duration?, _ name: String, _ text: String) -> String {
        let time = took.map { "\($0.milliseconds) ms" } ?? ""
        let left = String(repeating: " ", count: max(0, 10 - time.count)) + time
        let space = String(repeating: " ", count: max(0, 13 - name.count))
        return text.isEmpty && took == nil ? "" : "\(left)  \(name)\(space)\(text)"
    }

    private static func server(of account: Settings.Account) -> String {
        if account.isDirect { return "direct, to the recipients' own hosts" }
        let address = ServerAddress(host: Printable.text(account.server), port: account.port)
        let security = account.security == .none ? "no TLS" : account.security.rawValue
        let login = account.login.map { ", login \(Printable.text($0))" } ?? ", no login"
        return "\(address), \(security)\(login)"
    }

    private func json(_ verdict: ConnectionVerdict) -> JSON {
        let now = SystemClock.now()
        var fault = JSON.null
        if let found = verdict.fault {
            fault = [
                "step": .string(found.phase.spoken), "ms": .int(verdict.took.milliseconds),
                "words": .string(found.words), "diagnosis": JSON(found.diagnosis?.rawValue),
                "cause": found.likelyCause.isEmpty ? .null : .string(found.likelyCause),
                "remedy": .string(found.advice),
            ]
        }
        return [
            "account": .string(account.name), "server": .string(account.server), "port": JSON(account.port),
            "security": .string(account.security.rawValue), "status": verdict.fault == nil ? "ok" : "failed",
            "steps": .array(steps.map { $0.json(at: now) }), "fault": fault,
            "notes": .array(verdict.remarks.map { .string($0) }),
        ]
    }
}
