// Asking a token endpoint that answers as Microsoft and Google document it (Tests/Peers/token-server).

import Authorization
import Formats
import Platform
import SMTPProtocol
import SMTPTransport
import TestSupport
import Testing

@Suite struct TokenFetchTests {
    private func client(_ peer: TokenPeer, _ way: OAuthClient.Way, _ id: String) -> OAuthClient {
        OAuthClient(
            provider: .custom, way: way, id: id, scopes: ["mail"],
            endpoints: OAuthEndpoints(
                token: peer.url + "/token", device: peer.url + "/devicecode", authorization: peer.url + "/authorize"))
    }

    private func fault(_ peer: TokenPeer, _ way: OAuthClient.Way, _ request: OAuthRequest) -> TokenFault? {
        do throws(TokenFault) {
            _ = try TokenReply(TokenFetch.answer(to: request, caFile: peer.authority), way)
            return nil
        } catch { return error }
    }

    private static let documented: [(String, TokenFault.Kind, String)] = [
        ("revoked", .signInAgain, "AADSTS50173"), ("inactive", .signInAgain, "AADSTS700082"),
        ("second-factor", .signInAgain, "AADSTS50076"), ("secret-expired", .client, "AADSTS7000222"),
        ("secret-wrong", .client, "AADSTS7000215"), ("no-such-app", .client, "AADSTS700016"),
        ("no-consent", .request, "AADSTS65001"), ("unavailable", .later, "AADSTS90033"),
        ("expired-or-revoked", .signInAgain, "expired or revoked"), ("rapt", .signInAgain, "invalid_rapt"),
        ("bare-grant", .signInAgain, "invalid_grant"), ("deleted", .client, "deleted"),
        ("unknown-client", .client, "not found"),
        ("policy", .request, "blocked"), ("too-many", .later, "Rate Limit"), ("bare-429", .later, "429"),
        ("internal", .later, "Backend"), ("gateway", .later, "502"), ("page", .unreadable, "hotel"),
        ("empty", .unreadable, "200"),
        ("array", .unreadable, "no JSON"), ("no-token", .unreadable, "no access token"), ("mac", .request, "'mac'"),
        ("moved", .unreadable, "302"), ("huge", .later, "larger than"),
    ]

