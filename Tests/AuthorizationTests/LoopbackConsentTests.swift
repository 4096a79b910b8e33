import Authorization
import Formats
import SMTPProtocol
import Testing

@Suite struct LoopbackConsentTests {
    private let random = (0..<64).map { UInt8($0) }

    private func fields(_ address: String) -> [String: String] {
        var fields: [String: String] = [:]
        for pair in address.split(separator: "?").dropFirst().joined().split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            fields[String(parts[0])] = String(decoding: Hex.percentDecoded(Array(parts[1].utf8)), as: UTF8.self)
        }
        return fields
    }

    @Test("the page is asked with PKCE's challenge, and the token with its verifier") func pkce() throws {
        let consent = LoopbackConsent(client(.loopback), port: 4711, random: random)
        let address = try #require(consent.address(hint: "a@b.example"))
        #expect(address.hasPrefix("https://a.example/go?response_type=code&"))
        let asked = fields(address)
        #expect(asked["redirect_uri"] == "http://127.0.0.1:4711/" && asked["login_hint"] == "a@b.example")
        #expect(asked["code_challenge_method"] == "S256" && asked["scope"] == "mail" && asked["access_type"] == nil)
        let body = consent.tokenRequest(Secret("c")).body.text
        let verifier = try #require(body.split(separator: "&").first { $0.hasPrefix("code_verifier=") }?.dropFirst(14))
        #expect(verifier.utf8.count == 43, "RFC 7636 section 4.1")
        #expect(asked["code_challenge"] == Base64URL.encode(SHA256.digest(verifier.utf8)))
        #expect(asked["state"]?.utf8.count == 43 && asked["state"] != String(verifier))
    }

    @Test("RFC 7636 appendix B's challenge") func appendixB() throws {
        let octets: [UInt8] = [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191,
            240,
            91, 88, 5, 88, 83, 132, 141, 121,
        ]
        let consent = LoopbackConsent(client(.loopback), port: 1, random: random[..<32] + octets)
        let asked = fields(try #require(consent.address(hint: nil)))
        #expect(asked["code_challenge"] == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
        #expect(consent.tokenRequest(Secret("c")).body.text.contains("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"))
    }

    @Test("Google is asked for a refresh token too") func google() throws {
        let consent = LoopbackConsent(client(.loopback, .google), port: 1, random: random)
        let asked = fields(try #require(consent.address(hint: nil)))
        #expect(asked["access_type"] == "offline" && asked["prompt"] == "consent")
    }

    @Test("only what carries our state is the answer") func arrivals() throws {
        let consent = LoopbackConsent(client(.loopback), port: 1, random: random)
        let address = try #require(consent.address(hint: nil))
        let state = try #require(fields(address)["state"])
        func kind(_ target: String) -> String {
            switch consent.arrived(target) {
            case .code(let code): "code \(code.text)"
            case .failed(let fault): "failed \(fault.kind)"
            case .foreign: "foreign"
            }
        }
        #expect(kind("/?code=4%2F0a&state=\(state)&scope=x") == "code 4/0a")
        #expect(kind("http://127.0.0.1:1/?state=\(state)&code=c#f") == "code c")
        #expect(kind("/?error=access_denied&state=\(state)") == "failed declined")
        #expect(kind("/?error=admin_policy_enforced&error_description=no+way&state=\(state)") == "failed request")
        #expect(kind("/?state=\(state)") == "failed unreadable")
        #expect(kind("/?code=&state=\(state)") == "failed unreadable")
        // U+0601 is written as one character with what follows it.
        #expect(kind("/?x=\u{601}&state=\(state)&code=c") == "code c")
        for foreign in [
            "", "/", "/favicon.ico", "/?code=c", "/?code=c&state=", "/?code=c&state=\(state)x", "/?state", "?&&=&",
            "/?code=c&state=%ff%00",
        ] {
            #expect(kind(foreign) == "foreign", "\(foreign)")
        }
    }
}
