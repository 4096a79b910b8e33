// A row of the table of what other servers do, as a scripted server plays it to the whole mailer, and the reaction that is
// due. What must stay true: a row says what can be seen from outside (queue, log, what the server got, how long it took).

import Formats
import Mail
import SMTPProtocol
import Settings
import TestSupport
import Testing

@testable import Mailing
@testable import SMTPTransport

/// One thing that a server may do.
struct FaultRow: Sendable, CustomTestStringConvertible {
    /// What becomes of the letter and of the account at the first attempt.
    enum Reaction: Sendable {
        case delivered
        /// T: the letter is put off, and the attempt counts.
        case later
        /// N: the account is passed over until it works again; the attempt does not count.
        case otherAccount
        /// OP: as `otherAccount`, until a person has changed something.
        case person
        /// P
        case refused
        /// U: the same bytes go once more.
        case uncertain
    }

    /// Where the account looks for its server at the first attempt; at the second one it is the scripted one.
    enum Place: Sendable {
        case peer
        case closedPort
        case blackHole
        case name(String)
    }

    let number: Int
    let name: String
    let reaction: Reaction
    /// What is played at the first attempt, for each connection.
    let plays: [[ScriptedPeer.Step]]
    /// Part of the delivery's last reply, and of the log where the account is paused.
    let words: String
    var place = Place.peer
    var security = Settings.Security.none
    /// More settings of the account, beginning with a comma; FOLDER stands for the site's folder.
    var more = ""
    var recipient = "admin@example.org"
    /// The letter's body.
    var body = "It broke."
    /// Whose certificates the site trusts at the first attempt; at the second one it trusts the right one's.
    var trusted = Keys.good
    /// How a session of the second attempt begins.
    var opening = hello
    /// Of the account's settings, at the first attempt only.
    var adjust: @Sendable (inout Settings.Account) -> Void = { _ in }
    /// The first attempt takes at least so long.
    var least = Duration.zero
    /// Whole messages that the server has got when the first attempt is over.
    var received: Int
    /// The server's socket takes little that it does not read.
    var hasSmallWindow = false
    /// How no line begins that the server is sent at the first attempt.
    var never: [String] = []
    /// Part of the log.
    var logged = ""

    init(
        _ number: Int, _ name: String, _ reaction: Reaction, _ plays: [ScriptedPeer.Step]..., words: String = ""
    ) {
        (self.number, self.name, self.reaction, self.plays, self.words) = (number, name, reaction, plays, words)
        received = reaction == .delivered || reaction == .uncertain ? 1 : 0
    }

    var testDescription: String { "row \(number): \(name)" }

    // What follows makes a row another.

    func at(_ place: Place) -> FaultRow { with { $0.place = place } }
    func with(_ change: (inout FaultRow) -> Void) -> FaultRow {
        var row = self
        change(&row)
        return row
    }
    /// The first attempt takes at least `least`.
    func lasting(
        _ least: Duration, _ adjust: @escaping @Sendable (inout Settings.Account) -> Void = { _ in }
    ) -> FaultRow {
        with { ($0.least, $0.adjust) = (least, adjust) }
    }
    func never(_ commands: String...) -> FaultRow { with { $0.never = commands } }
    func logged(_ words: String) -> FaultRow { with { $0.logged = words } }
    func received(_ count: Int) -> FaultRow { with { $0.received = count } }
    /// With TLS, to be verified by the authorities that the site trusts.
    func secured(_ security: Settings.Security, _ more: String = "") -> FaultRow {
        with {
            ($0.security, $0.more) = (security, ", ca_file: FOLDER/ca.pem" + more)
            let secure: [ScriptedPeer.Step] = [.startTLS(Keys.good)]
            $0.opening = security == .tls ? secure + hello : toSTARTTLS + [.say("220 go")] + secure + again
        }
    }
    /// With a login over a plain connection, and with what the server then does to let it in.
    func login(_ opening: [ScriptedPeer.Step] = plainLogin, _ more: String = "") -> FaultRow {
        with {
            $0.more = ", login: user, password_file: FOLDER/password, allow_plaintext_login: true" + more
            $0.opening = opening
        }
    }
}

/// Certificates of the scripted servers.
enum Keys {
    private static func make(
        _ names: [String] = ["localhost"], addresses: [String] = ["127.0.0.1"], to: Duration = .seconds(86400),
        signsItself: Bool = false, isForClients: Bool = false
    ) -> ServerCertificate {
        let made = try? ServerCertificate.make(
            names: names, addresses: addresses, from: .seconds(-86400 * 3), to: to, signsItself: signsItself,
            isForClients: isForClients)
        return made ?? ServerCertificate(certificatePEM: [], keyPEM: [], authorityPEM: [])
    }

    static let good = make()
    static let expired = make(to: .seconds(-86400))
    static let otherName = make(["mail.example.org"], addresses: [])
    static let ownAuthority = make(signsItself: true)
    static let stranger = make()
    static let client = make(isForClients: true)
}

/// A greeting, EHLO, and these capabilities.
func offering(_ capabilities: String...) -> [ScriptedPeer.Step] {
    [.say("220 peer"), .expect("EHLO")] + answer(to: capabilities)
}

private func answer(to capabilities: [String]) -> [ScriptedPeer.Step] {
    let lines = ["peer"] + capabilities
    return lines.enumerated().map { .say("250\($0 == lines.count - 1 ? " " : "-")\($1)") }
}

let toMail: [ScriptedPeer.Step] = [.expect("MAIL FROM:<herald@example.org>")]
let toRecipient = toMail + [.say("250 ok"), .expect("RCPT TO:<")]
let toData = toRecipient + [.say("250 ok"), .expect("DATA")]
let toMessage = toData + [.say("354 go on")]
let taken: [ScriptedPeer.Step] = [.expectMessage, .say("250 2.0.0 taken")]
let toSTARTTLS = offering("STARTTLS") + [.expect("STARTTLS")]
/// EHLO under TLS.
let again: [ScriptedPeer.Step] = [.expect("EHLO"), .say("250 peer")]
/// AUTH PLAIN with user `user`, password `pencil`.
let plainLogin = offering("AUTH PLAIN") + [.expect("AUTH PLAIN AHVzZXIAcGVuY2ls"), .say("235 in")]
