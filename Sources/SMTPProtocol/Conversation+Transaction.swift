// One letter: MAIL, RCPT, DATA (RFC 5321 section 3.3), in one group where the server allows it (RFC 2920).

import Formats
import Mail

extension Conversation {
    mutating func transactionRequested(_ transaction: Transaction) -> [Action] {
        guard case .ready = state else { return fail(SessionFault(.idle, "there is no session", [.tryAgain, .close])) }
        if needsReset {
            state = .resetting(transaction)
            return send(.rset)
        }
        return begin(transaction)
    }

    /// Row 85: a server without RSET cannot take another letter on this connection; the letter has no fault.
    mutating func resetAnswered(_ reply: Reply, _ transaction: Transaction) -> [Action] {
        guard reply.isPositive else {
            return fail(SessionFault(.reset, reply.text, [.tryAgain, .nextAddress, .close]))
        }
        needsReset = false
        return begin(transaction)
    }

    private mutating func begin(_ transaction: Transaction) -> [Action] {
        var progress = TransactionProgress(transaction, asciiDomain: terms.asciiDomain)
        refuseWhatCannotBe(&progress)
        if let fault = nobodyCan(progress) { return fail(fault) }
        let mailParameters = transaction.mailParameters(capabilities, usesUTF8: progress.usesUTF8)
        let sender = transaction.sender.map { progress.form(of: $0) }
        guard let mail = render(.mail(sender, parameters: mailParameters)) else {
            progress.decide(progress.undecided, .permanent("the sender's address makes a command too long"))
            return finish(progress)
        }
        let parameters = transaction.recipientParameters(capabilities)
        for recipient in progress.unsent
        where render(.rcpt(progress.form(of: recipient), parameters: parameters)) == nil {
            progress.refuse(recipient, "the address makes a command too long")
        }
        guard !progress.unsent.isEmpty else { return finish(progress) }
        progress.expected = [.mail]
        guard terms.pipelining, capabilities.pipelining else {
            state = .transaction(progress)
            return [mail]
        }
        // One group, and so one round trip; DATA ends a group (section 3.1).
        var group = [mail]
        for recipient in progress.unsent {
            let command = Command.rcpt(progress.form(of: recipient), parameters: parameters)
            if let command = render(command) { group.append(command) }
            progress.expected.append(.rcpt(recipient))
        }
        if let command = render(.data) { group.append(command) }
        progress.expected.append(.data)
        progress.unsent = []
        state = .transaction(progress)
        return group
    }

    private func render(_ command: Command) -> Action? {
        (try? command.rendered()).map { .send($0, shown: command.shown) }
    }

    /// Rows 61 and 62: what the server has said it will not take.
    private func refuseWhatCannotBe(_ progress: inout TransactionProgress) {
        let transaction = progress.transaction
        var refusal: String?
        if let limit = capabilities.maxSize, transaction.size > limit {
            refusal = "the message has \(transaction.size) octets; the server takes \(limit) at most (5.3.4)"
        } else if !capabilities.smtpUTF8 {
            let senderNeeds = transaction.sender.map { !progress.form(of: $0).isASCII } ?? false
            if transaction.needsUTF8 { refusal = "the message's header \(Self.lacksUTF8)" }
            if senderNeeds { refusal = "the sender's address \(Self.lacksUTF8)" }
        }
        for recipient in transaction.recipients {
            if let refusal {
                progress.refuse(recipient, refusal)
            } else if !capabilities.smtpUTF8, !progress.form(of: recipient).isASCII {
                progress.refuse(recipient, "the address \(Self.lacksUTF8)")
            }
        }
    }

    /// RFC 6531 section 3.5 has 5.6.7 for it.
    private static let lacksUTF8 = "needs SMTPUTF8, which the server lacks (5.6.7)"

    /// Row 62: of an MX host that lacks SMTPUTF8, which all would need, the next one is asked; the last one's word stands.
    private func nobodyCan(_ progress: TransactionProgress) -> SessionFault? {
        guard !terms.isRelay, !capabilities.smtpUTF8, progress.unsent.isEmpty else { return nil }
        let words = Set(progress.outcomes.values.map(\.words))
        guard let first = words.first, words.count == 1, first.hasSuffix(Self.lacksUTF8) else { return nil }
        return SessionFault(.sender, first, [.nextAddress, .permanent, .close])
    }

    mutating func transactionAnswered(_ reply: Reply, _ progress: TransactionProgress) -> [Action] {
        var progress = progress
        guard let expected = progress.expected.first else { return broken("a reply too many: \(reply.text)") }
        if reply.code == 421 || reply.code == 530 { return sessionRefused(reply, progress) }
        progress.expected.removeFirst()
        var fits = true
        switch expected {
        case .mail:
            let undecided = progress.undecided
            fits = progress.mailAnswered(reply)
            blameAccount(reply, .sender, for: undecided, in: &progress)
        case .rcpt(let recipient):
            let isOpen = progress.outcomes[recipient] == nil
            fits = progress.rcptAnswered(recipient, reply)
            if isOpen { blameAccount(reply, .recipients, for: [recipient], in: &progress) }
        case .data: return dataAnswered(reply, progress)
        }
        guard fits else { return broken("\(reply.text), which answers nothing that was asked", malformed: true) }
        state = .transaction(progress)
        if !progress.expected.isEmpty { return [] }
        return nextCommand(progress)
    }

