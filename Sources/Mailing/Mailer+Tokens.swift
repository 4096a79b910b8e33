// Tokens over the control socket: `herald login` brings them, and root alone may have one.

import Authorization
import Control
import Formats
import Glibc
import Platform
import SMTPProtocol
import Settings

extension Mailer {
    /// `token-put`: somebody has signed in. The account is tried at once.
    func putToken(_ request: ControlRequest, at now: Timestamp) -> ControlResponse {
        guard TokenKeeper.mayHaveTokens(request.peer) else { return .failure("only root may sign in", .denied) }
        guard let owner = TokenOwner(request.arguments), let source = settings.tokenSources[owner] else {
            return .failure("the mailer's settings have no such account with 'oauth': systemctl reload herald-mailer")
        }
        guard let record = TokenRecord(request.body), record.client == source.oauth.client else {
            return .failure("the tokens are of another application than the mailer's settings name")
        }
        do throws(SystemError) {
            try tokens.put(record, for: owner)
        } catch {
            return .failure("the tokens cannot be kept: \(error)", .later)
        }
        log.notice("\(owner.words): signed in\(record.address.map { " as \(Printable.text($0))" } ?? "")")
        if case .account(let name) = owner, var state = book[name], state.isPaused {
            (state.probeAt, state.isProbing) = (now, false)
            book[name] = state
        }
        return .success(owner.json)
    }
}

extension SessionFault {
    /// A fault as the command is told of it.
    fileprivate var json: JSON {
        [
            "words": .string(words), "diagnosis": JSON(diagnosis?.rawValue), "cause": .string(likelyCause),
            "remedy": .string(remedy), "needs_person": .bool(isAccountFault),
        ]
    }

    /// The command's side of it.
    package init(_ json: JSON) {
        self.init(
            .login, json["words"]?.string ?? "",
            json["needs_person"]?.bool == true ? [.tryAgain, .tellOperator] : [.tryAgain, .nextAddress],
            likelyCause: json["cause"]?.string ?? "", remedy: json["remedy"]?.string ?? "")
        diagnosis = json["diagnosis"]?.string.flatMap { Diagnosis(rawValue: $0) }
    }
}

extension Mailer {
    /// An account that carries nothing logs in all the same now and then, so that its sign-in is good on the day that it is
    /// needed; where it is not, that is known before.
    func useRested(_ effects: inout Effects) {
        for name in agenda.rested {
            guard let state = book[name], state.settings.enabled, !state.settings.isDirect, !state.isPaused,
                pool.busy(for: name) == 0
            else { continue }
            effects.orders.append((.probe, state.settings))
        }
        agenda.rested = []
    }
}

extension TokenKeeper {
    /// Root; and the mailer's own user, who could read the files.
    static func mayHaveTokens(_ peer: ControlPeer) -> Bool { peer.uid == 0 || peer.uid == geteuid() }

    /// `access-token`: on the control socket's own thread, because it may wait for a token endpoint. Nil for what is no such
    /// request.
    func answer(_ request: ControlRequest) -> ControlResponse? {
        guard request.command == "access-token" else { return nil }
        guard Self.mayHaveTokens(request.peer) else { return .failure("only root may have a token", .denied) }
        guard let owner = TokenOwner(request.arguments) else {
            return .failure("'account' or 'sent_folder' is missing")
        }
        do throws(SessionFault) {
            // What a server has refused comes as the body.
            let refused = request.body.isEmpty ? nil : Secret(request.body)
            let (name, token) = try token(for: owner, refused: refused)
            return .success(["login": .string(name)], body: token.withBytes { Array($0) })
        } catch {
            // No refusal: `herald test-connection` tells what it is a case of.
            return .success(["fault": error.json])
        }
    }
}
