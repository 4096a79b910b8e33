// The client's side of an SMTP session as a value: what happened goes in, what to do comes out. No socket, no clock, no
// randomness; so every row of the fault table that the protocol can decide is a test by equality.
//
// What must stay true: a recipient is delivered only by a 2xx that answers the final dot; after the dot, whatever is not
// a clear reply is uncertain; before it, nothing is. A reply is never paired with a command that was sent after it came.

import Formats
import Mail

/// The conversation of one connection.
package struct Conversation: Sendable {
    /// What happened.
    package enum Event: Hashable, Sendable {
        case connected
        case replyReceived(Reply)
        case replyMalformed(ReplyError)
        /// Bytes that answer nothing: before a command, or behind the reply to STARTTLS.
        case unsolicitedBytesReceived
        case tlsEstablished(TLSFacts)
        case tlsFailed(TLSFailure)
        case transactionRequested(Transaction)
        /// All blocks of the message but the last are with the operating system.
        case bodySent
        /// The caller has committed that the dot is about to go out.
        case dotMarked
        /// The caller does not want the dot to go out.
        case dotRefused(String)
        /// The last block and the dot are with the operating system.
        case endSent
        case timedOut(Duration)
        case disconnected(String)
        case quitRequested
        /// A fresh access token, in answer to `refreshToken`.
        case tokenRefreshed(Secret)
        /// There is none, and why.
        case tokenRefused(SessionFault)
    }

    /// What to do, in order.
    package enum Action: Hashable, Sendable {
        /// `shown` is for the transcript.
        case send([UInt8], shown: String)
        /// A line of the login, to be written from where it is and kept nowhere; `shown` is without what it says.
        case sendSecret(Secret, shown: String)
        /// The server refused the access token: get a fresh one, then say `tokenRefreshed` or `tokenRefused`. Once at most.
        case refreshToken
        case startTLS
        /// The session is open: transactions can be requested.
        case becomeReady
        /// Send all blocks of the message but the last.
        case sendBody
        /// Let the caller commit that these recipients may get the message at any moment now.
        case markDotPending([EmailAddress])
        /// Send the last block, which ends with the dot.
        case sendEnd
        /// The transaction is over. With a fault where the connection went with it.
        case finish([EmailAddress: Outcome], SessionFault?)
        /// The session is over, and nothing was decided.
        case fail(SessionFault)
        case close
    }

    /// Which wait is on.
    package enum Wait: Hashable, Sendable {
        case greeting, command, data, finalReply, quit
    }

    enum State: Sendable {
        case initial
        case greeting
        case hello(isFallback: Bool)
        case startTLS
        case handshake
        case login(LoginProgress)
        /// `*` has been sent; its reply is awaited, then the login goes on or fails.
        case cancelling(AfterCancel)
        /// Row 57: the token is being refreshed; these mechanisms are still to be tried.
        case refreshing([AuthMechanism])
        case ready
        case resetting(Transaction)
        case transaction(TransactionProgress)
        case body(TransactionProgress)
        case markingDot(TransactionProgress)
        case sendingEnd(TransactionProgress)
        case finalReply(TransactionProgress)
        /// The lone dot that ends a DATA without recipients has been sent; its reply means nothing.
        case emptyData(TransactionProgress)
        case quitting
        case closed
    }

    var terms: Terms
    var state = State.initial
    /// Of the latest EHLO alone: what a server said before TLS is forgotten (RFC 3207 section 4.2).
    package internal(set) var capabilities = Capabilities()
    package internal(set) var isProtected = false
    package internal(set) var isVerified = false
    var channelBinding: [UInt8]?
    /// The server said that it cannot bind to the channel as we do.
    var bindingWasRefused = false
    var tokenWasRefreshed = false
    /// The mechanism by which the session logged in.
    package internal(set) var mechanism: AuthMechanism?
    /// The server answered a group of commands out of step: it, or what stands before it, cannot do pipelining.
    package internal(set) var pipeliningFailed = false
    /// Of the latest transaction that decided something: recipients that were refused for the account's sake, by MAIL or
    /// RCPT, and why.
    package internal(set) var accountRefusals: [EmailAddress: Diagnosis] = [:]
    /// A transaction was broken off; RSET goes before the next.
    var needsReset = false

    package init(_ terms: Terms) { self.terms = terms }

    package var isReady: Bool { if case .ready = state { true } else { false } }
    package var isClosed: Bool { if case .closed = state { true } else { false } }

    /// The wait that is on; nil when nothing is awaited from the server.
    package var wait: Wait? {
        switch state {
        case .initial, .handshake, .refreshing, .ready, .body, .markingDot, .sendingEnd, .closed: nil
        case .greeting: .greeting
        case .transaction(let progress) where progress.expected.first == .data: .data
        case .hello, .startTLS, .login, .cancelling, .resetting, .transaction: .command
        case .emptyData: .data
        case .finalReply: .finalReply
        case .quitting: .quit
        }
    }

    /// Takes what happened, gives what to do.
    package mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .connected: return connected()
        case .replyReceived(let reply): return replyReceived(reply)
        case .replyMalformed(let error): return broken("\(error)", malformed: true)
        case .unsolicitedBytesReceived: return unsolicitedBytesReceived()
        case .tlsEstablished(let facts): return tlsEstablished(facts)
        case .tlsFailed(let failure): return tlsFailed(failure)
        case .transactionRequested(let transaction): return transactionRequested(transaction)
        case .bodySent: return bodySent()
        case .dotMarked: return dotMarked()
        case .dotRefused(let words): return dotRefused(words)
        case .endSent: return endSent()
        case .timedOut(let duration): return broken("no answer within \(duration.phrase)", timedOut: true)
        case .disconnected(let words): return broken(words)
        case .quitRequested: return quitRequested()
        case .tokenRefreshed(let token): return tokenRefreshed(token)
        case .tokenRefused(let fault): return tokenRefused(fault)
        }
    }

    private mutating func replyReceived(_ reply: Reply) -> [Action] {
        switch state {
        case .greeting: return greetingReceived(reply)
        case .hello(let isFallback): return helloAnswered(reply, isFallback: isFallback)
        case .startTLS: return startTLSAnswered(reply)
        case .login(let progress): return loginAnswered(reply, progress)
        case .cancelling(let next): return cancelled(next)
        case .ready: return unsolicited(reply)
        case .resetting(let transaction): return resetAnswered(reply, transaction)
        case .transaction(let progress): return transactionAnswered(reply, progress)
        case .body(let progress), .markingDot(let progress), .sendingEnd(let progress):
            return bodyInterrupted(reply, progress)
        case .finalReply(let progress): return finalReplyReceived(reply, progress)
        case .emptyData(let progress): return finish(progress)
        case .quitting: return close()
        case .initial, .handshake, .refreshing, .closed: return unsolicitedBytesReceived()
        }
    }

    private mutating func quitRequested() -> [Action] {
        guard case .ready = state else { return close() }
        state = .quitting
        return send(.quit)
    }

    /// Row 26: what came without being asked for must not be taken for the answer to what is asked next.
    private mutating func unsolicitedBytesReceived() -> [Action] {
        switch state {
        case .closed: return []
        case .quitting: return close()
        case .startTLS, .handshake:
            return fail(
                SessionFault(
                    .startTLS, "bytes behind the reply to STARTTLS", [.tryAgain, .close, .tellOperator], .injection))
        default:
            return broken("bytes that answer nothing", malformed: true)
        }
    }

    private mutating func unsolicited(_ reply: Reply) -> [Action] {
        // Section 3.8: a server that closes an idle connection says 421 first.
        fail(SessionFault(.idle, reply.text, [.tryAgain, .nextAddress, .close]))
    }
}
