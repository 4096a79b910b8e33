import Authorization
import Formats
import SMTPProtocol
import Testing

@Suite struct DeviceFlowTests {
    private let code =
        #"{"device_code":"d","user_code":"ABCD-EFGH","verification_uri":"https://a.example/go","expires_in":900,"interval":5}"#

    /// Up to the first question for a token.
    private func begun(_ answer: String? = nil, at now: Duration = .zero) throws -> DeviceFlow {
        var flow = DeviceFlow(client(.deviceCode))
        guard case .send(let request) = flow.start() else { throw Stuck() }
        #expect(request.url == "https://a.example/device")
        #expect(request.body.text == "client_id=id%20of%20ours&scope=mail")
        guard case .show(let prompt) = flow.answered(http(200, answer ?? code), at: now) else { throw Stuck() }
        #expect(prompt.code == "ABCD-EFGH" && prompt.url == "https://a.example/go")
        return flow
    }

    private struct Stuck: Error {}

    private func wait(_ action: DeviceFlow.Action) -> Duration? {
        if case .wait(let duration) = action { duration } else { nil }
    }

    private func fault(_ action: DeviceFlow.Action) -> TokenFault? {
        if case .failed(let fault) = action { fault } else { nil }
    }

    private func answered(_ flow: inout DeviceFlow, _ answer: OAuthAnswer, at now: Duration) -> DeviceFlow.Action {
        guard case .send(let request) = flow.waited(at: now) else { return flow.waited(at: now) }
        #expect(request.url == "https://a.example/token" && request.body.text.contains("device_code=d"))
        return flow.answered(answer, at: now)
    }

    @Test("it waits as long as it is told, longer after slow_down and after silence, and ends with the token")
    func whole() throws {
        var flow = try begun()
        #expect(wait(flow.wasShown(at: .zero)) == .seconds(5))
        let pending = http(400, #"{"error":"authorization_pending"}"#)
        #expect(wait(answered(&flow, pending, at: .seconds(5))) == .seconds(5))
        #expect(wait(answered(&flow, http(400, #"{"error":"slow_down"}"#), at: .seconds(10))) == .seconds(10))
        #expect(wait(answered(&flow, pending, at: .seconds(20))) == .seconds(10))
        #expect(wait(answered(&flow, .nothing("no route"), at: .seconds(30))) == .seconds(20))
        #expect(wait(answered(&flow, http(429, "", retryAfter: "50"), at: .seconds(50))) == .seconds(50))
        #expect(wait(answered(&flow, http(503, "<html>", retryAfter: "500"), at: .seconds(100))) == .seconds(60))
        guard case .done(let reply) = answered(&flow, http(200, #"{"access_token":"at"}"#), at: .seconds(160)) else {
            return #expect(Bool(false), "no token")
        }
        #expect(reply.accessToken == Secret("at"))
        #expect(fault(flow.waited(at: .seconds(170)))?.kind == .unreadable, "it is over")
    }

    @Test(
        "a refusal ends it, each as what it is",
        arguments: [
            (#"{"error":"expired_token"}"#, .codeExpired), (#"{"error":"bad_verification_code"}"#, .codeExpired),
            (#"{"error":"access_denied"}"#, .declined), (#"{"error":"authorization_declined"}"#, .declined),
            (#"{"error":"invalid_client"}"#, .client), (#"{"error":"invalid_grant"}"#, .signInAgain),
        ] as [(String, TokenFault.Kind)])
    func refused(_ body: String, _ kind: TokenFault.Kind) throws {
        var flow = try begun()
        _ = flow.wasShown(at: .zero)
        #expect(fault(answered(&flow, http(400, body), at: .seconds(5)))?.kind == kind)
    }

    @Test("after the code's time nobody is asked any more") func late() throws {
        var flow = try begun(at: .seconds(100))
        _ = flow.wasShown(at: .seconds(101))
        #expect(
            wait(answered(&flow, http(400, #"{"error":"authorization_pending"}"#), at: .seconds(999))) == .seconds(5))
        #expect(fault(flow.waited(at: .seconds(1000)))?.kind == .codeExpired)
    }

    @Test(
        "whatever interval and lifetime are said, it is bounded",
        arguments: [
            (#""interval":0,"expires_in":0"#, 1, 900), (#""interval":-1,"expires_in":"x""#, 1, 900),
            (#""interval":999999999999,"expires_in":999999999999"#, 60, 3600), (#""x":1"#, 5, 900),
            (#""interval":"7","expires_in":"60""#, 7, 60),
        ] as [(String, Int64, Int64)])
    func bounds(_ fields: String, _ interval: Int64, _ lifetime: Int64) throws {
        let answer =
            #"{"device_code":"d","user_code":"ABCD-EFGH","verification_url":"https://a.example/go",\#(fields)}"#
        var flow = try begun(answer)
        #expect(wait(flow.wasShown(at: .zero)) == .seconds(interval))
        #expect(fault(flow.waited(at: .seconds(lifetime)))?.kind == .codeExpired)
    }

    @Test(
        "an answer without a code or with a page that is not https begins nothing",
        arguments: [
            "{}", #"{"device_code":"d","user_code":"u","verification_uri":"http://a.example/"}"#,
            #"{"device_code":"","user_code":"u","verification_uri":"https://a.example/"}"#, "<html>", "",
        ])
    func noCode(_ body: String) {
        var flow = DeviceFlow(client(.deviceCode))
        _ = flow.start()
        #expect(fault(flow.answered(http(200, body), at: .zero))?.kind == .unreadable)
    }

    @Test("what is shown is safe to show") func hostile() {
        var flow = DeviceFlow(client(.deviceCode))
        _ = flow.start()
        let answer = #"{"device_code":"d","user_code":"\u001b[2J","verification_uri":"https://a.example/\u202e"}"#
        guard case .show(let prompt) = flow.answered(http(200, answer), at: .zero) else {
            return #expect(Bool(false), "nothing to show")
        }
        #expect(!(prompt.code + prompt.url).unicodeScalars.contains { $0.isUnsafeToShow })
    }

    @Test("events out of order end it, and never trap") func disorder() {
        let seed: UInt64 = 20_261_122
        var state = seed
        for _ in 0..<2000 {
            var flow = DeviceFlow(client(.deviceCode))
            for step in 0..<12 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                switch state >> 61 {
                case 0, 1: _ = flow.waited(at: .seconds(step * 300))
                case 2, 3: _ = flow.wasShown(at: .seconds(step))
                case 4: _ = flow.answered(http(200, code), at: .seconds(step))
                case 5: _ = flow.answered(http(400, #"{"error":"slow_down"}"#), at: .seconds(step))
                case 6: _ = flow.answered(.nothing(""), at: .seconds(step))
                default: _ = flow.start()
                }
            }
            #expect(
                fault(flow.answered(.nothing(""), at: .zero)) != nil || wait(flow.waited(at: .zero)) == nil,
                "seed \(seed)")
        }
    }
}