    @Test("each documented answer, over TLS, is told for what it is; nothing is followed, and 64 MB are not read")
    func answers() throws {
        let peer = try TokenPeer()
        for (name, kind, words) in Self.documented {
            let asking = client(peer, .deviceCode, name)
            let fault = fault(peer, .deviceCode, asking.tokenRequest(.refresh(Secret("first"))))
            #expect(fault?.kind == kind, "\(name): \(String(describing: fault))")
            #expect(fault?.words.contains(words) == true, "\(name): \(String(describing: fault))")
            #expect(fault?.words.contains("first") == false)
        }
        for (name, seconds) in [("unavailable", 7), ("too-many", 120), ("bare-429", 120)] as [(String, Int64)] {
            let asking = client(peer, .deviceCode, name)
            #expect(
                fault(peer, .deviceCode, asking.tokenRequest(.refresh(Secret("x"))))?.retryAfter == .seconds(seconds))
        }
        let sent = try peer.requests(of: "revoked")
        #expect(sent.count == 1 && sent.first?["type"]?.string == "application/x-www-form-urlencoded")
        #expect(sent.first?["refresh_token"]?.string == "first" && sent.first?["grant_type"]?.string == "refresh_token")
    }

    @Test("an endpoint whose certificate does not hold is told nothing") func certificate() throws {
        let peer = try TokenPeer()
        let request = client(peer, .deviceCode, "well").tokenRequest(.refresh(Secret("first")))
        for (caFile, advice) in [(nil, "ca_file where"), (peer.folder("none.pem"), "oauth's ca_file: it must be")] {
            guard case .nothing(let words, let remedy) = TokenFetch.answer(to: request, caFile: caFile) else {
                return #expect(Bool(false), "an answer")
            }
            #expect(words.hasPrefix("https://localhost:\(peer.port): curl: ("), "\(words)")
            #expect(remedy.contains(advice), "\(words): \(remedy)")
        }
        var nobody = request
        nobody.url = "https://localhost:1/token"
        guard case .nothing(_, let remedy) = TokenFetch.answer(to: nobody, caFile: nil) else {
            return #expect(Bool(false), "an answer")
        }
        #expect(remedy.contains("token_url, and whether this host may reach it"), "\(remedy)")
        #expect(try peer.requests(of: "well").isEmpty)
    }

    @Test(
        "the device flow against the endpoint, with the waits that it asks for",
        arguments: ["device", "device-declined", "device-expired"])
    func device(_ id: String) throws {
        let peer = try TokenPeer()
        var flow = DeviceFlow(client(peer, .deviceCode, id))
        var action = flow.start()
        var now = Duration.zero
        var waits: [Duration] = []
        var shown: [DeviceFlow.Prompt] = []
        var end: DeviceFlow.Action?
        while end == nil {
            switch action {
            case .send(let request):
                action = flow.answered(TokenFetch.answer(to: request, caFile: peer.authority), at: now)
            case .show(let prompt):
                shown.append(prompt)
                action = flow.wasShown(at: now)
            case .wait(let duration):
                waits.append(duration)
                now += duration
                action = flow.waited(at: now)
            case .done, .failed: end = action
            }
        }
        #expect(shown.map(\.code) == ["YZMY-LD4K"] && shown.map(\.url) == ["https://www.microsoft.com/link"])
        switch (id, end) {
        case ("device", .done(let reply)):
            #expect(reply.accessToken == Secret("device-1") && reply.refreshToken == Secret("first"))
            #expect(reply.address == "herald@example.org")
            #expect(waits == [1, 1, 1, 6].map { .seconds($0) })
        case ("device-declined", .failed(let fault)): #expect(fault.kind == .declined && waits.count == 2)
        case ("device-expired", .failed(let fault)): #expect(fault.kind == .codeExpired && !waits.isEmpty)
        default: #expect(Bool(false), "\(id)")
        }
    }

    @Test("a code is worth something with its verifier alone") func pkce() throws {
        let peer = try TokenPeer()
        let asking = client(peer, .loopback, "loopback")
        func code(_ consent: LoopbackConsent) throws -> Secret? {
            let address = try #require(consent.address(hint: nil))
            let result = try ChildProcess(
                [
                    "/usr/bin/curl", "-sS", "--cacert", peer.authority, "-o", "/dev/null", "-w", "%{redirect_url}",
                    address,
                ],
                deadline: .seconds(30)
            ).run()
            guard case .code(let code) = consent.arrived(String(decoding: result.output, as: UTF8.self)) else {
                return nil
            }
            return code
        }
        let ours = LoopbackConsent(asking, port: 4711, random: Randomness.bytes(64))
        let theirs = LoopbackConsent(asking, port: 4711, random: Randomness.bytes(64))
        let stolen = try #require(try code(ours))
        #expect(fault(peer, .loopback, theirs.tokenRequest(stolen))?.kind == .signInAgain)
        let good = try #require(try code(ours))
        let reply = try TokenReply(
            TokenFetch.answer(to: ours.tokenRequest(good), caFile: peer.authority), .loopback)
        #expect(reply.refreshToken == Secret("first") && reply.refreshLifetime == .seconds(604_799))
        let seen = try peer.requests(of: "loopback")
        #expect(
            seen.filter { $0["path"]?.string == "/authorize" }.allSatisfy {
                $0["code_challenge_method"]?.string == "S256"
            })
        #expect(seen.filter { $0["path"]?.string == "/token" }.compactMap { $0["code_verifier"]?.string }.count == 2)
        #expect(!seen.filter { $0["path"]?.string == "/authorize" }.contains { $0["code_verifier"] != nil })
    }

    @Test("a service account's assertion is taken by one who verifies it, and each refusal of one is told")
    func serviceAccount() throws {
        let peer = try TokenPeer()
        let openssl = "/usr/bin/openssl"
        for arguments in [
            ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", peer.folder("service.key")],
            ["pkey", "-in", peer.folder("service.key"), "-pubout", "-out", peer.folder("service.pub")],
        ] { #expect(try ChildProcess([openssl] + arguments, deadline: .seconds(60)).run().ending == .exited(0)) }
        func ask(_ account: String, subject: String = "herald@example.org", at now: Timestamp = SystemClock.now())
            throws -> OAuthAnswer
        {
            let file: JSON = [
                "type": "service_account", "client_email": .string(account + "@project.example"),
                "private_key": .string(String(decoding: try Files.read(peer.folder("service.key")), as: UTF8.self)),
            ]
            let asking = client(peer, .serviceAccount, "")
            let assertion = try ServiceAccountKey(Array(file.text.utf8)).assertion(
                scopes: asking.scopes, audience: asking.endpoints.token, subject: subject, at: now)
            return TokenFetch.answer(to: asking.tokenRequest(.assertion(assertion)), caFile: peer.authority)
        }
        func kind(_ answer: OAuthAnswer) -> String {
            do throws(TokenFault) {
                return try TokenReply(answer, .serviceAccount).accessToken == Secret("svc-1") ? "token" : "?"
            } catch {
                return error.remedy
            }
        }
        #expect(kind(try ask("svc")) == "token")
        #expect(kind(try ask("svc", at: SystemClock.now() - .seconds(7200))).contains("clock"))
        #expect(kind(try ask("svc", subject: "other@example.org")).contains("subject"))
        #expect(kind(try ask("delegation")).contains("Domain-wide delegation"))
        #expect(kind(try ask("signature")).contains("key_file"))
    }
}
