import Authorization
import Formats
import SMTPProtocol
import Testing

@Suite struct TokenReplyTests {
    private func read(_ answer: OAuthAnswer, _ way: OAuthClient.Way = .deviceCode) throws(TokenFault) -> TokenReply {
        try TokenReply(answer, way)
    }

    @Test("a token, how long it holds, and what comes with it") func whole() throws {
        let reply = try read(
            http(
                200,
                #"{"token_type":"bearer","scope":"x","expires_in":3599,"access_token":"at.1","refresh_token":"rt","#
                    + #""refresh_token_expires_in":604800}"#))
        #expect(reply.accessToken == Secret("at.1") && reply.refreshToken == Secret("rt"))
        #expect(reply.lifetime == .seconds(3599) && reply.refreshLifetime == .seconds(604_800))
        #expect(reply.address == nil)
    }

    @Test(
        "a lifetime is a number, or one in quotes; what is none, or beyond a day, is bounded",
        arguments: [
            ("3599", 3599), (#""3599""#, 3599), ("null", 600), (#""soon""#, 600), ("0", 600), ("-5", 600),
            ("99999999999", 86400), ("1e3", 1000), ("9223372036854775807", 86400), ("1e300", 600), ("[]", 600),
        ] as [(String, Int64)])
    func lifetimes(_ text: String, _ seconds: Int64) throws {
        let reply = try read(http(200, #"{"access_token":"at","expires_in":\#(text)}"#))
        #expect(reply.lifetime == .seconds(seconds))
    }

    @Test("who has signed in stands in the id_token, in one of three claims")
    func address() throws {
        func signed(_ claims: String) -> String {
            "e30." + Base64URL.encode(claims.utf8) + ".sig"
        }
        func address(_ token: String) throws -> String? {
            try read(http(200, #"{"access_token":"at","id_token":"\#(token)"}"#)).address
        }
        #expect(try address(signed(#"{"email":"a@b.example"}"#)) == "a@b.example")
        #expect(try address(signed(#"{"preferred_username":"c@d.example"}"#)) == "c@d.example")
        #expect(try address(signed(#"{"email":"","upn":"e@f.example"}"#)) == "e@f.example")
        for bad in [
            "", "a.b", "a.b.c", signed("[]"), signed(#"{"email":"no address"}"#), signed(#"{"email":"a@b\u0007"}"#),
        ] {
            #expect(try address(bad) == nil, "\(bad)")
        }
    }

    /// The errors that Microsoft and Google document, and what is none.
    @Test(
        "each documented refusal is told for what it is",
        arguments: [
            (#"{"error":"authorization_pending"}"#, .pending, ""), (#"{"error":"slow_down"}"#, .slowDown, ""),
            (#"{"error":"expired_token"}"#, .codeExpired, ""),
            (#"{"error":"bad_verification_code"}"#, .codeExpired, ""),
            (#"{"error":"access_denied"}"#, .declined, ""), (#"{"error":"authorization_declined"}"#, .declined, ""),
            (#"{"error":"invalid_grant"}"#, .signInAgain, ""), (#"{"error":"interaction_required"}"#, .signInAgain, ""),
            (#"{"error":"login_required"}"#, .signInAgain, ""),
            (#"{"error":"invalid_client"}"#, .client, "client_id"),
            (#"{"error":"unauthorized_client"}"#, .client, "register"),
            (#"{"error":"deleted_client"}"#, .client, "client_id"),
            (#"{"error":"invalid_scope"}"#, .request, "scopes"), (#"{"error":"invalid_request"}"#, .request, ""),
            (#"{"error":"admin_policy_enforced"}"#, .request, "administrator"),
            (#"{"error":"temporarily_unavailable"}"#, .later, ""), (#"{"error":"server_error"}"#, .later, ""),
            (#"{"error":{"code":403,"message":"no","status":"PERMISSION_DENIED"}}"#, .request, ""),
            (
                #"{"error":"invalid_grant","error_description":"AADSTS700082: The refresh token has expired."}"#,
                .signInAgain, "not used for too long"
            ),
            (
                #"{"error":"invalid_grant","error_codes":[50173],"error_description":"AADSTS50173: The grant."}"#,
                .signInAgain, "password was changed"
            ),
            (#"{"error":"invalid_grant","error_description":"AADSTS65001: no consent"}"#, .request, "consent"),
            (#"{"error":"invalid_grant","error_description":"AADSTS50076: MFA"}"#, .signInAgain, "second factor"),
            (#"{"error":"invalid_grant","error_description":"AADSTS53003: blocked"}"#, .request, "conditional access"),
            (#"{"error":"invalid_client","error_description":"AADSTS7000222: expired"}"#, .client, "has expired"),
            (#"{"error":"invalid_client","error_description":"AADSTS7000215: wrong"}"#, .client, "not its id"),
            (
                #"{"error":"invalid_client","error_description":"AADSTS7000218: public"}"#, .client,
                "public client flows"
            ),
            (#"{"error":"unauthorized_client","error_description":"AADSTS700016: app"}"#, .client, "tenant"),
            (#"{"error":"invalid_grant","error_description":"AADSTS99999999999999999999: new"}"#, .signInAgain, ""),
            (#"{"error":7}"#, .request, ""), (#"{"error":null,"error_description":5}"#, .request, ""),
        ] as [(String, TokenFault.Kind, String)])
    func refusals(_ body: String, _ kind: TokenFault.Kind, _ remedy: String) {
        let fault = #expect(throws: TokenFault.self) { _ = try read(http(400, body)) }
        #expect(fault?.kind == kind)
        #expect(fault?.remedy.contains(remedy) == true || remedy.isEmpty)
        #expect(fault?.isTransient == [.pending, .slowDown, .later, .unreadable].contains(kind))
    }

    @Test(
        "what an application's own key is refused for, nobody signs in again",
        arguments: [
            ("invalid_grant", "Invalid JWT Signature.", "key was deleted"),
            ("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes)", "clock"),
            ("invalid_grant", "Invalid email or User ID", "subject"),
            ("access_denied", "Requested client not authorized.", "administrator"),
        ])
    func serviceAccount(_ error: String, _ words: String, _ remedy: String) {
        let body = #"{"error":"\#(error)","error_description":"\#(words)"}"#
        let fault = #expect(throws: TokenFault.self) { _ = try read(http(400, body), .serviceAccount) }
        #expect(fault?.kind == .request && fault?.remedy.contains(remedy) == true)
        let client = #expect(throws: TokenFault.self) {
            _ = try read(http(401, #"{"error":"unauthorized_client"}"#), .serviceAccount)
        }
        #expect(client?.kind == .client && client?.remedy.contains("Domain-wide delegation") == true)
    }

    @Test("the server's time to wait is heeded, up to an hour")
    func busy() {
        for (given, seconds) in [
            ("7", 7), ("", nil), ("soon", nil), ("-3", nil), ("999999999999999999999", nil), ("90000", 3600),
        ]
            as [(String, Int64?)]
        {
            for (status, body) in [(429, ""), (503, "<html>"), (500, #"{"error":"invalid_grant"}"#), (408, "x")] {
                let fault = #expect(throws: TokenFault.self) { _ = try read(http(status, body, retryAfter: given)) }
                #expect(fault?.kind == .later, "\(status) \(body)")
                #expect(fault?.retryAfter == seconds.map { .seconds($0) }, "\(given)")
            }
        }
    }

    @Test(
        "what no token endpoint says is not believed, and time may mend it",
        arguments: [
            (200, ""), (200, "[]"), (200, "null"), (200, "<html>\u{1b}[2J</html>"), (200, "{}"),
            (200, #"{"access_token":""}"#), (200, #"{"access_token":"a b"}"#), (200, #"{"access_token":"a\u0001"}"#),
            (200, #"{"access_token":5}"#), (302, ""), (404, "not found"), (400, "{}"), (204, ""), (0, "x"),
        ])
    func strange(_ status: Int, _ body: String) {
        let fault = #expect(throws: TokenFault.self) { _ = try read(http(status, body)) }
        #expect(fault?.kind == .unreadable)
        #expect(fault?.words.unicodeScalars.contains { $0.isUnsafeToShow } == false)
    }

    @Test("words are cut, on one line, and safe to show") func words() {
        let long = String(repeating: "x\u{202e}", count: 5000)
        let body = JSON.object([
            .init("error", .string(long)), .init("error_description", .string("one\r\ntwo " + long)),
        ])
        let fault = #expect(throws: TokenFault.self) { _ = try read(http(400, body.text)) }
        #expect(fault?.words.hasSuffix("…: one") == true)
        #expect((fault?.words.count ?? .max) < 900)
        #expect(fault?.words.unicodeScalars.contains { $0.isUnsafeToShow } == false)
    }

    @Test("nothing that came is a matter of time; a token of another type is not") func others() {
        let nothing = #expect(throws: TokenFault.self) { _ = try read(.nothing("no route")) }
        #expect(nothing?.kind == .later && nothing?.words == "no route")
        let mac = #expect(throws: TokenFault.self) {
            _ = try read(http(200, #"{"access_token":"x","token_type":"mac"}"#))
        }
        #expect(mac?.kind == .request)
    }
}
