// What a session did, step by step, and how long each took: for `herald test-connection`.

import SMTPProtocol

/// The steps of the latest session, in their order. What the server said is in it, made safe to show; no secret is.
package struct SessionTrace: Sendable {
    package struct Step: Sendable {
        package var phase: SessionPhase
        /// From the end of the step before.
        package var took: Duration
        /// The server's words, or what we found.
        package var detail: String
        /// Of the step that is the handshake.
        package var tls: TLSReport?
        /// Of an answer to EHLO or HELO.
        package var capabilities: Capabilities?
    }

    package private(set) var steps: [Step] = []
    private var last: Duration

    /// More are not kept: a session may carry a thousand letters.
    private static let limit = 200

    init(now: Duration) { last = now }

    /// A step that has just ended. Challenges of one login are one step, of which the last word stays.
    mutating func add(
        _ phase: SessionPhase, _ detail: String, tls: TLSReport? = nil, capabilities: Capabilities? = nil, now: Duration
    ) -> Step {
        var step = Step(phase: phase, took: now - last, detail: detail, tls: tls, capabilities: capabilities)
        last = now
        if phase == .login, let before = steps.last, before.phase == .login {
            step.took += before.took
            steps[steps.count - 1] = step
        } else if steps.count < Self.limit {
            steps.append(step)
        }
        return step
    }

    /// Time that belongs to no step: between two letters.
    mutating func skip(to now: Duration) { last = now }
}
