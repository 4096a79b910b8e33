// Signing in on another device (RFC 8628): answers and times in, actions out. What must stay true: the endpoint is not asked
// more often than it says, and not beyond the code's time; whatever it says, the flow comes to an end.

import Formats
import SMTPProtocol

/// One sign-in by device code. Times are of a clock that never goes back.
package struct DeviceFlow: Sendable {
    /// What the person is to do.
    package struct Prompt: Hashable, Sendable {
        /// Both safe to show.
        package var url: String
        package var code: String
        package var lifetime: Duration
    }

    package enum Action: Sendable {
        case send(OAuthRequest)
        /// Show it once; then say `wasShown`.
        case show(Prompt)
        case wait(Duration)
        case done(TokenReply)
        case failed(TokenFault)
    }

    private enum State {
        case begun
        case shown(Secret)
        /// Waits until it is time to ask.
        case waiting(Secret)
        case asked(Secret)
        case over
    }

    private let client: OAuthClient
    private var state = State.begun
    private var interval = Duration.seconds(5)
    private var end = Duration.zero

    /// Section 3.2: what holds where the endpoint says nothing, and what we hold to whatever it says.
    private static let intervals = Duration.seconds(1)...Duration.seconds(60)
    private static let longestLifetime = Duration.seconds(3600)
    private static let lifetime = Duration.seconds(900)

    package init(_ client: OAuthClient) { self.client = client }

    /// The first action.
    package mutating func start() -> Action {
        guard let request = client.deviceRequest else {
            return fail(
                TokenFault(.request, "the provider has no endpoint for device codes", remedy: "set oauth's device_url"))
        }
        return .send(request)
    }

    package mutating func answered(_ answer: OAuthAnswer, at now: Duration) -> Action {
        switch state {
        case .begun: codeCame(answer, now)
        case .asked(let code): tokenCame(answer, code, now)
        case .shown, .waiting, .over: fail(TokenFault(.unreadable, "an answer that nobody asked for"))
        }
    }

    private mutating func codeCame(_ answer: OAuthAnswer, _ now: Duration) -> Action {
        do throws(TokenFault) {
            let json = try TokenFault.object(in: answer, .deviceCode)
            guard let code = json["device_code"]?.string, let user = json["user_code"]?.string,
                // Google's and older drafts' name for it.
                let url = json["verification_uri"]?.string ?? json["verification_url"]?.string,
                !code.isEmpty, !user.isEmpty, code.utf8.count <= 4096, url.hasPrefix("https://")
            else { throw TokenFault(.unreadable, "the answer has no device code, or no address to sign in at") }
            if let seconds = TokenReply.seconds(json["interval"]) {
                interval = Self.bounded(.seconds(min(seconds, 3600)))
            }
            let given = TokenReply.seconds(json["expires_in"]).flatMap {
                $0 > 0 ? Duration.seconds(min($0, 86400)) : nil
            }
            let lifetime = min(given ?? Self.lifetime, Self.longestLifetime)
            end = now + lifetime
            state = .shown(Secret(code))
            return .show(
                Prompt(
                    url: Printable.text(url, limit: 300), code: Printable.text(user, limit: 60), lifetime: lifetime))
        } catch { return fail(error) }
    }

    package mutating func wasShown(at now: Duration) -> Action {
        guard case .shown(let code) = state else { return fail(TokenFault(.unreadable, "nothing was to be shown")) }
        state = .waiting(code)
        return .wait(interval)
    }

    /// The wait is over.
    package mutating func waited(at now: Duration) -> Action {
        guard case .waiting(let code) = state else { return fail(TokenFault(.unreadable, "nothing was waited for")) }
        guard now < end else { return fail(Self.tooLate) }
        state = .asked(code)
        return .send(client.tokenRequest(.deviceCode(code)))
    }

    private static let tooLate = TokenFault(.codeExpired, "nobody has signed in with this code in time")

    private mutating func tokenCame(_ answer: OAuthAnswer, _ code: Secret, _ now: Duration) -> Action {
        do throws(TokenFault) {
            let reply = try TokenReply(answer, .deviceCode)
            state = .over
            return .done(reply)
        } catch {
            switch error.kind {
            case .pending: break
            // Section 3.5: by five seconds each time.
            case .slowDown: interval = Self.bounded(interval + .seconds(5))
            // Section 3.5: where no answer comes, less and less often.
            case .later, .unreadable: interval = Self.bounded(max(interval * 2, error.retryAfter ?? .zero))
            case .codeExpired: return fail(Self.tooLate)
            case .declined, .signInAgain, .client, .request: return fail(error)
            }
            guard now < end else { return fail(Self.tooLate) }
            state = .waiting(code)
            return .wait(interval)
        }
    }

    private static func bounded(_ interval: Duration) -> Duration {
        min(max(interval, intervals.lowerBound), intervals.upperBound)
    }

    private mutating func fail(_ fault: TokenFault) -> Action {
        state = .over
        return .failed(fault)
    }
}
