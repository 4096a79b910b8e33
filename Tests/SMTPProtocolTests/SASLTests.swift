import Formats
import SMTPProtocol
import TestSupport
import Testing

private let user = Login.password(name: "user", Secret("pencil"))
private let token = Login.token(name: "user@example.com", Secret("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="))

private func exchange(
    _ mechanism: AuthMechanism, _ login: Login = user, nonce: String = "", binding: ChannelBinding = .none,
    host: String = "", port: Int = 0
) throws -> SASLExchange {
    try SASLExchange(mechanism, login, .init(nonce: nonce, binding: binding, host: host, port: port))
}

extension SASLExchange {
    fileprivate mutating func answer(_ challenge: String, initialWasSent: Bool = true) throws -> String {
        try respond(to: Array(challenge.utf8), initialWasSent: initialWasSent).text
    }
}

@Suite struct SASLTests {
    @Test("CRAM-MD5 goes as in RFC 2195 section 2") func cramMD5() throws {
        var exchange = try exchange(.cramMD5, .password(name: "tim", Secret("tanstaaftanstaaf")))
        #expect(exchange.initialResponse == nil)
        let response = try exchange.answer("<1896.697170952@postoffice.reston.mci.net>", initialWasSent: false)
        #expect(response == "tim b913a602c7eda7a495b4e6e7334d3890")
        #expect(throws: SASLError.self) { try exchange.answer("more", initialWasSent: false) }
    }

    @Test("PLAIN and LOGIN say what they say, and no more than they are asked") func plainAndLogin() throws {
        var plain = try exchange(.plain)
        #expect(plain.initialResponse?.text == "\u{0}user\u{0}pencil")
        #expect(throws: SASLError.self) { try plain.answer("") }
        var late = try exchange(.plain)
        #expect(try late.answer("", initialWasSent: false) == "\u{0}user\u{0}pencil")
        #expect(throws: SASLError.self) { try late.answer("", initialWasSent: false) }
        var login = try exchange(.login)
        #expect(try login.answer("Username:", initialWasSent: false) == "user")
        #expect(try login.answer("Password:", initialWasSent: false) == "pencil")
        #expect(throws: SASLError.self) { try login.answer("", initialWasSent: false) }
    }

    @Test("XOAUTH2 goes as its makers document it; the reason of a refusal is kept, and answered with nothing")
    func xoauth2() throws {
        var exchange = try exchange(.xoauth2, token)
        let first = exchange.initialResponse
        #expect(
            first?.text
                == "user=user@example.com\u{1}auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\u{1}\u{1}")
        #expect(exchange.mayFinish)
        let reason = #"{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}"#
        #expect(try exchange.answer(reason) == "")
        #expect(exchange.refusal == reason)
        #expect(!exchange.mayFinish)
        #expect(throws: SASLError.self) { try exchange.answer(reason) }
    }

    @Test("OAUTHBEARER goes as in RFC 7628 section 4.1; its refusal is answered with ^A") func oauthbearer() throws {
        var exchange = try exchange(.oauthbearer, token, host: "server.example.com", port: 143)
        #expect(
            exchange.initialResponse.map { Base64.encode(Array($0.text.utf8)) }
                == "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRj"
                + "Mk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB")
        #expect(try exchange.answer(#"{"status":"invalid_token","scope":"example_scope"}"#) == "\u{1}")
        let odd = try SASLExchange(.oauthbearer, .token(name: "a=b,c", Secret("t")), .init(nonce: ""))
        #expect(odd.initialResponse?.text == "n,a=a=3Db=2Cc,\u{1}auth=Bearer t\u{1}\u{1}")
    }

    @Test("EXTERNAL names nobody, or whom it is told to (RFC 4422 appendix A)") func external() throws {
        #expect(try exchange(.external, .certificate(name: nil)).initialResponse?.text == "")
        #expect(try exchange(.external, .certificate(name: "herald")).initialResponse?.text == "herald")
        var asked = try exchange(.external, .certificate(name: nil))
        #expect(try asked.answer("", initialWasSent: false) == "")
        #expect(throws: SASLError.self) { try asked.answer("", initialWasSent: false) }
    }

    @Test("each kind of login has its mechanisms, and no other is begun", arguments: AuthMechanism.allCases)
    func kinds(_ mechanism: AuthMechanism) {
        let logins: [Login] = [user, token, .certificate(name: nil)]
        for login in logins {
            let isBegun = (try? exchange(mechanism, login, nonce: "n")) != nil
            #expect(isBegun == mechanism.fits(login))
        }
        #expect(logins.filter { mechanism.fits($0) }.count == 1)
    }

    @Test(
        "what would end a field before its end is not sent",
        arguments: [
            (AuthMechanism.plain, Login.password(name: "user\u{0}root", Secret("pencil"))),
            (.plain, .password(name: "user", Secret("pen\u{0}cil"))),
            (.login, .password(name: "us\r\ner", Secret("p"))),
            (.cramMD5, .password(name: "user\n", Secret("p"))),
            (.xoauth2, .token(name: "a\u{1}auth=Bearer x", Secret("t"))),
            (.xoauth2, .token(name: "a", Secret("t\u{1}x"))), (.oauthbearer, .token(name: "a", Secret("t t"))),
            (.oauthbearer, .token(name: "a", Secret(""))), (.xoauth2, .token(name: "a", Secret("{\"error\":1}"))),
            (.external, .certificate(name: "a\u{0}")),
        ]) func injected(_ mechanism: AuthMechanism, _ login: Login)
    {
        let error = #expect(throws: SASLError.self) { try exchange(mechanism, login) }
        guard case .unavailable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("whatever a server asks, no mechanism traps or asks for more than it may", arguments: AuthMechanism.allCases)
    func anything(_ mechanism: AuthMechanism) throws {
        var random = SplitMix(seed: UInt64(mechanism.rawValue.utf8.count) &+ 4422)
        let login = try #require([user, token, .certificate(name: nil)].first { mechanism.fits($0) })
        let alphabet = Array("r=fykos,i4096v=AAAAe\0\u{1}{}\":".utf8)
        for _ in 0..<2_000 {
            var exchange = try exchange(mechanism, login, nonce: "fyko", binding: .exporter([1]))
            let initialWasSent = random.below(2) == 0
            var answers = 0
            for _ in 0..<6 {
                let challenge = (0..<random.below(40)).map { _ in
                    random.below(8) == 0 ? UInt8(random.below(256)) : alphabet[random.below(alphabet.count)]
                }
                guard (try? exchange.respond(to: challenge, initialWasSent: initialWasSent)) != nil else { break }
                answers += 1
            }
            #expect(answers <= 3)
            if [.scramSHA256Plus, .scramSHA256, .scramSHA1].contains(mechanism) { #expect(!exchange.mayFinish) }
        }
    }

    @Test("a login shows its name, and nothing of what proves it") func hidden() {
        for login in [user, .token(name: "user", Secret("pencil"))] {
            var shown = "\(login) \(String(reflecting: login))"
            dump(login, to: &shown)
            #expect(shown.contains("user"))
            #expect(!shown.contains("pencil"))
            #expect(!shown.contains("112"))  // its first byte
        }
    }
}