    /// Whether a refusal for good is one of the account.
    private func blameAccount(
        _ reply: Reply, _ phase: SessionPhase, for recipients: [EmailAddress], in progress: inout TransactionProgress
    ) {
        guard reply.isPermanent, let found = Diagnosis(phase: phase, words: reply.text, host: terms.host),
            found.isOfAccount(isRelay: terms.isRelay)
        else { return }
        progress.blameAccount(found, for: recipients)
    }

    /// Without pipelining: one command at a time.
    private mutating func nextCommand(_ progress: TransactionProgress) -> [Action] {
        var progress = progress
        if progress.senderWasAccepted, let recipient = progress.unsent.first {
            progress.unsent.removeFirst()
            progress.expected = [.rcpt(recipient)]
            state = .transaction(progress)
            let parameters = progress.transaction.recipientParameters(capabilities)
            return send(.rcpt(progress.form(of: recipient), parameters: parameters))
        }
        guard progress.senderWasAccepted, !progress.accepted.isEmpty else {
            needsReset = true
            return finish(progress)
        }
        progress.expected = [.data]
        state = .transaction(progress)
        return send(.data)
    }

    /// 421 ends the session; 530 (RFC 4954 section 6) says that a login is missing.
    private mutating func sessionRefused(_ reply: Reply, _ progress: TransactionProgress) -> [Action] {
        if reply.code == 421 { return end(progress, SessionFault(phase, reply.text, [.tryAgain, .close])) }
        return end(progress, SessionFault(phase, reply.text, [.tryAgain, .close, .tellOperator]))
    }

    private mutating func dataAnswered(_ reply: Reply, _ progress: TransactionProgress) -> [Action] {
        var progress = progress
        let hasRecipients = progress.senderWasAccepted && !progress.accepted.isEmpty
        switch reply.series {
        case 3 where reply.code == 354 && hasRecipients:
            state = .body(progress)
            return [.sendBody]
        case 3 where reply.code == 354 && progress.accepted.isEmpty:
            // Row 69, RFC 2920 section 3.1: an empty message to nobody; its reply means nothing.
            needsReset = true
            state = .emptyData(progress)
            return [.send(Array(".\r\n".utf8), shown: ".")]
        case 4, 5:
            needsReset = true
            let outcome: Outcome = reply.isTransient ? .transient(reply.text) : .permanent(reply.text)
            progress.decide(progress.accepted, outcome)
            return finish(progress)
        default:
            // Row 70: what follows would be taken for commands.
            state = .transaction(progress)
            return broken("\(reply.text) in answer to DATA", malformed: true)
        }
    }

    mutating func bodySent() -> [Action] {
        guard case .body(let progress) = state else { return [] }
        state = .markingDot(progress)
        return [.markDotPending(progress.accepted)]
    }

    mutating func dotMarked() -> [Action] {
        guard case .markingDot(let progress) = state else { return [] }
        state = .sendingEnd(progress)
        return [.sendEnd]
    }

    mutating func dotRefused(_ words: String) -> [Action] {
        guard case .markingDot(let progress) = state else { return [] }
        return end(progress, SessionFault(.body, words, [.tryAgain, .close]))
    }

    mutating func endSent() -> [Action] {
        guard case .sendingEnd(let progress) = state else { return [] }
        state = .finalReply(progress)
        return []
    }

    /// Rows 72 and 73: a reply before the dot has gone out. Nothing but a refusal makes sense, and it costs the
    /// connection: how much of the message the server has taken is not known.
    mutating func bodyInterrupted(_ reply: Reply, _ progress: TransactionProgress) -> [Action] {
        var progress = progress
        let fault = SessionFault(phase, reply.text, [.tryAgain, .close])
        guard reply.isPermanent else { return end(progress, fault) }
        progress.decide(progress.accepted, .permanent(reply.text))
        return finish(progress, with: fault)
    }

    mutating func finalReplyReceived(_ reply: Reply, _ progress: TransactionProgress) -> [Action] {
        var progress = progress
        switch reply.code {
        case 250...252:
            progress.decide(progress.accepted, .delivered(reply.text))
            return finish(progress)
        case 421:
            progress.decide(progress.accepted, .transient(reply.text))
            return finish(progress, with: SessionFault(.finalReply, reply.text, [.tryAgain, .close]))
        case 400...499:
            progress.decide(progress.accepted, .transient(reply.text))
            return finish(progress)
        case 530:
            progress.decide(progress.accepted, .transient(reply.text))
            return sessionRefused(reply, progress)
        case 500...599:
            progress.decide(progress.accepted, .permanent(reply.text))
            return finish(progress)
        default:
            // Rows 80 and 81: 221, 220, 354 and the like answer another question.
            return uncertain(progress, "\(reply.text) in answer to the message")
        }
    }

    /// U: the dot is out, and no answer that counts will come.
    mutating func uncertain(
        _ progress: TransactionProgress, _ words: String, timedOut: Bool = false
    ) -> [Action] {
        var progress = progress
        progress.decide(progress.accepted, .uncertain(words))
        var fault = SessionFault(.finalReply, words, [.uncertain, .close])
        fault.timedOut = timedOut
        if timedOut { fault.set(.silence) }
        return finish(progress, with: fault)
    }

    /// The transaction and its connection are over.
    mutating func finish(_ progress: TransactionProgress, with fault: SessionFault) -> [Action] {
        let fault = judged(fault)
        state = .closed
        accountRefusals = progress.accountRefusals
        return [.finish(progress.outcomes, fault), .close]
    }

    mutating func finish(_ progress: TransactionProgress) -> [Action] {
        state = .ready
        accountRefusals = progress.accountRefusals
        return [.finish(progress.outcomes, nil)]
    }
}
