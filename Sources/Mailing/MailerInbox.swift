// Where everything arrives that other threads have for the mailer: reports of deliveries, requests of people.

import Control
import Formats
import Platform
import Synchronization

/// A request that waits for the mailer's answer.
struct ControlCall: Sendable {
    let request: ControlRequest
    /// Who asks; looked up before the mailer has it, for that may take a name server's time-out.
    let user: LocalUser
    let answer: Answer<ControlResponse>
}

/// The mailer's inbox. Made before the mailer, so that others can reach it from the start.
package final class MailerInbox: Sendable {
    let events: EventQueue<MailerEvent>
    private let isClosed = Mutex(false)
    /// As they are after the last round that was committed.
    private let rates = Mutex(SubmissionRates())

    /// More than what any other request brings: an access token.
    private static let otherBody = 1 << 16

    /// How long what a thread has done may be untold, for it to go with the next dot's commit.
    private static let untold = Duration.milliseconds(50)

    package init() throws(SystemError) { events = try EventQueue(delay: Self.untold) }

    /// For the control socket: hands the request over and waits for the answer. A request that was not begun within
    /// `patience` is withdrawn, and nothing comes of it; one that was begun has a little longer. Together they stay below
    /// what the client waits.
    package func ask(_ request: ControlRequest, patience: Duration = .seconds(20)) -> ControlResponse {
        guard let answer = try? Answer<ControlResponse>() else { return .failure("out of descriptors", .later) }
        let call = ControlCall(request: request, user: LocalUser(request.peer), answer: answer)
        let accepted = isClosed.withLock { closed in
            if !closed { events.post(.request(call)) }
            return !closed
        }
        guard accepted else { return .failure("the mailer is stopping", .later) }
        if let response = answer.wait(patience) { return response }
        if answer.withdraw() { return .failure("the mailer is busy", .later) }
        // Not `later`: whoever repeats it at once might have it done twice.
        return answer.wait(.seconds(8))
            ?? .failure("the mailer is busy, and may still do it: see 'herald queue list' before it is asked again")
    }

    /// Before the body of a request is read, which takes memory: what nobody may send, or this one not now, is refused.
    package func refusal(_ peer: ControlPeer, _ command: String, _ length: Int) -> ControlResponse? {
        guard command == "send" else {
            return length > Self.otherBody
                ? .failure("'\(Printable.text(command, limit: 40))' takes no such body") : nil
        }
        if length > SubmissionRates.maximumSize { return .failure(SubmissionRates.tooLarge) }
        if LocalUser(peer).isPrivileged { return nil }
        // A look only: the mailer takes the message's worth when it takes the message.
        let isAllowed = rates.withLock { rates in
            var copy = rates
            return copy.take(peer.uid, at: SystemClock.monotonic())
        }
        return isAllowed ? nil : .failure(SubmissionRates.tooMany, .later)
    }

    func know(_ rates: SubmissionRates) { self.rates.withLock { $0 = rates } }

    /// Tells the mailer to stop at the next safe point.
    package func stop() { events.post(.stop) }

    /// Nobody is answered from now on; those who wait are told so.
    func close() {
        isClosed.withLock { $0 = true }
        for event in events.takeAll() {
            switch event {
            case .request(let call): call.answer.give(.failure("the mailer is stopping", .later))
            case .dotPending(_, let answer): answer.give(false)
            case .outcomes, .partly, .done, .takenBack, .filed, .surveyed, .stop: break
            }
        }
    }
}
