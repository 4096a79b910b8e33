// Tokens between the command and the mailer, which keeps them: over its socket, to and from root alone.

import Authorization
import Control
import Formats
import Glibc
import Mailing
import Platform
import SMTPProtocol
import SMTPTransport
import Settings

struct TokenHandover: Sendable {
    let settings: Settings

    private var client: ControlClient { ControlClient(path: settings.paths.socket("mailer"), timeout: .seconds(60)) }

    /// Whether `give` will be heard.
    func check() throws {
        do throws(ControlError) {
            _ = try client.request("status")
        } catch {
            guard case .notRunning = error else { throw Self.failure(error) }
            // A look alone: root must stay root until the sign-in is done, for a mailer that is there by then takes tokens
            // from nobody else.
            let folder = settings.paths.state("mailer")
            guard access(folder, W_OK) == 0 else { throw Self.stateFailure(SystemError("open", folder)) }
        }
    }

    /// What a sign-in brought.
    func give(_ record: TokenRecord, of owner: TokenOwner) throws {
        var bytes = record.encoded.withBytes { Array($0) }
        defer { Secret.wipe(&bytes) }
        do throws(ControlError) {
            _ = try client.request("token-put", owner.json, body: bytes)
        } catch {
            guard case .notRunning = error else { throw Self.failure(error) }
            try withoutMailer { () throws(SystemError) in
                try TokenKeeper.put(record, for: owner, folder: settings.paths.state("mailer"))
            }
        }
    }

    /// A token that the mailer has or gets, for trying a connection.
    func token(for owner: TokenOwner, refused: Secret?) throws(SessionFault) -> (name: String, token: Secret) {
        var body = refused?.withBytes { Array($0) } ?? []
        defer { Secret.wipe(&body) }
        let refusal: SessionFault
        do throws(ControlError) {
            var answer = try client.request("access-token", owner.json, body: body)
            defer { Secret.wipe(&answer.body) }
            guard let fault = answer.result["fault"] else {
                return (answer.result["login"]?.string ?? "", Secret(answer.body))
            }
            refusal = SessionFault(fault)
        } catch {
            var fault = SessionFault(.login, "no access token: \(error)", [.tryAgain, .tellOperator])
            switch error {
            case .notRunning:
                fault.remedy = "start herald-mailer, which keeps the tokens: systemctl start herald-mailer"
            case .refused(_, .denied): fault.remedy = "run it as root"
            case .refused(let words, .later): fault = SessionFault(.login, words, [.tryAgain, .nextAddress])
            case .refused(let words, .wrong): fault.words = words
            default: break
            }
            throw fault
        }
        throw refusal
    }

    private static func failure(_ error: ControlError) -> Failure {
        error.failure(of: "mailer")
    }

    /// As the owner of the mailer's state, which no mailer is at work on.
    private func withoutMailer(_ body: () throws(SystemError) -> Void) throws {
        let folder = settings.paths.state("mailer")
        do throws(SystemError) {
            try StateOwner.become(of: folder)
            let lock = try LockFile(folder + "/lock")
            defer { withExtendedLifetime(lock) {} }
            try body()
        } catch {
            throw Self.stateFailure(error)
        }
    }

    private static func stateFailure(_ error: SystemError) -> Failure {
        .later("herald-mailer is not running, and its state cannot be written: \(error); start herald-mailer first")
    }
}
