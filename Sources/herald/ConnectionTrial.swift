// How `herald test-connection` tries an account: as the mailer would, with a letter of its own where one is asked for.

import Control
import Formats
import Glibc
import Logging
import Mail
import Mailing
import Platform
import SMTPProtocol
import SMTPTransport
import Settings

struct ConnectionTrial {
    private let settings: Settings
    /// Whom a letter goes to; nil: none goes.
    private let recipient: EmailAddress?
    private let remark: String?

    /// `sendsTo`: an address; empty: the reports' first recipient; nil: no letter. With `smtp.redirect` on, a letter goes
    /// where that says, as any other.
    init(_ settings: Settings, sendsTo text: String?) throws {
        self.settings = settings
        let asked = try text.map { text in try Self.address(text, settings) }
        guard asked != nil, settings.smtp.redirect.enabled else {
            (recipient, remark) = (asked, nil)
            return
        }
        guard let first = settings.smtp.redirect.to.first else {
            throw Failure.notWell("--send: smtp.redirect is on, and no address in its 'to' is enabled: no letter goes")
        }
        (recipient, remark) = (first, "smtp.redirect is on: the letter goes to \(first.text)")
    }

    private static func address(_ text: String, _ settings: Settings) throws -> EmailAddress {
        if text.isEmpty {
            if let first = settings.report.recipients.first(where: \.enabled) { return first.email }
            throw Failure.wrong("--send: nobody is enabled in report.to; name an address")
        }
        do throws(AddressError) {
            return try EmailAddress(text)
        } catch {
            throw Failure.wrong("--send: '\(Printable.text(text, limit: 100))' is no address: \(error)")
        }
    }

    func run(_ account: Settings.Account, onStep: @escaping (ConnectionStep) -> Void) -> ConnectionVerdict {
        var letter: TestLetter?
        // Without a letter, the way is worth trying nevertheless.
        var unsendable: SessionFault?
        do throws(SessionFault) {
            if let recipient { letter = try self.letter(to: recipient, through: account) }
        } catch { unsendable = error }
        let log = Logger(label: "test-connection") { _ in SwiftLogNoOpLogHandler() }
        let handover = TokenHandover(settings: settings)
        let options = SessionOptions(account) { (owner, refused) throws(SessionFault) in
            try handover.token(for: owner, refused: refused)
        }
        let test = ConnectionTest(options, letter: letter, log: log, onStep: onStep)
        var verdict = account.isDirect ? direct(test, heloName: options.heloName ?? "") : test.relay()
        if verdict.fault == nil, let unsendable {
            verdict = ConnectionVerdict(fault: unsendable, remarks: verdict.remarks)
        }
        if verdict.fault?.diagnosis == .passwordUnreadable, geteuid() != 0 {
            verdict.fault?.remedy = "run herald test-connection as root, which may read it as the mailer may"
        }
        verdict.remarks += [remark].compactMap { $0 }
        return verdict
    }

    /// To the domain of whom a letter would go to.
    private func direct(_ test: ConnectionTest, heloName: String) -> ConnectionVerdict {
        let first = settings.smtp.redirect.to.first ?? settings.report.recipients.first(where: \.enabled)?.email
        guard let domain = (recipient ?? first)?.domain else {
            return ConnectionVerdict(
                fault: SessionFault(
                    .resolve, "there is nobody in report.to whose domain could be tried", .tryAgain,
                    remedy: "name an address: --send ADDRESS"))
        }
        return test.direct(to: domain, allowsPrivate: settings.smtp.allowPrivateMX, heloName: heloName)
    }

    /// What the mailer, if it runs and we may ask it, says of an account that works: that it does not use it yet.
    func pause(of account: Settings.Account) -> String? {
        let client = ControlClient(path: settings.paths.socket("mailer"), timeout: .seconds(5))
        guard let status = try? client.request("status").result else { return nil }
        let known = status["accounts"]?.array?.first { $0["name"]?.string == account.name }
        guard known?["state"]?.string == "paused" else { return nil }
        let next = known?["next_probe"].map { " until its next try at \(HostClock.text($0))" } ?? ""
        return "the mailer has paused this account\(next): \(HostClock.text(known?["fault"], limit: 500))"
    }

    private func letter(to recipient: EmailAddress, through account: Settings.Account) throws(SessionFault)
        -> TestLetter
    {
        guard let alias = alias(of: account) else {
            throw SessionFault(
                .sender, "no alias may send through account '\(Printable.text(account.name))'", .tryAgain,
                remedy: "name the account in an alias's 'account'")
        }
        let host = HostNames.mail()
        let now = SystemClock.now()
        let id = Randomness.identifier()
        let draft = Draft(
            from: alias.mailbox, to: [Mailbox(nil, recipient)], replyTo: alias.replyTo.map { Mailbox(nil, $0) },
            subject: "Herald on \(HostNames.host()): test of account \(account.name)", messageID: "<\(id)@\(host)>",
            date: now, utcOffset: SystemClock.utcOffset(at: now), mailer: settings.report.mailerName,
            headers: [("Auto-Submitted", "auto-generated")],
            text: """
                This letter was asked for by herald test-connection on \(HostNames.host()).
                It came through the account '\(account.name)'. Nothing need be done.

                """,
            boundarySeed: id)
        do throws(MailError) {
            return TestLetter(
                Envelope(sender: alias.address, recipients: [recipient]), message: try draft.rendered())
        } catch {
            throw SessionFault(.sender, "the letter cannot be made: \(error)", .tryAgain)
        }
    }

    /// The reports' one where it may use the account, else the first that may.
    private func alias(of account: Settings.Account) -> Settings.Alias? {
        ([settings.reportAlias, settings.defaultAlias] + settings.aliases)
            .first { $0.accounts.isEmpty || $0.accounts.contains(account.name) }
    }
}
